-- sql layer: health tools about indexes, and tables that lack one. See 70_health_tools.sql.
--
-- Objects of extensions are left out: nobody else may drop or index them.

-- An index that enforces something is used by every write, scanned or not; so are those that replicas identify rows by.
SELECT ops._install_health_tool('unused_indexes', $json${
  "title": "unused indexes",
  "description": "Indexes that no statement has scanned and that enforce nothing, with the space they take.",
  "capabilities": ["db.unused_indexes"],
  "vocabulary": ["index", "indexes", "indices", "unused", "useless", "used", "scanned", "unneeded", "unnecessary", "superfluous", "idle", "top"],
  "examples": ["which indexes are unused?", "are there unused indexes?", "show unused indexes", "which indexes are never used?",
    "which indexes are not used?", "list useless indexes", "which indexes are never scanned?", "how many unused indexes are there?",
    "indexes nobody uses", "which indexes are unnecessary?", "are there indexes that are never scanned?", "top 5 unused indexes",
    "largest unused indexes"],
  "input_schema": {"type": "object", "properties": {
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50, "description": "how many indexes", "x-ops": {"slot": "limit"}}},
    "additionalProperties": false},
  "present": {"title": "Unused indexes", "summary": [
      {"when": "row_count = 0", "text": "Every index has been scanned since the statistics were reset, or enforces a constraint.", "severity": "info"},
      {"when": "max(unused_indexes) = 1 and max(unused_bytes) < 10485760", "text": "One index, {rows[0].index_name} on {rows[0].table_name}, has not been scanned since the statistics were reset; at {rows[0].bytes} it costs little (attention from 10 MB in all).", "severity": "info"},
      {"when": "max(unused_bytes) < 10485760", "text": "{max(unused_indexes)} indexes have not been scanned since the statistics were reset; with {max(unused_bytes)} together they cost little (attention from 10 MB). The largest is {rows[0].index_name} on {rows[0].table_name}.", "severity": "info"},
      {"when": "max(unused_indexes) = 1", "text": "One index, {rows[0].index_name} on {rows[0].table_name}, has not been scanned since the statistics were reset and takes {rows[0].bytes} (attention from 10 MB). See that standbys do not use it either, then DROP INDEX CONCURRENTLY.", "severity": "attention"},
      {"text": "{max(unused_indexes)} indexes have not been scanned since the statistics were reset and take {max(unused_bytes)} (attention from 10 MB); the largest is {rows[0].index_name} on {rows[0].table_name} with {rows[0].bytes}. See that standbys do not use them either, then DROP INDEX CONCURRENTLY.", "severity": "attention"}],
    "columns": {"bytes": {"unit": "B", "format": "bytes"}, "unused_bytes": {"unit": "B", "format": "bytes"}, "stats_reset": {"format": "minute"}, "table_writes": {"format": "integer"}}, "block": "table"}
}$json$, $sql$
WITH locked AS MATERIALIZED (
  SELECT DISTINCT l.relation FROM pg_catalog.pg_locks l
   WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
     AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())),
unused AS (
  SELECT s.schemaname || '.' || s.indexrelname AS index_name, s.schemaname || '.' || s.relname AS table_name,
         CASE WHEN s.indexrelid IN (SELECT k.relation FROM locked k) THEN NULL ELSE pg_relation_size(s.indexrelid) END AS bytes,
         u.n_tup_ins + u.n_tup_upd + u.n_tup_del AS table_writes
    FROM pg_catalog.pg_stat_user_indexes s
    JOIN pg_catalog.pg_index i ON i.indexrelid = s.indexrelid
    JOIN pg_catalog.pg_stat_user_tables u ON u.relid = s.relid
   WHERE s.idx_scan = 0 AND i.indisvalid AND NOT i.indisunique AND NOT i.indisexclusion AND NOT i.indisreplident
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                      WHERE e.classid = 1259 AND e.objid IN (s.relid, s.indexrelid) AND e.deptype = 'e'))
SELECT x.index_name, x.table_name, x.bytes, x.table_writes,
       (SELECT b.stats_reset FROM pg_catalog.pg_stat_database b WHERE b.datname = current_database()) AS stats_reset,
       count(*) OVER () AS unused_indexes, coalesce(sum(x.bytes) OVER (), 0) AS unused_bytes
  FROM unused x ORDER BY x.bytes DESC NULLS LAST, x.index_name LIMIT :limit
