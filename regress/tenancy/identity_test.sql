-- Tenancy: who has which access where, and that it cannot be had otherwise.
BEGIN;
SELECT plan(66);
\ir _as.sql

CREATE ROLE t_alice LOGIN;
CREATE ROLE t_bob LOGIN;
CREATE ROLE t_boss LOGIN;
CREATE ROLE t_group NOLOGIN;
CREATE ROLE t_carol LOGIN;
CREATE ROLE t_nobody LOGIN;
CREATE ROLE t_signup LOGIN;
CREATE ROLE t_app LOGIN;
GRANT ops_user TO t_alice, t_bob, t_carol, t_app;
GRANT ops_admin TO t_boss;
GRANT ops_provisioner TO t_signup;
GRANT t_group TO t_carol;

-- ---- superuser ----
SELECT is((SELECT access || is_default FROM ops.my_access WHERE tenant = 'system'), 'admintrue',
          'a superuser is admin of system, and it is the default');
SELECT is(ops.current_tenant(), NULL, 'without set_tenant there is no current tenant');
SELECT lives_ok($$SELECT ops.create_tenant('t_acme', 'Acme'), ops.create_tenant('t_globex')$$, 'a superuser creates tenants');
SELECT is((SELECT title FROM ops.tenants WHERE tenant = 't_acme'), 'Acme', 'and sees them with their titles');
SELECT is((SELECT access FROM ops.my_access WHERE tenant = 't_globex'), 'admin', 'a superuser is admin there too');

-- ---- bad input ----
SELECT throws_ok($$SELECT ops.create_tenant(NULL)$$, '22004', NULL, 'create_tenant: NULL');
SELECT throws_ok($$SELECT ops.create_tenant('')$$, '22023', NULL, 'create_tenant: empty name');
SELECT throws_ok($$SELECT ops.create_tenant('*')$$, '22023', NULL, 'create_tenant: the mark for all tenants');
SELECT throws_ok($$SELECT ops.create_tenant(repeat('x', 64))$$, '22023', NULL, 'create_tenant: 64 characters');
SELECT throws_ok($$SELECT ops.create_tenant(E'a\nb')$$, '22023', NULL, 'create_tenant: a line break');
SELECT throws_ok($$SELECT ops.create_tenant('t_acme')$$, '42710', 'tenant "t_acme" already exists', 'create_tenant: twice');
SELECT throws_ok($$SELECT ops.drop_tenant(NULL)$$, '22004', NULL, 'drop_tenant: NULL');
SELECT throws_ok($$SELECT ops.drop_tenant('system')$$, '55000', NULL, 'system cannot be dropped');
SELECT throws_ok($$SELECT ops.drop_tenant('t_none')$$, '42501', NULL, 'drop_tenant: unknown tenant');
SELECT throws_ok($$SELECT ops.grant_tenant('t_acme', NULL)$$, '22004', NULL, 'grant_tenant: NULL member');
SELECT throws_ok($$SELECT ops.grant_tenant('t_acme', 't_alice', NULL)$$, '22004', NULL, 'grant_tenant: NULL access');
SELECT throws_ok($$SELECT ops.grant_tenant('t_acme', 't_alice', 'root')$$, '22023', NULL, 'grant_tenant: unknown access');
SELECT throws_ok($$SELECT ops.grant_tenant('*', 't_alice')$$, '22023', NULL, 'grant_tenant: all tenants have a function of their own');
SELECT throws_ok($$SELECT ops.set_tenant(NULL)$$, '22004', NULL, 'set_tenant: NULL');
SELECT throws_ok($$SELECT ops.set_tenant('t_none')$$, '42501', NULL, 'set_tenant: unknown tenant');
SELECT throws_ok($$SELECT ops.set_default_tenant('t_alice', NULL)$$, '22004', NULL, 'set_default_tenant: NULL');
SELECT throws_ok($$SELECT ops.revoke_tenant('t_acme', NULL)$$, '22004', NULL, 'revoke_tenant: NULL');

-- ---- members ----
SELECT is(pg_temp.run('t_alice', $$SELECT ops.set_tenant('t_acme')$$),
          '42501 TENANT_MISMATCH: role "t_alice" has no access to tenant "t_acme" / An administrator of the tenant gives it with: SELECT ops.grant_tenant(''t_acme'', ''t_alice'');',
          'without a membership: refused, naming the statement that helps');
SELECT is(pg_temp.run('t_nobody', $$SELECT 1 FROM ops.my_access$$), '42501 permission denied for schema ops',
          'a role without a level does not even reach the schema');
