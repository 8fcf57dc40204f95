-- sql layer: who depends on an asset, deleting and restoring, differences between versions.
--
-- Dependencies are read from the specs of the published and of the latest version of every asset of the
-- tenant: a draft that is about to be published counts as well. A policy of the tenant that hides a shared
-- one of the same name may go: the shared one takes its place.

CREATE FUNCTION ops._dependencies(tenant text, kind text, name text)
  RETURNS TABLE (dep_kind text, dep_name text, depth int, via text)
  LANGUAGE plpgsql STABLE PARALLEL UNSAFE
AS $body$
BEGIN
  RETURN QUERY
    WITH RECURSIVE specs (s_kind, s_name, s_spec) AS (
      SELECT v.kind, v.name, v.spec
        FROM ops.asset_store a
        JOIN ops.asset_version_store v ON v.tenant_id = a.tenant_id AND v.kind = a.kind AND v.name = a.name
         AND v.version IN (a.current_version, a.latest_version)
       WHERE a.tenant_id = _dependencies.tenant AND a.kind IN ('tool', 'model', 'playbook') AND a.deleted_at IS NULL
    ), edges (from_kind, from_name, to_kind, to_name, how) AS (
      SELECT s.s_kind, s.s_name, 'policy', COALESCE(s.s_spec ->> 'policy',
             CASE s.s_kind WHEN 'model' THEN 'default_sql' ELSE 'default_' || (s.s_spec ->> 'type') END), 'policy' FROM specs s
      UNION
      SELECT s.s_kind, s.s_name, 'model', l.link ->> 'model', 'link'
        FROM specs s
        CROSS JOIN LATERAL pg_catalog.jsonb_each(
          CASE WHEN pg_catalog.jsonb_typeof(s.s_spec -> 'links') = 'object' THEN s.s_spec -> 'links' ELSE '{}' END)
          AS l (link_name, link)
       WHERE s.s_kind = 'model' AND l.link ->> 'model' IS NOT NULL
      UNION
      SELECT s.s_kind, s.s_name, 'resolver', d.dimension ->> 'resolver', 'resolver'
        FROM specs s
        CROSS JOIN LATERAL pg_catalog.jsonb_each(
          CASE WHEN pg_catalog.jsonb_typeof(s.s_spec -> 'dimensions') = 'object' THEN s.s_spec -> 'dimensions' ELSE '{}' END)
          AS d (dimension_name, dimension)
       WHERE s.s_kind = 'model' AND d.dimension ->> 'resolver' <> ''
      UNION
      SELECT s.s_kind, s.s_name, 'tool', s.s_spec ->> 'fallback_tool', 'fallback_tool' FROM specs s
       WHERE s.s_kind = 'tool' AND s.s_spec ->> 'fallback_tool' <> ''
      UNION
      SELECT s.s_kind, s.s_name, 'tool', r.from_tool, 'accepts_refs'
        FROM specs s
        CROSS JOIN LATERAL pg_catalog.jsonb_array_elements_text(
          CASE WHEN pg_catalog.jsonb_typeof(s.s_spec -> 'accepts_refs') = 'array' THEN s.s_spec -> 'accepts_refs'
               ELSE '[]' END) AS r (from_tool)
      UNION
      SELECT s.s_kind, s.s_name, 'tool', c.call ->> 'tool', 'calls'
        FROM specs s
        CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(
          CASE WHEN pg_catalog.jsonb_typeof(s.s_spec -> 'calls') = 'array' THEN s.s_spec -> 'calls' ELSE '[]' END) AS c (call)
       WHERE s.s_kind = 'playbook'
    ), reached (r_kind, r_name, r_depth, r_via) AS (
      SELECT e.from_kind, e.from_name, 1, e.how FROM edges e
       WHERE e.to_kind = _dependencies.kind AND e.to_name = _dependencies.name
         AND NOT (e.to_kind = e.from_kind AND e.from_name = _dependencies.name)
      UNION
      SELECT e.from_kind, e.from_name, r.r_depth + 1, e.how
        FROM reached r JOIN edges e ON e.to_kind = r.r_kind AND e.to_name = r.r_name
       WHERE r.r_depth < 10 AND NOT (e.from_kind = _dependencies.kind AND e.from_name = _dependencies.name)
    )
    SELECT DISTINCT ON (r.r_kind, r.r_name) r.r_kind COLLATE pg_catalog."default", r.r_name COLLATE pg_catalog."default", r.r_depth, r.r_via
      FROM reached r
     ORDER BY r.r_kind, r.r_name, r.r_depth, r.r_via;
