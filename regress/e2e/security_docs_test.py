"""The examples of the security pages and of direct queries run, in order, and give what the pages say."""
import json
import os
import re
import unittest

from cluster import ROOT, Cluster

APPLICATION = """
CREATE EXTENSION pg_ops;
CREATE SCHEMA shop;
CREATE TABLE shop.orders (tenant_id text, id int, status text, customer text, total numeric);
INSERT INTO shop.orders VALUES ('acme', 1, 'open', 'Ann Lee', 90), ('acme', 2, 'paid', 'Ann Lee', 300),
  ('acme', 3, 'paid', 'Bo', 200), ('globex', 4, 'open', 'Ann Lee', 500);
CREATE FUNCTION shop.price(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2';
"""


def page(file):
    with open(os.path.join(ROOT, "docs", file)) as f:
        return f.read()


def examples(file):
    return re.findall(r"```sql\n(.*?)```", page(file), re.S)


class SecurityPages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("security_docs").start()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def run_in_new_database(self, name, script):
        self.cluster.rows(f"CREATE DATABASE {name}")
        return self.cluster.psql(APPLICATION + script, "-d", name).stdout

    def test_guide(self):
        said = self.run_in_new_database("guide", "\n".join(examples("security/README.md")))
        for line in ("shop.orders|protected|tenant_id|tools", "shop.orders|isolated|0|0", '\n1|0\n',
                     '"shop.orders"', '"type": "text"'):
            self.assertIn(line, said)
        self.assertNotIn("error|", said)

    def test_watching_finds_what_changed(self):
        watching = examples("security/README.md")[-1]
        said = self.run_in_new_database("watching", """
          SELECT ops.allow_function('shop.price(integer)', 'x');
          CREATE OR REPLACE FUNCTION shop.price(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 3';
          GRANT USAGE ON SCHEMA shop TO ops_tool;
          GRANT SELECT ON shop.orders TO ops_tool;
          DO $$ BEGIN PERFORM ops.query('SELECT id FROM shop.orders'); EXCEPTION WHEN OTHERS THEN NULL; END $$;""" + watching)
        self.assertIn("shop|price|integer|its body|SELECT ops.allow_function('shop.price(integer)', 'why');", said)
        self.assertIn("shop.orders|", said)
        self.assertIn('"rule": "relation_unprotected"', said)

    def test_allowed_functions(self):
        said = self.run_in_new_database("allowing", "\n".join(examples("security/allowed-functions.md")) +
                                        "\nSELECT state FROM ops.allowed_functions;")
        self.assertIn("SELECT $1 * 2", said)
        self.assertTrue(said.endswith("\ncurrent\n"), said)

    def test_direct_queries(self):
        said = self.run_in_new_database("queries", """
          SELECT ops.create_tenant('acme');
          SELECT ops.protect_table('shop.orders');
          GRANT USAGE ON SCHEMA shop TO ops_tool;
          GRANT SELECT ON shop.orders TO ops_tool;
          BEGIN; SELECT ops.set_tenant('acme');""" + "\n".join(examples("guide/queries.md")) + "\nCOMMIT;")
        shown = re.search(r"```json\n(.*?)```", page("guide/queries.md"), re.S).group(1)
        answers = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        self.assertEqual(answers[0], json.loads(shown))
        self.assertEqual(answers[1]["answer"]["facts"][0]["value"], 2)


if __name__ == "__main__":
    unittest.main()
