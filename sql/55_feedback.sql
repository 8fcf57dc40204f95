-- sql layer: what people say about answers, and what becomes of it.
--
-- Vocabulary: feedback is a verdict (right or wrong) of a role on one of its requests; a candidate is what it could
-- become: `example`, the question as an example of the one tool that answered it right, or `golden_query`, a question
-- whose answer should be watched. An operator accepts or rejects; nothing is learnt without one.
-- Invariants: as in 20_registry.sql. The question is copied from the trace, so that it outlives the trace's payload.

CREATE TABLE ops.feedback_store (
  tenant_id text COLLATE "C" NOT NULL,
  feedback_id uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
  trace_id uuid NOT NULL,
  verdict text NOT NULL,
  note text,
  question text,
  candidate text NOT NULL,
  tool text COLLATE "C",
  given_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  given_by name NOT NULL,
  state text NOT NULL DEFAULT 'open',
  decided_at timestamptz,
  decided_by name,
  CONSTRAINT feedback_store_pkey PRIMARY KEY (tenant_id, feedback_id),
  CONSTRAINT feedback_store_trace_key UNIQUE (tenant_id, trace_id, given_by),
  CONSTRAINT feedback_store_verdict_check CHECK (verdict IN ('right', 'wrong')),
  CONSTRAINT feedback_store_note_check CHECK (pg_catalog.length(note) <= 2000),
  CONSTRAINT feedback_store_candidate_check CHECK (candidate IN ('example', 'golden_query')),
  CONSTRAINT feedback_store_example_check CHECK (candidate <> 'example' OR (verdict = 'right' AND tool IS NOT NULL AND question IS NOT NULL)),
  CONSTRAINT feedback_store_state_check CHECK (state IN ('open', 'accepted', 'rejected')),
  CONSTRAINT feedback_store_decided_check CHECK ((state = 'open') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL))
);
COMMENT ON TABLE ops.feedback_store IS 'verdicts on answers; read through ops.feedback_candidates';
COMMENT ON COLUMN ops.feedback_store.tenant_id IS 'whose request it was';
COMMENT ON COLUMN ops.feedback_store.feedback_id IS 'the row''s own id';
COMMENT ON COLUMN ops.feedback_store.trace_id IS 'the request';
COMMENT ON COLUMN ops.feedback_store.verdict IS 'right or wrong';
COMMENT ON COLUMN ops.feedback_store.note IS 'in the words of who gave it';
COMMENT ON COLUMN ops.feedback_store.question IS 'as the trace had it';
COMMENT ON COLUMN ops.feedback_store.candidate IS 'example: of tool; golden_query: a question to watch';
COMMENT ON COLUMN ops.feedback_store.tool IS 'the one tool that answered; NULL: none, or several';
COMMENT ON COLUMN ops.feedback_store.given_at IS 'when the verdict was given';
COMMENT ON COLUMN ops.feedback_store.given_by IS 'the role that gave it';
COMMENT ON COLUMN ops.feedback_store.state IS 'open, accepted or rejected';
COMMENT ON COLUMN ops.feedback_store.decided_at IS 'when it was accepted or rejected';
COMMENT ON COLUMN ops.feedback_store.decided_by IS 'the role that did';
SELECT pg_catalog.pg_extension_config_dump('ops.feedback_store', '');
ALTER TABLE ops.feedback_store OWNER TO ops_owner;
REVOKE ALL ON TABLE ops.feedback_store FROM PUBLIC;
REVOKE DELETE, TRUNCATE ON TABLE ops.feedback_store FROM ops_owner;
ALTER TABLE ops.feedback_store ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY feedback_store_work ON ops.feedback_store TO ops_owner
  USING (tenant_id = (SELECT ops.current_tenant()))
  WITH CHECK (tenant_id = (SELECT ops.current_tenant()));
COMMENT ON POLICY feedback_store_work ON ops.feedback_store IS 'definer functions work in the tenant they entered';
CREATE POLICY feedback_store_read ON ops.feedback_store FOR SELECT TO ops_owner
  USING (tenant_id = ANY ((SELECT ops._my_tenants('operator'))::text[]));
COMMENT ON POLICY feedback_store_read ON ops.feedback_store IS 'operators read the feedback of their tenants';