$sql$);

-- The one that may go: never one that backs a constraint; of two alike, the younger.
SELECT ops._install_health_tool('duplicate_indexes', $json${
  "title": "duplicate indexes",
  "description": "Indexes that do the same as another index of the table, or whose columns are the first columns of another one.",
  "capabilities": ["db.duplicate_indexes"],
  "vocabulary": ["index", "indexes", "indices", "duplicate", "duplicates", "duplicated", "redundant", "identical", "same", "twice", "overlapping", "overlap", "column", "columns"],
  "examples": ["are there duplicate indexes?", "which indexes are duplicates?", "show duplicate indexes", "which indexes are redundant?",
    "do any indexes overlap?", "list redundant indexes", "are there identical indexes?", "which columns are indexed twice?",
    "how many duplicate indexes are there?", "which indexes are on the same columns?"],
  "present": {"title": "Duplicate indexes", "summary": [
      {"when": "row_count = 0", "text": "No index does the same as another.", "severity": "info"},
      {"when": "sum(same) = 1", "text": "Index {rows[0].index_name} does the same as {rows[0].covered_by} on {rows[0].table_name} and takes {rows[0].bytes}: DROP INDEX CONCURRENTLY saves its space and the work of every write.", "severity": "attention"},
      {"when": "sum(same) > 1", "text": "{sum(same)} indexes do the same as another one; the largest, {rows[0].index_name} on {rows[0].table_name}, repeats {rows[0].covered_by} and takes {rows[0].bytes}: DROP INDEX CONCURRENTLY saves its space and the work of every write.", "severity": "attention"},
      {"when": "row_count = 1", "text": "No index does the same as another, but the columns of {rows[0].index_name} on {rows[0].table_name} ({rows[0].bytes}) are the first columns of {rows[0].covered_by}: it can go if the wider index is quick enough.", "severity": "info"},
      {"text": "No index does the same as another, but the columns of {row_count} indexes are the first columns of another one; the largest is {rows[0].index_name} ({rows[0].bytes}), covered by {rows[0].covered_by}: it can go if the wider index is quick enough.", "severity": "info"}],
    "columns": {"bytes": {"unit": "B", "format": "bytes"}}, "block": "table"}
}$json$, $sql$
WITH locked AS MATERIALIZED (
  SELECT DISTINCT l.relation FROM pg_catalog.pg_locks l
   WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
     AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())),