SELECT ops.grant_tenant('t_acme', 't_alice'), ops.grant_tenant('t_globex', 't_bob', 'admin'),
       ops.grant_tenant('t_globex', 't_boss', 'admin'), ops.grant_tenant('t_acme', 't_group', 'operator') \g /dev/null
SELECT is(pg_temp.run('t_alice', $$SELECT string_agg(concat_ws(' ', tenant, access, is_default), ', ') FROM ops.my_access$$),
          't_acme user t', 'a member''s first tenant is the default');
SELECT is(pg_temp.run('t_bob', $$SELECT string_agg(concat_ws(' ', tenant, access), ', ') FROM ops.my_access$$),
          't_globex user', 'the weaker of level (user) and membership (admin) counts');
SELECT is(pg_temp.run('t_boss', $$SELECT string_agg(concat_ws(' ', tenant, access), ', ') FROM ops.my_access$$),
          't_globex admin', 'level admin and membership admin make an admin');
SELECT is(pg_temp.run('t_carol', $$SELECT string_agg(concat_ws(' ', tenant, access, via), ', ') FROM ops.my_access$$),
          't_acme user t_group', 'a membership of a group counts for its members');
REVOKE t_group FROM t_carol;
SELECT is(pg_temp.run('t_carol', $$SELECT count(*) FROM ops.my_access$$), '0', 'and ends when they leave it');
GRANT t_group TO t_carol;
ALTER ROLE t_carol NOINHERIT;
SELECT is(pg_temp.run('t_carol', $$SELECT ops.set_tenant('t_acme')$$), '42501 permission denied for schema ops',
          'a member without INHERIT has nothing of its groups until SET ROLE');
ALTER ROLE t_carol INHERIT;

-- ---- two tenants do not see each other in our own views ----
SELECT is(pg_temp.run('t_alice', $$SELECT string_agg(tenant, ',') FROM ops.tenants$$), 't_acme', 'ops.tenants: own tenants only');
SELECT is(pg_temp.run('t_bob', $$SELECT string_agg(tenant, ',') FROM ops.tenants$$), 't_globex', 'the same for the other one');
SELECT is(pg_temp.run('t_alice', $$SELECT string_agg(member, ',') FROM ops.tenant_members$$), 't_alice',
          'ops.tenant_members: users see themselves');
SELECT is(pg_temp.probe('t_alice', 't_acme', $$SELECT string_agg(member, ',') FROM ops.tenant_members$$), 't_alice',
          'also while a tenant is set');
SELECT is(pg_temp.run('t_boss', $$SELECT string_agg(member, ',' ORDER BY member) FROM ops.tenant_members$$), 't_bob,t_boss',
          'admins see the members of their tenants only');
SELECT matches(pg_temp.run('t_alice', 'SELECT count(*) FROM ops.membership_store'), '^42501', 'the tables behind are closed');
SELECT is((SELECT pg_temp.probe(current_user, 't_acme', $$SELECT string_agg(tenant, ',') FROM ops.tenants$$)), 't_acme',
          'a superuser with a tenant set sees that one');
SELECT is((SELECT count(*)::int FROM pg_class WHERE oid IN ('ops.tenants'::regclass, 'ops.tenant_members'::regclass, 'ops.my_access'::regclass, 'ops.table_protection'::regclass)
            AND 'security_barrier=true' = ANY (reloptions) AND relowner = 'ops_owner'::regrole), 4,
          'the views are security barriers and belong to ops_owner');

-- ---- who may administer ----
SELECT matches(pg_temp.run('t_alice', $$SELECT ops.create_tenant('t_x')$$), '^42501', 'a user creates no tenant');
SELECT matches(pg_temp.run('t_boss', $$SELECT ops.grant_tenant('t_acme', 't_boss', 'admin')$$),
               '^42501 PERMISSION_DENIED: .* may not administer tenant "t_acme"', 'an admin of one tenant cannot enter another by himself');
