"""Hostile databases: names, settings and circumstances that change what statements mean, or take away what is needed.

After each of them both tenants' tools answer right and isolated, and traces are written.
"""
import os
import sys
import unittest

import psycopg2

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster, wait_for  # noqa: E402
from hostile_harness import ITEMS, ROWS, SITE, Site, cells, check_envelope, error_of  # noqa: E402

# Everything of these names lies in public and lies.
NAMES = """
CREATE FUNCTION public.lies() RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT 'lie'::text$$;
CREATE FUNCTION public.lower(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT 'lie'::text$$;
CREATE FUNCTION public.lower(varchar) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT 'lie'::text$$;
CREATE FUNCTION public.format(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT 'lie'::text$$;
CREATE FUNCTION public.current_tenant() RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT 'globex'::text$$;
CREATE FUNCTION public.set_tenant(text) RETURNS void LANGUAGE sql AS $$SELECT pg_catalog.set_config('pg_ops.tenant', 'globex', true)$$;
CREATE FUNCTION public.current_setting(text, boolean) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT 'globex'::text$$;
CREATE FUNCTION public.jsonb_strip_nulls(jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$SELECT '{}'::pg_catalog.jsonb$$;
CREATE FUNCTION public.to_jsonb(text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$SELECT '{}'::pg_catalog.jsonb$$;
CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$SELECT 'epoch'::pg_catalog.timestamptz$$;
CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS $$SELECT 'epoch'::pg_catalog.timestamptz$$;
CREATE FUNCTION public.always(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$SELECT true$$;
CREATE FUNCTION public.always(name, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$SELECT true$$;
CREATE FUNCTION public.always(oid, oid) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$SELECT true$$;
CREATE FUNCTION public.always(jsonb, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$SELECT true$$;
CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.always);
CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = text, FUNCTION = public.always);
CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = public.always);
CREATE OPERATOR public.? (LEFTARG = jsonb, RIGHTARG = text, FUNCTION = public.always);
CREATE AGGREGATE public.count(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '1000');
CREATE TYPE public.jsonb AS (lie text);
CREATE DOMAIN public.text AS pg_catalog.text CHECK (false);
CREATE DOMAIN public.regclass AS pg_catalog.text;
CREATE CAST (pg_catalog.text AS public.jsonb) WITH INOUT AS IMPLICIT;
CREATE TABLE public.pg_class (lie pg_catalog.text);
CREATE TABLE public.pg_proc (lie pg_catalog.text);
CREATE VIEW public.tenants AS SELECT 'lie' AS tenant;
"""

SETTINGS = {
    "search_path": "public, pg_catalog, ops", "row_security": "off", "statement_timeout": "1", "lock_timeout": "1",
    "standard_conforming_strings": "off", "TimeZone": "Pacific/Kiritimati", "DateStyle": "SQL, DMY", "IntervalStyle": "sql_standard",
    "default_transaction_read_only": "on", "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on", "lc_messages": "C.UTF-8", "xmloption": "document", "bytea_output": "escape",
    "idle_in_transaction_session_timeout": "1", "idle_session_timeout": "1", "temp_file_limit": "0", "work_mem": "64",
    "max_parallel_workers_per_gather": "8", "session_replication_role": "replica", "default_tablespace": "nowhere",
    "quote_all_identifiers": "on", "extra_float_digits": "-15", "transform_null_equals": "on", "jit_above_cost": "0",
    "plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "client_min_messages": "debug5", "debug_print_plan": "on",
    "default_toast_compression": "pglz", "check_function_bodies": "off", "role": "ops_monitor", "pg_ops.tenant": "globex",
    "pg_ops.request_timeout": "5s", "synchronous_commit": "off", "log_statement": "all", "log_min_messages": "debug1",
}
OWN = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout", "role",
       "default_transaction_read_only", "client_min_messages", "default_tablespace")


