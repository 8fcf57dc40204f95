-- sql layer: putting, publishing, deleting assets. Tables and row security: 20_registry.sql.
--
-- The public functions are SECURITY DEFINER as ops_owner and enter the caller's tenant first. The internal
-- ones (ops._*) run inside them. Judging a spec may take an executor's time, so it comes before the asset's
-- row is locked; numbering versions comes after, so two writers never make the same version.

-- ---- internal ---------------------------------------------------------------------------------------------

CREATE FUNCTION ops._check_asset_arguments(kind text, name text) RETURNS void
  LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
AS $body$
BEGIN
  IF kind IS NULL OR name IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004',
      MESSAGE = pg_catalog.format('%s must not be null', CASE WHEN kind IS NULL THEN 'kind' ELSE 'name' END);
  END IF;
  IF kind IN ('prompt', 'mapping', 'query', 'source', 'screen') THEN
    RAISE EXCEPTION USING ERRCODE = '0A000',
      MESSAGE = pg_catalog.format('assets of kind "%s" come with a later version of pg_ops', kind),
      HINT = 'This version has the kinds tool, policy, model, resolver and playbook.';
  END IF;
  IF kind NOT IN ('tool', 'policy', 'model', 'resolver', 'playbook') THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = pg_catalog.format('"%s" is no kind of asset', pg_catalog.left(kind, 80)),
      HINT = 'This version has the kinds tool, policy, model, resolver and playbook.';
  END IF;
  IF name !~ '^[a-z][a-z0-9_]{0,62}$' THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = pg_catalog.format('"%s" cannot be the name of a %s', pg_catalog.left(name, 80), kind),
      HINT = 'A name begins with a lower-case letter and has up to 63 lower-case letters, digits and underscores.';
  END IF;
