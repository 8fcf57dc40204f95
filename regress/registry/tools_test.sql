-- Registry: what makes a tool: derived schemas, everything refused with its place, create_sql_tool, create_http_tool.
-- database: fresh
\ir _fixture.sql
SELECT plan(69);
CREATE FUNCTION pg_temp.schema_of(tool text) RETURNS jsonb LANGUAGE sql AS $$
  SELECT spec -> 'input_schema' FROM ops.asset_versions WHERE name = tool AND tenant = 'acme' ORDER BY version DESC LIMIT 1 $$;
CREATE FUNCTION pg_temp.findings(tool text) RETURNS text LANGUAGE sql AS $$
  SELECT pg_temp.try('t_r_op', format('SELECT string_agg(severity || '' '' || code || '' '' || path, '','' ORDER BY severity, code, path) FROM ops.validate_asset(''tool'', %L)', tool)) $$;

-- ---- derived schemas
SELECT is(pg_temp.try('t_r_op', $$SELECT ops.create_sql_tool('types', 'x',
  'SELECT id FROM shop.orders WHERE id = :i AND status = :s AND total > :t AND placed_at >= :since AND day = :d AND ref = :r
     AND paid = :p AND tags && :l AND data @> :j AND small = :m AND ratio < :f LIMIT :n')$$), '1', 'a tool without a schema');
SELECT is((pg_temp.schema_of('types') -> 'properties' -> a)::text, t, a || ' is derived') FROM (VALUES
  ('i', '{"type": "integer"}'), ('s', '{"type": "string"}'), ('t', '{"type": "number"}'),
  ('since', '{"type": "string", "format": "date-time"}'), ('d', '{"type": "string", "format": "date"}'),
  ('r', '{"type": "string", "format": "uuid"}'), ('p', '{"type": "boolean"}'),
  ('l', '{"type": "array", "items": {"type": "string"}}'), ('j', '{}'), ('m', '{"type": "integer"}'),
  ('f', '{"type": "number"}'), ('n', '{"type": "integer"}')) v (a, t);
SELECT is(pg_temp.schema_of('types') ->> 'additionalProperties', 'false', 'nothing else is allowed');
SELECT is(jsonb_array_length(pg_temp.schema_of('types') -> 'required'), 12, 'all are required');
SELECT is(pg_temp.try('t_r_op', $$SELECT ops.create_sql_tool('plain', 'x', 'SELECT 1 AS one')$$), '1', 'no parameters');
SELECT is(pg_temp.schema_of('plain')::text, '{"type": "object", "required": [], "properties": {}, "additionalProperties": false}', 'an empty schema');
SELECT is(pg_temp.try('t_r_op', $q$SELECT ops.create_http_tool('web', 'x', 'post', 'https://api.example.com/v1/{service}?q={q}',
   body => '{"level": {"$arg": "level"}, "also": null}', headers => '{"X-Trace": "{trace}"}')$q$), '1', 'an HTTP tool');
SELECT is(pg_temp.schema_of('web') -> 'properties', '{"service": {"type": "string"}, "q": {"type": "string"}, "trace": {"type": "string"}, "level": {}}', 'its arguments');
SELECT is((SELECT spec #> '{http,body}' FROM ops.asset_versions WHERE name = 'web'), '{"level": {"$arg": "level"}, "also": null}', 'a null in the body stays');
SELECT is((SELECT spec #>> '{http,method}' FROM ops.asset_versions WHERE name = 'web'), 'POST', 'the method in capitals');

-- ---- statements that are no tool: refused with the place, nothing stored
SELECT matches(pg_temp.try('t_r_op', format('SELECT ops.create_sql_tool(''no'', ''x'', %L)', q)), '^22023 tool "no" is not valid: \$\.sql\.query: .*' || e, 'refused: ' || q) FROM (VALUES
  ('DELETE FROM shop.orders', ''), ('SELECT 1 AS a; SELECT 2 AS a', ''), ('SELECT pg_sleep(1) AS a', ''),
  ('SELECT lo_create(1) AS a', ''), ('SELECT', 'no columns'), ('SELECT 1 AS a, 2 AS a', '"a" occurs more than once'),
  ('SELECT * FROM shop.missing', 'does not exist'), ('SELECT * FROM orders', ''), ('SELECT * FROM shop.secret', ''),
  ('SELECT :x AS x', ''), ('SELECT nope FROM shop.orders', 'does not exist')) v (q, e);
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.create_sql_tool('no', 'x', 'SELECT * FROM shop.missing')$$), 'commit it first', 'a table not committed yet is thought of');
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.create_sql_tool('no', 'x', 'SELECT id FROM shop.orders WHERE id = :i AND status = :s',
  input_schema => '{"type":"object","properties":{"i":{"type":"integer"}}}')$$), ':s.*at character 55', 'an undeclared parameter, with its position');
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.create_sql_tool('no', 'x', 'SELECT id FROM shop.orders WHERE id = :i',
  input_schema => '{"type":"object","properties":{"i":{"type":"integer"},"other":{"type":"string"}}}')$$), 'properties\.other: is declared but used nowhere', 'an argument without effect');
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.create_sql_tool('no', 'x', 'SELECT id FROM shop.orders', run_as => 'postgres', policy => 'none',
  present => '{"summary":[{"text":"{max(id"}]}')$$), 'present', 'a broken summary');
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.create_sql_tool('no', 'x', 'DROP TABLE x', run_as => 'postgres', policy => 'none')$$),
  '\$\.run_as.*\n\$\.sql\.query.*\n\$\.policy', 'all problems at once');