class HostileDatabase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("hostile_database").start()
        cls.site = Site(cls.cluster).build()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def fresh_processes(self, database=None):
        """Executors and the trace writer start anew, with the settings of now."""
        self.site.probe("SELECT ops.stop_workers()", database=database)
        wait_for(lambda: self.site.probe("SELECT count(*) FROM ops.workers WHERE kind = 'executor'", database=database) == 0,
                 "executors are gone")

    def everything_works(self):
        self.fresh_processes()
        self.site.well()
        self.site.names += 1
        name = f"late{self.site.names}"
        self.site.create_tool(name, *ITEMS[1:])
        self.assertEqual(cells(self.site.call(name))["names"], ROWS["acme"][1])
        with self.site.app("acme") as connection, connection.cursor() as cursor:
            cursor.execute("SET LOCAL row_security = on")  # off makes every filtered view an error, ours too
            cursor.execute("SELECT array_agg(DISTINCT tenant) FROM ops.traces")
            self.assertEqual(cursor.fetchone()[0], ["acme"])
            cursor.execute("SELECT ops.ask('what can you answer?')->>'status'")
            self.assertEqual(cursor.fetchone()[0], "success")
            cursor.execute("SELECT ops.check_sql('SELECT pg_sleep(1)')->>'allowed'")
            self.assertEqual(cursor.fetchone()[0], "false")
        connection.close()

    def test_names_like_ours_and_like_the_servers(self):
        self.cluster.psql(NAMES)
        try:
            self.everything_works()
            self.cluster.psql("ALTER DATABASE ops_dev SET search_path = public, pg_catalog, ops")
            self.cluster.psql("ALTER ROLE app SET search_path = public, pg_catalog")
            self.everything_works()
        finally:
            self.cluster.psql("ALTER DATABASE ops_dev RESET search_path; ALTER ROLE app RESET search_path;"
                              " DROP VIEW public.tenants; DROP TABLE public.pg_class, public.pg_proc;"
                              " DROP TYPE public.jsonb CASCADE; DROP DOMAIN public.text, public.regclass;"
                              " DROP AGGREGATE public.count(*); DROP OPERATOR public.= (text, text);"
                              " DROP OPERATOR public.= (name, text); DROP OPERATOR public.= (oid, oid);"
                              " DROP OPERATOR public.? (jsonb, text)", "-v", "ON_ERROR_STOP=0")

    def test_settings_of_database_and_roles(self):
        """All at once; one by one in long runs, and when all at once did not do, to say which."""
        if not os.environ.get("PGOPS_LONG"):
            try:
                self.under(SETTINGS)
                return
            except (AssertionError, psycopg2.Error) as error:
                print(f"all settings at once: {error}", file=sys.stderr)
        for name, value in SETTINGS.items():
            with self.subTest(setting=name):
                self.under({name: value})

    def under(self, settings):
        def everywhere(change):
            for name in settings:
                for target in ["ROLE ops_executor", "ROLE ops_writer"] + ([] if name in OWN else ["DATABASE ops_dev", "ROLE app"]):
                    yield "ALTER " + target + " " + change(name) + ";"
        try:
            self.cluster.psql("".join(everywhere(
                lambda name: f"SET {name} = " + (settings[name] if name == "search_path" else f"'{settings[name]}'"))))
            self.everything_works()
        finally:
            self.cluster.psql("SET statement_timeout = 0; SET default_transaction_read_only = off;"
                              + "".join(everywhere(lambda name: f"RESET {name}")))

    def test_a_database_that_limits_everybody_else(self):
        """What would stop the caller is taken back for the callers, and stays for our processes."""
        self.cluster.psql("ALTER ROLE app SET statement_timeout = 0; ALTER ROLE postgres SET statement_timeout = 0;"
                          " ALTER ROLE app SET lock_timeout = 0; ALTER ROLE postgres SET lock_timeout = 0;"
                          " ALTER DATABASE ops_dev SET statement_timeout = 1; ALTER DATABASE ops_dev SET lock_timeout = 1")
        try:
            self.everything_works()
        finally:
            self.cluster.psql("ALTER DATABASE ops_dev RESET ALL; ALTER ROLE app RESET ALL; ALTER ROLE postgres RESET ALL")

    def test_a_read_only_database(self):
        self.fresh_processes()
        self.cluster.psql("ALTER DATABASE ops_dev SET default_transaction_read_only = on")
        try:
            executors = "SELECT count(*) FROM ops.workers WHERE kind = 'executor'"
            with self.assertRaises(psycopg2.errors.ReadOnlySqlTransaction) as refused:
                self.site.probe("SELECT ops.stop_workers()")
            self.assertIn("BEGIN READ WRITE", refused.exception.diag.message_hint)
            self.site.well()
            self.assertGreater(self.site.probe(executors), 0)
            self.site.well()
        finally:
            self.cluster.psql("SET default_transaction_read_only = off; ALTER DATABASE ops_dev RESET default_transaction_read_only")

    # --- other databases ----------------------------------------------------------------------------
    def help_works(self, database):
        answer = self.cluster.value("SELECT ops.ask('what can you answer?')", database=database)
        check_envelope(answer)
        self.assertEqual((answer["status"], answer["trace_durable"]), ("success", True))
        answer = self.cluster.value("SELECT ops.ask('what is the cache hit ratio?')", database=database)
        check_envelope(answer)
        self.assertEqual((answer["status"], answer["tool_calls"][0]["tool"]), ("success", "cache_hit_ratio"), answer)
        self.assertIn(f"database {database}", answer["answer"]["summary"])

    def drop(self, database):
        self.cluster.value("SELECT ops.stop_workers()", database=database)
        self.cluster.psql(f"DROP DATABASE {database} WITH (FORCE)", "-d", "postgres")

    def test_without_schema_public(self):
        self.cluster.psql("CREATE DATABASE bare")
        self.cluster.psql("DROP SCHEMA public CASCADE; CREATE EXTENSION pg_ops", "-d", "bare")
        self.help_works("bare")
        self.drop("bare")
        self.assertEqual(error_of(self.cluster.rows, "DROP SCHEMA public").pgcode, "2BP01")
        self.site.well()

    def test_a_second_database(self):
        self.cluster.psql("CREATE ROLE owner_of_second LOGIN; CREATE DATABASE second OWNER owner_of_second")
        error = error_of(lambda: self.cluster.rows("CREATE EXTENSION pg_ops", user="owner_of_second", database="second"))
        self.assertEqual(error.pgcode, "42501")
        self.cluster.psql("CREATE EXTENSION pg_ops", "-d", "second")
        error = error_of(lambda: self.cluster.rows("CREATE EXTENSION pg_ops", database="second"))
        self.assertEqual(error.pgcode, "42710")
        self.help_works("second")
        # The owner of the database is nobody to pg_ops until somebody says so.
        for statement in ("SELECT ops.ask('what can you answer?')", "SELECT * FROM ops.trace_store", "DROP SCHEMA ops CASCADE",
                          "ALTER TABLE ops.trace_store DISABLE ROW LEVEL SECURITY", "DROP EXTENSION pg_ops"):
            error = error_of(lambda: self.cluster.rows(statement, user="owner_of_second", database="second"))  # noqa: B023
            self.assertEqual(error.pgcode, "42501", statement)
        self.site.well()
        self.drop("second")
        self.cluster.psql("DROP ROLE owner_of_second")

    def test_a_schema_of_our_name(self):
        self.cluster.psql("CREATE DATABASE taken")
        self.cluster.psql("CREATE SCHEMA ops; CREATE TABLE ops.precious AS SELECT 1 AS a", "-d", "taken")
        error = error_of(lambda: self.cluster.rows("CREATE EXTENSION pg_ops", database="taken"))
        self.assertEqual(error.pgcode, "42P06")
        self.assertEqual(self.cluster.value("SELECT a FROM ops.precious", database="taken"), 1)
        self.cluster.psql("DROP DATABASE taken")

    def test_dropped_and_made_again_under_a_backend_that_remembers(self):
        connection = self.site.app("acme")
        with connection.cursor() as cursor:
            cursor.execute("SELECT ops.call_tool('items')->>'status'")
            self.assertEqual(cursor.fetchone()[0], "success")
            connection.commit()
            self.cluster.psql("DROP EXTENSION pg_ops CASCADE")
            self.assertIn(error_of(cursor.execute, "SELECT ops.call_tool('items')").pgcode, ("3F000", "42883"))
            connection.rollback()
            self.cluster.psql("DROP ROLE IF EXISTS nobody; CREATE EXTENSION pg_ops")
            self.assertEqual(error_of(cursor.execute, "SELECT ops.set_tenant('acme')").pgcode, "42501")
            connection.rollback()
            self.cluster.psql("DROP SCHEMA shop CASCADE; " + SITE.replace("CREATE ROLE app LOGIN IN ROLE ops_operator;", ""))
            for tenant in ROWS:
                self.site.create_tool(*ITEMS, tenant=tenant)
            cursor.execute("SELECT ops.set_tenant('acme')")
            cursor.execute("SELECT ops.call_tool('items')")
            self.assertEqual(cells(cursor.fetchone()[0])["names"], ROWS["acme"][1])
        connection.close()
        self.site.well()


