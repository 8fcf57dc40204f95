-- The state of pg_ops itself: the first thing everybody looks at.

CREATE FUNCTION ops.health()
RETURNS TABLE (component text, state text, detail text, hint text)
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'pgops_health';
COMMENT ON FUNCTION ops.health() IS
  'State of every part of pg_ops in this database: ok, warning or error, with what to do. Never raises for a part that is down.';
REVOKE ALL ON FUNCTION ops.health() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.health() TO ops_user, ops_monitor;

CREATE FUNCTION ops._workers()
RETURNS TABLE (database name, kind text, state text, pid integer, generation bigint, run_as name,
               tasks_done bigint, started_at timestamptz, busy_ms double precision, cancelled boolean)
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'pgops_workers';
COMMENT ON FUNCTION ops._workers() IS 'Shared memory of the worker slots, behind ops.workers.';
REVOKE ALL ON FUNCTION ops._workers() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._workers() TO ops_owner, ops_operator, ops_monitor;

CREATE VIEW ops.workers AS
  SELECT database, kind, state, pid, generation, run_as, tasks_done, started_at, busy_ms, cancelled
    FROM ops._workers();
ALTER VIEW ops.workers OWNER TO ops_owner;
COMMENT ON VIEW ops.workers IS 'Every background process of pg_ops on this server and what it is doing.';
GRANT SELECT ON ops.workers TO ops_operator, ops_monitor;

CREATE FUNCTION ops._claims()
RETURNS TABLE (tasks_used integer, tasks_queued integer, executors integer, executors_busy integer,
               traces_queued integer, trace_slots_used integer, tasks_total bigint, tasks_cancelled bigint,
               workers_lost bigint, start_failures bigint)
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'pgops_claims';
COMMENT ON FUNCTION ops._claims() IS
  'What this database has claimed of the shared memory of pg_ops; all zero but the totals when nothing runs.';
REVOKE ALL ON FUNCTION ops._claims() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._claims() TO ops_operator, ops_monitor;

CREATE FUNCTION ops.stop_workers()
RETURNS integer LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'pgops_stop_workers';
COMMENT ON FUNCTION ops.stop_workers() IS
  'Ends the background processes of this database, so that it can be dropped or renamed; the next request starts them again. Needs access admin in tenant system. Returns how many were stopped. Refused with 25006 in a read-only transaction, since the audit log records it, and on a standby, where none run.';
REVOKE ALL ON FUNCTION ops.stop_workers() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.stop_workers() TO ops_admin;
