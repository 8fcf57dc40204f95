-- sql layer: playbooks about the server, tenant `system`: what a DBA looks at first, at one stroke. The tools are
-- those of 70 to 76; thresholds and next steps are theirs.

SELECT ops._install_asset('playbook', 'database_slow', '{
  "title": "Why the database is slow",
  "description": "What makes a database slow: lock waits, long statements and transactions, exhausted connections, a small cache, spilled sorts, missing vacuum and indexes.",
  "capabilities": ["db.diagnosis"],
  "vocabulary": ["database", "slow", "slowness", "sluggish", "hanging", "hang", "performance", "poor", "bad", "unresponsive", "server", "postgresql", "degraded", "become"],
  "examples": ["why is the database slow?", "why is postgres slow?", "what makes the database slow?", "why is everything so slow?",
    "why is the database so slow right now?", "why does the database hang?", "what causes the slow database?", "why is the server slow?",
    "why is the database performance bad?", "what is the reason for the slow database?", "why has the database become slow?"],
  "calls": [{"tool": "blocking_sessions"}, {"tool": "running_queries"}, {"tool": "long_transactions"}, {"tool": "idle_transactions"},
    {"tool": "connection_usage"}, {"tool": "slow_statements", "args": {"limit": 5}}, {"tool": "cache_hit_ratio"}, {"tool": "temp_files"},
    {"tool": "dead_tuples", "args": {"limit": 5}}, {"tool": "table_statistics", "args": {"limit": 5}},
    {"tool": "sequential_scans", "args": {"limit": 5}}, {"tool": "checkpoints"}]}');

SELECT ops._install_asset('playbook', 'database_healthy', '{
  "title": "Health of the database",
  "description": "Whether the database is healthy: what endangers data first, then what will stop the server, then what slows it down.",
  "capabilities": ["db.checkup"],
  "vocabulary": ["database", "healthy", "health", "check", "checkup", "fine", "ok", "okay", "wrong", "problem", "problems", "server", "postgresql", "overall", "state", "good", "shape", "summary", "report"],
  "examples": ["is the database healthy?", "is this database healthy?", "is the database in good shape?", "database health check", "is anything wrong with the database?",
    "are there problems with the database?", "how healthy is the database?", "is postgres healthy?", "health report of the database", "check the health of the database",
    "how is the database doing?"],
  "calls": [{"tool": "risky_settings"}, {"tool": "wraparound"}, {"tool": "wal_archiving"}, {"tool": "replication_slots"}, {"tool": "replication_lag"},
    {"tool": "blocking_sessions"}, {"tool": "connection_usage"}, {"tool": "long_transactions"}, {"tool": "prepared_transactions"}, {"tool": "deadlocks"},
    {"tool": "dead_tuples", "args": {"limit": 5}}, {"tool": "cache_hit_ratio"}, {"tool": "invalid_indexes"}, {"tool": "checkpoints"},
    {"tool": "changed_settings"}, {"tool": "superusers"}]}');
