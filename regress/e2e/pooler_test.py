"""Tenants behind pgbouncer in transaction mode: many clients, one server connection, no tenant left behind."""
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

import psycopg2
import psycopg2.errors

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster, wait_for  # noqa: E402

PGBOUNCER = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")
TENANTS = {"t_a": 3, "t_b": 5, "t_c": 0}  # rows of each


class Pooler:
    """pgbouncer with one server connection per database and user."""

    def __init__(self, cluster):
        env = cluster.env()
        self.dir = tempfile.mkdtemp(prefix="pgops-pooler-")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        with open(os.path.join(self.dir, "users"), "w") as out:
            out.write('"t_app" ""\n"t_pool" ""\n')
        with open(os.path.join(self.dir, "pgbouncer.ini"), "w") as out:
            out.write(f"""[databases]
app = host={env['PGHOST']} port={env['PGPORT']} dbname={env['PGDATABASE']}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = trust
auth_file = {self.dir}/users
pool_mode = transaction
default_pool_size = 1
max_client_conn = 200
server_reset_query =
ignore_startup_parameters = extra_float_digits
logfile = {self.dir}/log
""")
        arguments = [PGBOUNCER, "-q", os.path.join(self.dir, "pgbouncer.ini")]
        if os.getuid() == 0:  # it refuses to run as root
            for path in (self.dir, *(os.path.join(self.dir, name) for name in os.listdir(self.dir))):
                shutil.chown(path, "postgres")
            arguments[1:1] = ["-u", "postgres"]
        self.process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.answers, "pgbouncer answers")

    def answers(self):
        try:
            self.connect().close()
            return True
        except psycopg2.OperationalError:
            return False

    def connect(self, user="t_app", autocommit=False):
        connection = psycopg2.connect(host="127.0.0.1", port=self.port, user=user, dbname="app", connect_timeout=30)
        connection.autocommit = autocommit
        return connection

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.dir, ignore_errors=True)


def value(connection, statement, parameters=None):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone()[0] if cursor.description else None


