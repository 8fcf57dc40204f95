-- sql layer: what the owner of a table calls: ops.protect_table() and ops.unprotect_table().
--
-- Both run with the caller's rights and return the statements they ran, beside SQL comments that say what a
-- person should know; the whole output can be run. See 14_table_protection.sql for what it is made of.
-- Invariant: unprotect_table() leaves a table as it was found, as far as nobody else has built on it since.

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
    RETURN QUERY SELECT n FROM ops._writer_notes(rel, tenant_column) n;
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
    WITH RECURSIVE reading (relation) AS (
      SELECT rel::oid
      UNION
      SELECT r.ev_class
        FROM reading f
        JOIN pg_catalog.pg_depend d ON d.refobjid = f.relation
         AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.classid = 'pg_catalog.pg_rewrite'::regclass
        JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid)
    SELECT c.oid::regclass AS view, c.relkind
      FROM reading f JOIN pg_catalog.pg_class c ON c.oid = f.relation
     WHERE c.relkind = 'm'
        OR (c.relkind = 'v'
            AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_options_to_table(c.reloptions) o
                             WHERE o.option_name = 'security_invoker' AND o.option_value::boolean))
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

-- Policies of the application: none can void ours, but each takes part in what is seen beside it.
CREATE FUNCTION ops._policy_notes(rel regclass) RETURNS SETOF text
  LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT CASE
           WHEN NOT c.relrowsecurity AND NOT p.polpermissive THEN pg_catalog.format(
             '-- Policy %I of %s was asleep while row-level security was off; it is restrictive and from now on takes rows away from the roles it names.',
             p.polname, p.polrelid::regclass)
           WHEN NOT c.relrowsecurity THEN pg_catalog.format(
             '-- Policy %I of %s was asleep while row-level security was off; it is permissive, and nobody sees more or less by it.',
             p.polname, p.polrelid::regclass)
           WHEN NOT p.polpermissive THEN pg_catalog.format(
             '-- Policy %I of %s is restrictive and stays in force: where it names tool roles, they see only what it allows as well.',
             p.polname, p.polrelid::regclass)
           ELSE pg_catalog.format(
             '-- Policy %I of %s is permissive: it cannot show another tenant''s rows, and it does not limit tools, which see all rows of their tenant. If tools must obey it: ALTER it into a restrictive one (drop it, CREATE POLICY ... AS RESTRICTIVE).',
             p.polname, p.polrelid::regclass) END
    FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
   WHERE p.polrelid IN (SELECT f.member FROM ops._family(rel) f) AND p.polname NOT IN ('pg_ops_tenant', 'pg_ops_rows')
   ORDER BY p.polrelid, p.polname
$body$;
COMMENT ON FUNCTION ops._policy_notes(regclass) IS 'internal: what ops.protect_table() says about policies that were there before';
REVOKE ALL ON FUNCTION ops._policy_notes(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._policy_notes(regclass) TO ops_owner, ops_user;

-- What row-level security does not cover for roles that write: the server checks keys with the rows of
-- all tenants, and TRUNCATE knows no policies.
CREATE FUNCTION ops._writer_notes(rel regclass, tenant_column name) RETURNS SETOF text
  LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT pg_catalog.format('-- Unique index %s leaves out %I: a tenant that writes learns from "already exists" which values others use.',
                           i.indexrelid::regclass, tenant_column)
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attname = tenant_column
   WHERE i.indrelid = rel::oid AND i.indisunique AND NOT a.attnum = ANY (i.indkey::int2[])
  UNION ALL
  SELECT pg_catalog.format('-- Foreign key %I of %s refers to it without %I: a tenant that writes there learns which keys others use, and can refer to them.',
                           k.conname, k.conrelid::regclass, tenant_column)
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attname = tenant_column
   WHERE k.contype = 'f' AND k.confrelid = rel::oid AND NOT a.attnum = ANY (k.confkey)
  UNION ALL
  SELECT DISTINCT pg_catalog.format('-- %s may TRUNCATE it, which no policy stops: REVOKE TRUNCATE ON %s FROM %s;',
                           CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) END, rel,
                           CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) END)
    FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) g
   WHERE c.oid = rel::oid AND g.privilege_type = 'TRUNCATE' AND g.grantee <> c.relowner
  UNION ALL
  SELECT pg_catalog.format('-- Owner %I is a superuser or has BYPASSRLS and sees all rows: ALTER TABLE %s OWNER TO an ordinary role.', r.rolname, rel)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_roles r ON r.oid = c.relowner
   WHERE c.oid = rel::oid AND (r.rolsuper OR r.rolbypassrls)
