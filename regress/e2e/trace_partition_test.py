"""What an administrator hangs onto a partition of the traces still does its work: the writer skips nothing."""
import json
import os
import sys
import unittest
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from asking import Asking  # noqa: E402
from cluster import Cluster, wait_for  # noqa: E402


class TracePartitions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("trace_partitions").start()
        cls.addClassCleanup(cls.cluster.stop)
        cls.asking = Asking(cls.cluster).install()

    def setUp(self):
        self.admin = self.cluster.connect()
        self.addCleanup(self.admin.close)
        self.caller = self.asking.connect()
        self.addCleanup(self.caller.close)
        self.ask()  # the partition is there, and the writer knows it
        suffix = self.one("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD')")
        self.traces, self.calls = f"ops.trace_p{suffix}", f"ops.tool_call_p{suffix}"

    def run_sql(self, statement, *parameters):
        with self.admin.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else None

    def one(self, statement, *parameters):
        return self.run_sql(statement, *parameters)[0][0]

    def ask(self, tag="x", durable=True):
        """One request with one tool call; returns its trace id. Its actor is a new name."""
        self.actor = str(uuid.uuid4())
        with self.caller.cursor() as cursor:
            cursor.execute("SELECT ops.run_plan(%s, %s)", (
                json.dumps({"calls": [{"id": "a", "tool": "echo", "args": {"tag": tag}}]}),
                json.dumps({"actor": self.actor})))
            answer = cursor.fetchone()[0]
        self.assertEqual(answer["status"], "success", answer["error"])
        self.assertEqual(answer["trace_durable"], durable)
        return answer["trace_id"]

    def stored(self, trace_id):
        """Rows of the trace and of its calls."""
        return (self.one("SELECT count(*) FROM ops.traces WHERE trace_id = %s", trace_id),
                self.one("SELECT count(*) FROM ops.tool_calls WHERE trace_id = %s", trace_id))

    def test_a_trigger_changes_and_sees_every_row(self):
        self.run_sql("CREATE TABLE public.seen (trace_id uuid, tool text)")
        self.run_sql("GRANT INSERT ON public.seen TO ops_writer")
        self.run_sql("CREATE FUNCTION public.mark() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
                     " NEW.intent := 'marked'; RETURN NEW; END$$")
        self.run_sql("CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
                     " INSERT INTO public.seen VALUES (NEW.trace_id, NEW.tool); RETURN NULL; END$$")
        self.run_sql(f"CREATE TRIGGER mark BEFORE INSERT ON {self.traces} FOR EACH ROW EXECUTE FUNCTION public.mark()")
        self.run_sql(f"CREATE TRIGGER see AFTER INSERT ON {self.calls} FOR EACH ROW EXECUTE FUNCTION public.see()")
        try:
            marked = self.ask()
            self.assertEqual(self.one("SELECT intent FROM ops.traces WHERE trace_id = %s", marked), "marked")
            self.assertEqual(self.run_sql("SELECT tool FROM public.seen WHERE trace_id = %s", marked), [("echo",)])
        finally:
            self.run_sql(f"DROP TRIGGER mark ON {self.traces}")
            self.run_sql(f"DROP TRIGGER see ON {self.calls}")
            self.run_sql("DROP FUNCTION public.mark(), public.see()")
        plain = self.ask()
        self.assertIsNone(self.one("SELECT intent FROM ops.traces WHERE trace_id = %s", plain))
        self.assertEqual(self.one("SELECT count(*) FROM public.seen"), 1)
        self.run_sql("DROP TABLE public.seen")

    def test_a_constraint_refuses_the_row_it_is_about(self):
        self.run_sql(f"ALTER TABLE {self.calls} ADD CONSTRAINT no_secret"
                     " CHECK (doc #>> '{args,tag}' IS DISTINCT FROM 'secret')")
        try:
            refused = self.ask("secret", durable=False)
            kept = self.ask("open")
            self.assertEqual(self.stored(refused), (0, 0))
            self.assertEqual(self.stored(kept), (1, 1))
        finally:
            self.run_sql(f"ALTER TABLE {self.calls} DROP CONSTRAINT no_secret")
        self.assertEqual(self.stored(self.ask("secret")), (1, 1))

    def test_a_constraint_follows_the_function_it_calls(self):
        self.run_sql("CREATE FUNCTION public.allowed(tag text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true'")
        self.run_sql(f"ALTER TABLE {self.calls} ADD CONSTRAINT by_function CHECK (public.allowed(doc #>> '{{args,tag}}'))")
        try:
            self.ask("red")
            self.run_sql("CREATE OR REPLACE FUNCTION public.allowed(tag text) RETURNS boolean IMMUTABLE LANGUAGE sql"
                         " AS $$SELECT tag <> 'red'$$")
            self.ask("red", durable=False)
            self.ask("blue")
        finally:
            self.run_sql(f"ALTER TABLE {self.calls} DROP CONSTRAINT by_function")
            self.run_sql("DROP FUNCTION public.allowed(text)")

    def test_every_kind_of_index_is_maintained(self):
        self.run_sql(f"CREATE INDEX own_btree ON {self.traces} (status, started_at)")
        self.run_sql(f"CREATE INDEX own_expression ON {self.traces} (lower(actor_label))")
        self.run_sql(f"CREATE INDEX own_partial ON {self.traces} (actor_label) WHERE status = 'success'")
        self.run_sql(f"CREATE INDEX own_brin ON {self.traces} USING brin (started_at)")
        self.run_sql(f"CREATE INDEX own_gin ON {self.traces} USING gin (doc jsonb_path_ops)")
        self.run_sql(f"CREATE INDEX own_hash ON {self.traces} USING hash (actor_label)")
        try:
            asked = [self.ask() for _ in range(3)]
            # The pages hold no row that an index leads to in vain, and each row is found through each index.
            self.run_sql("CREATE EXTENSION IF NOT EXISTS amcheck")
            self.run_sql("SELECT bt_index_check(i.indexrelid, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
                         " JOIN pg_am a ON a.oid = c.relam AND a.amname = 'btree' WHERE i.indrelid IN (%s::regclass,"
                         " %s::regclass)", self.traces, self.calls)
            self.run_sql("SET enable_seqscan = off")
            for index, condition in {
                "own_btree": f"status = 'success' AND started_at > now() - interval '1 hour' AND actor_label = '{self.actor}'",
                "own_expression": f"lower(actor_label) = '{self.actor}'",
                "own_partial": f"actor_label = '{self.actor}' AND status = 'success'",
                "own_brin": f"started_at > now() - interval '1 hour' AND actor_label = '{self.actor}'",
                "own_gin": "doc @> '{\"actor\": {\"label\": \"%s\"}}'" % self.actor,
                "own_hash": f"actor_label = '{self.actor}'"}.items():
                self.run_sql("UPDATE pg_index SET indisvalid = (indexrelid = %s::regclass) WHERE indrelid = %s::regclass",
                             "ops." + index, self.traces)
                statement = f"SELECT trace_id::text FROM {self.traces} WHERE {condition}"
                used = " ".join(row[0] for row in self.run_sql("EXPLAIN " + statement))
                self.assertIn(index, used)
                self.assertEqual(self.run_sql(statement), [(asked[-1],)], index)
        finally:
            self.run_sql("UPDATE pg_index SET indisvalid = true WHERE indrelid = %s::regclass", self.traces)
            for index in ("btree", "expression", "partial", "brin", "gin", "hash"):
                self.run_sql(f"DROP INDEX ops.own_{index}")
            self.run_sql("RESET enable_seqscan")

    def test_unique_and_deferred_keys_hold(self):
        self.run_sql(f"CREATE UNIQUE INDEX own_unique ON {self.traces} ((doc -> 'options' ->> 'actor'))")
        self.run_sql(f"ALTER TABLE {self.calls} ADD CONSTRAINT own_deferred UNIQUE (tool_call_id) DEFERRABLE INITIALLY DEFERRED")
        self.run_sql(f"ALTER TABLE {self.calls} ADD CONSTRAINT own_exclusion EXCLUDE USING btree (tool_call_id WITH =)")
        try:
            self.assertEqual(self.stored(self.ask()), (1, 1))
            taken = self.actor
            with self.caller.cursor() as cursor:
                cursor.execute("SELECT ops.run_plan(%s, %s) ->> 'trace_durable'", (
                    '{"calls": [{"id": "a", "tool": "echo", "args": {"tag": "x"}}]}', json.dumps({"actor": taken})))
                self.assertEqual(cursor.fetchone()[0], "false")
            self.assertEqual(self.stored(self.ask()), (1, 1))
        finally:
            self.run_sql("DROP INDEX ops.own_unique")
            self.run_sql(f"ALTER TABLE {self.calls} DROP CONSTRAINT own_deferred, DROP CONSTRAINT own_exclusion")

    def test_row_level_security_and_rights_are_asked(self):
        self.run_sql(f"CREATE POLICY own ON {self.traces} AS RESTRICTIVE FOR INSERT TO ops_writer"
                     " WITH CHECK (actor_label IS NULL)")
        try:
            self.ask(durable=False)
        finally:
            self.run_sql(f"DROP POLICY own ON {self.traces}")
        self.ask()
        self.run_sql(f"DROP POLICY write ON {self.traces}")
        try:
            self.ask(durable=False)
        finally:
            self.run_sql(f"CREATE POLICY write ON {self.traces} FOR INSERT TO ops_writer WITH CHECK (true)")
        self.ask()
        self.run_sql(f"REVOKE INSERT ON {self.calls} FROM ops_writer")
        try:
            self.ask(durable=False)
        finally:
            self.run_sql(f"GRANT INSERT ON {self.calls} TO ops_writer")
        self.assertEqual(self.stored(self.ask()), (1, 1))

    def test_a_column_of_somebody_elses_is_filled_by_its_default(self):
        self.run_sql("ALTER TABLE ops.trace_store ADD COLUMN note text NOT NULL DEFAULT 'by default'")
        try:
            asked = self.ask()
            self.assertEqual(self.one(f"SELECT note FROM {self.traces} WHERE trace_id = %s", asked), "by default")
        finally:
            self.run_sql("ALTER TABLE ops.trace_store DROP COLUMN note")
        self.assertEqual(self.stored(self.ask()), (1, 1))

    def test_a_partition_that_was_dropped_is_made_again(self):
        self.run_sql(f"ALTER EXTENSION pg_ops DROP TABLE {self.calls}")
        self.run_sql(f"DROP TABLE {self.calls}")
        self.assertEqual(self.stored(self.ask()), (1, 1))

    def test_a_detached_partition_takes_no_trace_for_stored(self):
        self.run_sql(f"ALTER TABLE ops.trace_store DETACH PARTITION {self.traces}")
        lower = self.one("SELECT (lpad(to_hex(extract(epoch FROM date_trunc('day', now() AT TIME ZONE 'UTC'))::bigint * 1000),"
                         " 12, '0') || repeat('0', 20))::uuid::text")
        upper = self.one("SELECT (lpad(to_hex(extract(epoch FROM date_trunc('day', now() AT TIME ZONE 'UTC')"
                         " + interval '1 day')::bigint * 1000), 12, '0') || repeat('0', 20))::uuid::text")
        try:
            self.ask(durable=False)
        finally:
            self.run_sql(f"ALTER TABLE ops.trace_store ATTACH PARTITION {self.traces} FOR VALUES FROM ('{lower}') TO ('{upper}')")
        self.assertEqual(self.stored(self.ask()), (1, 1))

    def test_documents_of_any_size(self):
        """Inline and compressed and out of line in the table; in the ticket and in a segment of its own."""
        for size in (1, 1900, 2100, 4000, 9000, 12_000, 13_000, 60_000):
            tag = "".join(chr(97 + (i * 7919 + i // 26) % 26) for i in range(size))
            kept = self.one("SELECT ops.trace(%s::uuid)", self.ask(tag))
            self.assertEqual(kept["tool_calls"][0]["args"]["tag"], tag, f"{size} bytes")

    def test_many_calls_in_one_trace(self):
        calls = [{"id": f"c{i}", "tool": "echo", "args": {"tag": str(i).zfill(30_000)}} for i in range(32)]
        with self.caller.cursor() as cursor:
            cursor.execute("SELECT ops.run_plan(%s, '{\"timeout_ms\": 20000}')", (json.dumps({"calls": calls}),))
            answer = cursor.fetchone()[0]
        self.assertEqual(answer["status"], "success", answer["error"])
        rows = self.run_sql("SELECT position, call, (args ->> 'tag')::integer, length(args ->> 'tag') FROM ops.tool_calls WHERE trace_id = %s ORDER BY position",
                            answer["trace_id"])
        self.assertEqual(rows, [(i + 1, f"c{i}", i, 30_000) for i in range(32)])
        kept = self.one("SELECT ops.trace(%s::uuid)", answer["trace_id"])
        self.assertEqual([c["call"] for c in kept["tool_calls"]], [f"c{i}" for i in range(32)])
        stored = self.one(f"SELECT tools FROM {self.traces} WHERE trace_id = %s", answer["trace_id"])
        self.assertEqual(stored, ["echo"])

    def test_statistics_reach_autovacuum(self):
        self.ask()
        before = self.one("SELECT n_tup_ins FROM pg_stat_user_tables WHERE relid = %s::regclass", self.calls)
        for _ in range(5):
            self.ask()
        wait_for(lambda: self.one("SELECT n_tup_ins FROM pg_stat_user_tables WHERE relid = %s::regclass", self.calls)
                 >= before + 5, "inserted rows are counted")


if __name__ == "__main__":
    unittest.main()
