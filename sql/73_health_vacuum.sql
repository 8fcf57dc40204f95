-- sql layer: health tools about vacuum, statistics of tables, and wraparound. See 70_health_tools.sql.

SELECT ops._install_health_tool('dead_tuples', $json${
  "title": "dead rows and autovacuum",
  "description": "Dead rows per table, and whether autovacuum keeps up with them.",
  "capabilities": ["db.vacuum"],
  "vocabulary": ["dead", "tuple", "tuples", "rows", "vacuum", "autovacuum", "vacuumed", "table", "tables", "due", "behind", "keep", "most", "last", "each"],
  "examples": ["which tables have the most dead tuples?", "does autovacuum keep up?", "are there dead rows?", "which tables need a vacuum?",
    "how many dead tuples are there?", "is autovacuum working?", "show dead rows by table", "which tables are due for vacuum?",
    "is vacuum behind?", "when was each table last vacuumed?", "which tables should be vacuumed?", "tables by dead tuples"],
  "input_schema": {"type": "object", "properties": {
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10, "description": "how many tables", "x-ops": {"slot": "limit"}}},
    "additionalProperties": false},
  "present": {"title": "Dead rows", "summary": [
      {"when": "row_count = 0", "text": "There are no tables to vacuum.", "severity": "info"},
      {"when": "rows[0].autovacuum = 'off'", "text": "Autovacuum is off, and there are {max(all_dead_rows)} dead rows, most of them in {rows[0].table_name}: {rows[0].dead_rows} ({rows[0].dead_percent} of its rows). Switch autovacuum on.", "severity": "critical"},
      {"when": "rows[0].autovacuum != 'on' and rows[0].dead_rows > rows[0].vacuum_due_at", "text": "Autovacuum is off for {rows[0].table_name}, which has {rows[0].dead_rows} dead rows ({rows[0].dead_percent} of its rows; due at {rows[0].vacuum_due_at}): switch it on for this table or vacuum it.", "severity": "attention"},
      {"when": "max(all_dead_rows) = 0", "text": "There are {max(all_dead_rows)} dead rows.", "severity": "info"},
      {"when": "max(tables_due) = 0", "text": "There are {max(all_dead_rows)} dead rows, and no table has more than autovacuum allows; most are in {rows[0].table_name}: {rows[0].dead_rows}, due at {rows[0].vacuum_due_at}.", "severity": "info"},
      {"when": "max(tables_due) = 1", "text": "One table is due for vacuum. There are {max(all_dead_rows)} dead rows, most of them in {rows[0].table_name}: {rows[0].dead_rows} ({rows[0].dead_percent} of its rows; due at {rows[0].vacuum_due_at}).", "severity": "attention"},
      {"text": "{max(tables_due)} tables are due for vacuum. There are {max(all_dead_rows)} dead rows, most of them in {rows[0].table_name}: {rows[0].dead_rows} ({rows[0].dead_percent} of its rows; due at {rows[0].vacuum_due_at}).", "severity": "attention"}],
    "columns": {"dead_percent": {"unit": "%", "format": "percent"}, "dead_rows": {"format": "integer"}, "live_rows": {"format": "integer"}, "vacuum_due_at": {"format": "integer"}, "tables_due": {"format": "integer"}, "all_dead_rows": {"format": "integer"}}, "block": "table"}
}$json$, $sql$
WITH settings AS (
  SELECT max(g.setting::float8) FILTER (WHERE g.name = 'autovacuum_vacuum_threshold') AS threshold,
         max(g.setting::float8) FILTER (WHERE g.name = 'autovacuum_vacuum_scale_factor') AS factor,
         max(g.setting) FILTER (WHERE g.name = 'autovacuum') AS autovacuum
    FROM pg_catalog.pg_settings g
   WHERE g.name IN ('autovacuum_vacuum_threshold', 'autovacuum_vacuum_scale_factor', 'autovacuum')),
