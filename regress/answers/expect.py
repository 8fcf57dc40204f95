#!/usr/bin/python3
"""Computes `expected` of every answerable question in questions.json from its own SQL over _fixture.sql.

  regress/answers/expect.py [--check] [PSQL-ARGUMENT]...

Any PostgreSQL database without a schema `shop` will do; it is named by psql's arguments or the PG* variables. Fixture and
questions run in one transaction that is rolled back. Without --check the file is rewritten (entries stay in order);
with it nothing is written, and the exit status is 1 if something stands there that the SQL does not give, or the
entries break a rule of the file: unique ids and questions, the tenant named in the SQL, 12 topics, 40 + at least 40.

Vocabulary: kind is `number` (one count), `value` (one word) or `rows`; match says how rows are compared: `exact` (in
order), `set` (any order) or `prefix` (the question names no number of rows: as far as both go, in order).
"""
import json
import os
import subprocess
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
FILE = os.path.join(FOLDER, "questions.json")
MARK = "-- question "


def results(entries, arguments):
    """{id: rows} by running everything in one psql."""
    script = ["BEGIN;", "SET LOCAL client_min_messages = warning;", "SET LOCAL TimeZone = 'UTC';",
              "\\ir " + os.path.join(FOLDER, "_fixture.sql")]
    for entry in entries:
        script += [f"\\echo '{MARK}{entry['id']}'", f"SELECT row_to_json(q) FROM ({entry['sql']}) AS q;"]
    done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *arguments],
                          input="\n".join(script + ["ROLLBACK;"]), capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr.strip() or "psql failed")
    found = {}
    for line in filter(None, done.stdout.split("\n")):
        if line.startswith(MARK):
            rows = found[line[len(MARK):]] = []
        else:
            rows.append(list(json.loads(line).values()))
    return found


def broken_rules(document):
    answerable, unanswerable = document["answerable"], document["unanswerable"]
    both = answerable + unanswerable
    for key in ("id", "question"):
        values = [(entry[key].lower(), entry["tenant"] if key == "question" else "") for entry in both]
        yield from (f"{key} twice: {value[0]}" for value in sorted(set(values)) if values.count(value) > 1)
    yield from (f"{e['id']}: no such tenant" for e in both if e["tenant"] not in ("acme", "globex"))
    yield from (f"{e['id']}: the SQL names another tenant or none" for e in answerable
                if f"tenant_id = '{e['tenant']}'" not in e["sql"])
    yield from (f"{e['id']}: no reason" for e in unanswerable if not e["why"])
    if len(answerable) != 40 or len(unanswerable) < 40 or {e["topic"] for e in answerable} != set(range(1, 13)):
        yield "the counts of questions or topics are wrong"
    for e in answerable:
        shape = [len(row) for row in e["expected"]]
        if not shape or (e["kind"] != "rows" and shape != [1]):
            yield f"{e['id']}: not the shape of kind {e['kind']}"


def written(value, indent=""):
    """JSON with one line per field; what is below an entry's field stays on its line."""
    if isinstance(value, dict) and len(indent) < 6:
        lines = [f"{indent}  {json.dumps(k)}: {written(v, indent + '  ').lstrip()}" for k, v in value.items()]
        return f"{indent}{{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return f"{indent}[\n" + ",\n".join(written(v, indent + "  ") for v in value) + f"\n{indent}]"
    return indent + json.dumps(value, ensure_ascii=False)


def main(arguments):
    check = "--check" in arguments
    with open(FILE, encoding="utf-8") as file:
        document = json.load(file)
    found = results(document["answerable"], [a for a in arguments if a != "--check"])
    stale = [e["id"] for e in document["answerable"] if e.get("expected") != found[e["id"]]]
    for entry in document["answerable"]:
        entry["expected"] = found[entry["id"]]
    findings = list(broken_rules(document)) + ([f"{i}: expected is not what the SQL gives" for i in stale] if check else [])
    if not check:
        with open(FILE, "w", encoding="utf-8") as file:
            file.write(written(document) + "\n")
    for finding in findings:
        print(finding, file=sys.stderr)
    print(f"{len(document['answerable'])} answerable, {len(document['unanswerable'])} unanswerable, "
          f"{len(stale)} {'differ' if check else 'renewed'}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
