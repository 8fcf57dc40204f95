"""What READ ONLY does not stop, tried in every disguise a database offers and through every door, and then the server
inspected: the effect itself must not be there.

An effect is a call with an effect of its own. Around it a superuser who means ill builds a view, a definer function,
operators, casts, domains, defaults, an aggregate, a policy, an index and statistics; each is used by a statement that
every door refuses. Prints how many combinations were tried.
"""
import os
import select
import subprocess
import sys
import unittest

import psycopg2
import psycopg2.extras

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from attack_harness import REFUSED, Doors, code_of, differences, state  # noqa: E402
from cluster import Cluster, wait_for  # noqa: E402

SETUP = """
CREATE SCHEMA safe;
CREATE SCHEMA evil;
GRANT USAGE ON SCHEMA safe, evil TO ops_tool;
CREATE TABLE safe.orders (tenant_id text, id int);
INSERT INTO safe.orders SELECT 'system', g FROM generate_series(1, 5) g;
GRANT SELECT ON safe.orders TO ops_tool;
SELECT ops.protect_table('safe.orders');
CREATE TABLE safe.open (tenant_id text, id int);
CREATE SEQUENCE safe.numbers;
GRANT ALL ON SEQUENCE safe.numbers TO ops_tool;
SELECT lo_from_bytea(4711, 'kept');
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pg_catalog TO ops_tool;
ALTER ROLE ops_tool REPLICATION;
"""

# name -> an expression; %(victim)s is the pid of an idle backend, %(dir)s a directory the server can write to.
EFFECTS = {
    "large object made": "lo_create(0)",
    "large object written": "lo_from_bytea(0, 'x')",
    "large object removed": "lo_unlink(4711)",
    "large object exported": "lo_export(4711, '%(dir)s/attack')",
    "large object imported": "lo_import('/etc/hostname')",
    "advisory lock": "pg_advisory_lock(4711)",
    "advisory lock tried": "pg_try_advisory_lock(4711)",
    "advisory lock of the transaction": "pg_advisory_xact_lock(4711)",
    "notification": "pg_notify('attack', 'x')",
    "setting": "set_config('work_mem', '64kB', false)",
    "row security off": "set_config('row_security', 'off', false)",
    "role": "set_config('role', 'postgres', false)",
    "tenant": "set_config('pg_ops.tenant', 'other', false)",
    "search path": "set_config('search_path', 'evil', false)",
    "read write": "set_config('transaction_read_only', 'off', false)",
    "sequence advanced": "nextval('safe.numbers')",
    "sequence set": "setval('safe.numbers', 99)",
    "transaction id": "pg_current_xact_id()",
    "transaction id, old name": "txid_current()",
    "snapshot exported": "pg_export_snapshot()",
    "seed": "setseed(0.5)",
    "message in the log of transactions": "pg_logical_emit_message(false, 'attack', 'x')",
    "log of transactions switched": "pg_switch_wal()",
    "restore point": "pg_create_restore_point('attack')",
    "backup begun": "pg_backup_start('attack')",
    "replication slot": "pg_create_physical_replication_slot('attack')",
    "replication origin": "pg_replication_origin_create('attack')",
    "backend ended": "pg_terminate_backend(%(victim)s)",
    "backend cancelled": "pg_cancel_backend(%(victim)s)",
    "configuration read again": "pg_reload_conf()",
    "log rotated": "pg_rotate_logfile()",
    "statistics reset": "pg_stat_reset()",
    "shared statistics reset": "pg_stat_reset_shared('bgwriter')",
    "text run as a query": "query_to_xml('SELECT lo_create(0)', true, true, '')",
    "text run for statistics": "(SELECT count(*) FROM ts_stat('SELECT lo_create(0)::text::tsvector'))",
    "file read": "pg_read_file('postgresql.conf')",
    "directory listed": "(SELECT count(*) FROM pg_ls_dir('.'))",
    "secret setting": "current_setting('data_directory')",
    "collations imported": "pg_import_system_collations('evil'::regnamespace)",
    "oid taken": "pg_nextoid('pg_class', 'oid', 'pg_class_oid_index')",
    "wait": "pg_sleep(20)",
}

