-- sql layer: tools made with named arguments, for DBAs. Unlike ops.put_asset(), which stores drafts that are
-- still to be finished, these store nothing unless the tool could be published.

CREATE FUNCTION ops._create_asset(kind text, name text, spec jsonb, publish boolean, "replace" boolean) RETURNS int
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
AS $body$
DECLARE
  v_tenant text;
  v_report jsonb;
  v_version int;
  v_present boolean;
BEGIN
  PERFORM ops._check_asset_arguments(kind, name);
  IF publish IS NULL OR "replace" IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004',
      MESSAGE = pg_catalog.format('%s must not be null', CASE WHEN publish IS NULL THEN 'publish' ELSE '"replace"' END);
  END IF;
  v_tenant := ops._enter('operator');
  v_present := EXISTS (SELECT 1 FROM ops.asset_store a
                        WHERE a.tenant_id = v_tenant AND a.kind = _create_asset.kind AND a.name = _create_asset.name
                          AND a.deleted_at IS NULL);
  IF v_present AND NOT "replace" THEN
    RAISE EXCEPTION USING ERRCODE = '42710',
      MESSAGE = pg_catalog.format('%s "%s" already exists', kind, name),
      HINT = 'To make a new version of it add: "replace" => true';
  END IF;
  v_report := ops._asset_report(v_tenant, kind, name, spec, 'full');
  PERFORM ops._raise_findings(kind, name, v_report);
  -- Without "replace" somebody else's asset of this name, made in between, is not overwritten.
  v_version := ops._write_version(v_tenant, kind, name, v_report, CASE WHEN NOT "replace" THEN 0 END);
  IF publish THEN
    PERFORM ops._set_current(v_tenant, kind, name, v_version, 'publish');
  END IF;
  RETURN v_version;
END
$body$;
COMMENT ON FUNCTION ops._create_asset(text, text, jsonb, boolean, boolean) IS
  'internal: judges and stores an asset that could be published, and publishes it';
ALTER FUNCTION ops._create_asset(text, text, jsonb, boolean, boolean) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._create_asset(text, text, jsonb, boolean, boolean) FROM PUBLIC;

CREATE FUNCTION ops._create_tool(name text, spec jsonb, publish boolean, "replace" boolean) RETURNS int
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
AS $body$
BEGIN
  RETURN ops._create_asset('tool', name, pg_catalog.jsonb_strip_nulls(spec - 'kept') || (spec -> 'kept'), publish, "replace");
END
$body$;
COMMENT ON FUNCTION ops._create_tool(text, jsonb, boolean, boolean) IS
  'internal: judges and stores a tool; members of "kept" are taken over with their nulls, elsewhere null means absent';
ALTER FUNCTION ops._create_tool(text, jsonb, boolean, boolean) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._create_tool(text, jsonb, boolean, boolean) FROM PUBLIC;

CREATE FUNCTION ops.create_sql_tool(
  name text, description text, query text, examples text[] DEFAULT '{}', capabilities text[] DEFAULT '{}',
  input_schema jsonb DEFAULT NULL, present jsonb DEFAULT NULL, policy text DEFAULT 'default_sql',
  run_as name DEFAULT 'ops_tool', publish boolean DEFAULT true, "replace" boolean DEFAULT false) RETURNS int
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  IF name IS NULL OR description IS NULL OR query IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = pg_catalog.format('%s must not be null',
      CASE WHEN name IS NULL THEN 'name' WHEN description IS NULL THEN 'description' ELSE 'query' END);
  END IF;
  RETURN ops._create_tool(name,
    pg_catalog.jsonb_build_object(
      'type', 'sql', 'description', description, 'policy', policy, 'run_as', run_as,
      'sql', pg_catalog.jsonb_build_object('query', query),
      'kept', pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
          'examples', COALESCE(pg_catalog.to_jsonb(examples), '[]'),
          'capabilities', COALESCE(pg_catalog.to_jsonb(capabilities), '[]')))
        || CASE WHEN input_schema IS NULL THEN '{}' ELSE pg_catalog.jsonb_build_object('input_schema', input_schema) END
        || CASE WHEN present IS NULL THEN '{}' ELSE pg_catalog.jsonb_build_object('present', present) END),
    publish, "replace");
