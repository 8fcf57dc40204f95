"""Registry under concurrency: no two writers make the same version, one of many stale writers wins, a publication
is in force for the next request of every session, a caller's own lock does not hang a validation."""
import json
import os
import sys
import threading
import unittest

import psycopg2

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster  # noqa: E402

WRITERS = 8
ROUNDS = 10
SPEC = {"type": "sql", "description": "x", "examples": ["a", "b", "c", "d", "e"],
        "input_schema": {"type": "object", "properties": {}, "additionalProperties": False},
        "sql": {"query": "SELECT 1 AS one"}}


def tool(number):
    return json.dumps({**SPEC, "sql": {"query": f"SELECT {number} AS one"}})


class Registry(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("registry").start()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def together(self, body):
        """body(number, cursor) in WRITERS sessions at once; their results."""
        results, barrier = [None] * WRITERS, threading.Barrier(WRITERS, timeout=60)

        def work(number):
            connection = self.cluster.connect()
            try:
                with connection.cursor() as cursor:
                    barrier.wait()
                    results[number] = body(number, cursor)
            finally:
                connection.close()
        threads = [threading.Thread(target=work, args=(n,)) for n in range(WRITERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        return results

    def test_every_put_has_a_version_of_its_own(self):
        def body(number, cursor):
            versions = []
            for _ in range(ROUNDS):
                cursor.execute("SELECT ops.put_asset('tool', 'crowded', %s)", (tool(number),))
                versions.append(cursor.fetchone()[0])
            return versions
        versions = sorted(v for one in self.together(body) for v in one)
        self.assertEqual(versions, list(range(1, WRITERS * ROUNDS + 1)))
        self.assertEqual(self.cluster.value("SELECT count(*) FROM ops.asset_audit WHERE name = 'crowded'"), WRITERS * ROUNDS)

    def test_one_of_many_with_the_same_expectation_wins(self):
        def body(number, cursor):
            won = []
            for expected in range(ROUNDS):
                try:
                    cursor.execute("SELECT ops.put_asset('tool', 'contested', %s, %s)", (tool(number), expected))
                    won.append(cursor.fetchone()[0])
                except psycopg2.Error as error:
                    self.assertEqual(error.pgcode, "OP004", error)
            return won
        won = [v for one in self.together(body) for v in one]
        # Each version was won once; a slow session may find a whole round gone, never a version made twice.
        self.assertEqual(len(won), len(set(won)))
        latest = self.cluster.value("SELECT max(version) FROM ops.asset_versions WHERE name = 'contested'")
        self.assertEqual(sorted(won), list(range(1, latest + 1)))

    def test_of_many_creators_one_creates(self):
        def body(number, cursor):
            try:
                cursor.execute("SELECT ops.create_sql_tool('single', 'x', %s)", (f"SELECT {number} AS one",))
                return "created"
            except psycopg2.Error as error:
                return error.pgcode
        results = self.together(body)
        self.assertEqual(results.count("created"), 1, results)
        self.assertLessEqual(set(results), {"created", "42710", "OP004"})

    def test_a_publication_is_in_force_for_the_next_request_everywhere(self):
        def version_called(cursor):
            cursor.execute("SELECT ops.call_tool('fresh', '{}') #>> '{tool_calls,0,tool_version}'")
            return int(cursor.fetchone()[0])
        self.cluster.rows("SELECT ops.create_sql_tool('fresh', 'x', 'SELECT 1 AS one')")
        reader = self.cluster.connect()
        try:
            with reader.cursor() as cursor:
                self.assertEqual(version_called(cursor), 1)
                self.cluster.rows("SELECT ops.create_sql_tool('fresh', 'x', 'SELECT 2 AS one', \"replace\" => true)")
                self.assertEqual(version_called(cursor), 2)
                self.cluster.rows("SELECT ops.rollback_asset('tool', 'fresh', 1)")
                self.assertEqual(version_called(cursor), 1)
        finally:
            reader.close()

    def test_a_lock_of_ones_own_is_an_error_at_once(self):
        self.cluster.psql("CREATE SCHEMA locked; CREATE TABLE locked.t (tenant_id text, id int);"
                          "GRANT USAGE ON SCHEMA locked TO ops_tool; GRANT SELECT ON locked.t TO ops_tool;"
                          "SELECT ops.protect_table('locked.t');")
        connection = self.cluster.connect(autocommit=False)
        try:
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE locked.t IN ACCESS EXCLUSIVE MODE; SET LOCAL statement_timeout = '8s'")
                with self.assertRaises(psycopg2.Error) as raised:
                    cursor.execute("SELECT ops.create_sql_tool('own_lock', 'x', 'SELECT id FROM locked.t')")
                self.assertEqual(raised.exception.pgcode, "22023")
                self.assertIn("own transaction holds", str(raised.exception))
        finally:
            connection.close()


if __name__ == "__main__":
    unittest.main()
