-- Five tools about the server itself: tenant system, run as ops_stats (member of pg_monitor). Each reads
-- the server's own statistics and says what they mean; thresholds stand in the sentence.

SELECT ops._install_asset('tool', 'blocking_sessions', $json${
  "type": "sql", "title": "blocked sessions",
  "description": "Which sessions wait for a lock, which session blocks them, and for how long.",
  "capabilities": ["db.locks"],
  "vocabulary": ["lock", "locks", "wait", "waiting", "blocked", "blocking", "blocker", "session", "sessions", "stuck", "query", "queries", "pid"],
  "examples": ["who blocks whom?", "which sessions are blocked?", "what is blocking queries?", "are there any lock waits?",
    "which sessions are waiting for locks?", "is anything stuck on a lock?", "show blocking sessions",
    "who is holding the lock?", "what are queries waiting on?", "is any session blocked right now?"],
  "policy": "default_sql", "run_as": "ops_stats",
  "input_schema": {"type": "object", "properties": {}, "additionalProperties": false},
  "sql": {"query": "SELECT w.pid AS blocked_pid, w.usename AS blocked_user, h.pid AS blocker_pid, h.usename AS blocker_user, h.state AS blocker_state, w.datname AS database, round(coalesce(extract(epoch FROM clock_timestamp() - l.since), 0), 1) AS wait_s, left(w.query, 200) AS blocked_query, left(h.query, 200) AS blocker_query FROM pg_catalog.pg_stat_activity w CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS b(pid) JOIN pg_catalog.pg_stat_activity h ON h.pid = b.pid LEFT JOIN LATERAL (SELECT min(k.waitstart) AS since FROM pg_catalog.pg_locks k WHERE k.pid = w.pid AND NOT k.granted) l ON true WHERE w.wait_event_type = 'Lock' ORDER BY wait_s DESC, w.pid, h.pid"},
  "present": {"title": "Blocked sessions", "summary": [
      {"when": "row_count = 0", "text": "No session is blocked.", "severity": "info"},
      {"when": "row_count = 1 and max(wait_s) < 300", "text": "Session {rows[0].blocked_pid} has waited {max(wait_s)} for a lock that session {rows[0].blocker_pid} ({rows[0].blocker_state}) holds.", "severity": "attention"},
      {"when": "max(wait_s) < 300", "text": "{row_count} lock waits; the longest is session {rows[0].blocked_pid}, which has waited {max(wait_s)} for session {rows[0].blocker_pid} ({rows[0].blocker_state}).", "severity": "attention"},
      {"when": "row_count = 1", "text": "Session {rows[0].blocked_pid} has waited {max(wait_s)} for a lock that session {rows[0].blocker_pid} ({rows[0].blocker_state}) holds. Ending the blocker's transaction releases it.", "severity": "critical"},
      {"text": "{row_count} lock waits; session {rows[0].blocked_pid} has waited {max(wait_s)} for session {rows[0].blocker_pid} ({rows[0].blocker_state}). Ending the blocker's transaction releases it.", "severity": "critical"}],
    "columns": {"wait_s": {"unit": "s", "format": "duration"}}, "block": "table"}
}$json$);

