"""pg_ops_worker lint as a CI job uses it: files, directories, patterns, standard input, exit codes, and SARIF that a
code scanning service takes. Needs no cluster and no configuration."""
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORKER = os.environ.get("OPS_WORKER_BIN") or os.path.join(ROOT, "build", "cmake", "pg_ops_worker")

# The part of the SARIF 2.1.0 schema that consumers rely on: required properties, types, bounds.
SARIF = {
    "$schema": str, "version": "2.1.0", "runs": [{
        "tool": {"driver": {"name": str, "version": str, "rules": [
            {"id": str, "shortDescription": {"text": str}, "help": {"text": str},
             "defaultConfiguration": {"level": re.compile("none|note|warning|error")}}]}},
        "columnKind": re.compile("utf16CodeUnits|unicodeCodePoints"),
        "invocations": [{"executionSuccessful": bool, "toolExecutionNotifications": [
            {"level": str, "message": {"text": str}}]}],
        "results": [{"ruleId": str, "ruleIndex": int, "level": str, "message": {"text": str}, "locations": [
            {"physicalLocation": {"artifactLocation": {"uri": str}, "region": {
                "startLine": int, "startColumn": int, "endLine": int, "endColumn": int}}}]}]}]}


def check(value, shape, place="$"):
    """Every problem of a value against a shape, as texts."""
    if isinstance(shape, dict):
        if not isinstance(value, dict) or set(value) != set(shape):
            return [f"{place}: {value!r} does not have the properties {sorted(shape)}"]
        return [p for key, part in shape.items() for p in check(value[key], part, f"{place}.{key}")]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{place}: no list"]
        return [p for i, item in enumerate(value) for p in check(item, shape[0], f"{place}[{i}]")]
    if isinstance(shape, re.Pattern):
        return [] if shape.fullmatch(value) else [f"{place}: {value!r}"]
    if isinstance(shape, str):
        return [] if value == shape else [f"{place}: {value!r}"]
    good = isinstance(value, shape) and not (shape is int and (isinstance(value, bool) or value < 0))
    return [] if good else [f"{place}: {value!r} is no {shape.__name__}"]


