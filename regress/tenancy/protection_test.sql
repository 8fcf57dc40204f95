-- Tenancy: protected tables show tools one tenant's rows, whatever else the table has, and unprotect restores it.
BEGIN;
SELECT plan(74);
\ir _as.sql

CREATE ROLE t_owner LOGIN IN ROLE ops_user;
CREATE ROLE t_reader LOGIN;
CREATE SCHEMA t_shop AUTHORIZATION t_owner;
GRANT USAGE ON SCHEMA t_shop TO ops_tool, t_reader, ops_user;
SELECT ops.create_tenant('t_acme'), ops.create_tenant('t_globex'), ops.create_tenant('42'), ops.create_tenant('7'),
       ops.create_tenant('042'), ops.create_tenant('9223372036854775807'), ops.create_tenant('9223372036854775808'),
       ops.create_tenant('99999'), ops.create_tenant('-5'),
       ops.create_tenant('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'), ops.create_tenant('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'),
       ops.create_tenant('a0eebc999c0b4ef8bb6d6bb9bd380a11') \g /dev/null

SET LOCAL ROLE t_owner;
CREATE TABLE t_shop.as_text (tenant_id text, v int);
CREATE TABLE t_shop.as_varchar ("Ten""ant" varchar(40), v int);
CREATE TABLE t_shop.as_uuid (tenant_id uuid, v int);
CREATE TABLE t_shop.as_int2 (tenant_id smallint, v int);
CREATE TABLE t_shop.as_int4 (tenant_id integer, v int);
CREATE TABLE t_shop.as_int8 (tenant_id bigint, v int);
INSERT INTO t_shop.as_text VALUES ('t_acme', 1), ('t_acme', 2), ('t_globex', 3), (NULL, 4), ('', 5);
INSERT INTO t_shop.as_varchar VALUES ('t_acme', 1), ('t_globex', 2);
INSERT INTO t_shop.as_uuid VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 1), ('00000000-0000-0000-0000-000000000000', 2);
INSERT INTO t_shop.as_int2 VALUES (42, 1), (7, 2), (-5, 3);
INSERT INTO t_shop.as_int4 VALUES (42, 1), (7, 2), (-5, 3);
INSERT INTO t_shop.as_int8 VALUES (42, 1), (7, 2), (-5, 3), (9223372036854775807, 4);
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA t_shop TO ops_tool;
GRANT SELECT ON ALL TABLES IN SCHEMA t_shop TO t_reader;

-- ---- dry run ----
SELECT is((SELECT count(*)::int FROM ops.protect_table('t_shop.as_text', dry_run => true) d WHERE d NOT LIKE '--%'), 5,
          'a dry run returns the statements');
SELECT is((SELECT count(*)::int FROM pg_policy WHERE polrelid = 't_shop.as_text'::regclass), 0, 'and runs none');
SELECT ok((SELECT bool_or(d LIKE '-- No index begins with the tenant%') FROM ops.protect_table('t_shop.as_text', dry_run => true) d),
          'it says that an index is missing');
SELECT is((SELECT array_agg(d) FROM ops.protect_table('t_shop.as_text', dry_run => true) d WHERE d NOT LIKE '--%'),
          (SELECT array_agg(d) FROM ops.protect_table('t_shop.as_text') d WHERE d NOT LIKE '--%'),
          'protecting runs just those');
SELECT is((SELECT count(*)::int FROM ops.protect_table('t_shop.as_text') d WHERE d NOT LIKE '--%'), 0, 'twice is once');
SELECT throws_ok($$SELECT ops.protect_table('t_shop.as_text', scope => 'everyone')$$, '42710', NULL, 'another scope needs unprotect first');
SELECT ops.protect_table('t_shop.as_varchar', 'Ten"ant') \g /dev/null
SELECT ops.protect_table(t::regclass) FROM unnest(ARRAY['t_shop.as_uuid', 't_shop.as_int2', 't_shop.as_int4', 't_shop.as_int8']) t \g /dev/null
RESET ROLE;

