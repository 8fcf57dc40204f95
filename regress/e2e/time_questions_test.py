"""Phrases of time: every entry of the tuning part of regress/questions/time_*.json is planned, and the interval compared.

Per file and form, right / refused / wrong is printed and pinned in regress/questions/time_pinned.tsv: never fewer right,
never more wrong than there. After an improvement, write the new figures with
  PGOPS_PIN=1 regress/run regress/e2e/time_questions_test.py
"""
import collections
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
QUESTIONS = os.path.join(os.path.dirname(HERE), "questions")
sys.path[:0] = [HERE, QUESTIONS]
import time_asking  # noqa: E402
from cluster import Cluster  # noqa: E402

FILES = ["time_en.json", "time_ko.json"]
PINNED = os.path.join(QUESTIONS, "time_pinned.tsv")
VERDICTS = ("right", "refused", "wrong")


class TimeQuestions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("time_questions").start()
        cls.connection = cls.cluster.connect()
        with cls.connection.cursor() as cursor:
            time_asking.install(cursor.execute)
        cls.pinned = collections.defaultdict(dict)
        with open(PINNED, encoding="utf-8") as f:
            for name, form, *figures in (line.rstrip("\n").split("\t") for line in f):
                cls.pinned[name][form] = [int(figure) for figure in figures]

    @classmethod
    def tearDownClass(cls):
        cls.connection.close()
        cls.cluster.stop()

    def test_files_say_what_zoneinfo_says(self):
        """The held part too: its intervals are recomputed, its questions are neither asked nor printed."""
        files = sorted(f for f in os.listdir(QUESTIONS) if f.startswith("time_") and f.endswith(".json"))
        self.assertEqual(len(files), 2 * len(FILES), files)
        done = subprocess.run([sys.executable, "-B", "time_intervals.py", *files], cwd=QUESTIONS, capture_output=True,
                              text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def asked(self, name):
        counts = collections.defaultdict(collections.Counter)
        with self.connection.cursor() as cursor:
            for entry in time_asking.load(name):
                planned = time_asking.plan(cursor, entry)
                judged = time_asking.verdict(entry, planned)
                counts[entry["kind"]][judged] += 1
                if judged != "right":
                    found = planned["plan"]["calls"][0]["args"] if planned["plan"] else planned["route_reason"]
                    print(f"# {judged}: {entry['id']}: {entry['question']!r} at {entry['clock']} {entry['timezone']}:"
                          f" {entry.get('interval', 'no interval')}, not {found}")
        return {form: [counted[v] for v in VERDICTS] for form, counted in sorted(counts.items())}

    def check(self, name):
        found = self.asked(name)
        print(f"# {name:30} right refused wrong")
        for form, figures in found.items():
            print(f"#   {form:28} {figures[0]:5} {figures[1]:7} {figures[2]:5}")
        if os.environ.get("PGOPS_PIN"):
            self.pinned[name] = found
            with open(PINNED, "w", encoding="utf-8") as f:
                f.writelines("\t".join(map(str, [file, form, *figures])) + "\n"
                             for file, forms in sorted(self.pinned.items()) for form, figures in forms.items())
        pinned = self.pinned[name]
        self.assertEqual(sorted(found), sorted(pinned), "forms differ from the pinned ones: pin them")
        for form, (right, _, wrong) in found.items():
            self.assertGreaterEqual(right, pinned[form][0], f"{name}: {form}: fewer right")
            self.assertLessEqual(wrong, pinned[form][2], f"{name}: {form}: more wrong")

    def test_english(self):
        self.check("time_en.json")

    def test_korean(self):
        self.check("time_ko.json")


if __name__ == "__main__":
    unittest.main()
