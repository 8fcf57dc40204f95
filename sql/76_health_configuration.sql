-- sql layer: health tools about statements, settings, extensions, superusers and the server itself. See 70_health_tools.sql.
--
-- Settings are read as `reset_val`, what a new session gets: the process that runs a tool has some pinned.

SELECT ops._install_health_tool('slow_statements', $json${
  "title": "slowest statements",
  "description": "Statements of this database with the longest average execution time (needs pg_stat_statements).",
  "capabilities": ["db.slow_statements"],
  "vocabulary": ["slow", "slowest", "statement", "statements", "query", "queries", "sql", "average", "mean", "duration", "longest", "execution", "pg_stat_statements", "long", "take", "takes"],
  "examples": ["which queries are slow?", "what are the slowest queries?", "show slow statements", "which statements are the slowest?",
    "are there slow queries?", "top 10 slowest queries", "which sql is slow?", "which queries have the longest average execution time?",
    "list the 5 slowest statements", "slow query report", "what sql takes the longest on average?", "slowest sql"],
  "input_schema": {"type": "object", "properties": {
      "limit": {"type": "integer", "minimum": 1, "maximum": 200, "default": 10, "description": "how many statements", "x-ops": {"slot": "limit"}}},
    "additionalProperties": false},
  "present": {"title": "Slowest statements", "summary": [
      {"when": "rows[0].state = 'not created'", "text": "Slow statements are not recorded here: extension pg_stat_statements does not exist in this database. Add it to shared_preload_libraries, restart, then CREATE EXTENSION pg_stat_statements.", "severity": "info"},
      {"when": "rows[0].state = 'not preloaded'", "text": "Slow statements are not recorded: extension pg_stat_statements exists, but its library is not loaded. Add pg_stat_statements to shared_preload_libraries and restart.", "severity": "info"},
      {"when": "rows[0].state != 'ok'", "text": "Slow statements cannot be read ({rows[0].state}): grant USAGE on the schema of pg_stat_statements and SELECT on the view to ops_stats, or ALTER EXTENSION pg_stat_statements UPDATE.", "severity": "info"},
      {"when": "row_count = 0", "text": "pg_stat_statements has recorded no statement of this database yet.", "severity": "info"},
      {"when": "max(mean_ms) >= 1000", "text": "The slowest statement takes {rows[0].mean_ms} on average over {rows[0].calls} calls, at most {rows[0].max_ms} (attention from 1 s): {rows[0].query}. Look at its plan with EXPLAIN (ANALYZE, BUFFERS).", "severity": "attention"},
      {"text": "The slowest statement takes {rows[0].mean_ms} on average over {rows[0].calls} calls, which is well (below 1 s): {rows[0].query}", "severity": "info"}],
    "columns": {"mean_ms": {"unit": "ms", "format": "duration"}, "max_ms": {"unit": "ms", "format": "duration"}, "total_ms": {"unit": "ms", "format": "duration"}, "calls": {"format": "integer"}, "query": {"format": "short"}}, "block": "table"}
}$json$, $sql$
SELECT s.state, left(s.query, 200) AS query, s.calls, round(s.mean_ms, 3) AS mean_ms, round(s.max_ms, 3) AS max_ms,
       round(s.total_ms, 3) AS total_ms, s.rows_returned, s.blocks_read, s.temp_blocks_written
  FROM ops._statement_statistics() s WHERE s.is_sensitive IS NOT TRUE
 ORDER BY s.mean_ms DESC NULLS LAST, s.query LIMIT :limit
$sql$);

