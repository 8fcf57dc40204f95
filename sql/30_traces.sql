-- sql layer: traces. One row per request (ops.trace_store) and one per tool call (ops.tool_call_store),
-- written by the trace writer process, read through views.
--
-- * Both tables are partitioned by trace_id. A trace id is a UUID version 7, so ids order by time and a
--   partition holds one UTC day. The writer creates the partitions days ahead, as ops_owner, and records
--   them as members of the extension: pg_dump then leaves out their definitions and rows. Partitions
--   hold the rights of the writer (INSERT into the partition itself); these tables hold none for it.
-- * No foreign keys (a partition could not be dropped without locking both tables), no triggers, no
--   default partition. tenant_id leads every key.
-- * Who reads is decided from the caller's identity by ops._my_tenants(): `monitor` also covers
--   ops_monitor, `user` opens questions, arguments and answers, `operator` opens internal error texts.
--   The policy is the outer fence, the views repeat it and choose columns.
-- * doc is the trace document without its tool calls, whose rows carry one element each.

GRANT CREATE ON SCHEMA ops TO ops_owner;
GRANT USAGE ON SCHEMA ops TO ops_writer;

CREATE TABLE ops.trace_store (
  tenant_id text COLLATE "C" NOT NULL,
  trace_id uuid NOT NULL,
  parent_trace_id uuid,
  plan_id text,
  started_at timestamptz NOT NULL,
  duration_ms double precision,
  actor_role text,
  actor_label text,
  intent text,
  route text,
  status text NOT NULL,
  error_code text,
  severity text,
  tools text[] NOT NULL,
  doc jsonb NOT NULL,
  CONSTRAINT trace_store_pk PRIMARY KEY (tenant_id, trace_id),
  CONSTRAINT trace_store_doc_is_object CHECK (jsonb_typeof(doc) = 'object'),
  CONSTRAINT trace_store_status_known CHECK
    (status IN ('success', 'partial_success', 'degraded', 'failed', 'queued', 'running', 'cancelled'))
) PARTITION BY RANGE (trace_id);
CREATE INDEX trace_store_started_at ON ops.trace_store (started_at);
COMMENT ON TABLE ops.trace_store IS 'one row per request, one partition per UTC day; read through ops.traces and ops.trace()';
COMMENT ON COLUMN ops.trace_store.tools IS 'names of the tools called, in order of first call';
COMMENT ON COLUMN ops.trace_store.doc IS 'the trace document without tool_calls';

CREATE TABLE ops.tool_call_store (
  tenant_id text COLLATE "C" NOT NULL,
  trace_id uuid NOT NULL,
  tool_call_id uuid NOT NULL,
  plan_id text NOT NULL,
  position integer NOT NULL,
  started_at timestamptz NOT NULL,
  tool text NOT NULL,
  status text NOT NULL,
  error_code text,
  duration_ms double precision,
  doc jsonb NOT NULL,
  CONSTRAINT tool_call_store_pk PRIMARY KEY (tenant_id, trace_id, tool_call_id),
  CONSTRAINT tool_call_store_status_known CHECK (status IN ('success', 'error', 'timeout', 'skipped', 'cancelled'))
) PARTITION BY RANGE (trace_id);
COMMENT ON TABLE ops.tool_call_store IS 'one row per tool call, partitioned as ops.trace_store; read through ops.tool_calls';
COMMENT ON COLUMN ops.tool_call_store.position IS 'place among the calls of its trace, from 1';
COMMENT ON COLUMN ops.tool_call_store.doc IS 'the element of tool_calls of the trace document';

ALTER TABLE ops.trace_store OWNER TO ops_owner;
ALTER TABLE ops.trace_store ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON TABLE ops.trace_store FROM PUBLIC;
CREATE POLICY trace_read ON ops.trace_store FOR SELECT TO ops_owner
  USING (tenant_id = ANY ((SELECT ops._my_tenants('monitor'))::text[]));

