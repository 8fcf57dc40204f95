"""What callers are told when something fails: the code's user message and a trace id, and no name or value that is not theirs.

Every failure a plain user can provoke is provoked through each door; then the envelope, the SQL error with all of its
fields, and everything the user can read of the traces are searched for names of relations, columns, functions, roles and
hosts, and for values of tables, which all carry words that occur nowhere else.
"""
import json
import os
import re
import sys
import unittest

import psycopg2

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster  # noqa: E402

SETUP = """
CREATE ROLE alice LOGIN; CREATE ROLE wombatrole LOGIN; GRANT ops_user TO alice; GRANT ops_operator TO wombatrole;
SELECT ops.create_tenant('acme'); SELECT ops.create_tenant('globexquokka'); SELECT ops.grant_tenant('acme', 'alice');
SELECT ops.grant_tenant('acme', 'wombatrole', 'operator');
CREATE SCHEMA wombat; GRANT USAGE ON SCHEMA wombat TO ops_tool;
CREATE TABLE wombat.stock (tenant_id text, wombatnumber int, wombattext text CONSTRAINT wombatcheck CHECK (wombattext <> ''));
INSERT INTO wombat.stock VALUES ('acme', 0, 'quokkamine'), ('globexquokka', 7, 'quokkatheirs');
CREATE TABLE wombat.revoked (tenant_id text, n int); CREATE TABLE wombat.altered (tenant_id text, wombatgone int);
CREATE TABLE wombat.opened (tenant_id text, n int); CREATE TABLE wombat.dropped (tenant_id text, n int);
SELECT ops.protect_table(t) FROM unnest(ARRAY['wombat.stock', 'wombat.revoked', 'wombat.altered', 'wombat.opened', 'wombat.dropped']::regclass[]) t;
GRANT SELECT ON ALL TABLES IN SCHEMA wombat TO ops_tool;
CREATE FUNCTION wombat.wombatfunction(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1; END';
CREATE FUNCTION wombat.wombatraise(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE EXCEPTION 'wombat % broke', $1 USING DETAIL = 'quokkadetail', HINT = 'quokkahint'; END$$;
SELECT ops.allow_function('wombat.wombatfunction(int)', 'test'); SELECT ops.allow_function('wombat.wombatraise(int)', 'test');
"""
POLICIES = {"brief": {"timeout_ms": 200, "max_cost": None}, "little": {"max_bytes": 1024}, "cheap": {"max_cost": 1}}
# Tool: statement, policy, the code its call ends with.
SQL_TOOLS = {
    "divides": ("SELECT 1 / wombatnumber AS r FROM wombat.stock", "default_sql", "TOOL_ERROR"),
    "casts": ("SELECT wombattext::int AS r FROM wombat.stock", "default_sql", "TOOL_ERROR"),
    "many": ("SELECT (SELECT s.wombatnumber FROM wombat.stock s, generate_series(1, 2)) AS r", "default_sql", "TOOL_ERROR"),
    "raises": ("SELECT wombat.wombatraise(wombatnumber) AS r FROM wombat.stock", "default_sql", "TOOL_ERROR"),
    "no_grant": ("SELECT n FROM wombat.revoked", "default_sql", "PERMISSION_DENIED"),
    "no_column": ("SELECT wombatgone FROM wombat.altered", "default_sql", "TOOL_ERROR"),
    "no_table": ("SELECT n FROM wombat.dropped", "default_sql", "TOOL_ERROR"),
    "no_policy": ("SELECT n FROM wombat.opened", "default_sql", "TENANT_MISMATCH"),
    "no_function": ("SELECT wombat.wombatfunction(wombatnumber) AS r FROM wombat.stock", "default_sql", "SQL_BLOCKED"),
    "slow": ("SELECT count(*) AS n FROM wombat.stock, generate_series(1, 2000000000)", "brief", "TOOL_TIMEOUT"),
    "large": ("SELECT repeat(wombattext, 1000) AS r FROM wombat.stock", "little", "RESULT_TOO_LARGE"),
}
HTTP_TOOLS = {"private": ("http://10.77.66.55/wombatpath", "EGRESS_BLOCKED"), "here": ("http://127.0.0.1:9/wombatpath", "EGRESS_BLOCKED"),
              "unknown_host": ("http://wombathost.invalid/wombatpath", "UPSTREAM_UNAVAILABLE")}
