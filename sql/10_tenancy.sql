-- sql layer: tenants, memberships, and the functions by which identity and tenant enter SQL.
--
-- Vocabulary: a tenant is the text form of the application's own key; a membership gives a role (a login or
-- a group) an access in one tenant, or in all of them ("*", never `system`). The weaker of the role's level
-- (ops_user, ops_operator, ops_admin) and the membership's access counts. Superusers are admins everywhere.
-- Invariants: only the C functions set pg_ops.tenant; the definer functions below run as ops_owner, which row
-- security binds too, so each can only write the tenant that ops._enter_tenant() has checked. Whoever writes
-- these tables calls ops._tenancy_changed(): every backend caches what it read.

-- ---- the current tenant -----------------------------------------------------------------------------------

CREATE FUNCTION ops.current_tenant() RETURNS text
  LANGUAGE c STABLE PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'pgops_current_tenant';
COMMENT ON FUNCTION ops.current_tenant() IS
  'the tenant of this transaction, or NULL; policies read it as (SELECT ops.current_tenant())';
-- The one function of pg_ops that everybody may call: policies run it with the querying role's rights.
GRANT EXECUTE ON FUNCTION ops.current_tenant() TO PUBLIC;

CREATE FUNCTION ops.set_tenant(tenant text) RETURNS void
  LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pgops_set_tenant';
