-- Tenancy: no statement tells a tenant about rows of others, through tools or as a role of the application: each gives the
-- result, or the error, that it gives over a table with the tenant's rows alone.
-- database: fresh
SET client_min_messages = warning;
CREATE EXTENSION dblink;
SELECT plan(267);
\ir _leaks.sql

CREATE ROLE t_l_owner LOGIN IN ROLE ops_user;
CREATE ROLE t_l_app LOGIN IN ROLE ops_user;
CREATE ROLE t_l_op LOGIN IN ROLE ops_operator;
SELECT ops.create_tenant('t_a'), ops.create_tenant('t_b') \g /dev/null
SELECT ops.grant_all_tenants('t_l_app'), ops.grant_tenant('t_a', 't_l_op', 'operator') \g /dev/null
CREATE SCHEMA t_leak AUTHORIZATION t_l_owner;
GRANT USAGE ON SCHEMA t_leak TO ops_tool, t_l_app;

SET ROLE t_l_owner;
-- Rows of the tenant and of others in turn, so that every page and every index range has both.
CREATE TABLE t_leak.rows (tenant_id text, id int, secret text, amount int, doc jsonb, tags text[], day date, span int4range, words tsvector);
INSERT INTO t_leak.rows
  SELECT CASE WHEN mine THEN 't_a' WHEN i % 7 = 0 THEN NULL ELSE 't_b' END, i, CASE WHEN mine THEN (i % 9 + 1)::text ELSE 'secret of b (' || i END,
         CASE WHEN mine THEN i % 5 + 1 ELSE 0 END, CASE WHEN mine THEN '{"a": 1, "l": [1, 2]}' ELSE '{"k": "v", "l": 7}' END::jsonb,
         CASE WHEN mine THEN '{a}' ELSE '{x,y}' END::text[], '2020-01-01', CASE WHEN mine THEN '[200000,200001)' ELSE '[1,2)' END::int4range,
         CASE WHEN mine THEN 'alpha' ELSE 'omega' END::tsvector
    FROM generate_series(1, 1000) i, LATERAL (SELECT i % 3 = 1 AS mine) m;
INSERT INTO t_leak.rows (tenant_id, id, secret, amount) VALUES ('t_b', 1001, 'secret of b 1', 0);
CREATE TABLE t_leak.whole (LIKE t_leak.rows);
CREATE SEQUENCE t_leak.numbers;
GRANT SELECT, USAGE ON SEQUENCE t_leak.numbers TO ops_tool;
CREATE TABLE t_leak.part (LIKE t_leak.rows) PARTITION BY RANGE (id);
CREATE TABLE t_leak.part_1 PARTITION OF t_leak.part FOR VALUES FROM (MINVALUE) TO (500);
CREATE TABLE t_leak.part_2 PARTITION OF t_leak.part FOR VALUES FROM (500) TO (MAXVALUE);
INSERT INTO t_leak.whole SELECT * FROM t_leak.rows;
INSERT INTO t_leak.part SELECT * FROM t_leak.rows;
CREATE FUNCTION t_leak.index_all(rel text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  what text;
BEGIN
  FOREACH what IN ARRAY ARRAY['(id)', '(secret)', '(lower(secret))', '(tenant_id)', '(amount)', '(day)', 'USING gin (doc)', 'USING gin (tags)',
                              'USING gist (span)', 'USING gin (words)', '(id) WHERE amount = 0'] LOOP
    EXECUTE format('CREATE INDEX ON %s %s', rel, what);
  END LOOP;
END
$$;
SELECT t_leak.index_all('t_leak.whole'), t_leak.index_all('t_leak.part') \g /dev/null
CREATE VIEW t_leak.seen WITH (security_invoker) AS SELECT * FROM t_leak.whole;
CREATE VIEW t_leak.barrier WITH (security_invoker, security_barrier) AS SELECT * FROM t_leak.part;
-- The tenant's rows alone, in a table of the same kind.
CREATE TABLE t_leak.alone AS SELECT * FROM t_leak.rows WHERE tenant_id = 't_a';
SELECT t_leak.index_all('t_leak.alone') \g /dev/null
ANALYZE t_leak.whole, t_leak.part, t_leak.alone;
GRANT SELECT ON t_leak.whole, t_leak.part, t_leak.part_1, t_leak.seen, t_leak.barrier, t_leak.alone TO ops_tool, t_l_app;
SELECT ops.protect_table('t_leak.whole', scope => 'everyone'), ops.protect_table('t_leak.part', scope => 'everyone'),
       ops.protect_table('t_leak.alone', scope => 'everyone') \g /dev/null
RESET ROLE;

-- ---- through tools: the guard, an executor, the caller's tenant ----
CREATE FUNCTION pg_temp.as_tool_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result jsonb;
BEGIN
  PERFORM ops.set_tenant('t_a');
  result := ops.query(statement);
  RETURN coalesce(result -> 'rows', result)::text;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT is(pg_temp.as_tool_of(format(statement, 't_leak.whole')), pg_temp.as_tool_of(format(statement, 't_leak.alone')), 'tool: ' || what) FROM leaks ORDER BY n;

-- ---- as the application's role, which may do more: its own functions, settings that change plans ----
SELECT dblink_connect('app', format('host=%s port=%s dbname=%s user=t_l_app',
  split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), current_database())) \g /dev/null
