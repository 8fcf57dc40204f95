"""Statements that want all of the server: each ends by time, memory, temporary files or the guard, with a code of the
documented list; the executor is well or replaced, its memory bounded, and another session answers all the while.

Some functions of the server look at no interrupt for hours. Their executors end themselves (extension/pg/executor/stuck.cpp): after
the last bomb nothing is left of any of them, and the server has not restarted. Prints what ended each bomb.
"""
import os
import re
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from attack_harness import Doors, code_of  # noqa: E402
from cluster import Cluster, wait_for  # noqa: E402

TIME, SPACE, ERROR, BLOCKED = "TOOL_TIMEOUT", "RESULT_TOO_LARGE", "TOOL_ERROR", "SQL_BLOCKED"
MEMORY_KB = 262144                      # pg_ops.executor_memory
SHARED_KB = 128 * 1024 + 100 * 1024     # shared_buffers and what every process of the server has


def chain(count, table, condition):
    tables = ", ".join(f"{table} t{i}" for i in range(count))
    return f"SELECT count(*) AS c FROM {tables} WHERE " + " AND ".join(condition.format(i, i + 1) for i in range(count - 1))


def laughs():
    more = "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    return f"SELECT xmlparse(DOCUMENT '<!DOCTYPE l [<!ENTITY a \"aaaaaaaaaa\">{more}]><l>&j;</l>')::text AS c"


# name: (how it may end, statement)
BOMBS = {
    "recursion without end": ({TIME}, "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) AS c FROM t"),
    "recursion that doubles": ({TIME, SPACE}, "WITH RECURSIVE t(s) AS (SELECT 'x' UNION ALL SELECT s || s FROM t) SELECT max(length(s)) AS c FROM t"),
    "array that doubles": ({TIME, SPACE}, "WITH RECURSIVE t(a) AS (SELECT ARRAY[1] UNION ALL SELECT a || a FROM t) SELECT max(cardinality(a)) AS c FROM t"),
    "a trillion rows": ({TIME}, "SELECT count(*) AS c FROM generate_series(1, 1000000000000) g"),
    "a trillion rows sorted": ({TIME, SPACE}, "SELECT g FROM generate_series(1, 1000000000000) g ORDER BY g DESC"),
    "a gigabyte folded in planning": ({SPACE}, "SELECT length(repeat('x', 1000000000)) AS c"),
    "repeat of repeat": ({SPACE}, "SELECT length(repeat(repeat(repeat('x', 1000), 1000), 1000)) AS c"),
    "lpad in planning": ({SPACE}, "SELECT length(lpad('x', 500000000)) AS c"),
    "format with a width": ({SPACE}, "SELECT length(format('%500000000s', 'x')) AS c"),
    "one cell of 100 MB": ({SPACE, TIME}, "SELECT repeat('x', 100000000) AS c"),
    "array of 900 million": ({SPACE}, "SELECT cardinality(array_fill(1, ARRAY[30000, 30000])) AS c"),
    "array of 100 million": ({SPACE}, "SELECT cardinality(array_fill(1, ARRAY[100000000])) AS c"),
    "text aggregated": ({SPACE, TIME}, "SELECT length(string_agg(repeat('x', 10000), ',')) AS c FROM generate_series(1, 1000000)"),
    "JSON aggregated": ({SPACE, TIME}, "SELECT jsonb_agg(repeat('x', 1000)) AS c FROM generate_series(1, 3000000)"),
    "JSON nested": ({ERROR, TIME}, "SELECT repeat('[', 1000000)::json AS c"),
    "XML nested": ({ERROR, TIME}, "SELECT (repeat('<a>', 100000) || repeat('</a>', 100000))::xml IS NULL AS c"),
    "XML entities": ({ERROR}, laughs()),
    "cross join": ({TIME}, "SELECT count(*) AS c FROM generate_series(1, 100000) a, generate_series(1, 100000) b, generate_series(1, 100000) d"),
    "lateral series": ({TIME}, "SELECT count(*) AS c FROM generate_series(1, 1000000) a, LATERAL generate_series(1, a) b"),
    "join of 20": ({TIME, SPACE}, chain(20, "pg_attribute", "t{}.attnum = t{}.attnum")),
    "join of 200": ({TIME, SPACE}, chain(200, "pg_attribute", "t{}.attnum = t{}.attnum")),
    "sort spilled": ({TIME, SPACE}, "SELECT g, repeat('x', 1000) AS f FROM generate_series(1, 3000000) g ORDER BY md5(g::text) OFFSET 2999999"),
    "hash spilled": ({TIME, SPACE}, "SELECT count(*) AS c FROM (SELECT md5(g::text) AS m, count(*) FROM generate_series(1, 30000000) g GROUP BY 1) s"),
    "cube of 12": ({TIME, SPACE}, "SELECT count(*) AS c FROM (SELECT 1 FROM generate_series(1, 1000000) g GROUP BY CUBE (g, g%2, g%3, g%4, g%5, g%6, g%7, g%8, g%9, g%10, g%11, g%12)) s"),
    "window": ({TIME, SPACE}, "SELECT max(s) AS c FROM (SELECT sum(g) OVER (ORDER BY g ROWS BETWEEN 1000000 PRECEDING AND CURRENT ROW EXCLUDE TIES) AS s FROM generate_series(1, 100000000) g) x"),
    "numbers of many digits": ({TIME}, "SELECT sum(x * x) AS c FROM (SELECT repeat('9', 60000)::numeric + g AS x FROM generate_series(1, 100000) g) s"),
    "powers": ({TIME}, "SELECT count(*) AS c FROM generate_series(1, 1000000) g WHERE (9.99 + g) ^ 10000 > 0"),
    "regular expressions": ({TIME}, "SELECT count(*) AS c FROM generate_series(1, 10000000) g WHERE (repeat('ab', 3000) || g) ~ '(a|b)*(b|a)*c\\d'"),
    "digests": ({TIME}, "SELECT count(*) AS c FROM generate_series(1, 100000000) g WHERE md5(md5(md5(g::text))) = 'x'"),
    "nested NOT": ({BLOCKED}, "SELECT " + "NOT " * 3000 + "true AS c"),
    "nested sub-selects": ({BLOCKED}, "SELECT " + "(SELECT " * 800 + "1" + ")" * 800 + " AS c"),
    "deaf: xpath": ({TIME}, "SELECT xpath('//*//*//*//*//*', ('<r>' || repeat('<a>', 200) || repeat('</a>', 200) || '</r>')::xml) IS NULL AS c"),
    "deaf: conditions": ({TIME}, "SELECT count(x) AS c FROM safe.orders, unnest(xpath('count(//*[count(//*[count(//*) > 1]) > 1])', ('<r>' || repeat('<a/>', 20000) || '</r>')::xml)) AS x"),
    "deaf: translate": ({TIME}, "SELECT max(length(translate(repeat('x', 5000000 + id), repeat('y', 5000000), ''))) AS c FROM safe.orders"),
    "deaf: normalize": ({TIME}, "SELECT length(normalize(repeat(U&'\\0301\\0323', 3000000))) AS c"),
}

