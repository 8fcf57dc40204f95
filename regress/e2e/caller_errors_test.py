"""What callers are told when something fails: the code's user message and a trace id, and no name or value that is not theirs.

Every failure a plain user can provoke is provoked through each door; then the envelope, the SQL error with all of its
fields, and everything the user can read of the traces are searched for names of relations, columns, functions, roles and
hosts, and for values of tables, which all carry words that occur nowhere else. Every code of ops.error_codes is among
them, or is named in NOT_YET with the reason.
"""
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import unittest

import psycopg2

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import ROOT, Cluster, wait_for  # noqa: E402

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
POLICIES = {"brief": {"timeout_ms": 200, "max_cost": None}, "little": {"max_bytes": 1024}, "cheap": {"max_cost": 1}, "patient": {"max_cost": None}}
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
    "costly": ("SELECT count(*) AS n FROM wombat.stock, generate_series(1, 1000)", "cheap", "POLICY_DENY"),
    "large": ("SELECT repeat(wombattext, 1000) AS r FROM wombat.stock", "little", "RESULT_TOO_LARGE"),
}
HTTP_TOOLS = {"private": ("http://10.77.66.55/wombatpath", "EGRESS_BLOCKED"), "here": ("http://127.0.0.1:9/wombatpath", "EGRESS_BLOCKED"),
              "unknown_host": ("http://wombathost.invalid/wombatpath", "UPSTREAM_UNAVAILABLE"),
              "limited": ("http://127.0.0.1:PORT/wombatpath/429", "TOOL_RATE_LIMITED"), "unknown_us": ("http://127.0.0.1:PORT/wombatpath/401", "AUTH_FAILED"),
              "forbidden": ("http://127.0.0.1:PORT/wombatpath/403", "AUTH_FAILED"), "malformed": ("http://127.0.0.1:PORT/wombatpath/400", "TOOL_BAD_REQUEST"),
              "broken": ("http://127.0.0.1:PORT/wombatpath/500", "UPSTREAM_UNAVAILABLE"), "no_json": ("http://127.0.0.1:PORT/wombatpath/200", "TOOL_ERROR")}
# What the run itself says of a call that it ended or never began, instead of the user message.
OF_THE_RUN = {"REQUEST_TIMEOUT": "the request's time was over", "DEPENDENCY_FAILED": 'not run because call "a" failed'}
# No component produces these yet; test_every_code_is_provoked finds the source line that would.
NOT_YET = {"CIRCUIT_OPEN": "there are no circuit breakers", "TOOL_QUARANTINED": "there are no MCP tools, which alone are quarantined"}
AFTER = """
REVOKE SELECT ON wombat.revoked FROM ops_tool; ALTER TABLE wombat.altered DROP COLUMN wombatgone; DROP TABLE wombat.dropped;
SELECT ops.unprotect_table('wombat.opened');
CREATE OR REPLACE FUNCTION wombat.wombatfunction(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 1 + $1; END';
"""
NOT_THEIRS = re.compile(r"wombat|quokka|10\.77|127\.0\.0\.1|ops_tool|ops_executor|ops_owner|postgres|\brelation\b|\bSQLSTATE\b", re.I)