CREATE VIEW ops.feedback_candidates WITH (security_barrier) AS
  SELECT f.tenant_id COLLATE pg_catalog."default" AS tenant, f.feedback_id, f.state, f.candidate,
         f.tool COLLATE pg_catalog."default" AS tool, f.question, f.verdict, f.note, f.trace_id, f.given_at, f.given_by,
         f.decided_at, f.decided_by
    FROM ops.feedback_store f
   WHERE f.tenant_id = ANY ((SELECT ops._my_tenants('operator'))::text[]);
COMMENT ON VIEW ops.feedback_candidates IS 'what people said about answers, for operators to accept or reject; those with state open wait';
ALTER VIEW ops.feedback_candidates OWNER TO ops_owner;
REVOKE ALL ON TABLE ops.feedback_candidates FROM PUBLIC;
GRANT SELECT ON TABLE ops.feedback_candidates TO ops_operator;

CREATE FUNCTION ops.feedback(trace_id uuid, verdict text, note text DEFAULT NULL) RETURNS uuid
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_tenant text;
  v_caller name := pg_catalog.pg_get_userbyid(ops._caller());
  v_operator boolean;
  v_trace record;
  v_tool text;
  v_id uuid;
BEGIN
  IF trace_id IS NULL OR verdict IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004',
      MESSAGE = pg_catalog.format('%s must not be null', CASE WHEN trace_id IS NULL THEN 'trace_id' ELSE 'verdict' END);
  END IF;
  IF verdict NOT IN ('right', 'wrong') THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = pg_catalog.format('a verdict is right or wrong, not "%s"', pg_catalog.left(verdict, 80));
  END IF;
  IF pg_catalog.length(note) > 2000 THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'a note has at most 2000 characters';
  END IF;
  v_tenant := ops._enter('user');
  v_operator := v_tenant = ANY (ops._my_tenants('operator'));
  SELECT t.route, t.tools, t.doc ->> 'question' AS question, t.actor_role INTO v_trace
    FROM ops.trace_store t
   WHERE t.tenant_id = v_tenant AND t.trace_id = feedback.trace_id;
  -- Somebody else's request is as unknown as one that never was.
  IF NOT FOUND OR NOT (v_operator OR v_trace.actor_role = v_caller) THEN
    RAISE EXCEPTION USING ERRCODE = '42704',
      MESSAGE = pg_catalog.format('tenant "%s" has no trace %s of yours', v_tenant, trace_id),
      HINT = 'trace_id is a member of the answer; a trace is there once its answer has arrived, until pg_ops.trace_retention.';
  END IF;
  v_tool := CASE WHEN v_trace.route = 'plan' AND pg_catalog.cardinality(v_trace.tools) = 1 THEN v_trace.tools[1] END;
  INSERT INTO ops.feedback_store AS f (tenant_id, trace_id, verdict, note, question, candidate, tool, given_by)
    VALUES (v_tenant, feedback.trace_id, feedback.verdict, feedback.note, v_trace.question,
            CASE WHEN feedback.verdict = 'right' AND v_tool IS NOT NULL AND v_trace.question IS NOT NULL
                 THEN 'example' ELSE 'golden_query' END, v_tool, v_caller)
    ON CONFLICT ON CONSTRAINT feedback_store_trace_key DO UPDATE
      SET verdict = EXCLUDED.verdict, note = EXCLUDED.note, candidate = EXCLUDED.candidate,
          given_at = pg_catalog.clock_timestamp()
      WHERE f.state = 'open'
  RETURNING f.feedback_id INTO v_id;
  IF v_id IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = 'your feedback on this answer was already decided on',
      HINT = 'Ask again and give feedback on the new answer.';
  END IF;
  PERFORM ops._audit(v_tenant, 'feedback', 'feedback', v_id::text,
    pg_catalog.jsonb_build_object('trace_id', trace_id, 'verdict', verdict));
  RETURN v_id;
END
$body$;
COMMENT ON FUNCTION ops.feedback(uuid, text, text) IS
  'says that the answer of one of your requests was right or wrong; operators: of any request of the tenant. Again on the same answer: replaces it until an operator decided';