COMMENT ON FUNCTION ops.set_tenant(text) IS 'works in a tenant of the caller until the transaction ends';
REVOKE ALL ON FUNCTION ops.set_tenant(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.set_tenant(text) TO ops_user;

-- ---- internal: identity for definer functions, policies and views -----------------------------------------

CREATE FUNCTION ops._enter(access text) RETURNS text
  LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pgops_enter';
COMMENT ON FUNCTION ops._enter(text) IS
  'internal, first statement of a definer function: checks the caller''s access and puts the tenant in force until it returns';
REVOKE ALL ON FUNCTION ops._enter(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._enter(text) TO ops_owner;

CREATE FUNCTION ops._enter_tenant(tenant text, purpose text) RETURNS text
  LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pgops_enter_tenant';
COMMENT ON FUNCTION ops._enter_tenant(text, text) IS
  'internal: as ops._enter, for administration of the tenant named (create, grant, manage, installation); returns the caller''s name';
REVOKE ALL ON FUNCTION ops._enter_tenant(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._enter_tenant(text, text) TO ops_owner;

CREATE FUNCTION ops._caller() RETURNS oid
  LANGUAGE c STABLE PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'pgops_caller';
COMMENT ON FUNCTION ops._caller() IS 'internal: the role that asks, whatever SECURITY DEFINER function is running';
REVOKE ALL ON FUNCTION ops._caller() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._caller() TO ops_owner, ops_user, ops_monitor, ops_provisioner;

CREATE FUNCTION ops._my_tenants(purpose text) RETURNS text[]
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pgops_my_tenants';
COMMENT ON FUNCTION ops._my_tenants(text) IS
  'internal, for policies and views: the tenants whose rows the caller sees for a purpose (user, operator, admin, monitor, tenancy); the current tenant only if one is set';
REVOKE ALL ON FUNCTION ops._my_tenants(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._my_tenants(text) TO ops_owner, ops_user, ops_monitor, ops_provisioner;

CREATE FUNCTION ops._my_roles() RETURNS oid[]
  LANGUAGE c STABLE PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pgops_my_roles';
COMMENT ON FUNCTION ops._my_roles() IS 'internal: the caller and the roles whose privileges it has';
REVOKE ALL ON FUNCTION ops._my_roles() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._my_roles() TO ops_owner, ops_user, ops_monitor, ops_provisioner;

CREATE FUNCTION ops._my_access() RETURNS TABLE (tenant text, access text, is_default boolean, via name)
  LANGUAGE c STABLE PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pgops_my_access';
COMMENT ON FUNCTION ops._my_access() IS 'internal: what view ops.my_access shows';
REVOKE ALL ON FUNCTION ops._my_access() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._my_access() TO ops_owner, ops_user, ops_provisioner, ops_monitor;

CREATE FUNCTION ops._is_default(member oid, member_name name, tenant text) RETURNS boolean
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pgops_is_default';
COMMENT ON FUNCTION ops._is_default(oid, name, text) IS
  'internal: whether the tenant is the member''s default; NULL to those who may not know';
REVOKE ALL ON FUNCTION ops._is_default(oid, name, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._is_default(oid, name, text) TO ops_owner, ops_user;

CREATE FUNCTION ops._tenancy_changed() RETURNS void
  LANGUAGE c VOLATILE PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pgops_tenancy_changed';
COMMENT ON FUNCTION ops._tenancy_changed() IS 'internal: every backend reads the tenancy tables again when this transaction commits';
REVOKE ALL ON FUNCTION ops._tenancy_changed() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._tenancy_changed() TO ops_owner;

-- ---- tables -----------------------------------------------------------------------------------------------
-- extension/pg/identity.cpp reads both by column number: new columns go to the end.

CREATE TABLE ops.tenant_store (
  tenant_id text NOT NULL,
  title text,
  created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  created_by name NOT NULL,
  dropped_at timestamptz,
  dropped_by name,
  CONSTRAINT tenant_store_pkey PRIMARY KEY (tenant_id),
  CONSTRAINT tenant_store_name_check CHECK (tenant_id ~ '^[A-Za-z0-9_-]{1,63}$'),
  CONSTRAINT tenant_store_system_check CHECK (tenant_id <> 'system' OR dropped_at IS NULL),
  CONSTRAINT tenant_store_dropped_check CHECK ((dropped_at IS NULL) = (dropped_by IS NULL))
);
COMMENT ON TABLE ops.tenant_store IS 'tenants; dropping one only marks it';
COMMENT ON COLUMN ops.tenant_store.tenant_id IS 'the text form of the application''s own key';
COMMENT ON COLUMN ops.tenant_store.title IS 'a name for people';
COMMENT ON COLUMN ops.tenant_store.created_at IS 'when it was created';
COMMENT ON COLUMN ops.tenant_store.created_by IS 'the role that created it';
COMMENT ON COLUMN ops.tenant_store.dropped_at IS 'since when nobody may enter it';
COMMENT ON COLUMN ops.tenant_store.dropped_by IS 'the role that dropped it';

CREATE TABLE ops.membership_store (
  tenant_id text NOT NULL,
  member_role oid NOT NULL,
  member_name name NOT NULL,
  access text,
  default_since timestamptz,
  granted_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  granted_by name NOT NULL,
  CONSTRAINT membership_store_pkey PRIMARY KEY (tenant_id, member_role),
  CONSTRAINT membership_store_tenant_check CHECK (tenant_id = '*' OR tenant_id ~ '^[A-Za-z0-9_-]{1,63}$'),
  CONSTRAINT membership_store_access_check CHECK (access IN ('user', 'operator', 'admin')),
  CONSTRAINT membership_store_use_check CHECK (access IS NOT NULL OR default_since IS NOT NULL),
  CONSTRAINT membership_store_all_check CHECK (tenant_id <> '*' OR (access IS NOT NULL AND default_since IS NULL))
);
CREATE INDEX membership_store_member_idx ON ops.membership_store (member_role);
COMMENT ON TABLE ops.membership_store IS 'which role has which access in which tenant';
COMMENT ON INDEX ops.membership_store_member_idx IS 'the memberships of a role';
COMMENT ON COLUMN ops.membership_store.tenant_id IS 'a tenant, or * for all of them but system';
COMMENT ON COLUMN ops.membership_store.member_role IS 'OID of the member, a login or a group';
COMMENT ON COLUMN ops.membership_store.member_name IS
  'its name when it was granted: the row counts only while OID and name belong together, since OIDs of dropped roles are used again';
COMMENT ON COLUMN ops.membership_store.access IS 'user, operator or admin; NULL when only the default is recorded here';
COMMENT ON COLUMN ops.membership_store.default_since IS
  'when this tenant was made the member''s default; the latest counts, without any the tenant granted first';
COMMENT ON COLUMN ops.membership_store.granted_at IS 'when it was granted';
COMMENT ON COLUMN ops.membership_store.granted_by IS 'the role that granted it';

INSERT INTO ops.tenant_store (tenant_id, title, created_by)
  VALUES ('system', 'The database server itself', CURRENT_USER);

-- Kept by pg_dump; a restore into another cluster needs its memberships granted again, as OIDs differ there.
SELECT pg_catalog.pg_extension_config_dump('ops.tenant_store', 'WHERE tenant_id <> ''system''');
SELECT pg_catalog.pg_extension_config_dump('ops.membership_store', '');

ALTER TABLE ops.tenant_store OWNER TO ops_owner;
ALTER TABLE ops.membership_store OWNER TO ops_owner;
REVOKE ALL ON TABLE ops.tenant_store, ops.membership_store FROM PUBLIC;
ALTER TABLE ops.tenant_store ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE ops.membership_store ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- Writing: the tenant that was entered. Reading: what the asking role may know.
CREATE POLICY tenant_store_administer ON ops.tenant_store TO ops_owner
  USING (tenant_id = (SELECT ops.current_tenant()))
  WITH CHECK (tenant_id = (SELECT ops.current_tenant()));
COMMENT ON POLICY tenant_store_administer ON ops.tenant_store IS 'definer functions work on the tenant they entered';
CREATE POLICY tenant_store_read ON ops.tenant_store FOR SELECT TO ops_owner
  USING (tenant_id = ANY ((SELECT ops._my_tenants('user'))::text[])
         OR tenant_id = ANY ((SELECT ops._my_tenants('tenancy'))::text[]));
COMMENT ON POLICY tenant_store_read ON ops.tenant_store IS 'members see their tenants, administrators those they administer';

CREATE POLICY membership_store_administer ON ops.membership_store TO ops_owner
  USING (tenant_id = (SELECT ops.current_tenant()))
  WITH CHECK (tenant_id = (SELECT ops.current_tenant()));
COMMENT ON POLICY membership_store_administer ON ops.membership_store IS 'definer functions work on the tenant they entered';
CREATE POLICY membership_store_read ON ops.membership_store FOR SELECT TO ops_owner
  USING (member_role = ANY ((SELECT ops._my_roles())::oid[])
         OR tenant_id = ANY ((SELECT ops._my_tenants('tenancy'))::text[]));
COMMENT ON POLICY membership_store_read ON ops.membership_store IS 'everybody sees their own memberships, administrators all of their tenants''';

-- ---- views ------------------------------------------------------------------------------------------------
-- The filters repeat the policies: a view must not show what a definer function may touch.

CREATE VIEW ops.tenants WITH (security_barrier) AS
  SELECT t.tenant_id AS tenant, t.title, t.created_at, t.created_by, t.dropped_at, t.dropped_by
    FROM ops.tenant_store t
   WHERE t.tenant_id = ANY ((SELECT ops._my_tenants('user'))::text[])
      OR t.tenant_id = ANY ((SELECT ops._my_tenants('tenancy'))::text[]);
COMMENT ON VIEW ops.tenants IS 'the caller''s tenants (the current one if one is set); dropped ones for administrators of the installation';
ALTER VIEW ops.tenants OWNER TO ops_owner;
REVOKE ALL ON TABLE ops.tenants FROM PUBLIC;
GRANT SELECT ON TABLE ops.tenants TO ops_user;

CREATE VIEW ops.my_access WITH (security_barrier) AS
  SELECT a.tenant, a.access, a.is_default, a.via FROM ops._my_access() a
   WHERE a.tenant = (SELECT ops.current_tenant()) OR (SELECT ops.current_tenant()) IS NULL;
COMMENT ON VIEW ops.my_access IS 'the caller''s tenants (the current one if one is set), the access that counts there, the default, and the role it comes by';
ALTER VIEW ops.my_access OWNER TO ops_owner;
REVOKE ALL ON TABLE ops.my_access FROM PUBLIC;
GRANT SELECT ON TABLE ops.my_access TO ops_user, ops_provisioner, ops_monitor;

CREATE VIEW ops.tenant_members WITH (security_barrier) AS
  SELECT m.tenant_id AS tenant, m.member_name AS member, m.access,
         COALESCE(ops._is_default(m.member_role, m.member_name, m.tenant_id), false) AS is_default,
         EXISTS (SELECT 1 FROM pg_catalog.pg_roles r
                  WHERE r.oid = m.member_role AND r.rolname = m.member_name) AS is_valid,
         m.granted_at, m.granted_by
    FROM ops.membership_store m
   WHERE m.tenant_id = ANY ((SELECT ops._my_tenants('tenancy'))::text[])
      OR (m.member_role = ANY ((SELECT ops._my_roles())::oid[])
          AND (m.tenant_id = (SELECT ops.current_tenant()) OR (SELECT ops.current_tenant()) IS NULL));
COMMENT ON VIEW ops.tenant_members IS
  'memberships of the tenants the caller administers, and the caller''s own; is_valid is false where the role was dropped or renamed';
ALTER VIEW ops.tenant_members OWNER TO ops_owner;
REVOKE ALL ON TABLE ops.tenant_members FROM PUBLIC;
GRANT SELECT ON TABLE ops.tenant_members TO ops_user;