SELECT matches(pg_temp.run('t_boss', $$SELECT ops.grant_all_tenants('t_boss', 'admin')$$), '^42501 PERMISSION_DENIED', 'nor all of them');
SELECT matches(pg_temp.run('t_boss', $$SELECT ops.drop_tenant('t_acme')$$), '^42501 PERMISSION_DENIED', 'nor drop another');
SELECT matches(pg_temp.run('t_boss', $$SELECT ops.set_default_tenant('t_alice', 't_acme')$$), '^42501', 'nor change defaults there');
SELECT is(pg_temp.run('t_boss', $$SELECT ops.create_tenant('t_new')$$), '', 'an ops_admin creates a tenant');
SELECT is(pg_temp.run('t_boss', $$SELECT access FROM ops.my_access WHERE tenant = 't_new'$$), 'admin', 'and is its first admin');
SELECT is(pg_temp.run('t_signup', $$SELECT ops.create_tenant('t_signed')$$), '', 'a provisioner creates a tenant');
SELECT is(pg_temp.run('t_signup', $$SELECT ops.grant_tenant('t_signed', 't_alice')$$), '', 'and a membership in it');
SELECT matches(pg_temp.run('t_signup', $$SELECT ops.grant_tenant('system', 't_signup', 'admin')$$), '^42501 PERMISSION_DENIED', 'but none in system');
SELECT matches(pg_temp.run('t_signup', $$SELECT ops.drop_tenant('t_signed')$$), '^42501', 'and drops nothing');

-- ---- default, all tenants ----
SELECT is(pg_temp.run('t_alice', $$SELECT tenant FROM ops.my_access WHERE is_default$$), 't_acme', 'the first tenant stays the default');
SELECT is(pg_temp.run('t_alice', $$SELECT ops.set_default_tenant('t_alice', 't_signed')$$), '', 'a member chooses another default');
SELECT is(pg_temp.run('t_alice', $$SELECT tenant FROM ops.my_access WHERE is_default$$), 't_signed', 'which then counts');
SELECT ops.revoke_tenant('t_signed', 't_alice') \g /dev/null
SELECT is(pg_temp.run('t_alice', $$SELECT string_agg(tenant || is_default, ',') FROM ops.my_access$$), 't_acmetrue',
          'after its revocation the default is the first one again');
SELECT ops.grant_all_tenants('t_app') \g /dev/null
SELECT is(pg_temp.run('t_app', $$SELECT bool_and(tenant <> 'system') AND count(*) >= 4 FROM ops.my_access$$), 'true',
          'all tenants are all but system');
SELECT matches(pg_temp.run('t_app', $$SELECT ops._enter('user')$$), '^42501 permission denied', 'internals are not for callers');
SELECT is(pg_temp.run('t_app', $$SELECT ops.set_default_tenant('t_app', 't_globex')$$), '', 'one of all may be the default');
SELECT is(pg_temp.run('t_app', $$SELECT tenant FROM ops.my_access WHERE is_default$$), 't_globex', 'and counts');
SELECT ops.revoke_tenant('*', 't_app') \g /dev/null
SELECT is(pg_temp.run('t_app', $$SELECT count(*) FROM ops.my_access$$), '0', 'a default alone gives no access');

-- ---- dropped tenants ----
SELECT ops.drop_tenant('t_new') \g /dev/null
SELECT is(pg_temp.run('t_boss', $$SELECT string_agg(tenant, ',') FROM ops.my_access$$), 't_globex', 'a dropped tenant is closed to its members');
SELECT matches(pg_temp.run('t_boss', $$SELECT ops.set_tenant('t_new')$$), '^42501 TENANT_MISMATCH', 'and cannot be set');
SELECT throws_like($$SELECT ops.create_tenant('t_new')$$, '%was dropped and its name is not used again', 'its name is not used again');
SELECT ops.restore_tenant('t_new') \g /dev/null
SELECT is(pg_temp.run('t_boss', $$SELECT string_agg(tenant, ',') FROM ops.my_access$$), 't_globex,t_new', 'restored it has its members');

-- ---- a role that is not the role it was ----
ALTER ROLE t_bob RENAME TO t_bobby;
SELECT is(pg_temp.run('t_bobby', $$SELECT count(*) FROM ops.my_access$$), '0', 'a renamed role loses its memberships');
SELECT is((SELECT is_valid FROM ops.tenant_members WHERE member = 't_bob'), false, 'and the view says so');
ALTER ROLE t_bobby RENAME TO t_bob;
DROP ROLE t_bob;
CREATE ROLE t_heir LOGIN IN ROLE ops_user;
-- As if the server had used the OID again.
UPDATE ops.membership_store SET member_role = 't_heir'::regrole WHERE member_name = 't_bob';
SELECT ops._tenancy_changed() \g /dev/null
SELECT is(pg_temp.run('t_heir', $$SELECT count(*) FROM ops.my_access$$), '0', 'a new role with the OID of a dropped one inherits nothing');
SELECT ops.grant_tenant('t_globex', 't_heir') \g /dev/null
SELECT is(pg_temp.run('t_heir', $$SELECT string_agg(tenant || access, ',') FROM ops.my_access$$), 't_globexuser', 'and gets what it is granted, no more');

SELECT * FROM finish();
ROLLBACK;
