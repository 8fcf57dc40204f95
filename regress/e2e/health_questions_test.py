"""Every example question of every shipped tool leads to that tool alone, and questions about neighbouring things lead
nowhere: a question about unused indexes must never be answered by the tool of duplicate ones."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster  # noqa: E402

PARAPHRASES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "health_paraphrases.tsv")


class HealthQuestions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("health_questions").start()
        cls.connection = cls.cluster.connect()

    @classmethod
    def tearDownClass(cls):
        cls.connection.close()
        cls.cluster.stop()

    def routes(self, questions):
        """{question: names of the planned tools}, for all of them in one statement."""
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT q, ops.plan(q) FROM unnest(%s) AS q", (list(questions),))
            return {question: [call["tool"] for call in (plan.get("plan") or {}).get("calls", [])]
                    for question, plan in cursor.fetchall()}

    def test_examples_lead_to_their_own_tool(self):
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT v.name, e FROM ops.asset_versions v, jsonb_array_elements_text(v.spec -> 'examples') AS e"
                           " WHERE v.kind = 'tool' AND v.tenant = 'system' AND v.status = 'current'")
            wanted = {example: tool for tool, example in cursor.fetchall()}
        self.assertGreater(len(wanted), 400)
        found = self.routes(wanted)
        self.assertEqual({q: found[q] for q in wanted if found[q] != [wanted[q]]}, {})

    def test_paraphrases(self):
        """Questions in other words: tool TAB question, "-" where nothing may be answered."""
        with open(PARAPHRASES, encoding="utf-8") as f:
            rows = [line.rstrip("\n").split("\t") for line in f if line.strip() and not line.startswith("#")]
        wanted = {question: ([] if tool == "-" else [tool]) for tool, question in rows}
        found = self.routes(wanted)
        wrong = {q: found[q] for q in wanted if found[q] and found[q] != wanted[q]}
        self.assertEqual(wrong, {}, "answered by another tool than the one that was meant")
        refused = sorted(q for q in wanted if wanted[q] and not found[q])
        self.assertLessEqual(len(refused), 0.05 * len(wanted), refused)


if __name__ == "__main__":
    unittest.main()
