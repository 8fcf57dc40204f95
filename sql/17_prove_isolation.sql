-- sql layer: ops.prove_isolation(), which asks every relation as one tenant and as another and says what crosses.
--
-- Vocabulary of its verdicts:
--   isolated     both tenants see rows, and neither sees a row that is not its own; or a view without a tenant
--                column that reads nothing but protected tables
--   shared       every tenant may see it, because ops.share_table() says so
--   crosses      a tenant saw rows of another one: the numbers say how many
--   unprotected  nothing separates the tenants here; tools are refused, others see what they may read
--   cannot tell  nothing could be seen or told apart: no rows of one of the two, no grant, no tenant column
-- Invariants: nothing is changed (executors run read only and roll back); no verdict is better than what was
-- seen: an empty table proves nothing. The rights are those of an administrator of both tenants.

CREATE FUNCTION ops._count_rows(rel oid, tenant_column text, tenant text, other text, run_as oid, as_tool boolean) RETURNS jsonb
  LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pgops_count_rows';
COMMENT ON FUNCTION ops._count_rows(oid, text, text, text, oid, boolean) IS
  'internal: how many rows of a relation a tenant sees, and how many of another''s; as a tool behind the guard, or as a role of the application';
REVOKE ALL ON FUNCTION ops._count_rows(oid, text, text, text, oid, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._count_rows(oid, text, text, text, oid, boolean) TO ops_owner;

-- What a view reads in the end, each with the role whose rights count there: a view that is not
-- security_invoker lends its owner's.
CREATE FUNCTION ops._view_basis(view oid, run_as oid) RETURNS text
  LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
  WITH RECURSIVE reads (rel, role) AS (
    SELECT $1, $2
    UNION
    SELECT d.refobjid,
           CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_options_to_table(v.reloptions) o
                              WHERE o.option_name = 'security_invoker' AND o.option_value::boolean)
                THEN f.role ELSE v.relowner END
      FROM reads f
      JOIN pg_catalog.pg_class v ON v.oid = f.rel AND v.relkind = 'v'
      JOIN pg_catalog.pg_rewrite w ON w.ev_class = v.oid
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
       AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> v.oid)
  SELECT CASE
           WHEN EXISTS (SELECT 1 FROM reads f
                          JOIN pg_catalog.pg_rewrite w ON w.ev_class = f.rel
                          JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
                         WHERE d.refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass)
                           AND d.refobjid >= 16384 AND d.refobjid <> 'ops.current_tenant()'::regprocedure) THEN 'functions'
           WHEN pg_catalog.count(*) FILTER (WHERE b.state = 'unknown') > 0 THEN 'unknown'
           WHEN pg_catalog.count(*) FILTER (WHERE b.state = 'shared') > 0 THEN 'shared'
           WHEN pg_catalog.count(*) > 0 THEN 'protected'
           ELSE 'nothing' END
    FROM (SELECT CASE WHEN ops._tenant_column(f.rel, f.role) IS NOT NULL THEN 'protected'
                      WHEN ops._is_shared_table(f.rel) THEN 'shared' ELSE 'unknown' END AS state
            FROM reads f JOIN pg_catalog.pg_class c ON c.oid = f.rel AND c.relkind <> 'v') b
$body$;
COMMENT ON FUNCTION ops._view_basis(oid, oid) IS
  'internal: what a view rests on for a role: protected, shared, unknown, functions or nothing';
