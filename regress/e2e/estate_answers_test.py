"""End to end: some tuning questions over the demo estate, asked of its tools and models. `make bench-answers` asks them all.

Two or three questions of each kind: what is pinned here was right when it was pinned and must stay so; nothing may be wrong,
and nothing may crash. The judge is the bench's, the expected figures come from SQL over the data.
"""
import os
import sys
import unittest

from cluster import ROOT, Cluster

sys.path.insert(0, os.path.join(ROOT, "bench", "answering"))
import estate  # noqa: E402
import judge  # noqa: E402
import questions as files  # noqa: E402

RIGHT = """
count-retired count-owned-kim count-ny-production count-not-kim
count-web01-30d latest-critical-lisbon group-critical-location-week join-busan-last-week join-jobs-prod-databases
top-items-events-last-week top-fewest-location top-engineers-cost-2026
latest-critical first-event-today latest-db02-patched lookup-environment-san01 lookup-details-fw07 lookup-owner-billing-globex
list-critical-today group-items-owner distinct-owners-count distinct-deployed-yesterday
trend-events-day-last-week trend-hourly-yesterday trend-globex-monthly
agg-max-cpu-web01 agg-failed-cost cmp-cost-between cmp-owners-30
two-items-events two-events-jobs-db02 amb-kim-cost
ko-count-02 ko-negation-02 ko-group-03 ko-lookup-01
no-domain-06 no-value-02 no-value-06 no-filter-05 no-action-02 no-action-08 no-tenant-01 no-tenant-12 no-injection-06 no-future-01
no-part-01 ko-unknown-value-03 ko-action-02
"""


class EstateAnswersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("estate_answers").start()
        estate.load(cls.cluster, events=20000, metric_hours=24)
        cls.asker = estate.Asker(cls.cluster)
        cls.questions = {q["id"]: q for q in files.load() if q["domain"] == "estate" and q["part"] == "tune"}

    @classmethod
    def tearDownClass(cls):
        cls.asker.close()
        cls.cluster.stop()

    def verdict(self, question):
        expected = [self.asker.rows(question, sql) for sql in files.statements(question)]
        return judge.judge(question, self.asker.ask(question), expected)

    def test_pinned_questions_are_right(self):
        pinned = RIGHT.split()
        self.assertGreaterEqual(len(pinned), 30)
        missed = {name: self.verdict(self.questions[name]) for name in pinned}
        self.assertEqual({name: verdict for name, verdict in missed.items() if verdict.outcome != "right"}, {})

    def test_intervals_are_exact(self):
        for name in RIGHT.split():
            question = self.questions[name]
            if question.get("interval"):
                with self.subTest(name):
                    self.assertTrue(judge.has_interval(self.asker.ask(question), question["interval"], question["clock"]))

    def test_one_tenant_never_sees_the_other(self):
        for name in ("count-active-hw", "group-items-owner", "top-owner-items"):
            for tenant in ("acme", "globex"):
                with self.subTest(name, tenant=tenant):
                    self.assertEqual(self.verdict({**self.questions[name], "tenant": tenant}).outcome, "right")


if __name__ == "__main__":
    unittest.main()
