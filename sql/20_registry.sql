-- sql layer: assets (tools, policies) and their versions: tables, row security, what C++ judges, audit.
--
-- Vocabulary: an asset is a name of a kind in a tenant; each put makes a new version, a draft; publishing
-- makes one version the current one. A version's spec and digest never change: ops_owner itself has no right
-- to update them. Assets of tenant `system` whose published spec says "shared": true are readable from
-- every tenant; `shared` is kept beside the spec because a policy cannot look into another table.
-- Invariants: every writer enters its tenant first (ops._enter), says tenant_id in every statement, writes
-- one audit row, and calls ops._registry_changed() after the write, which reaches all backends at commit.

-- ---- judged in C++ ----------------------------------------------------------------------------------------

CREATE FUNCTION ops._registry_changed() RETURNS void
  LANGUAGE c VOLATILE PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pgops_registry_changed';
COMMENT ON FUNCTION ops._registry_changed() IS 'internal: every backend reads the assets again when this transaction commits';
REVOKE ALL ON FUNCTION ops._registry_changed() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._registry_changed() TO ops_owner;

CREATE FUNCTION ops._asset_report(tenant text, kind text, name text, spec jsonb, level text) RETURNS jsonb
  LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pgops_asset_report';
COMMENT ON FUNCTION ops._asset_report(text, text, text, jsonb, text) IS
  'internal: what is wrong with a spec, the spec completed by a derived input schema, its digest and title; level shape, draft or full';
