"""The audit log: every act and every refusal is in it, and whatever a superuser does to it is found."""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import psycopg2

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import ROOT, Cluster, wait_for  # noqa: E402

SETUP = """
CREATE ROLE alice LOGIN; CREATE ROLE olga LOGIN; CREATE ROLE adam LOGIN; CREATE ROLE nobody LOGIN; CREATE ROLE runner;
GRANT ops_user TO alice; GRANT ops_operator TO olga; GRANT ops_admin TO adam;
SELECT ops.create_tenant('acme', 'Acme'); SELECT ops.create_tenant('globex');
SELECT ops.grant_tenant('acme', 'alice'); SELECT ops.grant_tenant('acme', 'olga', 'operator');
SELECT ops.grant_tenant('acme', 'adam', 'admin'); SELECT ops.grant_tenant('globex', 'adam', 'user');
CREATE SCHEMA shop; CREATE TABLE shop.orders (tenant_id text, n int); GRANT USAGE ON SCHEMA shop TO ops_tool, olga, adam;
GRANT SELECT ON shop.orders TO ops_tool; CREATE TABLE shop.rates (n int); CREATE TABLE shop.bare (tenant_id text, n int);
GRANT SELECT ON shop.bare TO ops_tool;
CREATE FUNCTION shop.twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * $1';
"""


def document_block(language):
    with open(os.path.join(ROOT, "docs", "security", "audit.md"), encoding="utf-8") as f:
        return re.search(r"```" + language + r"\n(.*?)```", f.read(), re.S).group(1)


