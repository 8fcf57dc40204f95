"""Bench of answers: the question files of regress/questions, read and checked against the rules of their README.

    for question in questions.load(): ...      each with domain, language, part, file and every default filled in
"""
import datetime
import glob
import json
import os
import re
import zoneinfo

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(ROOT, "regress", "questions")
CLOCK = "2026-09-17T10:30:00Z"
FIELDS = {"id", "question", "expect", "kind", "style", "tenant", "timezone", "locale", "clock", "options", "sql", "rows", "top",
          "tolerance", "over", "tools", "args", "interval", "codes", "readings", "note", "domain", "language", "part", "file"}
OWN_JUDGE = {"time"}  # domains with fields and a judge of their own
HOW = {None, "figure", "set", "ordered", "first", "leading", "trend", "contains"}
RELATIONS = {"configuration_item", "event_log", "metric", "maintenance"}


def files():
    return sorted(glob.glob(os.path.join(FOLDER, "*.json")))


def load(names=None):
    """The questions of all files (or of those named), in the files' order."""
    found = []
    for path in files():
        name = os.path.basename(path)
        if names and name not in names:
            continue
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        for entry in document["questions"]:
            language = document.get("language", "en")
            found.append({"tenant": "acme", "timezone": "UTC", "locale": language, "clock": CLOCK, "kind": "-",
                          **document.get("defaults", {}), **entry, "domain": document["domain"], "language": language,
                          "part": "held" if name.endswith(".held.json") else "tune", "file": name})
    return found


def broken_rules(questions):
    """Sentences about what is wrong with the files; empty when all is well."""
    seen = {}
    for q in questions:
        name = f"{q['file']}: {q.get('id')}"
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", q.get("id") or ""):
            yield f"{name}: no such id"
        if q["id"] in seen:
            yield f"{name}: the id is in {seen[q['id']]} as well"
        seen[q["id"]] = q["file"]
        if not isinstance(q.get("question"), str):
            yield f"{name}: no question"
        try:
            zoneinfo.ZoneInfo(q["timezone"])
            if q["clock"]:
                datetime.datetime.fromisoformat(q["clock"].replace("Z", "+00:00"))
        except (ValueError, KeyError) as error:
            yield f"{name}: {error}"
        if q["domain"] in OWN_JUDGE:
            continue
        for field in sorted(set(q) - FIELDS):
            yield f"{name}: unknown field {field}"
        if q["expect"] == "answer" and not (q.get("sql") or (q["domain"] == "health" and q.get("tools"))):
            yield f"{name}: an answer needs sql"
        if q["expect"] == "clarify" and len(q.get("readings") or []) < 2:
            yield f"{name}: needs two readings"
        if q["expect"] == "refuse" and (q.get("sql") or q.get("readings")):
            yield f"{name}: a refusal has no figures"
        if q["expect"] not in ("answer", "clarify", "refuse"):
            yield f"{name}: expect {q['expect']!r}"
        if q.get("rows") not in HOW:
            yield f"{name}: rows {q['rows']!r}"
        if set(q.get("over") or []) - RELATIONS:
            yield f"{name}: over {q['over']}"


def statements(question):
    """The SQL of the parts (answer) or of the readings (clarify)."""
    if question["expect"] == "clarify":
        return [reading["sql"] for reading in question["readings"]]
    sql = question.get("sql")
    return [] if not sql else [sql] if isinstance(sql, str) else sql
