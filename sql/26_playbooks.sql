-- sql layer: playbooks made with named arguments. Kind `playbook`: a named plan over several tools, asked for by its
-- example questions; core/playbook.hpp has the spec. As ops.create_sql_tool(), it stores nothing unless it could be published.

CREATE FUNCTION ops.create_playbook(
  name text, title text, examples text[], calls jsonb, description text DEFAULT NULL, capabilities text[] DEFAULT '{}',
  vocabulary text[] DEFAULT '{}', input_schema jsonb DEFAULT NULL, publish boolean DEFAULT true,
  "replace" boolean DEFAULT false) RETURNS int
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_tenant text;
  v_report jsonb;
  v_version int;
BEGIN
  PERFORM ops._check_asset_arguments('playbook', name);
  IF title IS NULL OR examples IS NULL OR calls IS NULL OR publish IS NULL OR "replace" IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = pg_catalog.format('%s must not be null',
      CASE WHEN title IS NULL THEN 'title' WHEN examples IS NULL THEN 'examples' WHEN calls IS NULL THEN 'calls'
           WHEN publish IS NULL THEN 'publish' ELSE '"replace"' END);
  END IF;
  v_tenant := ops._enter('operator');
  IF NOT "replace" AND EXISTS (SELECT 1 FROM ops.asset_store a
                                WHERE a.tenant_id = v_tenant AND a.kind = 'playbook' AND a.name = create_playbook.name
                                  AND a.deleted_at IS NULL) THEN
    RAISE EXCEPTION USING ERRCODE = '42710', MESSAGE = pg_catalog.format('playbook "%s" already exists', name),
      HINT = 'To make a new version of it add: "replace" => true';
  END IF;
  v_report := ops._asset_report(v_tenant, 'playbook', name,
    pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('title', title, 'description', description,
      'examples', pg_catalog.to_jsonb(examples), 'capabilities', COALESCE(pg_catalog.to_jsonb(capabilities), '[]'),
      'vocabulary', COALESCE(pg_catalog.to_jsonb(vocabulary), '[]')))
    || pg_catalog.jsonb_build_object('calls', calls)
    || CASE WHEN input_schema IS NULL THEN '{}' ELSE pg_catalog.jsonb_build_object('input_schema', input_schema) END, 'full');
  PERFORM ops._raise_findings('playbook', name, v_report);
  v_version := ops._write_version(v_tenant, 'playbook', name, v_report, CASE WHEN NOT "replace" THEN 0 END);
  IF publish THEN
    PERFORM ops._set_current(v_tenant, 'playbook', name, v_version, 'publish');
  END IF;
  RETURN v_version;
END
$body$;
COMMENT ON FUNCTION ops.create_playbook(text, text, text[], jsonb, text, text[], text[], jsonb, boolean, boolean) IS
  'makes a named plan over several tools, [{"tool": name, "args": {...}}, ...], that its example questions ask for; findings are told worst first; returns its version';
ALTER FUNCTION ops.create_playbook(text, text, text[], jsonb, text, text[], text[], jsonb, boolean, boolean) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.create_playbook(text, text, text[], jsonb, text, text[], text[], jsonb, boolean, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.create_playbook(text, text, text[], jsonb, text, text[], text[], jsonb, boolean, boolean) TO ops_operator;
