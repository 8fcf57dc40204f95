"""Generated SELECTs through ops.query: allowed, without a write, and with exactly the rows that a superuser gets from the same
statement over a copy that holds this tenant's rows lone. The same statements with one forbidden thing inside: refused.

PGOPS_FUZZ_SELECTS statements (default 800; long 50,000) from PGOPS_FUZZ_SEED (default 1); as many hostile ones.
"""
import concurrent.futures
import json
import os
import random
import sys
import unittest

import psycopg2.errors
import psycopg2.extras

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e")]
from cluster import Cluster  # noqa: E402
from selects import Select  # noqa: E402

COUNT = int(os.environ.get("PGOPS_FUZZ_SELECTS") or (50_000 if os.environ.get("PGOPS_LONG") else 800))
SEED = int(os.environ.get("PGOPS_FUZZ_SEED") or 1)
BATCH = 200

TABLES = """
CREATE TABLE {0}.orders (tenant_id text NOT NULL, id int, customer int, status text, total numeric, placed date);
CREATE TABLE {0}.customer (tenant_id text NOT NULL, id int, name text, city text, score int);
CREATE TABLE {0}.event (tenant_id text NOT NULL, id int, kind text, n int, active boolean) PARTITION BY LIST (kind);
CREATE TABLE {0}.event_a PARTITION OF {0}.event FOR VALUES IN ('add', 'amend');
CREATE TABLE {0}.event_b PARTITION OF {0}.event DEFAULT;
CREATE TABLE {0}.city (city text, country text);
"""
VIEW = """CREATE VIEW {0}.detail {1} AS SELECT o.tenant_id, o.id, o.status, c.name, o.total FROM {0}.orders AS o
  LEFT JOIN {0}.customer AS c ON c.tenant_id = o.tenant_id AND c.id = o.customer;"""
# The tenants' ids are the same and their values differ, so that a row too many or too few changes results.
ROWS = """
INSERT INTO gen.orders SELECT t, i, (i * 7 + s) % 12, (ARRAY['open', 'paid', 'void', NULL])[1 + (i + s) % 4],
  round((i * 13 + s * 31) % 97 + (i % 8) * 0.125, 3), date '2026-01-01' + (i * 3 + s) % 50
  FROM (VALUES ('acme', 1), ('globex', 2), ('initech', 3)) AS v(t, s), generate_series(1, 24) AS i;
INSERT INTO gen.customer SELECT t, i, (ARRAY['ann', 'bob', 'cho', 'dan'])[1 + (i * s) % 4] || i, (ARRAY['Busan', 'Seoul', 'Oslo'])[1 + (i + s) % 3],
  nullif((i * s * 5) % 9, 0) FROM (VALUES ('acme', 1), ('globex', 2), ('initech', 3)) AS v(t, s), generate_series(1, 12) AS i;
INSERT INTO gen.event SELECT t, i, (ARRAY['add', 'amend', 'close', 'drop'])[1 + (i + s) % 4], i * s % 11, (i + s) % 3 = 0
  FROM (VALUES ('acme', 1), ('globex', 2), ('initech', 3)) AS v(t, s), generate_series(1, 15) AS i;
INSERT INTO gen.city VALUES ('Busan', 'KR'), ('Seoul', 'KR'), ('Oslo', 'NO'), ('Rome', 'IT');
"""
FORBIDDEN = """
CREATE TABLE gen.secret (tenant_id text, n int);
INSERT INTO gen.secret VALUES ('globex', 1);
CREATE VIEW gen.leaky AS SELECT * FROM gen.orders;
CREATE MATERIALIZED VIEW gen.frozen AS SELECT * FROM gen.orders;
CREATE SEQUENCE gen.counter;
CREATE FUNCTION gen.mine(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION gen.many(int) RETURNS SETOF int LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION gen.both(int, int) RETURNS int LANGUAGE sql AS 'SELECT $1 + $2';
CREATE OPERATOR gen.|+| (LEFTARG = int, RIGHTARG = int, FUNCTION = gen.both);
CREATE AGGREGATE gen.total(int) (SFUNC = gen.both, STYPE = int, INITCOND = '0');
CREATE DOMAIN gen.checked AS text CHECK (gen.mine(length(VALUE)) > 0);
GRANT SELECT ON ALL TABLES IN SCHEMA gen TO ops_tool;
GRANT USAGE ON SCHEMA gen TO ops_tool;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA gen TO ops_tool;
"""
# One text or an error as {"error": ...}, each in a subtransaction of its own.
HELPERS = """
CREATE FUNCTION public.through_pg_ops(statement text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  RETURN ops.query(statement) -> 'rows';
EXCEPTION WHEN OTHERS THEN
  RETURN jsonb_build_object('error', SQLSTATE || ' ' || SQLERRM);
END $$;
CREATE FUNCTION public.by_superuser(statement text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE result jsonb;
BEGIN
  EXECUTE 'SELECT coalesce(jsonb_agg(to_jsonb(q)), ''[]'') FROM (' || statement || ') AS q' INTO result;
  RETURN result;
EXCEPTION WHEN OTHERS THEN
  RETURN jsonb_build_object('error', SQLSTATE || ' ' || SQLERRM);
END $$;
CREATE FUNCTION public.is_valid(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE 'EXPLAIN ' || statement;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
"""
WORLD = """
SELECT jsonb_build_object('orders', (SELECT md5(string_agg(o::text, ',' ORDER BY o::text)) FROM gen.orders AS o),
  'customer', (SELECT md5(string_agg(o::text, ',' ORDER BY o::text)) FROM gen.customer AS o),
  'event', (SELECT md5(string_agg(o::text, ',' ORDER BY o::text)) FROM gen.event AS o), 'secret', (SELECT count(*) FROM gen.secret),
  'counter', (SELECT last_value || ' ' || is_called FROM gen.counter), 'large objects', (SELECT count(*) FROM pg_largeobject_metadata),
  'advisory locks', (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'), 'relations', (SELECT count(*) FROM pg_class
     WHERE relnamespace::regnamespace::text IN ('gen', 'public', 'lone') OR relpersistence = 't'),
  'roles', (SELECT count(*) FROM pg_roles), 'settings', (SELECT count(*) FROM pg_db_role_setting))
"""


