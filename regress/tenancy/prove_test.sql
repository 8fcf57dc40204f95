-- Tenancy: ops.prove_isolation() over a schema with a hole of every kind: what crosses is counted, and nothing is called better than it is.
-- database: fresh
-- The statements run in executors, which see what is committed. The roles are dropped at the end.
SET client_min_messages = warning;
SELECT plan(57);
CREATE ROLE t_v_owner LOGIN IN ROLE ops_admin;
CREATE ROLE t_v_app LOGIN IN ROLE ops_user;
CREATE ROLE t_v_all LOGIN BYPASSRLS IN ROLE ops_user;
CREATE ROLE t_v_one LOGIN IN ROLE ops_admin;
CREATE ROLE t_v_user LOGIN IN ROLE ops_user;
SELECT ops.create_tenant('t_a'), ops.create_tenant('t_b'), ops.create_tenant('t_c'), ops.create_tenant('7'), ops.create_tenant('8') \g /dev/null
SELECT ops.grant_tenant('t_a', 't_v_one', 'admin'), ops.grant_tenant('t_a', 't_v_user'), ops.grant_tenant('t_b', 't_v_user') \g /dev/null
CREATE SCHEMA "t Iso" AUTHORIZATION t_v_owner;
GRANT USAGE ON SCHEMA "t Iso" TO ops_tool, t_v_app, t_v_all;

SET ROLE t_v_owner;
SET search_path = "t Iso";
CREATE TABLE good (tenant_id text, v int);
CREATE TABLE for_all (tenant_id text, v int);
CREATE TABLE one_sided (tenant_id text, v int);
CREATE TABLE empty (tenant_id text, v int);
CREATE TABLE open (tenant_id text, v int);
CREATE TABLE open_empty (tenant_id text, v int);
CREATE TABLE country (code text);
CREATE TABLE plain (code text);
CREATE TABLE damaged (tenant_id text, v int);
CREATE TABLE by_number ("Org ""id""" int, v int);
CREATE TABLE ungranted (tenant_id text, v int);
CREATE TABLE parted (tenant_id text, v int) PARTITION BY RANGE (v);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
INSERT INTO good VALUES ('t_a', 1), ('t_b', 2), ('t_b', 3), ('t_c', 4), (NULL, 5);
INSERT INTO open SELECT * FROM good;
INSERT INTO for_all SELECT * FROM good;
INSERT INTO damaged SELECT * FROM good;
INSERT INTO ungranted SELECT * FROM good;
INSERT INTO parted SELECT * FROM good;
INSERT INTO one_sided VALUES ('t_a', 1);
INSERT INTO country VALUES ('kr');
INSERT INTO by_number VALUES (7, 1), (8, 2);
CREATE VIEW v_invoker WITH (security_invoker) AS SELECT * FROM good;
CREATE VIEW v_definer AS SELECT * FROM good;
CREATE VIEW v_total WITH (security_invoker) AS SELECT count(*) AS n FROM good;
CREATE VIEW v_mixed WITH (security_invoker) AS SELECT g.v, c.code FROM good g CROSS JOIN country c;
CREATE MATERIALIZED VIEW m AS SELECT * FROM good;
CREATE MATERIALIZED VIEW m_shared AS SELECT * FROM good;
CREATE FUNCTION leak() RETURNS SETOF "t Iso".good LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT * FROM "t Iso".good';
CREATE VIEW v_function WITH (security_invoker) AS SELECT * FROM leak();
CREATE VIEW v_counted WITH (security_invoker) AS SELECT count(*) AS n FROM leak();
CREATE VIEW v_broken WITH (security_invoker) AS SELECT tenant_id FROM good WHERE 1 / (v - v) > 0;
GRANT SELECT ON ALL TABLES IN SCHEMA "t Iso" TO ops_tool, t_v_app, t_v_all;
REVOKE SELECT ON ungranted FROM ops_tool;
SELECT ops.protect_table(t::regclass) FROM unnest(ARRAY['good', 'one_sided', 'empty', 'damaged', 'parted', 'ungranted']) t \g /dev/null
SELECT ops.protect_table('for_all', scope => 'everyone'), ops.protect_table('by_number', 'Org "id"') \g /dev/null
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (10) TO (20);
INSERT INTO parted VALUES ('t_a', 11), ('t_b', 12);
GRANT SELECT ON parted_2 TO ops_tool;
ALTER TABLE damaged DISABLE ROW LEVEL SECURITY;
SELECT ops.share_table('country'), ops.share_table('m_shared') \g /dev/null
RESET ROLE;
RESET search_path;
SELECT ops.allow_function('"t Iso".leak()', 'a hole, on purpose') \g /dev/null
-- A foreign table onto the same rows, through a connection of its own.
CREATE EXTENSION postgres_fdw;
SELECT format('CREATE SERVER t_loop FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L)',
              split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), current_database()) \gexec