class Lint(unittest.TestCase):
    def setUp(self):
        self.dir = os.path.realpath(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.dir)

    def write(self, name, content):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content if isinstance(content, bytes) else content.encode())
        return path

    def lint(self, *arguments, stdin="", code=None):
        done = subprocess.run([WORKER, "lint", *arguments], input=stdin.encode(), capture_output=True, cwd=self.dir,
                              timeout=60, env={**os.environ, "LC_ALL": "C"})
        if code is not None:
            self.assertEqual(done.returncode, code, done)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def sarif(self, *arguments, code=1):
        _, out, _ = self.lint("--format=sarif", *arguments, code=code)
        document = json.loads(out)
        self.assertEqual(check(document, SARIF), [])
        run = document["runs"][0]
        ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        self.assertEqual(len(ids), len(set(ids)))
        for result in run["results"]:
            self.assertEqual(ids[result["ruleIndex"]], result["ruleId"])
            region = result["locations"][0]["physicalLocation"]["region"]
            self.assertGreaterEqual(min(region.values()), 1)
            self.assertGreaterEqual((region["endLine"], region["endColumn"]), (region["startLine"], region["startColumn"]))
        return run

    def test_exit_codes(self):
        self.write("good.sql", "SELECT id FROM shop.orders WHERE id = :id;\n")
        self.write("bad.sql", "SELECT 1;\nDELETE FROM shop.orders;\n")
        code, out, _ = self.lint("good.sql", code=0)
        self.assertEqual(out, "0 findings in 1 statement of 1 file\n")
        code, out, _ = self.lint("good.sql", "bad.sql", code=1)
        self.assertTrue(out.startswith("bad.sql:2:1: error statement_kind: only SELECT is allowed, this is DELETE\n"), out)
        _, out, error = self.lint("bad.sql", "missing.sql", code=2)
        self.assertIn("bad.sql:2:1", out)
        self.assertIn("missing.sql: No such file or directory", error)
        for misuse in ([], ["--format=xml", "good.sql"], ["--nonsense", "good.sql"]):
            self.lint(*misuse, code=2)

    def test_what_cannot_be_read(self):
        os.mkdir(os.path.join(self.dir, "empty"))
        with open(self.write("huge.sql", ""), "ab") as f:
            f.truncate((64 << 20) + 1)
        for path, text in (("empty", "no .sql or .json file"), ("*.nothing", "no file matches"), ("huge.sql", "larger than 64 MB"),
                           ("/proc/self/mem", "Input/output error")):
            _, _, error = self.lint(path, code=2)
            self.assertIn(text, error)
            run = self.sarif(path, code=2)
            self.assertFalse(run["invocations"][0]["executionSuccessful"])
            self.assertIn(text, run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"])

    def test_directories_and_patterns(self):
        for name in ("a/one.sql", "a/b/two.SQL", "a/b/three.json", "a/.hidden/four.sql", "a/node_modules/five.sql", "a/six.txt"):
            self.write(name, '{"sql": {"query": "DROP TABLE x"}}' if name.endswith("json") else "DROP TABLE x")
        os.symlink(os.path.join(self.dir, "a"), os.path.join(self.dir, "a", "b", "loop"))
        _, out, _ = self.lint("a", "a/one.sql", code=1)
        self.assertEqual(re.findall(r"^(\S+):\d+:\d+: ", out, re.M), ["a/b/three.json", "a/b/two.SQL", "a/one.sql"])
        _, out, _ = self.lint("a/*.sql", "a/b/t*", code=1)
        self.assertEqual(out.count(": error "), 3)
        _, out, _ = self.lint("a/six.txt", code=1)  # named, so it is SQL

    def test_standard_input(self):
        _, out, _ = self.lint("-", stdin="SELECT 1;\nSELECT lo_create(0)", code=1)
        self.assertTrue(out.startswith("stdin.sql:2:8: error function_never"), out)
        _, out, _ = self.lint("--stdin-name", "tools/x.json", "-", stdin=' [{"sql": {"query": "DROP TABLE x"}}]', code=1)
        self.assertTrue(out.startswith("tools/x.json:1:22: error statement_kind"), out)
        self.lint("--monitor", "-", stdin="SELECT pg_database_size('x')", code=0)

    def test_encodings(self):
        self.write("bom.sql", b"\xef\xbb\xbfSELECT 1;\r\nSELECT '\xc3\xa9\xe6\x97\xa5', lo_create(0);\r\n")
        self.write("latin.sql", "SELECT 'é'".encode("latin-1"))
        self.write("utf16.sql", "SELECT 1".encode("utf-16"))
        _, out, _ = self.lint("bom.sql", "latin.sql", "utf16.sql", code=1)
        self.assertEqual(re.findall(r"^(\w+).sql:(\d+:\d+): error (\w+)", out, re.M),
                         [("bom", "2:14", "function_never"), ("latin", "1:9", "not_text"), ("utf16", "1:4", "not_text")])

    def test_sarif_places_lead_back_to_the_text(self):
        names = ["plain.sql", "with space.sql", "100%.sql", "ünïcode.sql", "sub/dir.sql"]
        for name in names:
            self.write(name, "SELECT '日本',\n  'é', pg_sleep(1),\n 2")
        self.write("tools.json", json.dumps([{"kind": "tool", "name": "t", "spec": {
            "type": "sql", "sql": {"query": 'SELECT "ä",\n\t\'🙂\', pg_sleep(2)'}}}], indent=1))
        run = self.sarif(".")
        found = {}
        for result in run["results"]:
            place = result["locations"][0]["physicalLocation"]
            name = urllib.parse.unquote(place["artifactLocation"]["uri"])
            with open(os.path.join(self.dir, name), encoding="utf-8") as f:
                line = f.read().split("\n")[place["region"]["startLine"] - 1]
            found[name] = line[place["region"]["startColumn"] - 1:place["region"]["endColumn"] - 1]
        self.assertEqual(found, {name: "pg_sleep" for name in names + ["tools.json"]})
        self.assertEqual(self.sarif(os.path.join(self.dir, "plain.sql"))["results"][0]["locations"][0]["physicalLocation"]
                         ["artifactLocation"]["uri"], "plain.sql")

    def test_hostile_names_and_texts(self):
        self.write(b"a\n\x1b[31m.sql".decode(), "SELECT '\x1b]0;x\x07\n")
        self.write(os.fsdecode(b"\xff.sql"), "DROP TABLE x")
        done = subprocess.run([WORKER, "lint", "."], capture_output=True, cwd=self.dir, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertNotIn(b"\x1b", done.stdout)
        self.assertEqual(done.stdout.count(b"\n"), 4)
        self.assertEqual(len(self.sarif(".")["results"]), 2)

    def test_tools_of_the_repository(self):
        """The tools that come with pg_ops pass: what they are made of is in the install script."""
        specs = []
        for path in sorted(glob.glob(os.path.join(ROOT, "sql", "7[0-6]_health_*.sql"))):
            with open(path, encoding="utf-8") as f:
                found = re.findall(r"_install_health_tool\('\w+', \$json\$(.*?)\$json\$, \$sql\$(.*?)\$sql\$", f.read(), re.S)
            for spec, query in found:
                specs.append(json.dumps({**json.loads(spec), "run_as": "ops_stats", "sql": {"query": query}}))
        self.assertGreaterEqual(len(specs), 38)
        self.write("shipped.json", "[" + ",".join(specs) + "]")
        _, out, _ = self.lint("shipped.json", code=0)
        self.assertEqual(out, f"0 findings in {len(specs)} statements of 1 file\n")


if __name__ == "__main__":
    unittest.main()
