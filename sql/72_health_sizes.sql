-- sql layer: health tools about space, cache and temporary files. See 70_health_tools.sql.
--
-- `locked` are relations that somebody holds, or waits to hold, in ACCESS EXCLUSIVE mode: asking for the size of
-- one, or of a table with such an index, would wait.

SELECT ops._install_health_tool('database_size', $json${
  "title": "database and table sizes",
  "description": "Size of this database and of its largest tables, indexes and TOAST included.",
  "capabilities": ["db.size"],
  "vocabulary": ["size", "sizes", "big", "large", "largest", "biggest", "table", "tables", "database", "disk", "space", "storage"],
  "examples": ["how big is the database?", "what is the database size?", "which tables are the largest?", "show the biggest tables",
    "what are the top 10 largest tables?", "how much disk space does the database use?", "which table takes the most space?",
    "how large is this database?", "list the 5 largest tables", "what uses the storage?", "which tables use the most disk space?",
    "which tables use the most storage?"],
  "input_schema": {"type": "object", "properties": {
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10, "description": "how many tables", "x-ops": {"slot": "limit"}}},
    "additionalProperties": false},
  "present": {"title": "Largest tables", "summary": [
      {"when": "max(total_bytes) > 0 and max(locked_tables) > 0", "text": "Database {rows[0].database} takes {rows[0].database_bytes}; its largest table is {rows[0].table_name} with {rows[0].total_bytes}, indexes included. {max(locked_tables)} locked tables could not be measured.", "severity": "info"},
      {"when": "max(total_bytes) > 0", "text": "Database {rows[0].database} takes {rows[0].database_bytes}; its largest table is {rows[0].table_name} with {rows[0].total_bytes}, indexes included.", "severity": "info"},
      {"text": "Database {rows[0].database} takes {rows[0].database_bytes} and has no tables of its own.", "severity": "info"}],
    "columns": {"database_bytes": {"unit": "B", "format": "bytes"}, "total_bytes": {"unit": "B", "format": "bytes"}, "table_bytes": {"unit": "B", "format": "bytes"}, "index_bytes": {"unit": "B", "format": "bytes"}}, "block": "table"}
}$json$, $sql$
WITH locked AS MATERIALIZED (
  SELECT DISTINCT l.relation FROM pg_catalog.pg_locks l
   WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
     AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())),
busy AS MATERIALIZED (
  SELECT k.relation FROM locked k
  UNION SELECT i.indrelid FROM pg_catalog.pg_index i JOIN locked k ON k.relation = i.indexrelid
  UNION SELECT c.oid FROM pg_catalog.pg_class c JOIN locked k ON k.relation = c.reltoastrelid
  UNION SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_index i ON i.indrelid = c.reltoastrelid JOIN locked k ON k.relation = i.indexrelid),
tables AS (
  SELECT c.oid, n.nspname || '.' || c.relname AS table_name, c.oid IN (SELECT b.relation FROM busy b) AS is_busy
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema'))
SELECT d.name AS database, d.bytes AS database_bytes, t.table_name, t.total_bytes, t.table_bytes, t.index_bytes,
       (SELECT count(*) FROM tables x WHERE x.is_busy) AS locked_tables
  FROM (SELECT current_database() AS name, pg_database_size(current_database()) AS bytes) d
  LEFT JOIN LATERAL (
    SELECT x.table_name, pg_total_relation_size(x.oid) AS total_bytes, pg_table_size(x.oid) AS table_bytes, pg_indexes_size(x.oid) AS index_bytes
      FROM tables x WHERE NOT x.is_busy ORDER BY total_bytes DESC NULLS LAST, x.table_name LIMIT :limit) t ON true
 ORDER BY t.total_bytes DESC NULLS LAST, t.table_name
$sql$);