@unittest.skipIf(PGBOUNCER is None, "pgbouncer is not installed")
class PoolerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("pooler", settings={"pg_ops.max_executors": "1"}).start()
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.psql("""
            CREATE ROLE t_app LOGIN IN ROLE ops_user;
            CREATE ROLE t_one LOGIN IN ROLE ops_user;
            CREATE ROLE t_two LOGIN IN ROLE ops_user;
            CREATE ROLE t_pool LOGIN NOINHERIT IN ROLE t_one, t_two;
            SELECT ops.create_tenant(t) FROM unnest(ARRAY['t_a', 't_b', 't_c']) t;
            SELECT ops.grant_all_tenants('t_app'), ops.grant_tenant('t_a', 't_one'), ops.grant_tenant('t_b', 't_two');
            CREATE SCHEMA shop;
            CREATE TABLE shop.orders (tenant_id text, id serial, note text);
            INSERT INTO shop.orders (tenant_id, note) SELECT 't_a', 'a' FROM generate_series(1, 3);
            INSERT INTO shop.orders (tenant_id, note) SELECT 't_b', 'b' FROM generate_series(1, 5);
            GRANT USAGE ON SCHEMA shop TO ops_tool, t_app, t_one, t_two;
            GRANT SELECT, INSERT, UPDATE, DELETE ON shop.orders TO t_app, t_one, t_two;
            GRANT SELECT ON shop.orders TO ops_tool;
            GRANT USAGE ON SEQUENCE shop.orders_id_seq TO t_app;
            CREATE TABLE shop.bystander (v int);
            GRANT SELECT ON shop.bystander TO PUBLIC;
            CREATE FUNCTION shop.counted() RETURNS bigint LANGUAGE plpgsql STABLE AS
              $$ BEGIN RETURN (SELECT count(*) FROM shop.orders); END $$;
            CREATE FUNCTION shop.counted_sql() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM shop.orders';
            CREATE FUNCTION shop.enter(t text) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog AS
              $$ BEGIN PERFORM ops.set_tenant(t); RETURN ops.current_tenant(); END $$;
            CREATE FUNCTION shop.enter_and_fail(t text) RETURNS text LANGUAGE plpgsql AS
              $$ BEGIN BEGIN PERFORM ops.set_tenant(t); RAISE EXCEPTION 'no'; EXCEPTION WHEN raise_exception THEN NULL; END;
                 RETURN coalesce(ops.current_tenant(), 'none'); END $$;
            SELECT ops.protect_table('shop.orders', scope => 'everyone');
            SELECT ops.create_sql_tool('t_count', 'Counts the orders.', 'SELECT count(*) AS n FROM shop.orders');
            SELECT ops.put_asset('tool', 't_count', (SELECT spec || '{"shared": true}' FROM ops.asset_versions WHERE name = 't_count' LIMIT 1));
            SELECT ops.publish_asset('tool', 't_count');
        """)
        cls.pooler = Pooler(cls.cluster)
        cls.addClassCleanup(cls.pooler.stop)

    def setUp(self):
        self.clients = []

    def tearDown(self):
        for client in self.clients:
            client.close()

    def client(self, **options):
        self.clients.append(self.pooler.connect(**options))
        return self.clients[-1]

    def enter(self, client, tenant):
        value(client, "SELECT ops.set_tenant(%s)", [tenant])

    def assert_clean(self):
        """What the next client of the same server connection finds."""
        after = self.client(autocommit=True)
        self.assertIsNone(value(after, "SELECT ops.current_tenant()"))
        self.assertEqual(value(after, "SELECT count(*) FROM shop.orders"), 0)

    def test_one_connection_serves_all(self):
        first, second = self.client(), self.client()
        pids = set()
        for client, tenant in ((first, "t_a"), (second, "t_b"), (first, "t_b"), (second, "t_a")):
            pids.add(value(client, "SELECT pg_backend_pid()"))
            self.assertIsNone(value(client, "SELECT ops.current_tenant()"))
            self.enter(client, tenant)
            self.assertEqual(value(client, "SELECT count(*) FROM shop.orders"), TENANTS[tenant])
            client.commit()
        self.assertEqual(len(pids), 1, "the pool has one server connection")

    def test_interleaved_tenants(self):
        """Transactions that end in every way, by eight clients in any order."""
        chance = random.Random(7)
        clients = [self.client() for _ in range(8)]
        for _ in range(400):
            client = chance.choice(clients)
            tenant = chance.choice(list(TENANTS))
            self.assertEqual(value(client, "SELECT count(*) FROM shop.orders"), 0, "nothing is left of the one before")
            self.enter(client, tenant)
            way = chance.randrange(5)
            if way == 0:
                other = chance.choice(list(TENANTS))
                value(client, "SAVEPOINT s")
                self.enter(client, other)
                self.assertEqual(value(client, "SELECT count(*) FROM shop.orders"), TENANTS[other])
                value(client, "ROLLBACK TO s")
            elif way == 1:
                self.assertEqual(value(client, "SELECT shop.enter_and_fail('t_b')"), tenant)
            elif way == 2:
                tenant = value(client, "SELECT shop.enter('t_a')")
            self.assertEqual(value(client, "SELECT count(*) FROM shop.orders"), TENANTS[tenant])
            self.assertEqual(value(client, "SELECT shop.counted() + shop.counted_sql()"), 2 * TENANTS[tenant])
            if way == 3:
                with self.assertRaises(psycopg2.errors.DivisionByZero):
                    value(client, "SELECT 1/0")
            client.rollback() if way >= 3 else client.commit()

    def test_client_gone(self):
        gone = self.pooler.connect()
        self.enter(gone, "t_a")
        self.assertEqual(value(gone, "SELECT count(*) FROM shop.orders"), 3)
        os.close(gone.fileno())  # no goodbye
        self.assert_clean()

    def test_without_transaction(self):
        client = self.client(autocommit=True)
        self.enter(client, "t_a")
        self.assertIsNone(value(client, "SELECT ops.current_tenant()"))
        self.assertEqual(value(client, "SELECT count(*) FROM shop.orders"), 0)
        with self.assertRaises(psycopg2.Error) as refused:
            value(client, "SELECT ops.call_tool('t_count')")
        self.assertIn("TENANT_MISMATCH", str(refused.exception))

    def test_prepared_statements(self):
        """A plan made for one tenant serves the next with the next one's rows, generic or not."""
        for mode in ("force_generic_plan", "force_custom_plan", "auto"):
            first, second = self.client(), self.client()
            self.enter(first, "t_a")
            value(first, f"SET LOCAL plan_cache_mode = {mode}")
            value(first, f"PREPARE {mode} (text) AS SELECT count(*) FROM shop.orders WHERE note >= $1")
            for _ in range(7):
                self.assertEqual(value(first, f"EXECUTE {mode} ('')"), 3)
            first.commit()
            self.assertEqual(value(second, f"EXECUTE {mode} ('')"), 0, "without a tenant no rows")
            self.enter(second, "t_b")
            for _ in range(7):
                self.assertEqual(value(second, f"EXECUTE {mode} ('')"), 5)
            value(second, f"DEALLOCATE {mode}")
            second.commit()

    def test_plan_made_before_protection(self):
        """A cached plan from before the policy is not used after it; nor one from before it was lifted."""
        client = self.client()
        self.cluster.psql("CREATE TABLE shop.late (tenant_id text); INSERT INTO shop.late VALUES ('t_a'), ('t_b');"
                          "GRANT SELECT ON shop.late TO t_app;")
        value(client, "PREPARE late AS SELECT count(*) FROM shop.late")
        self.assertEqual(value(client, "EXECUTE late"), 2)
        client.commit()
        self.cluster.psql("SELECT ops.protect_table('shop.late', scope => 'everyone');")
        self.enter(client, "t_a")
        self.assertEqual(value(client, "EXECUTE late"), 1)
        client.commit()
        self.cluster.psql("SELECT ops.unprotect_table('shop.late');")
        self.assertEqual(value(client, "EXECUTE late"), 2)
        value(client, "DEALLOCATE late")
        client.commit()

    def test_roles_of_a_pool(self):
        """SET LOCAL ROLE: plans are remade for the role, and a role enters its own tenants only."""
        client = self.client(user="t_pool")
        for role, tenant, other in (("t_one", "t_a", "t_b"), ("t_two", "t_b", "t_a"), ("t_one", "t_a", "t_b")):
            value(client, f"SET LOCAL ROLE {role}")
            self.enter(client, tenant)
            self.assertEqual(value(client, "SELECT count(*) FROM shop.orders"), TENANTS[tenant])
            value(client, "SAVEPOINT s")
            with self.assertRaises(psycopg2.errors.InsufficientPrivilege):
                self.enter(client, other)
            value(client, "ROLLBACK TO s")
            self.assertEqual(value(client, "SELECT shop.counted()"), TENANTS[tenant])
            client.commit()
        with self.assertRaises(psycopg2.errors.InsufficientPrivilege):
            self.enter(client, "t_a")  # the login itself is nobody
        client.rollback()

    def test_tools_in_turn(self):
        """One executor serves one tenant after the other."""
        clients = {tenant: self.client() for tenant in TENANTS}
        for turn in range(60):
            tenant = list(TENANTS)[turn % len(TENANTS)]
            client = clients[tenant]
            self.enter(client, tenant)
            answer = value(client, "SELECT ops.ask('help')" if turn % 20 == 19 else
                           "SELECT ops.run_plan('{\"calls\": [{\"id\": \"a\", \"tool\": \"t_count\", \"args\": {}}]}')")
            self.assertEqual(answer["tenant"], tenant)
            if turn % 20 != 19:
                self.assertEqual(answer["status"], "success", answer["error"])
                self.assertEqual(answer["answer"]["facts"][0]["value"], TENANTS[tenant], answer["answer"])
            client.commit()
        self.assert_clean()

    def test_dropped_meanwhile(self):
        """A dropped tenant is refused to every request from then on, in the transaction that entered it before as well."""
        self.cluster.psql("SELECT ops.create_tenant('t_gone');")
        client = self.client()
        self.enter(client, "t_gone")
        self.cluster.psql("SELECT ops.drop_tenant('t_gone');")
        for statement in ("SELECT ops.call_tool('t_count')", "SELECT ops.set_tenant('t_gone')"):
            value(client, "SAVEPOINT s")
            with self.assertRaises(psycopg2.Error) as refused:
                value(client, statement)
            self.assertIn("TENANT_MISMATCH", str(refused.exception))
            value(client, "ROLLBACK TO s")
        client.rollback()

    def test_what_postgresql_leaves_behind(self):
        """Not ours to close, and documented: what outlives a transaction on a server connection outlives the tenant."""
        first, second = self.client(), self.client()
        self.enter(first, "t_a")
        value(first, "DECLARE held CURSOR WITH HOLD FOR SELECT note FROM shop.orders")
        value(first, "CREATE TEMP TABLE mine AS SELECT * FROM shop.orders")
        first.commit()
        self.enter(second, "t_b")
        self.assertEqual(value(second, "FETCH held"), "a", "a cursor WITH HOLD has the rows of its own transaction")
        self.assertEqual(value(second, "SELECT count(*) FROM mine"), 3, "a temporary table is no protected table")
        second.commit()
        second.autocommit = True
        value(second, "DISCARD ALL")
        second.autocommit = False
        for statement in ("FETCH held", "SELECT count(*) FROM mine"):
            with self.assertRaises(psycopg2.Error):
                value(second, statement)
            second.rollback()


if __name__ == "__main__":
    unittest.main()
