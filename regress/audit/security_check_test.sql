-- ops.security_check(): nothing on a healthy database; each finding provoked, and gone when what provoked it is undone.
-- database: fresh
\set ON_ERROR_STOP 1
BEGIN;
SELECT no_plan();

SELECT is_empty('SELECT * FROM ops.security_check()', 'a fresh installation has no finding');

-- A healthy application: protected and shared tables, tools, an allowed function and role, memberships.
CREATE ROLE sc_olga; GRANT ops_operator TO sc_olga;
CREATE ROLE sc_runner; CREATE ROLE sc_maker; GRANT ops_operator TO sc_maker;
SELECT ops.create_tenant('sc'); SELECT ops.grant_tenant('sc', 'sc_olga', 'operator'); SELECT ops.grant_tenant('sc', 'sc_maker', 'operator');
CREATE SCHEMA sc; GRANT USAGE ON SCHEMA sc TO ops_tool, sc_runner;
CREATE TABLE sc.orders (tenant_id text, n int); CREATE TABLE sc.rates (n int); CREATE TABLE sc.private (n int);
CREATE VIEW sc.v_good WITH (security_invoker = true) AS SELECT * FROM sc.orders;
GRANT SELECT ON sc.orders, sc.rates, sc.v_good TO ops_tool;
SELECT ops.protect_table('sc.orders'); SELECT ops.share_table('sc.rates');
CREATE FUNCTION sc.twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * $1';
SELECT ops.allow_function('sc.twice(int)', 'pure'); SELECT ops.allow_run_as('sc_runner', 'reports');
SELECT ops.put_asset('tool', 'sc_rates', '{"type":"http","description":"rates","http":{"method":"GET","url":"https://api.example.com/rates"}}');
SELECT ops.publish_asset('tool', 'sc_rates');
SELECT is_empty('SELECT * FROM ops.security_check()', 'a healthy application has no finding');

