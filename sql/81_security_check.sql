-- sql layer: ops.security_check(): what in this database weakens pg_ops, found in the catalogs.
--
-- Each group of findings is a function of its own; a finding has a severity (critical: tenants or rights can be crossed
-- now; error: something does not hold that should; warning: to be looked at), a stable code, the object, a sentence and
-- what to do. Nothing is changed. All run as ops_owner, who reads catalogs as everybody does, and see assets
-- of the tenants that the caller may operate.

-- Attributes and memberships through which row-level security does not bind a role. NULL: none.
CREATE FUNCTION ops._role_power(role oid) RETURNS text
  LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_power text;
BEGIN
  SELECT CASE WHEN g.oid <> role THEN pg_catalog.format('it is a member of %I', g.rolname)
              WHEN g.rolsuper THEN 'it is a superuser'
              WHEN g.rolbypassrls THEN 'it has BYPASSRLS'
              WHEN g.rolcreaterole THEN 'it has CREATEROLE'
              ELSE 'it has REPLICATION' END
    INTO v_power
    FROM pg_catalog.pg_roles g
   WHERE (g.oid = role AND (g.rolsuper OR g.rolbypassrls OR g.rolcreaterole OR g.rolreplication))
      OR (g.oid <> role
          AND (g.rolsuper OR g.rolbypassrls OR g.rolcreaterole OR g.rolreplication
               OR g.rolname IN ('pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files',
                                'pg_execute_server_program', 'pg_database_owner', 'ops_owner'))
          AND g.oid IN (WITH RECURSIVE up (roleid) AS (
                          SELECT m.roleid FROM pg_catalog.pg_auth_members m WHERE m.member = role
                          UNION
                          SELECT m.roleid FROM up JOIN pg_catalog.pg_auth_members m ON m.member = up.roleid)
                        SELECT up.roleid FROM up))
   ORDER BY g.oid <> role, g.rolname
   LIMIT 1;
  RETURN v_power;
