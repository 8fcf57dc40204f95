-- Tenancy: the roles are harmless, the levels include each other, and an install trusts only roles of ours.
-- database: fresh
-- (The fresh database is a second one with the extension: that it could be created shows that roles are shared.)
BEGIN;
SELECT plan(25);

SELECT set_eq(
  $$SELECT rolname::text || CASE WHEN rolcanlogin THEN ' login' ELSE '' END FROM pg_roles WHERE rolname LIKE 'ops\_%'
     AND shobj_description(oid, 'pg_authid') LIKE 'pg\_ops:%'$$,
  ARRAY['ops_user', 'ops_operator', 'ops_admin', 'ops_provisioner', 'ops_monitor', 'ops_tool', 'ops_stats', 'ops_owner',
        'ops_executor login', 'ops_writer login', 'ops_scheduler login', 'ops_worker login'],
  'all roles are there, marked, and only the processes'' roles may log in');
SELECT is_empty(
  $$SELECT rolname FROM pg_authid WHERE shobj_description(oid, 'pg_authid') LIKE 'pg\_ops:%'
     AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication OR rolpassword IS NOT NULL)$$,
  'none of them has a powerful attribute or a password');
SELECT ok(pg_has_role('ops_admin', 'ops_operator', 'USAGE') AND pg_has_role('ops_operator', 'ops_user', 'USAGE'),
          'admin includes operator includes user');
SELECT ok(NOT pg_has_role('ops_user', 'ops_operator', 'USAGE') AND NOT pg_has_role('ops_operator', 'ops_admin', 'USAGE'),
          'and not the other way round');
SELECT ok(pg_has_role('ops_stats', 'pg_monitor', 'USAGE'), 'the health tools'' role reads statistics');
SELECT ok(NOT pg_has_role('ops_tool', 'pg_read_all_data', 'MEMBER'), 'the tools'' role does not read all data');
SELECT ok(NOT has_schema_privilege('ops_tool', 'ops', 'USAGE') AND NOT has_schema_privilege('public', 'ops', 'USAGE'),
          'neither tools nor everybody reach schema ops');
SELECT is_empty(
  $$SELECT c.relname, r.rolname, p.privilege FROM pg_class c, pg_roles r,
           (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE')) p (privilege)
     WHERE c.oid IN ('ops.tenant_store'::regclass, 'ops.membership_store'::regclass, 'ops.shared_tables'::regclass)
       AND r.rolname LIKE 'ops\_%' AND r.rolname <> 'ops_owner' AND has_table_privilege(r.oid, c.oid, p.privilege)$$,
  'no role but ops_owner touches the tenancy tables');

-- Who may call what: a matrix, so that a grant too many shows.
CREATE FUNCTION pg_temp.callable(who name) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT p.proname::text FROM pg_proc p
   WHERE p.pronamespace = 'ops'::regnamespace AND has_function_privilege(who, p.oid, 'EXECUTE')
     AND p.proname IN ('create_tenant', 'drop_tenant', 'restore_tenant', 'grant_tenant', 'grant_all_tenants',
                       'revoke_tenant', 'set_default_tenant', 'set_tenant', 'current_tenant', 'protect_table',
                       'unprotect_table', 'share_table', 'unshare_table', '_enter', '_enter_tenant',
                       '_grant_membership', '_tenancy_changed', '_enter_own_default', '_protection_changed',
                       '_enter_sharing')
$$;
CREATE TEMPORARY TABLE expected (who name, function text);
INSERT INTO expected SELECT r, 'current_tenant' FROM unnest(ARRAY['ops_user','ops_operator','ops_admin','ops_provisioner','ops_monitor','ops_tool','ops_stats','ops_executor','ops_writer','ops_worker']) r;
INSERT INTO expected SELECT r, f FROM unnest(ARRAY['ops_user','ops_operator','ops_admin']) r,
  unnest(ARRAY['set_tenant', 'set_default_tenant', 'protect_table', 'unprotect_table']) f;
INSERT INTO expected SELECT 'ops_admin', f FROM unnest(ARRAY['create_tenant', 'drop_tenant', 'restore_tenant', 'grant_tenant',
  'grant_all_tenants', 'revoke_tenant', 'share_table', 'unshare_table']) f;
INSERT INTO expected SELECT 'ops_provisioner', f FROM unnest(ARRAY['create_tenant', 'grant_tenant']) f;
SELECT set_eq(format('SELECT pg_temp.callable(%L)', r), format('SELECT function FROM expected WHERE who = %L', r),
              r || ' may call exactly what its level needs')
  FROM unnest(ARRAY['ops_user','ops_operator','ops_admin','ops_provisioner','ops_monitor','ops_tool','ops_stats','ops_executor','ops_writer','ops_worker']) r;

-- An install meets roles somebody else made or changed.
DROP EXTENSION pg_ops CASCADE;
SAVEPOINT gone;
CREATE SCHEMA ops AUTHORIZATION ops_user;
SELECT throws_ok('CREATE EXTENSION pg_ops', '42P06', NULL, 'a schema ops of somebody else stops the install');
ROLLBACK TO gone;
ALTER ROLE ops_tool BYPASSRLS;
SELECT throws_like('CREATE EXTENSION pg_ops', 'role "ops_tool" exists and cannot be used by pg_ops: it has BYPASSRLS',
                   'a tool role that bypasses row security stops the install');
ROLLBACK TO gone;
GRANT pg_read_all_data TO ops_tool;
SELECT throws_like('CREATE EXTENSION pg_ops', '%"ops_tool"%: it is a member of pg_read_all_data',
                   'so does one that reads all data');
ROLLBACK TO gone;
CREATE ROLE t_mallory;
GRANT ops_owner TO t_mallory;
SELECT throws_like('CREATE EXTENSION pg_ops', '%"ops_owner"%: role t_mallory is a member of it',
                   'so does somebody who would hold the owner''s rights');
ROLLBACK TO gone;
COMMENT ON ROLE ops_monitor IS NULL;
SELECT throws_like('CREATE EXTENSION pg_ops', '%"ops_monitor"%: it was not created by pg_ops',
                   'so does a role without our mark');
ROLLBACK TO gone;
ALTER ROLE ops_writer PASSWORD 'x';
SELECT throws_like('CREATE EXTENSION pg_ops', '%"ops_writer"%: it has a password', 'so does an internal login with a password');
ROLLBACK TO gone;
SELECT lives_ok('CREATE EXTENSION pg_ops', 'and with the roles as they were it installs again');

SELECT * FROM finish();
ROLLBACK;
