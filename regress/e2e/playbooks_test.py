"""Playbooks: several tools at one question, findings worst first, what was looked at and needs nothing, what failed;
and what ops.create_playbook() refuses."""
import json
import os
import sys
import unittest

import psycopg2

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster  # noqa: E402
from hostile_harness import check_envelope  # noqa: E402

FINDINGS = {"calm": "info", "odd": "attention", "grave": "critical"}


class Playbooks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("playbooks").start()
        cls.connection = cls.cluster.connect()
        for name, severity in FINDINGS.items():
            present = {"summary": [{"text": "The " + name + " figure is {rows[0].figure}.", "severity": severity}]}
            cls.sql("SELECT ops.create_sql_tool(name => %s, description => %s, query => 'SELECT 4711 AS figure',"
                    " examples => ARRAY[%s], present => %s)",
                    (name + "_tool", "The " + name + " thing.", "how is the " + name + " thing?", json.dumps(present)))
        cls.sql("SELECT ops.create_sql_tool(name => 'failing_tool', description => 'The failing thing.',"
                " query => 'SELECT 1 / (:divisor)::int AS figure', examples => ARRAY['divide by \"x\"'])")

    @classmethod
    def tearDownClass(cls):
        cls.connection.close()
        cls.cluster.stop()

    @classmethod
    def sql(cls, statement, arguments=()):
        with cls.connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            return cursor.fetchone()[0]

    def ask(self, question, options="{}"):
        answer = self.sql("SELECT ops.ask(%s, %s)", (question, options))
        check_envelope(answer)
        return answer

    def create(self, name, calls, examples=("what about the things today then?",), **named):
        extra = "".join(f", {key} => %s" for key in named)
        return self.sql(f"SELECT ops.create_playbook(%s, %s, %s, %s{extra})",
                        (name, "All things", list(examples), json.dumps(calls), *named.values()))

    def test_findings_come_worst_first(self):
        self.create("all_things", [{"tool": "calm_tool"}, {"tool": "odd_tool"}, {"tool": "grave_tool"},
                                   {"tool": "failing_tool", "args": {"divisor": 0}}],
                    ["why are the things so weird?", "why is it all so weird?", "why do things go weird?"])
        answer = self.ask("why are the things so weird?")
        self.assertEqual(answer["status"], "partial_success")
        self.assertEqual([call["tool"] for call in answer["tool_calls"]], ["calm_tool", "odd_tool", "grave_tool", "failing_tool"])
        lines = answer["answer"]["summary"].split("\n")
        self.assertEqual(lines[0], "All things: something is critical. Worst first:")
        self.assertRegex(lines[1], r"^- critical: .*The grave figure is 4711\.$")
        self.assertRegex(lines[2], r"^- attention: .*The odd figure is 4711\.$")
        self.assertEqual(lines[3], "Looked at, and nothing to do:")
        self.assertRegex(lines[4], r"^- .*The calm figure is 4711\.$")
        self.assertRegex(lines[5], r"^Missing: The failing thing: ")
        self.assertEqual(answer["answer"]["severity"], "critical")
        self.assertEqual([reference["tool"] for reference in answer["references"]], ["grave_tool", "odd_tool", "calm_tool"])
        self.assertEqual([block["ref"] for block in answer["answer"]["blocks"]], [1, 2])  # what is well has no table
        korean = self.ask("why are the things so weird?", '{"locale": "ko"}')["answer"]["summary"]
        self.assertTrue(korean.startswith("All things: 심각한 문제가 있습니다."), korean)
        self.assertIn("- 심각: ", korean)

    def test_arguments_reach_the_calls(self):
        schema = {"type": "object", "required": ["divisor"], "additionalProperties": False,
                  "properties": {"divisor": {"type": "integer", "enum": [1, 2]}}}
        self.create("divided", [{"tool": "failing_tool", "args": {"divisor": {"$arg": "divisor"}}}, {"tool": "calm_tool"}],
                    input_schema=json.dumps(schema))
        plan = {"calls": [{"id": "p", "tool": "playbook:divided", "args": {"divisor": 1}}]}
        answer = self.sql("SELECT ops.run_plan(%s)", (json.dumps(plan),))
        self.assertEqual((answer["status"], [call["call"] for call in answer["tool_calls"]]), ("success", ["p1", "p2"]))
        self.assertEqual(answer["references"][0]["args"], {"divisor": 1})
        for args, said in (({"divisor": 3}, "not as the playbook wants"), ({}, "not as the playbook wants")):
            plan["calls"][0]["args"] = args
            answer = self.sql("SELECT ops.run_plan(%s)", (json.dumps(plan),))
            self.assertEqual(answer["error"]["code"], "PLAN_INVALID", answer)
        plan["calls"][0]["tool"] = "playbook:nowhere"
        self.assertEqual(self.sql("SELECT ops.run_plan(%s)", (json.dumps(plan),))["error"]["code"], "PLAN_INVALID")

    def test_what_is_refused(self):
        calm = [{"tool": "calm_tool"}]
        for calls, said in (
                ([], "must be a list of 1 to 32 calls"),
                ([{"tool": "no_such_tool"}], "there is no published tool"),
                ([{"tool": "direct_query", "args": {"sql": "SELECT 1"}}], "runs statements that its caller writes"),
                ([{"tool": "playbook:all_things"}], "cannot call playbooks"),
                (calm + calm, "repeats an earlier call"),
                ([{"tool": "calm_tool", "args": {"limit": 1}}], "is no argument of the tool"),
                ([{"tool": "failing_tool"}], "lacks divisor"),
                ([{"tool": "failing_tool", "args": {"divisor": "x"}}], "$.calls[0].args"),
                ([{"tool": "failing_tool", "args": {"divisor": {"$arg": "n"}}}], "input_schema does not declare"),
                (calm * 33, "must be a list of 1 to 32 calls")):
            with self.subTest(said=said), self.assertRaises(psycopg2.Error) as caught:
                self.create("refused", calls)
            self.assertEqual(caught.exception.pgcode, "22023")
            self.assertIn(said, str(caught.exception))
        self.assertEqual(self.sql("SELECT count(*) FROM ops.assets WHERE name = 'refused'"), 0)
        self.create("once", calm)
        with self.assertRaises(psycopg2.Error) as caught:
            self.create("once", calm)
        self.assertEqual(caught.exception.pgcode, "42710")

    def test_a_playbook_is_for_whoever_may_use_its_tools(self):
        self.sql("SELECT ops.put_asset('tool', 'secret_tool', %s)", (json.dumps({
            "type": "sql", "description": "Secret.", "roles": ["ops_admin"], "sql": {"query": "SELECT 1 AS a"},
            "input_schema": {"type": "object", "properties": {}, "additionalProperties": False}}),))
        self.sql("SELECT ops.publish_asset('tool', 'secret_tool')")
        self.create("secret_things", [{"tool": "secret_tool"}], ["why are secrets kept secret?", "why keep secrets secret?"])
        self.assertEqual(self.ask("why are secrets kept secret?")["status"], "success")
        with self.connection.cursor() as cursor:
            cursor.execute("CREATE ROLE plain LOGIN; GRANT ops_user TO plain; SELECT ops.grant_tenant('system', 'plain')")
        with self.cluster.connect(user="plain") as other, other.cursor() as cursor:
            cursor.execute("SELECT ops.ask('why are secrets kept secret?')->'error'->>'code'")
            self.assertEqual(cursor.fetchone()[0], "NO_MATCH")
            cursor.execute("SELECT ops.run_plan('{\"calls\": [{\"id\": \"a\", \"tool\": \"playbook:secret_things\"}]}')->'error'->>'code'")
            self.assertEqual(cursor.fetchone()[0], "PLAN_INVALID")

    def test_a_tool_of_a_playbook_cannot_be_deleted(self):
        self.create("needs_odd", [{"tool": "odd_tool"}])
        with self.assertRaises(psycopg2.Error) as caught:
            self.sql("SELECT ops.delete_asset('tool', 'odd_tool')")
        self.assertEqual(caught.exception.pgcode, "2BP01")
        self.assertIn('playbook "needs_odd" (calls)', caught.exception.diag.message_detail)
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT kind, name, via FROM ops.asset_impact('tool', 'odd_tool')")
            self.assertIn(("playbook", "needs_odd", "calls"), cursor.fetchall())

    def test_shipped_playbooks(self):
        for question, title, first in (("why is the database slow?", "Why the database is slow", "blocking_sessions"),
                                       ("is this database healthy?", "Health of the database", "risky_settings")):
            answer = self.ask(question)
            self.assertEqual((answer["status"], answer["error"]), ("success", None), answer)
            self.assertTrue(answer["answer"]["summary"].startswith(title + ": "), answer["answer"]["summary"])
            self.assertEqual(answer["tool_calls"][0]["tool"], first)
            self.assertGreaterEqual(len(answer["references"]), 12)


if __name__ == "__main__":
    unittest.main()
