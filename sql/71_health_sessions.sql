-- sql layer: health tools about sessions and transactions. See 70_health_tools.sql.

SELECT ops._install_health_tool('session_activity', $json${
  "title": "sessions by state",
  "description": "Who is connected: client sessions by state, application and user.",
  "capabilities": ["db.sessions"],
  "vocabulary": ["session", "sessions", "connection", "connections", "connected", "client", "clients", "state", "states", "idle", "active", "application", "applications", "app", "apps", "program", "user", "users", "logged", "open", "database"],
  "examples": ["show sessions by state", "who is connected?", "how many sessions are there per application?", "how many sessions are active?",
    "how many idle sessions are there?", "which applications are connected?", "which users are connected to the database?",
    "how many connections are there per user?", "count connections by state", "session activity", "which clients are connected?",
    "how many sessions are open?", "how many connections are open?"],
  "present": {"title": "Client sessions", "summary": [
      {"when": "row_count = 0", "text": "No client session is connected.", "severity": "info"},
      {"when": "max(all_sessions) = 1", "text": "One client session is connected, this one.", "severity": "info"},
      {"when": "max(waiting_sessions) > 0", "text": "{max(all_sessions)} client sessions (this one included): {max(active_sessions)} active, {max(waiting_sessions)} of them waiting for a lock, {max(idle_sessions)} idle, {max(idle_in_transaction_sessions)} idle in transaction. Most, {rows[0].sessions}, are {rows[0].state} sessions of user {rows[0].user_name}, application {rows[0].application}. Ask who blocks whom.", "severity": "attention"},
      {"text": "{max(all_sessions)} client sessions (this one included): {max(active_sessions)} active, {max(idle_sessions)} idle, {max(idle_in_transaction_sessions)} idle in transaction. Most, {rows[0].sessions}, are {rows[0].state} sessions of user {rows[0].user_name}, application {rows[0].application}.", "severity": "info"}],
    "columns": {"longest_in_state_s": {"unit": "s", "format": "duration"}}, "block": "table"}
}$json$, $sql$
SELECT coalesce(a.state, 'unknown') AS state, coalesce(nullif(a.application_name, ''), '(none)') AS application,
       a.usename AS user_name, a.datname AS database, count(*) AS sessions,
       round(max(extract(epoch FROM clock_timestamp() - a.state_change)), 1) AS longest_in_state_s,
       sum(count(*)) OVER () AS all_sessions,
       sum(count(*) FILTER (WHERE a.state = 'active')) OVER () AS active_sessions,
       sum(count(*) FILTER (WHERE a.state = 'idle')) OVER () AS idle_sessions,
       sum(count(*) FILTER (WHERE a.state LIKE 'idle in transaction%')) OVER () AS idle_in_transaction_sessions,
       sum(count(*) FILTER (WHERE a.wait_event_type = 'Lock')) OVER () AS waiting_sessions
  FROM pg_catalog.pg_stat_activity a
 WHERE a.backend_type = 'client backend'
 GROUP BY 1, 2, 3, 4
 ORDER BY sessions DESC, state, application, user_name, database
$sql$);

-- Slots are for client sessions only: walsenders and workers have their own.
SELECT ops._install_health_tool('connection_usage', $json${
  "title": "connection slots",
  "description": "How many of the connection slots (max_connections less those reserved for superusers) are taken.",
  "capabilities": ["db.connections"],
  "vocabulary": ["connection", "connections", "slot", "slots", "max_connections", "max", "maximum", "limit", "limits", "saturation", "saturated", "exhausted", "exhaustion", "free", "left", "used", "use", "usage", "available", "running", "close", "near", "full", "many", "clients", "reach", "reached", "capacity"],
  "examples": ["are we running out of connections?", "how many connections are left?", "how close are we to max_connections?",
    "how many connection slots are free?", "how many connections are used?", "is the connection limit reached?", "are connections exhausted?",
    "connection usage", "how saturated are the connections?", "too many clients: are all connection slots taken?",
    "what is max_connections and how much of it is used?", "connection saturation", "are the connection slots full?"],
  "present": {"title": "Connection slots", "summary": [
      {"when": "max(used_percent) >= 95", "text": "{rows[0].used} of {rows[0].usable} connection slots are taken ({rows[0].used_percent}; critical from 95 %): new sessions will be refused. {rows[0].idle} of them are idle: put a pooler in front or end idle sessions before raising max_connections ({rows[0].max_connections}).", "severity": "critical"},
      {"when": "max(used_percent) >= 80", "text": "{rows[0].used} of {rows[0].usable} connection slots are taken ({rows[0].used_percent}; attention from 80 %), {rows[0].idle} of them by idle sessions: a pooler would need fewer.", "severity": "attention"},
      {"text": "{rows[0].used} of {rows[0].usable} connection slots are taken ({rows[0].used_percent}): {rows[0].free} are free, which is well (below 80 %).", "severity": "info"}],
    "columns": {"used_percent": {"unit": "%", "format": "percent"}}, "block": "table"}
}$json$, $sql$
WITH slots AS (
  SELECT max(g.setting::int) FILTER (WHERE g.name = 'max_connections') AS max_connections,
         max(g.setting::int) FILTER (WHERE g.name = 'superuser_reserved_connections') AS reserved
    FROM pg_catalog.pg_settings g WHERE g.name IN ('max_connections', 'superuser_reserved_connections')),
taken AS (
  SELECT count(*) AS used, count(*) FILTER (WHERE a.state = 'idle') AS idle
    FROM pg_catalog.pg_stat_activity a WHERE a.backend_type = 'client backend')
SELECT t.used, s.max_connections - s.reserved AS usable, greatest(s.max_connections - s.reserved - t.used, 0) AS free,
       round(100.0 * t.used / nullif(s.max_connections - s.reserved, 0), 1) AS used_percent, t.idle,
       s.max_connections, s.reserved AS reserved_for_superusers
  FROM slots s CROSS JOIN taken t
$sql$);