indexes AS MATERIALIZED (
  SELECT i.indexrelid, i.indrelid, c.relname, c.relam, i.indnatts, i.indnkeyatts, i.indisunique, i.indisprimary, i.indclass, i.indcollation,
         string_to_array(i.indkey::text, ' ') AS keys, string_to_array(i.indoption::text, ' ') AS options,
         coalesce(pg_get_expr(i.indexprs, i.indrelid), '') AS expressions, coalesce(pg_get_expr(i.indpred, i.indrelid), '') AS predicate,
         i.indisunique OR i.indisexclusion OR i.indisreplident
           OR EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')) AS enforces
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE i.indisvalid AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                      WHERE e.classid = 1259 AND e.objid IN (i.indrelid, i.indexrelid) AND e.deptype = 'e')),
pairs AS (
  SELECT a.indexrelid, a.indrelid, a.relname, b.relname AS covered_by, b.indexrelid AS by_id,
         (a.keys = b.keys AND a.indnkeyatts = b.indnkeyatts AND a.options = b.options AND a.indclass = b.indclass AND a.indcollation = b.indcollation
          AND a.expressions = b.expressions) AS alike
    FROM indexes a
    JOIN indexes b ON b.indrelid = a.indrelid AND b.indexrelid <> a.indexrelid AND b.relam = a.relam AND b.predicate = a.predicate
    JOIN pg_catalog.pg_am m ON m.oid = a.relam
   WHERE CASE
     WHEN a.keys = b.keys AND a.indnkeyatts = b.indnkeyatts AND a.options = b.options AND a.indclass = b.indclass
          AND a.indcollation = b.indcollation AND a.expressions = b.expressions
       THEN (NOT a.enforces AND (b.enforces OR b.indexrelid < a.indexrelid))
            OR (a.indisunique AND NOT a.indisprimary AND b.indisunique AND (b.indisprimary OR b.indexrelid < a.indexrelid))
     ELSE m.amname = 'btree' AND NOT a.enforces AND a.expressions = '' AND a.indnkeyatts = a.indnatts
          AND b.indnkeyatts > a.indnkeyatts AND b.keys[1:a.indnkeyatts] = a.keys AND b.options[1:a.indnkeyatts] = a.options
          AND (string_to_array(b.indclass::text, ' '))[1:a.indnkeyatts] = string_to_array(a.indclass::text, ' ')
          AND (string_to_array(b.indcollation::text, ' '))[1:a.indnkeyatts] = string_to_array(a.indcollation::text, ' ')
     END),
best AS (SELECT DISTINCT ON (p.indexrelid) p.* FROM pairs p ORDER BY p.indexrelid, p.alike DESC, p.by_id)
SELECT n.nspname || '.' || b.relname AS index_name, n.nspname || '.' || t.relname AS table_name, n.nspname || '.' || b.covered_by AS covered_by,
       CASE WHEN b.alike THEN 'the same' ELSE 'its first columns' END AS overlap,
       CASE WHEN b.indexrelid IN (SELECT k.relation FROM locked k) THEN NULL ELSE pg_relation_size(b.indexrelid) END AS bytes,
       (CASE WHEN b.alike THEN 1 ELSE 0 END) AS same
  FROM best b
  JOIN pg_catalog.pg_class t ON t.oid = b.indrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
 ORDER BY b.alike DESC, bytes DESC NULLS LAST, index_name
$sql$);

SELECT ops._install_health_tool('invalid_indexes', $json${
  "title": "invalid indexes",
  "description": "Indexes that are invalid, mostly left behind by a CREATE INDEX CONCURRENTLY that failed.",
  "capabilities": ["db.invalid_indexes"],
  "vocabulary": ["index", "indexes", "indices", "invalid", "broken", "failed", "unfinished", "corrupt", "incomplete", "valid", "create", "concurrently", "build", "builds"],
  "examples": ["are there invalid indexes?", "which indexes are invalid?", "show invalid indexes", "did a create index concurrently fail?",
    "are there broken indexes?", "which index builds failed?", "list unfinished indexes", "is any index invalid?", "how many invalid indexes are there?",
    "are there indexes that are not valid?"],
  "present": {"title": "Invalid indexes", "summary": [
      {"when": "row_count = 0", "text": "Every index is valid.", "severity": "info"},
      {"when": "sum(being_built) = row_count", "text": "No index is invalid but {row_count} still being built, such as {rows[0].index_name} on {rows[0].table_name}.", "severity": "info"},
      {"when": "row_count = 1", "text": "Index {rows[0].index_name} on {rows[0].table_name} is invalid: no query uses it, every write still pays for it. REINDEX INDEX CONCURRENTLY it, or DROP INDEX CONCURRENTLY.", "severity": "attention"},
      {"text": "{row_count} indexes are invalid, such as {rows[0].index_name} on {rows[0].table_name}: no query uses them, every write still pays for them. REINDEX INDEX CONCURRENTLY them, or DROP INDEX CONCURRENTLY.", "severity": "attention"}],
    "columns": {}, "block": "table"}
}$json$, $sql$
SELECT n.nspname || '.' || c.relname AS index_name, n.nspname || '.' || t.relname AS table_name,
       CASE WHEN c.relkind = 'I' THEN 'a partition lacks its index' WHEN p.pid IS NOT NULL THEN 'being built'
            WHEN NOT i.indisready THEN 'its build ended early' ELSE 'its build failed' END AS reason,
       i.indisunique AS is_unique, (CASE WHEN p.pid IS NOT NULL THEN 1 ELSE 0 END) AS being_built
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_stat_progress_create_index p ON p.index_relid = i.indexrelid AND p.datname = current_database()
 WHERE NOT (i.indisvalid AND i.indisready)
 ORDER BY being_built, index_name
$sql$);

