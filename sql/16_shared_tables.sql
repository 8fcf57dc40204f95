-- sql layer: tables whose rows every tenant may see, and the view of what protects which table.
--
-- The marks are one list for the database, not rows of a tenant. A mark holds while the relation of that
-- name has that OID: a table made again under the name is not shared until somebody says so.

-- extension/pg/protection.cpp reads the first three columns by number.
CREATE TABLE ops.shared_tables (
  rel_schema name NOT NULL,
  rel_name name NOT NULL,
  rel_oid oid NOT NULL,
  shared_by name NOT NULL,
  shared_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  CONSTRAINT shared_tables_pkey PRIMARY KEY (rel_schema, rel_name)
);
COMMENT ON TABLE ops.shared_tables IS 'relations whose rows every tenant''s tools may read';
COMMENT ON COLUMN ops.shared_tables.rel_schema IS 'schema of the relation';
COMMENT ON COLUMN ops.shared_tables.rel_name IS 'name of the relation';
COMMENT ON COLUMN ops.shared_tables.rel_oid IS 'its OID when it was shared; another OID today is no match';
COMMENT ON COLUMN ops.shared_tables.shared_by IS 'the role that shared it';
COMMENT ON COLUMN ops.shared_tables.shared_at IS 'when';
ALTER TABLE ops.shared_tables OWNER TO ops_owner;
REVOKE ALL ON TABLE ops.shared_tables FROM PUBLIC;
ALTER TABLE ops.shared_tables ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY shared_tables_all ON ops.shared_tables TO ops_owner USING (true) WITH CHECK (true);
COMMENT ON POLICY shared_tables_all ON ops.shared_tables IS 'the list is not about a tenant; only definer functions reach it';
SELECT pg_catalog.pg_extension_config_dump('ops.shared_tables', '');

-- Whoever changes the list, what executors and backends remember of the relations ends with the transaction.
CREATE FUNCTION ops._shared_tables_changed() RETURNS trigger
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  PERFORM ops._protection_changed(c.oid)
     FROM pg_catalog.pg_class c
    WHERE c.oid IN (TG_RELID, CASE WHEN TG_OP <> 'INSERT' THEN old.rel_oid END, CASE WHEN TG_OP <> 'DELETE' THEN new.rel_oid END);
  RETURN NULL;
END
$body$;
COMMENT ON FUNCTION ops._shared_tables_changed() IS 'internal: every backend judges the relation again when this transaction commits';
ALTER FUNCTION ops._shared_tables_changed() OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._shared_tables_changed() FROM PUBLIC;
CREATE TRIGGER shared_tables_changed AFTER INSERT OR UPDATE OR DELETE ON ops.shared_tables
  FOR EACH ROW EXECUTE FUNCTION ops._shared_tables_changed();
COMMENT ON TRIGGER shared_tables_changed ON ops.shared_tables IS 'announces every change, whoever makes it';
ALTER TABLE ops.shared_tables ENABLE ALWAYS TRIGGER shared_tables_changed;

-- Before, while the rows can still be read: the table is locked for everybody else by then.
CREATE FUNCTION ops._shared_tables_truncated() RETURNS trigger
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  PERFORM ops._protection_changed(c.oid)
     FROM pg_catalog.pg_class c
    WHERE c.oid = TG_RELID OR EXISTS (SELECT 1 FROM ops.shared_tables s WHERE s.rel_oid = c.oid);
  RETURN NULL;
END
$body$;
COMMENT ON FUNCTION ops._shared_tables_truncated() IS 'internal: every backend judges all shared relations again when this transaction commits';
ALTER FUNCTION ops._shared_tables_truncated() OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._shared_tables_truncated() FROM PUBLIC;
CREATE TRIGGER shared_tables_truncated BEFORE TRUNCATE ON ops.shared_tables
  FOR EACH STATEMENT EXECUTE FUNCTION ops._shared_tables_truncated();
COMMENT ON TRIGGER shared_tables_truncated ON ops.shared_tables IS 'announces that the list was emptied';
ALTER TABLE ops.shared_tables ENABLE ALWAYS TRIGGER shared_tables_truncated;

-- Both ends of sharing: who may, and on what. Returns the caller's name.
CREATE FUNCTION ops._enter_sharing(rel regclass, kinds text) RETURNS name
  LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_caller oid := ops._caller();
BEGIN
  IF NOT pg_catalog.pg_has_role(v_caller, 'ops_admin', 'USAGE') THEN
    PERFORM ops._deny(
      pg_catalog.format('role "%s" may not share tables among tenants', pg_catalog.pg_get_userbyid(v_caller)),
      pg_catalog.format('An administrator gives the right with: GRANT ops_admin TO %I;', pg_catalog.pg_get_userbyid(v_caller)));
  END IF;
  PERFORM ops._check_relation(rel, v_caller, kinds);
  RETURN pg_catalog.pg_get_userbyid(v_caller);
