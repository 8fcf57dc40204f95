-- Who sees what of a trace: tenants apart, internal texts for operators, metadata for ops_monitor, the tables for nobody.
--
-- The rows are put into a partition of a day in 2001, by hand: the writer process has its own tests.
BEGIN;
SELECT plan(29);

CREATE ROLE trace_user LOGIN IN ROLE ops_user;
CREATE ROLE trace_operator LOGIN IN ROLE ops_operator;
CREATE ROLE trace_weak LOGIN IN ROLE ops_operator;
CREATE ROLE trace_monitor LOGIN IN ROLE ops_monitor;
CREATE ROLE trace_nobody LOGIN IN ROLE ops_user;
SELECT ops.create_tenant('t_one');
SELECT ops.create_tenant('t_two');
SELECT ops.grant_tenant('t_one', 'trace_user', 'user');
SELECT ops.grant_tenant('t_one', 'trace_operator', 'operator');
SELECT ops.grant_tenant('t_two', 'trace_operator', 'user');
SELECT ops.grant_tenant('t_one', 'trace_weak', 'user');

CREATE TABLE ops.trace_p20010101 PARTITION OF ops.trace_store
  FOR VALUES FROM ('00e3a80e-5800-0000-0000-000000000000') TO ('00e3ad34-b400-0000-0000-000000000000');
CREATE TABLE ops.tool_call_p20010101 PARTITION OF ops.tool_call_store
  FOR VALUES FROM ('00e3a80e-5800-0000-0000-000000000000') TO ('00e3ad34-b400-0000-0000-000000000000');
INSERT INTO ops.trace_store (tenant_id, trace_id, plan_id, started_at, duration_ms, actor_role, status, tools, doc)
SELECT t.tenant, t.id::uuid, 'p', '2001-01-01 00:00:01+00', 12.5, 'app', 'partial_success', '{locks}',
       jsonb_build_object('tenant', t.tenant, 'question', 'question of ' || t.tenant, 'status', 'partial_success',
         'answer', '{"summary":"private summary"}'::jsonb,
         'stages', '[{"stage":"execute","status":"warning","start_ms":1,"duration_ms":10,"reason":"r",
                      "errors":[{"code":"TOOL_TIMEOUT","message":"host db1.internal"}],"warnings":["slow"]}]'::jsonb)
  FROM (VALUES ('t_one', '00e3a80e-5be8-7000-8000-000000000001'), ('t_two', '00e3a80e-5be8-7000-8000-000000000002'))
       AS t(tenant, id);
INSERT INTO ops.tool_call_store (tenant_id, trace_id, tool_call_id, plan_id, position, started_at, tool, status, error_code,
                                 duration_ms, doc)
SELECT t.tenant_id, t.trace_id, '00e3a80e-5be8-7000-8000-00000000000a', 'p', 1, t.started_at, 'locks', 'timeout', 'TOOL_TIMEOUT', 4,
       '{"call":"a","tool":"locks","status":"timeout","start_ms":1.5,"end_ms":5.5,"duration_ms":4,"args":{"limit":5},
         "message":"took too long","statement_digest":"sha256:1","internal_error":{"message":"host db1.internal"},
         "attempts_detail":[{"attempt":1,"start_ms":1.5,"end_ms":5.5,"status":"timeout","text":"host db1.internal"}]}'
  FROM ops.trace_store AS t WHERE t.plan_id = 'p' AND t.tenant_id IN ('t_one', 't_two');