END
$body$;
COMMENT ON FUNCTION ops._dependencies(text, text, text) IS 'internal: the assets that need an asset, directly (depth 1) or through others';
ALTER FUNCTION ops._dependencies(text, text, text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._dependencies(text, text, text) FROM PUBLIC;

CREATE FUNCTION ops._asset_impact(p_kind text, p_name text)
  RETURNS TABLE (dep_kind text, dep_name text, depth int, via text)
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_tenant text;
BEGIN
  PERFORM ops._check_asset_arguments(p_kind, p_name);
  v_tenant := ops._enter('operator');
  RETURN QUERY SELECT d.dep_kind, d.dep_name, d.depth, d.via FROM ops._dependencies(v_tenant, p_kind, p_name) d
                ORDER BY d.depth, d.dep_kind, d.dep_name;
END
$body$;
COMMENT ON FUNCTION ops._asset_impact(text, text) IS 'internal: what ops.asset_impact() returns';
ALTER FUNCTION ops._asset_impact(text, text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._asset_impact(text, text) FROM PUBLIC;

-- In C because the result has columns of the parameters' names.
CREATE FUNCTION ops.asset_impact(kind text, name text) RETURNS TABLE (kind text, name text, depth int, via text)
  LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pgops_asset_impact';
COMMENT ON FUNCTION ops.asset_impact(text, text) IS
  'the assets of the tenant that need this one, directly (depth 1) or through others, and by what';
REVOKE ALL ON FUNCTION ops.asset_impact(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.asset_impact(text, text) TO ops_operator;

CREATE FUNCTION ops.delete_asset(kind text, name text) RETURNS void
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_tenant text;
  v_caller name;
  v_asset ops.asset_store;
  v_needed_by text;
  v_replaced boolean;
BEGIN
  PERFORM ops._check_asset_arguments(kind, name);
  v_tenant := ops._enter_registry(kind);
  v_caller := pg_catalog.pg_get_userbyid(ops._caller());
  v_asset := ops._lock_asset(v_tenant, kind, name);
  IF v_asset.deleted_at IS NOT NULL THEN
    PERFORM ops._no_such_asset(v_tenant, kind, name);
  END IF;
  IF v_asset.shipped THEN
    RAISE EXCEPTION USING ERRCODE = '55000',
      MESSAGE = pg_catalog.format('%s "%s" came with pg_ops and cannot be deleted', kind, name),
      HINT = CASE WHEN kind = 'policy'
        THEN 'A tenant''s own policy of the same name goes before it.'
        ELSE 'Publish a version with "deprecated": true to take it out of use.' END;
  END IF;
  v_replaced := kind = 'policy' AND v_tenant <> 'system' AND EXISTS (
    SELECT 1 FROM ops.asset_store a
     WHERE a.tenant_id = 'system' AND a.kind = 'policy' AND a.name = delete_asset.name
       AND a.shared AND a.deleted_at IS NULL AND a.current_version IS NOT NULL);
  IF NOT v_replaced THEN
    SELECT pg_catalog.string_agg(pg_catalog.format('%s "%s" (%s)', d.dep_kind, d.dep_name, d.via), E'\n' ORDER BY d.dep_name)
      INTO v_needed_by
      FROM ops._dependencies(v_tenant, kind, name) d
     WHERE d.depth = 1;
  END IF;
  IF v_needed_by IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = '2BP01',
      MESSAGE = pg_catalog.format('%s "%s" cannot be deleted because others depend on it', kind, name),
      DETAIL = v_needed_by,
      HINT = 'Change or delete these first; ops.asset_impact() shows indirect ones too.';
  END IF;
  UPDATE ops.asset_store a
     SET deleted_at = pg_catalog.clock_timestamp(), deleted_by = v_caller,
         updated_at = pg_catalog.clock_timestamp(), updated_by = v_caller
   WHERE a.tenant_id = v_tenant AND a.kind = delete_asset.kind AND a.name = delete_asset.name;
  PERFORM ops._write_audit(v_tenant, 'delete', kind, name, NULL,
    ops._version_digest(v_tenant, kind, name, v_asset.current_version), NULL);
END
$body$;
COMMENT ON FUNCTION ops.delete_asset(text, text) IS
  'takes an asset out of force and out of sight, its versions stay; refused while others depend on it';
ALTER FUNCTION ops.delete_asset(text, text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.delete_asset(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.delete_asset(text, text) TO ops_operator;

CREATE FUNCTION ops.restore_asset(kind text, name text) RETURNS void
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_tenant text;
  v_caller name;
  v_asset ops.asset_store;
BEGIN
  PERFORM ops._check_asset_arguments(kind, name);
  v_tenant := ops._enter('admin');
  v_caller := pg_catalog.pg_get_userbyid(ops._caller());
  v_asset := ops._lock_asset(v_tenant, kind, name);
  IF v_asset.deleted_at IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = pg_catalog.format('%s "%s" is not deleted', kind, name);
  END IF;
  UPDATE ops.asset_store a
     SET deleted_at = NULL, deleted_by = NULL, updated_at = pg_catalog.clock_timestamp(), updated_by = v_caller
   WHERE a.tenant_id = v_tenant AND a.kind = restore_asset.kind AND a.name = restore_asset.name;
  PERFORM ops._write_audit(v_tenant, 'restore', kind, name, v_asset.current_version, NULL,
    ops._version_digest(v_tenant, kind, name, v_asset.current_version));
END
$body$;
COMMENT ON FUNCTION ops.restore_asset(text, text) IS 'undoes ops.delete_asset(): the version that was in force is in force again';
ALTER FUNCTION ops.restore_asset(text, text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.restore_asset(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.restore_asset(text, text) TO ops_admin;

CREATE FUNCTION ops.asset_diff(kind text, name text, v1 int, v2 int) RETURNS TABLE (path text, old jsonb, new jsonb)
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_tenant text;
  v_old ops.asset_version_store;
  v_new ops.asset_version_store;
BEGIN
  PERFORM ops._check_asset_arguments(kind, name);
  IF v1 IS NULL OR v2 IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004',
      MESSAGE = pg_catalog.format('%s must not be null', CASE WHEN v1 IS NULL THEN 'v1' ELSE 'v2' END);
  END IF;
  v_tenant := ops._enter('operator');
  v_old := ops._find_version(v_tenant, kind, name, v1);
  v_new := ops._find_version(v_tenant, kind, name, v2);
  RETURN QUERY SELECT d.path, d.old, d.new FROM ops._json_diff(v_old.spec, v_new.spec) d;
END
$body$;
COMMENT ON FUNCTION ops.asset_diff(text, text, int, int) IS 'the places at which two versions of an asset differ; NULL where one has nothing';
ALTER FUNCTION ops.asset_diff(text, text, int, int) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.asset_diff(text, text, int, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.asset_diff(text, text, int, int) TO ops_operator;

CREATE FUNCTION ops._policies_not_enforced() RETURNS TABLE (tenant text, name text, fields text)
  LANGUAGE plpgsql STABLE PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  RETURN QUERY
    SELECT p.tenant_id COLLATE pg_catalog."default", p.name COLLATE pg_catalog."default", p.fields
      FROM (SELECT a.tenant_id, a.name, ops._not_enforced(v.spec) AS fields
              FROM ops.asset_store a
              JOIN ops.asset_version_store v
                ON v.tenant_id = a.tenant_id AND v.kind = a.kind AND v.name = a.name AND v.version = a.current_version
             WHERE a.kind = 'policy' AND a.deleted_at IS NULL
               AND (a.tenant_id = ANY ((SELECT ops._my_tenants('user'))::text[])
                    OR (a.tenant_id = 'system' AND a.shared))) AS p
     WHERE p.fields IS NOT NULL
     ORDER BY 1, 2;
END
$body$;
COMMENT ON FUNCTION ops._policies_not_enforced() IS 'internal, for ops.health(): fields of published policies without effect in this version';
ALTER FUNCTION ops._policies_not_enforced() OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._policies_not_enforced() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._policies_not_enforced() TO ops_user, ops_monitor;