SELECT ops._install_asset('tool', 'long_transactions', $json${
  "type": "sql", "title": "long transactions",
  "description": "Transactions that have been open for long, and sessions idle in transaction.",
  "capabilities": ["db.transactions"],
  "vocabulary": ["transaction", "transactions", "idle", "open", "long", "longest", "running", "session", "sessions", "oldest", "age"],
  "examples": ["are there long transactions?", "which transactions are open the longest?", "which sessions are idle in transaction?",
    "any idle in transaction sessions?", "show long running transactions", "what is the oldest open transaction?",
    "is anybody idle in transaction?", "list open transactions", "which transactions have been open longer than 10 minutes?",
    "are there sessions that forgot to commit?"],
  "policy": "default_sql", "run_as": "ops_stats",
  "input_schema": {"type": "object", "properties": {
      "min_seconds": {"type": "number", "minimum": 0, "default": 60, "description": "only transactions open at least this long", "x-ops": {"unit": "s"}}},
    "additionalProperties": false},
  "sql": {"query": "SELECT a.pid, a.usename AS user_name, a.datname AS database, a.state, round(extract(epoch FROM clock_timestamp() - a.xact_start), 1) AS open_s, round(CASE WHEN a.state LIKE 'idle in transaction%' THEN extract(epoch FROM clock_timestamp() - a.state_change) END, 1) AS idle_s, (CASE WHEN a.state LIKE 'idle in transaction%' THEN 1 ELSE 0 END) AS idle_in_transaction, left(a.query, 200) AS last_query FROM pg_catalog.pg_stat_activity a WHERE a.xact_start IS NOT NULL AND a.backend_type = 'client backend' AND a.pid <> pg_backend_pid() AND clock_timestamp() - a.xact_start >= make_interval(secs => :min_seconds::float8) ORDER BY a.xact_start, a.pid"},
  "present": {"title": "Open transactions", "summary": [
      {"when": "row_count = 0", "text": "No transaction has been open for {args.min_seconds} or longer.", "severity": "info"},
      {"when": "max(open_s) >= 3600", "text": "{row_count} transactions have been open for {args.min_seconds} or longer, {sum(idle_in_transaction)} of them idle in transaction; the oldest is session {rows[0].pid} ({rows[0].state}), open for {max(open_s)}: vacuum cannot remove rows that died since.", "severity": "critical"},
      {"when": "row_count = 1", "text": "One transaction has been open for {args.min_seconds} or longer: session {rows[0].pid} ({rows[0].state}), open for {max(open_s)}.", "severity": "attention"},
      {"text": "{row_count} transactions have been open for {args.min_seconds} or longer, {sum(idle_in_transaction)} of them idle in transaction; the oldest is session {rows[0].pid} ({rows[0].state}), open for {max(open_s)}.", "severity": "attention"}],
    "columns": {"open_s": {"unit": "s", "format": "duration"}, "idle_s": {"unit": "s", "format": "duration"}, "min_seconds": {"unit": "s", "format": "duration"}}, "block": "table"}
}$json$);

SELECT ops._install_asset('tool', 'database_size', $json${
  "type": "sql", "title": "database and table sizes",
  "description": "Size of this database and of its largest tables, indexes and TOAST included.",
  "capabilities": ["db.size"],
  "vocabulary": ["size", "sizes", "big", "large", "largest", "biggest", "table", "tables", "database", "disk", "space", "storage"],
  "examples": ["how big is the database?", "what is the database size?", "which tables are the largest?", "show the biggest tables",
    "what are the top 10 largest tables?", "how much disk space does the database use?", "which table takes the most space?",
    "how large is this database?", "list the 5 largest tables", "what uses the storage?"],
  "policy": "default_sql", "run_as": "ops_stats",
  "input_schema": {"type": "object", "properties": {
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10, "description": "how many tables", "x-ops": {"slot": "limit"}}},
    "additionalProperties": false},
  "sql": {"query": "SELECT d.name AS database, d.bytes AS database_bytes, t.table_name, t.total_bytes, t.table_bytes, t.index_bytes FROM (SELECT current_database() AS name, pg_database_size(current_database()) AS bytes) d LEFT JOIN LATERAL (SELECT n.nspname || '.' || c.relname AS table_name, pg_total_relation_size(c.oid) AS total_bytes, pg_table_size(c.oid) AS table_bytes, pg_indexes_size(c.oid) AS index_bytes FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.locktype = 'relation' AND l.relation = c.oid AND l.mode = 'AccessExclusiveLock' AND l.granted) ORDER BY total_bytes DESC, table_name LIMIT :limit) t ON true ORDER BY t.total_bytes DESC NULLS LAST, t.table_name"},
  "present": {"title": "Largest tables", "summary": [
      {"when": "max(total_bytes) > 0", "text": "Database {rows[0].database} takes {rows[0].database_bytes}; its largest table is {rows[0].table_name} with {rows[0].total_bytes}, indexes included.", "severity": "info"},
      {"text": "Database {rows[0].database} takes {rows[0].database_bytes} and has no tables of its own.", "severity": "info"}],
    "columns": {"database_bytes": {"unit": "B", "format": "bytes"}, "total_bytes": {"unit": "B", "format": "bytes"}, "table_bytes": {"unit": "B", "format": "bytes"}, "index_bytes": {"unit": "B", "format": "bytes"}}, "block": "table"}
}$json$);

