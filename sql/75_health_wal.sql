-- sql layer: health tools about WAL, archiving, checkpoints and replication. See 70_health_tools.sql.

-- One row even without a standby: whether commits wait for one that is not there.
SELECT ops._install_health_tool('replication_lag', $json${
  "title": "replication lag",
  "description": "Which standbys are connected, and how far each of them is behind.",
  "capabilities": ["db.replication"],
  "vocabulary": ["replication", "replica", "replicas", "standby", "standbys", "lag", "lagging", "lags", "delay", "delayed", "behind", "streaming", "secondary", "follower", "followers", "connected", "state", "status", "synchronous", "sync", "replaying", "far", "up", "big"],
  "examples": ["what is the replication lag?", "is replication working?", "how far are the standbys behind?", "are replicas lagging?",
    "which standbys are connected?", "show replication status", "is any replica behind?", "replication delay",
    "how much are replicas lagging behind?", "is streaming replication up?", "how many standbys are connected?",
    "how big is the replication lag?"],
  "present": {"title": "Standbys", "summary": [
      {"when": "count(pid) = 0 and rows[0].synchronous_standbys != ''", "text": "No standby is connected, but synchronous_standby_names is {rows[0].synchronous_standbys}: commits wait for ever. Bring the standby back, or empty that setting and reload.", "severity": "critical"},
      {"when": "count(pid) = 0", "text": "No standby is connected to this server.", "severity": "info"},
      {"when": "max(replay_lag_s) >= 600", "text": "Standby {rows[0].standby} is {rows[0].replay_lag_s} behind ({rows[0].behind_bytes}; critical from 10 min). Look at its log, its disks and queries on it that hold replay back.", "severity": "critical"},
      {"when": "max(replay_lag_s) >= 60 or max(behind_bytes) >= 1073741824", "text": "Standby {rows[0].standby} is behind by {rows[0].behind_bytes}, replay lag {rows[0].replay_lag_s} (attention from 1 min or 1 GB). Look at the network, its disks and queries on it that hold replay back.", "severity": "attention"},
      {"when": "count(pid) = 1", "text": "One standby is connected: {rows[0].standby} ({rows[0].state}, {rows[0].sync_state}), behind by {rows[0].behind_bytes}, which is well.", "severity": "info"},
      {"text": "{count(pid)} standbys are connected; the last, {rows[0].standby} ({rows[0].state}), is behind by {rows[0].behind_bytes}, which is well.", "severity": "info"}],
    "columns": {"behind_bytes": {"unit": "B", "format": "bytes"}, "write_lag_s": {"unit": "s", "format": "duration"}, "replay_lag_s": {"unit": "s", "format": "duration"}}, "block": "table"}
}$json$, $sql$
WITH settings AS (SELECT g.reset_val AS synchronous_standbys FROM pg_catalog.pg_settings g WHERE g.name = 'synchronous_standby_names')
SELECT r.pid, coalesce(nullif(r.application_name, ''), r.pid::text) AS standby, host(r.client_addr) AS address, r.state, r.sync_state,
       CASE WHEN r.pid IS NOT NULL AND NOT pg_is_in_recovery() THEN greatest(pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(r.replay_lsn, r.flush_lsn, r.sent_lsn)), 0) END AS behind_bytes,
       round(extract(epoch FROM r.write_lag), 1) AS write_lag_s, CASE WHEN r.pid IS NOT NULL THEN round(extract(epoch FROM coalesce(r.replay_lag, interval '0')), 1) END AS replay_lag_s,
       s.synchronous_standbys
  FROM settings s LEFT JOIN pg_catalog.pg_stat_replication r ON r.state <> 'backup'
 ORDER BY replay_lag_s DESC NULLS LAST, behind_bytes DESC NULLS LAST, r.pid
$sql$);

