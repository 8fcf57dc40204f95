"""Test harness: runs one file of Python unit tests and prints TAP.

Usage: tap_unittest.py FILE [NAME...]     NAME is Class or Class.test
Diagnostics (tracebacks) are TAP comments, so that one log shows everything in order.
"""
import importlib.util
import os
import sys
import traceback
import unittest


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.number = 0
        self.bad = False

    def say(self, good, test, note=""):
        self.number += 1
        self.bad = self.bad or not good
        title = test.id().partition(".")[2] if hasattr(test, "id") else str(test)
        print(f"{'ok' if good else 'not ok'} {self.number} - {title}{note}", flush=True)

    def explain(self, error):
        text = "".join(traceback.format_exception(*error))
        print("".join(f"#   {line}\n" for line in text.splitlines()), end="", flush=True)

    def addSuccess(self, test):
        self.say(True, test)

    def addFailure(self, test, error):
        self.say(False, test)
        self.explain(error)

    addError = addFailure

    def addSkip(self, test, reason):
        self.say(True, test, f" # SKIP {reason}")

    def addExpectedFailure(self, test, error):
        self.say(False, test, " # TODO expected failure")

    def addUnexpectedSuccess(self, test):
        self.say(False, test, " (should have failed)")

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.say(False, subtest)
            self.explain(error)


def main(file, names):
    sys.path.insert(0, os.path.dirname(os.path.abspath(file)))
    name = os.path.splitext(os.path.basename(file))[0]
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromNames(names, module) if names else loader.loadTestsFromModule(module)
    result = TapResult()
    suite.run(result)
    print(f"1..{result.number}", flush=True)
    return 1 if result.bad or result.number == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