SELECT ops._install_health_tool('costly_statements', $json${
  "title": "statements by total time",
  "description": "Statements of this database on which the server spent most time in all, calls times duration (needs pg_stat_statements).",
  "capabilities": ["db.costly_statements"],
  "vocabulary": ["statement", "statements", "query", "queries", "sql", "time", "total", "most", "spent", "spend", "spends", "consume", "consumes", "cost", "costs", "costly", "expensive", "load", "cause", "resource", "server", "database", "overall", "uses", "using"],
  "examples": ["which queries take the most time in total?", "which statements consume the most time?", "most expensive queries",
    "which queries cause the most load?", "top queries by total time", "what does the database spend most time on?",
    "where is the most execution time spent?", "what is the most expensive query?", "which statements cost the most overall?",
    "top 5 statements by total time", "where does the server spend the most time?", "which queries use the most time?"],
  "input_schema": {"type": "object", "properties": {
      "limit": {"type": "integer", "minimum": 1, "maximum": 200, "default": 10, "description": "how many statements", "x-ops": {"slot": "limit"}}},
    "additionalProperties": false},
  "present": {"title": "Statements by total time", "summary": [
      {"when": "rows[0].state = 'not created'", "text": "Times of statements are not recorded here: extension pg_stat_statements does not exist in this database. Add it to shared_preload_libraries, restart, then CREATE EXTENSION pg_stat_statements.", "severity": "info"},
      {"when": "rows[0].state = 'not preloaded'", "text": "Times of statements are not recorded: extension pg_stat_statements exists, but its library is not loaded. Add pg_stat_statements to shared_preload_libraries and restart.", "severity": "info"},
      {"when": "rows[0].state != 'ok'", "text": "Times of statements cannot be read ({rows[0].state}): grant USAGE on the schema of pg_stat_statements and SELECT on the view to ops_stats, or ALTER EXTENSION pg_stat_statements UPDATE.", "severity": "info"},
      {"when": "row_count = 0", "text": "pg_stat_statements has recorded no statement of this database yet.", "severity": "info"},
      {"when": "max(percent) >= 50 and max(total_ms) >= 60000", "text": "One statement took {rows[0].percent} of all execution time ({rows[0].total_ms} in {rows[0].calls} calls; attention from 50 %): {rows[0].query}. Making it cheaper, or calling it less often, gains most.", "severity": "attention"},
      {"text": "The statement with the most time in all took {rows[0].total_ms} in {rows[0].calls} calls, {rows[0].percent} of all execution time: {rows[0].query}", "severity": "info"}],
    "columns": {"mean_ms": {"unit": "ms", "format": "duration"}, "total_ms": {"unit": "ms", "format": "duration"}, "percent": {"unit": "%", "format": "percent"}, "calls": {"format": "integer"}, "query": {"format": "short"}}, "block": "table"}
}$json$, $sql$
SELECT s.state, left(s.query, 200) AS query, s.calls, round(s.total_ms, 3) AS total_ms,
       round(100 * s.total_ms / nullif(sum(s.total_ms) OVER (), 0), 1) AS percent, round(s.mean_ms, 3) AS mean_ms, s.rows_returned, s.blocks_read
  FROM ops._statement_statistics() s WHERE s.is_sensitive IS NOT TRUE
 ORDER BY s.total_ms DESC NULLS LAST, s.query LIMIT :limit
$sql$);