tables AS (
  SELECT u.schemaname || '.' || u.relname AS table_name, u.n_dead_tup AS dead_rows, u.n_live_tup AS live_rows,
         round(100.0 * u.n_dead_tup / nullif(u.n_dead_tup + u.n_live_tup, 0), 1) AS dead_percent,
         round((coalesce(substring(o.list FROM 'autovacuum_vacuum_threshold=([0-9]+)')::float8, s.threshold)
                + coalesce(substring(o.list FROM 'autovacuum_vacuum_scale_factor=([0-9.]+)')::float8, s.factor)
                  * greatest(c.reltuples, 0))::numeric) AS vacuum_due_at,
         greatest(u.last_vacuum, u.last_autovacuum) AS last_vacuumed,
         CASE WHEN s.autovacuum <> 'on' THEN 'off'
              WHEN substring(o.list FROM 'autovacuum_enabled=([a-z0-9]+)')::boolean IS FALSE THEN 'off for this table'
              ELSE 'on' END AS autovacuum
    FROM pg_catalog.pg_stat_user_tables u
    JOIN pg_catalog.pg_class c ON c.oid = u.relid
    CROSS JOIN LATERAL (SELECT array_to_string(c.reloptions, ' ') AS list) o
    CROSS JOIN settings s)
SELECT t.table_name, t.dead_rows, t.live_rows, t.dead_percent, t.vacuum_due_at, t.last_vacuumed, t.autovacuum,
       sum(t.dead_rows) OVER () AS all_dead_rows,
       count(*) FILTER (WHERE t.dead_rows > t.vacuum_due_at) OVER () AS tables_due
  FROM tables t ORDER BY t.dead_rows DESC, t.table_name LIMIT :limit
$sql$);

-- One row even when nothing runs: whether autovacuum is on, and how many workers it may have.
SELECT ops._install_health_tool('vacuum_progress', $json${
  "title": "running vacuums",
  "description": "Vacuums that are running: of autovacuum and by hand, their phase and progress, and how many autovacuum workers are busy.",
  "capabilities": ["db.vacuum_progress"],
  "vocabulary": ["vacuum", "vacuums", "autovacuum", "running", "progress", "worker", "workers", "phase", "busy", "active", "activity", "free", "scanning", "far", "table", "tables"],
  "examples": ["is a vacuum running?", "is autovacuum running?", "which vacuums are running?", "how far is the running vacuum?", "vacuum progress",
    "show the progress of vacuum", "are all autovacuum workers busy?", "how many autovacuum workers are running?", "autovacuum activity",
    "in which phase is the vacuum?", "show running vacuums", "which tables are being vacuumed?", "is any table being vacuumed right now?"],
  "present": {"title": "Running vacuums", "summary": [
      {"when": "rows[0].autovacuum != 'on' and count(pid) = 0", "text": "No vacuum is running, and autovacuum is off: switch it on.", "severity": "critical"},
      {"when": "count(pid) = 0", "text": "No vacuum is running; all {rows[0].max_workers} autovacuum workers are free.", "severity": "info"},
      {"when": "rows[0].autovacuum_workers >= rows[0].max_workers", "text": "{count(pid)} vacuums are running and all {rows[0].max_workers} autovacuum workers are busy: other tables wait. The longest, on {rows[0].table_name}, has run for {rows[0].running_s} ({rows[0].phase}, {rows[0].scanned_percent} scanned). Raise autovacuum_vacuum_cost_limit before autovacuum_max_workers.", "severity": "attention"},
      {"when": "count(pid) = 1", "text": "One vacuum is running: {rows[0].kind} on {rows[0].table_name} for {rows[0].running_s} ({rows[0].phase}, {rows[0].scanned_percent} scanned).", "severity": "info"},
      {"text": "{count(pid)} vacuums are running; the longest, on {rows[0].table_name}, for {rows[0].running_s} ({rows[0].phase}, {rows[0].scanned_percent} scanned).", "severity": "info"}],
    "columns": {"running_s": {"unit": "s", "format": "duration"}, "scanned_percent": {"unit": "%", "format": "percent"}}, "block": "table"}
}$json$, $sql$
WITH settings AS (
  SELECT max(g.setting) FILTER (WHERE g.name = 'autovacuum') AS autovacuum,
         max(g.setting::int) FILTER (WHERE g.name = 'autovacuum_max_workers') AS max_workers
    FROM pg_catalog.pg_settings g WHERE g.name IN ('autovacuum', 'autovacuum_max_workers')),
workers AS (SELECT count(*) AS busy FROM pg_catalog.pg_stat_activity a WHERE a.backend_type = 'autovacuum worker')
SELECT v.pid, coalesce(n.nspname || '.' || c.relname, v.relid::text) AS table_name, v.datname AS database,
       CASE WHEN a.backend_type = 'autovacuum worker' THEN 'autovacuum' ELSE 'by hand' END AS kind, v.phase,
       round(100.0 * v.heap_blks_scanned / nullif(v.heap_blks_total, 0), 1) AS scanned_percent,
       round(extract(epoch FROM clock_timestamp() - a.xact_start), 1) AS running_s,
       a.query LIKE '%(to prevent wraparound)' AS against_wraparound,
       w.busy AS autovacuum_workers, s.max_workers, s.autovacuum
  FROM settings s CROSS JOIN workers w
  LEFT JOIN pg_catalog.pg_stat_progress_vacuum v ON true
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = v.pid
  LEFT JOIN pg_catalog.pg_class c ON c.oid = v.relid AND v.datname = current_database()
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 ORDER BY running_s DESC NULLS LAST, v.pid
$sql$);