class Circumstances(unittest.TestCase):
    def test_no_preload(self):
        cluster = Cluster("hostile_no_preload", settings={"shared_preload_libraries": ""}).start()
        try:
            error = error_of(lambda: cluster.rows("CREATE EXTENSION pg_ops"))
            self.assertEqual(error.pgcode, "55000")
            self.assertIn("shared_preload_libraries", error.diag.message_hint)
            self.assertEqual(cluster.value("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'ops\\_%'"), 0)
            self.assertEqual(cluster.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'ops'"), 0)
        finally:
            cluster.stop()

    def test_preload_taken_away_later(self):
        cluster = Cluster("hostile_preload_lost").start()
        try:
            cluster.settings = {"shared_preload_libraries": ""}
            cluster.start()
            error = error_of(lambda: cluster.rows("SELECT ops.ask('what can you answer?')"))
            self.assertIn("preload", str(error))
            self.assertIn("preload", str(cluster.rows("SELECT * FROM ops.health()")))
            cluster.settings = {"shared_preload_libraries": "pg_ops"}
            cluster.start()
            self.assertEqual(cluster.value("SELECT ops.ask('what can you answer?')")["status"], "success")
        finally:
            cluster.stop()

    def test_too_few_worker_slots(self):
        for slots in (0, 1, 2):
            with self.subTest(slots=slots):
                cluster = Cluster(f"hostile_slots_{slots}", settings={"max_worker_processes": str(slots)}).start()
                try:
                    connection = cluster.connect(options="-c pg_ops.request_timeout=3s")
                    with connection.cursor() as cursor:
                        for _ in range(2):
                            cursor.execute("SELECT ops.ask('what is the cache hit ratio?')")
                            answer = cursor.fetchone()[0]
                            check_envelope(answer)
                            self.assertLess(answer["duration_ms"], 5_000)
                            if answer["status"] == "failed":
                                self.assertIn(answer["error"]["code"], ("OVERLOADED", "INTERNAL_ERROR", "REQUEST_TIMEOUT"))
                        cursor.execute("SELECT string_agg(concat_ws(' ', component, state, detail, hint), E'\\n') FROM ops.health()")
                        self.assertIn("max_worker_processes", cursor.fetchone()[0])
                        cursor.execute("SELECT 1")
                    connection.close()
                finally:
                    cluster.stop()


if __name__ == "__main__":
    unittest.main()
