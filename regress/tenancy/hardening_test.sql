-- Tenancy: unprotect_table() undoes exactly, policies that were there are told, and damaged protection is seen and mended.
BEGIN;
SELECT plan(70);
\ir _as.sql

CREATE ROLE t_owner LOGIN IN ROLE ops_user;
CREATE ROLE t_app LOGIN;
CREATE SCHEMA t_shop AUTHORIZATION t_owner;
GRANT USAGE ON SCHEMA t_shop TO ops_tool, t_app;
SELECT ops.create_tenant('t_acme'), ops.create_tenant('t_globex') \g /dev/null
SELECT ops.grant_tenant('t_acme', 't_owner') \g /dev/null

-- Everything about a table that protection could touch.
CREATE FUNCTION pg_temp.state(rel regclass) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws('; ', c.relrowsecurity, c.relforcerowsecurity, c.relacl,
           (SELECT string_agg(concat_ws(' ', p.polname, p.polcmd, p.polpermissive, p.polroles, pg_get_expr(p.polqual, p.polrelid),
                                        pg_get_expr(p.polwithcheck, p.polrelid), obj_description(p.oid, 'pg_policy')), '|' ORDER BY p.polname)
              FROM pg_policy p WHERE p.polrelid = c.oid))
    FROM pg_class c WHERE c.oid = rel
$$;

-- ---- there and back again, from every state a table can be in ----
CREATE TABLE starts (name text, ddl text);
INSERT INTO starts VALUES
  ('plain', ''), ('on', 'ALTER TABLE %1$s ENABLE ROW LEVEL SECURITY'),
  ('forced_only', 'ALTER TABLE %1$s FORCE ROW LEVEL SECURITY'),
  ('on_forced', 'ALTER TABLE %1$s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY'),
  ('asleep', 'CREATE POLICY "a, {b}" ON %1$s AS RESTRICTIVE USING (v > 0); CREATE POLICY wide ON %1$s USING (true)'),
  ('policies_on', 'ALTER TABLE %1$s ENABLE ROW LEVEL SECURITY; CREATE POLICY small ON %1$s FOR SELECT TO t_app USING (v < 10); CREATE POLICY own ON %1$s AS RESTRICTIVE USING (v <> 5)');