CREATE USER MAPPING FOR PUBLIC SERVER t_loop OPTIONS (user 'postgres', password_required 'false');
CREATE FOREIGN TABLE "t Iso".remote (tenant_id text, v int) SERVER t_loop OPTIONS (schema_name 't Iso', table_name 'good');
GRANT SELECT ON "t Iso".remote TO t_v_app, ops_tool;
BEGIN;
SELECT ops.set_tenant('t_a'), ops.ask('help') \g /dev/null
COMMIT;
BEGIN;
SELECT ops.set_tenant('t_b'), ops.ask('help') \g /dev/null
COMMIT;

-- ---- tools ----
CREATE TEMPORARY TABLE tools AS SELECT * FROM ops.prove_isolation('t_a', 't_b');
SELECT is((SELECT concat_ws(' ', verdict, seen_by_a, seen_by_b, of_b_seen_by_a, of_a_seen_by_b) FROM tools WHERE relation = '"t Iso".' || e.rel),
          e.said, e.rel || ': ' || e.said)
  FROM (VALUES
    ('good', 'isolated 1 2 0 0'), ('for_all', 'isolated 1 2 0 0'), ('parted', 'isolated 2 3 0 0'), ('parted_1', 'isolated 1 2 0 0'),
    ('one_sided', 'cannot tell 1 0 0 0'), ('empty', 'cannot tell 0 0 0 0'), ('ungranted', 'cannot tell'),
    ('open', 'unprotected'), ('open_empty', 'unprotected'), ('damaged', 'unprotected'), ('parted_2', 'unprotected'),
    ('plain', 'unprotected'), ('country', 'shared 1 1 0 0'),
    ('v_invoker', 'isolated 1 2 0 0'), ('v_total', 'isolated 1 1 0 0'), ('v_mixed', 'shared 1 2 0 0'), ('v_definer', 'unprotected'),
    ('v_function', 'crosses 5 5 2 1'), ('v_counted', 'cannot tell 1 1 0 0'), ('v_broken', 'cannot tell'),
    ('m', 'unprotected'), ('m_shared', 'crosses 5 5 2 1'), ('remote', 'unprotected')) AS e (rel, said);
SELECT is((SELECT string_agg(relation || ' ' || verdict, ', ' ORDER BY relation) FROM tools WHERE kind = 'view of pg_ops' AND verdict NOT IN ('isolated', 'cannot tell')),
          NULL, 'of our own views none crosses');
SELECT ok((SELECT bool_and(verdict = 'isolated') FROM tools WHERE relation IN ('ops.traces', 'ops.tenants', 'ops.my_access', 'ops.assets')),
          'and where both tenants have something to see they are isolated');
SELECT is((SELECT count(*)::int FROM tools WHERE kind = 'view of pg_ops'),
          (SELECT count(*)::int FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant'
            WHERE c.relnamespace = 'ops'::regnamespace AND c.relkind = 'v'), 'each with a tenant is asked');
SELECT ok((SELECT bool_and(message <> '' AND (hint <> '' OR verdict IN ('isolated', 'shared', 'cannot tell'))) FROM tools), 'every verdict has a reason, every hole a cure');
SELECT is((SELECT message FROM tools WHERE relation = '"t Iso".m_shared'),
          't_a sees 3 rows that are not its own (2 of t_b), t_b sees 2 (1 of t_a), since it is shared', 'what crosses is said in words');
SELECT matches((SELECT message FROM tools WHERE relation = '"t Iso".damaged'), 'row-level security was switched off', 'and what became of a table''s protection');
SELECT is((SELECT concat_ws(' ', verdict, seen_by_a, seen_by_b) FROM ops.prove_isolation('7', '8') WHERE relation = '"t Iso".by_number'), 'isolated 1 1',
          'a tenant column of another type and name');

