-- sql layer: tools about the server itself (70 to 76), tenant `system`, run as ops_stats (member of pg_monitor).
--
-- Each reads the server's own statistics and says what they mean: judgement, threshold, next step. Why a threshold
-- is what it is stands in docs/guide/health.md. Invariants: no statement waits for a lock. The functions that give
-- sizes open a relation, so relations that somebody holds, or waits to hold, in ACCESS EXCLUSIVE mode are left out
-- (`locked`); the function that names blockers is called for waiting sessions only. Words of one tool are not
-- words of another: a question that says "unused" must never reach the tool of duplicate indexes.
-- This file: how they are installed, and locks.

CREATE FUNCTION ops._install_health_tool(name text, spec jsonb, query text) RETURNS void
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
AS $body$
BEGIN
  PERFORM ops._install_asset('tool', name,
    '{"type": "sql", "policy": "default_sql", "run_as": "ops_stats"}'
    || CASE WHEN spec ? 'input_schema' THEN '{}'
            ELSE '{"input_schema": {"type": "object", "properties": {}, "additionalProperties": false}}'::jsonb END
    || spec || pg_catalog.jsonb_build_object('sql', pg_catalog.jsonb_build_object('query', pg_catalog.btrim(query, E'\n'))));
END
$body$;
COMMENT ON FUNCTION ops._install_health_tool(text, jsonb, text) IS 'internal, for install and upgrade scripts: publishes a tool about the server';
REVOKE ALL ON FUNCTION ops._install_health_tool(text, jsonb, text) FROM PUBLIC;

-- A prepared transaction that blocks has process 0.
SELECT ops._install_health_tool('blocking_sessions', $json${
  "title": "blocked sessions",
  "description": "Which sessions wait for a lock, which session blocks them, and for how long.",
  "capabilities": ["db.locks"],
  "vocabulary": ["lock", "locks", "wait", "waiting", "blocked", "blocking", "blocker", "session", "sessions", "stuck", "query", "queries", "pid", "others", "holding", "holds", "somebody", "anybody", "anyone", "behind"],
  "examples": ["who blocks whom?", "which sessions are blocked?", "what is blocking queries?", "are there any lock waits?",
    "which sessions are waiting for locks?", "is anything stuck on a lock?", "show blocking sessions", "who is holding the lock?",
    "what are queries waiting on?", "is any session blocked right now?", "which session holds the lock that others wait for?",
    "who holds locks that queries wait for?", "is somebody waiting for a lock?"],
  "present": {"title": "Blocked sessions", "summary": [
      {"when": "row_count = 0", "text": "No session is blocked.", "severity": "info"},
      {"when": "rows[0].blocker_pid = 0", "text": "{rows[0].sessions_blocked} sessions wait for locks; session {rows[0].blocked_pid} has waited {max(wait_s)} for a prepared transaction, which no session owns: COMMIT PREPARED or ROLLBACK PREPARED releases its locks.", "severity": "critical"},
      {"when": "row_count = 1 and max(wait_s) < 300", "text": "Session {rows[0].blocked_pid} has waited {max(wait_s)} for a lock that session {rows[0].blocker_pid} ({rows[0].blocker_state}) holds.", "severity": "attention"},
      {"when": "max(wait_s) < 300", "text": "{row_count} lock waits; the longest is session {rows[0].blocked_pid}, which has waited {max(wait_s)} for session {rows[0].blocker_pid} ({rows[0].blocker_state}).", "severity": "attention"},
      {"when": "row_count = 1", "text": "Session {rows[0].blocked_pid} has waited {max(wait_s)} for a lock that session {rows[0].blocker_pid} ({rows[0].blocker_state}) holds. Ending the blocker's transaction releases it.", "severity": "critical"},
      {"text": "{row_count} lock waits; session {rows[0].blocked_pid} has waited {max(wait_s)} for session {rows[0].blocker_pid} ({rows[0].blocker_state}). Ending the blocker's transaction releases it.", "severity": "critical"}],
    "columns": {"wait_s": {"unit": "s", "format": "duration"}}, "block": "table"}
}$json$, $sql$
WITH waits AS MATERIALIZED (
  SELECT DISTINCT w.pid, b.blocker
    FROM pg_catalog.pg_stat_activity w CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS b (blocker)
   WHERE w.wait_event_type = 'Lock'),
since AS (SELECT k.pid, min(k.waitstart) AS waitstart FROM pg_catalog.pg_locks k WHERE NOT k.granted GROUP BY k.pid)
SELECT x.pid AS blocked_pid, w.usename AS blocked_user, x.blocker AS blocker_pid, h.usename AS blocker_user,
       CASE WHEN x.blocker = 0 THEN 'prepared transaction' ELSE h.state END AS blocker_state, w.datname AS database,
       round(coalesce(extract(epoch FROM clock_timestamp() - s.waitstart), 0), 1) AS wait_s,
       left(w.query, 200) AS blocked_query, left(h.query, 200) AS blocker_query,
       (SELECT count(DISTINCT y.pid) FROM waits y) AS sessions_blocked
  FROM waits x
  JOIN pg_catalog.pg_stat_activity w ON w.pid = x.pid
  LEFT JOIN pg_catalog.pg_stat_activity h ON h.pid = x.blocker
  LEFT JOIN since s ON s.pid = x.pid
 WHERE x.blocker = 0 OR h.pid IS NOT NULL
 ORDER BY wait_s DESC, blocked_pid, blocker_pid
$sql$);

