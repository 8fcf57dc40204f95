-- sql layer: what administrators do with tenants and memberships.
--
-- Each function is SECURITY DEFINER as ops_owner and begins with ops._enter_tenant(), which checks the
-- asking role (never the definer) and puts the tenant in force, so row security admits that tenant only.
-- The rule of who may: create - ops_admin or ops_provisioner; grant - also ops_provisioner, except `system`
-- and all tenants; the rest - ops_admin with access admin in that tenant, or in `system`, or a superuser.

CREATE FUNCTION ops.create_tenant(tenant text, title text DEFAULT NULL) RETURNS void
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_caller name;
  v_caller_oid oid := ops._caller();
  v_dropped_at timestamptz;
BEGIN
  IF tenant IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'tenant must not be null';
  END IF;
  IF tenant !~ '^[A-Za-z0-9_-]{1,63}$' THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'a tenant''s name has 1 to 63 letters, digits, - and _',
      HINT = 'Use the text form of the application''s own key, for example a number or a uuid in lower case.';
  END IF;
  v_caller := ops._enter_tenant(tenant, 'create');
  INSERT INTO ops.tenant_store (tenant_id, title, created_by)
    VALUES (create_tenant.tenant, create_tenant.title, v_caller)
    ON CONFLICT ON CONSTRAINT tenant_store_pkey DO NOTHING;
  IF NOT FOUND THEN
    SELECT s.dropped_at INTO v_dropped_at FROM ops.tenant_store s WHERE s.tenant_id = create_tenant.tenant;
    IF v_dropped_at IS NULL THEN
      RAISE EXCEPTION USING ERRCODE = '42710', MESSAGE = pg_catalog.format('tenant "%s" already exists', tenant);
    END IF;
    RAISE EXCEPTION USING ERRCODE = '42710',
      MESSAGE = pg_catalog.format('tenant "%s" was dropped and its name is not used again', tenant),
      DETAIL = 'Rows and traces of the dropped tenant may still exist under that name.',
      HINT = pg_catalog.format('To have it back: SELECT ops.restore_tenant(%L);', tenant);
  END IF;
  -- Whoever is neither admin there already (a superuser) nor signs up others created it to work in it.
  IF NOT pg_catalog.pg_has_role(v_caller_oid, 'ops_provisioner', 'USAGE')
     AND NOT EXISTS (SELECT 1 FROM ops._my_access() a WHERE a.access = 'admin' AND a.tenant = create_tenant.tenant) THEN
    INSERT INTO ops.membership_store (tenant_id, member_role, member_name, access, granted_by)
      VALUES (create_tenant.tenant, v_caller_oid, v_caller, 'admin', v_caller);
  END IF;
  PERFORM ops._tenancy_changed();
  PERFORM ops._audit(tenant, 'create_tenant', 'tenant', tenant, pg_catalog.jsonb_build_object('title', title));
END
$body$;
COMMENT ON FUNCTION ops.create_tenant(text, text) IS
  'creates a tenant; an ops_admin who creates it becomes its first admin';