$body$;
COMMENT ON FUNCTION ops._writer_notes(regclass, name) IS 'internal: what ops.protect_table() says to those who let tenants write';
REVOKE ALL ON FUNCTION ops._writer_notes(regclass, name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._writer_notes(regclass, name) TO ops_owner, ops_user;

CREATE FUNCTION ops.protect_table(rel regclass, tenant_column name DEFAULT 'tenant_id', scope text DEFAULT 'tools',
                                  dry_run boolean DEFAULT false) RETURNS SETOF text
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY INVOKER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_member record;
  v_ddl text;
  v_changed boolean := false;
  v_policies text[];
BEGIN
  IF tenant_column IS NULL OR scope IS NULL OR dry_run IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = pg_catalog.format('%s must not be null',
      CASE WHEN tenant_column IS NULL THEN 'tenant_column' WHEN scope IS NULL THEN 'scope' ELSE 'dry_run' END);
  END IF;
  IF scope NOT IN ('tools', 'everyone') THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = pg_catalog.format('scope must be tools or everyone, not "%s"', scope);
  END IF;
  PERFORM ops._check_relation(rel, (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER), 'rp');
  v_policies := ARRAY(SELECT n FROM ops._policy_notes(rel) n);  -- while row security is as it was
  FOR v_member IN SELECT f.member::regclass AS rel, f.kind FROM ops._family(rel) f LOOP
    IF v_member.kind = 'f' THEN
      RETURN NEXT pg_catalog.format('-- Foreign table %s has no row-level security: through its parent it is filtered, by its own name tools must not read it.', v_member.rel);
      CONTINUE;
    END IF;
    FOR v_ddl IN SELECT d FROM ops._protection_ddl(v_member.rel, tenant_column, scope) d LOOP
      IF NOT dry_run THEN
        EXECUTE v_ddl;
        v_changed := true;
      END IF;
      RETURN NEXT v_ddl;
    END LOOP;
  END LOOP;
  IF v_changed THEN
    PERFORM ops._audit_protection(rel, 'protect_table',
      pg_catalog.jsonb_build_object('tenant_column', tenant_column, 'scope', scope));
  END IF;
  RETURN QUERY SELECT n FROM pg_catalog.unnest(v_policies) n;
  RETURN QUERY SELECT n FROM ops._protection_notes(rel, tenant_column, scope) n;
END
$body$;
COMMENT ON FUNCTION ops.protect_table(regclass, name, text, boolean) IS
  'limits tools (or everyone) to the current tenant''s rows of a table, its partitions and children; called by the owner; returns the statements';
REVOKE ALL ON FUNCTION ops.protect_table(regclass, name, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.protect_table(regclass, name, text, boolean) TO ops_user;

-- The statements for one table. Empty: nothing of ours is there.
CREATE FUNCTION ops._unprotection_ddl(rel regclass) RETURNS SETOF text
  LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_policy record;
  v_class record;
  v_before text[];
  v_later name[];
BEGIN
  FOR v_policy IN
    SELECT p.polname, pg_catalog.obj_description(p.oid, 'pg_policy') AS comment FROM pg_catalog.pg_policy p
     WHERE p.polrelid = rel::oid AND p.polname IN ('pg_ops_tenant', 'pg_ops_rows') ORDER BY p.polname DESC
  LOOP
    v_before := COALESCE(v_before, pg_catalog.regexp_match(v_policy.comment,
      '^pg_ops: scope (tools|everyone); before: row security (on|off), (not forced|forced), policies (\{.*\})$'));
    RETURN NEXT pg_catalog.format('DROP POLICY %I ON %s;', v_policy.polname, rel);
  END LOOP;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT c.relrowsecurity, c.relforcerowsecurity INTO v_class FROM pg_catalog.pg_class c WHERE c.oid = rel::oid;
  IF v_before IS NULL THEN
    RETURN NEXT pg_catalog.format('-- The comments on the policies of %s are gone, and with them how it was before: row-level security stays %s.', rel,
                                  CASE WHEN v_class.relrowsecurity THEN 'on' ELSE 'off' END);
    RETURN;
  END IF;
  IF v_before[1] = 'everyone' AND v_before[3] = 'not forced' AND v_class.relforcerowsecurity THEN
    RETURN NEXT pg_catalog.format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY;', rel);
  END IF;
  IF v_before[2] = 'off' AND v_class.relrowsecurity THEN
    v_later := ARRAY(SELECT p.polname FROM pg_catalog.pg_policy p
                      WHERE p.polrelid = rel::oid AND p.polname NOT IN ('pg_ops_tenant', 'pg_ops_rows')
                        AND p.polname <> ALL (v_before[4]::name[]) ORDER BY 1);
    IF v_later = '{}' THEN
      RETURN NEXT pg_catalog.format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY;', rel);
    ELSE
      RETURN NEXT pg_catalog.format('-- Policies made on %s since (%s) need row-level security, so it stays on.', rel,
                                    pg_catalog.array_to_string(v_later, ', '));
    END IF;
  END IF;
END
$body$;
COMMENT ON FUNCTION ops._unprotection_ddl(regclass) IS 'internal: the statements that put one table back as it was';
REVOKE ALL ON FUNCTION ops._unprotection_ddl(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._unprotection_ddl(regclass) TO ops_owner, ops_user;

CREATE FUNCTION ops.unprotect_table(rel regclass, dry_run boolean DEFAULT false) RETURNS SETOF text
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY INVOKER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_member regclass;
  v_statement text;
  v_found boolean := false;
BEGIN
  IF dry_run IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'dry_run must not be null';
  END IF;
  PERFORM ops._check_relation(rel, (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER), 'rp');
  FOR v_member IN SELECT f.member FROM ops._family(rel) f WHERE f.kind <> 'f' LOOP
    FOR v_statement IN SELECT d FROM ops._unprotection_ddl(v_member) d LOOP
      v_found := true;
      IF NOT dry_run AND v_statement NOT LIKE '--%' THEN
        EXECUTE v_statement;
      END IF;
      RETURN NEXT v_statement;
    END LOOP;
  END LOOP;
  IF NOT v_found THEN
    RAISE EXCEPTION USING ERRCODE = '42704', MESSAGE = pg_catalog.format('%s is not protected by pg_ops', rel);
  END IF;
  IF NOT dry_run THEN
    PERFORM ops._audit_protection(rel, 'unprotect_table', NULL);
  END IF;
END
$body$;
COMMENT ON FUNCTION ops.unprotect_table(regclass, boolean) IS
  'undoes ops.protect_table(); call it before DROP EXTENSION, which would leave row-level security on';
REVOKE ALL ON FUNCTION ops.unprotect_table(regclass, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.unprotect_table(regclass, boolean) TO ops_user;