SELECT ops._install_health_tool('running_queries', $json${
  "title": "running statements",
  "description": "Statements that are being executed, the longest first, with what they wait for.",
  "capabilities": ["db.activity"],
  "vocabulary": ["running", "run", "executing", "executed", "execution", "query", "queries", "statement", "statements", "sql", "long", "longest", "busy", "database", "active"],
  "examples": ["which queries are running?", "what queries are running right now?", "show running queries", "which statements are being executed?",
    "what is the longest running query?", "are there long running queries?", "which queries have been running longer than 5 minutes?",
    "list currently executing statements", "what sql is running?", "show active queries", "what sql is being executed?",
    "what is running in the database?", "what is being executed right now?"],
  "input_schema": {"type": "object", "properties": {
      "min_seconds": {"type": "number", "minimum": 0, "description": "only statements that have run at least this long", "x-ops": {"unit": "s"}}},
    "additionalProperties": false},
  "present": {"title": "Running statements", "summary": [
      {"when": "row_count = 0 and args.min_seconds > 0", "text": "No statement has been running for {args.min_seconds} or longer.", "severity": "info"},
      {"when": "row_count = 0", "text": "No other session is executing a statement.", "severity": "info"},
      {"when": "max(running_s) < 300 and row_count = 1", "text": "One statement is running: session {rows[0].pid}, for {rows[0].running_s}.", "severity": "info"},
      {"when": "max(running_s) < 300", "text": "{row_count} statements are running; the longest is that of session {rows[0].pid}, for {rows[0].running_s}.", "severity": "info"},
      {"when": "row_count = 1", "text": "One statement is running: session {rows[0].pid}, for {rows[0].running_s} (attention from 5 min; waiting for: {rows[0].waits_for}). Look at its plan; pg_cancel_backend() ends the statement and keeps the session.", "severity": "attention"},
      {"text": "{row_count} statements are running; that of session {rows[0].pid} has run for {rows[0].running_s} (attention from 5 min; waiting for: {rows[0].waits_for}). Look at its plan; pg_cancel_backend() ends the statement and keeps the session.", "severity": "attention"}],
    "columns": {"running_s": {"unit": "s", "format": "duration"}, "min_seconds": {"unit": "s", "format": "duration"}}, "block": "table"}
}$json$, $sql$
SELECT a.pid, a.usename AS user_name, a.datname AS database, coalesce(nullif(a.application_name, ''), '(none)') AS application,
       round(extract(epoch FROM clock_timestamp() - a.query_start), 1) AS running_s,
       coalesce(a.wait_event_type || ': ' || a.wait_event, 'nothing') AS waits_for, left(a.query, 200) AS query
  FROM pg_catalog.pg_stat_activity a
 WHERE a.state = 'active' AND a.backend_type = 'client backend' AND a.query !~* '\mops(\.|_)(ask|plan|run_plan|call_tool)'
   AND clock_timestamp() - a.query_start >= make_interval(secs => coalesce(:min_seconds::float8, 0))
 ORDER BY a.query_start, a.pid
$sql$);