-- 1,000 rows: from there on autovacuum analyzes and vacuums a table by itself (its default thresholds).
SELECT ops._install_health_tool('table_statistics', $json${
  "title": "tables never vacuumed or analyzed",
  "description": "Tables that were never vacuumed or never analyzed although they have rows, and those whose planner statistics are out of date.",
  "capabilities": ["db.analyze"],
  "vocabulary": ["never", "analyze", "analyzed", "analyzing", "analyse", "analysed", "vacuumed", "statistics", "stats", "planner", "stale", "outdated", "out", "date", "up", "table", "tables", "missing", "fresh", "old", "autoanalyze", "optimizer", "lack"],
  "examples": ["which tables were never analyzed?", "which tables have never been vacuumed?", "are planner statistics out of date?",
    "which tables have stale statistics?", "are the table statistics up to date?", "which tables lack statistics?",
    "tables never vacuumed or analyzed", "which tables have not been analyzed?", "are table statistics stale?",
    "are optimizer statistics stale?", "does the planner have fresh statistics?", "which tables are without statistics?"],
  "input_schema": {"type": "object", "properties": {
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10, "description": "how many tables", "x-ops": {"slot": "limit"}}},
    "additionalProperties": false},
  "present": {"title": "Vacuum and analyze", "summary": [
      {"when": "row_count = 0", "text": "No table has 1,000 rows or more, so none needs to be analyzed or vacuumed.", "severity": "info"},
      {"when": "max(never_analyzed) > 0", "text": "{max(never_analyzed)} of {max(tables)} tables with 1,000 rows or more were never analyzed, as far as the statistics know, so the planner guesses: the largest is {rows[0].table_name} ({rows[0].live_rows} rows). Run ANALYZE on them, and check that autovacuum is on.", "severity": "attention"},
      {"when": "max(stale) > 0", "text": "{max(stale)} of {max(tables)} tables with 1,000 rows or more changed by over half since they were analyzed, most of all {rows[0].table_name} ({rows[0].changed_percent}): run ANALYZE on them, and see whether autovacuum keeps up.", "severity": "attention"},
      {"when": "max(never_vacuumed) > 0", "text": "All {max(tables)} tables with 1,000 rows or more are analyzed; {max(never_vacuumed)} were never vacuumed, as far as the statistics know, such as {rows[0].table_name} ({rows[0].live_rows} rows): without vacuum there are no index-only scans.", "severity": "info"},
      {"text": "All {max(tables)} tables with 1,000 rows or more are vacuumed, and analyzed since the last large change.", "severity": "info"}],
    "columns": {"changed_percent": {"unit": "%", "format": "percent"}, "live_rows": {"format": "integer"}, "changed_rows": {"format": "integer"}, "last_vacuumed": {"format": "minute"}, "last_analyzed": {"format": "minute"}}, "block": "table"}
}$json$, $sql$
WITH facts AS (
  SELECT u.schemaname || '.' || u.relname AS table_name, u.n_live_tup AS live_rows, greatest(u.last_vacuum, u.last_autovacuum) AS last_vacuumed,
         greatest(u.last_analyze, u.last_autoanalyze) AS last_analyzed, u.n_mod_since_analyze AS changed_rows,
         round(100.0 * u.n_mod_since_analyze / greatest(u.n_live_tup, 1), 1) AS changed_percent
    FROM pg_catalog.pg_stat_user_tables u WHERE u.n_live_tup >= 1000)