# Built for each effect; %(call)s is the effect as text (so a void one fits), %(n)s a number.
DISGUISES = """
CREATE VIEW evil.v%(n)s WITH (security_invoker) AS SELECT %(call)s AS c;
CREATE VIEW evil.owned%(n)s AS SELECT %(call)s AS c;
CREATE FUNCTION evil.f%(n)s() RETURNS text LANGUAGE sql VOLATILE SECURITY DEFINER AS $f$ SELECT %(call)s $f$;
CREATE FUNCTION evil.invoker%(n)s() RETURNS text LANGUAGE sql VOLATILE AS $f$ SELECT %(call)s $f$;
CREATE FUNCTION evil.one%(n)s(int) RETURNS int LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS $f$ BEGIN PERFORM %(call)s; RETURN $1; END $f$;
CREATE FUNCTION evil.frozen%(n)s(int) RETURNS int LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER AS $f$ BEGIN IF current_setting('evil.armed', true) = 'no' THEN RETURN $1; END IF; PERFORM %(call)s; RETURN $1; END $f$;
CREATE FUNCTION evil.two%(n)s(int, int) RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS $f$ BEGIN PERFORM %(call)s; RETURN true; END $f$;
CREATE FUNCTION evil.step%(n)s(int, int) RETURNS int LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS $f$ BEGIN PERFORM %(call)s; RETURN $1; END $f$;
CREATE FUNCTION evil.given%(n)s(a int DEFAULT evil.one%(n)s(1)) RETURNS int LANGUAGE sql AS 'SELECT a';
SELECT ops.allow_function('evil.given%(n)s(int)', 'an allowed function with a default that is not');
CREATE OPERATOR evil.%(op)s (FUNCTION = evil.two%(n)s, LEFTARG = int, RIGHTARG = int);
CREATE OPERATOR evil.%(op)s= (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int, NEGATOR = OPERATOR(evil.%(op)s<>));
CREATE OPERATOR evil.%(op)s<> (FUNCTION = evil.two%(n)s, LEFTARG = int, RIGHTARG = int, NEGATOR = OPERATOR(evil.%(op)s=));
CREATE TYPE evil.e%(n)s AS ENUM ('a');
CREATE FUNCTION evil.json%(n)s(evil.e%(n)s) RETURNS json LANGUAGE plpgsql SECURITY DEFINER AS $f$ BEGIN PERFORM %(call)s; RETURN '1'; END $f$;
CREATE FUNCTION evil.text%(n)s(evil.e%(n)s) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $f$ BEGIN PERFORM %(call)s; RETURN 'x'; END $f$;
CREATE CAST (evil.e%(n)s AS json) WITH FUNCTION evil.json%(n)s(evil.e%(n)s);
CREATE CAST (evil.e%(n)s AS text) WITH FUNCTION evil.text%(n)s(evil.e%(n)s);
CREATE DOMAIN evil.d%(n)s AS int CHECK (%(check)s IS NOT NULL);
CREATE AGGREGATE evil.agg%(n)s(int) (SFUNC = evil.step%(n)s, STYPE = int, INITCOND = '0');
SELECT ops.allow_function('evil.agg%(n)s(int)', 'an allowed aggregate over a step that is not');
CREATE TABLE evil.policed%(n)s (tenant_id text, id int);
SELECT ops.protect_table('evil.policed%(n)s');
CREATE POLICY p ON evil.policed%(n)s TO PUBLIC USING (evil.one%(n)s(id) > 0);
SET evil.armed = 'no';
CREATE TABLE evil.indexed%(n)s (id int);
CREATE INDEX ON evil.indexed%(n)s ((id + evil.frozen%(n)s(1)));
CREATE TABLE evil.parent%(n)s (id int);
CREATE TABLE evil.child%(n)s (CHECK (id <> evil.frozen%(n)s(2))) INHERITS (evil.parent%(n)s);
RESET evil.armed;
SELECT ops.share_table('evil.indexed%(n)s'), ops.share_table('evil.parent%(n)s');
GRANT SELECT ON ALL TABLES IN SCHEMA evil TO ops_tool;
"""