ALTER FUNCTION ops.feedback(uuid, text, text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.feedback(uuid, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.feedback(uuid, text, text) TO ops_user;

CREATE FUNCTION ops._decide_feedback(tenant text, id uuid, state text) RETURNS ops.feedback_store
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
AS $body$
DECLARE
  v_found ops.feedback_store;
BEGIN
  IF id IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'id must not be null';
  END IF;
  SELECT f.* INTO v_found
    FROM ops.feedback_store f
   WHERE f.tenant_id = _decide_feedback.tenant AND f.feedback_id = _decide_feedback.id
     FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '42704', MESSAGE = pg_catalog.format('tenant "%s" has no feedback %s', tenant, id),
      HINT = 'View ops.feedback_candidates shows what there is.';
  END IF;
  IF v_found.state <> 'open' THEN
    RAISE EXCEPTION USING ERRCODE = '55000',
      MESSAGE = pg_catalog.format('this feedback was %s by %s at %s', v_found.state, v_found.decided_by, v_found.decided_at);
  END IF;
  UPDATE ops.feedback_store f
     SET state = _decide_feedback.state, decided_at = pg_catalog.clock_timestamp(),
         decided_by = pg_catalog.pg_get_userbyid(ops._caller())
   WHERE f.tenant_id = _decide_feedback.tenant AND f.feedback_id = _decide_feedback.id;
  PERFORM ops._audit(tenant, CASE state WHEN 'accepted' THEN 'accept_feedback' ELSE 'reject_feedback' END, 'feedback',
    id::text, pg_catalog.jsonb_build_object('candidate', v_found.candidate, 'tool', v_found.tool));
  RETURN v_found;
END
$body$;
COMMENT ON FUNCTION ops._decide_feedback(text, uuid, text) IS 'internal: marks open feedback as decided; returns it as it was';
ALTER FUNCTION ops._decide_feedback(text, uuid, text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._decide_feedback(text, uuid, text) FROM PUBLIC;

CREATE FUNCTION ops.accept_feedback(id uuid) RETURNS integer
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_tenant text := ops._enter('operator');
  v_feedback ops.feedback_store := ops._decide_feedback(v_tenant, id, 'accepted');
  v_asset ops.asset_store;
  v_spec jsonb;
  v_examples jsonb;
  v_report jsonb;
  v_version int;
BEGIN
  IF v_feedback.candidate <> 'example' THEN
    RETURN NULL;
  END IF;
  SELECT a.* INTO v_asset
    FROM ops.asset_store a
   WHERE a.tenant_id = v_tenant AND a.kind = 'tool' AND a.name = v_feedback.tool AND a.deleted_at IS NULL
     AND a.current_version IS NOT NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '55000',
      MESSAGE = pg_catalog.format('tenant "%s" has no published tool "%s" of its own', v_tenant, v_feedback.tool),
      HINT = 'Examples of a shared tool are added by an operator of tenant system; ops.reject_feedback() puts this one away.';
  END IF;
  SELECT v.spec INTO v_spec
    FROM ops.asset_version_store v
   WHERE v.tenant_id = v_tenant AND v.kind = 'tool' AND v.name = v_feedback.tool AND v.version = v_asset.current_version;
  v_examples := COALESCE(v_spec -> 'examples', '[]');
  IF EXISTS (SELECT 1 FROM pg_catalog.jsonb_array_elements_text(v_examples) AS e (example)
              WHERE pg_catalog.lower(pg_catalog.btrim(e.example)) = pg_catalog.lower(pg_catalog.btrim(v_feedback.question))) THEN
    RETURN v_asset.current_version;  -- an example already
  END IF;
  v_spec := pg_catalog.jsonb_set(v_spec, '{examples}', v_examples || pg_catalog.to_jsonb(v_feedback.question));
  v_report := ops._asset_report(v_tenant, 'tool', v_feedback.tool, v_spec, 'full');
  PERFORM ops._raise_findings('tool', v_feedback.tool, v_report);
  -- Made from what is in force: a draft put meanwhile stays a draft.
  v_version := ops._write_version(v_tenant, 'tool', v_feedback.tool, v_report, v_asset.latest_version);
  PERFORM ops._set_current(v_tenant, 'tool', v_feedback.tool, v_version, 'publish');
  RETURN v_version;
END
$body$;
COMMENT ON FUNCTION ops.accept_feedback(uuid) IS
  'accepts a candidate: an example makes and publishes a new version of its tool, judged as any, and that version is returned; a golden query is kept as accepted (NULL)';
ALTER FUNCTION ops.accept_feedback(uuid) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.accept_feedback(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.accept_feedback(uuid) TO ops_operator;

CREATE FUNCTION ops.reject_feedback(id uuid) RETURNS void
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  PERFORM ops._decide_feedback(ops._enter('operator'), id, 'rejected');
END
$body$;
COMMENT ON FUNCTION ops.reject_feedback(uuid) IS 'puts a candidate away; nothing else changes';
ALTER FUNCTION ops.reject_feedback(uuid) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.reject_feedback(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.reject_feedback(uuid) TO ops_operator;