SETUP = """
CREATE SCHEMA safe;
GRANT USAGE ON SCHEMA safe TO ops_tool;
CREATE TABLE safe.orders (tenant_id text, id int);
INSERT INTO safe.orders SELECT 'system', g FROM generate_series(1, 5) g;
GRANT SELECT ON safe.orders TO ops_tool;
SELECT ops.protect_table('safe.orders');
SELECT ops.put_asset('policy', 'default_sql', '{"timeout_ms": 1000}'), ops.publish_asset('policy', 'default_sql');
"""


class Bystander(threading.Thread):
    """Another session, which asks for rows by itself and through pg_ops until it is stopped."""

    def __init__(self, cluster):
        super().__init__(daemon=True)
        self.connection = cluster.connect()
        self.answers, self.failure, self.stopping = 0, None, False

    def run(self):
        try:
            with self.connection.cursor() as cursor:
                while not self.stopping:
                    cursor.execute("SELECT count(*) FROM safe.orders")
                    assert cursor.fetchone()[0] == 5
                    self.answers += 1
        except Exception as error:  # noqa: BLE001
            self.failure = error


class Bombs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("bombs").start()
        cls.cluster.psql(SETUP)
        cls.connection = cls.cluster.connect()
        cls.doors = Doors(cls.connection)
        cls.started = cls.doors.value("SELECT pg_postmaster_start_time()::text")

    @classmethod
    def tearDownClass(cls):
        cls.connection.close()
        cls.cluster.stop()

    def peak_kb(self):
        """The most memory any executor has had, of those that are still there."""
        self.doors.cursor.execute("SELECT pid FROM ops.workers WHERE kind = 'executor' AND pid IS NOT NULL")
        peaks = [0]
        for (pid,) in self.doors.cursor.fetchall():
            try:
                with open(f"/proc/{pid}/status") as status:
                    peaks.append(int(re.search(r"VmHWM:\s+(\d+)", status.read())[1]))
            except (OSError, TypeError):
                continue
        return max(peaks)

    def test_each_ends_and_nobody_else_notices(self):
        bystander = Bystander(self.cluster)
        bystander.start()
        wrong = []
        for name, (endings, statement) in BOMBS.items():
            begun = time.monotonic()
            code = code_of(self.doors.answer(statement))
            seconds, peak = time.monotonic() - begun, self.peak_kb()
            print(f"# {name}: {code} after {seconds:.2f} s, executors' peak {peak // 1024} MB")
            if code not in endings:
                wrong.append(f"{name}: {code}")
            if peak > MEMORY_KB + SHARED_KB:
                wrong.append(f"{name}: an executor has had {peak} kB")
            answers = bystander.answers
            wait_for(lambda: bystander.answers > answers or bystander.failure, f"the other session answers after {name}")
        bystander.stopping = True
        bystander.join(30)
        self.assertIsNone(bystander.failure)
        self.assertEqual(wrong, [])
        wait_for(lambda: self.doors.value("SELECT executors_busy FROM ops._claims()") == 0, "no executor is stuck", 60)
        self.assertEqual(self.doors.value("SELECT count(*) FROM ops.workers WHERE state = 'lost'"), 0)
        self.assertEqual(self.doors.value("SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE"
                                          " a.backend_type = 'pg_ops executor' AND l.locktype <> 'virtualxid'"), 0)
        self.assertEqual(self.doors.value("SELECT pg_postmaster_start_time()::text"), self.started)
        self.assertIsNone(code_of(self.doors.answer("SELECT count(*) AS n FROM safe.orders")))
        self.assertEqual(self.doors.value("SELECT count(*) FROM pg_ls_tmpdir()"), 0)
        deaf = self.cluster.log().count("because its statement does not react")
        print(f"# {len(BOMBS)} bombs, {bystander.answers} answers of the other session, {deaf} deaf executors ended themselves")


if __name__ == "__main__":
    unittest.main()
