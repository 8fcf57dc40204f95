-- Registry: drafts, publication, rollback, deletion, restoring, dependencies; who may do and see what.
-- database: fresh
\ir _fixture.sql
SELECT plan(76);

-- ---- what comes with the extension
SELECT results_eq($$SELECT name::text FROM ops.assets WHERE kind = 'policy' AND status = 'published' ORDER BY name$$,
  $$VALUES ('default_http'), ('default_llm'), ('default_mcp'), ('default_sql')$$, 'four default policies are published');
SELECT is((SELECT spec ->> 'max_rows' FROM ops.asset_versions WHERE name = 'default_sql'), '5000', 'default_sql: 5,000 rows');
SELECT is((SELECT spec ->> 'max_retries' FROM ops.asset_versions WHERE name = 'default_sql'), '1', 'default_sql: 1 retry');
SELECT isnt((SELECT spec ->> 'max_cost' FROM ops.asset_versions WHERE name = 'default_sql'), NULL, 'default_sql has a max_cost');
SELECT is((SELECT spec ->> 'rate_per_minute' FROM ops.asset_versions WHERE name = 'default_http'), '50', 'default_http: 50 a minute');
SELECT is(pg_temp.try('t_r_user', $$SELECT string_agg(name, ',' ORDER BY name) FROM ops.assets$$),
  'default_http,default_llm,default_mcp,default_sql,direct_query', 'a user of another tenant sees the shared ones and no health tool');
SELECT matches((SELECT string_agg(fields, ';') FROM ops._policies_not_enforced() WHERE name = 'default_http'), 'breaker.*rate_per_minute',
  'fields without effect are named for ops.health()');

