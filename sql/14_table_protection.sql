-- sql layer: row-level security on the application's own tables.
--
-- protect_table() puts two policies on a table and on every inheritance child or partition of it (a child is
-- also readable by its own name): `pg_ops_tenant`, RESTRICTIVE, so that no policy of the application's can void
-- it, and `pg_ops_rows`, the permissive one without which a restrictive policy shows nothing. It runs with the
-- caller's rights, as every statement it prints would. The text of the restriction comes from
-- ops._policy_expression() and from nowhere else; a table counts as protected only while the catalogs hold
-- exactly that text. How a table was before is kept in the policy's comment, for unprotect_table().

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
    RAISE EXCEPTION USING ERRCODE = '42501',
      MESSAGE = pg_catalog.format('PERMISSION_DENIED: must be owner of %s', rel),
      HINT = pg_catalog.format('Let its owner call this: %I.', pg_catalog.pg_get_userbyid(v_rel.relowner));
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
BEGIN
  SELECT c.relrowsecurity, c.relforcerowsecurity INTO v_class FROM pg_catalog.pg_class c WHERE c.oid = rel::oid;

  SELECT 0 = ANY (p.polroles) INTO v_everyone
    FROM pg_catalog.pg_policy p WHERE p.polrelid = rel::oid AND p.polname = 'pg_ops_tenant';
  IF FOUND THEN
    IF ops._tenant_column(rel, NULL) = tenant_column::text AND v_everyone = (scope = 'everyone') THEN
      RETURN;
    END IF;
    RAISE EXCEPTION USING ERRCODE = '42710',
      MESSAGE = pg_catalog.format('%s has a policy pg_ops_tenant of another kind', rel),
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
  RETURN NEXT pg_catalog.format('COMMENT ON POLICY pg_ops_tenant ON %s IS %L;', rel, pg_catalog.format(
                                'pg_ops: rows of the current tenant only; before: row security %s, %s',
                                CASE WHEN v_class.relrowsecurity THEN 'on' ELSE 'off' END,
                                CASE WHEN v_class.relforcerowsecurity THEN 'forced' ELSE 'not forced' END));
  -- Where there were no policies everybody keeps the rows they had; where there were, only tools get some.
  RETURN NEXT pg_catalog.format('CREATE POLICY pg_ops_rows ON %s AS PERMISSIVE FOR ALL TO %s USING (true) WITH CHECK (true);',
                                rel, CASE WHEN v_class.relrowsecurity THEN 'ops_tool' ELSE 'PUBLIC' END);
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

-- What a person should know after protecting a table; SQL comments, so that the whole output can be run.
CREATE FUNCTION ops._protection_notes(rel regclass, tenant_column name, scope text) RETURNS SETOF text
  LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_view record;
BEGIN
  IF scope = 'everyone' THEN
    RETURN NEXT '-- Everyone but superusers, the owner included, now sees rows of the tenant set by ops.set_tenant(), and without one no rows.';
    RETURN NEXT '-- COPY ... FROM is refused for them (use INSERT); pg_dump needs a role with BYPASSRLS or a superuser.';
  ELSE
    RETURN NEXT '-- Tool roles now see rows of the current tenant only; the owner and all others see what they saw before.';
    RETURN NEXT '-- Roles other than the owner: COPY ... FROM is refused (use INSERT), and pg_dump needs BYPASSRLS or a superuser.';
  END IF;
  IF NOT pg_catalog.has_schema_privilege('ops_tool', (SELECT c.relnamespace FROM pg_catalog.pg_class c WHERE c.oid = rel::oid), 'USAGE') THEN
    RETURN NEXT pg_catalog.format('-- Tools cannot reach it yet: GRANT USAGE ON SCHEMA %I TO ops_tool;',
      (SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = rel::oid));
  END IF;
  IF NOT pg_catalog.has_any_column_privilege('ops_tool', rel::oid, 'SELECT') THEN
    RETURN NEXT pg_catalog.format('-- Tools cannot read it yet: GRANT SELECT ON %s TO ops_tool;', rel);
  END IF;
  IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a
                    ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                  WHERE i.indrelid = rel::oid AND i.indisvalid AND a.attname = tenant_column) THEN
    RETURN NEXT pg_catalog.format('-- No index begins with the tenant, so every read scans all tenants'' rows: CREATE INDEX ON %s (%I);', rel, tenant_column);
  END IF;
  FOR v_view IN
    SELECT DISTINCT c.oid::regclass AS view, c.relkind
      FROM pg_catalog.pg_depend d
      JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
      JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
     WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
       AND d.refobjid = rel::oid
       AND (c.relkind = 'm'
            OR (c.relkind = 'v'
                AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_options_to_table(c.reloptions) o
                                 WHERE o.option_name = 'security_invoker' AND o.option_value::boolean)))
     ORDER BY 1
  LOOP
    RETURN NEXT CASE v_view.relkind
      WHEN 'm' THEN pg_catalog.format('-- Materialized view %s keeps copies of all tenants'' rows: tools must not read it.', v_view.view)
      ELSE pg_catalog.format('-- View %1$s reads it with its owner''s rights: ALTER VIEW %1$s SET (security_invoker = true);', v_view.view) END;
  END LOOP;