SELECT ops._install_health_tool('long_transactions', $json${
  "title": "long transactions",
  "description": "Transactions that have been open for long, whatever their sessions do.",
  "capabilities": ["db.transactions"],
  "vocabulary": ["transaction", "transactions", "open", "long", "longest", "running", "oldest", "age", "session", "sessions"],
  "examples": ["are there long transactions?", "which transactions are open the longest?", "show long running transactions",
    "what is the oldest open transaction?", "list open transactions", "which transactions have been open longer than 10 minutes?",
    "how many transactions are open?", "are transactions open for too long?", "what is the longest running transaction?",
    "which transaction is the oldest?", "how old is the oldest transaction?", "which session has the oldest transaction?"],
  "input_schema": {"type": "object", "properties": {
      "min_seconds": {"type": "number", "minimum": 0, "default": 60, "description": "only transactions open at least this long", "x-ops": {"unit": "s"}}},
    "additionalProperties": false},
  "present": {"title": "Open transactions", "summary": [
      {"when": "row_count = 0", "text": "No transaction has been open for {args.min_seconds} or longer.", "severity": "info"},
      {"when": "row_count = 1 and max(open_s) >= 3600", "text": "One transaction has been open for {args.min_seconds} or longer: session {rows[0].pid} ({rows[0].state}), open for {max(open_s)}: vacuum cannot remove rows that died since. Let it end, or end the session with pg_terminate_backend().", "severity": "critical"},
      {"when": "max(open_s) >= 3600", "text": "{row_count} transactions have been open for {args.min_seconds} or longer, {sum(idle_in_transaction)} of them idle in transaction; the oldest is session {rows[0].pid} ({rows[0].state}), open for {max(open_s)}: vacuum cannot remove rows that died since. Let it end, or end the session with pg_terminate_backend().", "severity": "critical"},
      {"when": "row_count = 1", "text": "One transaction has been open for {args.min_seconds} or longer: session {rows[0].pid} ({rows[0].state}), open for {max(open_s)}.", "severity": "attention"},
      {"text": "{row_count} transactions have been open for {args.min_seconds} or longer, {sum(idle_in_transaction)} of them idle in transaction; the oldest is session {rows[0].pid} ({rows[0].state}), open for {max(open_s)}.", "severity": "attention"}],
    "columns": {"open_s": {"unit": "s", "format": "duration"}, "idle_s": {"unit": "s", "format": "duration"}, "min_seconds": {"unit": "s", "format": "duration"}}, "block": "table"}
}$json$, $sql$
SELECT a.pid, a.usename AS user_name, a.datname AS database, a.state,
       round(extract(epoch FROM clock_timestamp() - a.xact_start), 1) AS open_s,
       round(CASE WHEN a.state LIKE 'idle in transaction%' THEN extract(epoch FROM clock_timestamp() - a.state_change) END, 1) AS idle_s,
       (CASE WHEN a.state LIKE 'idle in transaction%' THEN 1 ELSE 0 END) AS idle_in_transaction, left(a.query, 200) AS last_query
  FROM pg_catalog.pg_stat_activity a
 WHERE a.xact_start IS NOT NULL AND a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()
   AND clock_timestamp() - a.xact_start >= make_interval(secs => :min_seconds::float8)
 ORDER BY a.xact_start, a.pid
$sql$);

