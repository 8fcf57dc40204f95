"""Test harness: what a test program said, as numbers.

A *Counts* is passed, failed, skipped plus the names of what failed. Readers for the two forms there are:
TAP (pgTAP, our Python tests) and GoogleTest's JSON. A program that ends early, ends with another number of
tests than it planned, or ends with an exit status other than 0 without a failed test counts as one failure:
silence never passes.
"""
import dataclasses
import json
import re


@dataclasses.dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list = dataclasses.field(default_factory=list)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.failures += other.failures

    def fail(self, name):
        self.failed += 1
        self.failures.append(name)

    def line(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


RESULT = re.compile(r"^(not )?ok\b(?: +(\d+))?(?: *-? *)(.*?)(?:# *(SKIP|TODO)\b.*)?$", re.IGNORECASE)
PLAN = re.compile(r"^1\.\.(\d+)(?:\s*#\s*SKIP\b.*)?$", re.IGNORECASE)


def read_tap(output, status, name):
    """Counts of a TAP producer's output and exit status. Subtests (indented) count through their parent."""
    counts, plan, seen, skip_all = Counts(), None, 0, False
    for line in output.splitlines():
        plan_line = PLAN.match(line)
        if plan_line:
            plan = int(plan_line.group(1))
            skip_all = plan == 0
            continue
        result = RESULT.match(line)
        if not result:
            if line.startswith("Bail out!"):
                counts.fail(f"{name}: {line}")
            continue
        seen += 1
        negative, _, title, directive = result.groups()
        directive = (directive or "").upper()
        if directive == "SKIP":
            counts.skipped += 1
        elif directive == "TODO":
            counts.skipped += 1
        elif negative:
            counts.fail(f"{name}: {title.strip()}")
        else:
            counts.passed += 1
    if skip_all and seen == 0:
        counts.skipped += 1
    elif plan is None:
        counts.fail(f"{name}: ended without a plan")
    elif plan != seen:
        counts.fail(f"{name}: planned {plan} tests but ran {seen}")
    if status != 0 and counts.failed == 0:
        counts.fail(f"{name}: exit status {status}")
    return counts


def read_gtest(report_file, status, name):
    """Counts of a GoogleTest program from its --gtest_output=json file and exit status."""
    counts = Counts()
    try:
        with open(report_file) as f:
            report = json.load(f)
    except (OSError, ValueError):
        counts.fail(f"{name}: ended with status {status} before its report")
        return counts
    for suite in report["testsuites"]:
        for test in suite["testsuite"]:
            title = f"{name}: {suite['name']}.{test['name']}"
            if test.get("failures"):
                counts.fail(title)
            elif test["result"] == "COMPLETED":
                counts.passed += 1
            else:
                counts.skipped += 1
    if status != 0 and counts.failed == 0:
        counts.fail(f"{name}: exit status {status}")
    if counts.passed + counts.failed + counts.skipped == 0:
        counts.fail(f"{name}: contains no test")
    return counts