USES = {
    "call": "SELECT %(call)s AS a",
    "call in FROM": "SELECT * FROM (VALUES (%(call)s)) AS v(a)",
    "call that could be folded away": "SELECT 1 AS a WHERE false AND %(call)s IS NULL",
    "call in a limit": "SELECT id FROM safe.orders LIMIT length(%(call)s)",
    "view": "SELECT c FROM evil.v%(n)s",
    "view of an owner": "SELECT c FROM evil.owned%(n)s",
    "definer function": "SELECT evil.f%(n)s() AS a",
    "function": "SELECT evil.invoker%(n)s() AS a",
    "function in FROM": "SELECT f AS a FROM evil.f%(n)s() AS f",
    "function in a condition": "SELECT id FROM safe.orders WHERE evil.one%(n)s(id) > 0",
    "operator": "SELECT id FROM safe.orders WHERE id OPERATOR(evil.%(op)s) 1",
    "operator over a list": "SELECT id FROM safe.orders WHERE id OPERATOR(evil.%(op)s) ANY ('{1,2}')",
    "negator": "SELECT id FROM safe.orders WHERE NOT (id OPERATOR(evil.%(op)s=) 1)",
    "cast to json": "SELECT to_jsonb('a'::evil.e%(n)s) AS a",
    "cast to json of the result": "SELECT ARRAY['a'::evil.e%(n)s] AS a",
    "cast to text": "SELECT 'a'::evil.e%(n)s::text AS a",
    "cast to text inside the server": "SELECT quote_literal('a'::evil.e%(n)s) AS a",
    "domain": "SELECT id::evil.d%(n)s AS a FROM safe.orders",
    "domain in a literal": "SELECT '{1}'::evil.d%(n)s[] AS a",
    "domain in a record": "SELECT a FROM json_to_record('{\"a\": 1}') AS r(a evil.d%(n)s)",
    "default": "SELECT evil.given%(n)s() AS a",
    "aggregate": "SELECT evil.agg%(n)s(id) AS a FROM safe.orders",
    "aggregate over a window": "SELECT evil.agg%(n)s(id) OVER () AS a FROM safe.orders",
    "policy": "SELECT id FROM evil.policed%(n)s",
    "index": "SELECT id FROM evil.indexed%(n)s",
    "constraint of a child": "SELECT id FROM evil.parent%(n)s WHERE id = 1",
}


