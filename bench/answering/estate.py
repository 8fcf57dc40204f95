"""Bench of answers: a cluster with the demo estate in it, people of each tenant who ask, and the expected figures.

The estate ends at the questions' clock. Tools and models come from dev/estate_tools.sql where it is there. Expected rows come
from views of schema expected, which know the question's tenant, and functions that know its clock.
"""
import json
import os
import re
from decimal import Decimal

import psycopg2.extras
from cluster import wait_for
from judge import CRASH, walk
from questions import CLOCK, ROOT

ESTATE = os.path.join(ROOT, "dev", "estate.sql")
TOOLS = os.path.join(ROOT, "dev", "estate_tools.sql")
PEOPLE = {tenant: "bench_" + tenant for tenant in ("acme", "globex", "system")}
EXPECTED = """
CREATE SCHEMA expected;
CREATE FUNCTION expected.clock() RETURNS timestamptz STABLE LANGUAGE sql RETURN current_setting('expected.clock')::timestamptz;
CREATE FUNCTION expected.today() RETURNS timestamptz STABLE LANGUAGE sql RETURN date_trunc('day', expected.clock());
"""
VIEWS = {"ci": "configuration_item", "event": "event_log", "metric": "metric", "maintenance": "maintenance"}
DOCUMENTS = """
SELECT tenant, kind, name, spec FROM ops.asset_versions WHERE kind IN ('tool', 'model', 'playbook') AND status = 'current'
"""


def load(cluster, events, metric_hours=6):
    """Estate, tools and people; `cluster` is running."""
    variables = ["-v", f"clock={CLOCK}", "-v", f"events={events}", "-v", f"metric_hours={metric_hours}"]
    with open(ESTATE, encoding="utf-8") as file:
        cluster.psql(file.read(), *variables)
    if os.path.exists(TOOLS):
        with open(TOOLS, encoding="utf-8") as file:
            cluster.psql(file.read(), *variables)
    script = EXPECTED
    for view, relation in VIEWS.items():
        columns = cluster.value("SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = "
                                "%s::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'tenant_id'", [f"shop.{relation}"])
        script += f"CREATE VIEW expected.{view} AS SELECT {columns} FROM shop.{relation} " \
                  "WHERE tenant_id = current_setting('expected.tenant');\n"
    for tenant, person in PEOPLE.items():
        script += f"CREATE ROLE {person} LOGIN IN ROLE ops_user; SELECT ops.grant_tenant('{tenant}', '{person}');\n"
    cluster.psql(script)


def decode(text):
    return json.loads(text, parse_float=Decimal)


class Asker:
    """Asks as somebody of the question's tenant, and computes what must come out."""

    def __init__(self, cluster):
        self.cluster, self.crashes = cluster, []
        self.connect()

    def connect(self):
        cluster = self.cluster
        self.connections = {tenant: cluster.connect(user=person) for tenant, person in PEOPLE.items()}
        self.judge = cluster.connect()
        for connection in [*self.connections.values(), self.judge]:
            psycopg2.extras.register_default_jsonb(connection, loads=decode)
        with self.judge.cursor() as cursor:
            cursor.execute("SET search_path = expected, pg_catalog")

    def close(self):
        for connection in [*self.connections.values(), self.judge]:
            connection.close()

    def call(self, function, question, **more):
        options = {"tenant": question["tenant"], "timezone": question["timezone"], "locale": question["locale"],
                   **(question.get("options") or {}), **more}
        if question["clock"]:
            options["now"] = question["clock"]
        with self.connections[question["tenant"]].cursor() as cursor:
            try:
                cursor.execute(f"SELECT {function}(%s, %s)", (question["question"], json.dumps(options)))
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                self.crashes.append(question)
                wait_for(self.reconnected, "the server's recovery", timeout=60)
                return {"status": "failed", "error": {"code": CRASH}}
            except psycopg2.Error as error:
                return {"status": "failed", "error": {"code": f"raised {error.pgcode}", "message": str(error)}}
            return cursor.fetchone()[0]

    def reconnected(self):
        try:
            self.connect()
        except psycopg2.OperationalError:
            return False
        return True

    def ask(self, question):
        return self.call("ops.ask", question)

    def plan(self, question):
        return self.call("ops.plan", question)

    def rows(self, question, sql):
        """The rows of one expected statement, as tuples."""
        with self.judge.cursor() as cursor:
            cursor.execute("SELECT set_config('TimeZone', %s, false), set_config('expected.tenant', %s, false), "
                           "set_config('expected.clock', coalesce(%s, clock_timestamp()::text), false)",
                           (question["timezone"], question["tenant"], question["clock"]))
            cursor.execute(sql)
            return cursor.fetchall()

    def tools_over(self):
        """{relation of schema shop: names of the tools and models that read it}"""
        found = {}
        with self.judge.cursor() as cursor:
            cursor.execute(DOCUMENTS)
            for _, kind, name, spec in cursor.fetchall():
                text = json.dumps(spec, default=str)
                for relation in VIEWS.values():
                    direct = kind == "model" and str(spec.get("relation", spec.get("rel"))).endswith("." + relation)
                    if direct or (kind == "tool" and "shop." + relation in text):
                        found.setdefault(relation, set()).add(("model:" if kind == "model" else "") + name)
        return found

    def authored(self):
        """{tool: what its author wrote into its sentences, without the placeholders}"""
        found = {}
        with self.judge.cursor() as cursor:
            cursor.execute(DOCUMENTS)
            for _, kind, name, spec in cursor.fetchall():
                texts = [value for _, value in walk({"present": (spec or {}).get("present") or {}}) if isinstance(value, str)]
                found[("" if kind == "tool" else kind + ":") + name] = " ".join(re.sub(r"\{[^}]*\}", " ", text) for text in texts)
        return found