-- The text in the catalog is the text we say it is: this is what the guard compares.
SELECT is((SELECT count(*)::int FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
            WHERE c.relnamespace = 't_shop'::regnamespace AND p.polname = 'pg_ops_tenant'
              AND ops._tenant_column(c.oid, 'ops_tool'::regrole) IS NOT NULL), 6, 'all column types count as protected for tools');
SELECT is(ops._tenant_column('t_shop.as_varchar'::regclass, NULL), 'Ten"ant', 'the tenant column is read from the policy');
SELECT is(ops._tenant_column('t_shop.as_text'::regclass, 't_reader'::regrole), NULL, 'for roles the policy does not name the table is not protected');
SELECT is(ops._tenant_column('t_shop.as_text'::regclass, 'postgres'::regrole), NULL, 'nor for one that bypasses it');
SET LOCAL search_path = ops, public;
SELECT is(ops._tenant_column('t_shop.as_text'::regclass, NULL), 'tenant_id', 'whatever the search path of the session');
RESET search_path;

-- ---- what tools see ----
SELECT is(pg_temp.as_tool(tenant, format('SELECT string_agg(v::text, %L ORDER BY v) FROM t_shop.%I', ',', rel)), seen,
          format('%s as tenant %s: %s', rel, coalesce(tenant, '(none)'), coalesce(seen, 'nothing')))
  FROM (VALUES
    ('as_text', 't_acme', '1,2'), ('as_text', 't_globex', '3'), ('as_text', NULL, NULL), ('as_text', '42', NULL),
    ('as_varchar', 't_acme', '1'), ('as_varchar', 't_globex', '2'), ('as_varchar', NULL, NULL),
    ('as_uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '1'), ('as_uuid', 't_acme', NULL), ('as_uuid', NULL, NULL),
    ('as_uuid', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', NULL), ('as_uuid', 'a0eebc999c0b4ef8bb6d6bb9bd380a11', NULL),
    ('as_int2', '42', '1'), ('as_int2', '-5', '3'), ('as_int2', '99999', NULL), ('as_int2', 't_acme', NULL),
    ('as_int4', '42', '1'), ('as_int4', '042', NULL), ('as_int4', '9223372036854775807', NULL), ('as_int4', NULL, NULL),
    ('as_int8', '7', '2'), ('as_int8', '9223372036854775807', '4'), ('as_int8', '9223372036854775808', NULL),
    ('as_int8', 't_acme', NULL), ('as_int8', 'a0eebc999c0b4ef8bb6d6bb9bd380a11', NULL)
  ) AS s (rel, tenant, seen);
SELECT matches(pg_temp.as_tool('t_acme', $$INSERT INTO t_shop.as_text VALUES ('t_globex', 9) RETURNING v$$), '^42501 new row violates',
               'a tool role cannot write for another tenant');
SELECT is(pg_temp.as_tool('t_acme', $$INSERT INTO t_shop.as_text VALUES ('t_acme', 9) RETURNING v$$), '9', 'only for its own');
SELECT matches(pg_temp.as_tool('t_acme', $$UPDATE t_shop.as_text SET tenant_id = 't_globex' RETURNING v$$), '^42501', 'nor move rows there');
SELECT is(pg_temp.as_tool('t_acme', $$WITH d AS (DELETE FROM t_shop.as_text RETURNING v) SELECT count(*) FROM d$$), '2', 'nor delete theirs');
SELECT is(pg_temp.run('t_owner', 'SELECT count(*) FROM t_shop.as_text'), '5', 'scope tools: the owner sees what it saw');
SELECT is(pg_temp.run('t_reader', 'SELECT count(*) FROM t_shop.as_text'), '5', 'and so does the application');

-- ---- policies that were there before, and that come later ----
SET LOCAL ROLE t_owner;
CREATE TABLE t_shop.had (tenant_id text, v int);
INSERT INTO t_shop.had VALUES ('t_acme', 1), ('t_acme', 20), ('t_globex', 3);
GRANT SELECT ON t_shop.had TO ops_tool, t_reader;
ALTER TABLE t_shop.had ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY small ON t_shop.had USING (v < 10);
SELECT ops.protect_table('t_shop.had') \g /dev/null
RESET ROLE;
SELECT is(pg_temp.as_tool('t_acme', 'SELECT count(*) FROM t_shop.had'), '2', 'tools: one tenant''s rows');
SELECT is(pg_temp.run('t_reader', 'SELECT count(*) FROM t_shop.had'), '2', 'others: what the existing policy allowed');
CREATE POLICY t_wide ON t_shop.had USING (true);
SELECT is(pg_temp.as_tool('t_acme', 'SELECT count(*) FROM t_shop.had'), '2', 'a permissive policy added later does not void ours');
DROP POLICY t_wide ON t_shop.had;
SELECT is((SELECT array_agg(u) FROM ops.unprotect_table('t_shop.had') u),
          ARRAY['DROP POLICY pg_ops_tenant ON t_shop.had;', 'DROP POLICY pg_ops_rows ON t_shop.had;'], 'unprotect takes away ours only');
SELECT is((SELECT format('%s %s', relrowsecurity, relforcerowsecurity) FROM pg_class WHERE oid = 't_shop.had'::regclass), 't t',
          'and leaves row security as it was');
SELECT is((SELECT array_agg(polname) FROM pg_policy WHERE polrelid = 't_shop.had'::regclass), ARRAY['small']::name[], 'with its policy');

-- ---- a policy that only looks like ours ----
ALTER POLICY pg_ops_tenant ON t_shop.as_text USING (tenant_id = (SELECT ops.current_tenant()) OR v = 3);
SELECT is(ops._tenant_column('t_shop.as_text'::regclass, NULL), NULL, 'a policy with another condition is not ours');
SELECT is((SELECT state FROM ops.table_protection WHERE relation = 't_shop.as_text'), 'unprotected', 'the view says so');
SELECT is((SELECT state || ' ' || tenant_column FROM ops.table_protection WHERE relation = 't_shop.as_uuid'), 'protected tenant_id', 'and what is protected');
CREATE FUNCTION t_shop.current_tenant() RETURNS text LANGUAGE sql AS $$ SELECT 't_acme' $$;
ALTER POLICY pg_ops_tenant ON t_shop.as_text USING (tenant_id = (SELECT t_shop.current_tenant()));
SELECT is(ops._tenant_column('t_shop.as_text'::regclass, NULL), NULL, 'nor one that calls another function of that name');
DROP POLICY pg_ops_tenant ON t_shop.as_text;
CREATE POLICY pg_ops_tenant ON t_shop.as_text USING (tenant_id = (SELECT ops.current_tenant()));
SELECT is(ops._tenant_column('t_shop.as_text'::regclass, NULL), NULL, 'nor a permissive one');

-- ---- scope everyone ----
SELECT pg_temp.run('t_owner', $$SELECT count(*) FROM ops.protect_table('t_shop.had', scope => 'everyone')$$) \g /dev/null
SELECT ops.grant_tenant('t_acme', 't_owner') \g /dev/null
SELECT is(pg_temp.run('t_owner', 'SELECT count(*) FROM t_shop.had'), '0', 'scope everyone: without a tenant even the owner sees nothing');
SELECT is(pg_temp.probe('t_owner', 't_acme', 'SELECT string_agg(v::text, $$,$$) FROM t_shop.had'), '1', 'with one, the tenant''s rows within the existing policy');
SELECT is((SELECT count(*)::int FROM ops.unprotect_table('t_shop.had') u WHERE u LIKE 'ALTER TABLE%'), 0, 'unprotect keeps the FORCE that was there');
SELECT pg_temp.run('t_owner', $$SELECT count(*) FROM ops.protect_table('t_shop.as_int4', scope => 'everyone', dry_run => true)$$) \g /dev/null
SELECT ops.unprotect_table('t_shop.as_int4') \g /dev/null
SELECT ok((SELECT array_agg(d) @> ARRAY['ALTER TABLE t_shop.as_int4 ENABLE ROW LEVEL SECURITY;', 'ALTER TABLE t_shop.as_int4 FORCE ROW LEVEL SECURITY;']
             FROM ops.protect_table('t_shop.as_int4', scope => 'everyone') d), 'everyone: enabled and forced');
SELECT ops.unprotect_table('t_shop.as_int4') \g /dev/null
SELECT is((SELECT format('%s %s %s', relrowsecurity, relforcerowsecurity, (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid))
             FROM pg_class c WHERE oid = 't_shop.as_int4'::regclass), 'f f 0', 'unprotect restores a table that had neither');

-- ---- partitions and children ----
SET LOCAL ROLE t_owner;
CREATE TABLE t_shop.parted (tenant_id text, v int) PARTITION BY RANGE (v);
CREATE TABLE t_shop.parted_1 PARTITION OF t_shop.parted FOR VALUES FROM (0) TO (10);
INSERT INTO t_shop.parted VALUES ('t_acme', 1), ('t_globex', 2);
CREATE TABLE t_shop.child () INHERITS (t_shop.as_int4);
INSERT INTO t_shop.child VALUES (42, 5), (7, 6);
GRANT SELECT ON t_shop.parted, t_shop.parted_1, t_shop.child TO ops_tool;
SELECT ops.protect_table('t_shop.parted'), ops.protect_table('t_shop.as_int4') \g /dev/null
RESET ROLE;
SELECT is(pg_temp.as_tool('t_acme', 'SELECT count(*) FROM t_shop.parted'), '1', 'a partitioned table is protected');
SELECT is(pg_temp.as_tool('t_acme', 'SELECT count(*) FROM t_shop.parted_1'), '1', 'and its partition by its own name');
SELECT is(pg_temp.as_tool('42', 'SELECT count(*) FROM t_shop.child'), '1', 'and an inheritance child');
SELECT ops.unprotect_table('t_shop.parted') \g /dev/null
SELECT is((SELECT count(*)::int FROM pg_policy p WHERE polrelid IN ('t_shop.parted'::regclass, 't_shop.parted_1'::regclass)), 0, 'unprotect covers partitions');

-- ---- what cannot be protected ----
CREATE VIEW t_shop.v AS SELECT * FROM t_shop.as_int8;
CREATE MATERIALIZED VIEW t_shop.m AS SELECT * FROM t_shop.as_int8;
CREATE TABLE t_shop.odd (tenant_id numeric, v char(3));
SELECT throws_like($$SELECT ops.protect_table('t_shop.v')$$, '%is a view', 'a view is refused');
SELECT throws_like($$SELECT ops.protect_table('t_shop.m')$$, '%materialized view, which has no row-level security', 'a materialized view is refused');
SELECT throws_like($$SELECT ops.protect_table('t_shop.odd')$$, '%type numeric, which cannot hold a tenant', 'numeric is refused');
SELECT throws_like($$SELECT ops.protect_table('t_shop.odd', 'v')$$, '%type character(3), which cannot hold a tenant', 'char(n) is refused');
SELECT throws_like($$SELECT ops.protect_table('t_shop.odd', 'none')$$, '%has no column%', 'a missing column is named');
SELECT throws_ok($$SELECT ops.protect_table(NULL)$$, '22004', NULL, 'NULL table');
SELECT throws_ok($$SELECT ops.protect_table('t_shop.odd', scope => 'some')$$, '22023', NULL, 'unknown scope');
SELECT throws_like($$SELECT ops.protect_table('pg_catalog.pg_class', 'relname')$$, '%not a table of an application', 'catalogs are refused');
SELECT throws_like($$SELECT ops.protect_table('ops.tenant_store')$$, '%not a table of an application', 'our own tables too');
SELECT throws_ok($$SELECT ops.unprotect_table('t_shop.odd')$$, '42704', NULL, 'unprotect of an unprotected table');
CREATE ROLE t_thief LOGIN IN ROLE ops_user;
SELECT matches(pg_temp.run('t_thief', $$SELECT ops.protect_table('t_shop.as_int8')$$), '^42501 PERMISSION_DENIED: must be owner', 'only the owner protects');
SELECT ok((SELECT bool_or(d LIKE '-- View t_shop.v reads it with its owner''s rights%') AND bool_or(d LIKE '-- Materialized view t_shop.m%')
             FROM ops.protect_table('t_shop.as_int8') d), 'views over the table are named');

SELECT * FROM finish();
ROLLBACK;