END
$body$;
COMMENT ON FUNCTION ops._enter_sharing(regclass, text) IS 'internal: raises unless the caller is an ops_admin who owns the relation';
ALTER FUNCTION ops._enter_sharing(regclass, text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._enter_sharing(regclass, text) FROM PUBLIC;

CREATE FUNCTION ops.share_table(rel regclass) RETURNS void
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET row_security = on
AS $body$
DECLARE
  v_caller name := ops._enter_sharing(rel, 'rpmf');
  v_now timestamptz := pg_catalog.clock_timestamp();
  v_protected text;
BEGIN
  SELECT pg_catalog.string_agg(f.member::regclass::text, ', ') INTO v_protected
    FROM ops._family(rel) f WHERE ops._tenant_column(f.member, NULL) IS NOT NULL;
  IF v_protected IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = '55000',
      MESSAGE = pg_catalog.format('%s cannot be shared, since protected tables would be read through it or instead of their policy', rel),
      DETAIL = pg_catalog.format('Protected: %s.', v_protected),
      HINT = 'If every tenant may see all rows, unprotect first: ops.unprotect_table().';
  END IF;
  INSERT INTO ops.shared_tables AS s (rel_schema, rel_name, rel_oid, shared_by, shared_at)
    SELECT n.nspname, c.relname, c.oid, v_caller, v_now
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = rel::oid
    ON CONFLICT ON CONSTRAINT shared_tables_pkey DO UPDATE
      SET rel_oid = excluded.rel_oid, shared_by = excluded.shared_by, shared_at = excluded.shared_at
      WHERE s.rel_oid <> excluded.rel_oid;
  PERFORM ops._protection_changed(rel);
  PERFORM ops._audit('system', 'share_table', 'table', rel::text);
END
$body$;
COMMENT ON FUNCTION ops.share_table(regclass) IS
  'lets the tools of every tenant read all rows of a table, materialized view or foreign table; its owner calls it, as an ops_admin';
ALTER FUNCTION ops.share_table(regclass) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.share_table(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.share_table(regclass) TO ops_admin;

CREATE FUNCTION ops.unshare_table(rel regclass) RETURNS void
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET row_security = on
AS $body$
BEGIN
  PERFORM ops._enter_sharing(rel, 'rpmf');
  DELETE FROM ops.shared_tables s
   USING pg_catalog.pg_class c, pg_catalog.pg_namespace n
   WHERE c.oid = rel::oid AND n.oid = c.relnamespace AND s.rel_schema = n.nspname AND s.rel_name = c.relname;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '42704', MESSAGE = pg_catalog.format('%s is not shared', rel);
  END IF;
  PERFORM ops._protection_changed(rel);
  PERFORM ops._audit('system', 'unshare_table', 'table', rel::text);
END
$body$;
COMMENT ON FUNCTION ops.unshare_table(regclass) IS 'undoes ops.share_table()';
ALTER FUNCTION ops.unshare_table(regclass) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.unshare_table(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.unshare_table(regclass) TO ops_admin;

-- Every relation outside the system's schemas that tools may read, or that is marked or has our policy.
CREATE VIEW ops.table_protection WITH (security_barrier) AS
  SELECT r.relation, r.kind,
         CASE WHEN r.tenant_column IS NOT NULL THEN 'protected'
              WHEN r.shared THEN 'shared'
              WHEN r.invoker THEN 'as its tables'
              ELSE 'unprotected' END AS state,
         r.tenant_column,
         CASE WHEN r.everyone THEN 'everyone' WHEN r.has_policy THEN 'tools' END AS scope,
         r.readable_by_tools, r.row_security, r.forced,
         CASE WHEN r.tenant_column IS NOT NULL AND r.everyone AND NOT r.forced THEN
                'FORCE ROW LEVEL SECURITY was taken away, so its owner sees all rows: call ops.protect_table() again.'
              WHEN r.tenant_column IS NOT NULL OR r.shared OR r.invoker THEN NULL
              WHEN r.flaw <> '' THEN 'The protection does not hold: ' || r.flaw || '. Its owner calls ops.unprotect_table() and ops.protect_table() again.'
              WHEN r.kind = 'view' THEN 'The view reads with its owner''s rights: ALTER VIEW ... SET (security_invoker = true).'
              WHEN r.kind IN ('materialized view', 'foreign table') THEN 'It has no row-level security: ops.share_table(), or take the grant away from ops_tool.'
              ELSE 'Tools are refused here: ops.protect_table(), or ops.share_table() if every tenant may see all rows.' END AS hint
    FROM (SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS relation,
                 CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
                                WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END AS kind,
                 ops._tenant_column(c.oid, t.oid) AS tenant_column,
                 ops._is_shared_table(c.oid) AS shared,
                 c.relkind = 'v' AND EXISTS (
                   SELECT 1 FROM pg_catalog.pg_options_to_table(c.reloptions) o
                    WHERE o.option_name = 'security_invoker' AND o.option_value::boolean) AS invoker,
                 p.polname IS NOT NULL AS has_policy,
                 CASE WHEN c.relkind IN ('r', 'p') THEN ops._protection_flaw(c.oid, t.oid) END AS flaw,
                 0 = ANY (p.polroles) AS everyone,
                 pg_catalog.has_any_column_privilege(t.oid, c.oid, 'SELECT') AS readable_by_tools,
                 c.relrowsecurity AS row_security, c.relforcerowsecurity AS forced
            FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
           CROSS JOIN (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = 'ops_tool') t
            LEFT JOIN pg_catalog.pg_policy p ON p.polrelid = c.oid AND p.polname = 'pg_ops_tenant'
           WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
             AND n.nspname NOT IN ('information_schema', 'ops') AND NOT pg_catalog.starts_with(n.nspname, 'pg_')) r
   WHERE r.has_policy OR r.flaw <> '' OR r.shared OR r.readable_by_tools;
COMMENT ON VIEW ops.table_protection IS 'relations that tools may read or that are protected or shared, and what holds for tools there';
ALTER VIEW ops.table_protection OWNER TO ops_owner;
REVOKE ALL ON TABLE ops.table_protection FROM PUBLIC;
GRANT SELECT ON TABLE ops.table_protection TO ops_operator;