SELECT ops._install_asset('tool', 'cache_hit_ratio', $json${
  "type": "sql", "title": "cache hit ratio",
  "description": "How many of the blocks this database asked for came from the server's cache.",
  "capabilities": ["db.cache"],
  "vocabulary": ["cache", "cached", "hit", "hits", "ratio", "rate", "buffer", "buffers", "blocks", "reads", "memory", "shared"],
  "examples": ["what is the cache hit ratio?", "how good is the cache hit rate?", "is the cache large enough?", "is shared buffers big enough?",
    "how many reads come from cache?", "show the buffer cache hit ratio", "what share of blocks is read from cache?",
    "how well does caching work?", "what is the buffer hit rate?", "are reads served from memory?"],
  "policy": "default_sql", "run_as": "ops_stats",
  "input_schema": {"type": "object", "properties": {}, "additionalProperties": false},
  "sql": {"query": "SELECT s.datname AS database, s.blks_hit AS blocks_hit, s.blks_read AS blocks_read, s.blks_hit + s.blks_read AS blocks, round(100.0 * s.blks_hit / nullif(s.blks_hit + s.blks_read, 0), 2) AS hit_percent, s.stats_reset FROM pg_catalog.pg_stat_database s WHERE s.datname = current_database()"},
  "present": {"title": "Cache hit ratio", "summary": [
      {"when": "row_count = 0 or max(blocks) = 0", "text": "No block has been read since the statistics were reset.", "severity": "info"},
      {"when": "max(blocks) < 10000", "text": "{rows[0].hit_percent} of {rows[0].blocks} block reads in database {rows[0].database} came from the cache; that is too few reads to judge.", "severity": "info"},
      {"when": "max(hit_percent) >= 95", "text": "{rows[0].hit_percent} of {rows[0].blocks} block reads in database {rows[0].database} came from the cache: that is well (95 % or more).", "severity": "info"},
      {"when": "max(hit_percent) >= 90", "text": "{rows[0].hit_percent} of {rows[0].blocks} block reads in database {rows[0].database} came from the cache: below the 95 % one expects of busy databases.", "severity": "attention"},
      {"text": "Only {rows[0].hit_percent} of {rows[0].blocks} block reads in database {rows[0].database} came from the cache (expected: 95 % or more): look at shared_buffers and at statements that scan large tables.", "severity": "attention"}],
    "columns": {"hit_percent": {"unit": "%", "format": "percent"}, "blocks": {"format": "integer"}, "blocks_hit": {"format": "integer"}, "blocks_read": {"format": "integer"}}, "block": "table"}
}$json$);