SELECT ops._install_health_tool('database_sizes', $json${
  "title": "sizes of all databases",
  "description": "Size of every database of the server, and of all of them together.",
  "capabilities": ["db.sizes"],
  "vocabulary": ["size", "sizes", "big", "large", "largest", "biggest", "databases", "each", "server", "cluster", "instance", "disk", "space", "total"],
  "examples": ["how big is each database?", "size of each database", "what is the size of every database?", "how much space does each database use?",
    "show database sizes for each database", "size per database", "how much storage does each database take?",
    "sizes of every database on the server"],
  "present": {"title": "Database sizes", "summary": [
      {"when": "row_count = 1", "text": "The server has one database, {rows[0].database}, which takes {rows[0].bytes}.", "severity": "info"},
      {"text": "{row_count} databases take {max(all_bytes)}; the largest is {rows[0].database} with {rows[0].bytes}.", "severity": "info"}],
    "columns": {"bytes": {"unit": "B", "format": "bytes"}, "all_bytes": {"unit": "B", "format": "bytes"}, "percent": {"unit": "%", "format": "percent"}}, "block": "table"}
}$json$, $sql$
SELECT x.database, x.bytes, round(100 * x.bytes / nullif(sum(x.bytes) OVER (), 0), 1) AS percent, sum(x.bytes) OVER () AS all_bytes
  FROM (SELECT d.datname AS database, pg_database_size(d.oid) AS bytes FROM pg_catalog.pg_database d) x
 WHERE x.bytes IS NOT NULL ORDER BY x.bytes DESC, x.database
$sql$);

SELECT ops._install_health_tool('largest_indexes', $json${
  "title": "largest indexes",
  "description": "The indexes that take the most space, with their table and how often they were used.",
  "capabilities": ["db.index_size"],
  "vocabulary": ["index", "indexes", "indices", "size", "sizes", "big", "large", "largest", "biggest", "space", "disk"],
  "examples": ["which indexes are the largest?", "show the biggest indexes", "what are the top 10 largest indexes?", "how big are the indexes?",
    "which index takes the most space?", "list the 5 largest indexes", "index sizes", "size of the indexes", "what is the largest index?",
    "how much disk space do indexes take?"],
  "input_schema": {"type": "object", "properties": {
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10, "description": "how many indexes", "x-ops": {"slot": "limit"}}},
    "additionalProperties": false},
  "present": {"title": "Largest indexes", "summary": [
      {"when": "row_count = 0", "text": "There are no indexes on tables of your own.", "severity": "info"},
      {"text": "All indexes together take {max(all_index_bytes)}; the largest is {rows[0].index_name} on {rows[0].table_name} with {rows[0].bytes}.", "severity": "info"}],
    "columns": {"bytes": {"unit": "B", "format": "bytes"}, "all_index_bytes": {"unit": "B", "format": "bytes"}, "scans": {"format": "integer"}}, "block": "table"}
}$json$, $sql$
WITH locked AS MATERIALIZED (
  SELECT DISTINCT l.relation FROM pg_catalog.pg_locks l
   WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
     AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())),
sizes AS (
  SELECT s.schemaname || '.' || s.indexrelname AS index_name, s.schemaname || '.' || s.relname AS table_name, s.idx_scan AS scans,
         CASE WHEN s.indexrelid IN (SELECT k.relation FROM locked k) THEN NULL ELSE pg_relation_size(s.indexrelid) END AS bytes
    FROM pg_catalog.pg_stat_user_indexes s)
SELECT x.index_name, x.table_name, x.bytes, x.scans, sum(x.bytes) OVER () AS all_index_bytes
  FROM sizes x ORDER BY x.bytes DESC NULLS LAST, x.index_name LIMIT :limit
$sql$);

