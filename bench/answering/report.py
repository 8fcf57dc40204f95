"""Bench of answers: counts of verdicts, and how sure they are."""
import collections
import math

COLUMNS = ("n", "right", "wrong", "silent", "refused")


def wilson(hits, n, z=1.96):
    """The 95 % interval of a share, in per cent."""
    if n == 0:
        return 0.0, 0.0
    share, square = hits / n, z * z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = z * math.sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    return 100 * max(0.0, middle - half), 100 * min(1.0, middle + half)


class Tally:
    """Verdicts of a group of questions. `wrong` includes silent picks; score = right - 4 x wrong."""

    def __init__(self):
        self.outcomes = collections.Counter()
        self.marks = collections.defaultdict(collections.Counter)

    def add(self, record):
        self.outcomes[record["outcome"]] += 1
        for mark in ("top1", "top3", "baseline1", "baseline3", "interval", "args"):
            if record.get(mark) is not None:
                self.marks[mark][bool(record[mark])] += 1

    @property
    def n(self):
        return sum(self.outcomes.values())

    @property
    def wrong(self):
        return self.outcomes["wrong"] + self.outcomes["silent"]

    @property
    def score(self):
        return self.outcomes["right"] - 4 * self.wrong

    def mark(self, name):
        good, n = self.marks[name][True], sum(self.marks[name].values())
        return f"{good}/{n}" if n else "-"

    def line(self, title):
        right, wrong = wilson(self.outcomes["right"], self.n), wilson(self.wrong, self.n)
        return (f"  {title:<44} {self.n:>5} {self.outcomes['right']:>5} {self.wrong:>5} {self.outcomes['silent']:>6} "
                f"{self.outcomes['refused']:>7}  {right[0]:>4.0f}-{right[1]:<3.0f} {wrong[0]:>4.1f}-{wrong[1]:<4.1f} {self.score:>6}"
                f"  {self.mark('top1'):>8} {self.mark('top3'):>8} {self.mark('baseline1'):>8} {self.mark('interval'):>8} {self.mark('args'):>6}")


HEAD = (f"  {'':<44} {'n':>5} {'right':>5} {'wrong':>5} {'silent':>6} {'refused':>7}  {'right%':>8} {'wrong%':>9} {'score':>6}"
        f"  {'top-1':>8} {'top-3':>8} {'ts_rank':>8} {'interval':>8} {'args':>6}")


def table(records, *fields):
    """Lines: one per value of the fields, in order of first occurrence."""
    groups = {}
    for record in records:
        groups.setdefault(tuple(str(record[f]) for f in fields), Tally()).add(record)
    return [HEAD] + [tally.line(", ".join(key)) for key, tally in sorted(groups.items())]
