-- Tenancy: a protected table with a partition on another server. That server is sent conditions of the statement beside the
-- policy's, and evaluates them in an order of its own, on rows of every tenant: refused, unless every tenant may see them.
-- database: fresh
SET client_min_messages = error;
CREATE EXTENSION postgres_fdw;
SELECT plan(76);
\ir _leaks.sql
SELECT ops.create_tenant('t_a'), ops.create_tenant('t_b') \g /dev/null
CREATE SCHEMA t_far;
GRANT USAGE ON SCHEMA t_far TO ops_tool;
CREATE TABLE t_far.rows (tenant_id text, id int, secret text, amount int, doc jsonb, tags text[], day date, span int4range, words tsvector);
INSERT INTO t_far.rows
  SELECT CASE WHEN mine THEN 't_a' WHEN i % 7 = 0 THEN NULL ELSE 't_b' END, i, CASE WHEN mine THEN (i % 9 + 1)::text ELSE 'secret of b (' || i END,
         CASE WHEN mine THEN i % 5 + 1 ELSE 0 END, CASE WHEN mine THEN '{"a": 1, "l": [1, 2]}' ELSE '{"k": "v", "l": 7}' END::jsonb,
         CASE WHEN mine THEN '{a}' ELSE '{x,y}' END::text[], '2020-01-01', CASE WHEN mine THEN '[200000,200001)' ELSE '[1,2)' END::int4range,
         CASE WHEN mine THEN 'alpha' ELSE 'omega' END::tsvector
    FROM generate_series(1, 1000) i, LATERAL (SELECT i % 3 = 1 AS mine) m;
-- The far side holds rows of all tenants and has no policy; its indexes invite it to look at values first.
CREATE TABLE t_far.kept (LIKE t_far.rows);
INSERT INTO t_far.kept SELECT * FROM t_far.rows WHERE id >= 500;
CREATE INDEX ON t_far.kept (secret);
CREATE INDEX ON t_far.kept (amount);
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host :'HOST', port :'PORT', dbname :'DBNAME', use_remote_estimate 'true');
CREATE USER MAPPING FOR ops_tool SERVER far OPTIONS (user 'postgres', password_required 'false');
CREATE USER MAPPING FOR CURRENT_USER SERVER far OPTIONS (user 'postgres');
CREATE TABLE t_far.part (LIKE t_far.rows) PARTITION BY RANGE (id);
CREATE TABLE t_far.part_1 PARTITION OF t_far.part FOR VALUES FROM (MINVALUE) TO (500);
CREATE FOREIGN TABLE t_far.part_2 PARTITION OF t_far.part FOR VALUES FROM (500) TO (MAXVALUE) SERVER far OPTIONS (schema_name 't_far', table_name 'kept');
INSERT INTO t_far.part SELECT * FROM t_far.rows WHERE id < 500;
VACUUM ANALYZE t_far.kept, t_far.part;
CREATE TABLE t_far.over (tenant_id text);
CREATE TABLE t_far.middle () INHERITS (t_far.over);
CREATE FOREIGN TABLE t_far.below (id int) INHERITS (t_far.middle) SERVER far OPTIONS (schema_name 't_far', table_name 'kept');
CREATE VIEW t_far.seen WITH (security_invoker) AS SELECT * FROM t_far.part;
GRANT SELECT ON ALL TABLES IN SCHEMA t_far TO ops_tool;
SELECT ops.protect_table('t_far.part'), ops.protect_table('t_far.over') \g /dev/null

CREATE FUNCTION pg_temp.as_tool_of(tenant text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result jsonb;
BEGIN
  PERFORM ops.set_tenant(tenant);
  result := ops.query(statement);
  RETURN coalesce(result -> 'rows', result)::text;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT matches(pg_temp.as_tool_of('t_a', 'SELECT count(*) FROM t_far.part_2'), '^42501 TENANT_MISMATCH', 'the foreign partition by its own name is refused');
SELECT is(pg_temp.as_tool_of('t_a', 'SELECT count(*) AS n FROM t_far.part'), '42501 TENANT_MISMATCH: table t_far.part has a foreign partition, t_far.part_2, whose server would look at rows of every tenant',
  'and so is its parent');
SELECT matches(pg_temp.as_tool_of('t_a', format(statement, 't_far.part')), '^42501 TENANT_MISMATCH', 'refused: ' || what)
  FROM leaks WHERE what NOT IN ('ONLY', 'tableoid') ORDER BY n;
SELECT matches(pg_temp.as_tool_of('t_a', 'SELECT count(*) AS n FROM t_far.over'), '^42501 TENANT_MISMATCH', 'below another table as well');
SELECT matches(pg_temp.as_tool_of('t_a', 'SELECT count(*) AS n FROM t_far.seen'), '^42501 TENANT_MISMATCH', 'and through a view');
-- Why: as the same role, with the same policy, the server itself tells. If it no longer does, the rule can go.
GRANT ops_tool TO CURRENT_USER;
CREATE FUNCTION pg_temp.asked(condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  plan json;
BEGIN
  EXECUTE 'EXPLAIN (VERBOSE, FORMAT json) SELECT id FROM t_far.part WHERE ' || condition INTO plan;
  RETURN substring(plan::text FROM '"Remote SQL": "([^"]*)"');
END $$;
SET ROLE ops_tool;
SELECT alike(pg_temp.asked('1000 / amount > 0'), '%1000 / amount%', 'known: a condition that fails on rows of others is sent to the far side');
RESET ROLE;
-- Rows that everybody may see may lie anywhere.
SELECT ops.share_table('t_far.part_2') \g /dev/null
SELECT is(pg_temp.as_tool_of('t_a', 'SELECT count(*) AS n, count(*) FILTER (WHERE id >= 500) AS far FROM t_far.part'), '[{"n": 334, "far": 167}]', 'a shared one is read, and the policy still holds');
SELECT ops.unshare_table('t_far.part_2') \g /dev/null
SELECT matches(pg_temp.as_tool_of('t_a', 'SELECT count(*) FROM t_far.part'), '^42501 TENANT_MISMATCH', 'until it is shared no more');
ALTER TABLE t_far.part DETACH PARTITION t_far.part_2;
SELECT is(pg_temp.as_tool_of('t_a', 'SELECT count(*) AS n FROM t_far.part'), '[{"n": 167}]', 'detached, the rest is read');
SELECT * FROM finish();
DROP SCHEMA t_far CASCADE;