SELECT ops._install_health_tool('cache_hit_ratio', $json${
  "title": "cache hit ratio",
  "description": "How many of the blocks this database asked for came from the server's cache.",
  "capabilities": ["db.cache"],
  "vocabulary": ["cache", "cached", "hit", "hits", "ratio", "rate", "buffer", "buffers", "blocks", "reads", "memory", "shared", "large", "big", "enough", "share"],
  "examples": ["what is the cache hit ratio?", "how good is the cache hit rate?", "is the cache large enough?", "is shared buffers big enough?",
    "how many reads come from cache?", "what share of blocks is read from cache?", "how well does caching work?",
    "what is the buffer hit rate?", "are reads served from memory?", "is memory large enough for the reads?",
    "what share of the reads is served from memory?"],
  "present": {"title": "Cache hit ratio", "summary": [
      {"when": "row_count = 0 or max(blocks) = 0", "text": "No block has been read since the statistics were reset.", "severity": "info"},
      {"when": "max(blocks) < 10000", "text": "{rows[0].hit_percent} of {rows[0].blocks} block reads in database {rows[0].database} came from the cache; that is too few reads to judge.", "severity": "info"},
      {"when": "max(hit_percent) >= 95", "text": "{rows[0].hit_percent} of {rows[0].blocks} block reads in database {rows[0].database} came from the cache: that is well (95 % or more).", "severity": "info"},
      {"when": "max(hit_percent) >= 90", "text": "{rows[0].hit_percent} of {rows[0].blocks} block reads in database {rows[0].database} came from the cache: below the 95 % one expects of busy databases.", "severity": "attention"},
      {"text": "Only {rows[0].hit_percent} of {rows[0].blocks} block reads in database {rows[0].database} came from the cache (expected: 95 % or more): look at shared_buffers and at statements that scan large tables.", "severity": "attention"}],
    "columns": {"hit_percent": {"unit": "%", "format": "percent"}, "blocks": {"format": "integer"}, "blocks_hit": {"format": "integer"}, "blocks_read": {"format": "integer"}}, "block": "table"}
}$json$, $sql$
SELECT s.datname AS database, s.blks_hit AS blocks_hit, s.blks_read AS blocks_read, s.blks_hit + s.blks_read AS blocks,
       round(100.0 * s.blks_hit / nullif(s.blks_hit + s.blks_read, 0), 2) AS hit_percent, s.stats_reset
  FROM pg_catalog.pg_stat_database s WHERE s.datname = current_database()
$sql$);

SELECT ops._install_health_tool('temp_files', $json${
  "title": "temporary files",
  "description": "Temporary files that sorts and hashes wrote because work_mem was too small for them, per database.",
  "capabilities": ["db.temp_files"],
  "vocabulary": ["temporary", "temp", "file", "files", "spill", "spilled", "spilling", "spills", "work_mem", "sort", "sorts", "hash", "hashes", "written", "disk", "query", "queries", "memory", "database", "enough", "large", "small", "usage"],
  "examples": ["are there temp files?", "how many temporary files were written?", "do queries spill to disk?", "is work_mem large enough?",
    "which database writes temporary files?", "are sorts spilling to disk?", "temp file usage", "do sorts use temporary files?",
    "is work_mem big enough?", "how much space do temporary files take?", "is work_mem too small?"],
  "present": {"title": "Temporary files", "summary": [
      {"when": "sum(temp_files) = 0", "text": "No temporary file has been written since the statistics were reset: work_mem ({max(work_mem_kb)}) was enough for every sort and hash.", "severity": "info"},
      {"when": "sum(temp_bytes) < 1073741824", "text": "{sum(temp_files)} temporary files with {sum(temp_bytes)} have been written since the statistics were reset, most in database {rows[0].database} ({rows[0].temp_bytes}); that is little (attention from 1 GB). work_mem is {max(work_mem_kb)}.", "severity": "info"},
      {"text": "{sum(temp_files)} temporary files with {sum(temp_bytes)} have been written since the statistics were reset (attention from 1 GB), most in database {rows[0].database} ({rows[0].temp_bytes}). work_mem is {max(work_mem_kb)}: log_temp_files = 0 shows the statements; raise it for those, not for all.", "severity": "attention"}],
    "columns": {"temp_bytes": {"unit": "B", "format": "bytes"}, "bytes_per_file": {"unit": "B", "format": "bytes"}, "work_mem_kb": {"unit": "kB", "format": "bytes"}, "temp_files": {"format": "integer"}, "stats_reset": {"format": "minute"}}, "block": "table"}
}$json$, $sql$
SELECT s.datname AS database, s.temp_files, s.temp_bytes, s.temp_bytes / nullif(s.temp_files, 0) AS bytes_per_file,
       (SELECT g.reset_val::bigint FROM pg_catalog.pg_settings g WHERE g.name = 'work_mem') AS work_mem_kb, s.stats_reset
  FROM pg_catalog.pg_stat_database s WHERE s.datname IS NOT NULL ORDER BY s.temp_bytes DESC, s.datname
$sql$);

