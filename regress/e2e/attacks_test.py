"""The corpus of attacks: every statement is refused at every door, for the reason the corpus gives, and nothing
on the server has changed afterwards. Prints the number of attacks and of refusals.
"""
import os
import select
import sys
import unittest

import psycopg2

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from attack_harness import CORPUS, REFUSED, Doors, corpus, differences, state  # noqa: E402
from cluster import Cluster  # noqa: E402

LEAST = 400


class Attacks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("attacks").start()
        cls.cluster.psql(open(os.path.join(CORPUS, "_fixture.sql")).read())
        cls.attacks = corpus()
        cls.connection = cls.cluster.connect()
        cls.doors = Doors(cls.connection)
        cls.listener = cls.cluster.connect()
        cls.listener.cursor().execute("LISTEN attack")
        cls.before = state(cls.connection)
        cls.ran_before = cls.cluster.log().count("ATTACK RAN")

    @classmethod
    def tearDownClass(cls):
        cls.connection.close()
        cls.listener.close()
        cls.cluster.stop()

    def untouched(self):
        self.assertEqual(differences(self.before, state(self.connection)), {})
        self.assertEqual(self.cluster.log().count("ATTACK RAN"), self.ran_before, "a function of an attacker has run")
        select.select([self.listener], [], [], 0)
        self.listener.poll()
        self.assertEqual(self.listener.notifies, [])

    def each(self, door, judge):
        """Runs every attack through `door`; `judge` names what is wrong with its result, or None."""
        wrong, count = [], 0
        for attack in self.attacks:
            if "\0" in attack.statement:  # no client can send it
                with self.assertRaises(ValueError):
                    self.doors.value("SELECT ops.check_sql(%s)", attack.statement)
                count += 1
                continue
            problem = judge(attack, door(attack.statement))
            count += 1
            if problem:
                wrong.append(f"{attack.file}: {attack.statement!r}: {problem}")
        self.assertEqual(wrong, [])
        return count

    def test_1_check_sql_names_the_rule(self):
        def judge(attack, found):
            rule, code = found
            if rule != attack.rule:
                return f"{rule or 'ALLOWED'} instead of {attack.rule}"
            return None if code in REFUSED else f"code {code}"
        count = self.each(self.doors.check, judge)
        print(f"# attacks: {len(self.attacks)}, refused by ops.check_sql: {count}")
        self.assertGreaterEqual(count, LEAST)
        self.untouched()

    def test_2_no_tool_is_made_of_one(self):
        count = self.each(self.doors.create, lambda attack, code: None if code in REFUSED else f"{code or 'CREATED'}")
        print(f"# attacks refused by ops.create_sql_tool: {count}")
        self.assertEqual(self.doors.value("SELECT count(*) FROM ops.assets WHERE name = 'attack'"), 0)
        self.untouched()

    def test_3_no_draft_of_one_runs(self):
        count = self.each(self.doors.draft, lambda attack, code: None if code in REFUSED else f"{code or 'RAN'}")
        print(f"# attacks refused as drafts: {count}")
        self.untouched()

    def test_4_execution_refuses_what_no_check_has_seen(self):
        count = self.each(self.doors.run, lambda attack, code: None if code in REFUSED else f"{code or 'RAN'}")
        print(f"# attacks refused by the executor: {count}")
        self.untouched()

    def test_5_a_plan_with_another_version_is_no_way_around(self):
        count = self.each(self.doors.plan, lambda attack, code: None if code in REFUSED else f"{code or 'RAN'}")
        print(f"# attacks refused in plans: {count}")
        self.untouched()

    def test_6_a_query_of_the_moment_is_no_way_around(self):
        def judge(attack, code):
            # A statement with parameters lacks its arguments.
            refused = code in REFUSED or (code == "TOOL_BAD_REQUEST" and ":" in attack.statement)
            return None if refused else f"{code or 'RAN'}"
        count = self.each(self.doors.query, judge)
        print(f"# attacks refused by ops.query: {count}")
        self.untouched()

    def test_7_the_server_is_well(self):
        self.assertIsNone(self.doors.run("SELECT count(*) AS n FROM safe.orders"))
        with self.assertRaises(psycopg2.Error):
            self.doors.value("SELECT ops.put_asset('tool', 'nul', '{\"type\": \"sql\", \"sql\": {\"query\": \"SELECT \\u0000\"}}')")


if __name__ == "__main__":
    unittest.main()
