"""The health tools on faults made on purpose, and on the same server without them: sessions, transactions, indexes,
tables. Figures are compared with what the server's own functions say."""
import os
import sys
import threading
import unittest

import psycopg2
import psycopg2.extras

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster, wait_for  # noqa: E402
from hostile_harness import check_envelope  # noqa: E402

QUIET = {"autovacuum": "off", "max_prepared_transactions": "5", "deadlock_timeout": "50ms", "max_connections": "60",
         "autovacuum_freeze_max_age": "100000", "synchronous_commit": "off"}


class HealthFaults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("health_faults", settings=QUIET).start()
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
        """(summary, severity, rows) of one tool."""
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT ops.call_tool(%s, %s)", (name, psycopg2.extras.Json(args)))
            answer = cursor.fetchone()[0]
        check_envelope(answer)
        self.assertEqual(answer["status"], "success", answer)
        self.assertLess(answer["duration_ms"], 10_000)
        blocks = answer["answer"]["blocks"]
        return answer["answer"]["summary"], answer["answer"]["severity"], blocks[0]["rows"] if blocks else []

    def expect(self, name, severity, text, **args):
        summary, found, rows = self.tool(name, **args)
        self.assertIn(text, summary)
        self.assertEqual(found, severity, summary)
        return rows

    def session(self, *statements):
        connection = self.cluster.connect(autocommit=False)
        self.addCleanup(connection.close)
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        return connection, connection.info.backend_pid

    def background(self, connection, statement):
        """Runs the statement in a thread; its error, if any, is in the list that is returned."""
        errors = []

        def run():
            try:
                with connection.cursor() as cursor:
                    cursor.execute(statement)
            except psycopg2.Error as error:
                errors.append(error)
        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(lambda: thread.is_alive() and connection.cancel())
        return thread, errors

    def waits(self, pid):
        wait_for(lambda: self.cluster.value("SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s", (pid,)) == "Lock", "it waits")

    # --- locks --------------------------------------------------------------------------------------
    def test_lock_tree_and_prepared_transactions(self):
        self.sql("CREATE TABLE public.tree (id int PRIMARY KEY)", "INSERT INTO public.tree VALUES (1), (2)")
        self.expect("blocking_tree", "info", "There is no lock tree")
        self.expect("prepared_transactions", "info", "There is no prepared transaction.")
        root, root_pid = self.session("UPDATE public.tree SET id = id WHERE id = 1")
        middle, middle_pid = self.session("UPDATE public.tree SET id = id WHERE id = 2")
        leaf, leaf_pid = self.session("SELECT 1")
        first, _ = self.background(middle, "UPDATE public.tree SET id = id WHERE id = 1")
        self.waits(middle_pid)
        second, _ = self.background(leaf, "UPDATE public.tree SET id = id WHERE id = 2")
        self.waits(leaf_pid)
        rows = self.expect("blocking_tree", "attention", f"Session {root_pid} (idle in transaction) is the root: 2 queued behind it")
        self.assertEqual([row["tree"] for row in rows], [str(root_pid), f"  {middle_pid}", f"    {leaf_pid}"])
        self.assertEqual([row["behind"] for row in rows], [2, None, None])
        with root.cursor() as cursor:
            cursor.execute("PREPARE TRANSACTION 'forgotten'")
        rows = self.expect("blocking_sessions", "critical", f"session {middle_pid} has waited")
        self.assertEqual({(row["blocked_pid"], row["blocker_pid"]) for row in rows}, {(middle_pid, 0), (leaf_pid, middle_pid)})
        self.expect("blocking_tree", "critical", "2 sessions are queued behind a prepared transaction")
        rows = self.expect("prepared_transactions", "info", "One transaction is prepared: forgotten in database ops_dev")
        age = self.sql("SELECT age(transaction) FROM pg_prepared_xacts")  # writing traces takes ids as well
        self.assertTrue(age - 50 < rows[0]["xid_age"] <= age, (rows, age))
        self.sql("ROLLBACK PREPARED 'forgotten'")
        first.join()
        middle.rollback()
        second.join()
        leaf.rollback()
        self.expect("blocking_sessions", "info", "No session is blocked.")

    def test_deadlock(self):
        self.sql("CREATE TABLE public.circle (id int PRIMARY KEY)", "INSERT INTO public.circle VALUES (1), (2)")
        self.expect("deadlocks", "info", "No deadlock has been counted")
        one, one_pid = self.session("UPDATE public.circle SET id = id WHERE id = 1")
        two, _ = self.session("UPDATE public.circle SET id = id WHERE id = 2")
        thread, errors = self.background(one, "UPDATE public.circle SET id = id WHERE id = 2")
        self.waits(one_pid)
        thread_two, errors_two = self.background(two, "UPDATE public.circle SET id = id WHERE id = 1")
        wait_for(lambda: not thread.is_alive() or not thread_two.is_alive(), "one of them is ended")
        one.rollback() if errors else two.rollback()
        thread.join(), thread_two.join()
        self.assertEqual([error.pgcode for error in errors + errors_two], ["40P01"])
        one.close(), two.close()
        wait_for(lambda: self.sql("SELECT deadlocks FROM pg_stat_database WHERE datname = 'ops_dev'") == 1, "it is counted")
        rows = self.expect("deadlocks", "attention", "One deadlock has been counted since the statistics were reset, in database ops_dev.")
        self.assertEqual((rows[0]["database"], rows[0]["deadlocks"]), ("ops_dev", 1))

    def test_a_waiting_exclusive_lock_stops_no_size(self):
        self.sql("CREATE TABLE public.wanted (id int)", "CREATE INDEX wanted_id ON public.wanted (id)")
        reader, _ = self.session("SELECT * FROM public.wanted")
        writer, writer_pid = self.session("SELECT 1")
        thread, _ = self.background(writer, "ALTER TABLE public.wanted ADD COLUMN more int")
        self.waits(writer_pid)
        for name in ("database_size", "largest_indexes", "unused_indexes", "duplicate_indexes", "table_bloat", "index_bloat"):
            self.tool(name)
        self.assertIn("1 locked tables could not be measured", self.tool("database_size")[0])
        reader.rollback()
        thread.join()
        writer.rollback()

    # --- sessions -----------------------------------------------------------------------------------
    def test_sessions_and_slots(self):
        rows = self.expect("connection_usage", "info", "which is well (below 80 %)")
        self.assertEqual((rows[0]["max_connections"], rows[0]["usable"]), (60, 57))
        many = [self.cluster.connect() for _ in range(48)]
        rows = self.expect("connection_usage", "attention", "of 57 connection slots are taken")
        used = self.sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
        self.assertEqual((rows[0]["used"], rows[0]["free"]), (used, 57 - used))
        rows = self.expect("session_activity", "info", f"{used} client sessions (this one included): 1 active, ")
        self.assertEqual(sum(row["sessions"] for row in rows), used)
        many += [self.cluster.connect() for _ in range(55 - used)]
        self.expect("connection_usage", "critical", "55 of 57 connection slots are taken (96.5 %; critical from 95 %)")
        for connection in many:
            connection.close()

    def test_idle_and_running(self):
        self.expect("idle_transactions", "info", "No session is idle in transaction.")
        self.expect("running_queries", "info", "No other session is executing a statement.")
        idle, pid = self.session("SELECT 1")
        rows = self.expect("idle_transactions", "info", f"One session is idle in transaction: {pid} ")
        self.assertEqual(rows[0]["locks_held"], self.sql(f"SELECT count(*) FROM pg_locks WHERE pid = {pid} AND locktype <> 'virtualxid'"))
        self.expect("idle_transactions", "info", "No session has been idle in transaction for 10 min or longer.", min_seconds=600)
        idle.rollback()
        sleeper, pid = self.session("SELECT 1")
        thread, _ = self.background(sleeper, "SELECT pg_sleep(30)")
        wait_for(lambda: self.sql(f"SELECT wait_event FROM pg_stat_activity WHERE pid = {pid}") == "PgSleep", "it runs")
        rows = self.expect("running_queries", "info", f"One statement is running: session {pid}")
        self.assertEqual((rows[0]["waits_for"], rows[0]["query"]), ("Timeout: PgSleep", "SELECT pg_sleep(30)"))
        self.sql(f"SELECT pg_cancel_backend({pid})")
        thread.join()

    # --- indexes ------------------------------------------------------------------------------------
    def test_indexes(self):
        for name in ("unused_indexes", "duplicate_indexes", "invalid_indexes", "foreign_keys_without_index"):
            self.assertEqual(self.tool(name)[1], "info")
        self.sql("CREATE SCHEMA ix", "CREATE TABLE ix.parent (id int PRIMARY KEY, code text)",
                 "CREATE TABLE ix.child (id int PRIMARY KEY, parent_id int REFERENCES ix.parent, other int REFERENCES ix.parent, note text)",
                 "INSERT INTO ix.parent SELECT g, g % 10 FROM generate_series(1, 100) g",
                 "INSERT INTO ix.child SELECT g, 1 + g % 100, NULL, repeat('x', 100) || g FROM generate_series(1, 5000) g",
                 "CREATE INDEX child_note ON ix.child (note)", "CREATE INDEX child_other ON ix.child (other)",
                 "CREATE INDEX child_other_again ON ix.child (other)", "CREATE INDEX child_other_note ON ix.child (other, note)",
                 "CREATE INDEX child_other_down ON ix.child (other DESC)", "CREATE INDEX child_partial ON ix.child (other) WHERE other > 5",
                 "CREATE INDEX child_id_again ON ix.child (id)", "ANALYZE ix.parent, ix.child")
        rows = self.expect("duplicate_indexes", "attention", "2 indexes do the same as another one")
        self.assertEqual({(row["index_name"], row["covered_by"], row["overlap"]) for row in rows}, {
            ("ix.child_other_again", "ix.child_other", "the same"), ("ix.child_id_again", "ix.child_pkey", "the same"),
            ("ix.child_other", "ix.child_other_note", "its first columns")})
        rows = self.expect("foreign_keys_without_index", "attention", "child_parent_id_fkey on ix.child (parent_id) has no index")
        self.assertEqual([(row["columns"], row["referenced_table"], row["estimated_rows"]) for row in rows], [("parent_id", "ix.parent", 5000)])
        rows = self.expect("unused_indexes", "info", "indexes have not been scanned")
        names = {row["index_name"] for row in rows}
        self.assertIn("ix.child_note", names)
        self.assertFalse({"ix.child_pkey", "ix.parent_pkey"} & names)
        self.assertEqual({row["index_name"]: row["bytes"] for row in rows}["ix.child_note"], self.sql("SELECT pg_relation_size('ix.child_note')"))
        with self.cluster.connect() as other, other.cursor() as cursor:  # a session that ends hands over what it counted
            cursor.execute("SET enable_seqscan = off; SELECT * FROM ix.child WHERE note = 'y'")
        other.close()
        wait_for(lambda: self.sql("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'child_note'") == 1, "the scan is counted")
        self.assertNotIn("ix.child_note", {row["index_name"] for row in self.tool("unused_indexes")[2]})
        self.assertEqual(self.tool("index_usage")[2][0]["scans"], self.sql("SELECT max(idx_scan) FROM pg_stat_user_indexes"))
        with self.assertRaises(psycopg2.errors.UniqueViolation):
            self.sql("CREATE UNIQUE INDEX CONCURRENTLY parent_code ON ix.parent (code)")
        rows = self.expect("invalid_indexes", "attention", "Index ix.parent_code on ix.parent is invalid")
        self.assertEqual((rows[0]["index_name"], rows[0]["is_unique"]), ("ix.parent_code", True))
        rows = self.tool("largest_indexes", limit=1)[2]
        self.assertEqual((rows[0]["bytes"], len(rows)),
                         (self.sql("SELECT max(pg_relation_size(indexrelid)) FROM pg_stat_user_indexes"), 1))
        self.sql("DROP SCHEMA ix CASCADE")
        self.expect("invalid_indexes", "info", "Every index is valid.")

    # --- tables -------------------------------------------------------------------------------------
    def test_bloat_and_statistics(self):
        self.sql("CREATE TABLE public.swollen (id int PRIMARY KEY, note text)",
                 "INSERT INTO public.swollen SELECT g, repeat('x', 200) FROM generate_series(1, 100000) g")
        wait_for(lambda: self.sql("SELECT n_live_tup FROM pg_stat_user_tables WHERE relname = 'swollen'") == 100_000, "rows are counted")
        rows = self.expect("table_statistics", "attention", "were never analyzed")
        self.assertIn("public.swollen", [row["table_name"] for row in rows if row["last_analyzed"] is None])
        self.sql("VACUUM ANALYZE public.swollen")
        found = {row["table_name"]: row for row in self.tool("table_bloat", limit=100)[2]}["public.swollen"]
        self.assertEqual(found["table_bytes"], self.sql("SELECT pg_relation_size('public.swollen')"))
        self.assertLess(abs(found["needed_bytes"] - found["table_bytes"]), 0.02 * found["table_bytes"])
        index = {row["index_name"]: row for row in self.tool("index_bloat", limit=100)[2]}["public.swollen_pkey"]
        self.assertEqual(index["index_bytes"], self.sql("SELECT pg_relation_size('public.swollen_pkey')"))
        self.assertLess(abs(index["needed_bytes"] - index["index_bytes"]), 0.05 * index["index_bytes"])
        # Sessions of their own: what one counted arrives when it ends, and must not arrive after the vacuum.
        self.cluster.psql("DELETE FROM public.swollen WHERE id % 10 <> 0 AND id < 99990")
        self.cluster.psql("VACUUM ANALYZE public.swollen")
        self.expect("table_bloat", "attention", "By estimate one table is bloated (from 10 MB and 40 % of its pages on): public.swollen, with ")
        found = self.tool("table_bloat", limit=1)[2][0]
        self.assertLess(abs(float(found["bloat_percent"]) - 90), 2)
        for _ in range(100):
            self.sql("SELECT count(note) FROM public.swollen")
        self.cluster.psql("INSERT INTO public.swollen SELECT -g, 'x' FROM generate_series(1, 20000) g")
        self.connection.close()
        type(self).connection = self.cluster.connect()
        wait_for(lambda: self.sql("SELECT seq_scan >= 100 AND n_mod_since_analyze >= 20000 FROM pg_stat_user_tables WHERE relname = 'swollen'"),
                 "the scans are counted")
        rows = self.expect("table_statistics", "attention", "changed by over half since they were analyzed, most of all public.swollen")
        self.assertEqual(rows[0]["changed_rows"], self.sql("SELECT n_mod_since_analyze FROM pg_stat_user_tables WHERE relname = 'swollen'"))
        rows = self.tool("sequential_scans")[2]
        self.assertEqual((rows[0]["table_name"], rows[0]["sequential_scans"]),
                         ("public.swollen", self.sql("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'swollen'")))
        self.assertEqual(self.tool("table_activity")[2][0]["table_name"], "public.swollen")
        self.sql("DROP TABLE public.swollen")

    def test_wraparound(self):
        self.expect("wraparound", "info", "Wraparound is far")
        self.expect("table_freeze_age", "info", "No table is beyond autovacuum_freeze_max_age (100000)")
        self.sql("CREATE TABLE public.burnt (id int)")
        # Each block that ends in an exception handler and writes takes a transaction id.
        self.sql("DO $$ BEGIN FOR i IN 1..125000 LOOP BEGIN INSERT INTO public.burnt VALUES (i); EXCEPTION WHEN division_by_zero THEN NULL; END;"
                 " END LOOP; END $$")
        rows = self.expect("wraparound", "attention", "over a fifth beyond autovacuum_freeze_max_age (100000; multixacts: ")
        ages = dict(self.cluster.rows("SELECT datname, age(datfrozenxid) FROM pg_database"))
        for row in rows:  # this test's own statements may have taken some ids since
            self.assertLess(abs(row["xid_age"] - ages[row["database"]]), 100)
        self.expect("table_freeze_age", "attention", "tables are beyond autovacuum_freeze_max_age (100000)")
        self.sql("DROP TABLE public.burnt")


if __name__ == "__main__":
    unittest.main()
