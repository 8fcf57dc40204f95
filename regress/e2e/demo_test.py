"""`make demo` works, twice in a row, shows what it promises, and ends without leaving processes behind."""
import json
import os
import re
import subprocess
import unittest

from cluster import ROOT, wait_for

DIRECTORY = os.path.join(os.environ.get("PGOPS_TEST_DIR") or os.path.join(ROOT, ".test", "e2e"), "demo")


def demo(command):
    return subprocess.run([os.path.join(ROOT, "dev", "demo"), command, DIRECTORY], capture_output=True, text=True, timeout=170)


class Demo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        os.makedirs(DIRECTORY, exist_ok=True)
        cls.first = demo("start")
        cls.second = demo("start")

    @classmethod
    def tearDownClass(cls):
        demo("stop")

    def section(self, title):
        """What the second run printed below a heading, by the statement asked."""
        text = self.second.stdout.split(f"== {title} ", 1)[1].split("\n\n\n==", 1)[0]
        return dict(re.findall(r"\n  (\w+=> [^\n]*)\n(.*?)(?=\n  \w+=> |\Z)", text, re.S))

    def test_both_runs_end_well(self):
        for run in (self.first, self.second):
            self.assertEqual((run.returncode, run.stderr), (0, ""))
            self.assertIn("== Where to look next", run.stdout)
            self.assertNotIn("ERROR", run.stdout)
            self.assertNotIn("INTERNAL_ERROR", run.stdout)

    def test_the_lock_wait_is_named_with_both_sessions(self):
        answer = self.section("The server about itself")["postgres=> SELECT ops_ask_text('who blocks whom?');"]
        self.assertRegex(answer, r"Session \d+ has waited .* for a lock that session \d+ \(idle in transaction\) holds")

    def test_tenants_get_different_figures(self):
        asked = self.section("One question, two tenants")
        question = "SELECT ops_ask_text('what is the most frequent event type?');"
        self.assertIn("threshold_alarm with 86 events", asked[f"acme_app=> {question}"])
        self.assertIn("health_check with 23 events", asked[f"globex_app=> {question}"])

    def test_questions_that_are_not_understood_are_not_answered(self):
        asked = self.section("What is not understood is not answered")
        self.assertIn("NO_MATCH", asked["acme_app=> SELECT ops_ask_text('how many events in Busan?');"])
        self.assertIn("UNSUPPORTED_ACTION", asked["acme_app=> SELECT ops_ask_text('delete all events');"])

    def test_the_plan_answers_in_part(self):
        text = self.second.stdout
        self.assertIn("-- partial_success", text)
        self.assertIn("failed: on_call (UPSTREAM_UNAVAILABLE)", text)
        self.assertIn("2 services; billing is down.", text)
        self.assertIn("postgresql belongs to park", text)

    def test_stop_leaves_no_process(self):
        with open(os.path.join(DIRECTORY, "demo.json")) as f:
            groups = [group["pid"] for group in json.load(f)["groups"]]
        self.assertGreaterEqual(len(groups), 4)
        done = demo("stop")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

        for group in groups:
            wait_for(lambda: not members(group), f"the end of process group {group}")


def members(group):
    """Processes of a group but for zombies, which nobody may reap in a container."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as f:
                state, _, its_group = f.read().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(its_group) == group and state != "Z":
            found.append(pid)
    return found


if __name__ == "__main__":
    unittest.main()