END
$body$;
COMMENT ON FUNCTION ops._check_asset_arguments(text, text) IS 'internal: kind and name of an asset are well-formed, else an error';
ALTER FUNCTION ops._check_asset_arguments(text, text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._check_asset_arguments(text, text) FROM PUBLIC;

CREATE FUNCTION ops._enter_registry(kind text) RETURNS text
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
AS $body$
DECLARE
  v_tenant text := ops._enter('operator');
BEGIN
  -- Policies of system are every tenant's defaults.
  IF v_tenant = 'system' AND kind = 'policy' THEN
    v_tenant := ops._enter('admin');
  END IF;
  RETURN v_tenant;
END
$body$;
COMMENT ON FUNCTION ops._enter_registry(text) IS 'internal: as ops._enter, with the access that changing an asset of the kind needs';
ALTER FUNCTION ops._enter_registry(text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._enter_registry(text) FROM PUBLIC;

CREATE FUNCTION ops._no_such_asset(tenant text, kind text, name text) RETURNS void
  LANGUAGE plpgsql STABLE PARALLEL UNSAFE
AS $body$
BEGIN
  RAISE EXCEPTION USING ERRCODE = '42704',
    MESSAGE = pg_catalog.format('tenant "%s" has no %s "%s"', tenant, kind, name),
    HINT = 'View ops.assets shows what there is.';
END
$body$;
COMMENT ON FUNCTION ops._no_such_asset(text, text, text) IS 'internal: raises the error for an asset that is not there';
ALTER FUNCTION ops._no_such_asset(text, text, text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._no_such_asset(text, text, text) FROM PUBLIC;

-- Errors end the statement with all of them in DETAIL; warnings and fields without effect are told.
CREATE FUNCTION ops._raise_findings(kind text, name text, report jsonb) RETURNS void
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
AS $body$
DECLARE
  v_errors int;
  v_first jsonb;
  v_detail text;
BEGIN
  SELECT pg_catalog.count(*), pg_catalog.string_agg(f.finding ->> 'path' || ': ' || (f.finding ->> 'message')
           || COALESCE(' (' || NULLIF(f.finding ->> 'hint', '') || ')', ''), E'\n' ORDER BY f.place)
    INTO v_errors, v_detail
    FROM pg_catalog.jsonb_array_elements(report -> 'findings') WITH ORDINALITY AS f (finding, place)
   WHERE f.finding ->> 'severity' = 'error';
  IF v_errors > 0 THEN
    SELECT f.finding INTO v_first
      FROM pg_catalog.jsonb_array_elements(report -> 'findings') WITH ORDINALITY AS f (finding, place)
     WHERE f.finding ->> 'severity' = 'error'
     ORDER BY f.place LIMIT 1;
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = pg_catalog.format('%s "%s" is not valid: %s: %s%s', kind, name, v_first ->> 'path', v_first ->> 'message',
        CASE WHEN v_errors > 1 THEN pg_catalog.format(' (and %s more)', v_errors - 1) ELSE '' END),
      DETAIL = v_detail,
      HINT = COALESCE(NULLIF(v_first ->> 'hint', ''), 'Correct what DETAIL lists; nothing was stored.');
  END IF;
  SELECT pg_catalog.string_agg(f.finding ->> 'path' || ': ' || (f.finding ->> 'message'), E'\n' ORDER BY f.place)
    INTO v_detail
    FROM pg_catalog.jsonb_array_elements(report -> 'findings') WITH ORDINALITY AS f (finding, place)
   WHERE f.finding ->> 'severity' = 'warning';
  IF v_detail IS NOT NULL THEN
    RAISE WARNING USING MESSAGE = pg_catalog.format('%s "%s" is stored, with reservations', kind, name), DETAIL = v_detail;
  END IF;
  IF report ->> 'not_enforced' IS NOT NULL THEN
    RAISE NOTICE USING
      MESSAGE = pg_catalog.format('policy "%s": stored but not enforced by this version: %s', name, report ->> 'not_enforced'),
      HINT = 'Every other field is in force.';
  END IF;
END
$body$;
COMMENT ON FUNCTION ops._raise_findings(text, text, jsonb) IS 'internal: raises what a report found';
ALTER FUNCTION ops._raise_findings(text, text, jsonb) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._raise_findings(text, text, jsonb) FROM PUBLIC;

CREATE FUNCTION ops._write_audit(tenant text, action text, kind text, name text, version int, old_digest text, new_digest text)
  RETURNS void LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
AS $body$
BEGIN
  PERFORM ops._audit(tenant, action, kind, name, NULL, version, old_digest, new_digest);
  PERFORM ops._registry_changed();
END
$body$;
COMMENT ON FUNCTION ops._write_audit(text, text, text, text, int, text, text) IS
  'internal, last step of every change: one row of audit, and the notice to all backends';
ALTER FUNCTION ops._write_audit(text, text, text, text, int, text, text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._write_audit(text, text, text, text, int, text, text) FROM PUBLIC;

-- How an asset is found, and locked until the transaction ends.
CREATE FUNCTION ops._lock_asset(tenant text, kind text, name text) RETURNS ops.asset_store
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
AS $body$
DECLARE
  v_asset ops.asset_store;
BEGIN
  SELECT a.* INTO v_asset
    FROM ops.asset_store a
   WHERE a.tenant_id = _lock_asset.tenant AND a.kind = _lock_asset.kind AND a.name = _lock_asset.name
     FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM ops._no_such_asset(tenant, kind, name);
  END IF;
  RETURN v_asset;
END
$body$;
COMMENT ON FUNCTION ops._lock_asset(text, text, text) IS 'internal: the row of an asset, locked';
ALTER FUNCTION ops._lock_asset(text, text, text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._lock_asset(text, text, text) FROM PUBLIC;

CREATE FUNCTION ops._version_digest(tenant text, kind text, name text, version int) RETURNS text
  LANGUAGE plpgsql STABLE PARALLEL UNSAFE
AS $body$
BEGIN
  RETURN (SELECT v.digest FROM ops.asset_version_store v
           WHERE v.tenant_id = _version_digest.tenant AND v.kind = _version_digest.kind
             AND v.name = _version_digest.name AND v.version = _version_digest.version);
END
$body$;
COMMENT ON FUNCTION ops._version_digest(text, text, text, int) IS 'internal: the digest of a version';
ALTER FUNCTION ops._version_digest(text, text, text, int) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._version_digest(text, text, text, int) FROM PUBLIC;

CREATE FUNCTION ops._write_version(tenant text, kind text, name text, report jsonb, expected_version int) RETURNS int
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
AS $body$
DECLARE
  v_caller name := pg_catalog.pg_get_userbyid(ops._caller());
  v_asset ops.asset_store;
  v_latest int;
BEGIN
  INSERT INTO ops.asset_store (tenant_id, kind, name, latest_version, created_by, updated_by)
    VALUES (_write_version.tenant, _write_version.kind, _write_version.name, 0, v_caller, v_caller)
    ON CONFLICT ON CONSTRAINT asset_store_pkey DO NOTHING;
  v_asset := ops._lock_asset(tenant, kind, name);
  -- A deleted asset counts as absent to who expects none, and its numbers go on.
  v_latest := CASE WHEN v_asset.deleted_at IS NULL THEN v_asset.latest_version ELSE 0 END;
  IF expected_version <> v_latest AND NOT (expected_version = v_asset.latest_version) THEN
    RAISE EXCEPTION USING ERRCODE = 'OP004',
      MESSAGE = pg_catalog.format('%s "%s" has version %s, not %s', kind, name, v_latest, expected_version),
      DETAIL = CASE WHEN v_latest > 0
        THEN pg_catalog.format('It was changed by %s at %s.', v_asset.updated_by, v_asset.updated_at)
        ELSE 'There is no such asset.' END,
      HINT = 'Read the latest version, bring in the change and put it again.';
  END IF;
  INSERT INTO ops.asset_version_store (tenant_id, kind, name, version, spec, digest, title, shared, created_by)
    VALUES (_write_version.tenant, _write_version.kind, _write_version.name, v_asset.latest_version + 1, report -> 'spec',
            report ->> 'digest', report ->> 'title',
            _write_version.tenant = 'system' AND (report -> 'spec') @> '{"shared": true}', v_caller);
  UPDATE ops.asset_store a
     SET latest_version = v_asset.latest_version + 1, updated_at = pg_catalog.clock_timestamp(), updated_by = v_caller,
         current_version = CASE WHEN a.deleted_at IS NULL THEN a.current_version END,
         shared = a.shared AND a.deleted_at IS NULL, deleted_at = NULL, deleted_by = NULL
   WHERE a.tenant_id = _write_version.tenant AND a.kind = _write_version.kind AND a.name = _write_version.name;
  PERFORM ops._write_audit(tenant, 'put', kind, name, v_asset.latest_version + 1,
    ops._version_digest(tenant, kind, name, v_asset.latest_version), report ->> 'digest');
  RETURN v_asset.latest_version + 1;
END
$body$;
COMMENT ON FUNCTION ops._write_version(text, text, text, jsonb, int) IS 'internal: stores a judged spec as the next version';
ALTER FUNCTION ops._write_version(text, text, text, jsonb, int) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._write_version(text, text, text, jsonb, int) FROM PUBLIC;

CREATE FUNCTION ops._set_current(tenant text, kind text, name text, version int, action text) RETURNS void
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
AS $body$
DECLARE
  v_caller name := pg_catalog.pg_get_userbyid(ops._caller());
  v_asset ops.asset_store := ops._lock_asset(tenant, kind, name);
  v_shared boolean;
BEGIN
  -- It may have been deleted while it was judged.
  IF v_asset.deleted_at IS NOT NULL THEN
    PERFORM ops._no_such_asset(tenant, kind, name);
  END IF;
  UPDATE ops.asset_version_store v
     SET published_at = pg_catalog.clock_timestamp(), published_by = v_caller
   WHERE v.tenant_id = _set_current.tenant AND v.kind = _set_current.kind AND v.name = _set_current.name
     AND v.version = _set_current.version
  RETURNING v.shared INTO v_shared;
  UPDATE ops.asset_store a
     SET current_version = _set_current.version, shared = v_shared,
         updated_at = pg_catalog.clock_timestamp(), updated_by = v_caller
   WHERE a.tenant_id = _set_current.tenant AND a.kind = _set_current.kind AND a.name = _set_current.name;
  PERFORM ops._write_audit(tenant, action, kind, name, version,
    ops._version_digest(tenant, kind, name, v_asset.current_version), ops._version_digest(tenant, kind, name, version));
END
$body$;
COMMENT ON FUNCTION ops._set_current(text, text, text, int, text) IS 'internal: puts a judged version in force';
ALTER FUNCTION ops._set_current(text, text, text, int, text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._set_current(text, text, text, int, text) FROM PUBLIC;

-- The version that is meant: NULL is the latest. Raises where there is none.
CREATE FUNCTION ops._find_version(tenant text, kind text, name text, version int) RETURNS ops.asset_version_store
  LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
AS $body$
DECLARE
  v_found ops.asset_version_store;
  v_latest int;
BEGIN
  SELECT a.latest_version INTO v_latest
    FROM ops.asset_store a
   WHERE a.tenant_id = _find_version.tenant AND a.kind = _find_version.kind AND a.name = _find_version.name
     AND a.deleted_at IS NULL;
  IF NOT FOUND THEN
    PERFORM ops._no_such_asset(tenant, kind, name);
  END IF;
  SELECT v.* INTO v_found
    FROM ops.asset_version_store v
   WHERE v.tenant_id = _find_version.tenant AND v.kind = _find_version.kind AND v.name = _find_version.name
     AND v.version = COALESCE(_find_version.version, v_latest);
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '42704',
      MESSAGE = pg_catalog.format('%s "%s" has no version %s', kind, name, version),
      HINT = pg_catalog.format('Its latest version is %s; view ops.asset_versions lists them.', v_latest);
  END IF;
  RETURN v_found;
END
$body$;
COMMENT ON FUNCTION ops._find_version(text, text, text, int) IS 'internal: a version of an asset that is not deleted; NULL is the latest';
ALTER FUNCTION ops._find_version(text, text, text, int) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._find_version(text, text, text, int) FROM PUBLIC;

-- ---- putting and publishing -------------------------------------------------------------------------------

CREATE FUNCTION ops.put_asset(kind text, name text, spec jsonb, expected_version int DEFAULT NULL) RETURNS int
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_tenant text;
  v_report jsonb;
BEGIN
  PERFORM ops._check_asset_arguments(kind, name);
  IF spec IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'spec must not be null';
  END IF;
  v_tenant := ops._enter_registry(kind);
  v_report := ops._asset_report(v_tenant, kind, name, spec, 'draft');
  PERFORM ops._raise_findings(kind, name, v_report);
  RETURN ops._write_version(v_tenant, kind, name, v_report, expected_version);
END
$body$;
COMMENT ON FUNCTION ops.put_asset(text, text, jsonb, int) IS
  'stores a spec as a new draft and returns its version; expected_version is the version it was made from, 0 for a new asset (another one: OP004)';
ALTER FUNCTION ops.put_asset(text, text, jsonb, int) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.put_asset(text, text, jsonb, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.put_asset(text, text, jsonb, int) TO ops_operator;

CREATE FUNCTION ops.publish_asset(kind text, name text, version int DEFAULT NULL) RETURNS int
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_tenant text;
  v_version ops.asset_version_store;
  v_report jsonb;
BEGIN
  PERFORM ops._check_asset_arguments(kind, name);
  v_tenant := ops._enter_registry(kind);
  v_version := ops._find_version(v_tenant, kind, name, version);
  v_report := ops._asset_report(v_tenant, kind, name, v_version.spec, 'full');
  PERFORM ops._raise_findings(kind, name, v_report);
  IF v_report -> 'spec' <> v_version.spec THEN
    RAISE EXCEPTION USING ERRCODE = '55000',
      MESSAGE = pg_catalog.format('version %s of %s "%s" was stored before its input_schema could be derived', v_version.version, kind, name),
      DETAIL = 'A stored version is never changed.',
      HINT = 'Put the same spec again and publish that version.';
  END IF;
  PERFORM ops._set_current(v_tenant, kind, name, v_version.version, 'publish');
  RETURN v_version.version;
END
$body$;
COMMENT ON FUNCTION ops.publish_asset(text, text, int) IS
  'puts a version (the latest) in force for the next request, after validating it; returns the version';
ALTER FUNCTION ops.publish_asset(text, text, int) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.publish_asset(text, text, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.publish_asset(text, text, int) TO ops_operator;

CREATE FUNCTION ops.rollback_asset(kind text, name text, to_version int) RETURNS int
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_tenant text;
  v_version ops.asset_version_store;
BEGIN
  PERFORM ops._check_asset_arguments(kind, name);
  IF to_version IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'to_version must not be null';
  END IF;
  v_tenant := ops._enter_registry(kind);
  v_version := ops._find_version(v_tenant, kind, name, to_version);
  IF v_version.published_at IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '55000',
      MESSAGE = pg_catalog.format('version %s of %s "%s" was never published', to_version, kind, name),
      HINT = 'A draft is put in force with ops.publish_asset().';
  END IF;
  PERFORM ops._raise_findings(kind, name, ops._asset_report(v_tenant, kind, name, v_version.spec, 'full'));
  PERFORM ops._set_current(v_tenant, kind, name, to_version, 'rollback');
  RETURN to_version;
END
$body$;
COMMENT ON FUNCTION ops.rollback_asset(text, text, int) IS 'puts a version that was published before in force again';
ALTER FUNCTION ops.rollback_asset(text, text, int) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.rollback_asset(text, text, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.rollback_asset(text, text, int) TO ops_operator;

CREATE FUNCTION ops.validate_asset(kind text, name text, version int DEFAULT NULL)
  RETURNS TABLE (severity text, code text, path text, message text, hint text)
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_tenant text;
  v_version ops.asset_version_store;
BEGIN
  PERFORM ops._check_asset_arguments(kind, name);
  v_tenant := ops._enter('operator');
  v_version := ops._find_version(v_tenant, kind, name, version);
  RETURN QUERY
    SELECT f.finding ->> 'severity', f.finding ->> 'code', f.finding ->> 'path', f.finding ->> 'message',
           f.finding ->> 'hint'
      FROM pg_catalog.jsonb_array_elements(
             ops._asset_report(v_tenant, kind, name, v_version.spec, 'full') -> 'findings')
           WITH ORDINALITY AS f (finding, place)
     ORDER BY f.finding ->> 'severity', f.place;
END
$body$;
COMMENT ON FUNCTION ops.validate_asset(text, text, int) IS
  'what stands against publishing a version (the latest): errors, then warnings; no row: nothing';
ALTER FUNCTION ops.validate_asset(text, text, int) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.validate_asset(text, text, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.validate_asset(text, text, int) TO ops_operator;