SELECT ops._install_health_tool('idle_transactions', $json${
  "title": "sessions idle in transaction",
  "description": "Sessions that are idle in transaction: their application began a transaction and does nothing.",
  "capabilities": ["db.transactions"],
  "vocabulary": ["idle", "transaction", "transactions", "session", "sessions", "forgot", "forgotten", "commit", "longest", "idling", "uncommitted", "nothing", "application", "forget"],
  "examples": ["which sessions are idle in transaction?", "any idle in transaction sessions?", "is anybody idle in transaction?",
    "are there sessions that forgot to commit?", "how many sessions are idle in transaction?", "show idle transactions",
    "which idle transaction is the oldest?", "who is idle in transaction the longest?",
    "which sessions have been idle in transaction for more than 10 minutes?", "list sessions idle in transaction",
    "did any application forget to commit?", "which session forgot to commit its transaction?"],
  "input_schema": {"type": "object", "properties": {
      "min_seconds": {"type": "number", "minimum": 0, "description": "only sessions idle at least this long", "x-ops": {"unit": "s"}}},
    "additionalProperties": false},
  "present": {"title": "Idle in transaction", "summary": [
      {"when": "row_count = 0 and args.min_seconds > 0", "text": "No session has been idle in transaction for {args.min_seconds} or longer.", "severity": "info"},
      {"when": "row_count = 0", "text": "No session is idle in transaction.", "severity": "info"},
      {"when": "max(idle_s) < 60 and row_count = 1", "text": "One session is idle in transaction: {rows[0].pid} ({rows[0].application}), for {rows[0].idle_s}, which is not long (attention from 1 min).", "severity": "info"},
      {"when": "max(idle_s) < 60", "text": "{row_count} sessions are idle in transaction; the longest, {rows[0].pid} ({rows[0].application}), for {rows[0].idle_s}, which is not long (attention from 1 min).", "severity": "info"},
      {"when": "max(idle_s) < 3600 and row_count = 1", "text": "One session is idle in transaction: {rows[0].pid} ({rows[0].application}), for {rows[0].idle_s}; it holds {rows[0].locks_held} locks. Its application should commit or roll back.", "severity": "attention"},
      {"when": "max(idle_s) < 3600", "text": "{row_count} sessions are idle in transaction; the longest, {rows[0].pid} ({rows[0].application}), for {rows[0].idle_s}; it holds {rows[0].locks_held} locks. Its application should commit or roll back.", "severity": "attention"},
      {"text": "{row_count} idle in transaction; session {rows[0].pid} ({rows[0].application}) has been so for {rows[0].idle_s}, holds {rows[0].locks_held} locks and keeps vacuum from removing dead rows. End it with pg_terminate_backend(), correct the application, and set idle_in_transaction_session_timeout.", "severity": "critical"}],
    "columns": {"idle_s": {"unit": "s", "format": "duration"}, "open_s": {"unit": "s", "format": "duration"}, "min_seconds": {"unit": "s", "format": "duration"}}, "block": "table"}
}$json$, $sql$
SELECT a.pid, a.usename AS user_name, a.datname AS database, coalesce(nullif(a.application_name, ''), '(none)') AS application,
       a.state, round(extract(epoch FROM clock_timestamp() - a.state_change), 1) AS idle_s,
       round(extract(epoch FROM clock_timestamp() - a.xact_start), 1) AS open_s, coalesce(k.held, 0) AS locks_held,
       left(a.query, 200) AS last_query
  FROM pg_catalog.pg_stat_activity a
  LEFT JOIN (SELECT l.pid, count(*) AS held FROM pg_catalog.pg_locks l
              WHERE l.granted AND l.locktype <> 'virtualxid' GROUP BY l.pid) k ON k.pid = a.pid
 WHERE a.state LIKE 'idle in transaction%' AND a.backend_type = 'client backend'
   AND clock_timestamp() - a.state_change >= make_interval(secs => coalesce(:min_seconds::float8, 0))
 ORDER BY a.state_change, a.pid
$sql$);

SELECT ops._install_health_tool('prepared_transactions', $json${
  "title": "prepared transactions",
  "description": "Transactions prepared for two-phase commit that nobody has committed or rolled back.",
  "capabilities": ["db.prepared_transactions"],
  "vocabulary": ["prepared", "prepare", "transaction", "transactions", "xact", "xacts", "two", "phase", "two-phase", "2pc", "commit", "orphaned", "forgotten", "pending", "oldest", "left", "behind", "doubt", "in", "decision", "waiting", "orphan", "orphans"],
  "examples": ["are there prepared transactions?", "show prepared transactions", "any orphaned prepared transactions?",
    "which prepared transactions are pending?", "how old is the oldest prepared transaction?", "how many prepared transactions are there?",
    "are there forgotten prepared transactions?", "which prepared transactions were left behind?", "what is the oldest prepared transaction?",
    "are there prepared transactions in doubt?"],
  "present": {"title": "Prepared transactions", "summary": [
      {"when": "row_count = 0", "text": "There is no prepared transaction.", "severity": "info"},
      {"when": "max(age_s) < 300 and row_count = 1", "text": "One transaction is prepared: {rows[0].gid} in database {rows[0].database}, since {rows[0].age_s}, which is not long (attention from 5 min).", "severity": "info"},
      {"when": "max(age_s) < 300", "text": "{row_count} transactions are prepared; the oldest, {rows[0].gid} in database {rows[0].database}, since {rows[0].age_s}, which is not long (attention from 5 min).", "severity": "info"},
      {"when": "max(age_s) < 3600", "text": "{row_count} prepared; {rows[0].gid} in database {rows[0].database} has been so for {rows[0].age_s}: its locks stay and vacuum is held back until COMMIT PREPARED or ROLLBACK PREPARED. Ask whether its transaction manager still knows it.", "severity": "attention"},
      {"text": "{row_count} prepared; {rows[0].gid} in database {rows[0].database} has been so for {rows[0].age_s}: its locks stay and vacuum is held back, even across restarts. If its transaction manager has forgotten it, ROLLBACK PREPARED in that database.", "severity": "critical"}],
    "columns": {"age_s": {"unit": "s", "format": "duration"}, "xid_age": {"format": "integer"}, "prepared_at": {"format": "minute"}}, "block": "table"}
}$json$, $sql$
SELECT p.gid, p.database, p.owner, p.prepared AS prepared_at,
       round(extract(epoch FROM clock_timestamp() - p.prepared), 1) AS age_s, age(p.transaction) AS xid_age
  FROM pg_catalog.pg_prepared_xacts p ORDER BY p.prepared, p.gid
$sql$);