-- An index helps when the columns of the key are its first ones, in any order, and it has all rows.
SELECT ops._install_health_tool('foreign_keys_without_index', $json${
  "title": "foreign keys without index",
  "description": "Foreign keys whose referencing columns have no index, so that deleting or changing a referenced row scans the whole table.",
  "capabilities": ["db.foreign_keys"],
  "vocabulary": ["foreign", "key", "keys", "fk", "fks", "foreign-key", "index", "indexes", "indices", "missing", "lack", "lacks", "lacking", "unindexed", "indexed", "without", "need", "column", "columns", "table", "tables"],
  "examples": ["which foreign keys have no index?", "foreign keys without an index", "are there foreign keys without indexes?",
    "which foreign keys lack an index?", "are all foreign keys indexed?", "missing foreign key indexes", "which foreign keys are not indexed?",
    "how many foreign keys lack an index?", "list missing indexes on foreign keys", "which fks lack an index?"],
  "present": {"title": "Foreign keys without index", "summary": [
      {"when": "row_count = 0", "text": "Every foreign key has an index on its referencing columns.", "severity": "info"},
      {"when": "max(estimated_rows) < 1000", "text": "{row_count} foreign keys have no index, such as {rows[0].constraint_name} on {rows[0].table_name} ({rows[0].columns}); their tables have fewer than 1,000 rows each, so it matters little yet.", "severity": "info"},
      {"when": "row_count = 1", "text": "Foreign key {rows[0].constraint_name} on {rows[0].table_name} ({rows[0].columns}) has no index: each delete or key change in {rows[0].referenced_table} scans about {rows[0].estimated_rows} rows (attention from 1,000). CREATE INDEX CONCURRENTLY on those columns.", "severity": "attention"},
      {"text": "{row_count} foreign keys have no index; the largest table is {rows[0].table_name} ({rows[0].columns}): each delete or key change in {rows[0].referenced_table} scans about {rows[0].estimated_rows} rows (attention from 1,000). CREATE INDEX CONCURRENTLY on those columns.", "severity": "attention"}],
    "columns": {"estimated_rows": {"format": "integer"}}, "block": "table"}
}$json$, $sql$
WITH keys AS (
  SELECT k.oid, k.conname, k.conrelid, k.confrelid, k.conkey, c.relname, n.nspname, greatest(c.reltuples, 0)::bigint AS estimated_rows
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE k.contype = 'f' AND k.conparentid = 0
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 1259 AND e.objid = k.conrelid AND e.deptype = 'e'))
SELECT f.nspname || '.' || f.relname AS table_name, f.conname AS constraint_name,
       (SELECT string_agg(a.attname, ', ' ORDER BY x.place)
          FROM unnest(f.conkey) WITH ORDINALITY AS x (attnum, place)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = x.attnum) AS columns,
       rn.nspname || '.' || r.relname AS referenced_table, f.estimated_rows
  FROM keys f
  JOIN pg_catalog.pg_class r ON r.oid = f.confrelid
  JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
 WHERE NOT EXISTS (
   SELECT FROM pg_catalog.pg_index i
     JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
     JOIN pg_catalog.pg_am m ON m.oid = ic.relam
    WHERE i.indrelid = f.conrelid AND (i.indisvalid OR ic.relkind = 'I') AND i.indpred IS NULL AND i.indnkeyatts >= cardinality(f.conkey)
      AND (m.amname = 'btree' OR (m.amname = 'hash' AND cardinality(f.conkey) = 1))
      AND (string_to_array(i.indkey::text, ' ')::int2[])[1:cardinality(f.conkey)] @> f.conkey)
 ORDER BY f.estimated_rows DESC, table_name, constraint_name