ALTER TABLE ops.tool_call_store OWNER TO ops_owner;
ALTER TABLE ops.tool_call_store ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON TABLE ops.tool_call_store FROM PUBLIC;
CREATE POLICY tool_call_read ON ops.tool_call_store FOR SELECT TO ops_owner
  USING (tenant_id = ANY ((SELECT ops._my_tenants('monitor'))::text[]));

-- What remains of a document for those who may know that a request happened but not what it was about,
-- and after pg_ops.payload_retention. Names what stays, so that a new key is hidden until named here.
CREATE FUNCTION ops._trace_metadata(doc jsonb) RETURNS jsonb
  LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT (SELECT coalesce(jsonb_object_agg(e.key, e.value), '{}')
            FROM jsonb_each(doc) AS e
           WHERE e.key IN ('trace_id', 'parent_trace_id', 'plan_id', 'tenant', 'started_at', 'intent', 'route',
                           'strategy', 'status', 'execution_groups', 'trace_durable', 'replans', 'duration_ms'))
         || jsonb_build_object(
              'payload_removed', true,
              'error', CASE WHEN jsonb_typeof(doc -> 'error') = 'object' THEN jsonb_build_object(
                'code', doc #> '{error,code}', 'severity', doc #> '{error,severity}',
                'retryable', doc #> '{error,retryable}') END,
              'stages', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                           'stage', s.stage -> 'stage', 'status', s.stage -> 'status',
                           'start_ms', s.stage -> 'start_ms', 'duration_ms', s.stage -> 'duration_ms')
                           ORDER BY s.position), '[]')
                           FROM jsonb_array_elements(CASE WHEN jsonb_typeof(doc -> 'stages') = 'array'
                                  THEN doc -> 'stages' ELSE '[]' END) WITH ORDINALITY AS s(stage, position)))
$$;
COMMENT ON FUNCTION ops._trace_metadata(jsonb) IS 'a trace document without question, arguments, results and texts';

CREATE FUNCTION ops._tool_call_metadata(doc jsonb) RETURNS jsonb
  LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(jsonb_object_agg(e.key, e.value), '{}') || '{"payload_removed": true}'
    FROM jsonb_each(doc) AS e
   WHERE e.key IN ('tool_call_id', 'call', 'tool', 'tool_version', 'asset_digest', 'type', 'status', 'error_code',
                   'severity', 'attempts', 'execution_group', 'parallel', 'start_ms', 'end_ms', 'duration_ms',
                   'row_count', 'truncated', 'timeout_exceeded')
$$;
COMMENT ON FUNCTION ops._tool_call_metadata(jsonb) IS 'a tool call without arguments, results and texts';

-- What users see: the internal texts, which may name relations, hosts and statements, are for operators.
CREATE FUNCTION ops._tool_call_public(doc jsonb) RETURNS jsonb
  LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT (doc - 'internal_error' - 'statement_digest' - 'statement')
         || CASE WHEN jsonb_typeof(doc -> 'attempts_detail') = 'array'
              THEN jsonb_build_object('attempts_detail',
                (SELECT coalesce(jsonb_agg(jsonb_build_object(
                          'attempt', a.detail -> 'attempt', 'start_ms', a.detail -> 'start_ms',
                          'end_ms', a.detail -> 'end_ms', 'status', a.detail -> 'status',
                          'error_code', a.detail -> 'error_code', 'timing', a.detail -> 'timing')
                          ORDER BY a.position), '[]')
                   FROM jsonb_array_elements(doc -> 'attempts_detail') WITH ORDINALITY AS a(detail, position)))
              ELSE '{}' END
$$;
COMMENT ON FUNCTION ops._tool_call_public(jsonb) IS 'a tool call without internal error texts';

CREATE FUNCTION ops._stage_public(stage jsonb) RETURNS jsonb
  LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT (stage - 'internal_error')
         || jsonb_build_object('errors',
              (SELECT coalesce(jsonb_agg(jsonb_build_object('code', e.error -> 'code') ORDER BY e.position), '[]')
                 FROM jsonb_array_elements(CASE WHEN jsonb_typeof(stage -> 'errors') = 'array'
                        THEN stage -> 'errors' ELSE '[]' END) WITH ORDINALITY AS e(error, position)))