class Audit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("audit").start()
        cls.cluster.psql(SETUP)

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    # ---- helpers
    def entries(self, where="true", *parameters):
        return self.cluster.rows("SELECT tenant, actor, outcome, action, kind, name, detail FROM ops.audit_entries"
                                 f" WHERE {where} ORDER BY at, audit_id", parameters or None)

    def found(self, where, *parameters):
        """Rows that the trace writer writes, once they are there."""
        return wait_for(lambda: self.entries(where, *parameters), f"an audit row with {where} {parameters}")

    def sealed(self):
        wait_for(lambda: not self.cluster.value("SELECT count(*) FROM ops.audit_entries WHERE chain_position IS NULL"),
                 "every row sealed")

    def verify(self, *arguments):
        holes = ", ".join(["%s"] * len(arguments))
        return self.cluster.rows(f"SELECT severity, code, chain_position, message FROM ops.verify_audit({holes})", arguments)

    def breaks(self):
        return [(code, position) for severity, code, position, _ in self.verify() if severity == "error"]

    def tampered(self, statement, expected, *parameters):
        """What verification says inside a transaction that changed the tables and is rolled back."""
        self.sealed()
        connection = self.cluster.connect(autocommit=False)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters or None)
                cursor.execute("SELECT code, chain_position FROM ops.verify_audit() WHERE severity = 'error'")
                self.assertEqual(cursor.fetchall(), expected)
        finally:
            connection.rollback()
            connection.close()
        self.assertEqual(self.breaks(), [])

    def refused(self, user, statement):
        with self.assertRaises(Exception) as caught:
            self.cluster.rows(statement, user=user)
        self.assertEqual(caught.exception.pgcode, "42501", caught.exception)

    # ---- acts
    def test_every_administrative_act_leaves_one_row(self):
        before = self.cluster.value("SELECT clock_timestamp()")
        acts = [
            ("SELECT ops.create_tenant('initech', 'I')", "initech", "create_tenant", "tenant", "initech"),
            ("SELECT ops.grant_tenant('initech', 'alice')", "initech", "grant_tenant", "membership", "alice"),
            ("SELECT ops.set_default_tenant('alice', 'initech')", "initech", "set_default_tenant", "membership", "alice"),
            ("SELECT ops.revoke_tenant('initech', 'alice')", "initech", "revoke_tenant", "membership", "alice"),
            ("SELECT ops.grant_all_tenants('adam', 'user')", "system", "grant_all_tenants", "membership", "adam"),
            ("SELECT ops.revoke_tenant('*', 'adam')", "system", "revoke_tenant", "membership", "adam"),
            ("SELECT ops.drop_tenant('initech')", "initech", "drop_tenant", "tenant", "initech"),
            ("SELECT ops.restore_tenant('initech')", "initech", "restore_tenant", "tenant", "initech"),
            ("SELECT ops.protect_table('shop.orders')", "system", "protect_table", "table", "shop.orders"),
            ("SELECT ops.unprotect_table('shop.orders')", "system", "unprotect_table", "table", "shop.orders"),
            ("SELECT ops.share_table('shop.rates')", "system", "share_table", "table", "shop.rates"),
            ("SELECT ops.unshare_table('shop.rates')", "system", "unshare_table", "table", "shop.rates"),
            ("SELECT ops.allow_function('shop.twice(int)', 'pure')", "system", "allow_function", "function", "shop.twice(integer)"),
            ("SELECT ops.disallow_function('shop.twice(int)')", "system", "disallow_function", "function", "shop.twice(integer)"),
            ("SELECT ops.allow_run_as('runner', 'reports')", "system", "allow_run_as", "role", "runner"),
            ("SELECT ops.disallow_run_as('runner')", "system", "disallow_run_as", "role", "runner"),
            ("SELECT ops.put_asset('policy', 'slow', '{\"timeout_ms\": 60000}')", "system", "put", "policy", "slow"),
            ("SELECT ops.publish_asset('policy', 'slow')", "system", "publish", "policy", "slow"),
            ("SELECT ops.rollback_asset('policy', 'slow', 1)", "system", "rollback", "policy", "slow"),
            ("SELECT ops.delete_asset('policy', 'slow')", "system", "delete", "policy", "slow"),
            ("SELECT ops.restore_asset('policy', 'slow')", "system", "restore", "policy", "slow"),
        ]
        for statement, *_ in acts:
            self.cluster.rows(statement)
        rows = self.entries("outcome = 'done' AND kind <> 'setting' AND at > %s", before)
        self.assertEqual([(tenant, *rest[2:5]) for tenant, *rest in rows], [tuple(act[1:]) for act in acts])
        self.assertEqual({(row[1], row[2]) for row in rows}, {("postgres", "done")})
        self.sealed()
        self.assertEqual(self.breaks(), [])

    def test_a_dry_run_and_what_is_rolled_back_are_no_acts(self):
        before = self.cluster.value("SELECT clock_timestamp()")
        self.cluster.rows("SELECT ops.protect_table('shop.orders', dry_run => true)")
        self.cluster.psql("BEGIN; SELECT ops.create_tenant('never'); ROLLBACK;")
        self.assertEqual(self.entries("outcome = 'done' AND kind <> 'setting' AND at > %s", before), [])

    def test_stop_workers_is_recorded_and_leaves_nothing_running(self):
        before = self.cluster.value("SELECT clock_timestamp()")
        self.cluster.rows("SELECT ops.ask('help')")
        self.cluster.rows("SELECT ops.stop_workers()")
        self.assertEqual(self.cluster.value("SELECT count(*) FROM ops.workers WHERE database = current_database()"), 0)
        self.assertEqual([row[3] for row in self.entries("at > %s AND kind = 'workers'", before)], ["stop_workers"])
        self.cluster.rows("SELECT ops.ask('help')")
        self.sealed()

    def test_a_changed_setting_is_recorded(self):
        self.cluster.psql("ALTER SYSTEM SET pg_ops.require_trace = on; SELECT pg_reload_conf();")
        row = self.found("kind = 'setting' AND name = 'pg_ops.require_trace' AND detail ->> 'new' = 'on'")[-1]
        self.assertEqual((row[1], row[6]), ("configuration", {"old": "off", "new": "on"}))
        self.cluster.psql("ALTER SYSTEM RESET pg_ops.require_trace; SELECT pg_reload_conf();")
        self.found("kind = 'setting' AND name = 'pg_ops.require_trace' AND detail ->> 'new' = 'off'")

    # ---- refusals
    def test_denied_attempts_are_kept_although_their_statement_failed(self):
        self.refused("adam", "SELECT ops.drop_tenant('globex')")
        row = self.found("action = 'drop_tenant' AND outcome = 'denied' AND actor = 'adam'")[0]
        self.assertEqual((row[0], row[5], row[6]["code"]), ("globex", "ops.drop_tenant", "PERMISSION_DENIED"))
        self.refused("alice", "SELECT ops.set_tenant('globex')")
        row = self.found("action = 'set_tenant' AND actor = 'alice' AND detail ->> 'message' LIKE '%%globex%%'")[0]
        self.assertEqual((row[0], row[6]["code"]), ("globex", "TENANT_MISMATCH"))
        self.refused("olga", "SELECT ops.protect_table('shop.orders')")
        self.found("action = 'protect_table' AND actor = 'olga' AND outcome = 'denied'")
        self.refused("adam", "SELECT ops.allow_function('shop.twice(int)', 'x')")
        self.found("action = 'allow_function' AND actor = 'adam' AND outcome = 'denied'")
        self.refused("adam", "SELECT ops.share_table('shop.rates')")
        self.found("action = 'share_table' AND actor = 'adam' AND outcome = 'denied'")
        self.cluster.psql("GRANT ops_admin TO olga; SELECT ops.grant_tenant('system', 'olga', 'admin');")
        self.refused("olga", "SELECT ops.allow_run_as('pg_read_all_data', 'x')")
        self.found("action = 'allow_run_as' AND actor = 'olga' AND outcome = 'denied'")
        self.cluster.psql("REVOKE ops_admin FROM olga; SELECT ops.revoke_tenant('system', 'olga');")

    def test_a_missing_grant_is_a_denied_attempt_too(self):
        self.refused("alice", "SELECT ops.publish_asset('tool', 'x')")
        self.found("action = 'publish' AND actor = 'alice' AND name = 'ops.publish_asset' AND outcome = 'denied'")
        self.refused("nobody", "SELECT ops.create_tenant('mine')")
        self.found("action = 'use_schema' AND actor = 'nobody' AND outcome = 'denied'")

    def test_an_error_that_the_caller_swallows_is_kept_as_well(self):
        self.cluster.psql("DO $$ BEGIN PERFORM ops.revoke_tenant('acme', 'alice'); EXCEPTION WHEN OTHERS THEN NULL; END $$;"
                          " DO $$ BEGIN PERFORM ops.set_tenant('initrode'); EXCEPTION WHEN OTHERS THEN NULL; END $$;", user="alice")
        self.found("action = 'revoke_tenant' AND actor = 'alice' AND outcome = 'denied'")
        self.found("action = 'set_tenant' AND actor = 'alice' AND detail ->> 'message' LIKE '%%initrode%%' AND tenant = 'system'")

    def test_the_login_is_known_behind_set_role(self):
        self.cluster.psql("CREATE ROLE pooler LOGIN; GRANT alice TO pooler;")
        self.cluster.psql("SET ROLE alice; SELECT ops.create_tenant('mine');", user="pooler", check=False)
        wait_for(lambda: self.cluster.rows("SELECT 1 FROM ops.audit_entries WHERE actor = 'alice' AND login = 'pooler'"
                                           " AND action = 'create_tenant' AND outcome = 'denied'"), "the attempt")

    def test_other_peoples_refusals_are_not_ours(self):
        self.cluster.psql("CREATE FUNCTION shop.secret() RETURNS int LANGUAGE sql AS 'SELECT 1';"
                          " REVOKE ALL ON FUNCTION shop.secret() FROM PUBLIC; GRANT USAGE ON SCHEMA shop TO nobody;")
        self.refused("nobody", "SELECT shop.secret()")
        self.refused("adam", "SELECT ops.grant_tenant('globex', 'alice')")  # a later note, to wait for
        self.found("action = 'grant_tenant' AND actor = 'adam' AND outcome = 'denied'")
        self.assertEqual(self.entries("detail ->> 'message' LIKE '%%secret%%'"), [])

    def test_more_refusals_than_fit_are_counted(self):
        def lost():
            return int(re.search(r"(\d+) lost", self.cluster.value(
                "SELECT detail FROM ops.health() WHERE component = 'audit'")).group(1))
        before = lost()
        self.cluster.psql("DO $$ BEGIN FOR i IN 1..300 LOOP BEGIN PERFORM ops.set_tenant('no-' || i); EXCEPTION WHEN OTHERS THEN NULL;"
                          " END; END LOOP; END $$;", user="alice")
        self.assertGreater(lost(), before)
        kept = wait_for(lambda: self.entries("detail ->> 'message' LIKE '%%\"no-%%'"), "what was kept")
        self.assertLessEqual(len(kept), 300)
        self.assertEqual(self.cluster.value("SELECT state FROM ops.health() WHERE component = 'audit'"), "warning")

    # ---- who reads it
    def test_operators_see_their_tenant_and_users_nothing(self):
        self.assertEqual({row[0] for row in self.cluster.rows("SELECT tenant FROM ops.audit_entries", user="olga")}, {"acme"})
        for user in ("alice", "nobody"):
            self.refused(user, "SELECT * FROM ops.audit_entries")
        self.refused("olga", "SELECT * FROM ops.verify_audit()")
        self.refused("adam", "SELECT * FROM ops.verify_audit()")
        self.assertEqual(self.cluster.rows("SELECT * FROM ops.audit_seals", user="adam"), [])

    def test_nobody_but_a_superuser_can_change_a_row(self):
        roles = [row[0] for row in self.cluster.rows(
            "SELECT rolname FROM pg_roles WHERE NOT rolsuper AND (rolname LIKE 'ops\\_%' OR rolname IN ('alice', 'olga', 'adam'))")]
        self.assertGreater(len(roles), 10)
        connection = self.cluster.connect()
        self.addCleanup(connection.close)
        for role in roles:
            for table in ("ops.audit_store", "ops.audit_seal_store"):
                statements = [f"UPDATE {table} SET audit_id = audit_id", f"DELETE FROM {table}", f"TRUNCATE {table}"]
                if role != "ops_writer":
                    statements.append("INSERT INTO ops.audit_seal_store SELECT * FROM ops.audit_seal_store")
                with connection.cursor() as cursor:
                    for statement in statements:
                        cursor.execute(f"SET ROLE {role}")
                        with self.assertRaises(psycopg2.errors.InsufficientPrivilege, msg=(role, statement)):
                            cursor.execute(statement)

    # ---- the chain
    def test_a_changed_row_is_found(self):
        for column, value in (("actor", "'mallory'"), ("at", "at - interval '1 second'"), ("detail", "'{\"x\": 1}'"),
                              ("name", "name || 'x'"), ("outcome", "'denied'"), ("login", "'mallory'"),
                              ("action", "'nothing'"), ("kind", "'nothing'"), ("version", "7"), ("old_digest", "'x'"),
                              ("new_digest", "'x'"), ("written_in", "'1'::xid8")):
            self.tampered(f"UPDATE ops.audit_store a SET {column} = {value} FROM ops.audit_seal_store s"
                          " WHERE s.audit_id = a.audit_id AND s.chain_position = 3", [("ROW_CHANGED", 3)])

    def test_a_deleted_row_is_found(self):
        self.tampered("DELETE FROM ops.audit_store a USING ops.audit_seal_store s"
                      " WHERE s.audit_id = a.audit_id AND s.chain_position = 4", [("ROW_DELETED", 4)])
        self.tampered("WITH gone AS (DELETE FROM ops.audit_seal_store WHERE chain_position = 4 RETURNING audit_id)"
                      " DELETE FROM ops.audit_store WHERE audit_id IN (SELECT audit_id FROM gone)", [("POSITION_MISSING", 4)])

    def test_a_row_moved_to_another_tenant_is_found(self):
        self.tampered("UPDATE ops.audit_store a SET tenant_id = 'elsewhere' FROM ops.audit_seal_store s"
                      " WHERE s.audit_id = a.audit_id AND s.chain_position = 2", [("ROW_DELETED", 2)])

    def test_reordered_rows_are_found(self):
        self.tampered("UPDATE ops.audit_seal_store SET chain_position = 1000000 WHERE chain_position = 2;"
                      " UPDATE ops.audit_seal_store SET chain_position = 2 WHERE chain_position = 3;"
                      " UPDATE ops.audit_seal_store SET chain_position = 3 WHERE chain_position = 1000000",
                      [("SEAL_CHANGED", 2), ("SEAL_CHANGED", 3), ("SEAL_CHANGED", 4)])

    def test_an_inserted_row_is_found(self):
        self.sealed()
        last = self.cluster.value("SELECT max(chain_position) FROM ops.audit_seals")
        self.tampered("INSERT INTO ops.audit_store (tenant_id, audit_id, at, actor, action, kind, name)"
                      " VALUES ('acme', '11111111-1111-4111-8111-111111111111', now() - interval '1 day', 'alice', 'put', 'tool', 'x');"
                      " ALTER TABLE ops.audit_seal_store DROP CONSTRAINT audit_seal_store_pkey;"
                      " UPDATE ops.audit_seal_store SET chain_position = chain_position + 1 WHERE chain_position >= 3;"
                      " INSERT INTO ops.audit_seal_store SELECT 3, 'acme', '11111111-1111-4111-8111-111111111111',"
                      " 'sha256:' || repeat('0', 64), 'sha256:' || repeat('0', 64), now()",
                      [("SEAL_CHANGED", 3), ("ROW_CHANGED", 3)] + [("SEAL_CHANGED", n) for n in range(4, last + 2)])

    def test_a_row_put_in_without_a_seal_shows_as_the_unsealed_tail(self):
        self.sealed()
        connection = self.cluster.connect(autocommit=False)
        self.addCleanup(connection.close)
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO ops.audit_store (tenant_id, at, actor, action, kind, name)"
                           " VALUES ('acme', now() - interval '1 day', 'alice', 'put', 'tool', 'forged')")
            cursor.execute("SELECT severity, code FROM ops.verify_audit() WHERE code <> 'HEAD' AND code <> 'SEALED_LATE'")
            self.assertEqual(cursor.fetchall(), [("warning", "UNSEALED")])
        connection.rollback()

    def test_a_cut_off_end_is_found_with_a_head_of_the_server_log(self):
        self.sealed()
        heads = re.findall(r"audit chain: position (\d+), head (sha256:[0-9a-f]{64})", self.cluster.log())
        position, digest = int(heads[-1][0]), heads[-1][1]
        self.assertEqual([row for row in self.verify(position, digest) if row[0] == "error"], [])
        wrong = digest[:-1] + ("0" if digest[-1] != "0" else "1")
        self.assertEqual([row[1] for row in self.verify(position, wrong) if row[0] == "error"], ["HEAD_MISMATCH"])
        self.assertEqual([row[1] for row in self.verify(position + 1000, digest) if row[0] == "error"], ["HEAD_MISMATCH"])

    def test_the_recipe_of_the_documentation_verifies_the_chain_with_nothing_of_ours(self):
        self.sealed()
        env = {**os.environ, **{k: v for k, v in self.cluster.env().items() if k.startswith("PG")}}
        with tempfile.TemporaryDirectory() as place:
            with open(os.path.join(place, "verify.py"), "w", encoding="utf-8") as f:
                f.write(document_block("python"))
            subprocess.run(["sh", "-ec", document_block("sh")], cwd=place, env=env, check=True, timeout=60)

            def check():
                return subprocess.run([sys.executable, "verify.py", "audit.jsonl"], cwd=place, capture_output=True, text=True,
                                      timeout=60)
            done = check()
            head = self.cluster.rows("SELECT chain_position, chain_digest FROM ops.audit_seals ORDER BY 1 DESC LIMIT 1")[0]
            self.assertEqual(done.stdout.strip(), f"{head[0]} rows, head {head[1]}", done.stderr)
            with open(os.path.join(place, "audit.jsonl"), encoding="utf-8") as f:
                lines = f.readlines()
            with open(os.path.join(place, "audit.jsonl"), "w", encoding="utf-8") as f:
                changed = json.loads(lines[2])
                changed[7] = "mallory"
                f.writelines(lines[:2] + [json.dumps(changed) + "\n"] + lines[3:])
            self.assertIn("position 3 was changed", check().stderr)

    def test_rows_of_transactions_that_commit_late_are_sealed_too(self):
        connection = self.cluster.connect(autocommit=False)
        self.addCleanup(connection.close)
        with connection.cursor() as cursor:
            cursor.execute("SELECT ops.create_tenant('late')")
        self.cluster.rows("SELECT ops.create_tenant('early')")
        self.sealed()
        connection.commit()
        wait_for(lambda: self.cluster.value("SELECT chain_position FROM ops.audit_entries WHERE name = 'late'"), "the late row sealed")
        self.assertEqual(self.cluster.value(
            "SELECT l.chain_position > e.chain_position AND l.at < e.at FROM ops.audit_entries l, ops.audit_entries e"
            " WHERE l.name = 'late' AND e.name = 'early'"), True)
        self.assertEqual(self.breaks(), [])

    def test_two_hundred_sessions_make_one_chain(self):
        children = [subprocess.Popen(["psql", "-XqAt", "-c", ";".join(
            f"SELECT ops.create_tenant('many-{s}-{n}')" for n in range(25))],
            env={**os.environ, **{k: v for k, v in self.cluster.env().items() if k.startswith("PG")}},
            stdout=subprocess.DEVNULL) for s in range(8)]
        self.assertEqual({child.wait(timeout=60) for child in children}, {0})
        self.sealed()
        self.assertEqual(self.breaks(), [])
        self.assertEqual(self.cluster.value("SELECT count(*) FROM ops.audit_entries WHERE name LIKE 'many-%'"), 200)
        self.assertEqual(self.cluster.value("SELECT max(chain_position) = count(*) FROM ops.audit_seals"), True)

    # ---- statements that the guard refused
    def test_refused_statements_are_counted_by_rule_and_object(self):
        self.cluster.psql("SELECT ops.check_sql('SELECT pg_sleep(1)'); SELECT ops.check_sql('SELECT n FROM shop.bare'); "
                          "SELECT ops.check_sql('SELECT shop.twice(1)');", user="olga")
        with self.assertRaises(Exception):
            self.cluster.rows("SELECT ops.create_sql_tool('bad', 'reads what it may not', 'SELECT n FROM shop.bare')", user="olga")

        def refusals():
            rows = self.cluster.rows("SELECT rule, object, count, allow_with, door, tool, actor, tenant, error_code, digest IS NOT NULL"
                                     " FROM ops.guard_refusals WHERE tool IS DISTINCT FROM 'stock'", user="olga")
            return rows if len(rows) >= 4 else None
        rows = {(row[0], row[4]): row for row in wait_for(refusals, "four refusals")}
        never = rows[("function_never", "check_sql")]
        self.assertEqual((never[2], never[3], *never[6:]), (1, None, "olga", "acme", "SQL_BLOCKED", True))
        bare = rows[("relation_unprotected", "check_sql")]
        self.assertEqual(bare[1:4], ("shop.bare", 1, "SELECT ops.protect_table('shop.bare');"))
        published = rows[("relation_unprotected", "publish")]
        self.assertEqual((published[1], published[5]), ("shop.bare", "bad"))
        twice = rows[("function_not_allowed", "check_sql")]
        self.assertEqual(twice[1:4], ("shop.twice(integer)", 1, "SELECT ops.allow_function('shop.twice(integer)', 'why');"))
        # Other tenants and plain users do not see them.
        self.refused("alice", "SELECT * FROM ops.guard_refusals")
        self.cluster.psql("CREATE ROLE other LOGIN; GRANT ops_operator TO other; SELECT ops.grant_tenant('globex', 'other', 'operator');")
        self.assertEqual(self.cluster.rows("SELECT * FROM ops.guard_refusals", user="other"), [])

    def test_a_published_tool_that_is_refused_later_is_counted_with_its_trace(self):
        self.cluster.psql("CREATE TABLE shop.stock (tenant_id text, n int); GRANT SELECT ON shop.stock TO ops_tool;"
                          " SELECT ops.protect_table('shop.stock');")
        self.cluster.psql("SELECT ops.create_sql_tool('stock', 'how much stock there is', 'SELECT n FROM shop.stock')", user="olga")
        self.cluster.psql("SELECT ops.unprotect_table('shop.stock')")
        answer = self.cluster.value("SELECT ops.call_tool('stock')", user="alice")
        self.assertEqual(answer["tool_calls"][0]["error_code"], "TENANT_MISMATCH")
        row = wait_for(lambda: self.cluster.rows("SELECT object, actor, last_trace::text, tool, door FROM ops.guard_refusals"
                                                 " WHERE tool = 'stock'", user="olga"), "the refusal")[0]
        self.assertEqual(row, ("shop.stock", "alice", answer["trace_id"], "stock", "tool"))


if __name__ == "__main__":
    unittest.main()
