"""The health tools about the server as a whole, sick and well: settings, archiving, slots, checkpoints, WAL, temporary
files, statements, extensions, superusers, and the two playbooks over them."""
import os
import sys
import unittest

import psycopg2
import psycopg2.extras

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster, wait_for  # noqa: E402
from hostile_harness import check_envelope  # noqa: E402

SETTINGS = {"shared_preload_libraries": "pg_ops,pg_stat_statements", "archive_mode": "on", "archive_command": "/bin/true",
            "app.token": "sesame"}


class HealthServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("health_server", settings=SETTINGS).start()
        cls.connection = cls.cluster.connect()

    @classmethod
    def tearDownClass(cls):
        cls.connection.close()
        cls.cluster.stop()

    def sql(self, *statements):
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchone()[0] if cursor.description else None

    def tool(self, name, **args):
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT ops.call_tool(%s, %s)", (name, psycopg2.extras.Json(args)))
            answer = cursor.fetchone()[0]
        check_envelope(answer)
        self.assertEqual(answer["status"], "success", answer)
        blocks = answer["answer"]["blocks"]
        return answer["answer"]["summary"], answer["answer"]["severity"], blocks[0]["rows"] if blocks else []

    def expect(self, name, severity, text, **args):
        summary, found, rows = self.tool(name, **args)
        self.assertIn(text, summary)
        self.assertEqual(found, severity, summary)
        return rows

    def configure(self, name, value):
        """ALTER SYSTEM, and waits until an executor has read it too."""
        self.sql(f"ALTER SYSTEM SET {name} = '{value}'" if value is not None else f"ALTER SYSTEM RESET {name}",
                 "SELECT pg_reload_conf()")
        self.sql("SELECT ops.stop_workers()")

    # --- settings -----------------------------------------------------------------------------------
    def test_settings(self):
        self.expect("risky_settings", "info", "No setting risks data")
        for name, bad, severity in (("fsync", "off", "critical"), ("full_page_writes", "off", "critical"), ("autovacuum", "off", "critical"),
                                    ("synchronous_commit", "off", "attention"), ("row_security", "off", "attention"),
                                    ("session_replication_role", "replica", "critical"), ("password_encryption", "md5", "attention")):
            with self.subTest(setting=name):
                self.configure(name, bad)
                rows = self.expect("risky_settings", severity, f"{name} is {bad}: ")
                self.assertEqual([(row["setting"], row["value"]) for row in rows], [(name, bad)])
                self.configure(name, None)
        self.configure("fsync", "off")
        self.configure("synchronous_commit", "off")
        self.expect("risky_settings", "critical", "fsync is off: ")
        answer = self.sql("SELECT ops.ask('is this database healthy?')")["answer"]
        lines = answer["summary"].split("\n")
        self.assertEqual((lines[0], answer["severity"]), ("Health of the database: something is critical. Worst first:", "critical"))
        self.assertIn("fsync is off", lines[1])
        self.assertTrue(lines[1].startswith("- critical: "), lines[1])
        self.assertIn("Looked at, and nothing to do:", lines)
        self.configure("fsync", None)
        self.configure("synchronous_commit", None)
        self.expect("risky_settings", "info", "No setting risks data")

    def test_changed_settings(self):
        rows = self.expect("changed_settings", "info", "none of them waits for a restart")
        values = {row["setting"]: row["value"] for row in rows}
        self.assertEqual(values["max_connections"], self.sql("SELECT reset_val FROM pg_settings WHERE name = 'max_connections'"))
        self.assertEqual(values["archive_command"], "(set)")
        self.assertNotIn("sesame", str(rows))
        self.assertNotIn("work_mem", values)  # the process that runs tools has its own
        self.configure("work_mem", "7MB")
        self.assertEqual({row["setting"]: row["value"] for row in self.tool("changed_settings")[2]}["work_mem"], "7168")
        self.configure("work_mem", None)
        self.configure("max_connections", "77")
        rows = self.expect("changed_settings", "attention", "max_connections was changed but is in force only after a restart")
        self.assertEqual((rows[0]["setting"], rows[0]["waits_for_restart"]), ("max_connections", 1))
        self.configure("max_connections", None)

    # --- WAL ----------------------------------------------------------------------------------------
    def test_archiving(self):
        self.sql("SELECT pg_switch_wal()", "SELECT txid_current()")
        wait_for(lambda: self.sql("SELECT archived_count FROM pg_stat_archiver"), "a file is archived")
        rows = self.expect("wal_archiving", "info", "WAL archiving works: ")
        self.assertEqual(rows[0]["failing"], False)
        self.configure("archive_command", "/bin/false")
        self.sql("SELECT txid_current()", "SELECT pg_switch_wal()")
        wait_for(lambda: self.sql("SELECT failed_count FROM pg_stat_archiver"), "archiving fails")
        rows = self.expect("wal_archiving", "critical", "WAL archiving fails: ")
        self.assertEqual(rows[0]["last_failed_wal"], self.sql("SELECT last_failed_wal FROM pg_stat_archiver"))
        self.assertNotIn("/bin/false", str(rows))
        self.configure("archive_command", "")
        self.expect("wal_archiving", "attention", "neither archive_command nor archive_library is set")
        self.configure("archive_command", None)

    def test_slots_and_standbys(self):
        self.expect("replication_slots", "info", "There are no replication slots.")
        self.expect("replication_lag", "info", "No standby is connected to this server.")
        self.sql("SELECT pg_create_physical_replication_slot('left_behind', true)", "CREATE TABLE public.wal AS SELECT generate_series(1, 20000)")
        rows = self.expect("replication_slots", "attention", "Replication slot left_behind (physical) is inactive and keeps ")
        now = self.sql("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) FROM pg_replication_slots")
        self.assertTrue(500_000 < rows[0]["retained_bytes"] <= now, (rows, now))
        self.sql("SELECT pg_drop_replication_slot('left_behind')", "DROP TABLE public.wal")
        self.sql("SET synchronous_commit = local")  # or this session's own commits would wait
        self.configure("synchronous_standby_names", "gone")
        self.expect("replication_lag", "critical", "synchronous_standby_names is gone: commits wait for ever")
        self.configure("synchronous_standby_names", None)
        self.sql("RESET synchronous_commit")

    def test_wal_and_checkpoints(self):
        self.sql("SELECT pg_stat_reset_shared('bgwriter')")
        self.expect("checkpoints", "info", "too few to judge (from 10)")
        for _ in range(11):
            self.sql("CHECKPOINT")
        wait_for(lambda: self.sql("SELECT checkpoints_req FROM pg_stat_bgwriter") >= 11, "all of them are counted")
        rows = self.expect("checkpoints", "attention", "were requested (100 %; attention above 50 %), not timed")
        self.assertEqual(rows[0]["requested"], self.sql("SELECT checkpoints_req FROM pg_stat_bgwriter"))
        summary, _, rows = self.tool("wal_rate")
        if rows[0]["hours"] > 0:
            self.assertIn("per hour", summary)
        self.assertLessEqual(rows[0]["wal_bytes"], self.sql("SELECT wal_bytes FROM pg_stat_wal"))

    # --- statements ---------------------------------------------------------------------------------
    def test_statements(self):
        self.expect("slow_statements", "info", "extension pg_stat_statements does not exist in this database")
        self.expect("costly_statements", "info", "extension pg_stat_statements does not exist in this database")
        self.sql("CREATE SCHEMA stats", "CREATE EXTENSION pg_stat_statements SCHEMA stats")
        self.expect("slow_statements", "info", "cannot be read (not readable): grant USAGE")
        self.sql("GRANT USAGE ON SCHEMA stats TO ops_stats", "SELECT stats.pg_stat_statements_reset()")
        self.sql("SELECT pg_sleep(1.05)", "CREATE ROLE someone PASSWORD 'open sesame'", "SELECT count(*) FROM generate_series(1, 1000)",
                 "SELECT count(*) FROM generate_series(1, 2000)")
        rows = self.expect("slow_statements", "attention", "The slowest statement takes 1.1 s on average over 1 calls")
        self.assertEqual((rows[0]["query"], rows[0]["calls"]), ("SELECT pg_sleep($1)", 1))
        self.assertNotIn("sesame", str(rows))
        self.assertLessEqual(len(self.tool("slow_statements", limit=2)[2]), 2)
        calls = {row["query"]: row["calls"] for row in self.tool("costly_statements", limit=200)[2]}
        self.assertEqual(calls["SELECT count(*) FROM generate_series($1, $2)"], 2)

    def test_temporary_files(self):
        self.sql("SELECT pg_stat_reset()")
        self.expect("temp_files", "info", "No temporary file has been written since the statistics were reset: work_mem (4 MB)")
        with self.cluster.connect() as other, other.cursor() as cursor:
            cursor.execute("SET work_mem = '64kB'; SELECT count(*) FROM (SELECT g FROM generate_series(1, 200000) g ORDER BY -g) x")
        other.close()
        wait_for(lambda: self.sql("SELECT temp_files FROM pg_stat_database WHERE datname = 'ops_dev'"), "they are counted")
        rows = self.expect("temp_files", "info", "have been written since the statistics were reset, most in database ops_dev")
        self.assertEqual((rows[0]["temp_files"], rows[0]["temp_bytes"]),
                         self.cluster.rows("SELECT temp_files, temp_bytes FROM pg_stat_database WHERE datname = 'ops_dev'")[0])

    # --- the rest -----------------------------------------------------------------------------------
    def test_extensions_superusers_server(self):
        rows = self.expect("extensions", "info", "all in the version that the server has")
        self.assertIn("pg_ops", [row["extension"] for row in rows])
        self.sql("CREATE EXTENSION hstore VERSION '1.4'")
        rows = self.expect("extensions", "attention", "hstore 1.4 has an update: ALTER EXTENSION hstore UPDATE brings 1.8")
        self.sql("ALTER EXTENSION hstore UPDATE")
        self.expect("extensions", "info", "all in the version that the server has")
        self.expect("superusers", "info", "One role that may log in is a superuser: postgres")
        self.sql("CREATE ROLE second_root SUPERUSER LOGIN")
        rows = self.expect("superusers", "attention", "2 roles that may log in are superusers")
        self.assertEqual({row["role_name"] for row in rows}, {"postgres", "second_root"})
        self.sql("DROP ROLE second_root")
        self.assertIn("PostgreSQL " + self.sql("SHOW server_version"), self.tool("server_info")[0])
        self.expect("vacuum_progress", "info", "No vacuum is running; all 3 autovacuum workers are free.")
        sizes = dict(self.cluster.rows("SELECT datname, pg_database_size(oid) FROM pg_database"))
        found = {row["database"]: row["bytes"] for row in self.tool("database_sizes")[2]}
        self.assertEqual((set(found), found["template0"]), (set(sizes), sizes["template0"]))


if __name__ == "__main__":
    unittest.main()