SELECT ops._install_health_tool('blocking_tree', $json${
  "title": "tree of lock waits",
  "description": "The tree of lock waits: the root sessions that wait for nobody, and everything queued behind each of them.",
  "capabilities": ["db.lock_tree"],
  "vocabulary": ["lock", "locks", "tree", "chain", "root", "roots", "hierarchy", "graph", "blocker", "blockers", "blocking", "blocked", "head", "top", "behind", "queue", "queued", "session", "sessions", "wait", "waits", "cause"],
  "examples": ["show the blocking tree", "show the lock tree", "what is the root blocker?", "which session is the root blocker?",
    "which session is at the head of the blocking chain?", "show the chain of blocked sessions", "draw the lock wait tree",
    "what is the root of the blocking chain?", "which root blocker has the most sessions queued behind it?", "lock wait graph", "lock tree",
    "show the tree of lock waits", "lock hierarchy", "who is at the root of the lock chain?"],
  "present": {"title": "Lock tree", "summary": [
      {"when": "row_count = 0", "text": "There is no lock tree: no session waits for a lock.", "severity": "info"},
      {"when": "max(roots) = 0", "text": "{max(waiting)} sessions wait for each other in a circle: the server ends one of them after deadlock_timeout.", "severity": "attention"},
      {"when": "rows[0].pid = 0", "text": "{rows[0].behind} sessions are queued behind a prepared transaction, which no session owns: COMMIT PREPARED or ROLLBACK PREPARED releases its locks.", "severity": "critical"},
      {"when": "max(wait_s) < 300 and max(roots) = 1", "text": "Session {rows[0].pid} ({rows[0].state}) is the root: {rows[0].behind} queued behind it, the longest for {max(wait_s)}.", "severity": "attention"},
      {"when": "max(wait_s) < 300", "text": "{max(roots)} sessions are roots of lock waits; most are queued behind session {rows[0].pid} ({rows[0].state}): {rows[0].behind}. The longest wait is {max(wait_s)}.", "severity": "attention"},
      {"when": "max(roots) = 1", "text": "Session {rows[0].pid} ({rows[0].state}) is the root: {rows[0].behind} queued behind it, the longest for {max(wait_s)}. Ending that one transaction releases them all.", "severity": "critical"},
      {"text": "{max(roots)} sessions are roots of lock waits; most are queued behind session {rows[0].pid} ({rows[0].state}): {rows[0].behind}. The longest wait is {max(wait_s)}. End the transactions of the roots, not of those who wait.", "severity": "critical"}],
    "columns": {"wait_s": {"unit": "s", "format": "duration"}}, "block": "table"}
}$json$, $sql$
WITH RECURSIVE edges AS MATERIALIZED (
  SELECT DISTINCT w.pid, b.blocker
    FROM pg_catalog.pg_stat_activity w CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS b (blocker)
   WHERE w.wait_event_type = 'Lock'),
since AS (SELECT k.pid, min(k.waitstart) AS waitstart FROM pg_catalog.pg_locks k WHERE NOT k.granted GROUP BY k.pid),
roots AS (SELECT DISTINCT e.blocker AS pid FROM edges e WHERE NOT EXISTS (SELECT FROM edges x WHERE x.pid = e.blocker)),
tree AS (
  SELECT r.pid AS root, r.pid, 0 AS depth, ARRAY[r.pid] AS path FROM roots r
  UNION ALL
  SELECT t.root, e.pid, t.depth + 1, t.path || e.pid FROM tree t JOIN edges e ON e.blocker = t.pid
   WHERE NOT (e.pid = ANY (t.path)) AND t.depth < 50),
placed AS (SELECT DISTINCT ON (t.root, t.pid) t.root, t.pid, t.depth, t.path FROM tree t ORDER BY t.root, t.pid, t.depth),
circle AS (
  SELECT DISTINCT NULL::int AS root, e.pid, 0 AS depth, ARRAY[e.pid] AS path FROM edges e
   WHERE NOT EXISTS (SELECT FROM placed p WHERE p.pid = e.pid)),
everything AS (SELECT p.* FROM placed p UNION ALL SELECT c.* FROM circle c)
SELECT repeat('  ', x.depth) || CASE WHEN x.pid = 0 THEN 'prepared transaction' ELSE x.pid::text END AS tree,
       x.pid, x.root AS root_pid, a.usename AS user_name, a.datname AS database,
       CASE WHEN x.pid = 0 THEN 'prepared transaction' ELSE a.state END AS state,
       CASE WHEN x.depth = 0 THEN count(*) OVER (PARTITION BY x.root) - 1 END AS behind,
       round(extract(epoch FROM clock_timestamp() - s.waitstart), 1) AS wait_s,
       left(a.query, 200) AS query, (SELECT count(*) FROM roots r) AS roots,
       (SELECT count(DISTINCT e.pid) FROM edges e) AS waiting
  FROM everything x
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = x.pid
  LEFT JOIN since s ON s.pid = x.pid
 ORDER BY x.root IS NULL, count(*) OVER (PARTITION BY x.root) DESC, x.root, x.path
$sql$);