-- provoke(): the findings after some statements, which are undone.
CREATE FUNCTION pg_temp.provoke(statements text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  found text[];
BEGIN
  BEGIN
    EXECUTE statements;
    found := ARRAY(SELECT format('%s %s %s', f.severity, f.code, f.object) FROM ops.security_check() f);
    RAISE EXCEPTION USING ERRCODE = 'TPROB';
  EXCEPTION WHEN SQLSTATE 'TPROB' THEN
    RETURN QUERY SELECT unnest(found);
  END;
END
$$;
CREATE FUNCTION pg_temp.finds(statements text, expected text[], what text) RETURNS text LANGUAGE sql AS $$
  SELECT set_eq(format('SELECT pg_temp.provoke(%L)', statements), expected, what)
$$;

SELECT pg_temp.finds(s.statements, s.expected, s.what) FROM (VALUES
  ('ALTER ROLE ops_tool BYPASSRLS', ARRAY['critical TOOL_ROLE_POWER ops_tool', 'critical TOOL_ROLE_POWER sc_runner'], 'ops_tool with BYPASSRLS, and who is a member of it'),
  ('ALTER ROLE sc_runner SUPERUSER', ARRAY['critical TOOL_ROLE_POWER sc_runner'], 'a run_as role that became a superuser'),
  ('GRANT pg_read_all_data TO sc_runner', ARRAY['critical TOOL_ROLE_POWER sc_runner'], 'a run_as role with pg_read_all_data'),
  ('CREATE ROLE sc_g; GRANT sc_g TO sc_runner; ALTER ROLE sc_g CREATEROLE', ARRAY['critical TOOL_ROLE_POWER sc_runner'], 'power through a group'),
  ('ALTER ROLE ops_writer SUPERUSER', ARRAY['critical INTERNAL_ROLE_POWER ops_writer'], 'the writer as a superuser'),
  ('ALTER ROLE ops_owner BYPASSRLS', ARRAY['critical INTERNAL_ROLE_POWER ops_owner'], 'ops_owner with BYPASSRLS'),
  ('GRANT pg_read_all_data TO ops_user', ARRAY['critical INTERNAL_ROLE_POWER ops_admin', 'critical INTERNAL_ROLE_POWER ops_operator', 'critical INTERNAL_ROLE_POWER ops_user'], 'pg_read_all_data for ops_user'),
  ('GRANT ops_owner TO sc_olga', ARRAY['critical INTERNAL_ROLE_MEMBER sc_olga'], 'a member of ops_owner'),
  ('GRANT ops_executor TO sc_olga', ARRAY['critical INTERNAL_ROLE_MEMBER sc_olga'], 'a member of ops_executor'),
  ('ALTER ROLE ops_owner LOGIN', ARRAY['error INTERNAL_ROLE_LOGIN ops_owner'], 'ops_owner may log in'),
  ('ALTER ROLE ops_tool LOGIN', ARRAY['error INTERNAL_ROLE_LOGIN ops_tool'], 'ops_tool may log in'),
  ('ALTER ROLE sc_runner RENAME TO sc_other', ARRAY['error RUN_AS_CHANGED sc_runner'], 'a run_as role that is gone'),
  ('ALTER ROLE sc_runner RENAME TO sc_other; CREATE ROLE sc_runner', ARRAY['error RUN_AS_CHANGED sc_runner'], 'a run_as role that is another one'),
  ('ALTER ROLE sc_olga RENAME TO sc_olga2', ARRAY['warning MEMBERSHIP_STALE sc_olga'], 'a membership of a renamed role'),
  ('CREATE FUNCTION sc.su() RETURNS void LANGUAGE sql SECURITY DEFINER AS ''SELECT 1''', ARRAY['warning DEFINER_SUPERUSER sc.su()'], 'a definer function of a superuser'),
  ('CREATE FUNCTION sc.su() RETURNS void LANGUAGE sql SECURITY DEFINER AS ''SELECT set_config(''''pg_ops.tenant'''', ''''x'''', true)''', ARRAY['critical DEFINER_SUPERUSER sc.su()'], 'one that sets the tenant'),
  ('CREATE FUNCTION sc.su() RETURNS void LANGUAGE sql SECURITY DEFINER AS ''SELECT 1''; REVOKE ALL ON FUNCTION sc.su() FROM PUBLIC', ARRAY[]::text[], 'one that nobody else may call is none'),
  ('CREATE ROLE sc_b BYPASSRLS; CREATE FUNCTION sc.su() RETURNS void LANGUAGE sql SECURITY DEFINER AS ''SELECT 1''; ALTER FUNCTION sc.su() OWNER TO sc_b', ARRAY['warning DEFINER_SUPERUSER sc.su()'], 'a definer function of a role with BYPASSRLS'),
  ('GRANT SET ON PARAMETER pg_ops.tenant TO sc_olga', ARRAY['critical PARAMETER_GRANT pg_ops.tenant'], 'GRANT SET ON PARAMETER'),
  ('GRANT ALTER SYSTEM ON PARAMETER pg_ops.enabled TO PUBLIC', ARRAY['critical PARAMETER_GRANT pg_ops.enabled'], 'GRANT ALTER SYSTEM ON PARAMETER'),
  ('ALTER ROLE sc_olga SET pg_ops.tenant = ''sc''', ARRAY['critical TENANT_SETTING role sc_olga'], 'a tenant set for a role'),
  ('CREATE FUNCTION public.ops_ask(text) RETURNS jsonb LANGUAGE sql AS ''SELECT NULL::jsonb''', ARRAY['warning ASK_OVERLOAD public.ops_ask(text)'], 'an overload of ops_ask'),
  ('CREATE TABLE sc.open (n int); GRANT SELECT ON sc.open TO ops_tool', ARRAY['error UNPROTECTED_TABLE sc.open'], 'an unprotected table'),
  ('CREATE TABLE sc.open (n int, m int); GRANT SELECT (m) ON sc.open TO PUBLIC', ARRAY['error UNPROTECTED_TABLE sc.open'], 'one column of it granted to everybody'),
  ('GRANT SELECT ON sc.private TO sc_runner', ARRAY['error UNPROTECTED_TABLE sc.private'], 'an unprotected table of another run_as role'),
  ('CREATE VIEW sc.v_bad AS SELECT * FROM sc.orders; GRANT SELECT ON sc.v_bad TO ops_tool', ARRAY['error UNPROTECTED_TABLE sc.v_bad'], 'a view with its owner''s rights'),
  ('CREATE MATERIALIZED VIEW sc.m AS SELECT * FROM sc.orders; GRANT SELECT ON sc.m TO ops_tool', ARRAY['error UNPROTECTED_TABLE sc.m'], 'a materialized view'),
  ('ALTER TABLE sc.orders DISABLE ROW LEVEL SECURITY', ARRAY['error PROTECTION_DAMAGED sc.orders'], 'row-level security switched off'),
  ('ALTER POLICY pg_ops_tenant ON sc.orders USING (true)', ARRAY['error PROTECTION_DAMAGED sc.orders'], 'a policy with another text'),
  ('DROP POLICY pg_ops_tenant ON sc.orders', ARRAY['error UNPROTECTED_TABLE sc.orders'], 'a policy dropped'),
  ('GRANT INSERT ON sc.orders TO ops_tool', ARRAY['warning TOOL_MAY_WRITE sc.orders'], 'a right to write'),
  ('DROP TABLE sc.rates', ARRAY['warning SHARED_CHANGED sc.rates'], 'a shared table that is gone'),
  ('DROP TABLE sc.rates; CREATE TABLE sc.rates (n int)', ARRAY['warning SHARED_CHANGED sc.rates'], 'a shared table made anew'),
  ('CREATE OR REPLACE FUNCTION sc.twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS ''SELECT 3 * $1''', ARRAY['error ALLOWED_FUNCTION_CHANGED sc.twice(integer)'], 'an allowed function with another body'),
  ('ALTER FUNCTION sc.twice(int) OWNER TO sc_olga', ARRAY['error ALLOWED_FUNCTION_CHANGED sc.twice(integer)'], 'an allowed function of another owner'),
  ('DROP FUNCTION sc.twice(int)', ARRAY['error ALLOWED_FUNCTION_CHANGED sc.twice(integer)'], 'an allowed function that is gone'),
  ('UPDATE ops.asset_version_store SET spec = jsonb_set(spec, ''{http,headers}'', ''{"Authorization": "Bearer abcdefghijklmnop0123456789"}'') WHERE name = ''sc_rates''',
   ARRAY['critical PLAINTEXT_CREDENTIAL system/sc_rates'], 'a credential in a stored spec'),
  ('SELECT ops.put_asset(''policy'', ''sc_wide'', ''{"timeout_ms": 600000, "rate_per_minute": null}''); SELECT ops.publish_asset(''policy'', ''sc_wide'');
    SELECT ops.put_asset(''tool'', ''sc_rates'', ''{"type":"http","description":"rates","policy":"sc_wide","http":{"method":"GET","url":"https://api.example.com/rates"}}''); SELECT ops.publish_asset(''tool'', ''sc_rates'')',
   ARRAY['warning POLICY_WEAKER system/sc_wide'], 'a policy with wider limits'),
  ('SELECT ops.put_asset(''policy'', ''default_http'', ''{"timeout_ms": 600000, "shared": true}''); SELECT ops.publish_asset(''policy'', ''default_http'')',
   ARRAY['warning POLICY_WEAKER system/default_http'], 'the default itself made wider'),
  ('UPDATE ops.asset_version_store SET created_by = ''gone'' WHERE name = ''sc_rates''', ARRAY['warning TOOL_WITHOUT_OWNER system/sc_rates'], 'a tool whose maker is gone'),
  ('ALTER TABLE ops.trace_store NO FORCE ROW LEVEL SECURITY', ARRAY['critical OWN_TABLE_CHANGED ops.trace_store'], 'row security of our tables not forced'),
  ('ALTER TABLE ops.tenant_store OWNER TO sc_olga', ARRAY['critical OWN_TABLE_CHANGED ops.tenant_store'], 'a table of ours with another owner'),
  ('GRANT SELECT ON ops.tenants TO PUBLIC', ARRAY['critical OWN_TABLE_GRANTED ops.tenants'], 'a view of ours for everybody'),
  ('ALTER FUNCTION ops.publish_asset(text, text, int) SET search_path = public', ARRAY['critical OWN_FUNCTION_CHANGED ops.publish_asset(text,text,integer)'], 'a definer function with another search path'),
  ('ALTER FUNCTION ops.put_asset(text, text, jsonb, int) OWNER TO sc_olga', ARRAY['critical OWN_FUNCTION_CHANGED ops.put_asset(text,text,jsonb,integer)'], 'a definer function with another owner'),
  ('GRANT EXECUTE ON FUNCTION ops.set_tenant(text) TO PUBLIC', ARRAY['critical OWN_FUNCTION_GRANTED ops.set_tenant(text)'], 'a function of ours for everybody'),
  ('GRANT CREATE ON SCHEMA ops TO sc_olga', ARRAY['critical SCHEMA_WRITABLE ops'], 'somebody may create in schema ops')
) AS s (statements, expected, what);

SELECT is_empty('SELECT * FROM ops.security_check()', 'and afterwards nothing is found again');
SELECT is_empty($$SELECT code FROM (VALUES ('x')) v (x), LATERAL (SELECT f.* FROM ops.security_check() f) f WHERE f.hint IS NULL OR f.message IS NULL$$, 'findings have a message and a hint');

-- Who may ask.
SET LOCAL ROLE sc_olga;
SELECT throws_ok('SELECT * FROM ops.security_check()', '42501', NULL, 'an operator may not');
RESET ROLE;
GRANT ops_admin TO sc_olga;
SET LOCAL ROLE sc_olga;
SELECT throws_ok('SELECT * FROM ops.security_check()', '42501', NULL, 'an administrator of one tenant may not');
RESET ROLE;
SELECT ops.grant_tenant('system', 'sc_olga', 'admin');
SET LOCAL ROLE sc_olga;
SELECT lives_ok('SELECT * FROM ops.security_check()', 'an administrator of the installation may');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