SELECT ops._install_health_tool('risky_settings', $json${
  "title": "risky settings",
  "description": "Settings of the server that risk data, or leave out maintenance or protection.",
  "capabilities": ["db.risky_settings"],
  "vocabulary": ["risky", "risk", "risks", "dangerous", "danger", "unsafe", "insecure", "safe", "bad", "wrong", "fsync", "full_page_writes", "full", "page", "writes", "synchronous_commit", "synchronous", "setting", "settings", "configuration", "parameter", "parameters", "option", "options", "configured", "durability", "durable", "off", "off?", "misconfigured", "switched", "switch"],
  "examples": ["are there risky settings?", "which settings are dangerous?", "is fsync on?", "is fsync off?", "is the configuration safe?",
    "are there unsafe settings?", "is full_page_writes off?", "show risky parameters", "is any setting dangerous?",
    "which settings risk data?", "is synchronous_commit off?", "is the server misconfigured?", "are the settings safe?",
    "is fsync switched off?", "insecure settings"],
  "present": {"title": "Risky settings", "summary": [
      {"when": "row_count = 0", "text": "No setting risks data: fsync, full_page_writes, synchronous_commit and autovacuum are on, and nothing else of the list is set dangerously.", "severity": "info"},
      {"when": "sum(critical) = 1", "text": "{rows[0].setting} is {rows[0].value}: {rows[0].why}. {rows[0].advice}.", "severity": "critical"},
      {"when": "sum(critical) > 1", "text": "{sum(critical)} settings are critical, first {rows[0].setting} = {rows[0].value}: {rows[0].why}. {rows[0].advice}.", "severity": "critical"},
      {"when": "row_count = 1", "text": "{rows[0].setting} is {rows[0].value}: {rows[0].why}. {rows[0].advice}.", "severity": "attention"},
      {"text": "{row_count} settings deserve a look, first {rows[0].setting} = {rows[0].value}: {rows[0].why}. {rows[0].advice}.", "severity": "attention"}],
    "columns": {"why": {"format": "text"}, "advice": {"format": "text"}}, "block": "table"}
}$json$, $sql$
WITH now AS (SELECT g.name, g.reset_val, g.context FROM pg_catalog.pg_settings g),
rules (name, bad, critical, why, advice) AS (VALUES
  ('fsync', 'off', 1, 'a crash can corrupt the whole cluster', 'Set fsync = on and reload; data written before stays at risk until it is synced'),
  ('full_page_writes', 'off', 1, 'a crash in the middle of a page write corrupts that page', 'Set full_page_writes = on and reload, unless the file system writes pages whole'),
  ('autovacuum', 'off', 1, 'dead rows pile up and transaction ids run out', 'Set autovacuum = on and reload'),
  ('track_counts', 'off', 1, 'autovacuum does not know which tables changed', 'Set track_counts = on and reload'),
  ('zero_damaged_pages', 'on', 1, 'damaged pages are emptied silently', 'Set zero_damaged_pages = off and reload'),
  ('ignore_checksum_failure', 'on', 1, 'damaged pages are read as if they were sound', 'Set ignore_checksum_failure = off and reload'),
  ('ignore_system_indexes', 'on', 1, 'system catalogs are read without their indexes', 'Take ignore_system_indexes out of the configuration'),
  ('allow_system_table_mods', 'on', 1, 'system catalogs can be changed by hand', 'Take allow_system_table_mods out of the configuration'),
  ('session_replication_role', 'replica', 1, 'triggers and foreign keys do nothing', 'Set session_replication_role = origin'),
  ('synchronous_commit', 'off', 0, 'transactions reported as committed may be lost in a crash', 'Set synchronous_commit = on, or use off only in sessions that can lose their last transactions'),
  ('row_security', 'off', 0, 'queries that row security would filter fail instead', 'Set row_security = on and reload'),
  ('password_encryption', 'md5', 0, 'new passwords are stored as md5, which can be replayed', 'Set password_encryption = scram-sha-256 and have passwords set anew'),
  ('enable_indexscan', 'off', 0, 'the planner avoids index scans everywhere', 'Reset it; such switches are for single sessions'),
  ('enable_seqscan', 'off', 0, 'the planner avoids sequential scans everywhere', 'Reset it; such switches are for single sessions'),
  ('enable_hashjoin', 'off', 0, 'the planner avoids hash joins everywhere', 'Reset it; such switches are for single sessions'),
  ('enable_nestloop', 'off', 0, 'the planner avoids nested loops everywhere', 'Reset it; such switches are for single sessions'))
SELECT x.setting, x.value, x.why, x.advice, x.critical
  FROM (SELECT r.name AS setting, n.reset_val AS value, r.why, r.advice, r.critical
          FROM rules r JOIN now n ON n.name = r.name AND n.reset_val = r.bad
        UNION ALL
        SELECT 'ssl', 'off', 'passwords and data cross the network in clear (listen_addresses is not local)', 'Set up a certificate and ssl = on', 0
          FROM now s JOIN now l ON l.name = 'listen_addresses'
         WHERE s.name = 'ssl' AND s.reset_val = 'off' AND l.reset_val NOT IN ('', 'localhost', '127.0.0.1', '::1', '127.0.0.1,::1', 'localhost,127.0.0.1')) x
 ORDER BY x.critical DESC, x.setting
$sql$);