SELECT ops._install_health_tool('deadlocks', $json${
  "title": "deadlocks",
  "description": "How many deadlocks the server has ended, per database.",
  "capabilities": ["db.deadlocks"],
  "vocabulary": ["deadlock", "deadlocks", "deadlocked", "database", "databases", "transactions", "happening", "count"],
  "examples": ["are there deadlocks?", "how many deadlocks were there?", "did any deadlocks happen?", "deadlock count",
    "do we have deadlocks?", "which database has deadlocks?", "number of deadlocks per database", "have transactions deadlocked?",
    "show deadlocks", "were deadlocks detected?"],
  "present": {"title": "Deadlocks", "summary": [
      {"when": "sum(deadlocks) = 0", "text": "No deadlock has been counted since the statistics were reset.", "severity": "info"},
      {"when": "sum(deadlocks) = 1", "text": "One deadlock has been counted since the statistics were reset, in database {rows[0].database}. The server log has both statements; deadlocks end when all transactions take their locks in the same order.", "severity": "attention"},
      {"text": "{sum(deadlocks)} deadlocks have been counted since the statistics were reset, most of them in database {rows[0].database}: {rows[0].deadlocks}. The server log has the statements; deadlocks end when all transactions take their locks in the same order.", "severity": "attention"}],
    "columns": {"deadlocks": {"format": "integer"}, "stats_reset": {"format": "minute"}}, "block": "table"}
}$json$, $sql$
SELECT s.datname AS database, s.deadlocks, s.stats_reset
  FROM pg_catalog.pg_stat_database s WHERE s.datname IS NOT NULL ORDER BY s.deadlocks DESC, s.datname
$sql$);
