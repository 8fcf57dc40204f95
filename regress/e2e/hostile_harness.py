"""What the hostile tests share: a site of two tenants with tools, answers whose envelope is complete, and wellness.

A site: tenants acme and globex, table shop.item protected for tools (acme 3 rows, globex 2), login `app` that may
operate both, SQL tool `items` (one row: n, names) in each tenant. `well` is the sentence every test ends with:
both tenants get their own right figures, nothing shared is still claimed.
"""
import json

import psycopg2
import psycopg2.extras

from cluster import wait_for

ENVELOPE = {"trace_id", "parent_trace_id", "plan_id", "tenant", "actor", "question", "intent", "route", "route_reason",
            "strategy", "status", "error", "answer", "references", "tool_calls", "execution_groups", "failed_tools",
            "skipped_tools", "fallback", "clarification", "trace_durable", "replans", "next_actions", "duration_ms"}
CALL = {"tool_call_id", "call", "tool", "tool_version", "asset_digest", "type", "status", "error_code", "message",
        "severity", "attempts", "execution_group", "parallel", "start_ms", "end_ms", "duration_ms", "row_count",
        "truncated", "timeout_exceeded"}
ROWS = {"acme": (3, "anvil,axe,awl"), "globex": (2, "gear,gate")}

SITE = """
CREATE ROLE app LOGIN IN ROLE ops_operator;
CREATE SCHEMA shop;
CREATE TABLE shop.item (tenant_id text NOT NULL, id int NOT NULL, name text NOT NULL, PRIMARY KEY (tenant_id, id));
INSERT INTO shop.item VALUES ('acme', 1, 'anvil'), ('acme', 2, 'axe'), ('acme', 3, 'awl'),
                             ('globex', 1, 'gear'), ('globex', 2, 'gate');
GRANT USAGE ON SCHEMA shop TO ops_tool;
GRANT SELECT ON shop.item TO ops_tool;
SELECT ops.protect_table('shop.item');
SELECT ops.create_tenant(t), ops.grant_tenant(t, 'app', 'operator') FROM unnest(ARRAY['acme', 'globex']) AS t;
"""
ITEMS = ("items", "Items of the shop", "SELECT count(*) AS n, string_agg(name, ',' ORDER BY id) AS names FROM shop.item")


class Number(str):
    """A number of JSON with the digits it was written with."""


def read_json(text):
    """Whole numbers a double holds are int; all others keep their digits as Number."""
    return json.loads(text, parse_float=Number, parse_int=lambda t: int(t) if len(t) < 16 else Number(t))


def error_of(function, *arguments):
    """The psycopg2 error that function(*arguments) raises."""
    try:
        function(*arguments)
    except psycopg2.Error as error:
        return error
    raise AssertionError("it was expected to fail")


class Site:
    def __init__(self, cluster):
        self.cluster = cluster
        self.names = 0

    def build(self):
        self.cluster.psql(SITE)
        for tenant in ROWS:
            self.create_tool(*ITEMS, tenant=tenant)
        return self

    # --- statements ---------------------------------------------------------------------------------
    def app(self, tenant="acme", statements=()):
        """A connection of login app; what it does is in `tenant`."""
        connection = self.cluster.connect(user="app", autocommit=False)
        psycopg2.extras.register_default_jsonb(connection, loads=read_json)
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            cursor.execute("SELECT ops.set_tenant(%s)", (tenant,))
        return connection

    def value(self, statement, parameters=None, tenant="acme"):
        """One value of one statement in a connection and a committed transaction of its own; see read_json."""
        connection = self.app(tenant)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                value = cursor.fetchone()[0]
            connection.commit()
            return value
        finally:
            connection.close()

    def create_tool(self, name, description, query, tenant="acme", **more):
        return self.value(
            "SELECT ops.create_sql_tool(name => %(name)s, description => %(description)s, query => %(query)s"
            + "".join(f', "{key}" => %({key})s' for key in more) + ")",
            {"name": name, "description": description, "query": query,
             **{k: json.dumps(v) if isinstance(v, dict) else v for k, v in more.items()}}, tenant)

    def call(self, name, args=None, tenant="acme"):
        answer = self.value("SELECT ops.call_tool(%s, %s)", (name, json.dumps(args or {})), tenant)
        check_envelope(answer)
        return answer

    def run_plan(self, calls, tenant="acme", options=None):
        answer = self.value("SELECT ops.run_plan(%s, %s)", (json.dumps({"calls": calls}), json.dumps(options or {})), tenant)
        check_envelope(answer)
        return answer

    def call_sql(self, query, args=None, tenant="acme", **more):
        """Registers `query` as a tool and calls it."""
        self.names += 1
        name = f"t{self.names}"
        self.create_tool(name, "a tool of a test", query, tenant, **more)
        return self.call(name, args, tenant)

    def probe(self, statement, parameters=None, database=None):
        """What a superuser sees, whatever the settings of database and roles."""
        connection = self.cluster.connect(database=database, options="-c search_path=pg_catalog -c row_security=on "
                                          "-c pg_ops.tenant= -c statement_timeout=0 -c role=none")
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            value = cursor.fetchone()[0]
        connection.close()
        return value

    # --- wellness -----------------------------------------------------------------------------------
    def claims(self):
        return self.probe("SELECT tasks_used + tasks_queued + executors_busy + traces_queued + trace_slots_used"
                          " FROM ops._claims()")

    def well(self, tenants=tuple(ROWS)):
        for tenant in tenants:
            answer = self.call("items", tenant=tenant)
            assert answer["status"] == "success", answer
            assert (cells(answer)["n"], cells(answer)["names"]) == ROWS[tenant], answer
            assert answer["trace_durable"], answer
            stored = self.probe("SELECT count(*) FROM ops.tool_calls WHERE trace_id = %s AND tenant = %s",
                                (answer["trace_id"], tenant))
            assert stored == 1, answer
        wait_for(lambda: self.claims() == 0, "every shared claim is given back")


def check_envelope(answer):
    """Raises unless the answer envelope says everything it must say, in every state."""
    missing = ENVELOPE - set(answer)
    assert not missing, f"the envelope lacks {missing}"
    for call in answer["tool_calls"]:
        assert not CALL - set(call), f"a tool call lacks {CALL - set(call)}"
        assert (call["status"] == "success") == (call["error_code"] is None), call
    if answer["status"] == "failed":
        assert answer["error"] and answer["error"]["code"] and answer["error"]["message"], answer
    failed = {c["tool_call_id"] for c in answer["tool_calls"] if c["status"] in ("error", "timeout")}
    assert failed == {f["tool_call_id"] for f in answer["failed_tools"]}, answer
    json.dumps(answer)


def code_of(answer):
    """error_code of the only tool call, or of the whole answer where no call was made."""
    calls = answer["tool_calls"]
    return calls[0]["error_code"] if len(calls) == 1 else answer["error"]["code"] if answer["error"] else None


def cells(answer):
    """The first row of the first block that has rows (or a number)."""
    for block in answer["answer"]["blocks"]:
        if block.get("rows"):
            return block["rows"][0]
        if block["type"] == "number":
            return {block["columns"][0]["name"]: block["value"]}
    raise AssertionError(f"no rows in {answer}")
