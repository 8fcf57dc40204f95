"""End to end: what changes after a statement was judged and a tool published counts at the very next check and run.

Session A has the verdict remembered and a tool that has run, so that executors hold warm caches; session B changes
something and commits; A must see it at once, and see it undone as well.
"""
import json
import threading
import unittest

import psycopg2

from cluster import Cluster, wait_for

SETUP = """
CREATE SCHEMA c;
GRANT USAGE ON SCHEMA c TO ops_tool;
CREATE FUNCTION c.evil(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 1; END';
CREATE FUNCTION c.evil(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 1; END';
CREATE FUNCTION c.price(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 * 2; END';
CREATE TYPE c.mood AS ENUM ('good', 'bad');
CREATE DOMAIN c.level AS int CHECK (VALUE >= 0);
CREATE TABLE c.orders (tenant_id text, id int, level c.level, mood c.mood, note text);
INSERT INTO c.orders VALUES ('system', 1, 1, 'good', 'a'), ('system', 2, 2, 'bad', 'b'), ('other', 3, 3, 'good', 'c');
CREATE TABLE c.open (tenant_id text, id int, level c.level, mood c.mood, note text);
CREATE TABLE c.rates (id int);
CREATE VIEW c.listed WITH (security_invoker) AS SELECT id FROM c.orders;
CREATE AGGREGATE c.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
CREATE OPERATOR c.=~ (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
CREATE FUNCTION c.evil_json(c.mood) RETURNS json LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN '1'; END $$;
GRANT SELECT ON ALL TABLES IN SCHEMA c TO ops_tool;
SELECT ops.protect_table('c.orders');
SELECT ops.share_table('c.rates');
SELECT ops.allow_function('c.price(int)', 'test'), ops.allow_function('c.total(int)', 'test');
"""

TABLE = "SELECT id, note FROM c.orders ORDER BY id"
CALL = "SELECT c.price(id) AS p FROM c.orders"