$$;
COMMENT ON FUNCTION ops._stage_public(jsonb) IS 'a stage of a trace with the codes of its errors only';

CREATE FUNCTION ops._trace_public(doc jsonb) RETURNS jsonb
  LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT (doc - 'internal_error')
         || jsonb_build_object('stages',
              (SELECT coalesce(jsonb_agg(ops._stage_public(s.stage) ORDER BY s.position), '[]')
                 FROM jsonb_array_elements(CASE WHEN jsonb_typeof(doc -> 'stages') = 'array'
                        THEN doc -> 'stages' ELSE '[]' END) WITH ORDINALITY AS s(stage, position)))
$$;
COMMENT ON FUNCTION ops._trace_public(jsonb) IS 'a trace document without internal error texts';

-- An element list of a document, empty when it is not one.
CREATE FUNCTION ops._items(list jsonb) RETURNS jsonb
  LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN jsonb_typeof(list) = 'array' THEN list ELSE '[]' END
$$;
COMMENT ON FUNCTION ops._items(jsonb) IS 'the list itself, or an empty one';

REVOKE ALL ON FUNCTION ops._trace_metadata(jsonb), ops._tool_call_metadata(jsonb), ops._tool_call_public(jsonb),
  ops._stage_public(jsonb), ops._trace_public(jsonb), ops._items(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._trace_metadata(jsonb), ops._tool_call_metadata(jsonb), ops._tool_call_public(jsonb),
  ops._stage_public(jsonb), ops._trace_public(jsonb), ops._items(jsonb) TO ops_owner, ops_user, ops_monitor;

CREATE VIEW ops.traces WITH (security_barrier) AS
  SELECT t.tenant_id AS tenant,
         t.trace_id,
         t.parent_trace_id,
         t.started_at,
         t.duration_ms,
         coalesce(t.actor_label, t.actor_role) AS actor,
         CASE WHEN v.may_read THEN t.doc ->> 'question' END AS question,
         t.intent,
         t.route,
         t.status,
         t.error_code,
         t.severity,
         t.tools,
         t.plan_id
    FROM ops.trace_store AS t
   CROSS JOIN LATERAL (SELECT t.tenant_id = ANY ((SELECT ops._my_tenants('user'))::text[])
                           AS may_read) AS v
   WHERE t.tenant_id = ANY ((SELECT ops._my_tenants('monitor'))::text[]);
COMMENT ON VIEW ops.traces IS
  'requests: of the current tenant if one is set, else of all tenants of the caller; question is NULL for ops_monitor';

CREATE VIEW ops.tool_calls WITH (security_barrier) AS
  SELECT c.tenant_id AS tenant,
         c.trace_id,
         c.plan_id,
         c.tool_call_id,
         c.position,
         c.doc ->> 'call' AS call,
         c.tool,
         (c.doc ->> 'tool_version')::integer AS tool_version,
         c.doc ->> 'asset_digest' AS asset_digest,
         c.doc ->> 'type' AS type,
         c.status,
         c.error_code,
         c.doc ->> 'severity' AS severity,
         CASE WHEN v.may_read THEN c.doc ->> 'message' END AS message,
         c.started_at,
         (c.doc ->> 'attempts')::integer AS attempts,
         (c.doc ->> 'execution_group')::integer AS execution_group,
         (c.doc ->> 'parallel')::boolean AS parallel,
         (c.doc ->> 'start_ms')::double precision AS start_ms,
         (c.doc ->> 'end_ms')::double precision AS end_ms,
         c.duration_ms,
         (c.doc ->> 'row_count')::bigint AS row_count,
         (c.doc ->> 'truncated')::boolean AS truncated,
         (c.doc ->> 'timeout_exceeded')::boolean AS timeout_exceeded,
         CASE WHEN v.may_read THEN c.doc -> 'args' END AS args,
         CASE WHEN v.may_read THEN c.doc -> 'result' END AS result,
         CASE WHEN v.may_debug THEN c.doc ->> 'statement_digest' END AS statement_digest,
         CASE WHEN v.may_debug THEN c.doc ->> 'statement' END AS statement,
         CASE WHEN v.may_debug THEN c.doc -> 'internal_error' END AS internal_error
    FROM ops.tool_call_store AS c
   CROSS JOIN LATERAL (
         SELECT c.tenant_id = ANY ((SELECT ops._my_tenants('user'))::text[]) AS may_read,
                c.tenant_id = ANY ((SELECT ops._my_tenants('operator'))::text[]) AS may_debug
         ) AS v
   WHERE c.tenant_id = ANY ((SELECT ops._my_tenants('monitor'))::text[]);
COMMENT ON VIEW ops.tool_calls IS
  'tool calls; args, result and message are NULL for ops_monitor, internal_error, statement_digest and statement (of direct_query) for all but operators';

CREATE VIEW ops.attempts WITH (security_barrier) AS
  SELECT c.tenant_id AS tenant,
         c.trace_id,
         c.plan_id,
         c.tool_call_id,
         c.tool,
         coalesce((a.detail ->> 'attempt')::integer, a.position::integer) AS attempt,
         a.detail ->> 'status' AS status,
         a.detail ->> 'error_code' AS error_code,
         (a.detail ->> 'start_ms')::double precision AS start_ms,
         (a.detail ->> 'end_ms')::double precision AS end_ms,
         (a.detail ->> 'end_ms')::double precision - (a.detail ->> 'start_ms')::double precision AS duration_ms,
         a.detail -> 'timing' AS timing
    FROM ops.tool_call_store AS c
   CROSS JOIN LATERAL jsonb_array_elements(ops._items(c.doc -> 'attempts_detail')) WITH ORDINALITY AS a(detail, position)
   WHERE c.tenant_id = ANY ((SELECT ops._my_tenants('monitor'))::text[]);
COMMENT ON VIEW ops.attempts IS 'each try of each tool call, with its phases in timing';

CREATE VIEW ops.stages WITH (security_barrier) AS
  SELECT t.tenant_id AS tenant,
         t.trace_id,
         s.position::integer AS position,
         s.stage ->> 'stage' AS stage,
         s.stage ->> 'status' AS status,
         (s.stage ->> 'start_ms')::double precision AS start_ms,
         (s.stage ->> 'duration_ms')::double precision AS duration_ms,
         CASE WHEN v.may_read THEN s.stage ->> 'reason' END AS reason,
         CASE WHEN v.may_read THEN s.stage -> 'warnings' END AS warnings,
         CASE WHEN v.may_debug THEN s.stage -> 'errors'
              WHEN v.may_read THEN ops._stage_public(s.stage) -> 'errors' END AS errors
    FROM ops.trace_store AS t
   CROSS JOIN LATERAL jsonb_array_elements(ops._items(t.doc -> 'stages')) WITH ORDINALITY AS s(stage, position)
   CROSS JOIN LATERAL (
         SELECT t.tenant_id = ANY ((SELECT ops._my_tenants('user'))::text[]) AS may_read,
                t.tenant_id = ANY ((SELECT ops._my_tenants('operator'))::text[]) AS may_debug
         ) AS v
   WHERE t.tenant_id = ANY ((SELECT ops._my_tenants('monitor'))::text[]);
COMMENT ON VIEW ops.stages IS 'the stages of each request; texts of errors are for operators, others see their codes';

-- The tree of a request: the request, its stages, its tool calls under the stage execute, their attempts,
-- and spans that the document names itself.
CREATE VIEW ops.spans WITH (security_barrier) AS
  SELECT t.tenant_id AS tenant, t.trace_id, s.span_id, s.parent_span_id, s.name, s.kind, s.status,
         s.start_ms, s.end_ms, s.end_ms - s.start_ms AS duration_ms
    FROM ops.trace_store AS t
   CROSS JOIN LATERAL (
         SELECT 'request'::text, NULL::text, coalesce(t.intent, 'request'), 'request'::text, t.status,
                0::double precision, t.duration_ms
         UNION ALL
         SELECT 'stage:' || (g.stage ->> 'stage'), 'request', g.stage ->> 'stage', 'stage', g.stage ->> 'status',
                (g.stage ->> 'start_ms')::double precision,
                (g.stage ->> 'start_ms')::double precision + (g.stage ->> 'duration_ms')::double precision
           FROM jsonb_array_elements(ops._items(t.doc -> 'stages')) AS g(stage)
         UNION ALL
         SELECT coalesce(p.span ->> 'span_id', 'span:' || p.position), coalesce(p.span ->> 'parent_span_id', 'request'),
                p.span ->> 'name', coalesce(p.span ->> 'kind', 'internal'), p.span ->> 'status',
                (p.span ->> 'start_ms')::double precision,
                coalesce((p.span ->> 'end_ms')::double precision,
                         (p.span ->> 'start_ms')::double precision + (p.span ->> 'duration_ms')::double precision)
           FROM jsonb_array_elements(ops._items(t.doc -> 'spans')) WITH ORDINALITY AS p(span, position)
         ) AS s(span_id, parent_span_id, name, kind, status, start_ms, end_ms)
   WHERE t.tenant_id = ANY ((SELECT ops._my_tenants('monitor'))::text[])
  UNION ALL
  SELECT c.tenant_id, c.trace_id, s.span_id, s.parent_span_id, s.name, s.kind, s.status,
         s.start_ms, s.end_ms, s.end_ms - s.start_ms
    FROM ops.tool_call_store AS c
   CROSS JOIN LATERAL (
         SELECT c.tool_call_id::text, 'stage:execute'::text, c.tool, 'tool_call'::text, c.status,
                (c.doc ->> 'start_ms')::double precision, (c.doc ->> 'end_ms')::double precision
         UNION ALL
         SELECT c.tool_call_id::text || '/' || coalesce(a.detail ->> 'attempt', a.position::text), c.tool_call_id::text,
                c.tool, 'attempt', a.detail ->> 'status',
                (a.detail ->> 'start_ms')::double precision, (a.detail ->> 'end_ms')::double precision
           FROM jsonb_array_elements(ops._items(c.doc -> 'attempts_detail')) WITH ORDINALITY AS a(detail, position)
         ) AS s(span_id, parent_span_id, name, kind, status, start_ms, end_ms)
   WHERE c.tenant_id = ANY ((SELECT ops._my_tenants('monitor'))::text[]);
COMMENT ON VIEW ops.spans IS 'request, stages, tool calls and attempts of each trace as one tree of spans';

CREATE VIEW ops.replan_events WITH (security_barrier) AS
  SELECT t.tenant_id AS tenant,
         t.trace_id,
         t.plan_id,
         e.position::integer AS position,
         (e.event ->> 'at_ms')::double precision AS at_ms,
         e.event ->> 'trigger' AS trigger,
         e.event ->> 'error_code' AS error_code,
         CASE WHEN t.tenant_id = ANY ((SELECT ops._my_tenants('user'))::text[])
              THEN e.event END AS event
    FROM ops.trace_store AS t
   CROSS JOIN LATERAL jsonb_array_elements(ops._items(t.doc -> 'replan_events')) WITH ORDINALITY AS e(event, position)
   WHERE t.tenant_id = ANY ((SELECT ops._my_tenants('monitor'))::text[]);
COMMENT ON VIEW ops.replan_events IS 'each time a request was planned again, and what made it so';

DO $grants$
DECLARE
  view_name text;
BEGIN
  FOREACH view_name IN ARRAY ARRAY['traces', 'tool_calls', 'attempts', 'stages', 'spans', 'replan_events'] LOOP
    EXECUTE pg_catalog.format('ALTER VIEW ops.%I OWNER TO ops_owner', view_name);
    EXECUTE pg_catalog.format('REVOKE ALL ON TABLE ops.%I FROM PUBLIC', view_name);
    EXECUTE pg_catalog.format('GRANT SELECT ON TABLE ops.%I TO ops_user, ops_monitor', view_name);
  END LOOP;
END
$grants$;
