-- Tenancy: objects named like the server's and ours, and settings of the database, change nothing.
-- database: fresh
BEGIN;
SELECT plan(8);
CREATE ROLE t_h_alice LOGIN IN ROLE ops_user;
DROP EXTENSION pg_ops CASCADE;

-- Everything an unqualified name of ours could meet, first in the search path.
CREATE SCHEMA t_evil;
CREATE FUNCTION t_evil.current_tenant() RETURNS text LANGUAGE sql AS $$ SELECT 't_globex' $$;
CREATE FUNCTION t_evil.format(text, VARIADIC text[]) RETURNS text LANGUAGE sql AS $$ SELECT 'DROP TABLE t_evil.canary' $$;
CREATE FUNCTION t_evil.always(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
CREATE FUNCTION t_evil.always(name, name) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
CREATE FUNCTION t_evil.always(name, text) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
CREATE FUNCTION t_evil.always(oid, oid) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
CREATE OPERATOR t_evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = t_evil.always);
CREATE OPERATOR t_evil.= (LEFTARG = name, RIGHTARG = name, FUNCTION = t_evil.always);
CREATE OPERATOR t_evil.= (LEFTARG = name, RIGHTARG = text, FUNCTION = t_evil.always);
CREATE OPERATOR t_evil.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = t_evil.always);
CREATE OPERATOR t_evil.~ (LEFTARG = text, RIGHTARG = text, FUNCTION = t_evil.always);
CREATE TYPE t_evil.text AS ENUM ('a');
CREATE TYPE t_evil.name AS ENUM ('a');
CREATE TABLE t_evil.pg_roles (rolname text, oid oid);
CREATE TABLE t_evil.pg_class (relname text);
CREATE TABLE t_evil.tenant_store (tenant_id pg_catalog.text);
CREATE TABLE t_evil.canary (v int);
CREATE TABLE t_evil.orders (tenant_id pg_catalog.text, v int);
INSERT INTO t_evil.orders VALUES ('t_acme', 1), ('t_globex', 2);
GRANT USAGE ON SCHEMA t_evil TO PUBLIC;
GRANT SELECT ON t_evil.orders TO ops_tool;
SET LOCAL search_path = t_evil, public, pg_catalog;
SET LOCAL standard_conforming_strings = off;
SET LOCAL row_security = off;
SET LOCAL DateStyle = 'German';
SET LOCAL client_min_messages = warning;
CREATE EXTENSION pg_ops;
-- (The tests' own words, from here on, need the right operators.)
CREATE FUNCTION pg_temp.say(statement pg_catalog.text) RETURNS pg_catalog.text LANGUAGE plpgsql AS $$
DECLARE
  result pg_catalog.text;
BEGIN
  EXECUTE statement INTO result;
  RETURN result;
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE;
END
$$;
CREATE TEMPORARY TABLE seen (n int, v pg_catalog.text);
INSERT INTO seen VALUES
  (1, pg_temp.say('SELECT ops.create_tenant(''t_acme'')')), (2, pg_temp.say('SELECT ops.create_tenant(''t_globex'')')),
  (3, pg_temp.say('SELECT ops.grant_tenant(''t_acme'', ''t_h_alice'')')),
  (4, pg_temp.say('SELECT count(*) FROM ops.protect_table(''t_evil.orders'')'));
-- (Under row_security = off reading a view of ours is an error, as the setting promises.)
SET LOCAL row_security = on;
SET LOCAL ROLE t_h_alice;
SELECT pg_temp.say('SELECT string_agg(tenant, '','') FROM ops.tenants') AS tenants, pg_temp.say('SELECT ops.set_tenant(''t_globex'')') AS other,
       pg_temp.say('SELECT string_agg(member, '','') FROM ops.tenant_members') AS members \gset
RESET ROLE;
SELECT ops.set_tenant('t_acme') \g /dev/null
SET LOCAL ROLE ops_tool;
SELECT string_agg(v::pg_catalog.text, ',') AS rows FROM t_evil.orders \gset
RESET ROLE;
SET LOCAL search_path = public, pg_catalog;
SET LOCAL standard_conforming_strings = on;
SELECT is((SELECT string_agg(v, '|' ORDER BY n) FROM seen WHERE n < 4), '||', 'tenants and memberships are created');
SELECT matches((SELECT v FROM seen WHERE n = 4), '^[0-9]+$', 'a table is protected');
SELECT is(:'tenants'::text, 't_acme', 'a member sees its own tenant only');
SELECT is(:'members'::text, 't_h_alice', 'and itself');
SELECT is(:'other'::text, '42501', 'and enters no other');
SELECT is(:'rows'::text, '1', 'tools see the tenant''s rows only');
SELECT is(ops._tenant_column('t_evil.orders'::regclass, 'ops_tool'::regrole), 'tenant_id', 'the stored policy is ours');
SELECT has_table('t_evil', 'canary', 'nothing of the hostile schema was run');
SELECT * FROM finish();
ROLLBACK;
