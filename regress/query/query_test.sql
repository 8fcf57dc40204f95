-- ops.query and the tool direct_query: result, parameters, errors with their trace, rights, and what the trace keeps.
-- database: fresh
\ir ../registry/_fixture.sql
SELECT plan(49);
SET client_min_messages = error;
INSERT INTO shop.orders (tenant_id, id, status, total) VALUES ('acme', 1, 'paid', 10.50), ('acme', 2, 'open', 20), ('globex', 3, 'paid', 99);
CREATE TABLE shop.plain (id int);
GRANT SELECT ON shop.plain TO ops_tool;
CREATE FUNCTION pg_temp.q(sql text, args text DEFAULT '{}', who name DEFAULT 't_r_op') RETURNS text LANGUAGE sql AS
  $$ SELECT regexp_replace(pg_temp.try(who, format('SELECT ops.query(%L, %L)', sql, args)), '[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}', 'TRACE') $$;
CREATE FUNCTION pg_temp.rows(sql text, args text DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS
  $$ SELECT CASE WHEN r LIKE '{%' THEN r::jsonb -> 'rows' ELSE to_jsonb(r) END FROM pg_temp.q(sql, args) r $$;

SELECT is(pg_temp.q('SELECT id, total FROM shop.orders ORDER BY id')::jsonb,
  '{"columns": [{"name": "id", "type": "bigint"}, {"name": "total", "type": "numeric(12,2)"}],
    "rows": [{"id": 1, "total": 10.50}, {"id": 2, "total": 20.00}], "row_count": 2, "truncated": false}',
  'the result is a tool''s result, of one tenant''s rows');
SELECT is(pg_temp.rows('SELECT id FROM shop.orders WHERE status = :s AND total > :t', '{"s": "open", "t": 1}'), '[{"id": 2}]', 'parameters are bound');
SELECT is(pg_temp.rows('SELECT id FROM shop.orders WHERE status = :s', '{"s": "x'' OR true --"}'), '[]', 'as values');
SELECT is(pg_temp.rows('SELECT :s AS s, :i AS i, :n AS n, :b AS b, :z AS z', '{"s": "a", "i": 3, "n": 1.50, "b": true, "z": null}'),
  '[{"s": "a", "i": 3, "n": 1.50, "b": true, "z": null}]', 'one without a typed use takes the type of its value');
SELECT is(pg_temp.rows('SELECT :j::jsonb AS j', '{"j": {"$ref": "a", "path": "$"}}'), '[{"j": {"$ref": "a", "path": "$"}}]',
  'an argument that looks like a reference is a value');
SELECT is(pg_temp.rows('SELECT :a::int[] AS a', '{"a": [1, null, 3]}'), '[{"a": [1, null, 3]}]', 'arrays');
SELECT is(pg_temp.rows('VALUES (1)'), '[{"column1": 1}]', 'VALUES');
SELECT is(pg_temp.q('SELECT 1 AS x LIMIT 0')::jsonb -> 'row_count', '0', 'no rows');
SELECT is((pg_temp.q('SELECT * FROM generate_series(1, 6000) n')::jsonb) - 'rows' - 'columns', '{"row_count": 5000, "truncated": true}', 'capped by policy default_sql');
SELECT is(pg_temp.try('t_r_op', $$SELECT ops.query('SELECT 1 AS x', NULL) -> 'row_count'$$), '1', 'args NULL means none');

SELECT alike(pg_temp.try('t_r_op', 'SELECT ops.query(NULL)'), '22004 argument "sql" must not be NULL%', 'sql NULL is an error');
SELECT is(pg_temp.q('SELECT pg_sleep(9)'), '42501 SQL_BLOCKED: function pg_sleep is not allowed: it waits / The statement is not allowed by the SQL guard.'
  || ' Rule function_never at character 8 of the statement. Trace TRACE.', 'a refusal says code, reason, rule, place and trace');
SELECT is(pg_temp.q('DELETE FROM shop.orders'), '42501 SQL_BLOCKED: only SELECT is allowed, this is DELETE / The statement is not allowed by the SQL guard.'
  || ' Rule statement_kind at character 1 of the statement. Trace TRACE. / Write one SELECT, VALUES or TABLE statement; tools read, they never write.', 'no writes');