CREATE FUNCTION pg_temp.as_role(who name, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
BEGIN
  EXECUTE format('SET LOCAL ROLE %I', who);
  EXECUTE statement INTO result;
  RESET ROLE;
  RETURN result;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END
$$;

SELECT is(pg_temp.as_role('trace_user', 'SELECT string_agg(question, '','' ORDER BY question) FROM ops.traces'),
          'question of t_one', 'a user sees the traces of its tenant only');
SELECT is(pg_temp.as_role('trace_operator', 'SELECT string_agg(question, '','' ORDER BY question) FROM ops.traces'),
          'question of t_one,question of t_two', 'without a current tenant all tenants of the caller are shown');
SELECT pg_temp.as_role('trace_operator', 'SELECT ops.set_tenant(''t_two'')');
SELECT is(pg_temp.as_role('trace_operator', 'SELECT string_agg(question, '','') FROM ops.traces'),
          'question of t_two', 'with a current tenant only its traces are shown');
SELECT is(pg_temp.as_role('trace_operator', $$SELECT ops.trace('00e3a80e-5be8-7000-8000-000000000001')$$), NULL,
          'ops.trace knows nothing of another tenant than the current one');
SET LOCAL pg_ops.tenant = '';
SELECT is(pg_temp.as_role('trace_nobody', 'SELECT count(*) FROM ops.traces'), '0', 'without a membership there are no traces');
SELECT is(pg_temp.as_role('trace_user', $$SELECT ops.trace('00e3a80e-5be8-7000-8000-000000000002')$$), NULL,
          'ops.trace of another tenant is NULL');
SELECT is(pg_temp.as_role('trace_user', $$SELECT ops.trace('00000000-0000-7000-8000-000000000000')$$), NULL,
          'and so is one that does not exist');
SELECT is(pg_temp.as_role('trace_user', 'SELECT ops.trace(NULL)'), '22004', 'ops.trace(NULL) is an error');

-- internal texts
SELECT is(pg_temp.as_role('trace_user', $$SELECT ops.trace('00e3a80e-5be8-7000-8000-000000000001')::text ~ 'db1'$$), 'false',
          'a user finds no internal text in the document');
SELECT is(pg_temp.as_role('trace_user', $$SELECT string_agg(t, ' ') ~ 'db1' FROM ops.trace_text('00e3a80e-5be8-7000-8000-000000000001') AS t$$),
          'false', 'nor in its text');
SELECT is(pg_temp.as_role('trace_user', 'SELECT errors FROM ops.stages'), '[{"code": "TOOL_TIMEOUT"}]',
          'of the errors of a stage a user sees the codes');
SELECT is(pg_temp.as_role('trace_user', 'SELECT args::text || (internal_error IS NULL) || (statement_digest IS NULL) FROM ops.tool_calls'),
          '{"limit": 5}truetrue', 'a user sees arguments, no internal error, no digest');
SELECT is(pg_temp.as_role('trace_operator', $$SELECT string_agg(tenant || (internal_error IS NOT NULL), ',' ORDER BY tenant) FROM ops.tool_calls$$),
          't_onetrue,t_twofalse', 'internal errors are shown in the tenants where the caller is operator');
SELECT is(pg_temp.as_role('trace_weak', $$SELECT count(internal_error) FROM ops.tool_calls$$), '0',
          'an operator who is only a user of the tenant sees none');
SELECT is(pg_temp.as_role('trace_operator', $$SELECT ops.trace('00e3a80e-5be8-7000-8000-000000000001')::text ~ 'db1'$$), 'true',
          'the document of an operator has them');

-- monitor
SELECT is(pg_temp.as_role('trace_monitor', $$SELECT count(*) || ',' || count(question) FROM ops.traces WHERE plan_id = 'p'$$),
          '2,0', 'ops_monitor sees the traces of every tenant and no question');
SELECT is(pg_temp.as_role('trace_monitor', $$SELECT count(tool) || ',' || count(args) || ',' || count(message) || ',' || count(internal_error)
          FROM ops.tool_calls WHERE plan_id = 'p'$$), '2,0,0,0', 'tools and codes, neither arguments nor texts');
SELECT is(pg_temp.as_role('trace_monitor', $$SELECT ops.trace('00e3a80e-5be8-7000-8000-000000000001')::text ~ 'question of|db1|private|limit|slow|too long'$$),
          'false', 'and a document without payload');
SELECT is(pg_temp.as_role('trace_monitor', $$SELECT count(reason) + count(errors) + count(warnings) FROM ops.stages$$), '0',
          'and stages without texts');

-- the tables
SELECT is(pg_temp.as_role(r, 'SELECT count(*) FROM ' || t), '42501', r || ' cannot read ' || t)
  FROM unnest(ARRAY['trace_operator', 'trace_monitor']) AS r, unnest(ARRAY['ops.trace_store', 'ops.tool_call_store']) AS t;
SELECT is(pg_temp.as_role('ops_writer', 'SELECT count(*) FROM ops.trace_store'), '42501', 'the writer cannot read traces');
SELECT is(pg_temp.as_role('ops_owner', 'SELECT count(*) FROM ops.trace_store'), '0', 'their owner sees none without an identity');

-- pictures
SELECT is((SELECT array_agg(ops._text_width(w)) FROM unnest(ARRAY['abc', '잠금', 'e' || chr(769), '']) AS w), ARRAY[3, 4, 1, 0],
          'wide letters take two columns, combining marks none');
SELECT is(ops._fit('잠금 대기', 6), '잠금  ', 'a text is cut to columns, not to letters');
SELECT is((SELECT count(DISTINCT ops._text_width(substring(w from '^.*│'))) FROM ops.waterfall('00e3a80e-5be8-7000-8000-000000000001') AS w
            WHERE w ~ '│'), 1::bigint, 'the bars of a waterfall are one below the other');

SELECT is((SELECT array_agg(trim(split_part(w, '│', 1)))
             FROM (SELECT w FROM ops.waterfall('00e3a80e-5be8-7000-8000-000000000001') AS w OFFSET 1) AS bars),
          '{execute,a locks}'::text[], 'calls stand below the stage that made them');

SELECT * FROM finish();
ROLLBACK;