CREATE FUNCTION pg_temp.as_app(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
  problem text;
BEGIN
  PERFORM dblink_exec('app', 'BEGIN');
  PERFORM * FROM dblink('app', 'SELECT ops.set_tenant(''t_a'')') AS d (v text);
  BEGIN
    SELECT v INTO result FROM dblink('app', format('SELECT coalesce(json_agg(q)::text, ''[]'') FROM (%s) q', statement)) AS d (v text);
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS problem = PG_EXCEPTION_DETAIL;
    result := SQLSTATE || ' ' || SQLERRM || ' ' || problem;
  END;
  PERFORM dblink_exec('app', 'ROLLBACK');
  RETURN result;
END
$$;
SELECT is(pg_temp.as_app(format(statement, rel)), pg_temp.as_app(format(statement, 't_leak.alone')), format('application, %s: %s', rel, what))
  FROM leaks, (VALUES ('t_leak.whole'), ('t_leak.part')) AS r (rel) WHERE NOT (rel = 't_leak.part' AND what IN ('ONLY', 'tableoid')) ORDER BY rel, n;
-- A cheap function that shouts what it is given would be evaluated first, were it not for the policy.
SELECT dblink_exec('app', 'CREATE FUNCTION pg_temp.shout(v text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS
  ''BEGIN IF v LIKE ''''secret%'''' THEN RAISE EXCEPTION ''''heard %'''', v; END IF; RETURN true; END''') \g /dev/null
SELECT dblink_exec('app', 'CREATE FUNCTION pg_temp.shouts(text, text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS
  ''BEGIN RETURN pg_temp.shout($1); END''') \g /dev/null
SELECT dblink_exec('app', 'CREATE OPERATOR pg_temp.<~> (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_temp.shouts)') \g /dev/null
SELECT dblink_exec('app', 'SET enable_seqscan = off; SET enable_indexscan = on; SET force_parallel_mode = on; SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0') \g /dev/null
SELECT is(pg_temp.as_app(format('SELECT count(*) AS n FROM %s WHERE %s', rel, condition)), '[{"n":334}]', format('application, %s: %s', rel, condition))
  FROM (VALUES ('t_leak.whole'), ('t_leak.part'), ('t_leak.part_1'), ('t_leak.seen'), ('t_leak.barrier')) AS r (rel),
       (VALUES ('pg_temp.shout(secret)'), ('secret OPERATOR(pg_temp.<~>) ''x''')) AS c (condition) WHERE rel <> 't_leak.part_1';