-- ---- drafts and publication
SELECT is(pg_temp.put('t_r_op', 'one', pg_temp.sql_tool('SELECT 1 AS one')), '1', 'put makes version 1');
SELECT is((SELECT status FROM ops.assets WHERE tenant = 'acme' AND name = 'one'), 'draft', 'a draft');
SELECT is((SELECT title FROM ops.assets WHERE tenant = 'acme' AND name = 'one'), 'A test', 'title is the first sentence');
SELECT is(pg_temp.try('t_r_user', $$SELECT count(*) FROM ops.assets WHERE name = 'one'$$), '0', 'a user does not see drafts');
SELECT is(pg_temp.try('t_r_op', $$SELECT count(*) FROM ops.validate_asset('tool', 'one')$$), '0', 'nothing stands against it');
SELECT is(pg_temp.try('t_r_op', $$SELECT ops.publish_asset('tool', 'one')$$), '1', 'publish returns the version');
SELECT is((SELECT status FROM ops.assets WHERE tenant = 'acme' AND name = 'one'), 'published', 'published');
SELECT is(pg_temp.try('t_r_user', $$SELECT count(*) FROM ops.assets WHERE name = 'one'$$), '1', 'a user sees what is published');
SELECT is(pg_temp.try('t_r_user', $$SELECT spec FROM ops.asset_versions WHERE name = 'one'$$), NULL, 'but not its spec');
SELECT isnt(pg_temp.try('t_r_op', $$SELECT spec FROM ops.asset_versions WHERE name = 'one'$$), NULL, 'an operator sees the spec');
SELECT is(pg_temp.try('t_r_other', $$SELECT count(*) FROM ops.assets WHERE name = 'one'$$), '0', 'another tenant sees nothing of it');
SELECT is(pg_temp.try('t_r_other', $$SELECT count(*) FROM ops.asset_versions WHERE name = 'one'$$), '0', 'nor of its versions');
SELECT matches(pg_temp.try('t_r_other', $$SELECT ops.publish_asset('tool', 'one')$$), '^42704 tenant "globex" has no tool "one"', 'nor can it publish it');
SELECT is(pg_temp.put('t_r_other', 'one', pg_temp.sql_tool('SELECT 3 AS three')), '1', 'it may have its own of that name');
SELECT is((SELECT count(*) FROM ops.asset_versions WHERE name = 'one' AND spec #>> '{sql,query}' = 'SELECT 1 AS one'), 1::bigint, 'which leaves the first alone');
SELECT is(pg_temp.try('t_r_user', $$SELECT tool || callable || examples FROM ops.capabilities$$), 'onetrue5', 'ops.capabilities lists it');

-- ---- versions
SELECT is(pg_temp.put('t_r_op', 'one', pg_temp.sql_tool('SELECT 2 AS two'), 1), '2', 'the expected version is the latest');
SELECT matches(pg_temp.put('t_r_op', 'one', pg_temp.sql_tool('SELECT 9 AS nine'), 1), '^OP004 .*version 2, not 1', 'a stale one is OP004');
SELECT matches(pg_temp.put('t_r_op', 'one', pg_temp.sql_tool('SELECT 9 AS nine'), 0), '^OP004', '0 expects none');
SELECT matches(pg_temp.put('t_r_op', 'fresh', pg_temp.sql_tool('SELECT 9 AS nine'), 7), '^OP004 .*version 0, not 7', 'nothing there is version 0');
SELECT is((SELECT count(*) FROM ops.assets WHERE name = 'fresh'), 0::bigint, 'a refused put leaves nothing');
SELECT is(pg_temp.put('t_r_op', 'fresh', pg_temp.sql_tool('SELECT 9 AS nine'), 0), '1', '0 for a new one');
SELECT is((SELECT version FROM ops.assets WHERE tenant = 'acme' AND name = 'one'), 1, 'a new draft does not change what is in force');
SELECT is(pg_temp.try('t_r_op', $$SELECT string_agg(path || ' ' || old || ' ' || new, '|') FROM ops.asset_diff('tool', 'one', 1, 2) WHERE path LIKE '$.sql%'$$),
  '$.sql.query "SELECT 1 AS one" "SELECT 2 AS two"', 'asset_diff names the place');
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.asset_diff('tool', 'one', 1, 9)$$), '^42704 tool "one" has no version 9', 'of versions that are there');
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.rollback_asset('tool', 'one', 2)$$), '^55000 .*never published', 'no rollback to a draft');
SELECT is(pg_temp.try('t_r_op', $$SELECT ops.publish_asset('tool', 'one', 2)$$), '2', 'publish version 2');
SELECT is(pg_temp.try('t_r_op', $$SELECT ops.rollback_asset('tool', 'one', 1)$$), '1', 'back to version 1');
SELECT is((SELECT version FROM ops.assets WHERE tenant = 'acme' AND name = 'one'), 1, 'which is in force again');
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.publish_asset('tool', 'one', 99)$$), '^42704 .*no version 99', 'no such version');
SELECT is((SELECT digest FROM ops.asset_versions WHERE tenant = 'acme' AND name = 'one' AND version = 1),
  (SELECT new_digest FROM ops.asset_audit WHERE action = 'rollback' AND name = 'one'), 'the audit has the digest in force after');
SELECT throws_ok($$SET ROLE ops_owner; UPDATE ops.asset_version_store SET spec = '{}'$$, '42501', NULL, 'not even ops_owner changes a version');
RESET ROLE;
SELECT throws_ok($$SET ROLE ops_owner; DELETE FROM ops.audit_store$$, '42501', NULL, 'nor the audit');
RESET ROLE;

-- ---- rights
SELECT matches(pg_temp.put('t_r_user', 'mine', pg_temp.sql_tool('SELECT 1 AS one')), '^42501', 'a user cannot put');
SELECT matches(pg_temp.try('t_r_user', $$SELECT ops.delete_asset('tool', 'one')$$), '^42501', 'nor delete');
SELECT matches(pg_temp.try('t_r_user', $$SELECT ops.create_sql_tool('x', 'x', 'SELECT 1 AS a')$$), '^42501', 'nor create');
SELECT matches(pg_temp.try('t_r_user', $$SELECT * FROM ops.asset_store$$), '^42501', 'nor read the tables');
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.restore_asset('tool', 'one')$$), '^42501', 'restoring is for admins');
SELECT matches(pg_temp.try('t_r_nobody', $$SELECT * FROM ops.assets$$), '^42501', 'others nothing at all');
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops._asset_report('acme', 'tool', 'x', '{}', 'full')$$), '^42501', 'internal functions are internal');
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.set_tenant('globex')$$), '^42501', 'another tenant cannot be entered');
SELECT matches(pg_temp.try('postgres', $$SELECT ops.delete_asset('policy', 'default_sql')$$), '^55000 .*came with pg_ops', 'shipped assets stay');

