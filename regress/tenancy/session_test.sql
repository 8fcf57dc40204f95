-- Tenancy: how long a tenant lasts, who can set it, and that a revocation reaches open sessions.
-- database: fresh
-- Real sessions through dblink: what DISCARD ALL, a pooler, a login or a committed revocation do cannot be
-- seen inside one rolled-back transaction. The roles are dropped at the end.
SET client_min_messages = warning;
CREATE EXTENSION dblink;
SELECT plan(48);

CREATE ROLE t_s_alice LOGIN IN ROLE ops_user;
CREATE ROLE t_s_bob LOGIN IN ROLE ops_user;
CREATE ROLE t_s_pool LOGIN NOINHERIT IN ROLE t_s_alice, t_s_bob;
SELECT ops.create_tenant('t_acme'), ops.create_tenant('t_globex') \g /dev/null
SELECT ops.grant_tenant('t_acme', 't_s_alice'), ops.grant_tenant('t_globex', 't_s_bob') \g /dev/null
CREATE SCHEMA t_shop;
GRANT USAGE ON SCHEMA t_shop TO PUBLIC;
CREATE TABLE t_shop.orders (tenant_id text, v int);
INSERT INTO t_shop.orders SELECT CASE WHEN i % 3 = 0 THEN 't_acme' ELSE 't_globex' END, i FROM generate_series(1, 3000) i;
GRANT SELECT ON t_shop.orders TO PUBLIC;
SELECT ops.protect_table('t_shop.orders', scope => 'everyone') \g /dev/null

CREATE FUNCTION pg_temp.login(who text, options text DEFAULT '') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM dblink_connect(who, format('host=%s port=%s dbname=%s user=%s options=%L',
    split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), current_database(), who, options));
  RETURN 'ok';