-- Values of commands and connection strings may hold secrets, and custom ones are anybody's.
SELECT ops._install_health_tool('changed_settings', $json${
  "title": "changed settings",
  "description": "Settings that differ from PostgreSQL's defaults, and those that wait for a restart.",
  "capabilities": ["db.changed_settings"],
  "vocabulary": ["changed", "setting", "settings", "parameter", "parameters", "option", "options", "default", "defaults", "non-default", "non", "differ", "differs", "different", "modified", "customized", "configuration", "configured", "restart", "pending", "wait", "waiting", "need", "needs", "require", "requires"],
  "examples": ["which settings were changed?", "which settings differ from the defaults?", "show non-default settings", "which settings need a restart?",
    "is a restart pending?", "are any settings waiting for a restart?", "list changed parameters", "which parameters are not at their default?",
    "what was changed in the configuration?", "which settings are pending restart?", "how does the configuration differ from the default?"],
  "present": {"title": "Changed settings", "summary": [
      {"when": "row_count = 0", "text": "Every setting is at its default.", "severity": "info"},
      {"when": "sum(waits_for_restart) = 1", "text": "{row_count} settings differ from the defaults; {rows[0].setting} was changed but is in force only after a restart.", "severity": "attention"},
      {"when": "sum(waits_for_restart) > 1", "text": "{row_count} settings differ from the defaults; {sum(waits_for_restart)} of them, such as {rows[0].setting}, are in force only after a restart.", "severity": "attention"},
      {"text": "{row_count} settings differ from the defaults; none of them waits for a restart.", "severity": "info"}],
    "columns": {}, "block": "table"}
}$json$, $sql$
SELECT g.name AS setting,
       CASE WHEN g.category = 'Customized Options' OR g.name ~ '(conninfo|_command|passphrase|password)' AND g.name <> 'password_encryption'
            THEN CASE WHEN g.reset_val = '' THEN '' ELSE '(set)' END ELSE left(g.reset_val, 200) END AS value,
       g.unit, CASE WHEN g.category = 'Customized Options' THEN NULL ELSE left(g.boot_val, 200) END AS default_value,
       nullif(g.source, 'session') AS source, (CASE WHEN g.pending_restart THEN 1 ELSE 0 END) AS waits_for_restart
  FROM pg_catalog.pg_settings g
 WHERE g.context <> 'internal'
   AND (g.pending_restart OR g.reset_val IS DISTINCT FROM g.boot_val)
   AND (g.pending_restart OR g.name NOT IN ('lc_messages', 'lc_monetary', 'lc_numeric', 'lc_time', 'default_text_search_config', 'TimeZone', 'log_timezone',
        'DateStyle', 'timezone_abbreviations', 'client_encoding', 'application_name', 'data_directory', 'config_file', 'hba_file', 'ident_file',
        'max_stack_depth', 'dynamic_shared_memory_type', 'transaction_read_only', 'transaction_isolation', 'transaction_deferrable'))
 ORDER BY waits_for_restart DESC, g.name
$sql$);

SELECT ops._install_health_tool('extensions', $json${
  "title": "extensions",
  "description": "Extensions created in this database, their versions, and whether a newer version is installed on the server.",
  "capabilities": ["db.extensions"],
  "vocabulary": ["extension", "extensions", "installed", "version", "versions", "update", "updates", "updated", "upgrade", "newer", "outdated", "available", "created", "old"],
  "examples": ["which extensions are installed?", "list extensions", "are there extension updates?", "which extensions can be updated?",
    "are extensions up to date?", "show installed extensions", "which extensions are outdated?", "what versions of the extensions are installed?",
    "is a newer version of an extension available?", "how many extensions are installed?"],
  "present": {"title": "Extensions", "summary": [
      {"when": "row_count = 0", "text": "No extension is created in this database.", "severity": "info"},
      {"when": "sum(update_available) = 1", "text": "{row_count} extensions; {rows[0].extension} {rows[0].installed_version} has an update: ALTER EXTENSION {rows[0].extension} UPDATE brings {rows[0].available_version}.", "severity": "attention"},
      {"when": "sum(update_available) > 1", "text": "{row_count} extensions, {sum(update_available)} of them with an update, such as {rows[0].extension} ({rows[0].installed_version}, available {rows[0].available_version}): ALTER EXTENSION ... UPDATE.", "severity": "attention"},
      {"when": "row_count = 1", "text": "One extension is created, {rows[0].extension} {rows[0].installed_version}, in the version that the server has.", "severity": "info"},
      {"text": "{row_count} extensions are created, all in the version that the server has.", "severity": "info"}],
    "columns": {}, "block": "table"}
}$json$, $sql$
SELECT e.extname AS extension, e.extversion AS installed_version, a.default_version AS available_version, n.nspname AS schema,
       (CASE WHEN a.default_version <> e.extversion THEN 1 ELSE 0 END) AS update_available, a.comment
  FROM pg_catalog.pg_extension e
  JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
  LEFT JOIN pg_catalog.pg_available_extensions a ON a.name = e.extname
 ORDER BY update_available DESC, e.extname
$sql$);