SELECT matches(pg_temp.try('t_r_op', format('SELECT ops.create_sql_tool(''no'', ''x'', ''SELECT id FROM shop.orders'', run_as => %L)', r)), '^22023 .*\$\.run_as', 'run_as ' || r)
  FROM unnest(ARRAY['postgres', 'ops_stats', 't_r_op', 'no_such_role']) r;
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.create_sql_tool('no', 'x', 'SELECT count(*) AS n FROM shop.orders',
  present => '{"summary":[{"when":"row_count > 0","text":"{sum(m)} of {row_count}"}]}')$$), 'summary\[0\]\.text: uses column "m".*Did you mean "n"', 'a column that is not there');
SELECT is((SELECT count(*) FROM ops.assets WHERE name = 'no'), 0::bigint, 'nothing of all that is stored');

-- ---- literal credentials, also in drafts
SELECT matches(pg_temp.put('t_r_op', 'leak', pg_temp.http_tool(h)), '^22023 .*literal credential', 'refused: ' || left(h::text, 40)) FROM (VALUES
  ('{"headers": {"Authorization": "Bearer abcdef0123456789abcdef"}}'::jsonb), ('{"headers": {"X-Api-Key": "k-1234567890"}}'),
  ('{"query": {"api_key": "k-1234567890"}}'), ('{"method": "POST", "body": {"password": "hunter2hunter2"}}')) v (h);
SELECT matches(pg_temp.put('t_r_op', 'leak', pg_temp.http_tool('{"url": "https://me:secret@api.example.com/"}')), '^22023', 'user information in the address');
SELECT is(pg_temp.put('t_r_op', 'safe', pg_temp.http_tool('{"headers": {"Authorization": "Bearer {{secret:pager}}"}}')), '1', 'a secret by name is fine');

-- ---- drafts may be unfinished; publication is strict
SELECT is(pg_temp.put('t_r_op', 'draft', pg_temp.sql_tool('SELECT * FROM shop.later')), '1', 'a draft over a table to come');
SELECT matches(pg_temp.findings('draft'), 'error \w+ \$\.sql\.query', 'validate_asset says what is missing');
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.publish_asset('tool', 'draft')$$), '^22023 .*does not exist', 'it cannot be published');
CREATE TABLE shop.later (tenant_id text, id int);
GRANT SELECT ON shop.later TO ops_tool;
SELECT ops.protect_table('shop.later') \g /dev/null
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.publish_asset('tool', 'draft')$$), '^55000 .*input_schema', 'a version without schema stays as it is');
SELECT is(pg_temp.put('t_r_op', 'draft', pg_temp.sql_tool('SELECT * FROM shop.later')), '2', 'put again');
SELECT is(pg_temp.try('t_r_op', $$SELECT ops.publish_asset('tool', 'draft')$$), '2', 'and published');

-- ---- replace, publish, NULLs
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.create_sql_tool('plain', 'x', 'SELECT 2 AS two')$$), '^42710 .*"replace" => true', 'it exists');
SELECT is(pg_temp.try('t_r_op', $$SELECT ops.create_sql_tool('plain', 'x', 'SELECT 2 AS two', "replace" => true)$$), '2', 'replaced');
SELECT is(pg_temp.try('t_r_op', $$SELECT ops.create_sql_tool('brand_new', 'x', 'SELECT 2 AS two', "replace" => true, publish => false)$$), '1', 'replace of nothing creates');
SELECT is((SELECT status FROM ops.assets WHERE name = 'brand_new'), 'draft', 'publish => false leaves a draft');
SELECT is(pg_temp.try('t_r_op', $$SELECT ops.delete_asset('tool', 'plain')$$), '', 'deleted');
SELECT is(pg_temp.try('t_r_op', $$SELECT ops.create_sql_tool('plain', 'x', 'SELECT 3 AS three')$$), '3', 'a deleted name is free, its numbers go on');
SELECT matches(pg_temp.try('t_r_op', s), '^22004', s) FROM unnest(ARRAY[
  $$SELECT ops.create_sql_tool(NULL, 'x', 'SELECT 1 AS a')$$, $$SELECT ops.create_sql_tool('n', NULL, 'SELECT 1 AS a')$$,
  $$SELECT ops.create_sql_tool('n', 'x', NULL)$$, $$SELECT ops.create_http_tool('n', 'x', NULL, 'https://a.example/')$$,
  $$SELECT ops.create_sql_tool('n', 'x', 'SELECT 1 AS a', publish => NULL)$$]) s;

-- ---- policies
SELECT matches(pg_temp.put('t_r_op', 'p', p::jsonb, NULL, 'policy'), '^22023', 'policy refused: ' || p) FROM unnest(ARRAY[
  '{"enforce_readonly": false}', '{"max_rows": 100000}', '{"timeout": 5}']) p;

SELECT * FROM finish();
\ir _end.sql
