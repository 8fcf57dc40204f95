"""The judge of `make bench-answers`: made-up answers and the verdict each must get. No cluster.

A judge that calls a wrong answer right would hide what the bench is for, so most cases here are answers that look right.
"""
import datetime
import json
import os
import sys
import unittest
from decimal import Decimal

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "bench", "answering")]
import cells  # noqa: E402
import questions as files  # noqa: E402
from judge import has_interval, judge  # noqa: E402
from report import Tally, wilson  # noqa: E402

SEOUL = datetime.timezone(datetime.timedelta(hours=9))
COUNT = {"id": "c", "expect": "answer"}


def fact(text, path, value, **more):
    return {"text": text, "path": path, "value": value, **more}


def reply(*results, summary=None, status="success"):
    """An envelope; a result is (rows, facts, args), rows a list of objects or one number."""
    answer, references = {"summary": "", "facts": [], "blocks": []}, []
    for number, (rows, facts, args) in enumerate(results, 1):
        count = len(rows) if isinstance(rows, list) else 1
        references.append({"ref": number, "tool": "t", "title": "", "args": args, "row_count": count, "truncated": False})
        answer["blocks"].append({"ref": number, "type": "table", "rows": rows} if isinstance(rows, list)
                                else {"ref": number, "type": "number", "value": rows})
        for given in facts:
            begin = len(answer["summary"].encode())
            answer["summary"] += given["text"] + "; "
            answer["facts"].append({"ref": number, "begin": begin, "end": begin + len(given["text"].encode()), "path": given["path"],
                                    "value": given["value"]})
    answer["summary"] += summary or ""
    return {"route": "plan", "status": status, "error": None, "answer": answer, "references": references, "question": ""}


def number(value, args=None):
    return value, [fact(str(value), "$.rows[0].n", value)], args or {}


def table(rows, args=None, say_count=True):
    return rows, [fact(f"{len(rows)} rows", "$.row_count", len(rows))] if say_count else [], args or {}


def refusal(code, options=0):
    return {"route": "reject", "status": "failed", "error": {"code": code}, "references": [], "answer": {"summary": "", "facts": [], "blocks": []},
            "clarification": {"question": "which?", "options": [{"choose": i} for i in range(1, options + 1)]} if options else None}


class Figures(unittest.TestCase):
    def outcome(self, envelope, *parts, **question):
        return judge({**COUNT, **question}, envelope, list(parts)).outcome

    def test_the_figure_alone_is_right_and_another_is_wrong(self):
        self.assertEqual(self.outcome(reply(number(42)), [(42,)]), "right")
        self.assertEqual(self.outcome(reply(number(43)), [(42,)]), "wrong")

    def test_a_figure_in_a_cell_that_nothing_says_is_wrong(self):
        self.assertEqual(self.outcome(reply(([{"a": 42, "b": 7}], [], {})), [(42,)]), "wrong")

    def test_a_figure_in_one_row_of_a_broader_table_is_wrong(self):
        rows = [{"severity": "info", "n": 17}, {"severity": "critical", "n": 42}]
        self.assertEqual(self.outcome(reply((rows, [fact("42", "$.rows[1].n", 42)], {})), [(42,)]), "wrong")

    def test_a_listing_gives_the_count_if_it_says_so_and_is_complete(self):
        rows = [{"name": f"x-{i}"} for i in range(5)]
        self.assertEqual(self.outcome(reply(table(rows)), [(5,)]), "right")
        self.assertEqual(self.outcome(reply(table(rows, say_count=False)), [(5,)]), "wrong")
        self.assertEqual(self.outcome(reply(table(rows, {"limit": 5})), [(5,)]), "wrong")
        cut = reply(table(rows))
        cut["references"][0]["truncated"] = True
        self.assertEqual(self.outcome(cut, [(5,)]), "wrong")

    def test_a_second_result_that_was_not_asked_for_is_wrong(self):
        self.assertEqual(self.outcome(reply(number(42), number(7)), [(42,)]), "wrong")

    def test_every_part_of_a_compound_question_needs_its_figure(self):
        self.assertEqual(self.outcome(reply(number(42), number(7)), [(42,)], [(7,)]), "right")
        self.assertEqual(self.outcome(reply(number(42)), [(42,)], [(7,)]), "wrong")
        both = ([{"servers": 42, "switches": 7}], [fact("42", "$.rows[0].servers", 42), fact("7", "$.rows[0].switches", 7)], {})
        self.assertEqual(self.outcome(reply(both), [(42,)], [(7,)]), "right")

    def test_counts_are_exact_and_averages_may_be_rounded(self):
        self.assertEqual(self.outcome(reply(number(10001)), [(10000,)]), "wrong")
        self.assertEqual(self.outcome(reply(number(Decimal("46.05"))), [(Decimal("46.0512"),)]), "right")
        self.assertEqual(self.outcome(reply(number(Decimal("46.5"))), [(Decimal("46.0512"),)]), "wrong")
        self.assertEqual(self.outcome(reply(number(True)), [(1,)]), "wrong")

    def test_figures_that_are_no_cell_are_wrong(self):
        self.assertEqual(self.outcome(reply(number(42), summary="17 more than before"), [(42,)]), "wrong")
        lying = reply(([{"n": 42}], [fact("42", "$.rows[0].n", 43)], {}))
        self.assertEqual(self.outcome(lying, [(43,)]), "wrong")

    def test_what_the_author_of_a_tool_wrote_is_no_claim(self):
        answer = reply(number(42), summary="that is well (below 80 %)")
        self.assertEqual(judge(COUNT, answer, [[(42,)]]).outcome, "wrong")
        self.assertEqual(judge(COUNT, answer, [[(42,)]], "that is well (below 80 %)").outcome, "right")
        self.assertEqual(judge(COUNT, answer, [[(42,)]], "that is well (below 180 %)").outcome, "wrong")

    def test_a_partial_answer_is_not_an_answer(self):
        self.assertEqual(self.outcome(reply(number(42), status="partial_success"), [(42,)], [(7,)]), "refused")