$sql$);

SELECT ops._install_health_tool('sequential_scans', $json${
  "title": "tables read by sequential scans",
  "description": "Large tables that are often read from one end to the other instead of through an index.",
  "capabilities": ["db.sequential_scans"],
  "vocabulary": ["sequential", "sequentially", "seq", "seqscan", "seqscans", "scan", "scans", "scanned", "full", "table", "tables", "whole", "completely", "most", "read", "large", "many"],
  "examples": ["which tables are scanned sequentially?", "which tables have the most sequential scans?", "are there full table scans?",
    "show sequential scans", "do large tables get seq scans?", "which tables have the most full scans?", "which tables are read completely?",
    "seq scans per table", "how many sequential scans were there?", "show seq scans", "full scans of large tables",
    "which tables have many sequential scans?"],
  "input_schema": {"type": "object", "properties": {
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10, "description": "how many tables", "x-ops": {"slot": "limit"}}},
    "additionalProperties": false},
  "present": {"title": "Sequential scans", "summary": [
      {"when": "row_count = 0", "text": "No table with 10,000 rows or more has been scanned sequentially since the statistics were reset.", "severity": "info"},
      {"when": "sum(suspicious) = 0", "text": "{rows[0].table_name} was scanned sequentially most: {rows[0].sequential_scans} times, {rows[0].rows_per_scan} rows each time, {rows[0].sequential_percent} of its scans; that is no sign of a missing index (attention from 100 scans that are 10 % of all, of 10,000 rows each).", "severity": "info"},
      {"text": "{sum(suspicious)} large tables are often read whole; above all {rows[0].table_name}: {rows[0].sequential_scans} sequential scans, {rows[0].rows_per_scan} rows each time, {rows[0].sequential_percent} of its scans (attention from 100 scans that are 10 % of all, of 10,000 rows each). Look for the WHERE columns of its statements that no index has.", "severity": "attention"}],
    "columns": {"sequential_percent": {"unit": "%", "format": "percent"}, "rows_per_scan": {"format": "integer"}, "sequential_scans": {"format": "integer"}, "rows_read": {"format": "integer"}}, "block": "table"}
}$json$, $sql$
WITH scans AS (
  SELECT u.schemaname || '.' || u.relname AS table_name, u.n_live_tup AS live_rows, u.seq_scan AS sequential_scans,
         u.seq_tup_read AS rows_read, round(u.seq_tup_read::numeric / u.seq_scan) AS rows_per_scan, coalesce(u.idx_scan, 0) AS index_scans,
         round(100.0 * u.seq_scan / (u.seq_scan + coalesce(u.idx_scan, 0)), 1) AS sequential_percent
    FROM pg_catalog.pg_stat_user_tables u WHERE u.seq_scan > 0 AND u.n_live_tup >= 10000)
SELECT s.table_name, s.sequential_scans, s.rows_per_scan, s.rows_read, s.index_scans, s.sequential_percent, s.live_rows,
       (CASE WHEN s.sequential_scans >= 100 AND s.rows_per_scan >= 10000 AND s.sequential_percent >= 10 THEN 1 ELSE 0 END) AS suspicious
  FROM scans s ORDER BY suspicious DESC, s.rows_read DESC, s.table_name LIMIT :limit
$sql$);