-- ---- a role of the application ----
CREATE TEMPORARY TABLE app AS SELECT * FROM ops.prove_isolation('t_a', 't_b', 't_v_app');
SELECT is((SELECT concat_ws(' ', verdict, seen_by_a, seen_by_b, of_b_seen_by_a, of_a_seen_by_b) FROM app WHERE relation = '"t Iso".' || e.rel),
          e.said, 'the application''s role: ' || e.rel || ': ' || e.said)
  FROM (VALUES
    ('for_all', 'isolated 1 2 0 0'), ('good', 'crosses 5 5 2 1'), ('open', 'crosses 5 5 2 1'), ('open_empty', 'unprotected 0 0 0 0'),
    ('v_definer', 'crosses 5 5 2 1'), ('v_invoker', 'crosses 5 5 2 1'), ('m', 'crosses 5 5 2 1'), ('remote', 'crosses 5 5 2 1'),
    ('parted', 'crosses 7 7 3 2'), ('country', 'shared 1 1 0 0'), ('plain', 'cannot tell 0 0 0 0'), ('v_total', 'cannot tell 1 1 0 0'),
    ('v_broken', 'cannot tell')) AS e (rel, said);
SELECT matches((SELECT message FROM app WHERE relation = '"t Iso".v_broken'), '^it could not be read: division by zero', 'what fails is not called isolated');
SELECT is((SELECT concat_ws(' ', verdict, seen_by_a) FROM ops.prove_isolation('t_a', 't_b', 't_v_all') WHERE relation = '"t Iso".for_all'), 'crosses 5',
          'a role with BYPASSRLS sees what it sees');
-- The hint is the cure.
SELECT string_agg(hint, ' ') AS cure FROM app WHERE relation = '"t Iso".good' \gset
SET ROLE t_v_owner;
:cure
RESET ROLE;
SELECT is((SELECT verdict FROM ops.prove_isolation('t_a', 't_b', 't_v_app') WHERE relation = '"t Iso".good'), 'isolated', 'the hint, run, isolates');
SELECT is((SELECT concat_ws(' ', verdict, seen_by_a) FROM ops.prove_isolation('t_a', 't_b', 't_v_app') WHERE relation = '"t Iso".v_definer'), 'isolated 1',
          'and with the table its owner''s views, since its owner is bound too');

-- ---- who may, and that nothing is changed ----
SET ROLE t_v_user;
SELECT throws_ok($$SELECT * FROM ops.prove_isolation('t_a', 't_b')$$, '42501', NULL, 'a user does not look into two tenants, member or not');
SET ROLE t_v_one;
SELECT throws_like($$SELECT * FROM ops.prove_isolation('t_a', 't_b')$$, 'PERMISSION_DENIED%', 'nor an administrator of one of them');
RESET ROLE;
SELECT ops.grant_tenant('t_b', 't_v_one', 'admin') \g /dev/null
SET ROLE t_v_one;
SELECT isnt_empty($$SELECT * FROM ops.prove_isolation('t_a', 't_b') WHERE verdict = 'crosses'$$, 'one of both does');
SELECT throws_like($$SELECT * FROM ops.prove_isolation('t_a', 't_b', 't_v_app')$$, '%only a member of role "t_v_app"%', 'with rights that are its own');
SELECT throws_like($$SELECT * FROM ops.prove_isolation('t_a', 't_b', 'postgres')$$, '%a superuser sees the rows of all tenants%', 'never a superuser''s');
RESET ROLE;
SELECT throws_ok($$SELECT * FROM ops.prove_isolation('t_a', 't_a')$$, '22023', NULL, 'two tenants are two');
SELECT throws_ok($$SELECT * FROM ops.prove_isolation('t_a', NULL)$$, '22004', NULL, 'NULL');
SELECT throws_like($$SELECT * FROM ops.prove_isolation('t_a', 't_zzz')$$, 'TENANT_MISMATCH%does not exist%', 'a tenant that is not there');
BEGIN READ ONLY;
SELECT ops.set_tenant('t_c') \g /dev/null
SELECT is((SELECT count(*) > 20 FROM ops.prove_isolation('t_a', 't_b')), true, 'it runs in a transaction that is read only');
SELECT is(ops.current_tenant(), 't_c', 'and leaves the caller''s tenant as it was');
COMMIT;

DROP SCHEMA "t Iso" CASCADE;
DROP SERVER t_loop CASCADE;
DROP ROLE t_v_owner, t_v_app, t_v_all, t_v_one, t_v_user;
SELECT * FROM finish();
