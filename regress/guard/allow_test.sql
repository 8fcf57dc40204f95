-- The lists by which administrators widen what tools may do, and who may change them.
BEGIN;
SELECT plan(22);
\ir ../tenancy/_as.sql
CREATE SCHEMA t_allow;
CREATE FUNCTION t_allow.f(int, text) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION pg_temp.g() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE ROLE t_reader;
CREATE ROLE t_all IN ROLE pg_read_all_data;
CREATE ROLE t_bypass BYPASSRLS;
CREATE ROLE t_maker CREATEROLE;
CREATE ROLE t_inherits IN ROLE t_bypass;
CREATE ROLE t_operator LOGIN IN ROLE ops_operator;
CREATE ROLE t_admin LOGIN IN ROLE ops_admin;
SELECT ops.create_tenant('t_allow'), ops.grant_tenant('t_allow', 't_admin', 'admin'), ops.grant_tenant('t_allow', 't_operator', 'admin') \gset

SELECT lives_ok($$SELECT ops.allow_function('t_allow.f(int,text)', 'first')$$, 'a function is allowed');
SELECT lives_ok($$SELECT ops.allow_function('t_allow.f(int,text)', 'second')$$, 'again, which renews it');
SELECT is((SELECT concat_ws(' ', fn_schema, fn_name, fn_args, note) FROM ops.allowed_functions WHERE fn_schema = 't_allow'),
          't_allow f integer,text second', 'it is kept by name and argument types');
SELECT is((SELECT body_digest FROM ops.allowed_functions WHERE fn_schema = 't_allow'),
          (SELECT body_digest FROM ops._function_identity('t_allow.f(int,text)'::regprocedure)), 'the digest is the function''s');
ALTER FUNCTION t_allow.f(int, text) SECURITY DEFINER;
SELECT isnt((SELECT body_digest FROM ops.allowed_functions WHERE fn_schema = 't_allow'),
            (SELECT body_digest FROM ops._function_identity('t_allow.f(int,text)'::regprocedure)), 'other rights are another digest');
SELECT lives_ok($$SELECT ops.disallow_function('t_allow.f(int,text)')$$, 'it is taken back, changed as it is');
SELECT throws_ok($$SELECT ops.disallow_function('t_allow.f(int,text)')$$, '42704', NULL, 'once');
SELECT throws_ok($$SELECT ops.allow_function('pg_sleep(float8)', 'x')$$, '22023', NULL, 'class never is not lifted');
SELECT throws_ok($$SELECT ops.allow_function('pg_blocking_pids(int)', 'x')$$, '22023', NULL, 'nor is class monitor');
SELECT throws_ok($$SELECT ops.allow_function('ops.set_tenant(text)', 'x')$$, '22023', NULL, 'functions of pg_ops are not for tools');
SELECT throws_ok($$SELECT ops.allow_function('pg_temp.g()', 'x')$$, '22023', NULL, 'nor are temporary ones');
SELECT throws_ok($$SELECT ops.allow_function(NULL, 'x')$$, '22004', NULL, 'NULL is an error');
SELECT alike(pg_temp.run('t_operator', $$SELECT ops.allow_function('t_allow.f(int,text)', 'x')$$), '42501%', 'an operator may not allow');
SELECT alike(pg_temp.run('t_admin', $$SELECT ops.allow_function('t_allow.f(int,text)', 'x')$$), '42501%',
             'nor may the administrator of one tenant: the list holds for all');

SELECT lives_ok($$SELECT ops.allow_run_as('t_reader', 'x')$$, 'a role is allowed');
SELECT ok(pg_has_role('t_reader', 'ops_tool', 'MEMBER'), 'and becomes a member of ops_tool');
SELECT is((SELECT role_oid FROM ops.allowed_run_as WHERE role_name = 't_reader'), 't_reader'::regrole::oid, 'it is kept by name and OID');
SELECT is((SELECT array_agg(r ORDER BY r) FROM unnest('{postgres,t_all,t_bypass,t_maker,t_inherits,ops_owner,ops_executor,pg_monitor}'::text[]) r
            WHERE pg_temp.run(current_user, format('SELECT ops.allow_run_as(%L, NULL)', r)) NOT LIKE '42501 PERMISSION_DENIED: tools cannot run as%'), NULL,
          'powerful roles are refused, whatever their power comes from');
SELECT alike(pg_temp.run('t_operator', $$SELECT ops.allow_run_as('t_reader', 'x')$$), '42501%', 'an operator may not allow roles');
SELECT lives_ok($$SELECT ops.disallow_run_as('t_reader')$$, 'a role is taken back');
SELECT throws_ok($$SELECT ops.disallow_run_as('t_reader')$$, '42704', NULL, 'once');
SELECT alike(pg_temp.run('t_reader', $$SELECT count(*) FROM ops.allowed_functions$$), '42501%', 'the lists are not for tools');
SELECT * FROM finish();
ROLLBACK;
