-- activity of the server
SELECT count(*) > 0 AS some, count(*) FILTER (WHERE state = 'active') >= 0 AS active FROM pg_stat_activity
-- longest transactions
SELECT pid > 0 AS p, now() - xact_start >= interval '-1 hour' AS running FROM pg_stat_activity WHERE xact_start IS NOT NULL AND false ORDER BY xact_start LIMIT 10
-- wait events
SELECT wait_event_type, count(*) >= 0 AS n FROM pg_stat_activity WHERE wait_event_type = 'No such' GROUP BY 1
-- who blocks whom
SELECT a.pid, pg_blocking_pids(a.pid) AS blockers FROM pg_stat_activity a WHERE cardinality(pg_blocking_pids(a.pid)) > 0
-- locks with their relations
SELECT l.locktype, l.mode, l.granted, c.relname FROM pg_locks l LEFT JOIN pg_class c ON c.oid = l.relation WHERE NOT l.granted
-- table statistics
SELECT schemaname, relname, n_live_tup >= 0 AS l, n_dead_tup >= 0 AS d, last_autovacuum IS NULL OR true AS v FROM pg_stat_user_tables WHERE schemaname = 'lab' ORDER BY 2
-- unused indexes
SELECT s.relname, s.indexrelname, pg_relation_size(s.indexrelid) >= 0 AS size FROM pg_stat_user_indexes s JOIN pg_index i ON i.indexrelid = s.indexrelid WHERE s.schemaname = 'lab' AND NOT i.indisunique ORDER BY 1, 2
-- sizes of tables
SELECT c.relname, pg_total_relation_size(c.oid) >= pg_relation_size(c.oid) AS t, pg_size_pretty(0::bigint) AS p, pg_table_size(c.oid) + pg_indexes_size(c.oid) > 0 AS s FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'lab' AND c.relkind = 'r' ORDER BY 1
-- sizes of databases
SELECT datname, pg_database_size(datname) > 0 AS s FROM pg_database WHERE datname IN ('template1') ORDER BY 1
-- cache hit ratio
SELECT sum(blks_hit) / nullif(sum(blks_hit + blks_read), 0) BETWEEN 0 AND 1 AS ratio FROM pg_stat_database
-- commits, rollbacks, deadlocks, temporary files
SELECT datname, xact_commit >= 0 AS c, xact_rollback >= 0 AS r, deadlocks >= 0 AS d, temp_bytes >= 0 AS t FROM pg_stat_database WHERE datname = 'template1'
-- checkpoints and background writer
SELECT checkpoints_timed + checkpoints_req >= 0 AS c, buffers_clean >= 0 AS b, maxwritten_clean >= 0 AS m FROM pg_stat_bgwriter
-- write-ahead log
SELECT wal_records >= 0 AS r, wal_bytes >= 0 AS b, pg_current_wal_lsn() > '0/0' AS l, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') > 0 AS d, pg_walfile_name('0/1000000') IS NOT NULL AS f FROM pg_stat_wal
-- replication
SELECT application_name, state, pg_wal_lsn_diff(sent_lsn, replay_lsn) AS lag FROM pg_stat_replication
-- replication slots
SELECT slot_name, active, restart_lsn FROM pg_replication_slots
-- recovery and uptime
SELECT pg_is_in_recovery() AS r, now() - pg_postmaster_start_time() > interval '0' AS up, pg_conf_load_time() <= now() AS c
-- settings
SELECT name, setting, unit, source FROM pg_settings WHERE name IN ('block_size', 'server_version_num') ORDER BY 1
-- transaction id age
SELECT datname, age(datfrozenxid) >= 0 AS a, mxid_age(datminmxid) >= 0 AS m FROM pg_database WHERE datname = 'template0'
-- tables near wraparound
SELECT c.relname, age(c.relfrozenxid) >= 0 AS a FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'lab' AND c.relkind = 'r' ORDER BY 1 LIMIT 5
-- progress of vacuum, index builds, analyze, cluster, copy, base backups
SELECT (SELECT count(*) FROM pg_stat_progress_vacuum) >= 0 AS v, (SELECT count(*) FROM pg_stat_progress_create_index) >= 0 AS i, (SELECT count(*) FROM pg_stat_progress_analyze) >= 0 AS a, (SELECT count(*) FROM pg_stat_progress_cluster) >= 0 AS c, (SELECT count(*) FROM pg_stat_progress_copy) >= 0 AS p, (SELECT count(*) FROM pg_stat_progress_basebackup) >= 0 AS b
-- input and output per table and index
SELECT relname, heap_blks_read >= 0 AS h, idx_blks_hit IS NULL OR idx_blks_hit >= 0 AS i FROM pg_statio_user_tables WHERE schemaname = 'lab' ORDER BY 1
-- sequences
SELECT count(*) >= 0 AS n FROM pg_sequences
-- roles and memberships
SELECT r.rolname, array_agg(g.rolname ORDER BY g.rolname) AS groups FROM pg_roles r JOIN pg_auth_members m ON m.member = r.oid JOIN pg_roles g ON g.oid = m.roleid WHERE r.rolname = 'pg_monitor' GROUP BY 1
-- privileges
SELECT has_table_privilege('ops_tool', 'lab.orders', 'SELECT') AS s, has_schema_privilege('ops_tool', 'lab', 'USAGE') AS u, pg_has_role('ops_stats', 'pg_monitor', 'MEMBER') AS m
-- definitions of indexes, views, constraints, functions
SELECT pg_get_indexdef('lab.customers_pkey'::regclass) AS i, pg_get_viewdef('lab.constants'::regclass) IS NOT NULL AS v, pg_get_constraintdef(c.oid) AS c, pg_get_functiondef('lab.vat(numeric)'::regprocedure) IS NOT NULL AS f FROM pg_constraint c WHERE c.conrelid = 'lab.customers'::regclass
-- functions of the application
SELECT p.proname, pg_get_function_arguments(p.oid) AS a, pg_get_function_result(p.oid) AS r FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'lab' AND p.prokind = 'f' AND p.proname = 'vat'
-- policies
SELECT polname, polcmd, polpermissive FROM pg_policy WHERE polrelid = 'lab.orders'::regclass ORDER BY 1
-- policies by view
SELECT policyname, permissive, roles FROM pg_policies WHERE schemaname = 'lab' AND tablename = 'edges' ORDER BY 1
-- available extensions
SELECT name FROM pg_available_extensions WHERE name IN ('plpgsql')
-- prepared transactions, cursors, shared memory
SELECT (SELECT count(*) FROM pg_prepared_xacts) AS p, (SELECT count(*) FROM pg_cursors) AS c, (SELECT sum(size) > 0 FROM pg_shmem_allocations) AS m
-- SLRU caches and archiver
SELECT (SELECT count(*) FROM pg_stat_slru) > 0 AS s, archived_count >= 0 AS a FROM pg_stat_archiver
-- bloat estimate from row counts
SELECT relname, n_dead_tup::numeric / nullif(n_live_tup + n_dead_tup, 0) AS share FROM pg_stat_all_tables WHERE schemaname = 'lab' AND relname = 'rates'
-- partition tree
SELECT relid::text AS r, isleaf, level FROM pg_partition_tree('lab.events') ORDER BY 1
-- tables with their owners and options
SELECT c.relname, pg_get_userbyid(c.relowner) IS NOT NULL AS o, c.reloptions FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'lab' AND c.relkind = 'v' ORDER BY 1
-- connections against the limit
SELECT count(*)::numeric / (SELECT setting::numeric FROM pg_settings WHERE name = 'max_connections') < 2 AS few FROM pg_stat_activity
-- functions with statistics
SELECT funcname, calls FROM pg_stat_user_functions WHERE false
-- TLS of connections
SELECT ssl, count(*) > 0 AS n FROM pg_stat_ssl GROUP BY ssl