class Selects(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Nothing here is about crashes: waiting for the disk at each trace would be half of the time.
        cls.cluster = Cluster("selects", settings={"log_min_messages": "fatal", "log_min_error_statement": "fatal", "fsync": "off"}).start()
        cls.addClassCleanup(cls.cluster.stop)
        copy = "".join(f"INSERT INTO lone.{t} SELECT * FROM gen.{t} WHERE tenant_id = 'acme';" for t in ("orders", "customer", "event"))
        cls.cluster.psql(
            "CREATE SCHEMA gen; CREATE SCHEMA lone;" + TABLES.format("gen") + TABLES.format("lone") + ROWS + copy
            + "INSERT INTO lone.city SELECT * FROM gen.city;" + VIEW.format("gen", "WITH (security_invoker)") + VIEW.format("lone", "")
            + "".join(f"SELECT ops.protect_table('gen.{t}');" for t in ("orders", "customer", "event", "event_a", "event_b"))
            + FORBIDDEN + "SELECT ops.share_table('gen.city'); SELECT ops.create_tenant('acme'), ops.create_tenant('globex');"
            "CREATE ROLE asker LOGIN IN ROLE ops_operator; SELECT ops.grant_tenant('acme', 'asker', 'operator');" + HELPERS
            + "ANALYZE;")
        cls.asker = cls.cluster.connect(user="asker")
        cls.root = cls.cluster.connect()
        cls.copy = cls.cluster.connect(options="-c statement_timeout=4s")
        cls.addClassCleanup(cls.copy.close)
        for connection in (cls.asker, cls.copy):   # numbers keep their digits
            psycopg2.extras.register_default_jsonb(connection, loads=lambda text: json.loads(text, parse_float=str))
        cls.addClassCleanup(cls.asker.close)
        cls.addClassCleanup(cls.root.close)

    def column(self, connection, statement, texts):
        with connection.cursor() as cursor:
            cursor.execute(statement, (texts,))
            return [row[0] for row in cursor.fetchall()]

    def world(self):
        return self.column(self.root, WORLD + " WHERE %s IS NULL", None)[0]

    def batches(self):
        for begin in range(0, COUNT, BATCH):
            seeds = [SEED * 10_000_000 + number for number in range(begin, min(begin + BATCH, COUNT))]
            yield seeds, [Select(seed) for seed in seeds]

    def test_allowed_and_within_the_tenant(self):
        before = self.world()
        self.rows = self.unplanned = self.unfinished = self.dear = 0
        with concurrent.futures.ThreadPoolExecutor(1) as beside:   # pg_ops answers one batch while the server does the next
            running = None
            for seeds, made in self.batches():
                known = [(seed, text, due) for seed, text in zip(seeds, (select.text() for select in made)) for due in [self.due(text)] if due is not None]
                if running:
                    self.compare(*running)
                running = known, beside.submit(self.column, self.asker,
                                               "SELECT public.through_pg_ops(s) FROM unnest(%s) WITH ORDINALITY AS u(s, n) ORDER BY n", [text for _, text, _ in known])
            self.compare(*running)
        self.assertEqual(self.world(), before, "something was written")
        self.assertGreater(self.rows, COUNT)
        self.assertLess(self.unplanned, 1 + COUNT / 1000)
        self.assertLess(self.unfinished + self.dear, 2 + COUNT / 1000)
        print(f"# {COUNT} generated statements, {self.rows} rows, all as over the copy (seed {SEED}; {self.unplanned} without a plan, "
              f"{self.unfinished} without an end, {self.dear} too dear)", file=sys.stderr)

    def due(self, text):
        """What a superuser gets over the copy; None for a statement that multiplies its tables into billions of rows."""
        try:
            with self.copy.cursor() as cursor:
                cursor.execute("SELECT public.by_superuser(%s)", (text.replace("gen.", "lone."),))
                return cursor.fetchone()[0]
        except psycopg2.errors.QueryCanceled:
            self.unfinished += 1
            return None

    def compare(self, known, answers):
        for (seed, text, theirs), mine in zip(known, answers.result()):
            if isinstance(theirs, dict) and theirs["error"].startswith("XX000 failed to build any"):
                self.unplanned += 1   # PostgreSQL 15 finds no join order for some LATERAL joins, whoever asks
                continue
            if isinstance(mine, dict) and "above the policy's max_cost" in mine["error"]:
                self.dear += 1
                continue
            self.assertIsInstance(theirs, list, f"the generator made a wrong statement, seed {seed}: {theirs}\n{text}")
            self.assertIsInstance(mine, list, f"refused, seed {seed}: {mine}\n{text}")
            self.assertEqual(sorted(map(json.dumps, mine)), sorted(map(json.dumps, theirs)), f"other rows, seed {seed}:\n{text}")
            self.rows += len(mine)

    def test_hostile_variants_are_refused(self):
        before = self.world()
        kinds = set()
        for seeds, made in self.batches():
            pairs = [select.hostile(random.Random(seed)) for seed, select in zip(seeds, made)]
            texts = [text for _, text in pairs]
            got = self.column(self.asker, "SELECT public.through_pg_ops(s) FROM unnest(%s) WITH ORDINALITY AS u(s, n) ORDER BY n", texts)
            verdicts = self.column(self.asker, "SELECT ops.check_sql(s) FROM unnest(%s) WITH ORDINALITY AS u(s, n) ORDER BY n", texts)
            valid = self.column(self.root, "SELECT public.is_valid(s) FROM unnest(%s) WITH ORDINALITY AS u(s, n) ORDER BY n",
                                ["SELECT 1" if what.startswith("; ") else text for what, text in pairs])
            for seed, (what, text), result, verdict, problem in zip(seeds, pairs, got, verdicts, valid):
                # Analysed it must be; then the planner may find no join order, or fold a value that is no boolean.
                self.assertFalse((problem or "").startswith("42"), f"the variant is no valid SQL, seed {seed}, {what}: {problem}\n{text}")
                self.assertIsInstance(result, dict, f"NOT REFUSED, seed {seed}, {what}:\n{text}\n{result}")
                self.assertRegex(result["error"], "^[0-9A-Z]{5} (SQL_BLOCKED|TENANT_MISMATCH|PERMISSION_DENIED)", f"seed {seed}, {what}:\n{text}")
                self.assertIs(verdict["allowed"], False, f"seed {seed}, {what}:\n{text}\n{verdict}")
                kinds.add(what)
        self.assertEqual(self.world(), before, "something was written")
        self.assertGreater(len(kinds), 40)
        print(f"# {COUNT} hostile variants of {len(kinds)} kinds, all refused (seed {SEED})", file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