class Rows(unittest.TestCase):
    def outcome(self, shown, expected, **question):
        return judge({**COUNT, **question}, reply(table(shown)), [expected]).outcome

    def test_sets_have_no_order_and_nothing_left_over(self):
        rows = [{"owner": "kim", "n": 3}, {"owner": "lee", "n": 2}]
        self.assertEqual(self.outcome(rows, [("lee", 2), ("kim", 3)]), "right")
        self.assertEqual(self.outcome(rows, [("kim", 3)], rows="set"), "wrong")
        self.assertEqual(self.outcome(rows[:1], [("lee", 2), ("kim", 3)]), "wrong")
        self.assertEqual(self.outcome([{"owner": "kim", "n": 2}, {"owner": "lee", "n": 3}], [("lee", 2), ("kim", 3)]), "wrong")
        self.assertEqual(self.outcome(rows, [("kim", 3)], rows="contains"), "right")

    def test_order_counts_but_not_among_equals(self):
        expected = [("a", 9), ("b", 5), ("c", 5)]
        self.assertEqual(self.outcome([{"x": "a", "n": 9}, {"x": "c", "n": 5}, {"x": "b", "n": 5}], expected, rows="ordered"), "right")
        self.assertEqual(self.outcome([{"x": "b", "n": 5}, {"x": "a", "n": 9}, {"x": "c", "n": 5}], expected, rows="ordered"), "wrong")

    def test_the_latest_may_come_with_those_before_it(self):
        rows = [{"x": "a", "n": 9}, {"x": "b", "n": 5}]
        self.assertEqual(self.outcome(rows, [("a", 9)], rows="first"), "right")
        self.assertEqual(self.outcome(rows, [("b", 5)], rows="first"), "wrong")
        self.assertEqual(self.outcome([], [("b", 5)], rows="first"), "wrong")

    def test_ties_at_the_end_of_a_top_list_may_be_cut_anywhere(self):
        expected = [("a", 9), ("b", 5), ("c", 5)]
        self.assertEqual(self.outcome([{"x": "a", "n": 9}, {"x": "c", "n": 5}], expected, rows="ordered", top=2), "right")
        self.assertEqual(self.outcome([{"x": "a", "n": 9}], expected, rows="ordered", top=2), "wrong")
        self.assertEqual(self.outcome([{"x": "b", "n": 5}, {"x": "c", "n": 5}], expected, rows="ordered", top=2), "wrong")

    def test_a_superlative_without_a_number_may_show_as_many_as_it_likes(self):
        expected = [("a", 9), ("b", 5), ("c", 5), ("d", 1)]
        for count in (1, 2, 3, 4):
            rows = [{"x": x, "n": n} for x, n in expected[:count]]
            self.assertEqual(self.outcome(rows, expected, rows="leading"), "right")
        self.assertEqual(self.outcome([{"x": "a", "n": 9}, {"x": "c", "n": 5}], expected, rows="leading"), "right")
        self.assertEqual(self.outcome([{"x": "b", "n": 5}], expected, rows="leading"), "wrong")
        self.assertEqual(self.outcome([], expected, rows="leading"), "wrong")

    def test_a_trend_may_leave_out_empty_periods_only(self):
        days = [(datetime.datetime(2026, 9, d, tzinfo=SEOUL), n) for d, n in ((7, 4), (8, 0), (9, 2))]
        named = [{"day": "2026-09-07", "n": 4}, {"day": "2026-09-09T00:00:00+09:00", "n": 2}]
        self.assertEqual(self.outcome(named, days, rows="trend"), "right")
        self.assertEqual(self.outcome(named + [{"day": "2026-09-08", "n": 0}], days, rows="trend"), "right")
        self.assertEqual(self.outcome(named + [{"day": "2026-09-08", "n": None}], days, rows="trend"), "right")
        self.assertEqual(self.outcome(named + [{"day": "2026-09-08", "n": 1}], days, rows="trend"), "wrong")
        self.assertEqual(self.outcome(named[:1], days, rows="trend"), "wrong")
        self.assertEqual(self.outcome([{"day": "2026-09-07T00:00:00+00:00", "n": 4}, named[1]], days, rows="trend"), "wrong")

    def test_an_expected_value_needs_a_cell_of_its_own(self):
        self.assertFalse(cells.row_holds({"a": 5}, (5, 5)))
        self.assertTrue(cells.row_holds({"a": "Seoul", "b": 5, "c": 5}, (5, "seoul", 5)))

    def test_instants_are_instants(self):
        at = datetime.datetime(2026, 9, 7, 12, 30, 5, 250000, tzinfo=SEOUL)
        self.assertTrue(cells.same(at, "2026-09-07T03:30:05.25+00:00"))
        self.assertTrue(cells.same(at, "2026-09-07T12:30:05+09:00"))
        self.assertFalse(cells.same(at, "2026-09-07T12:30:05+00:00"))
        self.assertFalse(cells.same(at, "2026-09-07"))
        self.assertTrue(cells.same(datetime.date(2026, 9, 7), "2026-09-07"))