SELECT ops._install_health_tool('index_usage', $json${
  "title": "index usage",
  "description": "How often each index has been scanned, the most used first.",
  "capabilities": ["db.index_usage"],
  "vocabulary": ["index", "indexes", "indices", "used", "use", "usage", "scanned", "scans", "popular", "often", "most", "frequently", "each", "hot"],
  "examples": ["which indexes are used the most?", "index usage", "how often is each index used?", "most used indexes", "which indexes are scanned most often?",
    "show index scans per index", "how many scans does each index have?", "what is the most used index?", "top 10 most used indexes", "index scan statistics"],
  "input_schema": {"type": "object", "properties": {
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10, "description": "how many indexes", "x-ops": {"slot": "limit"}}},
    "additionalProperties": false},
  "present": {"title": "Index usage", "summary": [
      {"when": "row_count = 0", "text": "There are no indexes on tables of your own.", "severity": "info"},
      {"when": "max(scans) = 0", "text": "No index has been scanned since the statistics were reset.", "severity": "info"},
      {"text": "The most used index is {rows[0].index_name} on {rows[0].table_name}: {rows[0].scans} scans since the statistics were reset, {rows[0].percent} of all.", "severity": "info"}],
    "columns": {"percent": {"unit": "%", "format": "percent"}, "scans": {"format": "integer"}, "entries_read": {"format": "integer"}}, "block": "table"}
}$json$, $sql$
SELECT s.schemaname || '.' || s.indexrelname AS index_name, s.schemaname || '.' || s.relname AS table_name, s.idx_scan AS scans,
       round(100.0 * s.idx_scan / nullif(sum(s.idx_scan) OVER (), 0), 1) AS percent, s.idx_tup_read AS entries_read
  FROM pg_catalog.pg_stat_user_indexes s ORDER BY s.idx_scan DESC, index_name LIMIT :limit
$sql$);

SELECT ops._install_health_tool('table_activity', $json${
  "title": "table activity",
  "description": "Which tables are read and written most: scans, and rows inserted, updated and deleted.",
  "capabilities": ["db.table_activity"],
  "vocabulary": ["table", "tables", "used", "use", "usage", "busy", "busiest", "activity", "active", "hot", "hottest", "read", "reads", "written", "write", "writes", "changed", "changes", "inserts", "insert", "inserted", "updates", "update", "updated", "deletes", "delete", "deleted", "most", "often", "rows", "frequently"],
  "examples": ["which tables are used the most?", "which tables are the busiest?", "which tables get the most writes?", "table activity",
    "which tables are updated most often?", "which tables have the most inserts?", "show reads and writes per table", "which tables are read most often?",
    "which tables change the most?", "most active tables", "which tables have the most deletes?"],
  "input_schema": {"type": "object", "properties": {
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10, "description": "how many tables", "x-ops": {"slot": "limit"}}},
    "additionalProperties": false},
  "present": {"title": "Table activity", "summary": [
      {"when": "row_count = 0", "text": "There are no tables.", "severity": "info"},
      {"when": "max(rows_written) = 0 and max(scans) = 0", "text": "No table has been read or written since the statistics were reset.", "severity": "info"},
      {"text": "Since the statistics were reset most rows were written in {rows[0].table_name}: {rows[0].inserted} inserted, {rows[0].updated} updated, {rows[0].deleted} deleted; it was scanned {rows[0].scans} times. The most scans of one table are {max(scans)}.", "severity": "info"}],
    "columns": {"scans": {"format": "integer"}, "inserted": {"format": "integer"}, "updated": {"format": "integer"}, "deleted": {"format": "integer"}, "rows_written": {"format": "integer"}, "hot_percent": {"unit": "%", "format": "percent"}}, "block": "table"}
}$json$, $sql$
SELECT u.schemaname || '.' || u.relname AS table_name, u.seq_scan + coalesce(u.idx_scan, 0) AS scans, u.n_tup_ins AS inserted, u.n_tup_upd AS updated,
       u.n_tup_del AS deleted, u.n_tup_ins + u.n_tup_upd + u.n_tup_del AS rows_written,
       round(100.0 * u.n_tup_hot_upd / nullif(u.n_tup_upd, 0), 1) AS hot_percent
  FROM pg_catalog.pg_stat_user_tables u ORDER BY rows_written DESC, scans DESC, table_name LIMIT :limit
$sql$);
