"""Feedback: a verdict on one's own answer becomes an example of the tool that gave it, if an operator says so."""
import json
import os
import sys
import unittest

import psycopg2

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster  # noqa: E402

SITE = """
CREATE ROLE dba LOGIN IN ROLE ops_operator; CREATE ROLE app LOGIN IN ROLE ops_user; CREATE ROLE other LOGIN IN ROLE ops_user;
SELECT ops.create_tenant('acme'), ops.create_tenant('globex');
SELECT ops.grant_tenant('acme', 'dba', 'operator'), ops.grant_tenant('globex', 'dba', 'user'), ops.grant_tenant('acme', 'app'),
       ops.grant_tenant('acme', 'other');
CREATE TABLE public.orders (tenant_id text, status text);
INSERT INTO public.orders VALUES ('acme', 'paid'), ('acme', 'open'), ('acme', 'paid');
SELECT ops.protect_table('public.orders');
GRANT SELECT ON public.orders TO ops_tool;
"""
TOOL = """SELECT ops.create_sql_tool('orders_by_status', 'Number of orders per status.',
  'SELECT status, count(*) AS orders FROM public.orders GROUP BY status ORDER BY orders DESC',
  ARRAY['how many orders per status?', 'orders by status', 'count orders for each status', 'order status distribution',
        'number of orders in each status'])"""


