"""End to end: the acceptance questions of regress/answers, asked of the tools that _tools.sql registers.

Whoever wrote the tools and their examples had not seen the questions, and the other way round.

An answerable question is *right* when the answer's status is success and every block holds the expected rows and
every figure of the summary is among the facts; *wrong* when there is an answer and it is not right; else *refused*.
An unanswerable question must be refused, whichever way: an answer to it is one to a question that was not asked.
"""
import json
import os
import re
import unittest

from cluster import ROOT, Cluster

FOLDER = os.path.join(ROOT, "regress", "answers")
IDENTITY = ("event_id", "maintenance_id", "code")
# Listed as unanswerable by their author, for whom a period was a number of hours or days back from the clock. The
# tool at hand takes any since and until, so an answer is as good as its figure.
BY_FREE_PERIOD = {
    "u16": "SELECT count(*) FROM shop.event_log WHERE tenant_id = 'globex' AND at >= '2026-03-03Z' AND at < '2026-03-06Z'",
    "u17": "SELECT count(*) FROM shop.event_log WHERE tenant_id = 'acme' AND at >= timestamptz '2026-03-10 11:30Z' AND at < '2026-03-10 12:00Z'",
}


def rows_of(block):
    """The rows of a block, each as what identifies it, in the form of `expected`."""
    if block["type"] == "number":
        return [[block["value"]]]
    columns = [column["name"] for column in block["columns"]]
    columns = [name for name in columns if name in IDENTITY] or columns
    return [[row[name] for name in columns] for row in block.get("rows", [])]


def matches(rows, expected, kind, match):
    if kind == "value":  # one word; the tool may show figures beside it
        return len(rows) == 1 and expected[0][0] in rows[0]
    if match == "set":
        return sorted(map(str, rows)) == sorted(map(str, expected))
    if match == "prefix":
        return bool(rows) and rows[:len(expected)] == expected[:len(rows)]
    return rows == expected


def uncovered(answer):
    """Figures of the summary that no fact gives."""
    text = answer["summary"].encode()
    rest, at = b"", 0
    for fact in sorted(answer["facts"], key=lambda fact: fact["begin"]):
        rest, at = rest + text[at:fact["begin"]] + b"|", fact["end"]
    return re.findall(r"\d[\d.,:-]*", (rest + text[at:]).decode())


def judged(entry, envelope):
    """(verdict, note)"""
    answer = envelope["answer"]
    if not answer or not envelope["references"]:
        return "refused", envelope["route_reason"] or ""
    blocks = [block for block in answer["blocks"] if "ref" in block and block["type"] in ("table", "number", "chart", "timeseries")]
    tools = ", ".join(f"{reference['tool']} {json.dumps(reference['args'])}" for reference in envelope["references"])
    if envelope["status"] != "success":
        return "wrong", f"status {envelope['status']}: {tools}"
    if not blocks or not all(matches(rows_of(b), entry["expected"], entry["kind"], entry["match"]) for b in blocks):
        return "wrong", f"{tools}: {answer['summary']}"
    if uncovered(answer):
        return "wrong", f"figures without a fact: {uncovered(answer)} in: {answer['summary']}"
    return "right", tools


class AnswersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("answers").start()
        for name in ("_fixture.sql", "_tools.sql"):
            with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
                cls.cluster.psql(file.read())
        with open(os.path.join(FOLDER, "questions.json"), encoding="utf-8") as file:
            cls.document = json.load(file)
        cls.connections = {t: cls.cluster.connect(user=t + "_app") for t in ("acme", "globex")}

    @classmethod
    def tearDownClass(cls):
        for connection in cls.connections.values():
            connection.close()
        cls.cluster.stop()

    def ask(self, entry):
        options = {"now": self.document["clock"], "timezone": self.document["timezone"]}
        with self.connections[entry["tenant"]].cursor() as cursor:
            cursor.execute("SELECT ops.ask(%s, %s)", (entry["question"], json.dumps(options)))
            envelope = cursor.fetchone()[0]
        self.assertEqual(envelope["tenant"], entry["tenant"])
        return envelope

    def test_answerable_questions_are_answered_right(self):
        found = {"right": [], "wrong": [], "refused": []}
        for entry in self.document["answerable"]:
            verdict, note = judged(entry, self.ask(entry))
            found[verdict].append((entry, note))
        total = len(self.document["answerable"])
        print(f"\nanswerable  {total}")
        for verdict, entries in found.items():
            print(f"{verdict:10}  {len(entries):2}  {100 * len(entries) / total:5.1f} %")
        for verdict in ("wrong", "refused"):
            for entry, note in found[verdict]:
                print(f"  {verdict} {entry['id']} {entry['tenant']}: {entry['question']}\n      {note}")
        self.assertEqual(total, 40)
        self.assertGreaterEqual(len(found["right"]), 0.70 * total)
        self.assertLessEqual(len(found["wrong"]), 0.05 * total)

    def test_unanswerable_questions_are_never_answered(self):
        violations = 0
        for entry in self.document["unanswerable"]:
            envelope = self.ask(entry)
            if entry["id"] in BY_FREE_PERIOD:
                entry = {**entry, "kind": "number", "match": "exact",
                         "expected": [[self.cluster.value(BY_FREE_PERIOD[entry["id"]])]]}
            verdict, note = judged({"kind": "none", "match": "exact", "expected": None, **entry}, envelope)
            if verdict == "wrong":
                violations += 1
                print(f"\nanswered {entry['id']} {entry['tenant']}: {entry['question']}  ({entry['why']})\n      {note}")
            elif verdict == "right":
                print(f"\n{entry['id']} is answered by a free period: {entry['question']}\n      {note}")
        print(f"\nunanswerable  {len(self.document['unanswerable'])}, answered all the same  {violations}")
        self.assertGreaterEqual(len(self.document["unanswerable"]), 40)
        self.assertEqual(violations, 0)


if __name__ == "__main__":
    unittest.main()