# what, statement, change, undo, rule
CHANGES = [
    ("a function gets another body", CALL,
     "CREATE OR REPLACE FUNCTION c.price(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 * 3; END'",
     "CREATE OR REPLACE FUNCTION c.price(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 * 2; END'",
     "function_not_allowed"),
    ("a function becomes SECURITY DEFINER", CALL, "ALTER FUNCTION c.price(int) SECURITY DEFINER",
     "ALTER FUNCTION c.price(int) SECURITY INVOKER", "function_not_allowed"),
    ("a function gets a setting", CALL, "ALTER FUNCTION c.price(int) SET search_path = c",
     "ALTER FUNCTION c.price(int) RESET ALL", "function_not_allowed"),
    ("a function gets another owner", CALL, "ALTER FUNCTION c.price(int) OWNER TO ops_tool",
     "ALTER FUNCTION c.price(int) OWNER TO postgres", "function_not_allowed"),
    ("a function is taken from the list", CALL, "SELECT ops.disallow_function('c.price(int)')",
     "SELECT ops.allow_function('c.price(int)', 'again')", "function_not_allowed"),
    ("the list is changed by hand", CALL, "DELETE FROM ops.allowed_function_store WHERE fn_name = 'price'",
     "SELECT ops.allow_function('c.price(int)', 'again')", "function_not_allowed"),
    ("the list is emptied", CALL, "TRUNCATE ops.allowed_function_store",
     "SELECT ops.allow_function('c.price(int)', 'again'), ops.allow_function('c.total(int)', 'again')", "function_not_allowed"),
    ("a better-matching overload appears in pg_catalog", "SELECT upper(note::varchar) AS u FROM c.orders",
     "CREATE FUNCTION pg_catalog.upper(varchar) RETURNS text LANGUAGE sql AS 'SELECT $1'",
     "DROP FUNCTION pg_catalog.upper(varchar)", "function_not_allowed"),
    ("a better-matching operator appears in pg_catalog", "SELECT level + note::varchar::int AS s FROM c.orders WHERE false",
     "CREATE FUNCTION c.add_level(c.level, int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 0; END'; "
     "CREATE FUNCTION c.add(int, int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 0; END'; "
     "CREATE OPERATOR pg_catalog.+ (LEFTARG = c.level, RIGHTARG = int, FUNCTION = c.add_level)",
     "DROP OPERATOR pg_catalog.+ (c.level, int); DROP FUNCTION c.add_level(c.level, int); DROP FUNCTION c.add(int, int)",
     "function_not_allowed"),
    ("a negator is linked to an operator", "SELECT NOT (id OPERATOR(c.=~) 1) AS n FROM c.orders",
     "CREATE FUNCTION c.differs(int, int) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN true; END'; "
     "CREATE OPERATOR c.<>~ (LEFTARG = int, RIGHTARG = int, FUNCTION = c.differs, NEGATOR = OPERATOR(c.=~))",
     "DROP OPERATOR c.<>~ (int, int); DROP FUNCTION c.differs(int, int)", "function_not_allowed"),
    ("an aggregate is replaced", "SELECT c.total(id) AS t FROM c.orders",
     "CREATE FUNCTION c.step(int, int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 0; END'; "
     "CREATE OR REPLACE AGGREGATE c.total(int) (SFUNC = c.step, STYPE = int, INITCOND = '0')",
     "CREATE OR REPLACE AGGREGATE c.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0'); DROP FUNCTION c.step(int, int)",
     "function_not_allowed"),
    ("a cast to json is created", "SELECT to_json(mood) AS m FROM c.orders",
     "CREATE CAST (c.mood AS json) WITH FUNCTION c.evil_json(c.mood)", "DROP CAST (c.mood AS json)", "function_not_allowed"),
    ("a domain gets a check", "SELECT level FROM c.orders",
     "ALTER DOMAIN c.level ADD CONSTRAINT evil CHECK (c.evil(VALUE) > 0)", "ALTER DOMAIN c.level DROP CONSTRAINT evil",
     "function_not_allowed"),
    ("an index with a constant call is created", TABLE, "CREATE INDEX evil_idx ON c.orders ((id + c.evil(1)))",
     "DROP INDEX c.evil_idx", "function_not_allowed"),
    ("a policy with a function is added", TABLE, "CREATE POLICY mine ON c.orders AS RESTRICTIVE USING (c.evil(id) > 0)",
     "DROP POLICY mine ON c.orders", "function_not_allowed"),
    ("the policy is dropped", TABLE, "DROP POLICY pg_ops_tenant ON c.orders",
     "SELECT ops.unprotect_table('c.orders'); SELECT ops.protect_table('c.orders')", "relation_unprotected"),
    ("the policy is widened", TABLE,
     "ALTER POLICY pg_ops_tenant ON c.orders USING (true)",
     "SELECT ops.unprotect_table('c.orders'); SELECT ops.protect_table('c.orders')", "relation_unprotected"),
    ("row security is switched off", TABLE, "ALTER TABLE c.orders DISABLE ROW LEVEL SECURITY",
     "ALTER TABLE c.orders ENABLE ROW LEVEL SECURITY", "relation_unprotected"),
    ("the protection is lifted", TABLE, "SELECT ops.unprotect_table('c.orders')", "SELECT ops.protect_table('c.orders')",
     "relation_unprotected"),
    ("the role gets BYPASSRLS", TABLE, "ALTER ROLE ops_tool BYPASSRLS", "ALTER ROLE ops_tool NOBYPASSRLS", "relation_unprotected"),
    ("a shared table is shared no more", "SELECT id FROM c.rates", "SELECT ops.unshare_table('c.rates')",
     "SELECT ops.share_table('c.rates')", "relation_unprotected"),
    ("the mark of a shared table is deleted by hand", "SELECT id FROM c.rates", "DELETE FROM ops.shared_tables WHERE rel_name = 'rates'",
     "SELECT ops.share_table('c.rates')", "relation_unprotected"),
    ("the list of shared tables is emptied", "SELECT id FROM c.rates", "TRUNCATE ops.shared_tables",
     "SELECT ops.share_table('c.rates')", "relation_unprotected"),
    ("a shared table is made again under its name", "SELECT id FROM c.rates",
     "ALTER TABLE c.rates RENAME TO rates_old; CREATE TABLE c.rates (id int); GRANT SELECT ON c.rates TO ops_tool",
     "DROP TABLE c.rates; ALTER TABLE c.rates_old RENAME TO rates", "relation_unprotected"),
    ("another table takes the name", TABLE,
     "ALTER TABLE c.orders RENAME TO orders_old; ALTER TABLE c.open RENAME TO orders",
     "ALTER TABLE c.orders RENAME TO open; ALTER TABLE c.orders_old RENAME TO orders", "relation_unprotected"),
    ("a view loses security_invoker", "SELECT id FROM c.listed", "ALTER VIEW c.listed RESET (security_invoker)",
     "ALTER VIEW c.listed SET (security_invoker = true)", "view_not_invoker"),
    ("a view is replaced by another table's", "SELECT id FROM c.listed",
     "CREATE OR REPLACE VIEW c.listed WITH (security_invoker) AS SELECT id FROM c.open",
     "CREATE OR REPLACE VIEW c.listed WITH (security_invoker) AS SELECT id FROM c.orders", "relation_unprotected"),
    ("a view is replaced by one with a function", "SELECT id FROM c.listed",
     "CREATE OR REPLACE VIEW c.listed WITH (security_invoker) AS SELECT c.evil(id) AS id FROM c.orders",
     "CREATE OR REPLACE VIEW c.listed WITH (security_invoker) AS SELECT id FROM c.orders", "function_not_allowed"),
    ("a column changes its type", "SELECT id FROM c.orders WHERE note = 'a' AND length(note) = 1",
     "ALTER TABLE c.orders ALTER COLUMN note TYPE int USING 1", "ALTER TABLE c.orders ALTER COLUMN note TYPE text USING 'a'",
     "analysis_error"),
    ("a column is renamed", TABLE, "ALTER TABLE c.orders RENAME COLUMN note TO remark",
     "ALTER TABLE c.orders RENAME COLUMN remark TO note", "analysis_error"),
    ("the grant is revoked", TABLE, "REVOKE SELECT ON c.orders FROM ops_tool", "GRANT SELECT ON c.orders TO ops_tool",
     "permission_denied"),
    ("the grant on the schema is revoked", TABLE, "REVOKE USAGE ON SCHEMA c FROM ops_tool",
     "GRANT USAGE ON SCHEMA c TO ops_tool", "permission_denied"),
    ("the schema is renamed", TABLE, "ALTER SCHEMA c RENAME TO d", "ALTER SCHEMA d RENAME TO c", "analysis_error"),
]