-- Estimates: what the rows need by their average widths (pg_statistic), against the pages there are, both as of the
-- last vacuum or analyze. 24 bytes of page header, 4 of line pointer, 24 of row header with alignment.
SELECT ops._install_health_tool('table_bloat', $json${
  "title": "table bloat (estimate)",
  "description": "Estimated bloat of tables: pages that vacuum emptied but the table keeps, compared with what its rows need.",
  "capabilities": ["db.table_bloat"],
  "vocabulary": ["bloat", "bloated", "table", "tables", "wasted", "waste", "wasting", "empty", "space", "most", "estimate", "estimated", "reclaim", "reclaimed", "repack", "keep"],
  "examples": ["which tables are bloated?", "how much table bloat is there?", "show table bloat", "which tables waste the most space?",
    "are tables bloated?", "estimate the bloat of the tables", "which table has the most bloat?", "top 5 bloated tables",
    "how much space is wasted in tables?", "how bloated are the tables?", "how much empty space do tables keep?"],
  "input_schema": {"type": "object", "properties": {
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10, "description": "how many tables", "x-ops": {"slot": "limit"}}},
    "additionalProperties": false},
  "present": {"title": "Table bloat (estimate)", "summary": [
      {"when": "row_count = 0", "text": "Table bloat cannot be estimated: no table has been analyzed. Run ANALYZE.", "severity": "info"},
      {"when": "max(tables_bloated) = 0", "text": "By estimate no table is bloated (from 10 MB and 40 % of its pages on); the most is {rows[0].bloat_bytes} in {rows[0].table_name}, {rows[0].bloat_percent} of it.", "severity": "info"},
      {"when": "max(tables_bloated) = 1", "text": "By estimate one table is bloated (from 10 MB and 40 % of its pages on): {rows[0].table_name}, with {rows[0].bloat_bytes} of {rows[0].table_bytes} unneeded ({rows[0].bloat_percent}). See that autovacuum keeps up; VACUUM FULL gives the space back but locks the table, pg_repack does not.", "severity": "attention"},
      {"text": "By estimate {max(tables_bloated)} tables are bloated (from 10 MB and 40 % of their pages on); most of all {rows[0].table_name}, with {rows[0].bloat_bytes} of {rows[0].table_bytes} unneeded ({rows[0].bloat_percent}). See that autovacuum keeps up; VACUUM FULL gives the space back but locks the table, pg_repack does not.", "severity": "attention"}],
    "columns": {"bloat_bytes": {"unit": "B", "format": "bytes"}, "table_bytes": {"unit": "B", "format": "bytes"}, "needed_bytes": {"unit": "B", "format": "bytes"}, "bloat_percent": {"unit": "%", "format": "percent"}, "estimated_rows": {"format": "integer"}}, "block": "table"}
}$json$, $sql$
WITH pages AS (SELECT g.setting::numeric AS size FROM pg_catalog.pg_settings g WHERE g.name = 'block_size'),
widths AS (SELECT w.relation, count(*) AS analyzed, sum((1 - w.null_fraction) * w.width) AS width FROM ops._column_widths() w GROUP BY w.relation),
tables AS (
  SELECT n.nspname || '.' || c.relname AS table_name, c.relpages, c.reltuples::numeric AS estimated_rows,
         8 * ceil((24 + w.width) / 8)::numeric AS row_size,
         coalesce(substring(array_to_string(c.reloptions, ' ') FROM 'fillfactor=([0-9]+)')::numeric, 100) AS fillfactor
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN widths w ON w.relation = c.oid
   WHERE c.relkind IN ('r', 'm') AND c.reltuples >= 0 AND c.relpages > 0 AND n.nspname NOT IN ('pg_catalog', 'information_schema')
     AND w.analyzed = (SELECT count(*) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)),