REVOKE ALL ON FUNCTION ops._view_basis(oid, oid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._view_basis(oid, oid) TO ops_owner;

-- What is asked: what the role may read, what is protected or shared, and every table with a tenant column.
-- A relation's tenant column: of its policy, else one of a name that protected tables use for theirs.
CREATE FUNCTION ops._isolation_candidates(run_as oid, as_tool boolean)
  RETURNS TABLE (rel oid, relation text, kind text, tenant_column text, state text, flaw text, invoker boolean)
  LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
  WITH names (name) AS (
    SELECT 'tenant_id'
    UNION
    SELECT ops._tenant_column(p.polrelid, NULL) FROM pg_catalog.pg_policy p WHERE p.polname = 'pg_ops_tenant'
    EXCEPT
    SELECT 'id'),  -- a table of tenants has its own key there, other tables theirs
  found AS (
    SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS relation,
           CASE c.relkind WHEN 'r' THEN CASE WHEN c.relispartition THEN 'partition' ELSE 'table' END
                          WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
                          WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END AS kind,
           c.relispartition,
           COALESCE(ops._tenant_column(c.oid, NULL),
                    (SELECT a.attname FROM pg_catalog.pg_attribute a JOIN names s ON s.name = a.attname
                      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                      ORDER BY a.attname <> 'tenant_id', a.attnum LIMIT 1)) AS tenant_column,
           CASE WHEN ops._tenant_column(c.oid, $1) IS NOT NULL THEN 'protected'
                WHEN ops._is_shared_table(c.oid) THEN 'shared' ELSE 'open' END AS state,
           CASE WHEN c.relkind IN ('r', 'p') THEN ops._protection_flaw(c.oid, $1) END AS flaw,
           EXISTS (SELECT 1 FROM pg_catalog.pg_options_to_table(c.reloptions) o
                    WHERE o.option_name = 'security_invoker' AND o.option_value::boolean) AS invoker,
           pg_catalog.has_any_column_privilege($1, c.oid, 'SELECT')
             AND pg_catalog.has_schema_privilege($1, n.oid, 'USAGE') AS readable,
           EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') AS of_extension
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
       AND n.nspname NOT IN ('information_schema', 'ops') AND NOT pg_catalog.starts_with(n.nspname, 'pg_'))
  SELECT f.oid, f.relation, f.kind, f.tenant_column, f.state, f.flaw, f.invoker
    FROM found f
   WHERE (f.readable OR ($2 AND NOT f.relispartition
                         AND (f.state <> 'open' OR f.flaw <> '' OR (f.kind IN ('table', 'partitioned table') AND f.tenant_column IS NOT NULL))))
     AND NOT (f.of_extension AND f.tenant_column IS NULL AND f.state = 'open')
   ORDER BY f.relation
$body$;
COMMENT ON FUNCTION ops._isolation_candidates(oid, boolean) IS 'internal: the relations that ops.prove_isolation() asks';
REVOKE ALL ON FUNCTION ops._isolation_candidates(oid, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._isolation_candidates(oid, boolean) TO ops_owner;

-- From two counts to a verdict. `what` is one row of ops._isolation_candidates() as an object.
CREATE FUNCTION ops._isolation_verdict(what jsonb, run_as oid, as_tool boolean, tenant_a text, tenant_b text, a jsonb, b jsonb)
  RETURNS TABLE (verdict text, message text, hint text)
  LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_relation text := what ->> 'relation';
  v_table boolean := what ->> 'kind' IN ('table', 'partitioned table', 'partition');
  v_who text := CASE WHEN as_tool THEN 'tools' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(run_as)) END;
  v_protect text := CASE WHEN what ->> 'flaw' <> '' THEN pg_catalog.format('SELECT ops.unprotect_table(%L); ', what ->> 'relation') ELSE '' END
                    || pg_catalog.format('SELECT ops.protect_table(%L%s);', what ->> 'relation',
                                         CASE WHEN as_tool THEN '' ELSE ', scope => ''everyone''' END);
  v_refused jsonb := CASE WHEN a ? 'code' THEN a WHEN b ? 'code' THEN b END;
  v_cure text := CASE what ->> 'kind'
    WHEN 'view' THEN CASE WHEN (what ->> 'invoker')::boolean THEN 'Protect the tables it reads.'
                     ELSE pg_catalog.format('ALTER VIEW %s SET (security_invoker = true);', what ->> 'relation') END
    WHEN 'view of pg_ops' THEN 'This is a fault of pg_ops: report it.'
    WHEN 'materialized view' THEN pg_catalog.format('A materialized view has no row-level security: REVOKE SELECT ON %s FROM %s;', what ->> 'relation', pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(run_as)))
    WHEN 'foreign table' THEN pg_catalog.format('A foreign table has no row-level security: REVOKE SELECT ON %s FROM %s;', what ->> 'relation', pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(run_as)))
    ELSE v_protect END;
  v_basis text;