class Upstream(http.server.BaseHTTPRequestHandler):
    """Answers with the status at the end of the path, and talks about itself."""
    def do_GET(self):
        body = b"wombatbody of wombathost, user wombatrole: quokkatheirs"
        self.send_response(int(self.path.rsplit("/", 1)[1]), "wombatreason")
        for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("X-Wombat", "quokka"), ("Retry-After", "7")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class CallerErrors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
        threading.Thread(target=cls.upstream.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.upstream.server_close)
        cls.addClassCleanup(cls.upstream.shutdown)
        port = cls.upstream.server_address[1]
        cls.cluster = Cluster("caller_errors", egress=[f"127.0.0.1:{port}"]).start()
        cls.cluster.psql(SETUP)
        script = "".join(f"SELECT ops.put_asset('policy', '{n}', '{json.dumps(p)}'); SELECT ops.publish_asset('policy', '{n}');"
                         for n, p in POLICIES.items())
        for name, (statement, policy, _) in SQL_TOOLS.items():
            script += f"SELECT ops.create_sql_tool('{name}', 'fails in one way', $q${statement}$q$, policy => '{policy}');"
        for name, (url, _) in HTTP_TOOLS.items():
            script += f"SELECT ops.create_http_tool('{name}', 'fails in one way', 'GET', '{url.replace('PORT', str(port))}');"
        script += "SELECT ops.create_sql_tool('typed', 'wants a number', 'SELECT wombattext AS r FROM wombat.stock WHERE wombatnumber = :n');"
        script += "SELECT ops.create_sql_tool('lasting', 'takes long', 'SELECT count(*) AS n FROM wombat.stock, generate_series(1, 2000000000)', policy => 'patient');"
        for name in ("parcels", "letters"):
            script += (f"SELECT ops.create_sql_tool('{name}', 'Number of shipments of {name}.', 'SELECT count(wombattext) AS n FROM wombat.stock',"
                       f" ARRAY['how many shipments are there?', 'count the shipments', 'number of shipments', 'shipments in total', 'total of shipments']);")
        cls.cluster.psql(script, user="wombatrole")
        cls.cluster.psql(AFTER)
        cls.connection = cls.cluster.connect(user="alice")
        cls.messages = dict(cls.cluster.rows("SELECT code, user_message FROM ops.error_codes"))

    @classmethod
    def tearDownClass(cls):
        if not cls.connection.closed:
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

    # --- every code -------------------------------------------------------------------------------
    def plan_of(self, **tools):
        """A plan of independent calls; depends_on after a comma: b="casts,a"."""
        calls = []
        for name, tool in tools.items():
            tool, _, after = tool.partition(",")
            calls.append({"id": name, "tool": tool, "args": {}, **({"depends_on": [after]} if after else {})})
        return json.dumps({"calls": calls})

    def while_it_runs(self, act):
        """The answer to a call of `lasting` whose executor something happens to."""
        answers = []
        asking = threading.Thread(target=lambda: answers.append(self.value("SELECT ops.call_tool('lasting')")))
        asking.start()
        wait_for(lambda: self.cluster.value(f"SELECT {act}(pid) FROM ops.workers WHERE kind = 'executor' AND state = 'busy' AND busy_ms > 100"), "the statement runs")
        asking.join(60)
        return answers[0]

    def damaged(self):
        """A published version that somebody with a superuser's rights made unreadable."""
        self.cluster.psql("UPDATE ops.asset_version_store SET spec = spec - 'description' || '{\"sql\": 7, \"wombatkey\": 1}' WHERE name = 'typed'")
        self.connection.close()   # a session remembers what it has read of the registry
        type(self).connection = self.cluster.connect(user="alice")
        return self.value("SELECT ops.call_tool('typed')")

    def overloaded(self):
        """No room for an executor; the sentence for operators names what to raise, the caller's does not."""
        self.connection.close()
        self.cluster.settings["max_worker_processes"] = "2"
        self.cluster.start()
        type(self).connection = self.cluster.connect(user="alice")
        answer = self.value("SELECT ops.call_tool('divides')")
        self.connection.close()
        self.cluster.settings["max_worker_processes"] = "32"
        self.cluster.start()
        type(self).connection = self.cluster.connect(user="alice")
        return answer

    def test_every_code_is_provoked(self):
        ways = {
            "REQUEST_TIMEOUT": lambda: self.value("SELECT ops.run_plan(%s, '{\"timeout_ms\": 300}')", self.plan_of(a="lasting")),
            "CANCELLED": lambda: self.while_it_runs("pg_cancel_backend"),
            "INTERNAL_ERROR": lambda: self.while_it_runs("pg_terminate_backend"),
            "DEPENDENCY_FAILED": lambda: self.value("SELECT ops.run_plan(%s)", self.plan_of(a="divides", b="casts,a")),
            "PLAN_INVALID": lambda: self.value("SELECT ops.run_plan('{}')"),
            "NO_MATCH": lambda: self.value("SELECT ops.ask('colourless green ideas sleep furiously')"),
            "AMBIGUOUS": lambda: self.value("SELECT ops.ask('how many shipments are there?')"),
            "UNSUPPORTED_ACTION": lambda: self.value("SELECT ops.ask('delete all shipments')"),
            "ASSET_LOAD_FAILED": self.damaged,
            "OVERLOADED": self.overloaded,
        }
        for name, code in [(n, c) for n, (_, _, c) in SQL_TOOLS.items()] + [(n, c) for n, (_, c) in HTTP_TOOLS.items()]:
            ways.setdefault(code, lambda name=name: self.value("SELECT ops.call_tool(%s)", name))
        self.assertEqual(set(self.messages), set(ways) | set(NOT_YET), "a code without a way to provoke it, or a way without a code")
        self.assertFalse(set(ways) & set(NOT_YET))
        for code, way in ways.items():
            with self.subTest(code):
                answer = way()
                codes = [call["error_code"] for call in answer.get("tool_calls") or []] + [(answer.get("error") or {}).get("code")]
                self.assertIn(code, codes, answer)
                self.clean(json.dumps(answer, ensure_ascii=False), code)
                told = [call["message"] for call in answer.get("tool_calls") or [] if call["error_code"] == code]
                self.assertLessEqual(set(told), {self.messages[code], OF_THE_RUN.get(code)})
                self.clean("\n".join(self.value("SELECT array_agg(t) FROM ops.to_text(%s) t", json.dumps(answer))), f"to_text, {code}")
                if code != "OVERLOADED":   # without a trace writer there is no trace
                    for name, text in self.everything_of(answer["trace_id"]):
                        self.clean(text, f"{code}, {name}")

    def test_codes_without_a_component_cannot_be_produced(self):
        sources = subprocess.run(["git", "ls-files", "core", "guard", "extension", "worker", "sql"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        for file in sources.split():
            if file in ("core/error.hpp", "core/error.cpp"):
                continue
            with open(os.path.join(ROOT, file), errors="replace") as f:
                text = f.read()
            for code, reason in NOT_YET.items():
                self.assertNotRegex(text, rf"Code::{code.lower()}\b|\b{code}\b", f"{file} may produce {code}: provoke it here ({reason} no more)")

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