needs AS (
  SELECT t.table_name, t.relpages * p.size AS table_bytes, t.estimated_rows, p.size,
         ceil(t.estimated_rows / greatest(floor((p.size - 24) * t.fillfactor / 100 / (t.row_size + 4)), 1)) * p.size AS needed_bytes
    FROM tables t CROSS JOIN pages p),
bloat AS (
  SELECT x.table_name, x.table_bytes, x.needed_bytes, greatest(x.table_bytes - x.needed_bytes, 0) AS bloat_bytes, x.estimated_rows
    FROM needs x)
SELECT b.table_name, b.bloat_bytes, round(100 * b.bloat_bytes / b.table_bytes, 1) AS bloat_percent, b.table_bytes, b.needed_bytes, b.estimated_rows,
       count(*) FILTER (WHERE b.bloat_bytes >= 10485760 AND b.bloat_bytes >= 0.4 * b.table_bytes) OVER () AS tables_bloated
  FROM bloat b
 ORDER BY (b.bloat_bytes >= 10485760 AND b.bloat_bytes >= 0.4 * b.table_bytes) DESC, b.bloat_bytes DESC, b.table_name LIMIT :limit
$sql$);

-- Entries of 8 bytes and their columns, aligned, plus 4 of line pointer; pages of 24 bytes header and 16 at the end;
-- a tree a hundredth larger than its leaves. Equal keys are stored once (deduplication), so an estimate may be too small, never much too large.
SELECT ops._install_health_tool('index_bloat', $json${
  "title": "index bloat (estimate)",
  "description": "Estimated bloat of btree indexes: pages beyond those that the indexed values need.",
  "capabilities": ["db.index_bloat"],
  "vocabulary": ["bloat", "bloated", "index", "indexes", "indices", "btree", "wasted", "waste", "wasting", "empty", "space", "most", "estimate", "estimated", "reindex", "rebuilding", "need"],
  "examples": ["which indexes are bloated?", "how much index bloat is there?", "show index bloat", "which indexes waste the most space?", "are indexes bloated?",
    "estimate the bloat of the indexes", "which index has the most bloat?", "top 5 bloated indexes", "how much space is wasted in indexes?",
    "which indexes need a reindex?"],
  "input_schema": {"type": "object", "properties": {
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10, "description": "how many indexes", "x-ops": {"slot": "limit"}}},
    "additionalProperties": false},
  "present": {"title": "Index bloat (estimate)", "summary": [
      {"when": "row_count = 0", "text": "Index bloat cannot be estimated: no table with a btree index has been analyzed. Run ANALYZE.", "severity": "info"},
      {"when": "max(indexes_bloated) = 0", "text": "By estimate no index is bloated (from 10 MB and 40 % of its pages on); the most is {rows[0].bloat_bytes} in {rows[0].index_name}, {rows[0].bloat_percent} of it.", "severity": "info"},
      {"when": "max(indexes_bloated) = 1", "text": "By estimate one index is bloated (from 10 MB and 40 % of its pages on): {rows[0].index_name}, with {rows[0].bloat_bytes} of {rows[0].index_bytes} unneeded ({rows[0].bloat_percent}). REINDEX INDEX CONCURRENTLY gives the space back.", "severity": "attention"},
      {"text": "By estimate {max(indexes_bloated)} indexes are bloated (from 10 MB and 40 % of their pages on); most of all {rows[0].index_name}, with {rows[0].bloat_bytes} of {rows[0].index_bytes} unneeded ({rows[0].bloat_percent}). REINDEX INDEX CONCURRENTLY gives the space back.", "severity": "attention"}],
    "columns": {"bloat_bytes": {"unit": "B", "format": "bytes"}, "index_bytes": {"unit": "B", "format": "bytes"}, "needed_bytes": {"unit": "B", "format": "bytes"}, "bloat_percent": {"unit": "%", "format": "percent"}, "estimated_rows": {"format": "integer"}}, "block": "table"}
}$json$, $sql$
WITH pages AS (SELECT g.setting::numeric AS size FROM pg_catalog.pg_settings g WHERE g.name = 'block_size'),
widths AS MATERIALIZED (SELECT w.relation, w.attribute, w.width, w.null_fraction FROM ops._column_widths() w),
parts AS (
  SELECT i.indexrelid, k.place, CASE WHEN k.attnum = 0 THEN i.indexrelid ELSE i.indrelid END AS relation,
         CASE WHEN k.attnum = 0 THEN k.place::int2 ELSE k.attnum END AS attribute
    FROM pg_catalog.pg_index i
    CROSS JOIN LATERAL unnest(string_to_array(i.indkey::text, ' ')::int2[]) WITH ORDINALITY AS k (attnum, place)
   WHERE i.indisvalid),