END
$body$;
COMMENT ON FUNCTION ops._role_power(oid) IS 'internal: why row-level security or rights would not bind a role; NULL if they do';
REVOKE ALL ON FUNCTION ops._role_power(oid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._role_power(oid) TO ops_owner;

CREATE FUNCTION ops._check_roles() RETURNS TABLE (severity text, code text, object text, message text, hint text)
  LANGUAGE plpgsql STABLE PARALLEL UNSAFE
AS $body$
BEGIN
  RETURN QUERY
    SELECT 'critical', 'TOOL_ROLE_POWER', r.rolname::text,
           pg_catalog.format('tools run as %I, and %s: row-level security does not bind them', r.rolname, ops._role_power(r.oid)),
           'Take the attribute or membership away, or let tools run as another role.'
      FROM pg_catalog.pg_roles r
     WHERE (r.rolname IN ('ops_tool', 'ops_stats')
            OR EXISTS (SELECT 1 FROM ops.allowed_run_as a WHERE a.role_name = r.rolname AND a.role_oid = r.oid))
       AND ops._role_power(r.oid) IS NOT NULL;
  RETURN QUERY
    SELECT 'critical', 'INTERNAL_ROLE_POWER', r.rolname::text,
           pg_catalog.format('role %I of pg_ops must have no power of its own, and %s', r.rolname, ops._role_power(r.oid)),
           pg_catalog.format('ALTER ROLE %1$I NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOREPLICATION; or REVOKE the membership from %1$I.', r.rolname)
      FROM pg_catalog.pg_roles r
     WHERE r.rolname IN ('ops_owner', 'ops_executor', 'ops_writer', 'ops_scheduler', 'ops_worker', 'ops_user', 'ops_operator',
                         'ops_admin', 'ops_provisioner', 'ops_monitor')
       AND ops._role_power(r.oid) IS NOT NULL;
  RETURN QUERY
    SELECT 'critical', 'INTERNAL_ROLE_MEMBER', m.rolname::text,
           pg_catalog.format('role %I is a member of %I, which is internal to pg_ops, and has its rights', m.rolname, g.rolname),
           pg_catalog.format('REVOKE %I FROM %I;', g.rolname, m.rolname)
      FROM pg_catalog.pg_auth_members a
      JOIN pg_catalog.pg_roles g ON g.oid = a.roleid
      JOIN pg_catalog.pg_roles m ON m.oid = a.member
     WHERE g.rolname IN ('ops_owner', 'ops_stats', 'ops_executor', 'ops_writer', 'ops_scheduler', 'ops_worker');
  RETURN QUERY
    SELECT 'error', 'INTERNAL_ROLE_LOGIN', r.rolname::text,
           pg_catalog.format('role %I may log in, and nobody should', r.rolname),
           pg_catalog.format('ALTER ROLE %I NOLOGIN;', r.rolname)
      FROM pg_catalog.pg_roles r
     WHERE r.rolname IN ('ops_owner', 'ops_stats', 'ops_tool') AND r.rolcanlogin;
  RETURN QUERY
    SELECT 'error', 'RUN_AS_CHANGED', a.role_name::text,
           pg_catalog.format('role %I was allowed for tools and is %s', a.role_name,
             CASE WHEN r.oid IS NULL THEN 'gone' ELSE 'another one today' END),
           'Tools that run as it fail. Clean up: DELETE the row, or ops.disallow_run_as() and ops.allow_run_as() after looking at it.'
      FROM ops.allowed_run_as a
      LEFT JOIN pg_catalog.pg_roles r ON r.rolname = a.role_name
     WHERE r.oid IS DISTINCT FROM a.role_oid;
  RETURN QUERY
    SELECT 'warning', 'MEMBERSHIP_STALE', m.member::text,
           pg_catalog.format('membership of %I in tenant "%s" does not count: the role was dropped or renamed', m.member, m.tenant),
           'Grant it again to the role of today; a row of a dropped role does no harm.'
      FROM ops.tenant_members m
     WHERE NOT m.is_valid;
END
$body$;
COMMENT ON FUNCTION ops._check_roles() IS 'internal, for ops.security_check(): roles';
ALTER FUNCTION ops._check_roles() OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._check_roles() FROM PUBLIC;

-- By what the tenant can be forged: see docs/security/security-check.md.
CREATE FUNCTION ops._check_forgery() RETURNS TABLE (severity text, code text, object text, message text, hint text)
  LANGUAGE plpgsql STABLE PARALLEL UNSAFE
AS $body$
BEGIN
  RETURN QUERY
    SELECT CASE WHEN p.prosrc ~* 'pg_ops\.tenant|set_config' THEN 'critical' ELSE 'warning' END, 'DEFINER_SUPERUSER',
           p.oid::regprocedure::text,
           pg_catalog.format('runs with the rights of %I, who %s, for %s; such a function can set the tenant of its caller', o.rolname,
             CASE WHEN o.rolsuper THEN 'is a superuser' ELSE 'has BYPASSRLS' END,
             CASE WHEN g.everybody THEN 'everybody' ELSE 'other roles' END),
           'Give it to a role without such rights (ALTER FUNCTION ... OWNER TO), make it SECURITY INVOKER, or revoke EXECUTE.'
      FROM pg_catalog.pg_proc p
      JOIN pg_catalog.pg_roles o ON o.oid = p.proowner
     CROSS JOIN LATERAL (
       SELECT pg_catalog.bool_or(x.grantee = 0) AS everybody, pg_catalog.count(*) AS number
         FROM pg_catalog.aclexplode(COALESCE(p.proacl, pg_catalog.acldefault('f', p.proowner))) x
        WHERE x.privilege_type = 'EXECUTE' AND x.grantee <> p.proowner) g
     WHERE p.prosecdef AND (o.rolsuper OR o.rolbypassrls) AND g.number > 0 AND o.rolname <> 'ops_owner';
  RETURN QUERY
    SELECT 'critical', 'PARAMETER_GRANT', a.parname,
           pg_catalog.format('%s may %s %s', CASE x.grantee WHEN 0 THEN 'everybody' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END,
                             x.privilege_type, a.parname),
           pg_catalog.format('REVOKE %s ON PARAMETER %s FROM %s;', x.privilege_type, a.parname,
             CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END)
      FROM pg_catalog.pg_parameter_acl a
     CROSS JOIN LATERAL pg_catalog.aclexplode(a.paracl) x
      LEFT JOIN pg_catalog.pg_roles r ON r.oid = x.grantee
     WHERE a.parname LIKE 'pg\_ops.%' AND NOT COALESCE(r.rolsuper, false);
  RETURN QUERY
    SELECT 'critical', 'TENANT_SETTING',
           COALESCE('role ' || pg_catalog.quote_ident(r.rolname), 'database ' || pg_catalog.quote_ident(d.datname), 'all roles and databases'),
           'pg_ops.tenant is set at login: sessions begin in a tenant that nobody checked',
           pg_catalog.format('ALTER %s RESET pg_ops.tenant;',
             COALESCE('ROLE ' || pg_catalog.quote_ident(r.rolname) || COALESCE(' IN DATABASE ' || pg_catalog.quote_ident(d.datname), ''),
                      'DATABASE ' || pg_catalog.quote_ident(d.datname), 'ROLE ALL'))
      FROM pg_catalog.pg_db_role_setting s
      LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
      LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
     WHERE EXISTS (SELECT 1 FROM pg_catalog.unnest(s.setconfig) c WHERE c LIKE 'pg\_ops.tenant=%')
       AND (s.setdatabase = 0 OR d.datname = pg_catalog.current_database());
  RETURN QUERY
    SELECT 'warning', 'ASK_OVERLOAD', p.oid::regprocedure::text,
           'has the name of a function of pg_ops and is not it: a call by that name may reach it',
           'Drop or rename it, and take CREATE on the schema away from those who need not have it; applications call ops.ask.'
      FROM pg_catalog.pg_proc p
     WHERE p.proname IN ('ops_ask', 'ops_ask_text')
       AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
                        WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
                          AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND e.extname = 'pg_ops');