class Refusals(unittest.TestCase):
    def test_what_must_be_refused(self):
        question = {"id": "r", "expect": "refuse"}
        self.assertEqual(judge(question, refusal("NO_MATCH"), None).outcome, "right")
        self.assertEqual(judge(question, refusal("INTERNAL_ERROR"), None).outcome, "refused")
        self.assertEqual(judge({**question, "codes": ["UNSUPPORTED_ACTION"]}, refusal("NO_MATCH"), None).outcome, "refused")
        self.assertEqual(judge(question, reply(number(0)), None).outcome, "wrong")

    def test_a_crash_is_wrong_whatever_was_asked(self):
        for expect in ("answer", "refuse", "clarify"):
            self.assertEqual(judge({"id": "r", "expect": expect}, refusal("CRASH"), []).outcome, "wrong")

    def test_a_refusal_of_an_answerable_question_is_refused(self):
        self.assertEqual(judge(COUNT, refusal("NO_MATCH"), [[(42,)]]).outcome, "refused")
        self.assertEqual(judge(COUNT, refusal("AMBIGUOUS", 2), [[(42,)]]).outcome, "refused")

    def test_ambiguous_questions(self):
        question, readings = {"id": "a", "expect": "clarify"}, [[(42,)], [(7,)]]
        self.assertEqual(judge(question, refusal("AMBIGUOUS", 2), readings).outcome, "right")
        self.assertEqual(judge(question, refusal("AMBIGUOUS", 0), readings).outcome, "refused")
        self.assertEqual(judge(question, refusal("NO_MATCH"), readings).outcome, "refused")
        self.assertEqual(judge(question, reply(number(42)), readings).outcome, "silent")
        self.assertEqual(judge(question, reply(number(42), number(7)), readings).outcome, "right")
        self.assertEqual(judge(question, reply(number(1)), readings).outcome, "wrong")


class Around(unittest.TestCase):
    def test_health_questions_are_judged_by_the_tool(self):
        question = {"id": "h", "expect": "answer", "domain": "health", "tools": ["t"]}
        self.assertEqual(judge(question, reply(number(42)), None).outcome, "right")
        self.assertEqual(judge({**question, "tools": ["locks"]}, reply(number(42)), None).outcome, "wrong")
        self.assertEqual(judge({**question, "args": {"limit": 3}}, reply(number(42)), None).outcome, "wrong")

    def test_intervals_are_exact_wherever_they_stand_in_the_arguments(self):
        frame = {"interval": {"since": "2026-09-07T00:00:00+09:00", "until": "2026-09-08T00:00:00+09:00"}}
        exact = ["2026-09-06T15:00:00Z", "2026-09-07T15:00:00Z"]
        self.assertTrue(has_interval(reply(number(1, frame)), exact, None))
        self.assertFalse(has_interval(reply(number(1, frame)), ["2026-09-07T00:00:00Z", "2026-09-08T00:00:00Z"], None))
        self.assertFalse(has_interval(reply(number(1, frame)), [exact[0], None], "2026-09-17T10:30:00Z"))
        since = {"since": exact[0]}
        self.assertTrue(has_interval(reply(number(1, since)), [exact[0], None], "2026-09-17T10:30:00Z"))

    def test_a_wrong_answer_costs_four_right_ones(self):
        tally = Tally()
        for outcome in ["right"] * 9 + ["wrong", "silent", "refused"]:
            tally.add({"outcome": outcome})
        self.assertEqual((tally.n, tally.wrong, tally.score), (12, 2, 1))
        self.assertEqual([round(bound, 1) for bound in wilson(9, 10)], [59.6, 98.2])

    def test_the_files_keep_their_rules(self):
        found = files.load()
        self.assertEqual(list(files.broken_rules(found)), [])
        for name in files.files():
            with open(name, encoding="utf-8") as file:
                self.assertIn("about", json.load(file))
        estate = [q for q in found if q["domain"] == "estate" and q["language"] == "en"]
        counts = {expect: sum(q["expect"] == expect for q in estate) for expect in ("answer", "refuse", "clarify")}
        for expect, least in (("answer", 150), ("refuse", 120), ("clarify", 60)):
            self.assertGreaterEqual(counts[expect], least)


if __name__ == "__main__":
    unittest.main()
