-- sql layer: the SQL guard: check_sql, and the two lists by which administrators widen what tools may do.
--
-- Both lists hold for the whole database, so changing them takes an administrator of the installation.
-- A function is kept as schema, name and argument types together with its owner and a digest of what it
-- does; a role as name and OID. Either one changed is no match. Nothing here lifts class never.

CREATE FUNCTION ops.check_sql(sql text, level text DEFAULT 'full') RETURNS jsonb
  LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pgops_check_sql';
COMMENT ON FUNCTION ops.check_sql(text, text) IS
  'judges a statement as a tool of the current tenant run as ops_tool, without running it; level syntax looks at the text alone, full at the catalogs too';
REVOKE ALL ON FUNCTION ops.check_sql(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.check_sql(text, text) TO ops_operator;

CREATE FUNCTION ops._function_class(fn oid) RETURNS text
  LANGUAGE c STABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'pgops_function_class';
COMMENT ON FUNCTION ops._function_class(oid) IS
  'internal: all, monitor or never for a function of the server, NULL for one that is not classified';
REVOKE ALL ON FUNCTION ops._function_class(oid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._function_class(oid) TO ops_owner;

CREATE FUNCTION ops._relation_class(rel oid) RETURNS text
  LANGUAGE c STABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'pgops_relation_class';
COMMENT ON FUNCTION ops._relation_class(oid) IS
  'internal: all, monitor or never for a relation of pg_catalog and information_schema, NULL for any other';
REVOKE ALL ON FUNCTION ops._relation_class(oid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._relation_class(oid) TO ops_owner;

CREATE FUNCTION ops._function_identity(fn oid)
  RETURNS TABLE (fn_schema name, fn_name name, fn_args text, owner_name name, body_digest text, traits text)
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pgops_function_identity';
COMMENT ON FUNCTION ops._function_identity(oid) IS 'internal: what ops.allow_function() remembers of a function';
REVOKE ALL ON FUNCTION ops._function_identity(oid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._function_identity(oid) TO ops_owner, ops_operator;

-- ---- functions ---------------------------------------------------------------------------------------------

-- extension/pg/analysis/allowed.cpp reads the first six columns by number, through the primary key.
CREATE TABLE ops.allowed_function_store (
  fn_schema name NOT NULL,
  fn_name name NOT NULL,
  fn_args text COLLATE "C" NOT NULL,
  owner_name name NOT NULL,
  body_digest text NOT NULL,
  traits text NOT NULL,
  note text,
  allowed_by name NOT NULL,
  allowed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  CONSTRAINT allowed_function_store_pkey PRIMARY KEY (fn_schema, fn_name, fn_args)
);
COMMENT ON TABLE ops.allowed_function_store IS 'functions outside pg_catalog that tools may call';
COMMENT ON COLUMN ops.allowed_function_store.fn_schema IS 'schema of the function';
COMMENT ON COLUMN ops.allowed_function_store.fn_name IS 'its name';
COMMENT ON COLUMN ops.allowed_function_store.fn_args IS 'its argument types, separated by commas';
COMMENT ON COLUMN ops.allowed_function_store.owner_name IS 'its owner when it was allowed; another owner today is no match';
COMMENT ON COLUMN ops.allowed_function_store.body_digest IS 'digest of its traits when it was allowed; another one today is no match';
COMMENT ON COLUMN ops.allowed_function_store.traits IS 'what it was when it was allowed, one line a trait, longer ones as digests';
COMMENT ON COLUMN ops.allowed_function_store.note IS 'why it was allowed';
COMMENT ON COLUMN ops.allowed_function_store.allowed_by IS 'the role that allowed it';
COMMENT ON COLUMN ops.allowed_function_store.allowed_at IS 'when';
ALTER TABLE ops.allowed_function_store OWNER TO ops_owner;
REVOKE ALL ON TABLE ops.allowed_function_store FROM PUBLIC;
ALTER TABLE ops.allowed_function_store ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY allowed_function_store_all ON ops.allowed_function_store TO ops_owner USING (true) WITH CHECK (true);
COMMENT ON POLICY allowed_function_store_all ON ops.allowed_function_store IS 'the list is not about a tenant; only definer functions change it';
SELECT pg_catalog.pg_extension_config_dump('ops.allowed_function_store', '');

CREATE FUNCTION ops._allowed_function_state(fn_schema name, fn_name name, fn_args text)
  RETURNS TABLE (state text, changed text, remedy text)
  LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pgops_allowed_function_state';
COMMENT ON FUNCTION ops._allowed_function_state(name, name, text) IS 'internal: what became of an entry of the list of allowed functions';
REVOKE ALL ON FUNCTION ops._allowed_function_state(name, name, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._allowed_function_state(name, name, text) TO ops_owner, ops_operator;

CREATE VIEW ops.allowed_functions WITH (security_barrier) AS
  SELECT a.fn_schema, a.fn_name, a.fn_args, s.state, s.changed, s.remedy, a.owner_name, a.body_digest, a.note,
         a.allowed_by, a.allowed_at
    FROM ops.allowed_function_store a
   CROSS JOIN LATERAL ops._allowed_function_state(a.fn_schema, a.fn_name, a.fn_args) s;
COMMENT ON VIEW ops.allowed_functions IS
  'functions outside pg_catalog that tools may call; state is current, changed (no tool may call it until it is allowed again: changed says what, remedy how) or missing (remedy removes the entry)';
ALTER VIEW ops.allowed_functions OWNER TO ops_owner;
REVOKE ALL ON TABLE ops.allowed_functions FROM PUBLIC;
GRANT SELECT ON TABLE ops.allowed_functions TO ops_operator;

-- Remembered verdicts end with the next message about any relation.
CREATE FUNCTION ops._allowed_functions_changed() RETURNS trigger
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  PERFORM ops._protection_changed(TG_RELID);
  RETURN NULL;
END
$body$;
COMMENT ON FUNCTION ops._allowed_functions_changed() IS 'internal: every backend judges statements again when this transaction commits';
ALTER FUNCTION ops._allowed_functions_changed() OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._allowed_functions_changed() FROM PUBLIC;
CREATE TRIGGER allowed_functions_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON ops.allowed_function_store
  FOR EACH STATEMENT EXECUTE FUNCTION ops._allowed_functions_changed();
COMMENT ON TRIGGER allowed_functions_changed ON ops.allowed_function_store IS 'announces every change, whoever makes it';
ALTER TABLE ops.allowed_function_store ENABLE ALWAYS TRIGGER allowed_functions_changed;

CREATE FUNCTION ops.allow_function(fn regprocedure, note text) RETURNS void
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_caller name := ops._enter_tenant('system', 'installation');
  v_now timestamptz := pg_catalog.clock_timestamp();
  v_class text;
BEGIN
  IF fn IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'fn must not be null';
  END IF;
  IF fn::oid < 16384 THEN
    v_class := COALESCE(ops._function_class(fn::oid), 'never');
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = pg_catalog.format('PLAN_INVALID: %s is a function of the server, whose class is %s', fn, v_class),
      HINT = CASE v_class WHEN 'all' THEN 'Every tool may call it already.'
                          WHEN 'monitor' THEN 'Only tools of tenant system that run as ops_stats may call it.'
                          ELSE 'No tool may call it, and no list changes that.' END;
  END IF;
  IF EXISTS (SELECT 1 FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
              WHERE p.oid = fn::oid AND (n.nspname = 'ops' OR n.nspname LIKE 'pg\_temp\_%')) THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = pg_catalog.format('PLAN_INVALID: %s is not for tools', fn),
      HINT = 'Functions of pg_ops and temporary functions cannot be allowed.';
  END IF;
  IF (SELECT p.prokind FROM pg_catalog.pg_proc p WHERE p.oid = fn::oid) = 'p' THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = pg_catalog.format('PLAN_INVALID: %s is a procedure', fn),
      HINT = 'No SELECT calls procedures.';
  END IF;
  INSERT INTO ops.allowed_function_store AS a
      (fn_schema, fn_name, fn_args, owner_name, body_digest, traits, note, allowed_by, allowed_at)
    SELECT i.fn_schema, i.fn_name, i.fn_args, i.owner_name, i.body_digest, i.traits, allow_function.note, v_caller, v_now
      FROM ops._function_identity(fn::oid) i
    ON CONFLICT ON CONSTRAINT allowed_function_store_pkey DO UPDATE
      SET owner_name = excluded.owner_name, body_digest = excluded.body_digest, traits = excluded.traits,
          note = excluded.note, allowed_by = excluded.allowed_by, allowed_at = excluded.allowed_at;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '42883', MESSAGE = 'there is no such function';
  END IF;
  IF (SELECT p.prosecdef FROM pg_catalog.pg_proc p WHERE p.oid = fn::oid) THEN
    RAISE WARNING USING MESSAGE = pg_catalog.format('%s runs with the rights of its owner, %s', fn,
        (SELECT pg_catalog.pg_get_userbyid(p.proowner) FROM pg_catalog.pg_proc p WHERE p.oid = fn::oid)),
      DETAIL = 'What it reads is not restricted to the rows of the asking tenant, unless a policy applies to that role.',
      HINT = 'Make it SECURITY INVOKER, or protect the tables with scope everyone.';
  END IF;
  PERFORM ops._audit('system', 'allow_function', 'function', fn::text, pg_catalog.jsonb_build_object('note', note),
                     NULL, NULL, (SELECT i.body_digest FROM ops._function_identity(fn::oid) i));
END
$body$;
COMMENT ON FUNCTION ops.allow_function(regprocedure, text) IS
  'lets tools call a function outside pg_catalog, as it is now: after a change of owner or body it must be allowed again';
ALTER FUNCTION ops.allow_function(regprocedure, text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.allow_function(regprocedure, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.allow_function(regprocedure, text) TO ops_admin;

-- By signature, spelled as ops.allowed_functions shows it, for a function that is no longer there.
CREATE FUNCTION ops.disallow_function(fn regprocedure DEFAULT NULL, signature text DEFAULT NULL) RETURNS void
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
AS $body$
DECLARE
  v_name text := COALESCE(fn::text, signature);
BEGIN
  PERFORM ops._enter_tenant('system', 'installation');
  IF (fn IS NULL) = (signature IS NULL) THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'either fn or signature must be given',
      HINT = 'For a function that is no longer there: signature => ''schema.name(types)'', as ops.allowed_functions.remedy shows it.';
  END IF;
  DELETE FROM ops.allowed_function_store a
   WHERE CASE WHEN fn IS NULL
           THEN pg_catalog.format('%I.%I(%s)', a.fn_schema, a.fn_name, a.fn_args)
                IN (signature, pg_catalog.regexp_replace(signature, ',\s+', ',', 'g'))
           ELSE EXISTS (SELECT 1 FROM ops._function_identity(fn::oid) i
                         WHERE a.fn_schema = i.fn_schema AND a.fn_name = i.fn_name AND a.fn_args = i.fn_args) END;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '42704', MESSAGE = pg_catalog.format('%s was not allowed', v_name),
      HINT = 'SELECT fn_schema, fn_name, fn_args, state FROM ops.allowed_functions; shows the list.';
  END IF;
  PERFORM ops._audit('system', 'disallow_function', 'function', v_name);
END
$body$;
COMMENT ON FUNCTION ops.disallow_function(regprocedure, text) IS
  'undoes ops.allow_function(); signature names an entry whose function is no longer there: ''schema.name(types)'' as ops.allowed_functions shows it';
ALTER FUNCTION ops.disallow_function(regprocedure, text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.disallow_function(regprocedure, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.disallow_function(regprocedure, text) TO ops_admin;

-- ---- roles -------------------------------------------------------------------------------------------------

CREATE TABLE ops.allowed_run_as (
  role_name name NOT NULL,
  role_oid oid NOT NULL,
  note text,
  allowed_by name NOT NULL,
  allowed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  CONSTRAINT allowed_run_as_pkey PRIMARY KEY (role_name)
);
COMMENT ON TABLE ops.allowed_run_as IS 'roles that SQL tools may run as, beside ops_tool';
COMMENT ON COLUMN ops.allowed_run_as.role_name IS 'name of the role';
COMMENT ON COLUMN ops.allowed_run_as.role_oid IS 'its OID when it was allowed; another one today is no match';
COMMENT ON COLUMN ops.allowed_run_as.note IS 'why it was allowed';
COMMENT ON COLUMN ops.allowed_run_as.allowed_by IS 'the role that allowed it';
COMMENT ON COLUMN ops.allowed_run_as.allowed_at IS 'when';
ALTER TABLE ops.allowed_run_as OWNER TO ops_owner;
REVOKE ALL ON TABLE ops.allowed_run_as FROM PUBLIC;
ALTER TABLE ops.allowed_run_as ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY allowed_run_as_all ON ops.allowed_run_as TO ops_owner USING (true) WITH CHECK (true);
COMMENT ON POLICY allowed_run_as_all ON ops.allowed_run_as IS 'the list is not about a tenant; only definer functions change it';
CREATE POLICY allowed_run_as_read ON ops.allowed_run_as FOR SELECT TO ops_operator USING (true);
COMMENT ON POLICY allowed_run_as_read ON ops.allowed_run_as IS 'whoever writes tools may know what they may run as';
GRANT SELECT ON TABLE ops.allowed_run_as TO ops_operator;
SELECT pg_catalog.pg_extension_config_dump('ops.allowed_run_as', '');

CREATE FUNCTION ops._allow_run_as(role regrole, note text) RETURNS name
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_caller name := ops._enter_tenant('system', 'installation');
  v_now timestamptz := pg_catalog.clock_timestamp();
  v_role record;
  v_group name;
  v_problem text;
BEGIN
  SELECT r.oid, r.rolname, r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolreplication INTO v_role
    FROM pg_catalog.pg_roles r WHERE r.oid = role::oid;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'PLAN_INVALID: there is no such role';
  END IF;
  -- Whatever the role can become counts as well.
  SELECT g.rolname INTO v_group
    FROM pg_catalog.pg_roles g
   WHERE g.oid <> v_role.oid AND pg_catalog.pg_has_role(v_role.oid, g.oid, 'MEMBER')
     AND (g.rolsuper OR g.rolbypassrls OR g.rolcreaterole OR g.rolreplication
          OR g.rolname IN ('pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files',
                           'pg_execute_server_program', 'ops_owner', 'ops_stats', 'ops_executor', 'ops_writer',
                           'ops_scheduler', 'ops_worker'))
   ORDER BY g.rolname LIMIT 1;
  v_problem := CASE
    WHEN v_role.rolsuper THEN 'it is a superuser'
    WHEN v_role.rolbypassrls THEN 'it has BYPASSRLS'
    WHEN v_role.rolcreaterole THEN 'it has CREATEROLE'
    WHEN v_role.rolreplication THEN 'it has REPLICATION'
    WHEN v_role.rolname LIKE 'pg\_%' OR v_role.rolname LIKE 'ops\_%' THEN 'it is a role of the server or of pg_ops'
    WHEN v_group IS NOT NULL THEN pg_catalog.format('it is a member of %I', v_group)
  END;
  IF v_problem IS NOT NULL THEN
    PERFORM ops._deny(
      pg_catalog.format('tools cannot run as "%s": %s', v_role.rolname, v_problem),
      'Use a role of its own for tools, with SELECT on what they read and nothing else.');
  END IF;
  INSERT INTO ops.allowed_run_as AS a (role_name, role_oid, note, allowed_by, allowed_at)
    VALUES (v_role.rolname, v_role.oid, _allow_run_as.note, v_caller, v_now)
    ON CONFLICT ON CONSTRAINT allowed_run_as_pkey DO UPDATE
      SET role_oid = excluded.role_oid, note = excluded.note, allowed_by = excluded.allowed_by, allowed_at = excluded.allowed_at;
  PERFORM ops._audit('system', 'allow_run_as', 'role', v_role.rolname::text, pg_catalog.jsonb_build_object('note', note));
  RETURN v_role.rolname;
END
$body$;
COMMENT ON FUNCTION ops._allow_run_as(regrole, text) IS 'internal: the half of ops.allow_run_as() that checks and remembers';
ALTER FUNCTION ops._allow_run_as(regrole, text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._allow_run_as(regrole, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._allow_run_as(regrole, text) TO ops_admin;

-- With the caller's rights: ops_owner may not grant roles.
CREATE FUNCTION ops.allow_run_as(role regrole, note text) RETURNS void
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_name name := ops._allow_run_as(role, note);
BEGIN
  IF NOT pg_catalog.pg_has_role(v_name, 'ops_tool', 'MEMBER') THEN
    BEGIN
      EXECUTE pg_catalog.format('GRANT ops_tool TO %I', v_name);
    EXCEPTION WHEN insufficient_privilege THEN
      RAISE EXCEPTION USING ERRCODE = '42501',
        MESSAGE = pg_catalog.format('PERMISSION_DENIED: role "%s" must be a member of ops_tool, and you may not grant that', v_name),
        HINT = pg_catalog.format('Let somebody with CREATEROLE run: GRANT ops_tool TO %I; and repeat.', v_name);
    END;
  END IF;
END
$body$;
COMMENT ON FUNCTION ops.allow_run_as(regrole, text) IS
  'lets SQL tools run as a role and makes it a member of ops_tool, so that the policies for tools cover it';
REVOKE ALL ON FUNCTION ops.allow_run_as(regrole, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.allow_run_as(regrole, text) TO ops_admin;

CREATE FUNCTION ops.disallow_run_as(role regrole) RETURNS void
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_name name;
BEGIN
  PERFORM ops._enter_tenant('system', 'installation');
  SELECT r.rolname INTO v_name FROM pg_catalog.pg_roles r WHERE r.oid = role::oid;
  DELETE FROM ops.allowed_run_as a WHERE a.role_name = v_name;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '42704', MESSAGE = pg_catalog.format('%s was not allowed', role);
  END IF;
  PERFORM ops._audit('system', 'disallow_run_as', 'role', v_name::text);
END
$body$;
COMMENT ON FUNCTION ops.disallow_run_as(regrole) IS
  'undoes ops.allow_run_as(); the role stays a member of ops_tool, since it may have been one before';
ALTER FUNCTION ops.disallow_run_as(regrole) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.disallow_run_as(regrole) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.disallow_run_as(regrole) TO ops_admin;