END
$body$;
COMMENT ON FUNCTION ops._check_forgery() IS 'internal, for ops.security_check(): by what the tenant could be forged';
ALTER FUNCTION ops._check_forgery() OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._check_forgery() FROM PUBLIC;

CREATE FUNCTION ops._check_relations() RETURNS TABLE (severity text, code text, object text, message text, hint text)
  LANGUAGE plpgsql STABLE PARALLEL UNSAFE
AS $body$
BEGIN
  RETURN QUERY
    WITH tool_roles AS (
      -- A role with power reads everything: that is a finding of its own.
      SELECT r.oid, r.rolname FROM pg_catalog.pg_roles r
       WHERE (r.rolname = 'ops_tool'
              OR EXISTS (SELECT 1 FROM ops.allowed_run_as a WHERE a.role_name = r.rolname AND a.role_oid = r.oid))
         AND ops._role_power(r.oid) IS NULL
    ), readable AS (
      SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS relation, c.relkind, t.rolname, t.oid AS role,
             EXISTS (SELECT 1 FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'pg_ops_tenant') AS has_policy,
             c.relkind = 'v' AND EXISTS (SELECT 1 FROM pg_catalog.pg_options_to_table(c.reloptions) o
                                          WHERE o.option_name = 'security_invoker' AND o.option_value::boolean) AS invoker
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       CROSS JOIN tool_roles t
       WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
         AND n.nspname NOT IN ('information_schema', 'ops') AND NOT pg_catalog.starts_with(n.nspname, 'pg_')
         AND pg_catalog.has_schema_privilege(t.oid, n.oid, 'USAGE') AND pg_catalog.has_any_column_privilege(t.oid, c.oid, 'SELECT')
         -- What an extension brings and grants to everybody is no table of the application's; the guard refuses it.
         AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass
                            AND d.objid = c.oid AND d.deptype = 'e')
    )
    SELECT 'error', CASE WHEN r.has_policy THEN 'PROTECTION_DAMAGED' ELSE 'UNPROTECTED_TABLE' END, r.relation,
           CASE WHEN r.has_policy
                THEN pg_catalog.format('policy pg_ops_tenant does not protect it for tools that run as %I', r.rolname)
                ELSE pg_catalog.format('tools that run as %I were given it, and no policy keeps tenants apart', r.rolname) END,
           CASE WHEN r.has_policy THEN pg_catalog.format('SELECT ops.unprotect_table(%1$L); then SELECT ops.protect_table(%1$L);', r.relation)
                WHEN r.relkind = 'v' THEN pg_catalog.format('ALTER VIEW %s SET (security_invoker = true);', r.relation)
                WHEN r.relkind IN ('m', 'f') THEN pg_catalog.format('REVOKE SELECT ON %s FROM %I; or, if every tenant may see all of it: SELECT ops.share_table(%L);', r.relation, r.rolname, r.relation)
                ELSE pg_catalog.format('SELECT ops.protect_table(%1$L); or, if every tenant may see all of it: SELECT ops.share_table(%1$L);', r.relation) END
      FROM readable r
     WHERE ops._tenant_column(r.oid, r.role) IS NULL AND NOT ops._is_shared_table(r.oid) AND NOT r.invoker
     ORDER BY 3, 4;
  RETURN QUERY
    SELECT 'warning', 'TOOL_MAY_WRITE', pg_catalog.format('%I.%I', n.nspname, c.relname),
           'ops_tool has the right to change it, which no tool needs',
           pg_catalog.format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON %I.%I FROM ops_tool;', n.nspname, c.relname)
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'f') AND c.relpersistence <> 't'
       AND n.nspname NOT IN ('information_schema', 'ops') AND NOT pg_catalog.starts_with(n.nspname, 'pg_')
       AND pg_catalog.has_table_privilege('ops_tool', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
     ORDER BY 3;
  RETURN QUERY
    SELECT 'warning', 'SHARED_CHANGED', pg_catalog.format('%I.%I', s.rel_schema, s.rel_name),
           'was shared among tenants and is gone or another table today: the mark does not count',
           'Look at it, then ops.share_table() again, or leave it.'
      FROM ops.shared_tables s
     WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                        WHERE n.nspname = s.rel_schema AND c.relname = s.rel_name AND c.oid = s.rel_oid)
     ORDER BY 3;
  RETURN QUERY
    SELECT 'error', 'ALLOWED_FUNCTION_CHANGED', pg_catalog.format('%I.%I(%s)', a.fn_schema, a.fn_name, a.fn_args),
           'was allowed for tools and is not what it was, so that tools may not call it: ' || COALESCE(a.changed, a.state),
           COALESCE(a.remedy, 'Read it again, then: SELECT ops.allow_function(...), or ops.disallow_function(...).')
      FROM ops.allowed_functions a
     WHERE a.state <> 'current'
     ORDER BY 3;