END
$body$;
COMMENT ON FUNCTION ops.create_sql_tool(text, text, text, text[], text[], jsonb, jsonb, text, name, boolean, boolean) IS
  'makes a tool of a SELECT statement with :name parameters; returns its version; every problem is in the error''s detail';
ALTER FUNCTION ops.create_sql_tool(text, text, text, text[], text[], jsonb, jsonb, text, name, boolean, boolean) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.create_sql_tool(text, text, text, text[], text[], jsonb, jsonb, text, name, boolean, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.create_sql_tool(text, text, text, text[], text[], jsonb, jsonb, text, name, boolean, boolean) TO ops_operator;

CREATE FUNCTION ops.create_http_tool(
  name text, description text, method text, url text, query jsonb DEFAULT '{}', headers jsonb DEFAULT '{}',
  body jsonb DEFAULT NULL, result text DEFAULT '$', examples text[] DEFAULT '{}', capabilities text[] DEFAULT '{}',
  input_schema jsonb DEFAULT NULL, present jsonb DEFAULT NULL, policy text DEFAULT 'default_http',
  source text DEFAULT NULL, publish boolean DEFAULT true, "replace" boolean DEFAULT false) RETURNS int
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  IF name IS NULL OR description IS NULL OR method IS NULL OR url IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = pg_catalog.format('%s must not be null',
      CASE WHEN name IS NULL THEN 'name' WHEN description IS NULL THEN 'description'
           WHEN method IS NULL THEN 'method' ELSE 'url' END);
  END IF;
  RETURN ops._create_tool(name,
    pg_catalog.jsonb_build_object(
      'type', 'http', 'description', description, 'policy', policy, 'source', source,
      -- Nulls inside query and body are part of the request.
      'kept', pg_catalog.jsonb_build_object(
          'http', pg_catalog.jsonb_build_object('method', pg_catalog.upper(method), 'url', url, 'result', COALESCE(result, '$'))
            || CASE WHEN query IS NULL OR query = '{}' THEN '{}' ELSE pg_catalog.jsonb_build_object('query', query) END
            || CASE WHEN headers IS NULL OR headers = '{}' THEN '{}' ELSE pg_catalog.jsonb_build_object('headers', headers) END
            || CASE WHEN body IS NULL THEN '{}' ELSE pg_catalog.jsonb_build_object('body', body) END,
          'examples', COALESCE(pg_catalog.to_jsonb(examples), '[]'),
          'capabilities', COALESCE(pg_catalog.to_jsonb(capabilities), '[]'))
        || CASE WHEN input_schema IS NULL THEN '{}' ELSE pg_catalog.jsonb_build_object('input_schema', input_schema) END
        || CASE WHEN present IS NULL THEN '{}' ELSE pg_catalog.jsonb_build_object('present', present) END),
    publish, "replace");
END
$body$;
COMMENT ON FUNCTION ops.create_http_tool(text, text, text, text, jsonb, jsonb, jsonb, text, text[], text[], jsonb, jsonb, text, text, boolean, boolean) IS
  'makes a tool of an HTTP call with {name} and {"$arg":"name"} places; returns its version; every problem is in the error''s detail';
ALTER FUNCTION ops.create_http_tool(text, text, text, text, jsonb, jsonb, jsonb, text, text[], text[], jsonb, jsonb, text, text, boolean, boolean) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.create_http_tool(text, text, text, text, jsonb, jsonb, jsonb, text, text[], text[], jsonb, jsonb, text, text, boolean, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.create_http_tool(text, text, text, text, jsonb, jsonb, jsonb, text, text[], text[], jsonb, jsonb, text, text, boolean, boolean) TO ops_operator;