SELECT f.table_name, f.live_rows, f.last_vacuumed, f.last_analyzed, f.changed_rows, f.changed_percent,
       count(*) OVER () AS tables, count(*) FILTER (WHERE f.last_analyzed IS NULL) OVER () AS never_analyzed,
       count(*) FILTER (WHERE f.last_vacuumed IS NULL) OVER () AS never_vacuumed,
       count(*) FILTER (WHERE f.last_analyzed IS NOT NULL AND f.changed_percent > 50) OVER () AS stale
  FROM facts f
 ORDER BY f.last_analyzed IS NULL DESC, CASE WHEN f.changed_percent > 50 THEN f.changed_percent END DESC NULLS LAST,
          f.last_vacuumed IS NULL DESC, f.live_rows DESC, f.table_name
 LIMIT :limit
$sql$);

-- 1.6 billion: where vacuum_failsafe_age makes vacuum drop everything else. A fifth over autovacuum_freeze_max_age:
-- the vacuums that are forced there are not getting done.
SELECT ops._install_health_tool('wraparound', $json${
  "title": "transaction id wraparound",
  "description": "How far each database is from transaction id and multixact wraparound.",
  "capabilities": ["db.wraparound"],
  "vocabulary": ["wraparound", "wrap", "around", "xid", "xids", "transaction", "transactions", "id", "ids", "multixact", "multixacts", "mxid", "freeze", "frozen", "age", "ages", "database", "databases", "close", "near", "far", "exhaustion", "danger", "risk", "oldest", "run", "out", "hit"],
  "examples": ["how close are we to wraparound?", "is there a risk of transaction id wraparound?", "how far away is xid wraparound?",
    "what is the xid age of each database?", "is multixact wraparound near?", "wraparound danger", "are we near transaction id exhaustion?",
    "how old are the frozen xids?", "transaction id age per database", "which database is closest to wraparound?", "multixact age",
    "are we about to hit wraparound?"],
  "present": {"title": "Wraparound", "summary": [
      {"when": "max(xid_age) >= 1600000000", "text": "Database {rows[0].database} has used {rows[0].wraparound_percent} of its transaction ids (age {rows[0].xid_age}; critical from 1,600,000,000): the server will stop accepting writes. Vacuum its oldest tables now, and remove what holds the horizon back: old transactions, prepared transactions, slots.", "severity": "critical"},
      {"when": "max(multixact_age) >= 1600000000", "text": "The oldest multixact has age {max(multixact_age)} (critical from 1,600,000,000): vacuum the oldest tables of database {rows[0].database} now.", "severity": "critical"},
      {"when": "max(over) > 0", "text": "Database {rows[0].database} is at transaction age {rows[0].xid_age} and multixact age {rows[0].multixact_age}, over a fifth beyond autovacuum_freeze_max_age ({rows[0].freeze_max_age}; multixacts: {rows[0].multixact_freeze_max_age}): the vacuums against wraparound do not get done. Look at its oldest tables and at long transactions.", "severity": "attention"},
      {"text": "Wraparound is far: the oldest database, {rows[0].database}, has used {rows[0].wraparound_percent} of the transaction ids (age {rows[0].xid_age}) and is at multixact age {rows[0].multixact_age}; autovacuum freezes at {rows[0].freeze_max_age}.", "severity": "info"}],
    "columns": {"wraparound_percent": {"unit": "%", "format": "percent"}, "xid_age": {"format": "integer"}, "multixact_age": {"format": "integer"}}, "block": "table"}
}$json$, $sql$
WITH settings AS (
  SELECT max(g.setting::bigint) FILTER (WHERE g.name = 'autovacuum_freeze_max_age') AS xids,
         max(g.setting::bigint) FILTER (WHERE g.name = 'autovacuum_multixact_freeze_max_age') AS multixacts
    FROM pg_catalog.pg_settings g WHERE g.name IN ('autovacuum_freeze_max_age', 'autovacuum_multixact_freeze_max_age'))
SELECT d.datname AS database, age(d.datfrozenxid) AS xid_age, mxid_age(d.datminmxid) AS multixact_age,
       round(100.0 * greatest(age(d.datfrozenxid), mxid_age(d.datminmxid)) / 2147483647, 1) AS wraparound_percent,
       s.xids AS freeze_max_age, s.multixacts AS multixact_freeze_max_age,
       (CASE WHEN age(d.datfrozenxid) > 1.2 * s.xids OR mxid_age(d.datminmxid) > 1.2 * s.multixacts THEN 1 ELSE 0 END) AS over
  FROM pg_catalog.pg_database d CROSS JOIN settings s
 ORDER BY greatest(age(d.datfrozenxid)::numeric / s.xids, mxid_age(d.datminmxid)::numeric / s.multixacts) DESC, d.datname
$sql$);

