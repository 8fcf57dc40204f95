"""What traces keep and who reads what of it: internal texts for operators only, whoever asked; sensitive values nowhere;
recording as the policy says; sizes bounded whatever was asked."""
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster  # noqa: E402
from hostile_harness import Site, code_of, error_of  # noqa: E402

# Words that stand in internal texts only: relations, columns, hosts, roles, values.
MARKS = ("hidden_ledger", "margin_col", "upstream-zz.invalid", "runner_zz", "relation", "permission denied", "syntax for type",
         "10.9.8.7", "SELECT")
PEOPLE = ("reader", "app", "postgres")
SETUP = """
CREATE ROLE reader LOGIN IN ROLE ops_user;
SELECT ops.grant_tenant('acme', 'reader', 'user');
CREATE ROLE runner_zz NOLOGIN;
SELECT ops.allow_run_as('runner_zz', 'of a test');
CREATE TABLE shop.hidden_ledger (tenant_id text NOT NULL, margin_col int NOT NULL);
INSERT INTO shop.hidden_ledger VALUES ('acme', 1);
GRANT SELECT ON shop.hidden_ledger TO ops_tool, runner_zz;
GRANT USAGE ON SCHEMA shop TO runner_zz;
SELECT ops.protect_table('shop.hidden_ledger');
"""
EVERYTHING = """
SELECT string_agg(t, E'\\n') FROM (
  SELECT to_jsonb(x)::text AS t FROM ops.traces x WHERE trace_id = %(id)s
  UNION ALL SELECT to_jsonb(x)::text FROM ops.tool_calls x WHERE trace_id = %(id)s
  UNION ALL SELECT to_jsonb(x)::text FROM ops.attempts x WHERE trace_id = %(id)s
  UNION ALL SELECT to_jsonb(x)::text FROM ops.stages x WHERE trace_id = %(id)s
  UNION ALL SELECT to_jsonb(x)::text FROM ops.spans x WHERE trace_id = %(id)s
  UNION ALL SELECT to_jsonb(x)::text FROM ops.replan_events x WHERE trace_id = %(id)s
  UNION ALL SELECT ops.trace(%(id)s)::text
  UNION ALL SELECT string_agg(l, E'\\n') FROM ops.trace_text(%(id)s) l
  UNION ALL SELECT string_agg(l, E'\\n') FROM ops.waterfall(%(id)s) l) AS everything
"""


