"""End to end: what must not change an answer. The tuning questions are planned before and after.

An unrelated tool, another order of registration and another tenant's name change no decision: which tools are called with
which arguments, or with which code the question is refused. The tenants here have the same rows and assets, made in
another order or under another name; ops.plan() says what would be done. Tools and models are those of the demo estate, if
they are there, and a few of this file.
"""
import json
import os
import sys
import unittest

import psycopg2
from cluster import ROOT, Cluster

sys.path.insert(0, os.path.join(ROOT, "bench", "answering"))
import questions as files  # noqa: E402

ESTATE_TOOLS = os.path.join(ROOT, "dev", "estate_tools.sql")
TABLES = ("configuration_item", "event_log", "metric", "maintenance")
MOMENT = {"type": "string", "format": "date-time"}
SEVERITY = {"type": "string", "enum": ["info", "warning", "critical"]}
KIND = {"type": "string", "enum": ["threshold_alarm", "security_alert", "health_check", "status_change", "deployment"],
        "x-ops": {"synonyms": {"deployment": ["deploys", "deployments"], "security_alert": ["security alerts"]}}}
PERIOD = "(:since::timestamptz IS NULL OR at >= :since) AND (:until::timestamptz IS NULL OR at < :until)"
OWN = [
    ("fleet_size", "Number of configuration items.",
     "SELECT count(*) AS items FROM shop.configuration_item WHERE (:ci_type::text IS NULL OR ci_type = :ci_type)",
     ["how many items do we have?", "number of configuration items", "count the CIs", "how many hardware items?", "total CIs"],
     {"ci_type": {"type": "string", "enum": ["SYSTEM", "SW", "HW"], "x-ops": {"synonyms": {"HW": ["hardware"], "SW": ["software"]}}}}),
    ("fleet_owners", "Number of configuration items per owner.",
     "SELECT owner, count(*) AS items FROM shop.configuration_item GROUP BY owner ORDER BY items DESC, owner",
     ["items per owner", "how many CIs does each owner have?", "who owns how many items?", "items by owner",
      "configuration items per owner"], {}),
    ("fleet_events", "Number of events.",
     "SELECT count(*) AS events FROM shop.event_log WHERE (:severity::text IS NULL OR severity = :severity) "
     "AND (:event_type::text IS NULL OR event_type = :event_type) AND " + PERIOD,
     ["how many events were there?", "number of events", "count events yesterday", "how many critical events today?",
      "how many deployments last week?"], {"severity": SEVERITY, "event_type": KIND, "since": MOMENT, "until": MOMENT}),
    ("fleet_latest", "The latest events.",
     "SELECT at, event_type, severity, message FROM shop.event_log WHERE (:severity::text IS NULL OR severity = :severity) "
     "ORDER BY at DESC LIMIT :limit",
     ["show the latest events", "last 5 events", "most recent critical events", "newest events", "what happened last?"],
     {"severity": SEVERITY, "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10}}),
    ("fleet_cost", "Total cost of maintenance in euros.",
     "SELECT sum(cost) AS cost FROM shop.maintenance WHERE "
     + PERIOD.replace("at >=", "started_at >=").replace("at <", "started_at <"),
     ["total maintenance cost", "what did maintenance cost last month?", "sum of maintenance costs", "maintenance cost this year",
      "how much did maintenance cost?"], {"since": MOMENT, "until": MOMENT}),
]
UNRELATED = ("canteen_menu", "Dishes of the canteen by day of the week.", "SELECT 'monday' AS weekday, 'soup' AS dish",
             ["what is for lunch?", "canteen menu", "which dishes are served on friday?", "menu of the week", "is there soup?"], {})


def create_tool(cursor, name, description, query, examples, properties):
    schema = {"type": "object", "properties": properties, "required": [], "additionalProperties": False}
    cursor.execute("SELECT ops.create_sql_tool(%s, %s, %s, %s, %s, %s)",
                   (name, description, query, examples, ["fleet." + name], json.dumps(schema)))


def decision(plan):
    """What would be done, without how near other tools came."""
    return {"route": plan["route"], "intent": plan["intent"], "plan": plan["plan"], "code": (plan["error"] or {}).get("code"),
            "options": [option.get("label") for option in (plan["clarification"] or {}).get("options", [])]}


class MetamorphicTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("metamorphic").start()
        small = ["-v", f"clock={files.CLOCK}", "-v", "events=2000", "-v", "metric_hours=240"]
        with open(os.path.join(ROOT, "dev", "estate.sql"), encoding="utf-8") as file:
            cls.cluster.psql(file.read(), *small)
        if os.path.exists(ESTATE_TOOLS):
            with open(ESTATE_TOOLS, encoding="utf-8") as file:
                cls.cluster.psql(file.read(), *small)
        cls.connection = cls.cluster.connect(autocommit=False)
        cls.cursor = cls.connection.cursor()
        cls.inside("acme", lambda: [create_tool(cls.cursor, *tool) for tool in OWN])
        cls.cursor.execute("SELECT kind, name, spec FROM ops.asset_versions WHERE tenant = 'acme' AND status = 'current'")
        rank = {kind: place for place, kind in enumerate(("policy", "source", "resolver", "mapping", "model", "tool", "playbook"))}
        assets = sorted(cls.cursor.fetchall(), key=lambda asset: (rank[asset[0]], asset[1]))
        backwards = sorted(reversed(assets), key=lambda asset: rank[asset[0]])
        for tenant, order in (("Zeta-9", assets), ("backwards", backwards)):
            cls.copy_tenant(tenant, order)
        tuning = [q for q in files.load() if q["part"] == "tune" and q["domain"] == "estate" and q["tenant"] == "acme"]
        cls.questions = tuning[::2]
        cls.before = cls.plans("acme")

    @classmethod
    def tearDownClass(cls):
        cls.connection.close()
        cls.cluster.stop()

    @classmethod
    def inside(cls, tenant, work):
        """Runs work() as an operator of the tenant, in a transaction of its own."""
        cls.connection.commit()
        cls.cursor.execute("SELECT ops.set_tenant(%s)", (tenant,))
        work()
        cls.connection.commit()

    @classmethod
    def copy_tenant(cls, tenant, assets):
        cls.cursor.execute("SELECT ops.create_tenant(%s)", (tenant,))
        for table in TABLES:
            cls.cursor.execute("SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = "
                               "%s::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'tenant_id'", (f"shop.{table}",))
            columns = cls.cursor.fetchone()[0]
            cls.cursor.execute(f"INSERT INTO shop.{table} (tenant_id, {columns}) "
                               f"SELECT %s, {columns} FROM shop.{table} WHERE tenant_id = 'acme'", (tenant,))

        def put():
            waiting = assets
            while waiting:  # an asset that needs another waits for it
                late = [asset for asset in waiting if not cls.published(*asset)]
                if len(late) == len(waiting):
                    raise AssertionError(f"cannot be published: {[asset[:2] for asset in late]}")
                waiting = late
        cls.inside(tenant, put)

    @classmethod
    def published(cls, kind, name, spec):
        cls.cursor.execute("SAVEPOINT asset")
        try:
            cls.cursor.execute("SELECT ops.put_asset(%s, %s, %s)", (kind, name, json.dumps(spec)))
            cls.cursor.execute("SELECT ops.publish_asset(%s, %s)", (kind, name))
        except psycopg2.Error:
            cls.cursor.execute("ROLLBACK TO SAVEPOINT asset")
            return False
        return True

    @classmethod
    def plans(cls, tenant):
        """{id: document} of what ops.plan() says to each question, with the tenant's name and the plan's identifier out."""
        found = {}
        for question in cls.questions:
            options = {"tenant": tenant, "timezone": question["timezone"], "locale": question["locale"], "now": question["clock"]}
            cls.cursor.execute("SELECT ops.plan(%s, %s)", (question["question"], json.dumps(options)))
            text = json.dumps({**cls.cursor.fetchone()[0], "plan_id": None}, sort_keys=True)
            found[question["id"]] = json.loads(text.replace(json.dumps(tenant), '"TENANT"'))
        cls.connection.commit()
        return found

    def assert_same(self, found, wanted):
        self.assertEqual([name for name in wanted if found[name] != wanted[name]], [])
        self.assertEqual(json.dumps(found), json.dumps(wanted))

    def test_the_questions_are_decided_in_more_than_one_way(self):
        routes = [plan["route"] for plan in self.before.values()]
        self.assertGreaterEqual(len(routes), 120)
        self.assertGreaterEqual(routes.count("plan"), 40)
        self.assertGreaterEqual(routes.count("reject"), 40)

    def test_an_unrelated_tool_changes_no_decision(self):
        self.inside("acme", lambda: create_tool(self.cursor, *UNRELATED))
        try:
            after = self.plans("acme")
        finally:
            self.inside("acme", lambda: self.cursor.execute("SELECT ops.delete_asset('tool', %s)", (UNRELATED[0],)))
        self.assert_same({name: decision(plan) for name, plan in after.items()},
                         {name: decision(plan) for name, plan in self.before.items()})

    def test_the_order_of_registration_changes_nothing(self):
        self.assert_same(self.plans("backwards"), self.before)

    def test_the_name_of_the_tenant_changes_nothing(self):
        self.assert_same(self.plans("Zeta-9"), self.before)

    def test_the_same_question_is_planned_the_same_again(self):
        self.assert_same(self.plans("acme"), self.before)


if __name__ == "__main__":
    unittest.main()