def operator_name(number):
    """An operator of its own for each effect; the first character keeps it from ending like one of the server's."""
    digits = "!@#%&|`?~"
    return "@" + digits[number // len(digits)] + digits[number % len(digits)] + "~"


class SideEffects(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("effects", settings={"track_commit_timestamp": "on"}).start()
        cls.cluster.psql(SETUP)
        cls.connection = cls.cluster.connect()
        cls.doors = Doors(cls.connection)
        cls.listener = cls.cluster.connect()
        cls.listener.cursor().execute("LISTEN attack")
        cls.victim = cls.cluster.connect()
        cls.victim_pid = cls.victim.get_backend_pid()
        cls.directory = cls.doors.value("SELECT current_setting('unix_socket_directories')")

    @classmethod
    def tearDownClass(cls):
        for connection in (cls.connection, cls.listener, cls.victim):
            connection.close()
        cls.cluster.stop()

    def places(self, number, expression):
        call = "(" + expression % {"victim": self.victim_pid, "dir": self.directory} + ")::text"
        return {"n": number, "call": call, "op": operator_name(number)}

    def build(self, places):
        # A check takes no sub-select: then the domain calls the function around it.
        check = f"evil.one{places['n']}(VALUE)" if "(SELECT" in places["call"] else places["call"]
        self.cluster.psql(DISGUISES % {**places, "check": check})

    def executors(self):
        """Everything of the executors that outlives a statement."""
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                           " WHERE a.backend_type = 'pg_ops executor' AND l.locktype <> 'virtualxid'")
            locks = cursor.fetchone()[0]
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pg_ops executor'"
                           " AND (backend_xid IS NOT NULL OR state <> 'idle' OR usename <> 'ops_executor')")
            return locks + cursor.fetchone()[0]

    def messages(self, begin):
        """Records of logical messages and restore points written since `begin`."""
        end = self.doors.value("SELECT pg_current_wal_flush_lsn()::text")
        bindir = subprocess.run([os.environ.get("PG_CONFIG") or "pg_config", "--bindir"], capture_output=True, text=True,
                                check=True).stdout.strip()
        data = self.doors.value("SELECT current_setting('data_directory')")
        dump = subprocess.run([os.path.join(bindir, "pg_waldump"), "-p", os.path.join(data, "pg_wal"), "-s", begin, "-e", end],
                              capture_output=True, text=True, timeout=60)
        self.assertIn("rmgr:", dump.stdout, dump.stderr)
        return [line for line in dump.stdout.splitlines()
                if "LogicalMessage" in line or "RESTORE_POINT" in line or "SWITCH" in line or "lo_create" in line]

    def test_1_effects(self):
        wait_for(lambda: self.executors() == 0, "the executors are idle")
        problems, tried = [], 0
        begin = self.doors.value("SELECT pg_current_wal_insert_lsn()::text")
        for number, (name, expression) in enumerate(EFFECTS.items()):
            places = self.places(number, expression)
            self.build(places)
            before = state(self.connection)
            for use, text in USES.items():
                statement = text % places
                rule, code = self.doors.check(statement)
                found = {"check": code, "run": self.doors.run(statement)}
                if number == 0 or use == "call":
                    found.update(create=self.doors.create(statement), plan=self.doors.plan(statement),
                                 query=self.doors.query(statement))
                tried += len(found)
                wrong = {door: code for door, code in found.items() if code not in REFUSED}
                if wrong:
                    problems.append(f"{name}, {use}: {wrong} ({rule}): {statement}")
            wait_for(lambda: self.executors() == 0, f"nothing is left in the executors after: {name}")
            changed = differences(before, state(self.connection))
            if changed:
                problems.append(f"{name}: {changed}")
        self.assertEqual(problems, [])
        print(f"# side effects: {len(EFFECTS)} effects, {len(USES)} disguises, {tried} attempts refused")
        self.assertEqual(self.messages(begin), [])
        select.select([self.listener], [], [], 0)
        self.listener.poll()
        self.assertEqual(self.listener.notifies, [])
        self.victim.cursor().execute("SELECT 1")
        self.assertEqual(self.victim.get_backend_pid(), self.victim_pid)
        self.assertFalse(os.path.exists(os.path.join(self.directory, "attack")))

    def test_2_arguments_stay_values(self):
        """What stands in an argument is a value, whatever it looks like."""
        self.doors.value("SELECT ops.create_sql_tool(name => 'echo', description => 'shows its arguments',"
                         " query => 'SELECT :t::text AS t, :i::int AS i, :a::text[] AS a')")
        before = state(self.connection)
        tried = 0
        for expression in EFFECTS.values():
            call = expression % {"victim": self.victim_pid, "dir": self.directory}
            for text in (call, f"'); SELECT {call}; --", f"$$; SELECT {call}; --", f"\\'; SELECT {call}; --", f":t || {call}",
                         f"{{\"{call}\"}}"):
                self.doors.cursor.execute("SELECT ops.call_tool('echo', %s::jsonb)", (psycopg2.extras.Json(
                    {"t": text, "i": 1, "a": [text, text]}),))
                answer = self.doors.cursor.fetchone()[0]
                self.assertIsNone(code_of(answer), answer)
                row = answer["answer"]["blocks"][0]["rows"][0]
                self.assertEqual((row["t"], row["a"]), (text, [text, text]))
                self.doors.cursor.execute("SELECT ops.call_tool('echo', %s::jsonb)", (psycopg2.extras.Json(
                    {"t": "x", "i": text, "a": text}),))
                self.assertNotEqual(self.doors.cursor.fetchone()[0]["status"], "success")
                tried += 2
        print(f"# side effects through arguments: {tried} attempts")
        wait_for(lambda: self.executors() == 0, "nothing is left in the executors")
        self.assertEqual(differences(before, state(self.connection)), {})

    def test_3_reading_takes_no_transaction_id(self):
        """Tools that read take no transaction id: only the trace writer does, one for each batch."""
        self.assertIsNone(self.doors.run("SELECT id FROM safe.orders"))
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pg_ops executor' AND backend_xid IS NOT NULL")
            self.assertEqual(cursor.fetchone()[0], 0)
        self.assertEqual(self.executors(), 0)

    def test_4_what_is_left_of_a_session(self):
        """The same executors afterwards: their settings, role and tenant are what they were."""
        answer = self.doors.answer("SELECT current_user::text AS u, session_user::text AS s, count(*) AS n FROM safe.orders")
        self.assertIsNone(code_of(answer), answer)
        row = answer["answer"]["blocks"][0]["rows"][0]
        self.assertEqual((row["u"], row["s"], row["n"]), ("ops_tool", "ops_executor", 5))


if __name__ == "__main__":
    unittest.main()