CREATE FUNCTION pg_temp.there_and_back(name text, ddl text, scope text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  rel text := format('t_shop.%I', name || '_' || scope);
  before text[];
  after text[];
BEGIN
  SET LOCAL ROLE t_owner;
  EXECUTE format('CREATE TABLE %s (tenant_id text, v int) PARTITION BY RANGE (v)', rel);
  EXECUTE format('CREATE TABLE %s_part PARTITION OF %s DEFAULT', rel, rel);
  EXECUTE format(ddl, rel);
  EXECUTE format(ddl, rel || '_part');
  before := ARRAY[pg_temp.state(rel::regclass), pg_temp.state((rel || '_part')::regclass)];
  PERFORM ops.protect_table(rel::regclass, scope => scope);
  RETURN NEXT isnt(ARRAY[pg_temp.state(rel::regclass), pg_temp.state((rel || '_part')::regclass)], before, rel || ' is changed');
  PERFORM ops.unprotect_table(rel::regclass);
  after := ARRAY[pg_temp.state(rel::regclass), pg_temp.state((rel || '_part')::regclass)];
  RETURN NEXT is(after, before, 'and put back exactly');
  RESET ROLE;
END
$$;
GRANT SELECT ON starts TO t_owner;
SELECT t FROM starts s CROSS JOIN (VALUES ('tools'), ('everyone')) AS w (scope), LATERAL pg_temp.there_and_back(s.name, s.ddl, w.scope) t;

-- ---- policies that were there are told ----
SET LOCAL ROLE t_owner;
CREATE TABLE t_shop.told (tenant_id text, v int);
CREATE POLICY strict ON t_shop.told AS RESTRICTIVE USING (v > 0);
CREATE POLICY wide ON t_shop.told USING (true);
CREATE TEMPORARY TABLE said AS SELECT d FROM ops.protect_table('t_shop.told', dry_run => true) d;
SELECT ok(EXISTS (SELECT FROM said WHERE d LIKE '-- Policy strict of t_shop.told was asleep%takes rows away%'), 'a restrictive policy that row security wakes up');
SELECT ok(EXISTS (SELECT FROM said WHERE d LIKE '-- Policy wide of t_shop.told was asleep%'), 'and a permissive one');
ALTER TABLE t_shop.told ENABLE ROW LEVEL SECURITY;
TRUNCATE said;
INSERT INTO said SELECT d FROM ops.protect_table('t_shop.told') d;
SELECT ok(EXISTS (SELECT FROM said WHERE d LIKE '-- Policy strict of t_shop.told is restrictive and stays in force%'), 'a restrictive policy in force');
SELECT ok(EXISTS (SELECT FROM said WHERE d LIKE '-- Policy wide of t_shop.told is permissive: it cannot show another tenant''s rows%'), 'and a permissive one');
CREATE POLICY later ON t_shop.told USING (v = 1);
SELECT is((SELECT string_agg(d, E'\n') FROM ops.unprotect_table('t_shop.told') d),
          E'DROP POLICY pg_ops_tenant ON t_shop.told;\nDROP POLICY pg_ops_rows ON t_shop.told;', 'where row security was on, it stays on');
CREATE TABLE t_shop.built_on (tenant_id text, v int);
SELECT ops.protect_table('t_shop.built_on') \g /dev/null
CREATE POLICY later ON t_shop.built_on USING (v = 1);
SELECT ok((SELECT bool_or(d LIKE '-- Policies made on t_shop.built_on since (later)%') FROM ops.unprotect_table('t_shop.built_on') d),
          'a policy made since keeps row security on, and it is said');
SELECT ok((SELECT relrowsecurity FROM pg_class WHERE oid = 't_shop.built_on'::regclass), 'it does stay on');

-- ---- who writes: what row security cannot hide ----
CREATE TABLE t_shop.keyed (tenant_id text, id int PRIMARY KEY, code text, UNIQUE (tenant_id, code));
CREATE TABLE t_shop.line (keyed_id int REFERENCES t_shop.keyed);
CREATE VIEW t_shop.inner_view WITH (security_invoker) AS SELECT * FROM t_shop.keyed;
CREATE VIEW t_shop.outer_view AS SELECT * FROM t_shop.inner_view;
GRANT TRUNCATE ON t_shop.keyed TO t_app;
TRUNCATE said;
INSERT INTO said SELECT d FROM ops.protect_table('t_shop.keyed', scope => 'everyone', dry_run => true) d;
SELECT is((SELECT count(*)::int FROM said WHERE d LIKE '-- Unique index t_shop.keyed_pkey leaves out tenant_id%'), 1, 'a key without the tenant is named');
SELECT is((SELECT count(*)::int FROM said WHERE d LIKE '-- Unique index%'), 1, 'one with it is not');
SELECT ok(EXISTS (SELECT FROM said WHERE d LIKE '-- Foreign key line_keyed_id_fkey of t_shop.line refers to it without tenant_id%'), 'a foreign key without the tenant is named');
SELECT ok(EXISTS (SELECT FROM said WHERE d LIKE '%REVOKE TRUNCATE ON t_shop.keyed FROM t_app;'), 'and who may TRUNCATE');
SELECT ok(NOT EXISTS (SELECT FROM said WHERE d LIKE '-- Owner%'), 'an ordinary owner is not');
SELECT is((SELECT string_agg(d, '|') FROM said WHERE d LIKE '-- View%'),
          '-- View t_shop.outer_view reads it with its owner''s rights: ALTER VIEW t_shop.outer_view SET (security_invoker = true);',
          'of views over views the one that changes whose rights count');
RESET ROLE;

-- ---- damage: seen, told, mended ----
CREATE FUNCTION pg_temp.damage(name text, scope text, ddl text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  rel text := format('t_shop.%I', name);
  flaw text;
BEGIN
  SET LOCAL ROLE t_owner;
  EXECUTE format('CREATE TABLE %s (tenant_id text, v int)', rel);
  EXECUTE format('GRANT SELECT ON %s TO ops_tool', rel);
  EXECUTE format('INSERT INTO %s VALUES (''t_acme'', 1), (''t_globex'', 2)', rel);
  PERFORM ops.protect_table(rel::regclass, scope => scope);
  IF ddl <> '' THEN
    EXECUTE format(ddl, rel);
  END IF;
  RESET ROLE;
  flaw := ops._protection_flaw(rel::regclass, 'ops_tool'::regrole);
  IF (ops._tenant_column(rel::regclass, 'ops_tool'::regrole) IS NULL) IS DISTINCT FROM (flaw IS NOT NULL) THEN
    RETURN 'the flaw and the verdict differ';
  END IF;
  RETURN flaw;
END
$$;
CREATE TEMPORARY TABLE damages (name text, scope text, ddl text, flaw text);
INSERT INTO damages VALUES
  ('d_off', 'tools', 'ALTER TABLE %s DISABLE ROW LEVEL SECURITY', 'row-level security was switched off'),
  ('d_dropped', 'tools', 'DROP POLICY pg_ops_tenant ON %s', 'policy pg_ops_tenant was dropped'),
  ('d_column', 'everyone', 'ALTER TABLE %s DROP COLUMN tenant_id CASCADE; ', 'policy pg_ops_tenant was dropped'),
  ('d_rows', 'tools', 'DROP POLICY pg_ops_rows ON %s', 'policy pg_ops_rows was dropped or altered'),
  ('d_rows_less', 'tools', 'ALTER POLICY pg_ops_rows ON %s USING (v = 1)', 'policy pg_ops_rows was dropped or altered'),
  ('d_using', 'tools', 'ALTER POLICY pg_ops_tenant ON %s USING (true)', 'policy pg_ops_tenant was altered'),
  ('d_check', 'tools', 'ALTER POLICY pg_ops_tenant ON %s WITH CHECK (true)', 'policy pg_ops_tenant was altered'),
  ('d_roles', 'tools', 'ALTER POLICY pg_ops_tenant ON %s TO t_app', 'policy pg_ops_tenant does not name the role'),
  ('d_renamed', 'tools', 'ALTER POLICY pg_ops_tenant ON %s RENAME TO mine', 'policy pg_ops_tenant was dropped');
GRANT SELECT ON damages TO t_owner;
SELECT is(pg_temp.damage(name, scope, ddl), flaw, name || ': ' || flaw) FROM damages;
SELECT ok((SELECT bool_and(p.state = 'unprotected' AND p.hint LIKE 'The protection does not hold: ' || d.flaw || '%')
             FROM damages d JOIN ops.table_protection p ON p.relation = 't_shop.' || d.name), 'the view names each of them');
-- (A column that is gone leaves nothing to protect by.)
SELECT throws_like(format('SELECT ops.protect_table(%L)', 't_shop.' || name), 'the protection of %', name || ': protecting again asks for unprotect')
  FROM damages WHERE name NOT IN ('d_renamed', 'd_roles');
CREATE FUNCTION pg_temp.mend(name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  rel text := format('t_shop.%I', name);
BEGIN
  SET LOCAL ROLE t_owner;
  PERFORM ops.unprotect_table(rel::regclass);
  PERFORM ops.protect_table(rel::regclass);
  RESET ROLE;
  RETURN ops._tenant_column(rel::regclass, 'ops_tool'::regrole);
END
$$;
SELECT is(pg_temp.mend(name), 'tenant_id', name || ' is mended by unprotect and protect')
  FROM damages WHERE name <> 'd_column';
SELECT is(pg_temp.run('t_owner', $$SELECT count(*) FROM ops.unprotect_table('t_shop.d_column')$$), '3', 'without the column there is still a way back');
SELECT is((SELECT relrowsecurity::text || relforcerowsecurity FROM pg_class WHERE oid = 't_shop.d_column'::regclass), 'falsefalse', 'to where it was');

SELECT pg_temp.damage('d_force', 'everyone', 'ALTER TABLE %s NO FORCE ROW LEVEL SECURITY') \g /dev/null
SELECT ok((SELECT hint LIKE 'FORCE ROW LEVEL SECURITY was taken away%' FROM ops.table_protection WHERE relation = 't_shop.d_force'), 'a FORCE taken away is named');
SELECT is(pg_temp.run('t_owner', $$SELECT string_agg(d, ' ') FROM ops.protect_table('t_shop.d_force', scope => 'everyone') d WHERE d NOT LIKE '--%'$$),
          'ALTER TABLE t_shop.d_force FORCE ROW LEVEL SECURITY;', 'protecting again puts it back');
SELECT pg_temp.damage('d_owner', 'tools', '') \g /dev/null
ALTER TABLE t_shop.d_owner OWNER TO ops_tool;
SELECT matches(ops._protection_flaw('t_shop.d_owner'::regclass, 'ops_tool'::regrole), '^row-level security does not bind the role', 'a table that the tool role owns is not protected for it');

-- ---- collations ----
CREATE COLLATION t_shop.icu (provider = icu, locale = 'und');
CREATE COLLATION t_shop.icu_any (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
CREATE TABLE t_shop.in_c (tenant_id text COLLATE "C", v int);
CREATE TABLE t_shop.in_icu (tenant_id varchar(20) COLLATE t_shop.icu, v int);
CREATE TABLE t_shop.in_any (tenant_id text COLLATE t_shop.icu_any, v int);
INSERT INTO t_shop.in_c VALUES ('t_acme', 1), ('T_ACME', 2), ('t_acme ', 3);
INSERT INTO t_shop.in_icu SELECT * FROM t_shop.in_c;
GRANT SELECT ON t_shop.in_c, t_shop.in_icu TO ops_tool;
SELECT ops.protect_table('t_shop.in_c'), ops.protect_table('t_shop.in_icu') \g /dev/null
SELECT is(pg_temp.as_tool('t_acme', format('SELECT string_agg(v::text, %L) FROM t_shop.%I', ',', t)), '1', t || ': equal is the same bytes')
  FROM (VALUES ('in_c'), ('in_icu')) AS v (t);
SELECT throws_like($$SELECT ops.protect_table('t_shop.in_any')$$, '%nondeterministic collation', 'where other spellings are equal, tenants would be too');

SELECT * FROM finish();
ROLLBACK;