SELECT ops._install_health_tool('superusers', $json${
  "title": "superusers",
  "description": "Roles that are superusers and may log in, and the sessions they have.",
  "capabilities": ["db.superusers"],
  "vocabulary": ["superuser", "superusers", "super", "user", "users", "role", "roles", "admin", "administrator", "administrators", "privileged", "log", "login", "logins", "logged", "rights", "session", "sessions", "connected", "postgres"],
  "examples": ["who is a superuser?", "which roles are superusers?", "list superusers", "how many superusers are there?", "which superusers can log in?",
    "are superusers connected?", "which users have superuser rights?", "show superuser logins", "are there too many superusers?",
    "is any superuser logged in?", "superuser sessions"],
  "present": {"title": "Superusers", "summary": [
      {"when": "row_count = 0", "text": "No role that may log in is a superuser.", "severity": "info"},
      {"when": "row_count = 1 and sum(sessions) = 1", "text": "One role that may log in is a superuser: {rows[0].role_name}, with one session now.", "severity": "info"},
      {"when": "row_count = 1", "text": "One role that may log in is a superuser: {rows[0].role_name}, with {rows[0].sessions} sessions now.", "severity": "info"},
      {"text": "{row_count} roles that may log in are superusers (attention from two): {sum(sessions)} sessions now, most as {rows[0].role_name} ({rows[0].sessions}). Nothing limits what they do: give applications roles of their own, and take SUPERUSER away where it is not needed.", "severity": "attention"}],
    "columns": {"valid_until": {"format": "minute"}}, "block": "table"}
}$json$, $sql$
SELECT r.rolname AS role_name, count(a.pid) AS sessions,
       string_agg(DISTINCT coalesce(nullif(a.application_name, ''), '(none)'), ', ') FILTER (WHERE a.pid IS NOT NULL) AS applications,
       r.rolvaliduntil AS valid_until
  FROM pg_catalog.pg_roles r
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.usesysid = r.oid AND a.backend_type = 'client backend'
 WHERE r.rolsuper AND r.rolcanlogin
 GROUP BY r.oid, r.rolname, r.rolvaliduntil
 ORDER BY sessions DESC, r.rolname
$sql$);

SELECT ops._install_health_tool('server_info', $json${
  "title": "server version and uptime",
  "description": "Which version of PostgreSQL runs, since when, and whether it is a standby.",
  "capabilities": ["db.server"],
  "vocabulary": ["version", "postgresql", "postgres", "server", "release", "uptime", "started", "start", "up", "since", "running", "long", "restarted", "last", "primary", "standby", "database"],
  "examples": ["which version of postgres is running?", "what postgresql version is this?", "how long has the server been up?", "what is the uptime?",
    "when was the server started?", "server version", "is this server a standby?", "which postgresql release do we use?", "when was postgres last restarted?",
    "since when is the server running?"],
  "present": {"title": "Server", "summary": [
      {"when": "rows[0].role = 'standby'", "text": "PostgreSQL {rows[0].version}, a standby, up for {rows[0].uptime_s} (since {rows[0].started_at}).", "severity": "info"},
      {"when": "rows[0].uptime_s < 600", "text": "PostgreSQL {rows[0].version}, up for only {rows[0].uptime_s} (since {rows[0].started_at}); if nobody restarted it, the server log says why (attention below 10 min).", "severity": "attention"},
      {"text": "PostgreSQL {rows[0].version}, up for {rows[0].uptime_s} (since {rows[0].started_at}).", "severity": "info"}],
    "columns": {"uptime_s": {"unit": "s", "format": "duration"}, "started_at": {"format": "minute"}}, "block": "table"}
}$json$, $sql$
SELECT (SELECT g.setting FROM pg_catalog.pg_settings g WHERE g.name = 'server_version') AS version,
       CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE 'primary' END AS role, pg_postmaster_start_time() AS started_at,
       round(extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())) AS uptime_s,
       (SELECT g.setting FROM pg_catalog.pg_settings g WHERE g.name = 'data_checksums') AS data_checksums
$sql$);