AFTER = """
REVOKE SELECT ON wombat.revoked FROM ops_tool; ALTER TABLE wombat.altered DROP COLUMN wombatgone; DROP TABLE wombat.dropped;
SELECT ops.unprotect_table('wombat.opened');
CREATE OR REPLACE FUNCTION wombat.wombatfunction(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 1 + $1; END';
"""
NOT_THEIRS = re.compile(r"wombat|quokka|10\.77|127\.0\.0\.1|ops_tool|ops_executor|ops_owner|postgres|\brelation\b|\bSQLSTATE\b", re.I)


class CallerErrors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("caller_errors").start()
        cls.cluster.psql(SETUP)
        script = "".join(f"SELECT ops.put_asset('policy', '{n}', '{json.dumps(p)}'); SELECT ops.publish_asset('policy', '{n}');"
                         for n, p in POLICIES.items())
        for name, (statement, policy, _) in SQL_TOOLS.items():
            script += f"SELECT ops.create_sql_tool('{name}', 'fails in one way', $q${statement}$q$, policy => '{policy}');"
        for name, (url, _) in HTTP_TOOLS.items():
            script += f"SELECT ops.create_http_tool('{name}', 'fails in one way', 'GET', '{url}');"
        script += "SELECT ops.create_sql_tool('typed', 'wants a number', 'SELECT wombattext AS r FROM wombat.stock WHERE wombatnumber = :n');"
        cls.cluster.psql(script, user="wombatrole")
        cls.cluster.psql(AFTER)
        cls.connection = cls.cluster.connect(user="alice")
        cls.messages = dict(cls.cluster.rows("SELECT code, user_message FROM ops.error_codes"))

    @classmethod
    def tearDownClass(cls):
        cls.connection.close()
        cls.cluster.stop()

    def value(self, statement, *parameters):
        with self.connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return cursor.fetchone()[0]

    def clean(self, text, where, typed=""):
        """Nothing that is not the caller's; what the caller typed may come back."""
        found = NOT_THEIRS.search(text.replace(typed, "") if typed else text)
        if found:
            self.fail(f"{where} tells {found.group(0)}: ...{text[max(0, found.start() - 200):found.end() + 100]}...")

    def everything_of(self, trace_id):
        with self.connection.cursor() as cursor:
            for function in ("trace", "trace_text", "waterfall"):
                cursor.execute(f"SELECT * FROM ops.{function}(%s)", (trace_id,))
                yield function, json.dumps(cursor.fetchall(), default=str)
            for view in ("traces", "tool_calls", "attempts", "stages", "spans", "replan_events"):
                cursor.execute(f"SELECT * FROM ops.{view} v WHERE trace_id = %s", (trace_id,))
                yield view, json.dumps(cursor.fetchall(), default=str)

    def failed(self, answer, code, where):
        self.assertRegex(answer["trace_id"], r"^[0-9a-f-]{36}$")
        self.clean(json.dumps(answer, ensure_ascii=False), where)
        call = answer["tool_calls"][0]
        self.assertEqual((call["error_code"], call["message"]), (code, self.messages[code]), where)
        for name, text in self.everything_of(answer["trace_id"]):
            self.clean(text, f"{where}, {name}")

    def test_every_failure_of_a_tool_is_told_by_its_user_message_alone(self):
        expected = {name: code for name, (_, _, code) in SQL_TOOLS.items()} | {name: code for name, (_, code) in HTTP_TOOLS.items()}
        for name, code in expected.items():
            self.failed(self.value("SELECT ops.call_tool(%s)", name), code, f"call_tool {name}")
            plan = json.dumps({"calls": [{"id": "a", "tool": name, "args": {}}]})
            self.failed(self.value("SELECT ops.run_plan(%s)", plan), code, f"run_plan {name}")
            text = "\n".join(self.value("SELECT array_agg(t) FROM ops.to_text(ops.call_tool(%s)) t", name))
            self.clean(text, f"to_text {name}")

    def test_dependents_and_partial_answers_tell_no_more(self):
        plan = json.dumps({"calls": [{"id": "a", "tool": "divides", "args": {}}, {"id": "b", "tool": "casts", "args": {}, "depends_on": ["a"]}]})
        answer = self.value("SELECT ops.run_plan(%s)", plan)
        self.clean(json.dumps(answer), "a plan with a dependent")
        self.assertEqual([call["status"] for call in answer["tool_calls"]], ["error", "skipped"])

    def test_arguments_and_plans_that_are_wrong_tell_no_more(self):
        for statement, parameter in (("SELECT ops.call_tool('typed', %s)", '{"n": "abc"}'), ("SELECT ops.call_tool('typed', %s)", '{"m": 1}'),
                                     ("SELECT ops.run_plan(%s)", '{"calls":[{"id":"a","tool":"nothing","args":{}}]}'),
                                     ("SELECT ops.run_plan(%s)", '{"calls":[{"id":"a","tool":"typed","args":{"n":{"$ref":"x","path":"$"}}}]}'),
                                     ("SELECT ops.run_plan(%s)", '{}')):
            answer = self.value(statement, parameter)
            self.assertEqual(answer["status"], "failed", parameter)
            self.clean(json.dumps(answer), parameter)
            for name, text in self.everything_of(answer["trace_id"]):
                self.clean(text, f"{parameter}, {name}")

    def test_sql_errors_tell_no_more_in_any_field(self):
        for statement, state, typed in (
                ("SELECT ops.ask(NULL)", "22004", ""), ("SELECT ops.ask('x', '[]')", "22023", ""), ("SELECT ops.ask('x', '{\"nonsense\": 1}')", "22023", ""),
                ("SELECT ops.ask('x', '{\"timezone\": \"No/Where\"}')", "22023", ""), ("SELECT ops.ask('x', '{\"parent_trace_id\": \"z\"}')", "22023", ""),
                ("SELECT ops.ask('x', '{\"asset_overrides\": {\"tool:divides\": 1}}')", "42501", ""),
                ("SELECT ops.call_tool(NULL)", "22004", ""), ("SELECT ops.run_plan(NULL)", "22004", ""),
                ("SELECT ops.query('SELECT 1')", "42501", ""), ("SELECT ops.check_sql('SELECT 1')", "42501", ""),
                ("SELECT ops.publish_asset('tool', 'divides')", "42501", ""), ("SELECT ops.validate_asset('tool', 'divides')", "42501", ""),
                ("SELECT * FROM ops.audit_entries", "42501", ""), ("SELECT * FROM ops.trace_store", "42501", ""),
                ("SELECT ops.set_tenant('globexquokka')", "42501", "globexquokka"), ("SELECT ops.ask('x', '{\"tenant\": \"globexquokka\"}')", "42501", "globexquokka"),
                ("SELECT ops.set_default_tenant('alice', 'globexquokka')", "42501", "globexquokka")):
            with self.assertRaises(psycopg2.Error, msg=statement) as caught:
                self.value(statement)
            diag = caught.exception.diag
            self.assertEqual(diag.sqlstate, state, statement)
            fields = (diag.message_primary, diag.message_detail, diag.message_hint, diag.context, diag.schema_name, diag.table_name,
                      diag.column_name, diag.datatype_name, diag.constraint_name, diag.internal_query)
            self.clean("\n".join(filter(None, fields)), statement, typed)

    def test_whether_another_tenant_exists_is_not_told(self):
        def told(tenant):
            with self.assertRaises(psycopg2.Error) as caught:
                self.value("SELECT ops.set_tenant(%s)", tenant)
            diag = caught.exception.diag
            return [(field or "").replace(tenant, "T") for field in (diag.sqlstate, diag.message_primary, diag.message_detail, diag.message_hint)]
        self.assertEqual(told("globexquokka"), told("nowhere"))

    def test_operators_find_the_full_text_in_the_trace(self):
        answer = self.value("SELECT ops.call_tool('raises')")
        trace = json.dumps(self.cluster.value("SELECT ops.trace(%s)", (answer["trace_id"],), user="wombatrole"))
        self.assertIn("wombat 0 broke", trace)
        self.assertNotIn("quokkatheirs", trace)


if __name__ == "__main__":
    unittest.main()
