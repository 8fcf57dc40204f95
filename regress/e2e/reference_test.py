"""What documentation says is so: reference pages equal the catalog, names exist, and the first examples run."""
import glob
import os
import re
import subprocess
import unittest

from cluster import ROOT, Cluster


def examples(file):
    """The SQL blocks of a page."""
    with open(os.path.join(ROOT, file)) as f:
        return re.findall(r"```sql\n(.*?)```", f.read(), re.S)


class Reference(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("reference").start()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def test_pages_equal_the_catalog(self):
        environment = {**os.environ, **{k: v for k, v in self.cluster.env().items() if k.startswith("PG")}}
        done = subprocess.run([os.path.join(ROOT, "dev", "docs-reference"), "--check"], env=environment,
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_names_in_texts_exist(self):
        """Functions and views that documentation and runbooks send people to are there."""
        known = {name for (name,) in self.cluster.rows(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'ops'::regnamespace"
            " UNION SELECT relname FROM pg_class WHERE relnamespace = 'ops'::regnamespace")}
        texts = dict(self.cluster.rows("SELECT 'error code ' || code, runbook FROM ops.error_codes"))
        for path in glob.glob(os.path.join(ROOT, "docs", "**", "*.md"), recursive=True) + [os.path.join(ROOT, "README.md")]:
            with open(path) as f:
                texts[os.path.relpath(path, ROOT)] = f.read()
        missing = sorted({(where, name) for where, text in texts.items()
                          for name in re.findall(r"(?<![\w.-])ops\.([a-z_]+)", text) if name not in known})
        self.assertEqual(missing, [])

    def test_every_function_setting_and_view_has_an_explanation(self):
        for file in ("functions", "settings", "errors", "tables"):
            with open(os.path.join(ROOT, "docs", "reference", file + ".md")) as f:
                text = f.read()
            self.assertNotIn("None", text.replace("NULL", ""), file)
            self.assertGreater(text.count("\n"), 15, file)

    def run_in_new_database(self, name, script):
        self.cluster.rows(f"CREATE DATABASE {name}")
        return self.cluster.psql(script, "-d", name).stdout

    def test_the_example_of_the_readme_runs(self):
        said = self.run_in_new_database("readme", examples("README.md")[0])
        with open(os.path.join(ROOT, "README.md")) as f:
            shown = re.search(r"```\n(Number of orders.*?)\nReferences", f.read(), re.S).group(1)
        self.assertIn("No session is blocked.", said)
        self.assertIn(shown, said)

    def test_the_quickstart_runs(self):
        blocks = examples("docs/quickstart.md")
        script = "\n".join(["CREATE EXTENSION pg_ops;", *blocks[:-1], "\\c - alice", blocks[-1]])
        said = self.run_in_new_database("quickstart", script)
        for sentence in ("No session is blocked.", "\n1 open orders.\n", "\n3 orders.\n", 'No tool explains "Busan" in the question.'):
            self.assertIn(sentence, said)
        self.assertIn("|how many orders in Busan?|failed|", said)


if __name__ == "__main__":
    unittest.main()