BEGIN
  IF v_refused ->> 'code' = 'PERMISSION_DENIED' THEN
    IF what ->> 'state' = 'open' AND v_table THEN
      RETURN QUERY SELECT 'unprotected', pg_catalog.format('%s may not read it; whoever may sees the rows of all tenants', v_who), v_protect;
    ELSE
      RETURN QUERY SELECT 'cannot tell', pg_catalog.format('%s may not read it, so nothing was tried', v_who),
        pg_catalog.format('GRANT SELECT ON %s TO %I;', v_relation, pg_catalog.pg_get_userbyid(run_as));
    END IF;
  ELSIF v_refused ->> 'rule' IN ('relation_unprotected', 'relation_kind', 'view_not_invoker') THEN
    RETURN QUERY SELECT 'unprotected', 'tools are refused: ' || (v_refused ->> 'message'), v_refused ->> 'hint';
  ELSIF v_refused IS NOT NULL THEN
    RETURN QUERY SELECT 'cannot tell', 'it could not be read: ' || (v_refused ->> 'message'), NULLIF(v_refused ->> 'hint', '');
  ELSIF (a ->> 'foreign')::bigint + (b ->> 'foreign')::bigint > 0 THEN
    RETURN QUERY SELECT 'crosses',
      pg_catalog.format('%s sees %s rows that are not its own (%s of %s), %s sees %s (%s of %s)',
        tenant_a, a ->> 'foreign', a ->> 'of_other', tenant_b, tenant_b, b ->> 'foreign', b ->> 'of_other', tenant_a)
        || CASE WHEN what ->> 'state' = 'shared' THEN ', since it is shared' ELSE '' END,
      CASE WHEN what ->> 'state' = 'shared' THEN pg_catalog.format('If that is not meant: SELECT ops.unshare_table(%L);', v_relation) ELSE v_cure END;
  ELSIF what ->> 'state' = 'shared' THEN
    RETURN QUERY SELECT 'shared', 'every tenant may see all of its rows', NULL::text;
  ELSIF what ->> 'tenant_column' IS NULL AND what ->> 'kind' = 'view' THEN
    v_basis := ops._view_basis((what ->> 'rel')::oid, run_as);
    RETURN QUERY SELECT
      CASE v_basis WHEN 'protected' THEN 'isolated' WHEN 'shared' THEN 'shared' ELSE 'cannot tell' END,
      CASE v_basis WHEN 'protected' THEN 'it has no tenant column; every table it reads is protected'
                   WHEN 'shared' THEN 'it has no tenant column; every table it reads is protected or shared'
                   WHEN 'functions' THEN 'it has no tenant column, and it calls functions that may read anything'
                   ELSE 'it has no tenant column, and not everything it reads is protected' END, NULL::text;
  ELSIF what ->> 'tenant_column' IS NULL THEN
    RETURN QUERY SELECT 'cannot tell', 'no column says whose rows these are',
      pg_catalog.format('If every tenant may see all rows: SELECT ops.share_table(%L);', v_relation);
  ELSIF what ->> 'state' = 'open' AND what ->> 'kind' <> 'view' THEN
    RETURN QUERY SELECT 'unprotected',
      'no row crossed, only because none was there' || COALESCE('; ' || NULLIF(what ->> 'flaw', ''), ''), v_cure;
  ELSIF (a ->> 'seen')::bigint = 0 OR (b ->> 'seen')::bigint = 0 THEN
    RETURN QUERY SELECT 'cannot tell',
      pg_catalog.format('no row crossed, but %s no rows here', CASE WHEN (a ->> 'seen')::bigint + (b ->> 'seen')::bigint = 0
        THEN 'both tenants have' ELSE CASE WHEN (a ->> 'seen')::bigint = 0 THEN tenant_a ELSE tenant_b END || ' has' END),
      'Give both tenants rows and ask again.'::text;
  ELSE
    RETURN QUERY SELECT 'isolated', 'each sees its own rows only'::text, NULL::text;
  END IF;
