"""A question asked again is not planned again where nothing can have changed, and nobody can tell: the same plan, reason and
planner document; and whatever a decision depends on decides at once when it changes."""
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster  # noqa: E402

SETUP = """
SELECT ops.create_tenant('acme'); SELECT ops.create_tenant('globex');
CREATE ROLE asker LOGIN IN ROLE ops_user;
CREATE ROLE crew;
SELECT ops.grant_tenant('acme', 'asker', 'user'); SELECT ops.grant_tenant('globex', 'asker', 'user');
"""
TWICE = ("how many crates are there?", "delete every crate", "how many unicorns are there?", "help", "crates or barrels?")


class DecisionCache(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("decision_cache").start()
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.psql(SETUP)
        for tenant in ("acme", "globex"):
            cls.put(tenant, "crate_count", "crate", 7 if tenant == "acme" else 3)
        cls.put("acme", "barrel_count", "barrel", 5)
        cls.put("acme", "landing_count", "landing", 2, roles=["crew"])
        cls.put("acme", "arrivals", "arrival", 4, parameters={side: {"type": "string", "format": "date-time"} for side in ("since", "until")})

    @classmethod
    def put(cls, tenant, name, thing, number, roles=None, parameters=None):
        """A tool that counts `thing`s, published in `tenant`."""
        period = " yesterday" if parameters else ""
        query = f"SELECT {number} AS {thing}s" + (" WHERE :since::timestamptz < :until::timestamptz" if parameters else "")
        spec = {"description": f"Number of {thing}s.", "type": "sql", "sql": {"query": query},
                "capabilities": [thing + "s"],
                "examples": [f"how many {thing}s are there{period}?", f"number of {thing}s{period}", f"{thing} count{period}",
                             f"count the {thing}s{period}"]}
        if roles:
            spec["roles"] = roles
        if parameters:
            spec["input_schema"] = {"type": "object", "properties": parameters, "required": list(parameters)}
        cls.cluster.psql(f"BEGIN; SELECT ops.set_tenant('{tenant}');"
                         f" SELECT ops.put_asset('tool', '{name}', '{json.dumps(spec)}');"
                         f" SELECT ops.publish_asset('tool', '{name}'); COMMIT")

    def setUp(self):
        self.connection = self.cluster.connect(user="asker")
        self.connection.autocommit = True
        self.addCleanup(self.connection.close)

    def ask(self, question, tenant="acme", **options):
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT ops.ask(%s, %s)", (question, json.dumps({"tenant": tenant, **options})))
            return cursor.fetchone()[0]

    def number(self, answer):
        self.assertEqual(answer["status"], "success", answer)
        return answer["answer"]["facts"][0]["value"]

    def document(self, answer):
        return self.cluster.value("SELECT ops.trace(%s)", (answer["trace_id"],))

    def test_answer_and_trace_are_the_same_the_second_time(self):
        for question in TWICE:
            for options in ({}, {"locale": "ko"}):
                first, second = (self.ask(question, **options) for _ in range(2))
                for key in ("route", "route_reason", "intent", "plan_id", "error", "clarification", "next_actions", "status"):
                    self.assertEqual(first[key], second[key], (question, key))
                self.assertEqual(first["answer"]["summary"], second["answer"]["summary"])
                stored = [self.document(answer) for answer in (first, second)]
                for key in ("planner", "plan", "validated_plan", "options", "timezone"):
                    self.assertEqual(json.dumps(stored[0][key]), json.dumps(stored[1][key]), (question, key))
                self.assertEqual([s["stage"] for s in stored[0]["stages"]], [s["stage"] for s in stored[1]["stages"]])

    def test_a_choice_is_among_the_same_options(self):
        question = "number of crates or number of barrels?"
        for _ in range(2):
            answer = self.ask(question)
            if answer["clarification"] is None:
                self.assertEqual(answer["error"]["code"], "NO_MATCH", answer)
                refused = self.ask(question, choose=1)
                self.assertEqual(refused["error"]["code"], "TOOL_BAD_REQUEST", refused)
                continue
            chosen = self.ask(question, choose=2)
            self.assertEqual(chosen["plan_id"], answer["clarification"]["options"][1]["plan_id"])

    def test_each_tenant_has_its_own(self):
        for _ in range(3):
            self.assertEqual(self.number(self.ask("how many crates are there?", tenant="acme")), 7)
            self.assertEqual(self.number(self.ask("how many crates are there?", tenant="globex")), 3)
        self.assertEqual(self.ask("how many barrels are there?", tenant="globex")["error"]["code"], "NO_MATCH")
        self.assertEqual(self.number(self.ask("how many barrels are there?", tenant="acme")), 5)

    def test_rights_decide_at_once(self):
        question = "how many landings are there?"
        for _ in range(2):
            self.assertEqual(self.ask(question)["error"]["code"], "NO_MATCH")
        for _ in range(2):
            self.cluster.psql("GRANT crew TO asker")
            for _ in range(2):
                self.assertEqual(self.number(self.ask(question)), 2)
            self.cluster.psql("REVOKE crew FROM asker")
            for _ in range(2):
                self.assertEqual(self.ask(question)["error"]["code"], "NO_MATCH")

    def test_a_publication_decides_at_once(self):
        question = "how many sacks are there?"
        self.assertEqual(self.ask(question)["error"]["code"], "NO_MATCH")
        for number in (11, 12, 13):
            self.put("acme", "sack_count", "sack", number)
            for _ in range(2):
                self.assertEqual(self.number(self.ask(question)), number)
        self.cluster.psql("BEGIN; SELECT ops.set_tenant('acme'); SELECT ops.delete_asset('tool', 'sack_count'); COMMIT")
        for _ in range(2):
            self.assertEqual(self.ask(question)["error"]["code"], "NO_MATCH")

    def test_time_is_read_anew(self):
        question = "how many arrivals are there yesterday?"
        since = []
        for clock in ("2026-03-11T12:00:00Z", "2026-03-12T12:00:00Z", "2026-03-12T12:00:00Z"):
            answer = self.ask(question, now=clock)
            self.assertEqual(self.number(answer), 4)
            since.append(self.document(answer)["plan"]["calls"][0]["args"]["since"])
        self.assertEqual(since, ["2026-03-10T00:00:00+00:00", "2026-03-11T00:00:00+00:00", "2026-03-11T00:00:00+00:00"])
        answer = self.ask(question, now="2026-03-12T12:00:00Z", timezone="Asia/Seoul")
        self.assertEqual(self.document(answer)["plan"]["calls"][0]["args"]["since"], "2026-03-11T00:00:00+09:00")

    def test_thousands_of_questions_leave_no_more_than_the_cache_holds(self):
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pid = cursor.fetchone()[0]

            def resident():
                with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
                    return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

            def ask_many(first, count):
                cursor.execute("SELECT count(ops.plan('how many crates are there' || repeat(' ', n %% 50) || '?'"
                               " || repeat(' ', n / 50), '{\"tenant\": \"acme\"}')) FROM generate_series(%s, %s) n",
                               (first, first + count - 1))
                self.assertEqual(cursor.fetchone()[0], count)

            ask_many(0, 1000)
            before = resident()
            ask_many(1000, 3000)
            self.assertLess(resident() - before, 4 << 20)


if __name__ == "__main__":
    unittest.main()