SELECT ops._install_health_tool('table_freeze_age', $json${
  "title": "tables by freeze age",
  "description": "The tables of this database whose rows have gone longest without being frozen: transaction id age and multixact age per table.",
  "capabilities": ["db.freeze_age"],
  "vocabulary": ["table", "tables", "freeze", "freezing", "frozen", "unfrozen", "age", "oldest", "xid", "xids", "transaction", "id", "multixact", "relfrozenxid", "wraparound", "vacuum", "highest"],
  "examples": ["which tables have the oldest transaction id age?", "which tables need freezing?", "which table is closest to wraparound?",
    "xid age per table", "show the freeze age of the tables", "which tables have not been frozen?",
    "what is the oldest relfrozenxid of a table?", "which tables hold wraparound back?", "multixact age per table",
    "list the 5 tables with the oldest xid age", "which tables have the highest xid age?"],
  "input_schema": {"type": "object", "properties": {
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10, "description": "how many tables", "x-ops": {"slot": "limit"}}},
    "additionalProperties": false},
  "present": {"title": "Tables by freeze age", "summary": [
      {"when": "max(xid_age) >= 1600000000 or max(multixact_age) >= 1600000000", "text": "Table {rows[0].table_name} is at transaction age {rows[0].xid_age} (critical from 1,600,000,000) and multixact age {rows[0].multixact_age}: vacuum it now, by hand (VACUUM without FULL).", "severity": "critical"},
      {"when": "max(tables_over) > 0", "text": "{max(tables_over)} tables are beyond autovacuum_freeze_max_age ({rows[0].freeze_max_age}), the oldest being {rows[0].table_name} at {rows[0].xid_age} (multixact age {rows[0].multixact_age}): autovacuum must freeze them; VACUUM (FREEZE) on the oldest helps it.", "severity": "attention"},
      {"text": "No table is beyond autovacuum_freeze_max_age ({rows[0].freeze_max_age}); the oldest is {rows[0].table_name} at {rows[0].xid_age} (multixact age {rows[0].multixact_age}).", "severity": "info"}],
    "columns": {"xid_age": {"format": "integer"}, "multixact_age": {"format": "integer"}}, "block": "table"}
}$json$, $sql$
WITH settings AS (
  SELECT max(g.setting::bigint) FILTER (WHERE g.name = 'autovacuum_freeze_max_age') AS xids,
         max(g.setting::bigint) FILTER (WHERE g.name = 'autovacuum_multixact_freeze_max_age') AS multixacts
    FROM pg_catalog.pg_settings g WHERE g.name IN ('autovacuum_freeze_max_age', 'autovacuum_multixact_freeze_max_age')),
ages AS (
  SELECT n.nspname || '.' || c.relname AS table_name, greatest(age(c.relfrozenxid), age(t.relfrozenxid)) AS xid_age,
         greatest(mxid_age(c.relminmxid), mxid_age(t.relminmxid)) AS multixact_age
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid
   WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't')
SELECT a.table_name, a.xid_age, a.multixact_age, s.xids AS freeze_max_age, s.multixacts AS multixact_freeze_max_age,
       count(*) FILTER (WHERE a.xid_age > s.xids OR a.multixact_age > s.multixacts) OVER () AS tables_over
  FROM ages a CROSS JOIN settings s
 ORDER BY greatest(a.xid_age::numeric / s.xids, a.multixact_age::numeric / s.multixacts) DESC, a.table_name
 LIMIT :limit
$sql$);