SELECT ops._install_health_tool('replication_slots', $json${
  "title": "replication slots",
  "description": "Replication slots, whether somebody reads them, and how much WAL they keep on disk.",
  "capabilities": ["db.replication_slots"],
  "vocabulary": ["replication", "slot", "slots", "inactive", "active", "abandoned", "unused", "wal", "retain", "retained", "retaining", "retains", "hold", "holding", "keep", "keeps", "logical", "physical", "lost", "disk"],
  "examples": ["are there inactive replication slots?", "show replication slots", "which replication slots hold wal?",
    "is any replication slot inactive?", "which slots keep wal on disk?", "how much wal do replication slots retain?",
    "are there abandoned replication slots?", "list the replication slots", "is a replication slot lost?",
    "how many replication slots are there?", "slots that retain wal", "how much wal is retained by slots?"],
  "present": {"title": "Replication slots", "summary": [
      {"when": "row_count = 0", "text": "There are no replication slots.", "severity": "info"},
      {"when": "sum(lost) > 0", "text": "Replication slot {rows[0].slot_name} is {rows[0].wal_status}: the WAL it needs is gone or about to go, and its reader must be built anew. Drop it with pg_drop_replication_slot() if nobody will.", "severity": "critical"},
      {"when": "sum(inactive) > 0 and max(inactive_bytes) >= 1073741824", "text": "Replication slot {rows[0].slot_name} is inactive and keeps {rows[0].retained_bytes} of WAL on disk (critical from 1 GB): the disk will fill. Start its reader, or drop it with pg_drop_replication_slot().", "severity": "critical"},
      {"when": "sum(inactive) = 1", "text": "Replication slot {rows[0].slot_name} ({rows[0].slot_type}) is inactive and keeps {rows[0].retained_bytes} of WAL on disk (critical from 1 GB). Start its reader, or drop it with pg_drop_replication_slot(); max_slot_wal_keep_size bounds what it may keep.", "severity": "attention"},
      {"when": "sum(inactive) > 1", "text": "{sum(inactive)} of {row_count} replication slots are inactive; {rows[0].slot_name} keeps most WAL on disk, {rows[0].retained_bytes} (critical from 1 GB). Start their readers, or drop them with pg_drop_replication_slot().", "severity": "attention"},
      {"when": "row_count = 1", "text": "The one replication slot, {rows[0].slot_name}, is in use and keeps {rows[0].retained_bytes} of WAL.", "severity": "info"},
      {"text": "All {row_count} replication slots are in use; {rows[0].slot_name} keeps most WAL, {rows[0].retained_bytes}.", "severity": "info"}],
    "columns": {"retained_bytes": {"unit": "B", "format": "bytes"}, "inactive_bytes": {"unit": "B", "format": "bytes"}, "xmin_age": {"format": "integer"}}, "block": "table"}
}$json$, $sql$
SELECT x.slot_name, x.slot_type, x.database, x.active, x.wal_status, x.retained_bytes, x.xmin_age,
       (CASE WHEN x.active THEN 0 ELSE 1 END) AS inactive, (CASE WHEN x.wal_status IN ('unreserved', 'lost') THEN 1 ELSE 0 END) AS lost,
       CASE WHEN x.active THEN 0 ELSE x.retained_bytes END AS inactive_bytes
  FROM (SELECT s.slot_name, s.slot_type, s.database, s.active, coalesce(s.wal_status, 'nothing reserved') AS wal_status,
               CASE WHEN NOT pg_is_in_recovery() THEN coalesce(greatest(pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn), 0), 0) END AS retained_bytes,
               greatest(age(s.xmin), age(s.catalog_xmin)) AS xmin_age
          FROM pg_catalog.pg_replication_slots s) x
 ORDER BY lost DESC, x.active, x.retained_bytes DESC NULLS LAST, x.slot_name
$sql$);

