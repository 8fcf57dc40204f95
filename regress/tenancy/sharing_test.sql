-- Tenancy: tables marked as shared, by whom, and that a mark does not outlive its table.
BEGIN;
SELECT plan(16);
\ir _as.sql

CREATE ROLE t_owner LOGIN IN ROLE ops_user;
CREATE ROLE t_boss LOGIN IN ROLE ops_admin;
CREATE SCHEMA t_lib AUTHORIZATION t_owner;
GRANT USAGE ON SCHEMA t_lib TO t_boss, ops_tool;
SET LOCAL ROLE t_owner;
CREATE TABLE t_lib.country (code text);
CREATE VIEW t_lib.v AS SELECT * FROM t_lib.country;
GRANT SELECT ON t_lib.country TO ops_tool;
RESET ROLE;

SELECT is((SELECT state FROM ops.table_protection WHERE relation = 't_lib.country'), 'unprotected', 'a table tools may read and nothing protects');
SELECT matches(pg_temp.run('t_owner', $$SELECT ops.share_table('t_lib.country')$$), '^42501', 'an owner without ops_admin does not share');
SELECT matches(pg_temp.run('t_boss', $$SELECT ops.share_table('t_lib.country')$$), '^42501 PERMISSION_DENIED: must be owner', 'nor an ops_admin what is not theirs');
GRANT ops_admin TO t_owner;
SELECT is(pg_temp.run('t_owner', $$SELECT ops.share_table('t_lib.country')$$), '', 'an owner who is ops_admin does');
SELECT ok(ops._is_shared_table('t_lib.country'::regclass), 'it is shared');
SELECT is((SELECT state FROM ops.table_protection WHERE relation = 't_lib.country'), 'shared', 'the view says so');
SELECT throws_like($$SELECT ops.share_table('t_lib.v')$$, '%is a view', 'a view is not shared, its tables are');
SELECT throws_ok($$SELECT ops.share_table(NULL)$$, '22004', NULL, 'NULL');
SELECT throws_ok($$SELECT ops.share_table('pg_catalog.pg_authid')$$, '42809', NULL, 'catalogs are not shared');
DROP VIEW t_lib.v;
DROP TABLE t_lib.country;
CREATE TABLE t_lib.country (code text);
SELECT ok(NOT ops._is_shared_table('t_lib.country'::regclass), 'a table made again under the name is not shared');
SELECT lives_ok($$SELECT ops.share_table('t_lib.country')$$, 'until somebody says so');
SELECT ok(ops._is_shared_table('t_lib.country'::regclass), 'then it is');
SELECT ops.unshare_table('t_lib.country') \g /dev/null
SELECT throws_ok($$SELECT ops.unshare_table('t_lib.country')$$, '42704', NULL, 'unshare undoes it');

-- A shared parent shows the rows of its children, whatever protects them.
SET LOCAL ROLE t_owner;
CREATE TABLE t_lib.parent (tenant_id text);
CREATE TABLE t_lib.child () INHERITS (t_lib.parent);
SELECT ops.protect_table('t_lib.child') \g /dev/null
RESET ROLE;
SELECT throws_like($$SELECT ops.share_table('t_lib.parent')$$, 't_lib.parent cannot be shared, since protected tables%', 'a parent of a protected table is not shared');
SELECT throws_like($$SELECT ops.share_table('t_lib.child')$$, 't_lib.child cannot be shared%', 'nor a protected table itself');
SELECT ops.unprotect_table('t_lib.child') \g /dev/null
SELECT lives_ok($$SELECT ops.share_table('t_lib.parent')$$, 'once nothing is protected, it is');

SELECT * FROM finish();
ROLLBACK;