ALTER FUNCTION ops.create_tenant(text, text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.create_tenant(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.create_tenant(text, text) TO ops_admin, ops_provisioner;

CREATE FUNCTION ops.drop_tenant(tenant text) RETURNS void
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_caller name;
  v_now timestamptz := pg_catalog.clock_timestamp();
BEGIN
  IF tenant IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'tenant must not be null';
  END IF;
  v_caller := ops._enter_tenant(tenant, 'manage');
  IF tenant = 'system' THEN
    RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = 'tenant "system" always exists and cannot be dropped';
  END IF;
  UPDATE ops.tenant_store s
     SET dropped_at = v_now, dropped_by = v_caller
   WHERE s.tenant_id = drop_tenant.tenant AND s.dropped_at IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = pg_catalog.format('tenant "%s" is dropped already', tenant);
  END IF;
  PERFORM ops._tenancy_changed();
  PERFORM ops._audit(tenant, 'drop_tenant', 'tenant', tenant);
END
$body$;
COMMENT ON FUNCTION ops.drop_tenant(text) IS 'closes a tenant: nobody may enter it, nothing is deleted';
ALTER FUNCTION ops.drop_tenant(text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.drop_tenant(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.drop_tenant(text) TO ops_admin;

CREATE FUNCTION ops.restore_tenant(tenant text) RETURNS void
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  IF tenant IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'tenant must not be null';
  END IF;
  PERFORM ops._enter_tenant(tenant, 'manage');
  UPDATE ops.tenant_store s
     SET dropped_at = NULL, dropped_by = NULL
   WHERE s.tenant_id = restore_tenant.tenant AND s.dropped_at IS NOT NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = pg_catalog.format('tenant "%s" is not dropped', tenant);
  END IF;
  PERFORM ops._tenancy_changed();
  PERFORM ops._audit(tenant, 'restore_tenant', 'tenant', tenant);
END
$body$;
COMMENT ON FUNCTION ops.restore_tenant(text) IS 'opens a dropped tenant again, with the memberships it had';
ALTER FUNCTION ops.restore_tenant(text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.restore_tenant(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.restore_tenant(text) TO ops_admin;

-- The shared part of granting, for one tenant and for all ("*").
CREATE FUNCTION ops._grant_membership(tenant text, member regrole, access text) RETURNS void
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_caller name;
  v_member_name name;
BEGIN
  IF tenant IS NULL OR member IS NULL OR access IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = pg_catalog.format('%s must not be null',
      CASE WHEN tenant IS NULL THEN 'tenant' WHEN member IS NULL THEN 'member' ELSE 'access' END);
  END IF;
  IF access NOT IN ('user', 'operator', 'admin') THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = pg_catalog.format('access must be user, operator or admin, not "%s"', access);
  END IF;
  v_caller := ops._enter_tenant(tenant, 'grant');
  SELECT r.rolname INTO v_member_name FROM pg_catalog.pg_roles r WHERE r.oid = member::oid;
  IF v_member_name IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '42704', MESSAGE = pg_catalog.format('there is no role with OID %s', member::oid);
  END IF;
  INSERT INTO ops.membership_store AS s (tenant_id, member_role, member_name, access, granted_by)
    VALUES (_grant_membership.tenant, member::oid, v_member_name, _grant_membership.access, v_caller)
    ON CONFLICT ON CONSTRAINT membership_store_pkey DO UPDATE
      SET access = excluded.access, member_name = excluded.member_name, granted_by = excluded.granted_by,
          granted_at = CASE WHEN s.member_name = excluded.member_name THEN s.granted_at ELSE excluded.granted_at END,
          default_since = CASE WHEN s.member_name = excluded.member_name THEN s.default_since END
      WHERE s.tenant_id = excluded.tenant_id;
  PERFORM ops._tenancy_changed();
  -- What holds for all tenants concerns the installation.
  PERFORM ops._audit(CASE WHEN tenant = '*' THEN 'system' ELSE tenant END,
                     CASE WHEN tenant = '*' THEN 'grant_all_tenants' ELSE 'grant_tenant' END,
                     'membership', v_member_name::text, pg_catalog.jsonb_build_object('access', access));
END
$body$;
COMMENT ON FUNCTION ops._grant_membership(text, regrole, text) IS 'internal: grants or changes a membership; a row left by a role that is gone is taken over';
ALTER FUNCTION ops._grant_membership(text, regrole, text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._grant_membership(text, regrole, text) FROM PUBLIC;

CREATE FUNCTION ops.grant_tenant(tenant text, member regrole, access text DEFAULT 'user') RETURNS void
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  IF tenant = '*' THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = '"*" is not a tenant',
      HINT = 'For all tenants use ops.grant_all_tenants().';
  END IF;
  PERFORM ops._grant_membership(tenant, member, access);
END
$body$;
COMMENT ON FUNCTION ops.grant_tenant(text, regrole, text) IS
  'gives a role access user, operator or admin in a tenant; the weaker of the role''s level and this counts; the first tenant becomes the default';
ALTER FUNCTION ops.grant_tenant(text, regrole, text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.grant_tenant(text, regrole, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.grant_tenant(text, regrole, text) TO ops_admin, ops_provisioner;

CREATE FUNCTION ops.grant_all_tenants(member regrole, access text DEFAULT 'user') RETURNS void
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  PERFORM ops._grant_membership('*', member, access);
END
$body$;
COMMENT ON FUNCTION ops.grant_all_tenants(regrole, text) IS
  'gives a role access in every tenant but system, present and future: for an application that serves many tenants over one login';
ALTER FUNCTION ops.grant_all_tenants(regrole, text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.grant_all_tenants(regrole, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.grant_all_tenants(regrole, text) TO ops_admin;

CREATE FUNCTION ops.revoke_tenant(tenant text, member regrole) RETURNS void
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  IF tenant IS NULL OR member IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004',
      MESSAGE = pg_catalog.format('%s must not be null', CASE WHEN tenant IS NULL THEN 'tenant' ELSE 'member' END);
  END IF;
  PERFORM ops._enter_tenant(tenant, 'manage');
  DELETE FROM ops.membership_store s
   WHERE s.tenant_id = revoke_tenant.tenant AND s.member_role = revoke_tenant.member::oid;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '42704',
      MESSAGE = pg_catalog.format('role %s has no membership of its own in tenant "%s"', member, tenant),
      HINT = 'It may have one through a group or for all tenants ("*"): see views ops.tenant_members and ops.my_access.';
  END IF;
  PERFORM ops._tenancy_changed();
  PERFORM ops._audit(CASE WHEN tenant = '*' THEN 'system' ELSE tenant END, 'revoke_tenant', 'membership',
                     COALESCE((SELECT r.rolname FROM pg_catalog.pg_roles r WHERE r.oid = member::oid)::text, member::oid::text),
                     CASE WHEN tenant = '*' THEN '{"all_tenants": true}'::jsonb END);
END
$body$;
COMMENT ON FUNCTION ops.revoke_tenant(text, regrole) IS
  'takes a membership away, from the next request on; tenant * undoes ops.grant_all_tenants()';
ALTER FUNCTION ops.revoke_tenant(text, regrole) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.revoke_tenant(text, regrole) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.revoke_tenant(text, regrole) TO ops_admin;

CREATE FUNCTION ops._enter_own_default(member regrole, tenant text) RETURNS text
  LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pgops_enter_own_default';
COMMENT ON FUNCTION ops._enter_own_default(regrole, text) IS
  'internal: for set_default_tenant; the caller is the member or administers the tenant, and the member may enter it';
REVOKE ALL ON FUNCTION ops._enter_own_default(regrole, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._enter_own_default(regrole, text) TO ops_owner;

CREATE FUNCTION ops.set_default_tenant(member regrole, tenant text) RETURNS void
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_caller name;
BEGIN
  IF member IS NULL OR tenant IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004',
      MESSAGE = pg_catalog.format('%s must not be null', CASE WHEN member IS NULL THEN 'member' ELSE 'tenant' END);
  END IF;
  v_caller := ops._enter_own_default(member, tenant);
  INSERT INTO ops.membership_store AS s (tenant_id, member_role, member_name, default_since, granted_by)
    SELECT set_default_tenant.tenant, r.oid, r.rolname, pg_catalog.clock_timestamp(), v_caller
      FROM pg_catalog.pg_roles r
     WHERE r.oid = member::oid
    ON CONFLICT ON CONSTRAINT membership_store_pkey DO UPDATE
      SET default_since = excluded.default_since,
          -- A row left by a role that is gone gives its successor nothing.
          access = CASE WHEN s.member_name = excluded.member_name THEN s.access END,
          member_name = excluded.member_name
      WHERE s.tenant_id = excluded.tenant_id;
  PERFORM ops._tenancy_changed();
  PERFORM ops._audit(tenant, 'set_default_tenant', 'membership', pg_catalog.pg_get_userbyid(member::oid)::text);
END
$body$;
COMMENT ON FUNCTION ops.set_default_tenant(regrole, text) IS
  'the tenant that counts where neither an option nor ops.set_tenant() names one; the member itself or an admin of the tenant';
ALTER FUNCTION ops.set_default_tenant(regrole, text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.set_default_tenant(regrole, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.set_default_tenant(regrole, text) TO ops_user;