SELECT alike(pg_temp.q('SELECT 1; COMMIT'), '42501 SQL_BLOCKED: there is more than one statement%', 'one statement');
SELECT alike(pg_temp.q('SELECT 1 FROM shop.orders FOR UPDATE'), '42501 SQL_BLOCKED%locking_clause%', 'no locks');
SELECT alike(pg_temp.q('TABLE shop.plain'), '42501 TENANT_MISMATCH: table shop.plain is not protected by tenant%Trace TRACE. / SELECT ops.protect_table(''shop.plain''); or%',
  'an unprotected table, and what to run');
SELECT alike(pg_temp.q('SELECT * FROM shop.secret'), '42501 PERMISSION_DENIED: permission denied for table secret%SQLSTATE 42501%', 'a missing grant');
SELECT alike(pg_temp.q('SELECT ops.query(''SELECT 1'')'), '42501 %', 'not from inside itself');
SELECT alike(pg_temp.q(''), '42501 SQL_BLOCKED%empty_statement%', 'nothing');
SELECT alike(pg_temp.q(E'SELECT ''\x01'' AS x, \x02'), '42501 SQL_BLOCKED%syntax_error%', 'control characters');
SELECT alike(pg_temp.q(repeat('é', 40000)), '42501 SQL_BLOCKED: the statement is longer than 32 kB%', 'a long statement');
SELECT alike(pg_temp.q('SELECT ' || repeat('(', 9000)), '42501 SQL_BLOCKED%', 'a deep one');
SELECT is(pg_temp.q('SELECT 1/0 AS x'), 'OP003 TOOL_ERROR: division by zero / A tool reported an error. SQLSTATE 22012. Trace TRACE.', 'the statement''s own error');
SELECT alike(pg_temp.q('SELECT :x::int AS x', '{"x": "abc"}'), 'OP003 TOOL_ERROR: argument "x": invalid input syntax for type integer: "abc"%', 'a value that does not fit its type');
SELECT alike(pg_temp.q('SELECT :x::int AS x'), '22023 TOOL_BAD_REQUEST: the statement''s parameter :x has no argument%', 'a missing argument');
SELECT alike(pg_temp.q('SELECT :limit::int AS x', '{"limt": 1}'), '22023 TOOL_BAD_REQUEST: args has "limt", which the statement does not use%Did you mean "limit"?',
  'an unknown argument, and the name meant');
SELECT alike(pg_temp.q('SELECT 1', '[1]'), '22023 TOOL_BAD_REQUEST: args must be a JSON object%', 'args must be an object');
SELECT alike(pg_temp.q('SELECT $1', '{}'), '42501 SQL_BLOCKED%positional_parameter%', 'numbered parameters are refused');
SELECT alike(pg_temp.q('SELECT :x AS x', '{"x": [1]}'), '42501 SQL_BLOCKED: the type of parameter :x%', 'a list without a typed use');

-- Rights.
SELECT alike(pg_temp.q('SELECT 1', '{}', 't_r_user'), '42501 permission denied for function query%', 'ops_user may not');
SELECT alike(pg_temp.q('SELECT 1', '{}', 't_r_nobody'), '42501 permission denied for schema ops%', 'nobody may not');
SELECT ops.grant_tenant('globex', 't_r_op', 'user') \g /dev/null
SELECT alike(pg_temp.try('t_r_op', $$SELECT ops.query('SELECT 1 AS x') FROM ops.set_tenant('globex')$$),
  '42501 PERMISSION_DENIED: role "t_r_op" has access user in tenant "globex"; operator is needed%', 'operator is needed in that very tenant');
SELECT is(pg_temp.try('t_r_other', $$SELECT ops.query('SELECT id FROM shop.orders') -> 'rows'$$), '[{"id": 3}]', 'another tenant has its own rows');