END
$body$;
COMMENT ON FUNCTION ops._isolation_verdict(jsonb, oid, boolean, text, text, jsonb, jsonb) IS 'internal: a verdict of ops.prove_isolation(), with its reason and what to do';
REVOKE ALL ON FUNCTION ops._isolation_verdict(jsonb, oid, boolean, text, text, jsonb, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._isolation_verdict(jsonb, oid, boolean, text, text, jsonb, jsonb) TO ops_owner;

-- Our own views, read as whoever asks with one tenant in force. For a function that runs as ops_owner.
CREATE FUNCTION ops._own_view_counts(view name, tenant text, other text) RETURNS jsonb
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_counts jsonb;
BEGIN
  PERFORM ops._enter_tenant(tenant, 'manage');
  -- Assets of `system` that are shared belong to everybody.
  EXECUTE pg_catalog.format('SELECT pg_catalog.jsonb_build_object(''seen'', pg_catalog.count(*), ''of_other'', pg_catalog.count(*) FILTER (WHERE v.tenant = $2), '
    '''foreign'', pg_catalog.count(*) FILTER (WHERE v.tenant <> $1 AND v.tenant <> ''system'')) FROM ops.%I v', view)
    INTO v_counts USING tenant, other;
  RETURN v_counts;
EXCEPTION WHEN OTHERS THEN
  RETURN pg_catalog.jsonb_build_object('code', SQLSTATE, 'rule', '', 'message', SQLERRM, 'hint', '');
END
$body$;
COMMENT ON FUNCTION ops._own_view_counts(name, text, text) IS 'internal: as ops._count_rows(), for a view of pg_ops';
REVOKE ALL ON FUNCTION ops._own_view_counts(name, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._own_view_counts(name, text, text) TO ops_owner;

CREATE FUNCTION ops.prove_isolation(tenant_a text, tenant_b text, as_role regrole DEFAULT NULL)
  RETURNS TABLE (relation text, kind text, verdict text, seen_by_a bigint, seen_by_b bigint,
                 of_b_seen_by_a bigint, of_a_seen_by_b bigint, message text, hint text)
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET row_security = on
AS $body$
#variable_conflict use_column
DECLARE
  v_role oid := COALESCE(as_role::oid, (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = 'ops_tool'));
  v_what jsonb;
  v_a jsonb;
  v_b jsonb;
BEGIN
  IF tenant_a IS NULL OR tenant_b IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = pg_catalog.format('%s must not be null', CASE WHEN tenant_a IS NULL THEN 'tenant_a' ELSE 'tenant_b' END);
  END IF;
  IF tenant_a = tenant_b THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'tenant_a and tenant_b must be two tenants';
  END IF;
  PERFORM ops._enter_tenant(tenant_a, 'manage'), ops._enter_tenant(tenant_b, 'manage');
  FOR v_what IN SELECT pg_catalog.to_jsonb(c) FROM ops._isolation_candidates(v_role, as_role IS NULL) c LOOP
    v_a := ops._count_rows((v_what ->> 'rel')::oid, v_what ->> 'tenant_column', tenant_a, tenant_b, v_role, as_role IS NULL);
    v_b := ops._count_rows((v_what ->> 'rel')::oid, v_what ->> 'tenant_column', tenant_b, tenant_a, v_role, as_role IS NULL);
    RETURN QUERY SELECT v_what ->> 'relation', v_what ->> 'kind', v.verdict, (v_a ->> 'seen')::bigint, (v_b ->> 'seen')::bigint,
                        (v_a ->> 'of_other')::bigint, (v_b ->> 'of_other')::bigint, v.message, v.hint
                   FROM ops._isolation_verdict(v_what, v_role, as_role IS NULL, tenant_a, tenant_b, v_a, v_b) v;
  END LOOP;
  FOR v_what IN
    SELECT pg_catalog.jsonb_build_object('rel', c.oid, 'view', c.relname, 'relation', pg_catalog.format('ops.%I', c.relname),
                                         'kind', 'view of pg_ops', 'tenant_column', 'tenant', 'state', 'protected')
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'ops'::regnamespace AND c.relkind = 'v' AND a.attname = 'tenant' AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY c.relname
  LOOP
    v_a := ops._own_view_counts((v_what ->> 'view')::name, tenant_a, tenant_b);
    v_b := ops._own_view_counts((v_what ->> 'view')::name, tenant_b, tenant_a);
    RETURN QUERY SELECT v_what ->> 'relation', v_what ->> 'kind', v.verdict, (v_a ->> 'seen')::bigint, (v_b ->> 'seen')::bigint,
                        (v_a ->> 'of_other')::bigint, (v_b ->> 'of_other')::bigint, v.message, v.hint
                   FROM ops._isolation_verdict(v_what, v_role, false, tenant_a, tenant_b, v_a, v_b) v;
  END LOOP;
END
$body$;
COMMENT ON FUNCTION ops.prove_isolation(text, text, regrole) IS
  'reads every relation as one tenant and as another, the way tools do or as a role of the application, and says what crosses; for administrators of both tenants; changes nothing';
ALTER FUNCTION ops.prove_isolation(text, text, regrole) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.prove_isolation(text, text, regrole) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.prove_isolation(text, text, regrole) TO ops_admin;