REVOKE ALL ON FUNCTION ops._asset_report(text, text, text, jsonb, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._asset_report(text, text, text, jsonb, text) TO ops_owner;

CREATE FUNCTION ops._not_enforced(spec jsonb) RETURNS text
  LANGUAGE c STABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'pgops_not_enforced';
COMMENT ON FUNCTION ops._not_enforced(jsonb) IS 'internal: the fields of a policy that have no effect in this version; NULL when there is none';
REVOKE ALL ON FUNCTION ops._not_enforced(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._not_enforced(jsonb) TO ops_owner;

CREATE FUNCTION ops._json_diff(a jsonb, b jsonb) RETURNS TABLE (path text, old jsonb, new jsonb)
  LANGUAGE c STABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'pgops_json_diff';
COMMENT ON FUNCTION ops._json_diff(jsonb, jsonb) IS 'internal: the places at which two documents differ';
REVOKE ALL ON FUNCTION ops._json_diff(jsonb, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._json_diff(jsonb, jsonb) TO ops_owner;

-- ---- tables -----------------------------------------------------------------------------------------------

CREATE TABLE ops.asset_store (
  tenant_id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  current_version integer,
  latest_version integer NOT NULL,
  shared boolean NOT NULL DEFAULT false,
  shipped boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  created_by name NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  updated_by name NOT NULL,
  deleted_at timestamptz,
  deleted_by name,
  CONSTRAINT asset_store_pkey PRIMARY KEY (tenant_id, kind, name),
  CONSTRAINT asset_store_kind_check CHECK (kind IN
    ('tool', 'prompt', 'policy', 'mapping', 'query', 'source', 'resolver', 'screen', 'model', 'playbook')),
  CONSTRAINT asset_store_name_check CHECK (name ~ '^[a-z][a-z0-9_]{0,62}$'),
  CONSTRAINT asset_store_version_check CHECK (latest_version >= 0 AND current_version BETWEEN 1 AND latest_version),
  CONSTRAINT asset_store_deleted_check CHECK ((deleted_at IS NULL) = (deleted_by IS NULL))
);
COMMENT ON TABLE ops.asset_store IS 'assets: which version is in force; read through ops.assets';
COMMENT ON COLUMN ops.asset_store.tenant_id IS 'whose asset it is';
COMMENT ON COLUMN ops.asset_store.kind IS 'tool, policy, ...';
COMMENT ON COLUMN ops.asset_store.name IS 'unique in its tenant and kind';
COMMENT ON COLUMN ops.asset_store.current_version IS 'the published version; NULL: only drafts';
COMMENT ON COLUMN ops.asset_store.latest_version IS 'the number of the newest version';
COMMENT ON COLUMN ops.asset_store.shared IS 'the published version is usable from every tenant (tenant system only)';
COMMENT ON COLUMN ops.asset_store.shipped IS 'came with the extension';
COMMENT ON COLUMN ops.asset_store.created_at IS 'when the name was first used';
COMMENT ON COLUMN ops.asset_store.created_by IS 'the role that did';
COMMENT ON COLUMN ops.asset_store.updated_at IS 'when it last changed';
COMMENT ON COLUMN ops.asset_store.updated_by IS 'the role that changed it';
COMMENT ON COLUMN ops.asset_store.deleted_at IS 'since when it is not in force; its versions stay';
COMMENT ON COLUMN ops.asset_store.deleted_by IS 'the role that deleted it';

CREATE TABLE ops.asset_version_store (
  tenant_id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  spec jsonb NOT NULL,
  digest text NOT NULL,
  title text,
  shared boolean NOT NULL,
  created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  created_by name NOT NULL,
  published_at timestamptz,
  published_by name,
  CONSTRAINT asset_version_store_pkey PRIMARY KEY (tenant_id, kind, name, version),
  CONSTRAINT asset_version_store_asset_fkey FOREIGN KEY (tenant_id, kind, name)
    REFERENCES ops.asset_store (tenant_id, kind, name),
  CONSTRAINT asset_version_store_version_check CHECK (version >= 1),
  CONSTRAINT asset_version_store_spec_check CHECK (pg_catalog.jsonb_typeof(spec) = 'object'),
  CONSTRAINT asset_version_store_digest_check CHECK (digest ~ '^sha256:[0-9a-f]{64}$'),
  CONSTRAINT asset_version_store_published_check CHECK ((published_at IS NULL) = (published_by IS NULL))
);
COMMENT ON TABLE ops.asset_version_store IS 'versions of assets, never changed once written; read through ops.asset_versions';
COMMENT ON COLUMN ops.asset_version_store.tenant_id IS 'whose asset it is';
COMMENT ON COLUMN ops.asset_version_store.kind IS 'of the asset';
COMMENT ON COLUMN ops.asset_version_store.name IS 'of the asset';
COMMENT ON COLUMN ops.asset_version_store.version IS '1, 2, 3, ... within the asset';
COMMENT ON COLUMN ops.asset_version_store.spec IS 'what was put, completed by a derived input_schema';
COMMENT ON COLUMN ops.asset_version_store.digest IS 'SHA-256 over the canonical form of spec';
COMMENT ON COLUMN ops.asset_version_store.title IS 'for people: the spec''s title, else its description''s first sentence';
COMMENT ON COLUMN ops.asset_version_store.shared IS 'spec says "shared": true, in tenant system';
COMMENT ON COLUMN ops.asset_version_store.created_at IS 'when it was put';
COMMENT ON COLUMN ops.asset_version_store.created_by IS 'the role that put it';
COMMENT ON COLUMN ops.asset_version_store.published_at IS 'when it was last published; NULL: a draft';
COMMENT ON COLUMN ops.asset_version_store.published_by IS 'the role that published it';

-- What the extension ships comes with CREATE EXTENSION, not with a dump.
SELECT pg_catalog.pg_extension_config_dump('ops.asset_store', 'WHERE NOT shipped');
SELECT pg_catalog.pg_extension_config_dump('ops.asset_version_store', 'WHERE NOT (created_by = ''pg_ops'' AND tenant_id = ''system'')');

ALTER TABLE ops.asset_store OWNER TO ops_owner;
ALTER TABLE ops.asset_version_store OWNER TO ops_owner;
REVOKE ALL ON TABLE ops.asset_store, ops.asset_version_store FROM PUBLIC;
-- Immutable versions hold for our own functions too.
REVOKE UPDATE, DELETE, TRUNCATE ON TABLE ops.asset_version_store FROM ops_owner;
REVOKE DELETE, TRUNCATE ON TABLE ops.asset_store FROM ops_owner;
GRANT UPDATE (published_at, published_by) ON TABLE ops.asset_version_store TO ops_owner;

ALTER TABLE ops.asset_store ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE ops.asset_version_store ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY asset_store_work ON ops.asset_store TO ops_owner
  USING (tenant_id = (SELECT ops.current_tenant()))
  WITH CHECK (tenant_id = (SELECT ops.current_tenant()));
COMMENT ON POLICY asset_store_work ON ops.asset_store IS 'requests and definer functions work in the tenant they entered';
CREATE POLICY asset_store_shared ON ops.asset_store FOR SELECT TO ops_owner
  USING (tenant_id = 'system' AND shared);
COMMENT ON POLICY asset_store_shared ON ops.asset_store IS 'shared assets of tenant system are readable from every tenant';
CREATE POLICY asset_store_read ON ops.asset_store FOR SELECT TO ops_owner
  USING (tenant_id = ANY ((SELECT ops._my_tenants('user'))::text[]));
COMMENT ON POLICY asset_store_read ON ops.asset_store IS 'views show what the asking role may know';

CREATE POLICY asset_version_store_work ON ops.asset_version_store TO ops_owner
  USING (tenant_id = (SELECT ops.current_tenant()))
  WITH CHECK (tenant_id = (SELECT ops.current_tenant()));
COMMENT ON POLICY asset_version_store_work ON ops.asset_version_store IS 'requests and definer functions work in the tenant they entered';
CREATE POLICY asset_version_store_shared ON ops.asset_version_store FOR SELECT TO ops_owner
  USING (tenant_id = 'system' AND shared AND published_at IS NOT NULL);
COMMENT ON POLICY asset_version_store_shared ON ops.asset_version_store IS 'published versions of shared assets are readable from every tenant';
CREATE POLICY asset_version_store_read ON ops.asset_version_store FOR SELECT TO ops_owner
  USING (tenant_id = ANY ((SELECT ops._my_tenants('operator'))::text[])
         OR (published_at IS NOT NULL AND tenant_id = ANY ((SELECT ops._my_tenants('user'))::text[])));
COMMENT ON POLICY asset_version_store_read ON ops.asset_version_store IS 'views show drafts to operators only';

-- ---- views ------------------------------------------------------------------------------------------------
-- The tables compare names as bytes (C++ does); the views have the ordinary collation, or joining them with
-- other tables' columns would be a conflict of collations.
-- The filters repeat the policies. Shared assets of system are listed for everybody, under their own tenant.

CREATE VIEW ops.assets WITH (security_barrier) AS
  SELECT a.tenant_id COLLATE pg_catalog."default" AS tenant, a.kind COLLATE pg_catalog."default" AS kind, a.name COLLATE pg_catalog."default" AS name, v.version,
         CASE WHEN a.deleted_at IS NOT NULL THEN 'deleted'
              WHEN a.current_version IS NULL THEN 'draft' ELSE 'published' END AS status,
         v.title, a.updated_at, a.updated_by, a.deleted_at, v.digest
    FROM ops.asset_store a
    JOIN ops.asset_version_store v
      ON v.tenant_id = a.tenant_id AND v.kind = a.kind AND v.name = a.name
     AND v.version = COALESCE(a.current_version, a.latest_version)
   WHERE a.tenant_id = ANY ((SELECT ops._my_tenants('operator'))::text[])
      OR (a.deleted_at IS NULL AND a.current_version IS NOT NULL
          AND (a.tenant_id = ANY ((SELECT ops._my_tenants('user'))::text[])
               OR (a.tenant_id = 'system' AND a.shared)));
COMMENT ON VIEW ops.assets IS 'assets of the caller''s tenants and the shared ones of system; drafts and deleted ones for operators';
ALTER VIEW ops.assets OWNER TO ops_owner;
REVOKE ALL ON TABLE ops.assets FROM PUBLIC;
GRANT SELECT ON TABLE ops.assets TO ops_user;

CREATE VIEW ops.asset_versions WITH (security_barrier) AS
  SELECT v.tenant_id COLLATE pg_catalog."default" AS tenant, v.kind COLLATE pg_catalog."default" AS kind, v.name COLLATE pg_catalog."default" AS name, v.version,
         CASE WHEN v.version = a.current_version AND a.deleted_at IS NULL THEN 'current'
              WHEN v.published_at IS NULL THEN 'draft' ELSE 'superseded' END AS status,
         v.title, v.digest, v.created_at, v.created_by, v.published_at, v.published_by,
         CASE WHEN v.tenant_id = ANY ((SELECT ops._my_tenants('operator'))::text[])
                   OR (v.kind = 'policy' AND v.tenant_id = 'system' AND v.shared)
              THEN v.spec END AS spec
    FROM ops.asset_version_store v
    JOIN ops.asset_store a ON a.tenant_id = v.tenant_id AND a.kind = v.kind AND a.name = v.name
   WHERE v.tenant_id = ANY ((SELECT ops._my_tenants('operator'))::text[])
      OR (v.published_at IS NOT NULL AND a.deleted_at IS NULL
          AND (v.tenant_id = ANY ((SELECT ops._my_tenants('user'))::text[])
               OR (v.tenant_id = 'system' AND v.shared AND a.shared)));
COMMENT ON VIEW ops.asset_versions IS 'versions of assets; drafts and specs for operators of the tenant, specs of the shared policies for everybody';
ALTER VIEW ops.asset_versions OWNER TO ops_owner;
REVOKE ALL ON TABLE ops.asset_versions FROM PUBLIC;
GRANT SELECT ON TABLE ops.asset_versions TO ops_user;

CREATE VIEW ops.capabilities WITH (security_barrier) AS
  SELECT a.tenant_id COLLATE pg_catalog."default" AS tenant, a.name COLLATE pg_catalog."default" AS tool, c.capability, v.title,
         CASE WHEN pg_catalog.jsonb_typeof(v.spec -> 'examples') = 'array'
              THEN pg_catalog.jsonb_array_length(v.spec -> 'examples') ELSE 0 END AS examples,
         (NOT r.restricted OR r.is_member)
           AND EXISTS (SELECT 1 FROM ops.asset_store p
                        WHERE p.kind = 'policy' AND p.deleted_at IS NULL AND p.current_version IS NOT NULL
                          AND p.name = COALESCE(v.spec ->> 'policy', 'default_' || (v.spec ->> 'type'))
                          AND (p.tenant_id = a.tenant_id OR (p.tenant_id = 'system' AND p.shared))) AS callable
    FROM ops.asset_store a
    JOIN ops.asset_version_store v
      ON v.tenant_id = a.tenant_id AND v.kind = a.kind AND v.name = a.name AND v.version = a.current_version
    LEFT JOIN LATERAL pg_catalog.jsonb_array_elements_text(
           CASE WHEN pg_catalog.jsonb_typeof(v.spec -> 'capabilities') = 'array' THEN v.spec -> 'capabilities'
                ELSE '[]' END) AS c (capability) ON true
    CROSS JOIN LATERAL (
      SELECT pg_catalog.count(*) > 0 AS restricted,
             COALESCE(pg_catalog.bool_or(EXISTS (
               SELECT 1 FROM pg_catalog.pg_roles g
                WHERE g.rolname = n.role_name::pg_catalog.name
                  AND g.oid = ANY ((SELECT ops._my_roles())::oid[]))), false) AS is_member
        FROM pg_catalog.jsonb_array_elements_text(
               CASE WHEN pg_catalog.jsonb_typeof(v.spec -> 'roles') = 'array' THEN v.spec -> 'roles'
                    ELSE '[]' END) AS n (role_name)) AS r
   WHERE a.kind = 'tool' AND a.deleted_at IS NULL
     AND (a.tenant_id = ANY ((SELECT ops._my_tenants('user'))::text[])
          OR (a.tenant_id = 'system' AND a.shared));
COMMENT ON VIEW ops.capabilities IS 'what the published tools can do: one row for each capability of a tool, with the number of its example questions and whether the caller may call it';
ALTER VIEW ops.capabilities OWNER TO ops_owner;
REVOKE ALL ON TABLE ops.capabilities FROM PUBLIC;
GRANT SELECT ON TABLE ops.capabilities TO ops_user;

CREATE VIEW ops.asset_audit WITH (security_barrier) AS
  SELECT s.tenant_id COLLATE pg_catalog."default" AS tenant, s.at, s.actor, s.action, s.kind, s.name, s.version, s.old_digest, s.new_digest
    FROM ops.audit_store s
   WHERE s.kind IN ('tool', 'policy', 'model', 'resolver', 'playbook') AND s.outcome = 'done'
     AND s.tenant_id = ANY ((SELECT ops._my_tenants('operator'))::text[]);
COMMENT ON VIEW ops.asset_audit IS 'who put, published, rolled back, deleted and restored which asset; for operators';
ALTER VIEW ops.asset_audit OWNER TO ops_owner;
REVOKE ALL ON TABLE ops.asset_audit FROM PUBLIC;
GRANT SELECT ON TABLE ops.asset_audit TO ops_operator;