class Feedback(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("feedback").start()
        cls.cluster.psql(SITE)
        cls.connections = {user: cls.cluster.connect(user=user) for user in ("dba", "app", "other")}
        cls.tenant("dba", TOOL)
        cls.cluster.psql("SELECT ops.put_asset('tool', 'weekdays', '{\"type\": \"sql\", \"description\": \"Names of the weekdays.\","
                         " \"shared\": true, \"examples\": [\"names of the weekdays\", \"which weekdays are there?\"],"
                         " \"sql\": {\"query\": \"SELECT ''monday'' AS weekday\"}}'); SELECT ops.publish_asset('tool', 'weekdays');")

    @classmethod
    def tearDownClass(cls):
        for connection in cls.connections.values():
            connection.close()
        cls.cluster.stop()

    @classmethod
    def tenant(cls, user, statement, parameters=None, tenant="acme"):
        """The first value of a statement in a transaction of its own, with the tenant set."""
        connection = cls.connections[user]
        with connection.cursor() as cursor:
            cursor.execute("BEGIN; SELECT ops.set_tenant(%s)", (tenant,))
            try:
                cursor.execute(statement, parameters)
                value = cursor.fetchone()
                cursor.execute("COMMIT")
                return value[0] if value else None
            except psycopg2.Error:
                cursor.execute("ROLLBACK")
                raise

    def ask(self, question, user="app"):
        answer = self.tenant(user, "SELECT ops.ask(%s)", (question,))
        self.assertEqual(answer["route"], "plan", answer["route_reason"])
        return answer

    def feedback(self, answer, verdict, note=None, user="app", tenant="acme"):
        return self.tenant(user, "SELECT ops.feedback(%s, %s, %s)", (answer["trace_id"], verdict, note), tenant)

    def candidate(self, feedback):
        return self.tenant("dba", "SELECT to_jsonb(c) FROM ops.feedback_candidates c WHERE feedback_id = %s", (feedback,))

    def refused(self, sqlstate, function, *arguments, **named):
        with self.assertRaises(psycopg2.Error) as caught:
            function(*arguments, **named)
        self.assertEqual(caught.exception.pgcode, sqlstate, str(caught.exception))
        return str(caught.exception)

    def examples(self):
        return self.tenant("dba", "SELECT spec -> 'examples' FROM ops.asset_versions WHERE name = 'orders_by_status'"
                                  " AND tenant = 'acme' AND status = 'current'")

    def test_a_right_answer_becomes_an_example_of_its_tool(self):
        question = "give me the number of orders for each status"
        answer = self.ask(question)
        before = self.examples()
        given = self.feedback(answer, "right", "exactly what I meant")
        waiting = self.candidate(given)
        self.assertEqual([waiting[k] for k in ("state", "candidate", "tool", "question", "verdict", "note", "given_by")],
                         ["open", "example", "orders_by_status", question, "right", "exactly what I meant", "app"])
        version = self.tenant("dba", "SELECT ops.accept_feedback(%s)", (given,))
        self.assertEqual(version, 2)
        self.assertEqual(self.examples(), before + [question])
        self.assertEqual(self.candidate(given)["state"], "accepted")
        self.assertEqual(self.ask(question)["tool_calls"][0]["tool_version"], 2)
        self.assertIn("accepted by dba", self.refused("55000", self.tenant, "dba", "SELECT ops.accept_feedback(%s)", (given,)))
        self.refused("55000", self.tenant, "dba", "SELECT ops.reject_feedback(%s)", (given,))
        self.assertIn("already decided", self.refused("55000", self.feedback, answer, "wrong"))
        # The same question once more is an example already.
        again = self.feedback(self.ask(question), "right")
        self.assertEqual(self.tenant("dba", "SELECT ops.accept_feedback(%s)", (again,)), 2)
        acts = self.tenant("dba", "SELECT array_agg(action ORDER BY at) FROM ops.audit_entries WHERE kind = 'feedback' AND name = %s", (given,))
        self.assertEqual(acts, ["feedback", "accept_feedback"])

    def test_a_wrong_answer_is_a_question_to_watch(self):
        answer = self.ask("orders by status")
        given = self.feedback(answer, "wrong", "the numbers of yesterday")
        self.assertEqual(self.candidate(given)["candidate"], "golden_query")
        self.assertEqual(self.feedback(answer, "right"), given, "a second thought replaces the first")
        self.assertEqual([self.candidate(given)[k] for k in ("candidate", "note")], ["example", None])
        self.assertEqual(self.feedback(answer, "wrong"), given)
        before = self.examples()
        self.assertIsNone(self.tenant("dba", "SELECT ops.accept_feedback(%s)", (given,)))
        self.assertEqual(self.candidate(given)["state"], "accepted")
        self.assertEqual(self.examples(), before)

    def test_rejected_feedback_changes_nothing(self):
        given = self.feedback(self.ask("count orders for each status"), "right")
        before = self.examples()
        self.tenant("dba", "SELECT ops.reject_feedback(%s)", (given,))
        self.assertEqual((self.candidate(given)["state"], self.examples()), ("rejected", before))

    def test_an_example_of_a_shared_tool_is_for_its_owners(self):
        given = self.feedback(self.ask("names of the weekdays"), "right")
        self.assertIn("of its own", self.refused("55000", self.tenant, "dba", "SELECT ops.accept_feedback(%s)", (given,)))
        self.assertEqual(self.candidate(given)["state"], "open")

    def test_only_who_asked_and_operators_have_a_say(self):
        answer = self.ask("orders by status")
        message = self.refused("42704", self.feedback, answer, "right", user="other")
        unknown = self.refused("42704", self.feedback, {"trace_id": "01a20000-0000-7000-8000-000000000000"}, "right", user="other")
        self.assertEqual(message.replace(answer["trace_id"], "T").split("\n")[0],
                         unknown.replace("01a20000-0000-7000-8000-000000000000", "T").split("\n")[0], "it tells nothing apart")
        self.refused("42704", self.feedback, answer, "right", user="dba", tenant="globex")
        self.assertIsNotNone(self.feedback(answer, "right", user="dba"))
        for statement in ("SELECT count(*) FROM ops.feedback_candidates", "SELECT ops.accept_feedback(gen_random_uuid())",
                          "SELECT ops.reject_feedback(gen_random_uuid())"):
            self.refused("42501", self.tenant, "app", statement)
        for user in ("app", "dba"):
            self.refused("42501", self.tenant, user, "SELECT count(*) FROM ops.feedback_store")
        self.assertEqual(self.tenant("dba", "SELECT count(*) FROM ops.feedback_candidates", tenant="globex"), 0)
        self.refused("42501", self.tenant, "dba", "SELECT ops.reject_feedback(gen_random_uuid())", tenant="globex")
        self.refused("42704", self.tenant, "dba", "SELECT ops.accept_feedback(gen_random_uuid())")

    def test_misuse_is_told(self):
        answer = self.ask("orders by status")
        self.assertIn("right or wrong", self.refused("22023", self.feedback, answer, "meh"))
        self.refused("22004", self.feedback, answer, None)
        self.refused("22004", self.feedback, {"trace_id": None}, "right")
        self.refused("22023", self.feedback, answer, "right", "x" * 2001)
        self.refused("22004", self.tenant, "dba", "SELECT ops.accept_feedback(NULL)")

    def test_a_plan_without_a_question_is_no_example(self):
        answer = self.tenant("app", "SELECT ops.run_plan(%s)", (json.dumps({"calls": [{"id": "a", "tool": "orders_by_status"}]}),))
        row = self.candidate(self.feedback(answer, "right"))
        self.assertEqual((row["candidate"], row["question"]), ("golden_query", None))


if __name__ == "__main__":
    unittest.main()