-- The tool.
SELECT is(pg_temp.try('t_r_op', $$SELECT ops.call_tool('direct_query', '{"sql": "SELECT id FROM shop.orders WHERE id = :i", "args": {"i": 2}}') #> '{answer,facts,0,value}'$$),
  '2', 'direct_query is a tool for operators');
SELECT is(pg_temp.try('t_r_user', $$SELECT ops.call_tool('direct_query', '{"sql": "SELECT 1"}') #>> '{error,code}'$$), 'PERMISSION_DENIED', 'and for nobody else');
SELECT is(pg_temp.try('t_r_user', $$SELECT ops.run_plan('{"calls": [{"id": "a", "tool": "direct_query", "args": {"sql": "SELECT 1"}}]}') #>> '{error,code}'$$),
  'PERMISSION_DENIED', 'in a plan as well');
SELECT is(pg_temp.try('t_r_op', $$SELECT jsonb_path_query_array(ops.run_plan('{"calls": [{"id": "a", "tool": "direct_query", "args": {"sql": "SELECT 7 AS n"}},
  {"id": "b", "tool": "direct_query", "args": {"sql": "SELECT :n * 2 AS m", "args": {"n": {"$ref": "a", "path": "$.rows[0].n"}}}}]}'), '$.answer.blocks[*].value')$$),
  '[7, 14]', 'its parameters may come from other calls');
SELECT is(pg_temp.try('t_r_op', format('SELECT ops.run_plan(%L) #>> ''{error,message}''', j)), '$.calls[1].args.' || place || ': a statement cannot come from another call''s result',
    'its statement may not: ' || place)
  FROM (VALUES ('sql', '{"calls": [{"id": "a", "tool": "direct_query", "args": {"sql": "SELECT ''SELECT 1'' AS q"}},
      {"id": "b", "tool": "direct_query", "args": {"sql": {"$ref": "a", "path": "$.rows[0].q"}}}]}'),
    ('args', '{"calls": [{"id": "a", "tool": "direct_query", "args": {"sql": "SELECT 1 AS q"}},
      {"id": "b", "tool": "direct_query", "args": {"sql": "SELECT 1", "args": {"$ref": "a", "path": "$.rows[0]"}}}]}')) v(place, j);
SELECT alike(pg_temp.put('t_r_op', 'direct_query', pg_temp.sql_tool('SELECT 1')), '22023%reserved for the tool behind ops.query%', 'its name is reserved');
SELECT alike(pg_temp.put('t_r_op', 'mine', pg_temp.sql_tool('SELECT 1') || '{"sql": {"direct": true}}'), '22023%', 'no tenant makes another of its kind');
SELECT alike(pg_temp.try('postgres', $$SELECT ops.put_asset('tool', 'direct_query', '{"type": "sql", "description": "x", "run_as": "ops_stats", "shared": true,
  "input_schema": {"type": "object", "required": ["sql"], "additionalProperties": false, "properties": {"sql": {"type": "string"}, "args": {"type": "object", "default": {}}}},
  "sql": {"direct": true}}')$$), '22023%must be ops_tool when direct is true%', 'it never runs as the role that sees other sessions');

-- The trace.
CREATE TEMPORARY TABLE kept AS SELECT c.*, t.status AS trace_status, t.question FROM ops.tool_calls c JOIN ops.traces t USING (trace_id)
 WHERE t.tenant = 'acme' AND c.tool = 'direct_query';
SELECT is((SELECT count(*) FROM kept WHERE plan_id IS NULL OR tool_call_id IS NULL OR question IS NOT NULL), 0::bigint, 'every query has its tool call');
SELECT is((SELECT internal_error -> 'refusal' FROM kept WHERE statement = 'TABLE shop.plain'),
  '{"rule": "relation_unprotected", "object": "shop.plain", "position": 7, "remedy": "SELECT ops.protect_table(''shop.plain'');"}', 'a refusal is kept with rule, object, place and remedy');
SELECT is((SELECT args FROM kept WHERE statement LIKE '%status = :s AND%'), '{"sql": "[statement]", "args": {"s": "open", "t": 1}}', 'arguments are kept, the statement apart from them');
SELECT is(pg_temp.try('t_r_user', $$SELECT count(*) FROM ops.tool_calls WHERE statement IS NOT NULL$$), '0', 'the statement is for operators');
SELECT is(pg_temp.try('t_r_user', $$SELECT count(*) FROM ops.traces t WHERE ops.trace(t.trace_id)::text ~ 'shop\.(orders|plain)'$$), '0', 'nowhere in a trace does a user see it');
SELECT ops.put_asset('tool', 'direct_query', (SELECT spec FROM ops.asset_versions WHERE name = 'direct_query') || '{"deprecated": "not here"}'),
       ops.publish_asset('tool', 'direct_query') \g /dev/null
SELECT alike(pg_temp.q('SELECT 1 AS x'), '42501 POLICY_DENY: queries are switched off%Trace TRACE%', 'a deprecated version switches queries off');
SELECT ops.rollback_asset('tool', 'direct_query', 1) \g /dev/null
SELECT is(pg_temp.rows('SELECT 1 AS x'), '[{"x": 1}]', 'another version brings them back');
SELECT * FROM finish();
\ir ../registry/_end.sql
