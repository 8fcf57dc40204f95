-- Conventions: what must hold for every object of the extension, whoever added it.
--
-- Comments everywhere, no rights for PUBLIC, pinned search paths, tenant first in every key, row-level security
-- forced on every table that has a tenant. Looked up in the catalogs, so that a new object is judged as well.
BEGIN;
SELECT plan(14);

CREATE TEMPORARY VIEW members AS
  SELECT d.classid, d.objid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON d.refobjid = e.oid
  WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'pg_ops';
CREATE TEMPORARY VIEW member_functions AS
  SELECT p.*, p.oid::regprocedure::text AS signature FROM pg_catalog.pg_proc p
  JOIN members m ON m.classid = 'pg_catalog.pg_proc'::regclass AND m.objid = p.oid;
CREATE TEMPORARY VIEW member_relations AS
  SELECT c.*, c.oid::regclass::text AS signature FROM pg_catalog.pg_class c
  JOIN members m ON m.classid = 'pg_catalog.pg_class'::regclass AND m.objid = c.oid;
CREATE TEMPORARY VIEW tenant_tables AS
  SELECT c.* FROM member_relations c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
  WHERE c.relkind IN ('r', 'p') AND a.attname = 'tenant_id';

SELECT cmp_ok((SELECT count(*) FROM member_functions), '>', 0::bigint, 'the extension has functions to judge');
SELECT is_empty($$SELECT signature FROM member_functions WHERE obj_description(oid, 'pg_proc') IS NULL$$,
                'every function has a comment');
SELECT is_empty($$SELECT signature FROM member_relations
                  WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND relispartition = false
                    AND obj_description(oid, 'pg_class') IS NULL$$,
                'every table, view and sequence has a comment');
SELECT is_empty($$SELECT t.oid::regtype FROM pg_catalog.pg_type t
                  JOIN members m ON m.classid = 'pg_catalog.pg_type'::regclass AND m.objid = t.oid
                  WHERE t.typtype IN ('e', 'd') AND obj_description(t.oid, 'pg_type') IS NULL$$,
                'every type has a comment');
SELECT is_empty($$SELECT n.nspname FROM pg_catalog.pg_namespace n
                  JOIN members m ON m.classid = 'pg_catalog.pg_namespace'::regclass AND m.objid = n.oid
                  WHERE obj_description(n.oid, 'pg_namespace') IS NULL$$, 'every schema has a comment');
SELECT is_empty($$SELECT signature FROM member_functions f
                  WHERE EXISTS (SELECT FROM aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) x
                                WHERE x.grantee = 0) AND signature <> 'ops.current_tenant()'$$,
                'PUBLIC may execute nothing but ops.current_tenant()');
SELECT is_empty($$SELECT signature FROM member_relations r
                  WHERE EXISTS (SELECT FROM aclexplode(r.relacl) x WHERE x.grantee = 0)$$,
                'PUBLIC has no right on any table or view');
SELECT is_empty($$SELECT signature FROM member_functions
                  WHERE prosecdef AND NOT coalesce(proconfig::text ~ 'search_path=pg_catalog, pg_temp', false)$$,
                'every SECURITY DEFINER function has its search path pinned to pg_catalog, pg_temp');
SELECT is_empty($$SELECT signature FROM member_functions WHERE prosecdef AND proowner <> 'ops_owner'::regrole$$,
                'every SECURITY DEFINER function belongs to ops_owner, who is no superuser');
SELECT is_empty($$SELECT signature FROM member_relations WHERE relkind IN ('r', 'p') AND relowner <> 'ops_owner'::regrole$$,
                'every table belongs to ops_owner');
SELECT is_empty($$SELECT relname FROM tenant_tables WHERE NOT (relrowsecurity AND relforcerowsecurity)$$,
                'row-level security is enabled and forced on every table with a tenant');
SELECT is_empty($$SELECT t.relname, i.indexrelid::regclass FROM tenant_tables t
                  JOIN pg_catalog.pg_index i ON i.indrelid = t.oid AND i.indisunique
                  JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
                  WHERE a.attname <> 'tenant_id'$$, 'tenant_id is first in every primary key and unique constraint');
SELECT is_empty($$SELECT t.relname, g.tgname FROM tenant_tables t JOIN pg_catalog.pg_trigger g ON g.tgrelid = t.oid
                  WHERE NOT g.tgisinternal$$, 'no table with a tenant has a trigger');
SELECT is_empty($$SELECT signature FROM member_functions f JOIN pg_catalog.pg_language l ON l.oid = f.prolang
                  WHERE l.lanname = 'sql' AND f.pronargs > 0
                    AND EXISTS (SELECT FROM tenant_tables t WHERE f.prosrc ~ ('\mops\.' || t.relname || '\M'))$$,
                'no SQL function with parameters reads a table with a tenant');

SELECT * FROM finish();
ROLLBACK;
