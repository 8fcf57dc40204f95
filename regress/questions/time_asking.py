"""Questions: asks the phrases of time and judges what was understood, for the end-to-end test and the bench.

    time_asking.install(execute)                       execute(statement, parameters): a cursor's, autocommit, superuser
    for entry in time_asking.load("time_en.json"):
        time_asking.verdict(entry, time_asking.plan(cursor, entry))

The only tool of tenant `gates` counts passages and takes since and until, so that a question's phrase of time decides alone.
Nothing is executed: an interval is judged where the plan shows it. Verdicts: `right`; `refused` (answerable, and no answer
was planned); `wrong` (another interval than one of those allowed, or an interval where there is none).
A refusal of an entry with `may_refuse` (a phrase no document promises) is right.
"""
import datetime
import json
import os

from time_intervals import entries

FOLDER = os.path.dirname(os.path.abspath(__file__))
TENANT = "gates"
TOOL = "gate_passages"
QUERY = ("SELECT count(*) AS passages FROM gates.passage WHERE (:since::timestamptz IS NULL OR passed_at >= :since)"
         " AND (:until::timestamptz IS NULL OR passed_at < :until)")
EXAMPLES = ["how many passages were there?", "how many passages?", "number of passages", "count the passages",
            "passages through the gates", "출입 기록이 몇 건이야?", "출입 기록은 몇 건이었나요?", "출입 건수는?",
            "출입 기록 건수 알려줘", "출입 기록 몇 건"]
MOMENT = {"type": "string", "format": "date-time"}


def install(execute):
    """Schema gates, tenant gates and its tool."""
    execute("CREATE SCHEMA gates")
    execute("CREATE TABLE gates.passage (tenant_id text, passed_at timestamptz NOT NULL)")
    execute("GRANT USAGE ON SCHEMA gates TO ops_tool")
    execute("GRANT SELECT ON gates.passage TO ops_tool")
    execute("SELECT ops.protect_table('gates.passage')")
    execute("SELECT ops.create_tenant(%s, 'Gates')", [TENANT])
    execute("BEGIN")
    execute("SELECT ops.set_tenant(%s)", [TENANT])
    schema = {"type": "object", "properties": {"since": MOMENT, "until": MOMENT}, "required": [],
              "additionalProperties": False}
    execute("SELECT ops.create_sql_tool(%s, 'Number of passages through the gates.', %s, %s, '{gates.passages}', %s)",
            [TOOL, QUERY, EXAMPLES, json.dumps(schema)])
    execute("COMMIT")


def load(name):
    """The entries of a file of this folder, with their defaults."""
    with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
        return list(entries(json.load(f)))


def plan(cursor, entry):
    """What ops.plan() says to an entry's question."""
    options = {"tenant": TENANT, "now": entry["clock"], "timezone": entry["timezone"], "locale": entry["locale"]}
    cursor.execute("SELECT ops.plan(%s, %s)", [entry["question"], json.dumps(options)])
    return cursor.fetchone()[0]


def moment(text):
    return text and datetime.datetime.fromisoformat(text)


def interval_of(planned):
    """(since, until) of the plan's only call; None where nothing is planned."""
    if planned["route"] != "plan":
        return None
    (call,) = planned["plan"]["calls"]
    return moment(call["args"].get("since")), moment(call["args"].get("until"))


def verdict(entry, planned):
    found = interval_of(planned)
    if entry["expect"] == "refuse":
        return "right" if found is None else "wrong"
    if found is None:
        return "right" if entry.get("may_refuse") else "refused"
    for since, until in [entry["interval"], *entry.get("or", [])]:
        # What is open may end now: nothing that has happened is later.
        ends = [moment(until)] if until else [None, moment(entry["clock"])]
        if found[0] == moment(since) and found[1] in ends:
            return "right"
    return "wrong"