-- ---- arguments
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.put_asset(NULL, 'x', '{}')$$), '^22004 kind', 'NULL kind');
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.put_asset('tool', NULL, '{}')$$), '^22004 name', 'NULL name');
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.put_asset('tool', 'x', NULL)$$), '^22004 spec', 'NULL spec');
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.rollback_asset('tool', 'one', NULL)$$), '^22004 to_version', 'NULL version');
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.asset_impact('tool', NULL)$$), '^22004', 'NULL for asset_impact');
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.put_asset('prompt', 'x', '{}')$$), '^0A000 .*later version', 'kinds to come say so');
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.put_asset('thing', 'x', '{}')$$), '^22023 "thing" is no kind', 'unknown kind');
SELECT is((SELECT string_agg(left(pg_temp.put('t_r_op', n, '{}'), 5), ',') FROM unnest(ARRAY['', 'A', '1a', 'a-b', 'a.b', E'a\nb', E'a\n', 'é',
    'x"; DROP TABLE y; --', repeat('a', 64), E'a\u202eb', ' a']) n), repeat('22023,', 11) || '22023', 'hostile names are refused');
SELECT is(pg_temp.put('t_r_op', repeat('a', 63), pg_temp.sql_tool('SELECT 1 AS one')), '1', '63 characters are a name');
SELECT matches(pg_temp.put('t_r_op', 'big', pg_temp.sql_tool('SELECT 1', jsonb_build_object('title', repeat('x', 1000000)))), '^22023 .*262144 bytes', 'a spec of 1 MB');
SELECT matches(pg_temp.put('t_r_op', 'deep', (repeat('[', 5000) || repeat(']', 5000))::jsonb), '^22023 .*nested too deeply', 'a deep spec');
SELECT matches(pg_temp.put('t_r_op', 'odd', v::jsonb), '^22023', 'no spec: ' || v) FROM unnest(ARRAY['[]', '1', 'null', '"x"']) v;

-- ---- dependencies, deletion, restoring
SELECT is(pg_temp.put('t_r_op', 'slow', '{"timeout_ms": 60000}', NULL, 'policy'), '1', 'a policy of the tenant');
SELECT matches(pg_temp.try('t_r_op', format($$SELECT ops.create_sql_tool('dep', 'x', 'SELECT 1 AS a', policy => 'slow')$$)), '^22023 .*no published policy "slow"', 'an unpublished policy is none');
SELECT is(pg_temp.try('t_r_op', $$SELECT ops.publish_asset('policy', 'slow')$$), '1', 'published');
SELECT is(pg_temp.try('t_r_op', $$SELECT ops.create_sql_tool('dep', 'x', 'SELECT 1 AS a', policy => 'slow')$$), '1', 'a tool with it');
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.delete_asset('policy', 'slow')$$), '^2BP01 .*/ tool "dep" \(policy\) /', 'it cannot go while the tool is there');
SELECT is(pg_temp.put('t_r_op', 'caller', pg_temp.sql_tool('SELECT 1 AS one', '{"fallback_tool": "dep"}')), '1', 'a draft that falls back on it');
SELECT is(pg_temp.try('t_r_op', $$SELECT string_agg(name || depth || via, ',' ORDER BY depth) FROM ops.asset_impact('policy', 'slow')$$),
  'dep1policy,caller2fallback_tool', 'asset_impact goes on');
SELECT is(pg_temp.try('t_r_op', $$SELECT ops.delete_asset('tool', 'caller')$$), '', 'delete from the far end');
SELECT is(pg_temp.try('t_r_op', $$SELECT ops.delete_asset('tool', 'dep')$$), '', 'the tool');
SELECT is(pg_temp.try('t_r_op', $$SELECT ops.delete_asset('policy', 'slow')$$), '', 'then the policy');
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.delete_asset('policy', 'slow')$$), '^42704', 'once');
SELECT is(pg_temp.try('t_r_admin', $$SELECT ops.restore_asset('policy', 'slow')$$), '', 'an admin restores');

SELECT * FROM finish();
\ir _end.sql