SELECT ops._install_asset('tool', 'dead_tuples', $json${
  "type": "sql", "title": "dead rows and autovacuum",
  "description": "Dead rows per table, and whether autovacuum keeps up with them.",
  "capabilities": ["db.vacuum"],
  "vocabulary": ["dead", "tuple", "tuples", "rows", "vacuum", "autovacuum", "vacuumed", "bloat", "table", "tables", "due"],
  "examples": ["which tables have the most dead tuples?", "does autovacuum keep up?", "are there dead rows?", "which tables need a vacuum?",
    "how many dead tuples are there?", "is autovacuum working?", "show dead rows by table", "when were tables last vacuumed?",
    "which tables are due for vacuum?", "is vacuum behind?"],
  "policy": "default_sql", "run_as": "ops_stats",
  "input_schema": {"type": "object", "properties": {
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10, "description": "how many tables", "x-ops": {"slot": "limit"}}},
    "additionalProperties": false},
  "sql": {"query": "WITH settings AS (SELECT max(g.setting::float8) FILTER (WHERE g.name = 'autovacuum_vacuum_threshold') AS threshold, max(g.setting::float8) FILTER (WHERE g.name = 'autovacuum_vacuum_scale_factor') AS factor, max(g.setting) FILTER (WHERE g.name = 'autovacuum') AS autovacuum FROM pg_catalog.pg_settings g WHERE g.name IN ('autovacuum_vacuum_threshold', 'autovacuum_vacuum_scale_factor', 'autovacuum')), tables AS (SELECT u.schemaname || '.' || u.relname AS table_name, u.n_dead_tup AS dead_rows, u.n_live_tup AS live_rows, round(100.0 * u.n_dead_tup / nullif(u.n_dead_tup + u.n_live_tup, 0), 1) AS dead_percent, round((coalesce(substring(o.list FROM 'autovacuum_vacuum_threshold=([0-9]+)')::float8, s.threshold) + coalesce(substring(o.list FROM 'autovacuum_vacuum_scale_factor=([0-9.]+)')::float8, s.factor) * greatest(c.reltuples, 0))::numeric) AS vacuum_due_at, greatest(u.last_vacuum, u.last_autovacuum) AS last_vacuumed, CASE WHEN s.autovacuum <> 'on' THEN 'off' WHEN substring(o.list FROM 'autovacuum_enabled=([a-z0-9]+)')::boolean IS FALSE THEN 'off for this table' ELSE 'on' END AS autovacuum FROM pg_catalog.pg_stat_user_tables u JOIN pg_catalog.pg_class c ON c.oid = u.relid CROSS JOIN LATERAL (SELECT array_to_string(c.reloptions, ' ') AS list) o CROSS JOIN settings s) SELECT t.table_name, t.dead_rows, t.live_rows, t.dead_percent, t.vacuum_due_at, t.last_vacuumed, t.autovacuum, sum(t.dead_rows) OVER () AS all_dead_rows, count(*) FILTER (WHERE t.dead_rows > t.vacuum_due_at) OVER () AS tables_due FROM tables t ORDER BY t.dead_rows DESC, t.table_name LIMIT :limit"},
  "present": {"title": "Dead rows", "summary": [
      {"when": "row_count = 0", "text": "There are no tables to vacuum.", "severity": "info"},
      {"when": "rows[0].autovacuum = 'off'", "text": "Autovacuum is off, and there are {max(all_dead_rows)} dead rows, most of them in {rows[0].table_name}: {rows[0].dead_rows} ({rows[0].dead_percent} of its rows). Switch autovacuum on.", "severity": "critical"},
      {"when": "rows[0].autovacuum != 'on' and rows[0].dead_rows > rows[0].vacuum_due_at", "text": "Autovacuum is off for {rows[0].table_name}, which has {rows[0].dead_rows} dead rows ({rows[0].dead_percent} of its rows; due at {rows[0].vacuum_due_at}): switch it on for this table or vacuum it.", "severity": "attention"},
      {"when": "max(all_dead_rows) = 0", "text": "There are {max(all_dead_rows)} dead rows.", "severity": "info"},
      {"when": "max(tables_due) = 0", "text": "There are {max(all_dead_rows)} dead rows, and no table has more than autovacuum allows; most are in {rows[0].table_name}: {rows[0].dead_rows}, due at {rows[0].vacuum_due_at}.", "severity": "info"},
      {"when": "max(tables_due) = 1", "text": "One table is due for vacuum. There are {max(all_dead_rows)} dead rows, most of them in {rows[0].table_name}: {rows[0].dead_rows} ({rows[0].dead_percent} of its rows; due at {rows[0].vacuum_due_at}).", "severity": "attention"},
      {"text": "{max(tables_due)} tables are due for vacuum. There are {max(all_dead_rows)} dead rows, most of them in {rows[0].table_name}: {rows[0].dead_rows} ({rows[0].dead_percent} of its rows; due at {rows[0].vacuum_due_at}).", "severity": "attention"}],
    "columns": {"dead_percent": {"unit": "%", "format": "percent"}, "dead_rows": {"format": "integer"}, "live_rows": {"format": "integer"}, "vacuum_due_at": {"format": "integer"}, "tables_due": {"format": "integer"}, "all_dead_rows": {"format": "integer"}}, "block": "table"}
}$json$);