SELECT is(pg_temp.as_app('SELECT count(*) AS n FROM t_leak.part_1 WHERE pg_temp.shout(secret)'), '[{"n":167}]', 'application, a partition by its own name');
-- One statement or several, what they answer or their error with its detail and context; rolled back.
CREATE FUNCTION pg_temp.app_does(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
  detail text;
BEGIN
  PERFORM dblink_exec('app', 'BEGIN');
  PERFORM * FROM dblink('app', 'SELECT ops.set_tenant(''t_a'')') AS d (v text);
  BEGIN
    result := dblink_exec('app', statement);
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    result := concat_ws(' / ', SQLSTATE || ' ' || SQLERRM, nullif(detail, ''));
  END;
  PERFORM dblink_exec('app', 'ROLLBACK');
  RETURN result;
END
$$;
SELECT dblink_exec('app', 'RESET ALL') \g /dev/null
GRANT INSERT, UPDATE, DELETE ON t_leak.whole, t_leak.part TO t_l_app;
SELECT is(pg_temp.app_does(statement), said, statement)
  FROM (VALUES
    ('UPDATE t_leak.whole SET amount = amount', 'UPDATE 334'),
    ('UPDATE t_leak.whole SET amount = 1000 / amount', 'UPDATE 334'),
    ('UPDATE t_leak.part SET tenant_id = ''t_a'' WHERE tenant_id = ''t_b''', 'UPDATE 0'),
    ('DELETE FROM t_leak.whole WHERE secret::int > 0', 'DELETE 334'),
    ('DELETE FROM t_leak.whole w USING t_leak.part p WHERE p.id = w.id AND p.amount = 0', 'DELETE 0'),
    ('UPDATE t_leak.whole SET tenant_id = ''t_b'' WHERE id = 1', '42501 new row violates row-level security policy "pg_ops_tenant" for table "whole"'),
    ('INSERT INTO t_leak.whole (tenant_id) VALUES (''t_b'')', '42501 new row violates row-level security policy "pg_ops_tenant" for table "whole"'),
    ('INSERT INTO t_leak.whole (tenant_id) VALUES (NULL)', '42501 new row violates row-level security policy "pg_ops_tenant" for table "whole"'),
    ('INSERT INTO t_leak.part_1 (tenant_id, id) VALUES (''t_a'', 1)', '42501 permission denied for table part_1'),
    ('MERGE INTO t_leak.whole w USING generate_series(1, 2000) g ON w.id = g WHEN MATCHED AND 1000 / w.amount > 0 THEN DELETE', 'MERGE 334'),
    ('SELECT count(*) INTO TEMP copied FROM t_leak.whole', 'SELECT 1'),
    ('CREATE TEMP TABLE copied AS SELECT * FROM t_leak.part', 'SELECT 334'),
    ('DECLARE c CURSOR WITH HOLD FOR SELECT 1000 / amount FROM t_leak.whole', 'DECLARE CURSOR'),
    ('COPY t_leak.whole FROM STDIN', '0A000 COPY FROM not supported with row-level security'),
    ('TRUNCATE t_leak.whole', '42501 permission denied for table whole'),
    ('SET LOCAL row_security = off; CREATE TEMP TABLE copied AS SELECT * FROM t_leak.whole', '42501 query would be affected by row-level security policy for table "whole"'),
    ('CREATE FUNCTION pg_temp.sure(v text) RETURNS boolean LANGUAGE sql LEAKPROOF AS ''SELECT true''', '42501 only superuser can define a leakproof function'),
    ('CREATE POLICY mine ON t_leak.whole USING (true)', '42501 must be owner of table whole'),
    ('ALTER TABLE t_leak.whole DISABLE ROW LEVEL SECURITY', '42501 must be owner of table whole'),
    ('CREATE STATISTICS pg_temp.s ON id, amount FROM t_leak.whole', '42501 must be owner of table whole'),
    ('CREATE INDEX ON t_leak.whole (pg_temp.shout(secret))', '42501 must be owner of table whole'),
    ('CREATE RULE r AS ON SELECT TO t_leak.whole DO INSTEAD SELECT 1', '42501 must be owner of table whole'),
    ('CREATE TRIGGER t BEFORE UPDATE ON t_leak.whole FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()', '42501 permission denied for table whole'),
    ('CREATE TABLE pg_temp.line (k int REFERENCES t_leak.whole (id))', '42P16 constraints on temporary tables may reference only temporary tables'),
    ('CREATE TABLE pg_temp.child () INHERITS (t_leak.whole)', '42501 must be owner of table whole')) AS s (statement, said);
-- What the server keeps about values of all tenants is hidden where a policy applies.
SELECT is(pg_temp.as_app(format('SELECT count(*) AS n FROM %s', stats)), '[{"n":0}]', 'application: ' || stats)
  FROM (VALUES ('pg_stats WHERE schemaname = ''t_leak'' AND tablename IN (''whole'', ''part'', ''part_1'')'),
               ('pg_stats_ext WHERE schemaname = ''t_leak'''), ('pg_stats_ext_exprs WHERE schemaname = ''t_leak'''),
               ('pg_stats WHERE schemaname = ''t_leak'' AND tablename LIKE ''%_idx''')) AS s (stats);
-- ---- what PostgreSQL shows to a role of the application, and we cannot take away: see docs/security/isolation.md ----
CREATE TABLE t_leak.keyed (tenant_id text, id int PRIMARY KEY);
INSERT INTO t_leak.keyed VALUES ('t_b', 7);
ALTER TABLE t_leak.keyed OWNER TO t_l_owner;
SET ROLE t_l_owner;
SELECT ops.protect_table('t_leak.keyed', scope => 'everyone') \g /dev/null
GRANT SELECT, INSERT, UPDATE ON t_leak.keyed TO t_l_app;
RESET ROLE;
SELECT is(pg_temp.app_does('INSERT INTO t_leak.keyed VALUES (''t_a'', 7)'),
          '23505 duplicate key value violates unique constraint "keyed_pkey"', 'known: a unique key without the tenant tells that a value is in use');
SELECT is(pg_temp.app_does('INSERT INTO t_leak.keyed VALUES (''t_a'', 7) ON CONFLICT DO NOTHING'), 'INSERT 0 0', 'known: so does ON CONFLICT');
SELECT is(pg_temp.app_does('INSERT INTO t_leak.keyed VALUES (''t_a'', 7) ON CONFLICT (id) DO UPDATE SET tenant_id = ''t_a'''),
          '42501 new row violates row-level security policy "pg_ops_tenant" (USING expression) for table "keyed"', 'but the row itself is neither read nor taken');
CREATE TABLE t_leak.line (tenant_id text, k int REFERENCES t_leak.keyed (id));
CREATE TABLE t_leak.keyed_well (tenant_id text, id int, PRIMARY KEY (tenant_id, id));
INSERT INTO t_leak.keyed_well VALUES ('t_b', 7), ('t_a', 1);
CREATE TABLE t_leak.line_well (tenant_id text, k int, FOREIGN KEY (tenant_id, k) REFERENCES t_leak.keyed_well);
SELECT ops.protect_table(t, scope => 'everyone') FROM unnest(ARRAY['t_leak.line', 't_leak.keyed_well', 't_leak.line_well']::regclass[]) t \g /dev/null
GRANT SELECT, INSERT ON t_leak.line, t_leak.line_well TO t_l_app;
SELECT is(array[pg_temp.app_does('INSERT INTO t_leak.line VALUES (''t_a'', 7)'), left(pg_temp.app_does('INSERT INTO t_leak.line VALUES (''t_a'', 8)'), 5)],
          '{INSERT 0 1,23503}', 'known: a foreign key without the tenant tells that a value is in use');
SELECT is(array[left(pg_temp.app_does('INSERT INTO t_leak.line_well VALUES (''t_a'', 7)'), 5), left(pg_temp.app_does('INSERT INTO t_leak.line_well VALUES (''t_a'', 8)'), 5),
                pg_temp.app_does('INSERT INTO t_leak.line_well VALUES (''t_a'', 1)')], '{23503,23503,INSERT 0 1}', 'one with the tenant does not');
SELECT matches(pg_temp.as_app('SELECT reltuples > 900 AS known FROM pg_class WHERE oid = ''t_leak.whole''::regclass'), 'true', 'known: pg_class tells how many rows all have');

-- ---- what the server keeps about all tenants is not for tools ----
SELECT matches(pg_temp.as_tool_of(statement), '^42501 (SQL_BLOCKED|TENANT_MISMATCH|PERMISSION_DENIED)', 'tool: ' || statement)
  FROM unnest(ARRAY['SELECT reltuples FROM pg_class', 'SELECT * FROM pg_stats', 'SELECT * FROM pg_statistic', 'SELECT * FROM pg_stats_ext',
    'SELECT * FROM pg_statistic_ext_data', 'SELECT * FROM pg_stat_user_tables', 'SELECT * FROM pg_statio_all_indexes', 'SELECT * FROM pg_sequences',
    'SELECT pg_relation_size(''t_leak.whole''::regclass)', 'SELECT pg_stat_get_live_tuples(''t_leak.whole''::regclass)',
    'SELECT last_value FROM t_leak.numbers', 'SELECT currval(''t_leak.numbers''::regclass)', 'SELECT pg_sequence_last_value(''t_leak.numbers''::regclass)',
    'SELECT * FROM t_leak.part_2', 'SELECT query_to_xml(''SELECT * FROM t_leak.whole'', true, true, '''')']) statement;

SELECT dblink_disconnect('app') \g /dev/null
DROP SCHEMA t_leak CASCADE;
DROP ROLE t_l_owner, t_l_app, t_l_op;
SELECT * FROM finish();