entries AS (
  SELECT p.indexrelid, count(*) AS columns, count(w.relation) AS analyzed, sum((1 - w.null_fraction) * w.width) AS width, max(w.null_fraction) AS nulls
    FROM parts p LEFT JOIN widths w ON w.relation = p.relation AND w.attribute = p.attribute GROUP BY p.indexrelid),
indexes AS (
  SELECT n.nspname || '.' || c.relname AS index_name, c.relpages, c.reltuples::numeric AS estimated_rows,
         8 * ceil((CASE WHEN e.nulls > 0 THEN 16 ELSE 8 END + e.width) / 8)::numeric AS entry_size,
         coalesce(substring(array_to_string(c.reloptions, ' ') FROM 'fillfactor=([0-9]+)')::numeric, 90) AS fillfactor
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_am m ON m.oid = c.relam AND m.amname = 'btree'
    JOIN entries e ON e.indexrelid = c.oid
   WHERE c.relkind = 'i' AND c.reltuples >= 0 AND c.relpages > 1 AND e.analyzed = e.columns
     AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')),
needs AS (
  SELECT x.index_name, x.relpages * p.size AS index_bytes, x.estimated_rows,
         (1 + ceil(1.01 * ceil(x.estimated_rows / greatest(floor((p.size - 40) * x.fillfactor / 100 / (x.entry_size + 4)), 1)))) * p.size AS needed_bytes
    FROM indexes x CROSS JOIN pages p),
bloat AS (SELECT y.index_name, y.index_bytes, y.needed_bytes, greatest(y.index_bytes - y.needed_bytes, 0) AS bloat_bytes, y.estimated_rows FROM needs y)
SELECT b.index_name, b.bloat_bytes, round(100 * b.bloat_bytes / b.index_bytes, 1) AS bloat_percent, b.index_bytes, b.needed_bytes, b.estimated_rows,
       count(*) FILTER (WHERE b.bloat_bytes >= 10485760 AND b.bloat_bytes >= 0.4 * b.index_bytes) OVER () AS indexes_bloated
  FROM bloat b
 ORDER BY (b.bloat_bytes >= 10485760 AND b.bloat_bytes >= 0.4 * b.index_bytes) DESC, b.bloat_bytes DESC, b.index_name LIMIT :limit
$sql$);
