-- sql layer: assets that come with the extension, in tenant `system`, shared with every tenant.
--
-- Published while the script runs, by the installing superuser: no executor exists yet, so a shipped tool
-- must bring its input schema. A shipped spec that does not read without a problem stops CREATE EXTENSION.

CREATE FUNCTION ops._install_asset(kind text, name text, spec jsonb) RETURNS void
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
AS $body$
DECLARE
  v_report jsonb := ops._asset_report('system', kind, name, spec, 'shape');
BEGIN
  IF pg_catalog.jsonb_path_exists(v_report, '$.findings[*] ? (@.severity == "error")') THEN
    RAISE EXCEPTION USING ERRCODE = 'XX000', MESSAGE = pg_catalog.format('%s "%s" that comes with pg_ops is not valid', kind, name),
      DETAIL = v_report ->> 'findings';
  END IF;
  INSERT INTO ops.asset_store (tenant_id, kind, name, current_version, latest_version, shared, shipped, created_by, updated_by)
    VALUES ('system', _install_asset.kind, _install_asset.name, 1, 1, COALESCE((spec -> 'shared') = 'true', false), true, 'pg_ops', 'pg_ops');
  INSERT INTO ops.asset_version_store
      (tenant_id, kind, name, version, spec, digest, title, shared, created_by, published_at, published_by)
    VALUES ('system', _install_asset.kind, _install_asset.name, 1, v_report -> 'spec', v_report ->> 'digest', v_report ->> 'title',
            COALESCE((spec -> 'shared') = 'true', false), 'pg_ops', pg_catalog.clock_timestamp(), 'pg_ops');
END
$body$;
COMMENT ON FUNCTION ops._install_asset(text, text, jsonb) IS 'internal, for install and upgrade scripts: publishes an asset of tenant system';
REVOKE ALL ON FUNCTION ops._install_asset(text, text, jsonb) FROM PUBLIC;

-- One statement of a tool: rows for people to read, not an export; a plan dearer than max_cost is a mistake
-- (a sequential scan over some 100 million rows, or a missing join condition).
SELECT ops._install_asset('policy', 'default_sql', '{
  "description": "SQL tools without a policy of their own", "shared": true,
  "timeout_ms": 30000, "max_rows": 5000, "max_bytes": 10485760, "max_cost": 10000000,
  "max_retries": 1, "record": "arguments"}');
-- The tool behind ops.query(): the statement is an argument. Without examples no question ever leads to it, and
-- whatever plan names it, only operators may run it.
SELECT ops._install_asset('tool', 'direct_query', '{
  "type": "sql", "title": "direct query", "shared": true, "policy": "default_sql",
  "description": "Runs one SELECT that the caller wrote, as tools run: for operators.",
  "input_schema": {"type": "object", "required": ["sql"], "additionalProperties": false, "properties": {
    "sql": {"type": "string"}, "args": {"type": "object", "default": {}}}},
  "sql": {"direct": true}}');
SELECT ops._install_asset('policy', 'default_http', '{
  "description": "HTTP tools without a policy of their own", "shared": true,
  "timeout_ms": 30000, "connect_timeout_ms": 5000, "max_rows": 10000, "max_bytes": 10485760,
  "max_retries": 2, "backoff_ms": 100, "backoff_max_ms": 5000, "rate_per_minute": 50, "burst": 20, "max_concurrent": 10,
  "breaker": {"failures": 5, "window_ms": 60000, "open_ms": 30000, "half_open_calls": 1}, "record": "arguments"}');
SELECT ops._install_asset('policy', 'default_mcp', '{
  "description": "MCP tools without a policy of their own", "shared": true,
  "timeout_ms": 30000, "connect_timeout_ms": 5000, "max_rows": 10000, "max_bytes": 10485760,
  "max_retries": 1, "rate_per_minute": 50, "burst": 10, "max_concurrent": 5, "record": "arguments"}');
SELECT ops._install_asset('policy', 'default_llm', '{
  "description": "Language models without a policy of their own", "shared": true,
  "timeout_ms": 60000, "connect_timeout_ms": 5000, "max_bytes": 10485760,
  "max_retries": 2, "rate_per_minute": 60, "max_concurrent": 4, "record": "digest"}');
