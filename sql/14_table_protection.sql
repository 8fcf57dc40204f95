-- sql layer: row-level security on the application's own tables.
--
-- protect_table() puts two policies on a table and on every inheritance child or partition of it (a child is
-- also readable by its own name): `pg_ops_tenant`, RESTRICTIVE, so that no policy of the application's can void
-- it, and `pg_ops_rows`, the permissive one without which a restrictive policy shows nothing. It runs with the
-- caller's rights, as every statement it prints would. The text of the restriction comes from
-- ops._policy_expression() and from nowhere else; a table counts as protected only while the catalogs hold
-- exactly that text. How a table was before is kept in the policies' comments, for unprotect_table().
-- This file: what both sides are made of; 15_protect_table.sql: what owners call.

-- ---- internal ---------------------------------------------------------------------------------------------

CREATE FUNCTION ops._policy_expression(rel regclass, tenant_column name) RETURNS text
  LANGUAGE c STABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'pgops_policy_expression';
COMMENT ON FUNCTION ops._policy_expression(regclass, name) IS
  'internal: the text of the tenant policy, as the server prints it; NULL where the column''s type cannot be a tenant''s';
REVOKE ALL ON FUNCTION ops._policy_expression(regclass, name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._policy_expression(regclass, name) TO ops_owner, ops_user;

CREATE FUNCTION ops._tenant_column(rel oid, tool_role oid) RETURNS text
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'pgops_tenant_column';
COMMENT ON FUNCTION ops._tenant_column(oid, oid) IS
  'internal: the column by which a table is protected for a role (NULL: for whoever the policy names); NULL when it is not protected';
REVOKE ALL ON FUNCTION ops._tenant_column(oid, oid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._tenant_column(oid, oid) TO ops_owner, ops_user;

CREATE FUNCTION ops._protection_flaw(rel oid, tool_role oid) RETURNS text
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'pgops_protection_flaw';
COMMENT ON FUNCTION ops._protection_flaw(oid, oid) IS
  'internal: what became of a table''s protection, or why it does not hold for a role; NULL when it holds, empty when there never was one';
REVOKE ALL ON FUNCTION ops._protection_flaw(oid, oid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._protection_flaw(oid, oid) TO ops_owner, ops_user;

CREATE FUNCTION ops._is_shared_table(rel oid) RETURNS boolean
  LANGUAGE c STABLE PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'pgops_is_shared_table';
COMMENT ON FUNCTION ops._is_shared_table(oid) IS 'internal: whether a relation is marked by ops.share_table()';
REVOKE ALL ON FUNCTION ops._is_shared_table(oid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._is_shared_table(oid) TO ops_owner, ops_user;

CREATE FUNCTION ops._protection_changed(rel oid) RETURNS void
  LANGUAGE c VOLATILE PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pgops_protection_changed';
COMMENT ON FUNCTION ops._protection_changed(oid) IS 'internal: every backend judges the relation again when this transaction commits';
REVOKE ALL ON FUNCTION ops._protection_changed(oid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._protection_changed(oid) TO ops_owner;

CREATE FUNCTION ops._check_relation(rel regclass, asking oid, kinds text) RETURNS void
  LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_rel record;
BEGIN
  IF rel IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'rel must not be null';
  END IF;
  SELECT c.relkind, c.relowner, c.relpersistence, n.nspname INTO v_rel
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.oid = rel::oid;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '42P01', MESSAGE = pg_catalog.format('there is no relation with OID %s', rel::oid);
  END IF;
  IF v_rel.nspname IN ('pg_catalog', 'information_schema', 'ops') OR pg_catalog.starts_with(v_rel.nspname, 'pg_') THEN
    RAISE EXCEPTION USING ERRCODE = '42809', MESSAGE = pg_catalog.format('%s is not a table of an application', rel);
  END IF;
  IF v_rel.relpersistence = 't' THEN
    RAISE EXCEPTION USING ERRCODE = '42809', MESSAGE = pg_catalog.format('%s is a temporary table, which no tool can read', rel);
  END IF;
  IF pg_catalog.strpos(kinds, v_rel.relkind::text) = 0 THEN
    RAISE EXCEPTION USING ERRCODE = '42809',
      MESSAGE = CASE v_rel.relkind
        WHEN 'v' THEN pg_catalog.format('%s is a view', rel)
        WHEN 'm' THEN pg_catalog.format('%s is a materialized view, which has no row-level security', rel)
        WHEN 'f' THEN pg_catalog.format('%s is a foreign table, which has no row-level security', rel)
        ELSE pg_catalog.format('%s is not a table', rel) END,
      HINT = CASE v_rel.relkind
        WHEN 'v' THEN pg_catalog.format('Protect the tables it reads and have it use the reader''s rights: ALTER VIEW %s SET (security_invoker = true).', rel)
        WHEN 'm' THEN 'Let tools read the tables behind it, or, if every tenant may see all of its rows, use ops.share_table().'
        WHEN 'f' THEN 'Copy its rows into a table, or, if every tenant may see all of its rows, use ops.share_table().'
        ELSE 'Name a table.' END;
  END IF;
  IF NOT pg_catalog.pg_has_role(asking, v_rel.relowner, 'USAGE') THEN
    PERFORM ops._deny(
      pg_catalog.format('must be owner of %s', rel),
      pg_catalog.format('Let its owner call this: %I.', pg_catalog.pg_get_userbyid(v_rel.relowner)));
  END IF;
END
$body$;
COMMENT ON FUNCTION ops._check_relation(regclass, oid, text) IS 'internal: raises unless the relation is an application''s, of one of the kinds, and the role asking owns it';
REVOKE ALL ON FUNCTION ops._check_relation(regclass, oid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._check_relation(regclass, oid, text) TO ops_owner, ops_user;

CREATE FUNCTION ops._family(rel regclass) RETURNS TABLE (member oid, kind "char", depth integer)
  LANGUAGE sql STABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  WITH RECURSIVE family (member, depth) AS (
    SELECT rel::oid, 0
    UNION ALL
    SELECT i.inhrelid, f.depth + 1 FROM family f JOIN pg_catalog.pg_inherits i ON i.inhparent = f.member)
  SELECT f.member, c.relkind, pg_catalog.min(f.depth)
    FROM family f JOIN pg_catalog.pg_class c ON c.oid = f.member
   GROUP BY f.member, c.relkind
   ORDER BY 3, 1
$body$;
COMMENT ON FUNCTION ops._family(regclass) IS 'internal: a table, its partitions and inheritance children, each once';
REVOKE ALL ON FUNCTION ops._family(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._family(regclass) TO ops_owner, ops_user;

-- The statements for one table, nothing executed. An empty result: protected in just that way already.
CREATE FUNCTION ops._protection_ddl(rel regclass, tenant_column name, scope text) RETURNS SETOF text
  LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_column record;
  v_class record;
  v_expression text;
  v_to text := CASE scope WHEN 'everyone' THEN 'PUBLIC' ELSE 'ops_tool' END;
  v_everyone boolean;
  v_before text;
BEGIN
  SELECT c.relrowsecurity, c.relforcerowsecurity INTO v_class FROM pg_catalog.pg_class c WHERE c.oid = rel::oid;

  SELECT 0 = ANY (p.polroles) INTO v_everyone
    FROM pg_catalog.pg_policy p WHERE p.polrelid = rel::oid AND p.polname = 'pg_ops_tenant';
  IF FOUND AND ops._tenant_column(rel, NULL) = tenant_column::text AND v_everyone = (scope = 'everyone') THEN
    IF v_everyone AND NOT v_class.relforcerowsecurity THEN  -- somebody took it away since
      RETURN NEXT pg_catalog.format('ALTER TABLE %s FORCE ROW LEVEL SECURITY;', rel);
    END IF;
    RETURN;
  END IF;
  IF EXISTS (SELECT 1 FROM pg_catalog.pg_policy p
              WHERE p.polrelid = rel::oid AND p.polname IN ('pg_ops_tenant', 'pg_ops_rows')) THEN
    RAISE EXCEPTION USING ERRCODE = '42710',
      MESSAGE = CASE WHEN ops._tenant_column(rel, NULL) IS NULL
                THEN pg_catalog.format('the protection of %s is damaged: %s', rel, ops._protection_flaw(rel, NULL))
                ELSE pg_catalog.format('%s has a policy pg_ops_tenant of another kind', rel) END,
      HINT = pg_catalog.format('Undo it first: SELECT ops.unprotect_table(%L);', rel::text);
  END IF;

  SELECT a.atttypid, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type_name,
         (SELECT l.collisdeterministic FROM pg_catalog.pg_collation l WHERE l.oid = a.attcollation) AS deterministic
    INTO v_column
    FROM pg_catalog.pg_attribute a
   WHERE a.attrelid = rel::oid AND a.attname = tenant_column AND a.attnum > 0 AND NOT a.attisdropped;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '42703',
      MESSAGE = pg_catalog.format('%s has no column %I', rel, tenant_column),
      HINT = 'Name the column that holds the tenant: ops.protect_table(rel, tenant_column => ...).';
  END IF;
  v_expression := ops._policy_expression(rel, tenant_column);
  IF v_expression IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '42804',
      MESSAGE = pg_catalog.format('column %I of %s has type %s, which cannot hold a tenant', tenant_column, rel, v_column.type_name),
      HINT = 'Tenant columns are text, varchar, uuid, smallint, integer or bigint.';
  END IF;
  IF NOT v_column.deterministic THEN
    RAISE EXCEPTION USING ERRCODE = '42804',
      MESSAGE = pg_catalog.format('column %I of %s has a nondeterministic collation', tenant_column, rel),
      DETAIL = 'Under it the names of two tenants can be equal.';
  END IF;

  RETURN NEXT pg_catalog.format('CREATE POLICY pg_ops_tenant ON %s AS RESTRICTIVE FOR ALL TO %s USING %s WITH CHECK %s;',
                                rel, v_to, v_expression, v_expression);
  -- Where there were no policies everybody keeps the rows they had; where there were, only tools get some.
  RETURN NEXT pg_catalog.format('CREATE POLICY pg_ops_rows ON %s AS PERMISSIVE FOR ALL TO %s USING (true) WITH CHECK (true);',
                                rel, CASE WHEN v_class.relrowsecurity THEN 'ops_tool' ELSE 'PUBLIC' END);
  -- On both: one of them may be lost with the column it reads, and the way back must not be.
  v_before := pg_catalog.format('pg_ops: scope %s; before: row security %s, %s, policies %s', scope,
                                CASE WHEN v_class.relrowsecurity THEN 'on' ELSE 'off' END,
                                CASE WHEN v_class.relforcerowsecurity THEN 'forced' ELSE 'not forced' END,
                                ARRAY(SELECT p.polname FROM pg_catalog.pg_policy p WHERE p.polrelid = rel::oid ORDER BY 1));
  RETURN NEXT pg_catalog.format('COMMENT ON POLICY pg_ops_tenant ON %s IS %L;', rel, v_before);
  RETURN NEXT pg_catalog.format('COMMENT ON POLICY pg_ops_rows ON %s IS %L;', rel, v_before);
  IF NOT v_class.relrowsecurity THEN
    RETURN NEXT pg_catalog.format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY;', rel);
  END IF;
  IF scope = 'everyone' AND NOT v_class.relforcerowsecurity THEN
    RETURN NEXT pg_catalog.format('ALTER TABLE %s FORCE ROW LEVEL SECURITY;', rel);
  END IF;
END
$body$;
COMMENT ON FUNCTION ops._protection_ddl(regclass, name, text) IS 'internal: the statements that protect one table';
REVOKE ALL ON FUNCTION ops._protection_ddl(regclass, name, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._protection_ddl(regclass, name, text) TO ops_owner, ops_user;