END
$body$;
COMMENT ON FUNCTION ops._protection_notes(regclass, name, text) IS 'internal: what ops.protect_table() says beside its statements';
REVOKE ALL ON FUNCTION ops._protection_notes(regclass, name, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._protection_notes(regclass, name, text) TO ops_owner, ops_user;

-- ---- for the owner of a table -----------------------------------------------------------------------------

CREATE FUNCTION ops.protect_table(rel regclass, tenant_column name DEFAULT 'tenant_id', scope text DEFAULT 'tools',
                                  dry_run boolean DEFAULT false) RETURNS SETOF text
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY INVOKER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_member record;
  v_ddl text;
BEGIN
  IF tenant_column IS NULL OR scope IS NULL OR dry_run IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = pg_catalog.format('%s must not be null',
      CASE WHEN tenant_column IS NULL THEN 'tenant_column' WHEN scope IS NULL THEN 'scope' ELSE 'dry_run' END);
  END IF;
  IF scope NOT IN ('tools', 'everyone') THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = pg_catalog.format('scope must be tools or everyone, not "%s"', scope);
  END IF;
  PERFORM ops._check_relation(rel, (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER), 'rp');
  FOR v_member IN SELECT f.member::regclass AS rel, f.kind FROM ops._family(rel) f LOOP
    IF v_member.kind = 'f' THEN
      RETURN NEXT pg_catalog.format('-- Foreign table %s has no row-level security: through its parent it is filtered, by its own name tools must not read it.', v_member.rel);
      CONTINUE;
    END IF;
    FOR v_ddl IN SELECT d FROM ops._protection_ddl(v_member.rel, tenant_column, scope) d LOOP
      IF NOT dry_run THEN
        EXECUTE v_ddl;
      END IF;
      RETURN NEXT v_ddl;
    END LOOP;
  END LOOP;
  RETURN QUERY SELECT n FROM ops._protection_notes(rel, tenant_column, scope) n;
END
$body$;
COMMENT ON FUNCTION ops.protect_table(regclass, name, text, boolean) IS
  'limits tools (or everyone) to the current tenant''s rows of a table, its partitions and children; called by the owner; returns the statements';
REVOKE ALL ON FUNCTION ops.protect_table(regclass, name, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.protect_table(regclass, name, text, boolean) TO ops_user;

CREATE FUNCTION ops.unprotect_table(rel regclass, dry_run boolean DEFAULT false) RETURNS SETOF text
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY INVOKER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_member record;
  v_before text;
  v_everyone boolean;
  v_ddl text[];
  v_statement text;
  v_found boolean := false;
BEGIN
  IF dry_run IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'dry_run must not be null';
  END IF;
  PERFORM ops._check_relation(rel, (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER), 'rp');
  FOR v_member IN
    SELECT f.member::regclass AS rel, c.relrowsecurity, c.relforcerowsecurity,
           (SELECT pg_catalog.count(*) FROM pg_catalog.pg_policy p
             WHERE p.polrelid = f.member AND p.polname NOT IN ('pg_ops_tenant', 'pg_ops_rows')) AS others
      FROM ops._family(rel) f JOIN pg_catalog.pg_class c ON c.oid = f.member
     WHERE f.kind <> 'f'
  LOOP
    SELECT pg_catalog.obj_description(p.oid, 'pg_policy'), 0 = ANY (p.polroles) INTO v_before, v_everyone
      FROM pg_catalog.pg_policy p
     WHERE p.polrelid = v_member.rel::oid AND p.polname = 'pg_ops_tenant';
    CONTINUE WHEN NOT FOUND;
    v_found := true;
    v_ddl := ARRAY[pg_catalog.format('DROP POLICY pg_ops_tenant ON %s;', v_member.rel)];
    IF EXISTS (SELECT 1 FROM pg_catalog.pg_policy p WHERE p.polrelid = v_member.rel::oid AND p.polname = 'pg_ops_rows') THEN
      v_ddl := v_ddl || pg_catalog.format('DROP POLICY pg_ops_rows ON %s;', v_member.rel);
    END IF;
    IF v_everyone AND v_member.relforcerowsecurity AND v_before LIKE '%, not forced' THEN
      v_ddl := v_ddl || pg_catalog.format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY;', v_member.rel);
    END IF;
    IF v_member.relrowsecurity AND v_before LIKE '%row security off,%' THEN
      IF v_member.others = 0 THEN
        v_ddl := v_ddl || pg_catalog.format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY;', v_member.rel);
      ELSE
        v_ddl := v_ddl || pg_catalog.format('-- %s has policies made since, so row-level security stays on.', v_member.rel);
      END IF;
    END IF;
    FOREACH v_statement IN ARRAY v_ddl LOOP
      IF NOT dry_run AND v_statement NOT LIKE '--%' THEN
        EXECUTE v_statement;
      END IF;
      RETURN NEXT v_statement;
    END LOOP;
  END LOOP;
  IF NOT v_found THEN
    RAISE EXCEPTION USING ERRCODE = '42704', MESSAGE = pg_catalog.format('%s is not protected by pg_ops', rel);
  END IF;
END
$body$;
COMMENT ON FUNCTION ops.unprotect_table(regclass, boolean) IS
  'undoes ops.protect_table(); call it before DROP EXTENSION, which would leave row-level security on';
REVOKE ALL ON FUNCTION ops.unprotect_table(regclass, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.unprotect_table(regclass, boolean) TO ops_user;
