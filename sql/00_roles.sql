-- sql layer, first file of the install script: the schema ops and the cluster-wide roles of pg_ops.
--
-- Roles belong to the whole cluster while an extension belongs to one database, so a role is created
-- only where it is absent (the second database finds the roles of the first) and DROP EXTENSION leaves
-- them. A role that is present must carry our marker (a comment that begins with "pg_ops:") and must
-- still be harmless: anybody with CREATEROLE could have made a role of that name before us.
-- The script runs as a superuser with search_path = pg_catalog, pg_temp; everything is qualified anyway.

-- Texts of the whole script mean the same under every setting of the session.
SET LOCAL standard_conforming_strings = on;
SET LOCAL client_encoding = 'UTF8';

-- Settings of ours that are not placeholders exist only where the library was preloaded.
DO $preload$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name = 'pg_ops.shared_memory' AND context = 'postmaster') THEN
    RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = 'pg_ops is not preloaded',
      HINT = 'Add pg_ops to shared_preload_libraries in postgresql.conf and restart the server.';
  END IF;
END
$preload$;

CREATE SCHEMA ops;
COMMENT ON SCHEMA ops IS 'pg_ops: tools, questions, answers and traces';
REVOKE ALL ON SCHEMA ops FROM PUBLIC;

DO $roles$
DECLARE
  spec record;
  present record;
  problem text;
BEGIN
  FOR spec IN
    SELECT s.role_name, s.can_login, s.internal, s.purpose
      FROM (VALUES
        ('ops_user', false, false, 'pg_ops: may ask, and read the traces of its tenants'),
        ('ops_operator', false, false, 'pg_ops: ops_user, and manages assets'),
        ('ops_admin', false, false, 'pg_ops: ops_operator, and manages tenants, memberships and allow lists'),
        ('ops_provisioner', false, false, 'pg_ops: may create tenants and memberships, for sign-up code'),
        ('ops_monitor', false, false, 'pg_ops: may read metadata of traces and health across tenants'),
        ('ops_tool', false, false, 'pg_ops: what SQL tools run as; grant it SELECT on what tools may read'),
        ('ops_stats', false, true, 'pg_ops: internal, what the health tools run as'),
        ('ops_owner', false, true, 'pg_ops: internal, owns the tables of pg_ops'),
        ('ops_executor', true, true, 'pg_ops: internal, login of the SQL executors'),
        ('ops_writer', true, true, 'pg_ops: internal, login of the trace writer'),
        ('ops_scheduler', true, true, 'pg_ops: internal, login of the scheduler'),
        ('ops_worker', true, true, 'pg_ops: internal, login of the sidecar process')
      ) AS s (role_name, can_login, internal, purpose)
  LOOP
    SELECT a.oid, a.rolsuper, a.rolcreaterole, a.rolcreatedb, a.rolreplication, a.rolbypassrls,
           a.rolcanlogin, a.rolpassword IS NOT NULL AS has_password,
           pg_catalog.shobj_description(a.oid, 'pg_authid') AS marker
      INTO present
      FROM pg_catalog.pg_authid a
     WHERE a.rolname OPERATOR(pg_catalog.=) spec.role_name::pg_catalog.name;

    IF NOT FOUND THEN
      EXECUTE pg_catalog.format(
        'CREATE ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT %s',
        spec.role_name, CASE WHEN spec.can_login THEN 'LOGIN' ELSE 'NOLOGIN' END);
      EXECUTE pg_catalog.format('COMMENT ON ROLE %I IS %L', spec.role_name, spec.purpose);
      CONTINUE;
    END IF;

    -- The first thing that is wrong with the role, in words.
    problem := CASE
      WHEN present.marker IS NULL OR NOT pg_catalog.starts_with(present.marker, 'pg_ops:') THEN 'it was not created by pg_ops'
      WHEN present.rolsuper THEN 'it is a superuser'
      WHEN present.rolbypassrls THEN 'it has BYPASSRLS'
      WHEN present.rolcreaterole THEN 'it has CREATEROLE'
      WHEN present.rolcreatedb THEN 'it has CREATEDB'
      WHEN present.rolreplication THEN 'it has REPLICATION'
      WHEN present.rolcanlogin AND NOT spec.can_login THEN 'it may log in'
      WHEN spec.can_login AND NOT present.rolcanlogin THEN 'it may not log in'
      WHEN present.has_password THEN 'it has a password'
    END;

    -- A role of ours never acts as a powerful role. Only ops_stats reads statistics.
    IF problem IS NULL THEN
      SELECT pg_catalog.format('it is a member of %I', g.rolname)
        INTO problem
        FROM pg_catalog.pg_authid g
       WHERE g.oid <> present.oid
         AND (g.rolsuper OR g.rolbypassrls OR g.rolcreaterole OR g.rolreplication
              OR (pg_catalog.starts_with(g.rolname, 'pg_')
                  AND NOT (spec.role_name = 'ops_stats'
                           AND g.rolname IN ('pg_monitor', 'pg_read_all_settings', 'pg_read_all_stats',
                                             'pg_stat_scan_tables'))))
         AND g.oid IN (
               WITH RECURSIVE up (roleid) AS (
                 SELECT m.roleid FROM pg_catalog.pg_auth_members m WHERE m.member = present.oid
                 UNION
                 SELECT m.roleid FROM up JOIN pg_catalog.pg_auth_members m ON m.member = up.roleid)
               SELECT up.roleid FROM up)
       ORDER BY g.rolname
       LIMIT 1;
    END IF;

    -- Whoever is a member of an internal role holds all of its rights.
    IF problem IS NULL AND spec.internal THEN
      SELECT pg_catalog.format('role %I is a member of it', g.rolname)
        INTO problem
        FROM pg_catalog.pg_auth_members m
        JOIN pg_catalog.pg_authid g ON g.oid = m.member
       WHERE m.roleid = present.oid
       ORDER BY g.rolname
       LIMIT 1;
    END IF;

    IF problem IS NOT NULL THEN
      RAISE EXCEPTION USING
        ERRCODE = 'duplicate_object',
        MESSAGE = pg_catalog.format('role "%s" exists and cannot be used by pg_ops: %s', spec.role_name, problem),
        DETAIL = 'pg_ops keeps roles of its own for the whole cluster and trusts them only as it made them.',
        HINT = pg_catalog.format(
          'Rename or drop the role if it is not of pg_ops (ALTER ROLE %1$I RENAME TO ...), else take away what the message names.',
          spec.role_name);
    END IF;
  END LOOP;

  -- admin includes operator includes user; the health tools read statistics.
  FOR spec IN
    SELECT s.granted, s.member
      FROM (VALUES ('ops_user', 'ops_operator'), ('ops_operator', 'ops_admin'), ('pg_monitor', 'ops_stats'))
           AS s (granted, member)
     WHERE NOT EXISTS (
             SELECT 1
               FROM pg_catalog.pg_auth_members m
              WHERE m.roleid = (SELECT g.oid FROM pg_catalog.pg_authid g WHERE g.rolname = s.granted::pg_catalog.name)
                AND m.member = (SELECT g.oid FROM pg_catalog.pg_authid g WHERE g.rolname = s.member::pg_catalog.name))
  LOOP
    EXECUTE pg_catalog.format('GRANT %I TO %I', spec.granted, spec.member);
  END LOOP;
END
$roles$;

-- ops_tool needs no USAGE: a policy finds ops.current_tenant() by its OID.
GRANT USAGE ON SCHEMA ops TO ops_user, ops_provisioner, ops_monitor, ops_owner;