SELECT ops._install_health_tool('wal_rate', $json${
  "title": "WAL rate",
  "description": "How much WAL the server writes, in all and per hour.",
  "capabilities": ["db.wal"],
  "vocabulary": ["wal", "write-ahead", "write", "ahead", "log", "rate", "generated", "generate", "generation", "generates", "produced", "produce", "volume", "much", "hour", "written", "server", "statistics", "full", "page", "images"],
  "examples": ["how much wal is generated?", "what is the wal rate?", "how much wal per hour?", "wal generation rate", "how fast is wal written?",
    "how much write-ahead log does the server produce?", "show wal statistics", "wal volume", "how much wal is written per hour?",
    "is a lot of wal generated?", "how much write-ahead log is written?", "volume of the write-ahead log"],
  "present": {"title": "WAL", "summary": [
      {"when": "row_count = 0 or rows[0].hours = 0", "text": "The WAL statistics were reset just now: there is nothing to judge.", "severity": "info"},
      {"when": "max(per_checkpoint_bytes) >= 0 and rows[0].too_much = 1", "text": "{rows[0].wal_bytes} of WAL since {rows[0].stats_reset}: {rows[0].bytes_per_hour} per hour, {rows[0].full_page_percent} of the records with full page images. In one checkpoint_timeout that is {rows[0].per_checkpoint_bytes}, more than max_wal_size ({rows[0].max_wal_bytes}) allows: raise it.", "severity": "attention"},
      {"text": "{rows[0].wal_bytes} of WAL since {rows[0].stats_reset}: {rows[0].bytes_per_hour} per hour, {rows[0].full_page_percent} of the records with full page images. In one checkpoint_timeout that is {rows[0].per_checkpoint_bytes}, within max_wal_size ({rows[0].max_wal_bytes}).", "severity": "info"}],
    "columns": {"wal_bytes": {"unit": "B", "format": "bytes"}, "bytes_per_hour": {"unit": "B", "format": "bytes"}, "per_checkpoint_bytes": {"unit": "B", "format": "bytes"}, "max_wal_bytes": {"unit": "B", "format": "bytes"}, "full_page_percent": {"unit": "%", "format": "percent"}, "stats_reset": {"format": "minute"}}, "block": "table"}
}$json$, $sql$
WITH settings AS (
  SELECT max(g.setting::numeric) FILTER (WHERE g.name = 'max_wal_size') * 1048576 AS max_wal_bytes,
         max(g.setting::numeric) FILTER (WHERE g.name = 'checkpoint_timeout') AS timeout_s
    FROM pg_catalog.pg_settings g WHERE g.name IN ('max_wal_size', 'checkpoint_timeout')),
seen AS (
  SELECT w.wal_bytes, w.wal_records, w.wal_fpi, w.wal_buffers_full, w.stats_reset,
         greatest(extract(epoch FROM clock_timestamp() - w.stats_reset), 1) AS seconds
    FROM pg_catalog.pg_stat_wal w)
SELECT x.wal_bytes, round(x.wal_bytes * 3600 / x.seconds) AS bytes_per_hour, round(x.seconds / 3600, 2) AS hours,
       x.wal_records, x.wal_fpi AS full_page_images, round(100.0 * x.wal_fpi / nullif(x.wal_records, 0), 1) AS full_page_percent,
       round(x.wal_bytes * s.timeout_s / greatest(x.seconds, s.timeout_s)) AS per_checkpoint_bytes, s.max_wal_bytes,
       (CASE WHEN x.wal_bytes * s.timeout_s / greatest(x.seconds, s.timeout_s) > s.max_wal_bytes THEN 1 ELSE 0 END) AS too_much,
       x.wal_buffers_full, x.stats_reset
  FROM seen x CROSS JOIN settings s
$sql$);

-- The command itself is not shown: it may hold a secret.
SELECT ops._install_health_tool('wal_archiving', $json${
  "title": "WAL archiving",
  "description": "Whether WAL archiving is on and works: the last file archived, the last failure.",
  "capabilities": ["db.archiving"],
  "vocabulary": ["archive", "archiving", "archiver", "archived", "archive_command", "wal", "fail", "fails", "failed", "failing", "failure", "failures", "working", "work", "last", "pitr", "recovery", "backup", "backups", "command", "status", "healthy"],
  "examples": ["is wal archiving working?", "does archiving fail?", "is the archiver failing?", "when was wal last archived?", "archiver status",
    "are there archiving failures?", "is the archive command failing?", "show wal archiving status", "how many archive failures are there?",
    "when did archiving last fail?", "is the archiver healthy?", "does the archiver work?", "archiver failures"],
  "present": {"title": "WAL archiving", "summary": [
      {"when": "rows[0].archive_mode = 'off'", "text": "WAL archiving is off: there is no point-in-time recovery from an archive.", "severity": "info"},
      {"when": "rows[0].configured = false", "text": "archive_mode is on, but neither archive_command nor archive_library is set: WAL is kept and nothing is archived. Set one of them, or switch archive_mode off.", "severity": "attention"},
      {"when": "rows[0].failing = true", "text": "WAL archiving fails: {rows[0].failed_count} failures, the last at {rows[0].last_failed_time} on {rows[0].last_failed_wal}. WAL stays on disk until it succeeds. Run the command by hand as the server's user; its error is in the server log.", "severity": "critical"},
      {"when": "rows[0].archived_count = 0", "text": "WAL archiving is on and has had nothing to archive since the statistics were reset.", "severity": "info"},
      {"when": "rows[0].failed_count > 0", "text": "WAL archiving works: {rows[0].archived_count} files, the last at {rows[0].last_archived_time}; {rows[0].failed_count} earlier failures were overcome.", "severity": "info"},
      {"text": "WAL archiving works: {rows[0].archived_count} files without a failure, the last at {rows[0].last_archived_time}.", "severity": "info"}],
    "columns": {"last_archived_time": {"format": "datetime"}, "last_failed_time": {"format": "datetime"}, "stats_reset": {"format": "minute"}}, "block": "table"}
}$json$, $sql$
WITH settings AS (
  SELECT max(g.setting) FILTER (WHERE g.name = 'archive_mode') AS archive_mode,
         coalesce(bool_or(g.setting NOT IN ('', '(disabled)')) FILTER (WHERE g.name <> 'archive_mode'), false) AS configured
    FROM pg_catalog.pg_settings g WHERE g.name IN ('archive_mode', 'archive_command', 'archive_library'))
SELECT s.archive_mode, s.configured, a.archived_count, a.last_archived_wal, a.last_archived_time, a.failed_count, a.last_failed_wal, a.last_failed_time,
       (s.archive_mode <> 'off' AND a.last_failed_time IS NOT NULL
        AND (a.last_archived_time IS NULL OR a.last_failed_time > a.last_archived_time)) AS failing, a.stats_reset
  FROM pg_catalog.pg_stat_archiver a CROSS JOIN settings s
$sql$);