class Contents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("trace_contents").start()
        cls.addClassCleanup(cls.cluster.stop)
        environment = cls.cluster.env()
        cls.cluster.env = lambda: environment  # asked for at each connection, and it does not change
        cls.site = Site(cls.cluster).build()
        cls.cluster.psql(SETUP)

    def ask_as(self, who, statement, *parameters):
        """The envelope that login `who` gets in tenant acme."""
        connection = self.cluster.connect(user=who, autocommit=False)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT ops.set_tenant('acme')")
                cursor.execute(statement, parameters)
                answer = cursor.fetchone()[0]
            connection.commit()
            self.assertTrue(answer["trace_durable"], answer)
            return answer
        finally:
            connection.close()

    def plan_as(self, who, calls, **options):
        return self.ask_as(who, "SELECT ops.run_plan(%s, %s)", json.dumps({"calls": calls}), json.dumps(options))

    def seen_by(self, who, answer):
        """Everything that login `who` can read about a trace, as one text."""
        return self.cluster.value(EVERYTHING, {"id": answer["trace_id"]}, user=who)

    def trace(self, answer, user="app"):
        return self.cluster.value("SELECT ops.trace(%s)", (answer["trace_id"],), user=user)

    def policy(self, name, **spec):
        self.cluster.psql(f"BEGIN; SELECT ops.set_tenant('acme'); SELECT ops.put_asset('policy', '{name}',"
                          f" '{json.dumps(spec)}'); SELECT ops.publish_asset('policy', '{name}'); COMMIT")

    # --- internal texts -----------------------------------------------------------------------------
    def failing_tools(self):
        """Tools that fail with a text that names something; made while they still worked."""
        site = self.site
        site.create_tool("ungranted", "Sums", "SELECT sum(margin_col) AS s FROM shop.hidden_ledger")
        site.create_tool("unprotected", "Counts", "SELECT count(*) AS s FROM shop.hidden_ledger WHERE margin_col > 0")
        site.create_tool("cast", "Casts", "SELECT max(name::int) AS s FROM shop.item WHERE id > 0")
        site.create_tool("runner", "Runs", "SELECT count(*) AS s FROM shop.hidden_ledger AS l", run_as="runner_zz")
        for name, url in (("web_name", "http://upstream-zz.invalid/x"), ("web_address", "http://10.9.8.7/x")):
            site.value("SELECT ops.create_http_tool(%s, 'Asks', 'GET', %s, result => '$')", (name, url))
        return {
            "ungranted": "REVOKE SELECT ON shop.hidden_ledger FROM ops_tool",
            "unprotected": "GRANT SELECT ON shop.hidden_ledger TO ops_tool; SELECT ops.unprotect_table('shop.hidden_ledger')",
            "runner": "SELECT ops.disallow_run_as('runner_zz')",
            "cast": "", "web_name": "", "web_address": "",
            "ungranted ": "DROP TABLE shop.hidden_ledger",
        }

    def test_internal_texts_are_for_operators_whoever_asked(self):
        told = set()
        for tool, harm in self.failing_tools().items():
            self.cluster.psql(harm)
            for asker in PEOPLE:
                call = [{"id": "a", "tool": tool.strip(), "args": {}}]
                for answer in (self.plan_as(asker, call), self.ask_as(asker, "SELECT ops.call_tool(%s)", tool.strip())):
                    with self.subTest(tool=tool, asker=asker):
                        self.assertEqual(answer["status"], "failed")
                        read = self.seen_by("reader", answer)
                        self.assertIn(answer["trace_id"], read)
                        self.assertIn(answer["error"]["code"], read, "the code is for everybody")
                        self.assertEqual([m for m in MARKS if m in read], [])
                        if asker == "reader":
                            self.assertEqual([m for m in MARKS if m in json.dumps(answer)], [])
                        told.update(m for m in MARKS if m in self.seen_by("app", answer))
        # The texts exist: operators find them, so that the above proves something.
        self.assertGreaterEqual(told, {"hidden_ledger", "permission denied", "syntax for type", "10.9.8.7"})

    # --- sensitive values ---------------------------------------------------------------------------
    def test_sensitive_values_stand_nowhere(self):
        self.policy("careful", record="full", sensitive=["$.pin", "$.rows[*].pin", "$.who.pin"])
        self.site.create_tool("pins", "Pins", "SELECT :pin::text AS pin, 'shown-zz' AS note", policy="careful")
        self.site.create_tool("after", "After", "SELECT 1 AS one, :note::text AS note")
        calls = [{"id": "a", "tool": "pins", "args": {"pin": "pin-4711"}},
                 {"id": "b", "tool": "after", "args": {"note": {"$ref": "a", "path": "$.rows[0].note"}}}]
        options = {"params": {"pin": "pin-4711", "who": {"pin": "pin-4711"}}}
        for asker in PEOPLE:
            answers = [self.plan_as(asker, calls, **options),
                       self.ask_as(asker, "SELECT ops.call_tool('pins', '{\"pin\": \"pin-4711\"}')"),
                       self.plan_as(asker, calls, record="full", **options),
                       self.plan_as(asker, calls, record="digest", **options)]
            self.assertIn("pin-4711", json.dumps(answers[0]), "the caller gets the answer itself")
            # A plan that is refused names the same arguments.
            answers.append(self.plan_as(asker, [{"id": "a", "tool": "pins", "args": {"pin": "pin-4711", "x": 1}}], **options))
            answers.append(self.plan_as(asker, calls + [{"id": "c", "tool": "nobody"}], **options))
            self.assertEqual([code_of(a) for a in answers[-2:]], ["PLAN_INVALID"] * 2)
            for number, answer in enumerate(answers):
                with self.subTest(asker=asker, answer=number):
                    for reader in PEOPLE:
                        self.assertNotIn("pin-4711", self.seen_by(reader, answer), reader)
            document = self.trace(answers[0])
            self.assertEqual(document["plan"]["calls"][0]["args"], {"pin": "[masked]"})
            self.assertEqual(document["validated_plan"]["calls"][0]["args"], {"pin": "[masked]"})
            self.assertEqual(document["options"]["params"], {"pin": "[masked]", "who": {"pin": "[masked]"}})
            self.assertEqual(document["references"][0]["args"], {"pin": "[masked]"})
            self.assertEqual(document["answer"]["summary"], "[masked]")
            self.assertEqual(document["tool_calls"][0]["args"], {"pin": "[masked]"})
            self.assertEqual(document["tool_calls"][0]["result"]["rows"], [{"pin": "[masked]", "note": "shown-zz"}])
            self.assertEqual(document["tool_calls"][1]["args"], {"note": "shown-zz"})

    # --- recording ----------------------------------------------------------------------------------
    def test_recording_above_the_policy_is_for_operators(self):
        for record in ("digest", "arguments", "full"):
            self.policy(f"keeps_{record}", record=record)
            self.site.create_tool(f"keep_{record}", "Keeps", "SELECT :x::text AS x", policy=f"keeps_{record}")
        rank = ["digest", "arguments", "full"]
        for policy in rank:
            for wanted in (None, *rank):
                for asker in PEOPLE:
                    answer = self.plan_as(asker, [{"id": "a", "tool": f"keep_{policy}", "args": {"x": "value-zz"}}],
                                          **({"record": wanted} if wanted else {}))
                    self.assertEqual(answer["status"], "success")
                    may_raise = asker != "reader"
                    kept = policy if wanted is None or (rank.index(wanted) > rank.index(policy) and not may_raise) else wanted
                    document = self.trace(answer)
                    call = document["tool_calls"][0]
                    with self.subTest(policy=policy, wanted=wanted, asker=asker):
                        arguments = {"x": "value-zz"} if kept != "digest" else None
                        self.assertEqual(call["args"], arguments)
                        self.assertEqual(document["plan"]["calls"][0]["args"], arguments)
                        self.assertEqual(document["validated_plan"]["calls"][0]["args"], arguments)
                        self.assertEqual(document["references"][0]["args"], arguments)
                        self.assertEqual("result" in call, kept == "full")
                        self.assertTrue(call["args_digest"].startswith("sha256:"))
                        self.assertTrue(call["result_digest"].startswith("sha256:"))

    # --- sizes --------------------------------------------------------------------------------------
    def test_huge_requests_make_small_traces(self):
        self.site.create_tool("long", "Length", "SELECT length(:x::text) AS n")
        self.site.create_tool("bad", "Casts a text", "SELECT (:x::text)::int AS n")
        self.site.create_tool("back", "Gives it back", "SELECT :x::text AS x")
        huge = "\u00e9" * 30_000_000
        some = "y" * 3_000_000
        requests = {
            "argument": lambda: self.plan_as("app", [{"id": "a", "tool": "long", "args": {"x": huge}}]),
            "call": lambda: self.ask_as("app", "SELECT ops.call_tool('long', %s)", json.dumps({"x": some})),
            "error": lambda: self.plan_as("app", [{"id": "a", "tool": "bad", "args": {"x": some}}]),
            "answer": lambda: self.plan_as("app", [{"id": "a", "tool": "back", "args": {"x": some}}], record="full"),
            "options": lambda: self.plan_as("app", [{"id": "a", "tool": "items"}], params={"x": some}),
            "many": lambda: self.plan_as("app", [{"id": f"c{i}", "tool": "long", "args": {"x": "z" * 200_000}} for i in range(32)]),
            "unknown": lambda: self.plan_as("app", [{"id": "a", "tool": "nobody", "args": {"x": some}}]),
            "wide": lambda: self.plan_as("app", [{"id": "a", "tool": "items", "args": {f"k{i}": i for i in range(50_000)}}]),
            "question": lambda: self.ask_as("app", "SELECT ops.ask(%s)", "is this " * 1_000_000),
        }
        for name, request in requests.items():
            with self.subTest(request=name):
                answer = request()
                size = self.cluster.value("SELECT sum(length(doc::text)) FROM (SELECT doc FROM ops.trace_store WHERE trace_id ="
                                          " %(id)s UNION ALL SELECT doc FROM ops.tool_call_store WHERE trace_id = %(id)s) AS d",
                                          {"id": answer["trace_id"]})
                self.assertLess(size, 1_000_000)
                self.assertEqual(self.trace(answer)["status"], answer["status"])
                self.assertTrue(self.seen_by("app", answer))

    def test_what_is_left_out_is_named(self):
        self.site.create_tool("measure", "Length", "SELECT length(:x::text) AS n")
        value = "\u00e9" * 500_000
        answer = self.plan_as("app", [{"id": "a", "tool": "measure", "args": {"x": value}}])
        self.assertEqual(answer["status"], "success")
        self.assertEqual(answer["references"][0]["args"], {"x": value}, "the caller's own answer is whole")
        document = self.trace(answer)
        for args in (document["plan"]["calls"][0]["args"], document["validated_plan"]["calls"][0]["args"],
                     document["references"][0]["args"], document["tool_calls"][0]["args"]):
            self.assertEqual((args["omitted"], args["bytes"]), (True, 1_000_008))
            self.assertEqual(args["digest"], document["tool_calls"][0]["args_digest"])
            self.assertTrue(args["first"].startswith('{"x":"\u00e9\u00e9'), args["first"][:20])
            self.assertLess(len(args["first"]), 5_000)
        small = self.plan_as("app", [{"id": "a", "tool": "measure", "args": {"x": "y" * 20_000}}])
        self.assertEqual(self.trace(small)["tool_calls"][0]["args"], {"x": "y" * 20_000}, "what is not huge is kept")

    # --- workers ------------------------------------------------------------------------------------
    def test_only_administrators_of_system_stop_workers(self):
        self.cluster.psql("CREATE ROLE boss LOGIN IN ROLE ops_admin; CREATE ROLE root_boss LOGIN IN ROLE ops_admin;"
                          " CREATE ROLE weak_boss LOGIN IN ROLE ops_operator;"
                          " SELECT ops.grant_tenant('acme', 'boss', 'admin'), ops.grant_tenant('globex', 'boss', 'admin'),"
                          " ops.grant_tenant('system', 'root_boss', 'admin'), ops.grant_tenant('system', 'weak_boss', 'admin')")
        self.site.well()
        workers = "SELECT array_agg(pid ORDER BY pid) FROM ops.workers WHERE pid > 0"
        before = self.cluster.value(workers)
        for who in ("reader", "app", "boss", "weak_boss"):
            for tenant in ("", "SELECT ops.set_tenant('acme'); " if who != "weak_boss" else ""):
                error = error_of(self.cluster.rows, f"BEGIN; {tenant}SELECT ops.stop_workers()", None, who)
                self.assertEqual(error.pgcode, "42501", who)
        self.assertEqual(self.cluster.value(workers), before, "nothing was stopped")
        self.assertEqual(self.cluster.value("SELECT ops.stop_workers()", user="root_boss"), len(before))
        self.assertNotEqual(self.cluster.value(workers), before)
        self.site.well()


if __name__ == "__main__":
    unittest.main()
