"""The five health tools, asked in plain words, each on a situation made on purpose: healthy and sick."""
import json
import os
import re
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster, wait_for  # noqa: E402
from hostile_harness import check_envelope  # noqa: E402

QUIET = {"autovacuum": "off", "checkpoint_timeout": "1h", "bgwriter_lru_maxpages": "0"}


class HealthTools(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("health_tools", settings=QUIET).start()
        cls.cluster.psql("CREATE TABLE public.account (id int PRIMARY KEY, balance int, note text) WITH (autovacuum_enabled = on);"
                         " INSERT INTO public.account SELECT g, 0, repeat('x', 500) FROM generate_series(1, 20000) AS g; ANALYZE")
        cls.connection = cls.cluster.connect()
        with cls.connection.cursor() as cursor:
            cursor.execute("SELECT ops.ask('what is the cache hit ratio?')")  # executor and writer run

    @classmethod
    def tearDownClass(cls):
        cls.connection.close()
        cls.cluster.stop()

    def ask(self, question, tool, status="success"):
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT ops.ask(%s)", (question,))
            answer = cursor.fetchone()[0]
            cursor.execute("SELECT array_agg(line) FROM ops.to_text(%s) AS line", (json.dumps(answer),))
            text = cursor.fetchone()[0]
        check_envelope(answer)
        self.assertEqual((answer["status"], [call["tool"] for call in answer["tool_calls"]]), (status, [tool]), answer)
        self.assertIn(answer["answer"]["summary"].split("\n")[0], text[0])
        return answer["answer"]["summary"], answer["answer"]["severity"], answer

    def backend(self, *statements):
        connection = self.cluster.connect(autocommit=False)
        self.addCleanup(connection.close)
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        return connection, connection.info.backend_pid

    def waiting(self, statement):
        """A session that waits for a lock with `statement`; returns it once the server says so."""
        connection = self.cluster.connect(autocommit=False)
        pid = connection.info.backend_pid

        def run():
            with connection.cursor() as cursor:
                cursor.execute(statement)
            connection.rollback()
        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(connection.close)
        self.addCleanup(thread.join)
        wait_for(lambda: self.cluster.value("SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s", (pid,)) == "Lock",
                 "the session waits")
        return pid

    # --- locks --------------------------------------------------------------------------------------
    def test_nobody_blocks_anybody(self):
        self.assertEqual(self.ask("which sessions are blocked?", "blocking_sessions")[:2], ("No session is blocked.", "info"))

    def test_a_lock_wait_names_both_sessions(self):
        holder, blocker = self.backend("UPDATE public.account SET balance = 1 WHERE id = 1")
        self.addCleanup(holder.rollback)
        blocked = self.waiting("UPDATE public.account SET balance = 2 WHERE id = 1")
        for question in ("who blocks whom?", "what is blocking queries?"):
            summary, severity, answer = self.ask(question, "blocking_sessions")
            found = re.fullmatch(r"Session (\d+) has waited [\d.]+ (?:s|ms) for a lock that session (\d+) "
                                 r"\(idle in transaction\) holds\.", summary)
            self.assertIsNotNone(found, summary)
            self.assertEqual((int(found[1]), int(found[2]), severity), (blocked, blocker, "attention"))
            self.assertEqual({fact["value"] for fact in answer["answer"]["facts"]} >= {blocked, blocker}, True)
        second = self.waiting("UPDATE public.account SET balance = 3 WHERE id = 1")
        summary, severity, answer = self.ask("which sessions are waiting for locks?", "blocking_sessions")
        rows = answer["answer"]["blocks"][0]["rows"]
        self.assertTrue(summary.startswith(f"{len(rows)} lock waits; the longest is session {blocked}"), summary)
        self.assertEqual({row["blocked_pid"] for row in rows}, {blocked, second})
        holder.rollback()

    # --- transactions -------------------------------------------------------------------------------
    def test_transactions(self):
        self.assertEqual(self.ask("are there long transactions?", "long_transactions")[:2],
                         ("No transaction has been open for 1 min or longer.", "info"))
        self.assertEqual(self.ask("which transactions have been open longer than 5 minutes?", "long_transactions")[0],
                         "No transaction has been open for 5 min or longer.")
        idle, pid = self.backend("SELECT 1")
        wait_for(lambda: self.cluster.value("SELECT clock_timestamp() - xact_start > interval '1.1 s' FROM pg_stat_activity"
                                            " WHERE pid = %s", (pid,)), "the transaction is a second old")
        summary, severity, answer = self.ask("which transactions have been open longer than 1 second?", "long_transactions")
        self.assertRegex(summary, rf"^One transaction has been open for 1(\.0)? s or longer: session {pid} "
                                  r"\(idle in transaction\), open for [\d.]+ s\.$")
        self.assertEqual(severity, "attention")
        row = answer["answer"]["blocks"][0]["rows"][0]
        self.assertEqual((row["pid"], row["state"], row["idle_in_transaction"]), (pid, "idle in transaction", 1))
        other, second = self.backend("SELECT 2")
        wait_for(lambda: self.cluster.value("SELECT clock_timestamp() - xact_start > interval '1.1 s' FROM pg_stat_activity"
                                            " WHERE pid = %s", (second,)), "and another")
        summary, _, _ = self.ask("which transactions have been open longer than 1 second?", "long_transactions")
        self.assertRegex(summary, rf"^2 transactions have been open for 1(\.0)? s or longer, 2 of them idle in transaction; the "
                                  rf"oldest is session {pid} ")
        idle.rollback()
        other.rollback()

    # --- sizes --------------------------------------------------------------------------------------
    def sizes(self):
        return self.cluster.rows("SELECT pg_database_size(current_database()), pg_total_relation_size('public.account'),"
                                 " pg_table_size('public.account'), pg_indexes_size('public.account')")[0]

    def test_sizes_are_the_servers(self):
        def same_before_and_after():
            # The trace of the request before may still be written: only figures of a quiet moment are compared.
            before = self.sizes()
            summary, _, answer = self.ask("how big is the database?", "database_size")
            return (before, summary, answer) if before == self.sizes() else None
        sizes, summary, answer = wait_for(same_before_and_after, "a moment without writes")
        row = answer["answer"]["blocks"][0]["rows"][0]
        self.assertEqual((row["database_bytes"], row["total_bytes"], row["table_bytes"], row["index_bytes"]), sizes)
        self.assertEqual(row["table_name"], "public.account")
        pretty = [f"{size / 1048576:.1f}".removesuffix(".0") + " MB" for size in sizes[:2]]
        said = f"Database ops_dev takes {pretty[0]}; its largest table is public.account with {pretty[1]}, indexes included."
        self.assertEqual(summary.removesuffix(" Assumed by default: limit = 10."), said)

    def test_a_locked_table_does_not_stop_the_size_tool(self):
        holder, _ = self.backend("LOCK TABLE public.account IN ACCESS EXCLUSIVE MODE")
        for question, limit in (("which tables are the largest?", 10), ("list the 3 largest tables", 3)):
            _, _, answer = self.ask(question, "database_size")
            self.assertLess(answer["duration_ms"], 5_000)
            self.assertEqual(answer["references"][0]["args"]["limit"], limit)
            names = [row["table_name"] for row in answer["answer"]["blocks"][0]["rows"]]
            self.assertLessEqual(len(names), limit)
            self.assertNotIn("public.account", names)
        holder.rollback()

    # --- cache --------------------------------------------------------------------------------------
    def test_cache_hit_ratio_is_the_servers(self):
        for question in ("what is the cache hit ratio?", "how good is the cache hit rate?"):
            summary, severity, answer = self.ask(question, "cache_hit_ratio")
            row = answer["answer"]["blocks"][0]["rows"][0]
            percent = self.cluster.value("SELECT round(100.0 * %s / nullif(%s + %s, 0), 2)",
                                         (row["blocks_hit"], row["blocks_hit"], row["blocks_read"]))
            self.assertEqual(float(percent), float(row["hit_percent"]))
            now = self.cluster.rows("SELECT blks_hit, blks_read FROM pg_stat_database WHERE datname = current_database()")[0]
            self.assertTrue(0 < row["blocks_hit"] <= now[0] and 0 < row["blocks_read"] <= now[1], (row, now))
            self.assertIn(f"of {row['blocks']} block reads in database ops_dev came from the cache", summary)
            wanted = "info" if row["blocks"] < 10_000 or row["hit_percent"] >= 95 else "attention"
            self.assertEqual(severity, wanted)

    # --- dead rows ----------------------------------------------------------------------------------
    def dead(self, table, rows):
        wait_for(lambda: self.cluster.value("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relid = %s::regclass", (table,))
                 == rows, "the statistics have arrived")

    def test_dead_rows(self):
        # Autovacuum is off for the whole server: critical, whatever there is.
        # A session each: what a session counted arrives when it ends.
        for statement in ("CREATE TABLE public.churn (id int) WITH (autovacuum_enabled = off)",
                          "INSERT INTO public.churn SELECT generate_series(1, 1000)", "ANALYZE public.churn",
                          "UPDATE public.churn SET id = id"):
            self.cluster.psql(statement)
        self.dead("public.churn", 1_000)
        summary, severity, _ = self.ask("is autovacuum working?", "dead_tuples")
        self.assertRegex(summary, r"^Autovacuum is off, and there are \d+ dead rows, most of them in public\.churn: 1000 "
                                  r"\(50(\.0)? % of its rows\)\. Switch autovacuum on\.( Assumed by default: limit = 10\.)?$")
        self.assertEqual(severity, "critical")
        # On for the server, off for that table: it is due, and nobody will do it.
        self.cluster.psql("ALTER SYSTEM SET autovacuum_naptime = '1h'")
        self.cluster.psql("ALTER SYSTEM SET autovacuum = on")
        self.cluster.psql("SELECT pg_reload_conf()")
        wait_for(lambda: self.cluster.value("SHOW autovacuum") == "on", "the setting is in force")
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT ops.stop_workers()")
        summary, severity, answer = self.ask("which tables have the most dead tuples?", "dead_tuples")
        row = answer["answer"]["blocks"][0]["rows"][0]
        self.assertEqual((row["table_name"], row["dead_rows"], row["autovacuum"]), ("public.churn", 1_000, "off for this table"))
        self.assertRegex(summary, r"^Autovacuum is off for public\.churn, which has 1000 dead rows \(50(\.0)? % of its rows; due at 250\)")
        self.assertEqual(severity, "attention")
        # Vacuumed: healthy.
        self.cluster.psql("VACUUM public.churn")
        self.dead("public.churn", 0)
        self.cluster.psql("VACUUM")
        summary, severity, _ = self.ask("does autovacuum keep up?", "dead_tuples")
        self.assertRegex(summary, r"^There are \d+ dead rows(, and no table has more than autovacuum allows|\.)")
        self.assertEqual(severity, "info")


if __name__ == "__main__":
    unittest.main()