END
$body$;
COMMENT ON FUNCTION ops._check_relations() IS 'internal, for ops.security_check(): what tools can reach';
ALTER FUNCTION ops._check_relations() OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._check_relations() FROM PUBLIC;

-- Which limits of a policy are wider than those of the default for that type of tool.
CREATE FUNCTION ops._wider_limits(policy jsonb, base jsonb) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT pg_catalog.string_agg(pg_catalog.format('%s %s instead of %s', d.key, COALESCE(policy ->> d.key, 'without limit'), d.value #>> '{}'),
                               ', ' ORDER BY d.key)
    FROM pg_catalog.jsonb_each(base) d
   WHERE d.key IN ('timeout_ms', 'max_rows', 'max_bytes', 'max_cost', 'rate_per_minute', 'max_concurrent', 'max_retries')
     AND pg_catalog.jsonb_typeof(d.value) = 'number' AND policy ? d.key
     AND (pg_catalog.jsonb_typeof(policy -> d.key) = 'null'
          OR (pg_catalog.jsonb_typeof(policy -> d.key) = 'number' AND (policy ->> d.key)::numeric > (d.value #>> '{}')::numeric))
$body$;
COMMENT ON FUNCTION ops._wider_limits(jsonb, jsonb) IS 'internal: the limits in which a policy is wider than another, in words; NULL: none';
REVOKE ALL ON FUNCTION ops._wider_limits(jsonb, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._wider_limits(jsonb, jsonb) TO ops_owner;

CREATE FUNCTION ops._check_assets() RETURNS TABLE (severity text, code text, object text, message text, hint text)
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
AS $body$
BEGIN
  RETURN QUERY
    SELECT 'critical', 'PLAINTEXT_CREDENTIAL', pg_catalog.format('%s/%s', t.tenant_id, t.name),
           pg_catalog.format('tool "%s" of tenant "%s", version %s: %s %s', t.name, t.tenant_id, t.version, f ->> 'path', f ->> 'message'),
           'Put a version with {{secret:name}} in its place, and change the credential: it was readable.'
      FROM (SELECT v.tenant_id, v.name, v.version, v.spec
              FROM ops.asset_version_store v JOIN ops.asset_store a ON a.tenant_id = v.tenant_id AND a.kind = v.kind AND a.name = v.name
             WHERE v.kind = 'tool' AND v.spec ->> 'type' <> 'sql') t
     CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(ops._asset_report(t.tenant_id, 'tool', t.name, t.spec, 'shape') -> 'findings') f
     WHERE f ->> 'message' LIKE '%literal credential%'
     ORDER BY 3, 4;
  RETURN QUERY
    SELECT DISTINCT 'warning', 'POLICY_WEAKER', pg_catalog.format('%s/%s', p.tenant_id, p.name),
           pg_catalog.format('policy "%s" of tenant "%s" is weaker than default_%s: %s', p.name, p.tenant_id, t.spec ->> 'type',
                             ops._wider_limits(p.spec, d.spec)),
           'Intended? Then nothing is to be done. Else put a version with the limits of the default.'
      FROM (SELECT a.tenant_id, a.name, v.spec FROM ops.asset_store a
              JOIN ops.asset_version_store v ON v.tenant_id = a.tenant_id AND v.kind = a.kind AND v.name = a.name AND v.version = a.current_version
             WHERE a.kind = 'policy' AND a.deleted_at IS NULL AND NOT (a.tenant_id = 'system' AND a.shipped AND a.current_version = 1)) p
      JOIN (SELECT a.tenant_id, v.spec FROM ops.asset_store a
              JOIN ops.asset_version_store v ON v.tenant_id = a.tenant_id AND v.kind = a.kind AND v.name = a.name AND v.version = a.current_version
             WHERE a.kind = 'tool' AND a.deleted_at IS NULL) t
        ON COALESCE(t.spec ->> 'policy', 'default_' || (t.spec ->> 'type')) = p.name
       AND (t.tenant_id = p.tenant_id OR p.tenant_id = 'system')
      JOIN ops.asset_version_store d
        ON d.tenant_id = 'system' AND d.kind = 'policy' AND d.name = 'default_' || (t.spec ->> 'type') AND d.version = 1
     WHERE ops._wider_limits(p.spec, d.spec) IS NOT NULL
     ORDER BY 3, 4;
  RETURN QUERY
    SELECT 'warning', 'TOOL_WITHOUT_OWNER', pg_catalog.format('%s/%s', a.tenant_id, a.name),
           pg_catalog.format('tool "%s" of tenant "%s" is in force, and %I, who made its version, is no role any more', a.name, a.tenant_id, v.created_by),
           'Let somebody look at it and put it again, or delete it: ops.delete_asset().'
      FROM ops.asset_store a
      JOIN ops.asset_version_store v ON v.tenant_id = a.tenant_id AND v.kind = a.kind AND v.name = a.name AND v.version = a.current_version
     WHERE a.kind = 'tool' AND a.deleted_at IS NULL AND NOT a.shipped
       AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles r WHERE r.rolname = v.created_by)
     ORDER BY 3;
END
$body$;
COMMENT ON FUNCTION ops._check_assets() IS 'internal, for ops.security_check(): tools and policies of the tenants that the caller may operate';
ALTER FUNCTION ops._check_assets() OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._check_assets() FROM PUBLIC;

-- Whether the objects of pg_ops are as its script made them.
CREATE FUNCTION ops._check_own_objects() RETURNS TABLE (severity text, code text, object text, message text, hint text)
  LANGUAGE plpgsql STABLE PARALLEL UNSAFE
AS $body$
BEGIN
  RETURN QUERY
    WITH members AS (
      SELECT d.classid, d.objid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
       WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'pg_ops')
    SELECT 'critical', 'OWN_TABLE_CHANGED', c.oid::regclass::text,
           CASE WHEN c.relowner <> 'ops_owner'::regrole THEN pg_catalog.format('belongs to %I, not to ops_owner', pg_catalog.pg_get_userbyid(c.relowner))
                ELSE 'has its row-level security switched off or not forced' END,
           pg_catalog.format('ALTER TABLE %1$s OWNER TO ops_owner; ALTER TABLE %1$s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;', c.oid::regclass)
      FROM members m JOIN pg_catalog.pg_class c ON m.classid = 'pg_catalog.pg_class'::regclass AND c.oid = m.objid
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND (c.relowner <> 'ops_owner'::regrole
            OR (NOT (c.relrowsecurity AND c.relforcerowsecurity)
                AND EXISTS (SELECT 1 FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid)))
    UNION ALL
    SELECT 'critical', 'OWN_TABLE_GRANTED', c.oid::regclass::text,
           pg_catalog.format('PUBLIC has %s on it', x.privilege_type),
           pg_catalog.format('REVOKE ALL ON %s FROM PUBLIC;', c.oid::regclass)
      FROM members m JOIN pg_catalog.pg_class c ON m.classid = 'pg_catalog.pg_class'::regclass AND c.oid = m.objid
     CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) x
     WHERE x.grantee = 0
    UNION ALL
    SELECT 'critical', 'OWN_FUNCTION_CHANGED', p.oid::regprocedure::text,
           CASE WHEN p.proowner <> 'ops_owner'::regrole THEN pg_catalog.format('is SECURITY DEFINER and belongs to %I, not to ops_owner', pg_catalog.pg_get_userbyid(p.proowner))
                ELSE 'is SECURITY DEFINER without the search path it was made with' END,
           pg_catalog.format('ALTER FUNCTION %1$s OWNER TO ops_owner; ALTER FUNCTION %1$s SET search_path = pg_catalog, pg_temp;', p.oid::regprocedure)
      FROM members m JOIN pg_catalog.pg_proc p ON m.classid = 'pg_catalog.pg_proc'::regclass AND p.oid = m.objid
     WHERE p.prosecdef AND (p.proowner <> 'ops_owner'::regrole OR NOT COALESCE('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false))
    UNION ALL
    SELECT 'critical', 'OWN_FUNCTION_GRANTED', p.oid::regprocedure::text, 'everybody may call it',
           pg_catalog.format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC;', p.oid::regprocedure)
      FROM members m JOIN pg_catalog.pg_proc p ON m.classid = 'pg_catalog.pg_proc'::regclass AND p.oid = m.objid
     CROSS JOIN LATERAL pg_catalog.aclexplode(COALESCE(p.proacl, pg_catalog.acldefault('f', p.proowner))) x
     WHERE x.grantee = 0 AND p.oid <> 'ops.current_tenant()'::regprocedure
    UNION ALL
    SELECT 'critical', 'SCHEMA_WRITABLE', 'ops', pg_catalog.format('%s may create objects in schema ops',
             CASE x.grantee WHEN 0 THEN 'everybody' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END),
           'REVOKE CREATE ON SCHEMA ops FROM it.'
      FROM pg_catalog.pg_namespace n CROSS JOIN LATERAL pg_catalog.aclexplode(n.nspacl) x
     WHERE n.nspname = 'ops' AND x.privilege_type = 'CREATE' AND x.grantee NOT IN (n.nspowner, 'ops_owner'::regrole);
END
$body$;
COMMENT ON FUNCTION ops._check_own_objects() IS 'internal, for ops.security_check(): objects of pg_ops that somebody changed';
ALTER FUNCTION ops._check_own_objects() OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._check_own_objects() FROM PUBLIC;

CREATE FUNCTION ops.security_check() RETURNS TABLE (severity text, code text, object text, message text, hint text)
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET row_security = on
AS $body$
BEGIN
  IF NOT ops._administers_installation() THEN
    PERFORM ops._deny(pg_catalog.format('role "%s" may not check the installation', pg_catalog.pg_get_userbyid(ops._caller())),
      'This needs role ops_admin and access admin in tenant system.');
  END IF;
  RETURN QUERY
    SELECT f.severity, f.code, f.object, f.message, f.hint
      FROM (SELECT * FROM ops._check_own_objects()
            UNION ALL SELECT * FROM ops._check_roles()
            UNION ALL SELECT * FROM ops._check_forgery()
            UNION ALL SELECT * FROM ops._check_relations()
            UNION ALL SELECT * FROM ops._check_assets()) f
     ORDER BY pg_catalog.array_position(ARRAY['critical', 'error', 'warning'], f.severity), f.code, f.object, f.message;
END
$body$;
COMMENT ON FUNCTION ops.security_check() IS
  'what in this database weakens pg_ops: forged tenants, powerful roles, unprotected tables, credentials in specs, weak policies; no row: nothing found. Needs access admin in tenant system';
ALTER FUNCTION ops.security_check() OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.security_check() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.security_check() TO ops_admin;