SELECT ops._install_health_tool('checkpoints', $json${
  "title": "checkpoints",
  "description": "How many checkpoints came by time and how many were requested early, and what they write.",
  "capabilities": ["db.checkpoints"],
  "vocabulary": ["checkpoint", "checkpoints", "checkpointer", "timed", "requested", "forced", "often", "frequent", "frequency", "time", "early", "too", "max_wal_size", "share", "many"],
  "examples": ["are checkpoints too frequent?", "how many checkpoints were requested?", "how often do checkpoints happen?", "checkpoint statistics",
    "timed versus requested checkpoints", "are checkpoints forced too often?", "show checkpoints", "what share of checkpoints was requested?",
    "do checkpoints come too often?", "how many checkpoints were timed?", "are there too many checkpoints?"],
  "present": {"title": "Checkpoints", "summary": [
      {"when": "max(checkpoints) < 10", "text": "{rows[0].timed} timed and {rows[0].requested} requested checkpoints since {rows[0].stats_reset}: too few to judge (from 10).", "severity": "info"},
      {"when": "max(requested_percent) > 50", "text": "{rows[0].requested} of {rows[0].checkpoints} checkpoints since {rows[0].stats_reset} were requested ({rows[0].requested_percent}; attention above 50 %), not timed: WAL fills max_wal_size ({rows[0].max_wal_mb}) before checkpoint_timeout ({rows[0].timeout_s}). Raise max_wal_size.", "severity": "attention"},
      {"text": "{rows[0].requested} of {rows[0].checkpoints} checkpoints since {rows[0].stats_reset} were requested ({rows[0].requested_percent}), the others timed: that is well (at most 50 %).", "severity": "info"}],
    "columns": {"requested_percent": {"unit": "%", "format": "percent"}, "max_wal_mb": {"unit": "MB", "format": "bytes"}, "timeout_s": {"unit": "s", "format": "duration"}, "write_ms": {"unit": "ms", "format": "duration"}, "sync_ms": {"unit": "ms", "format": "duration"}, "stats_reset": {"format": "minute"}}, "block": "table"}
}$json$, $sql$
SELECT b.checkpoints_timed AS timed, b.checkpoints_req AS requested, b.checkpoints_timed + b.checkpoints_req AS checkpoints,
       round(100.0 * b.checkpoints_req / nullif(b.checkpoints_timed + b.checkpoints_req, 0), 1) AS requested_percent,
       b.buffers_checkpoint AS buffers_by_checkpoints, b.buffers_backend AS buffers_by_sessions,
       round(b.checkpoint_write_time::numeric) AS write_ms, round(b.checkpoint_sync_time::numeric) AS sync_ms,
       (SELECT g.setting::bigint FROM pg_catalog.pg_settings g WHERE g.name = 'max_wal_size') AS max_wal_mb,
       (SELECT g.setting::bigint FROM pg_catalog.pg_settings g WHERE g.name = 'checkpoint_timeout') AS timeout_s, b.stats_reset
  FROM pg_catalog.pg_stat_bgwriter b
$sql$);