EXCEPTION WHEN OTHERS THEN RETURN SQLERRM;
END
$$;
-- One statement in that session; its value or its error.
CREATE FUNCTION pg_temp.say(who text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
BEGIN
  IF statement ~* '^(select|show|with)' THEN
    SELECT v INTO result FROM dblink(who, statement) AS d (v text);
  ELSE
    result := dblink_exec(who, statement);
  END IF;
  RETURN result;
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT is(pg_temp.login('t_s_alice'), 'ok', 'alice logs in') UNION ALL SELECT is(pg_temp.login('t_s_pool'), 'ok', 'the pool logs in');

-- ---- how long it lasts ----
SELECT pg_temp.say('t_s_alice', $$SELECT ops.set_tenant('t_acme')$$) \g /dev/null
SELECT is(pg_temp.say('t_s_alice', 'SELECT ops.current_tenant()'), NULL, 'outside a transaction block it lasts one statement');
SELECT pg_temp.say('t_s_alice', 'BEGIN') \g /dev/null
SELECT is(pg_temp.say('t_s_alice', $$SELECT ops.set_tenant('t_acme')$$), '', 'a member sets the tenant');
SELECT is(pg_temp.say('t_s_alice', 'SELECT ops.current_tenant()'), 't_acme', 'it is there in the transaction');
SELECT is(pg_temp.say('t_s_alice', 'SELECT count(*) FROM t_shop.orders'), '1000', 'rows are the tenant''s');
SELECT pg_temp.say('t_s_alice', 'COMMIT') \g /dev/null
SELECT is(pg_temp.say('t_s_alice', 'SELECT ops.current_tenant()'), NULL, 'a commit ends it: the next client of a pooler has none');
SELECT is(pg_temp.say('t_s_alice', 'SELECT count(*) FROM t_shop.orders'), '0', 'and sees no rows');
SELECT pg_temp.say('t_s_alice', 'BEGIN'), pg_temp.say('t_s_alice', $$SELECT ops.set_tenant('t_acme')$$) \g /dev/null
SELECT matches(pg_temp.say('t_s_alice', $$SELECT ops.set_tenant('t_globex')$$), '^42501 TENANT_MISMATCH', 'another tenant is refused');
SELECT pg_temp.say('t_s_alice', 'ROLLBACK') \g /dev/null
SELECT is(pg_temp.say('t_s_alice', 'SELECT ops.current_tenant()'), NULL, 'a rollback ends it');
SELECT pg_temp.say('t_s_alice', 'BEGIN'), pg_temp.say('t_s_alice', 'SAVEPOINT a'), pg_temp.say('t_s_alice', $$SELECT ops.set_tenant('t_acme')$$),
       pg_temp.say('t_s_alice', 'ROLLBACK TO a') \g /dev/null
SELECT is(pg_temp.say('t_s_alice', 'SELECT ops.current_tenant()'), NULL, 'a rolled back savepoint takes it along');
SELECT pg_temp.say('t_s_alice', $$SELECT ops.set_tenant('t_acme')$$), pg_temp.say('t_s_alice', 'SAVEPOINT b'), pg_temp.say('t_s_alice', 'SELECT 1/0'),
       pg_temp.say('t_s_alice', 'ROLLBACK TO b') \g /dev/null
SELECT is(pg_temp.say('t_s_alice', 'SELECT ops.current_tenant()'), 't_acme', 'one set before the savepoint stays');
SELECT is(pg_temp.say('t_s_alice', 'RESET ALL'), 'RESET', 'RESET ALL is allowed');
SELECT is(pg_temp.say('t_s_alice', 'SELECT ops.current_tenant()'), NULL, 'and leaves no tenant');
SELECT pg_temp.say('t_s_alice', 'COMMIT'), pg_temp.say('t_s_alice', 'DISCARD ALL') \g /dev/null
SELECT is(pg_temp.say('t_s_alice', 'SELECT ops.current_tenant()'), NULL, 'nor does DISCARD ALL');
SELECT is(pg_temp.say('t_s_alice', 'SET force_parallel_mode = on'), 'SET', 'with parallel workers');
SELECT pg_temp.say('t_s_alice', 'BEGIN'), pg_temp.say('t_s_alice', $$SELECT ops.set_tenant('t_acme')$$) \g /dev/null
SELECT is(pg_temp.say('t_s_alice', 'SELECT count(*) FROM t_shop.orders'), '1000', 'the workers have the same tenant');
SELECT pg_temp.say('t_s_alice', 'COMMIT'), pg_temp.say('t_s_alice', 'RESET force_parallel_mode') \g /dev/null

-- ---- forging it ----
SELECT matches(pg_temp.say('t_s_alice', s), '^42501', 'refused: ' || s) FROM unnest(ARRAY[
  $$SET pg_ops.tenant = 't_globex'$$, $$SET LOCAL pg_ops.tenant = 't_globex'$$, $$SET SESSION pg_ops.tenant TO DEFAULT$$, $$RESET pg_ops.tenant$$,
  $$SELECT set_config('pg_ops.tenant', 't_globex', true)$$, $$SELECT set_config('pg_ops.tenant', 't_globex', false)$$,
  $$ALTER ROLE t_s_alice SET pg_ops.tenant = 't_globex'$$,
  $$ALTER SYSTEM SET pg_ops.tenant = 't_globex'$$,
  $$UPDATE pg_settings SET setting = 't_globex' WHERE name = 'pg_ops.tenant'$$]) s;
SELECT pg_temp.say('t_s_alice', 'BEGIN'), pg_temp.say('t_s_alice', $$SELECT ops.set_tenant('t_acme')$$) \g /dev/null
SELECT matches(pg_temp.say('t_s_alice', $$CREATE FUNCTION pg_temp.f() RETURNS text LANGUAGE sql SET pg_ops.tenant FROM CURRENT AS 'SELECT ops.current_tenant()'$$),
               '^42501', 'a function cannot keep it');
SELECT pg_temp.say('t_s_alice', 'ROLLBACK') \g /dev/null
CREATE ROLE t_s_opt LOGIN IN ROLE ops_user;
SELECT isnt(pg_temp.login('t_s_opt', '-c pg_ops.tenant=t_globex'), 'ok', 'nor can the connection''s options');

-- SECURITY DEFINER functions do not lend their owner's tenants: neither a superuser's nor another member's.
CREATE FUNCTION t_shop.by_superuser(t text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS
  $$ BEGIN PERFORM ops.set_tenant(t); RETURN (SELECT count(*) FROM t_shop.orders); END $$;
CREATE FUNCTION t_shop.by_bob(t text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS
  $$ BEGIN PERFORM ops.set_tenant(t); RETURN (SELECT count(*) FROM t_shop.orders); END $$;
ALTER FUNCTION t_shop.by_bob(text) OWNER TO t_s_bob;
SELECT matches(pg_temp.say('t_s_alice', $$SELECT t_shop.by_superuser('t_globex')$$), '^42501 TENANT_MISMATCH: role "t_s_alice"',
               'a definer function of a superuser checks the caller');
SELECT matches(pg_temp.say('t_s_alice', $$SELECT t_shop.by_bob('t_globex')$$), '^42501 TENANT_MISMATCH: role "t_s_alice"', 'and one of another member too');
SELECT is(pg_temp.say('t_s_alice', $$SELECT t_shop.by_bob('t_acme')$$), '1000', 'the caller''s own tenant works there');

-- Maintenance by a superuser runs other people's functions: they get no identity.
GRANT CREATE ON SCHEMA t_shop TO t_s_alice;
SELECT is(pg_temp.say('t_s_alice', s), r, 'alice prepares a trap: ' || r) FROM (VALUES
  (1, $$CREATE FUNCTION t_shop.trap(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN IF current_setting(''t.trap'', true) = ''1'' THEN PERFORM ops.set_tenant(''t_globex''); END IF; RETURN $1; END'$$, 'CREATE FUNCTION'),
  (2, $$CREATE TABLE t_shop.bait (v int)$$, 'CREATE TABLE'), (3, $$INSERT INTO t_shop.bait VALUES (1)$$, 'INSERT 0 1'),
  (4, $$CREATE INDEX bait_idx ON t_shop.bait (t_shop.trap(v))$$, 'CREATE INDEX')) AS t (n, s, r) ORDER BY n;
SET t.trap = '1';
SELECT throws_like('REINDEX TABLE t_shop.bait', 'PERMISSION_DENIED: no tenant can be taken inside a security-restricted operation',
                   'a superuser''s REINDEX does not lend the superuser''s tenants');
RESET t.trap;

-- ---- SET ROLE ----
SELECT pg_temp.say('t_s_pool', 'BEGIN') \g /dev/null
SELECT pg_temp.say('t_s_pool', 'SET LOCAL ROLE t_s_alice') \g /dev/null
SELECT is(pg_temp.say('t_s_pool', $$SELECT ops.set_tenant('t_acme')$$), '', 'after SET ROLE the role counts, not the login');
SELECT pg_temp.say('t_s_pool', 'SET LOCAL ROLE t_s_bob') \g /dev/null
SELECT is(pg_temp.say('t_s_pool', 'SELECT count(*) FROM ops.tenants'), '0', 'a tenant set as one role shows nothing to another that is no member');
SELECT is(pg_temp.say('t_s_pool', 'SELECT count(*) FROM ops.tenant_members'), '0', 'in no view');
SELECT pg_temp.say('t_s_pool', 'ROLLBACK') \g /dev/null

-- ---- revocation reaches sessions with a warm cache ----
SELECT is(pg_temp.say('t_s_alice', 'SELECT count(*) FROM ops.my_access'), '1', 'alice has one tenant');
SELECT ops.grant_tenant('t_globex', 't_s_alice') \g /dev/null
SELECT is(pg_temp.say('t_s_alice', 'SELECT count(*) FROM ops.my_access'), '2', 'a grant is seen by the next statement');
SELECT pg_temp.say('t_s_alice', 'BEGIN ISOLATION LEVEL REPEATABLE READ'), pg_temp.say('t_s_alice', $$SELECT ops.set_tenant('t_globex')$$) \g /dev/null
SELECT ops.revoke_tenant('t_globex', 't_s_alice') \g /dev/null
SELECT matches(pg_temp.say('t_s_alice', $$SELECT ops.set_tenant('t_globex')$$), '^42501 TENANT_MISMATCH', 'a revocation too, even inside an older snapshot');
SELECT pg_temp.say('t_s_alice', 'ROLLBACK') \g /dev/null
SELECT ops.drop_tenant('t_acme') \g /dev/null
SELECT matches(pg_temp.say('t_s_alice', $$SELECT ops.set_tenant('t_acme')$$), '^42501 TENANT_MISMATCH', 'so does a dropped tenant');
SELECT ops.restore_tenant('t_acme') \g /dev/null
SELECT is(pg_temp.say('t_s_alice', $$SELECT ops.set_tenant('t_acme')$$), '', 'and a restored one');
REVOKE ops_user FROM t_s_alice;
SELECT matches(pg_temp.say('t_s_alice', $$SELECT ops.set_tenant('t_acme')$$), '^42501', 'and a level taken away');

-- ---- a definer function of ours leaves the caller's tenant as it was ----
BEGIN;
SELECT ops.set_tenant('t_acme'), ops.grant_tenant('t_globex', 't_s_bob', 'operator') \g /dev/null
SELECT is(ops.current_tenant(), 't_acme', 'administering another tenant does not change the current one');
SAVEPOINT s;
SELECT throws_ok($$SELECT ops.drop_tenant('system')$$, '55000', NULL, 'nor does a failure inside');
SELECT is(ops.current_tenant(), 't_acme', 'the current tenant is still there');
ROLLBACK;

SELECT dblink_disconnect(c) FROM unnest(dblink_get_connections()) c \g /dev/null
DROP SCHEMA t_shop CASCADE;
DROP OWNED BY t_s_alice, t_s_bob, t_s_opt;
DROP ROLE t_s_pool, t_s_alice, t_s_bob, t_s_opt;
SELECT * FROM finish();