class GuardChanges(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("guard_changes", settings={"autovacuum": "off", "pg_ops.max_executors": "1"}).start()
        cls.session_a = cls.cluster.connect()
        cls.session_b = cls.cluster.connect()
        for session in (cls.session_a, cls.session_b):
            session.autocommit = True
        cls.b(SETUP)

    @classmethod
    def tearDownClass(cls):
        cls.session_a.close()
        cls.session_b.close()
        cls.cluster.stop()

    @classmethod
    def b(cls, statements):
        with cls.session_b.cursor() as cursor:
            cursor.execute("SET client_min_messages = error; " + statements)

    def a(self, statement, *arguments):
        with self.session_a.cursor() as cursor:
            cursor.execute(statement, arguments)
            value = cursor.fetchone()[0]
            return json.loads(value) if isinstance(value, str) and value.startswith("{") else value

    def verdict(self, statement):
        judged = self.a("SELECT ops.check_sql(%s)", statement)
        return "allowed" if judged["allowed"] else judged["rule"]

    def run_tool(self, name):
        answer = self.a("SELECT ops.call_tool(%s)", name)
        return answer["status"], answer["tool_calls"][0]["error_code"]

    def executor_began(self):
        return self.a("SELECT max(query_start)::text FROM pg_stat_activity WHERE usename = 'ops_executor'")

    def test_every_change_counts_at_once(self):
        tools = {}
        for number, (_, statement, *_rest) in enumerate(CHANGES):
            if statement not in tools:
                tools[statement] = f"tool_{number}"
                self.b("SELECT ops.create_sql_tool('%s', 'A tool.', '%s')" % (tools[statement], statement.replace("'", "''")))
        for what, statement, change, undo, rule in CHANGES:
            with self.subTest(what):
                self.assertEqual(self.verdict(statement), "allowed")
                self.assertEqual(self.verdict(statement), "allowed")
                self.assertEqual(self.run_tool(tools[statement]), ("success", None))
                self.b(change)
                try:
                    self.assertEqual(self.verdict(statement), rule)
                    self.assertEqual(self.verdict(statement), rule)
                    status, code = self.run_tool(tools[statement])
                    self.assertEqual(status, "failed")
                    self.assertIn(code, ("SQL_BLOCKED", "TENANT_MISMATCH", "PERMISSION_DENIED", "TOOL_ERROR", "POLICY_DENY"))
                finally:
                    self.b(undo)
                self.assertEqual(self.verdict(statement), "allowed")
                self.assertEqual(self.run_tool(tools[statement]), ("success", None))

    def test_a_change_of_the_own_session_counts_when_it_commits(self):
        for what, statement, change, undo, rule in CHANGES[:1] + CHANGES[15:19]:
            with self.subTest(what):
                self.assertEqual(self.verdict(statement), "allowed")
                with self.session_a.cursor() as cursor:
                    cursor.execute("SET client_min_messages = error; " + change)
                self.assertEqual(self.verdict(statement), rule)
                with self.session_a.cursor() as cursor:
                    cursor.execute(undo)
                self.assertEqual(self.verdict(statement), "allowed")

    def query(self, statement):
        """The values of column v, or the error."""
        try:
            return [row["v"] for row in self.a("SELECT ops.query(%s)", statement)["rows"]]
        except psycopg2.Error as error:
            return str(error)

    def answer_with_a_change_in_between(self, statement, change):
        """The statement waits for a table inside c.wait_...(); there the change is committed."""
        answers = []
        session_c = self.cluster.connect()
        session_c.autocommit = False
        cursor = session_c.cursor()
        cursor.execute("LOCK TABLE c.door")
        asking = threading.Thread(target=lambda: answers.append(self.query(statement)))
        asking.start()
        wait_for(lambda: self.cluster.value("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'c.door'::regclass"), "the statement waits")
        cursor.execute(change)
        session_c.commit()
        asking.join(60)
        session_c.close()
        return answers[0]

    def test_a_function_replaced_between_verdict_and_call_is_not_called(self):
        self.b("CREATE TABLE c.door (n int); GRANT SELECT ON c.door TO ops_tool;"
               "CREATE FUNCTION c.wait_run(int) RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN PERFORM FROM c.door; RETURN $1; END';"
               "CREATE FUNCTION c.wait_plan(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM FROM c.door; RETURN $1; END';"
               "CREATE FUNCTION c.keep(text, text, boolean) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN $2; END';"
               "CREATE AGGREGATE c.mix(text, boolean) (SFUNC = c.keep, STYPE = text, INITCOND = 'row_security');"
               "CREATE FUNCTION c.by_sql(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';"
               "SELECT ops.allow_function(f::regprocedure, 'test') FROM unnest(ARRAY['c.wait_run(int)', 'c.wait_plan(int)',"
               "  'c.keep(text,text,boolean)', 'c.mix(text,boolean)', 'c.by_sql(int)']) f")
        self.addCleanup(self.b, "DROP TABLE c.door; DROP FUNCTION c.wait_run(int), c.wait_plan(int), c.by_sql(int); DROP AGGREGATE c.mix(text, boolean);"
                        "DROP FUNCTION c.keep(text, text, boolean)")
        run, plan = "SELECT c.wait_run(id) AS w, {} AS v FROM c.orders", "SELECT {} AS v FROM c.orders WHERE c.wait_plan(1) = 1"
        body = "CREATE OR REPLACE FUNCTION c.price(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN {}; END'"
        by_sql = "CREATE OR REPLACE FUNCTION c.by_sql(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + {}'"
        mix = "CREATE OR REPLACE AGGREGATE c.mix(text, boolean) (SFUNC = {}, STYPE = text, INITCOND = 'row_security')"
        for what, statement, change, undo in (
                ("a body, while it runs", run.format("c.price(id)"), body.format("666"), body.format("$1 * 2")),
                ("a body, while it is planned", plan.format("c.price(id)"), body.format("666"), body.format("$1 * 2")),
                ("a body in SQL, while it runs", run.format("c.by_sql(id)"), by_sql.format("666"), by_sql.format("1")),
                ("a body in SQL, while it is planned", plan.format("c.by_sql(id)"), by_sql.format("666"), by_sql.format("1")),
                ("rights, while it runs", run.format("c.price(id)"), "ALTER FUNCTION c.price(int) SECURITY DEFINER",
                 "ALTER FUNCTION c.price(int) SECURITY INVOKER"),
                ("the step of an aggregate by a function of the server that is never allowed", plan.format("c.mix('off', true)"),
                 mix.format("pg_catalog.set_config"), mix.format("c.keep")),
                ("the list", run.format("c.price(id)"), "SELECT ops.disallow_function('c.price(int)')", "SELECT ops.allow_function('c.price(int)', 'x')")):
            with self.subTest(what):
                answer = self.answer_with_a_change_in_between(statement, change)
                self.b(undo)
                self.assertRegex(str(answer), "SQL_BLOCKED: function c.* (has changed since|was not allowed)")
                self.assertIsInstance(self.query(statement), list)
        # What changes nothing that the statement calls makes it be judged again, and it runs.
        answer = self.answer_with_a_change_in_between(
            plan.format("c.price(id)"), "CREATE OR REPLACE FUNCTION c.evil(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 7'")
        self.b("CREATE OR REPLACE FUNCTION c.evil(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 1; END'")
        self.assertEqual(answer, [2, 4])

    def test_a_remembered_verdict_needs_no_executor(self):
        statement = "SELECT id FROM c.orders WHERE id = 7"
        self.assertEqual(self.verdict(statement), "allowed")

        def served_from_memory():  # anybody's change of a catalog in between, a new partition of ours too, forgets it
            began = self.executor_began()
            self.assertEqual(self.verdict(statement), "allowed")
            return self.executor_began() == began
        wait_for(served_from_memory, "the verdict is remembered")
        began = self.executor_began()
        self.b("COMMENT ON TABLE c.open IS 'changes nothing of the statement'; ALTER TABLE c.open ALTER COLUMN note SET STATISTICS 10")
        self.assertEqual(self.verdict(statement), "allowed")
        self.assertNotEqual(self.executor_began(), began)

    def test_a_remembered_verdict_gives_nobody_a_right(self):
        statement = "SELECT id FROM c.orders WHERE id = 8"
        self.assertEqual(self.verdict(statement), "allowed")
        self.b("CREATE ROLE nobody_here LOGIN; GRANT USAGE ON SCHEMA ops TO nobody_here")
        try:
            with self.session_a.cursor() as cursor:
                cursor.execute("SET ROLE nobody_here")
                with self.assertRaisesRegex(Exception, "permission denied|PERMISSION_DENIED"):
                    cursor.execute("SELECT ops.check_sql(%s)", (statement,))
                cursor.execute("RESET ROLE")
        finally:
            self.b("DROP OWNED BY nobody_here; DROP ROLE nobody_here")


if __name__ == "__main__":
    unittest.main()
