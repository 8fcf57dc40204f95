"""Rights: docs/reference/rights.md is true cell by cell, by really calling as that role, and membership limits it."""
import os
import re
import sys
import unittest

import psycopg2

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import ROOT, Cluster  # noqa: E402

ROLES = ("ops_user", "ops_operator", "ops_admin", "ops_provisioner", "ops_monitor", "no grant")
LEVELS = ("user", "operator", "admin")
# Login: role, access in tenant acme. The weaker of both counts. `chief` administers the installation as well.
LOGINS = {"u_user": ("ops_user", "user"), "u_operator": ("ops_operator", "operator"), "u_admin": ("ops_admin", "admin"),
          "u_provisioner": ("ops_provisioner", None), "u_monitor": ("ops_monitor", None), "u_nobody": ("no grant", None),
          "u_chief": ("ops_admin", "admin"), "admin_as_user": ("ops_admin", "user"), "admin_as_operator": ("ops_admin", "operator"),
          "operator_as_user": ("ops_operator", "user"), "user_as_admin": ("ops_user", "admin"), "admin_of_none": ("ops_admin", None)}
# One call of every function, which gets past the rights check with the right.
CALLS = {
    "allow_function": "'shop.twice(int)', 'x'", "allow_run_as": "'runner', 'x'", "ask": "'help'", "ask_text": "'help'",
    "asset_diff": "'tool', 'none', 1, 2", "asset_impact": "'tool', 'none'", "call_tool": "'none'", "check_sql": "'SELECT 1'",
    "create_playbook": "'none', 't', ARRAY['q'], '[]'",
    "create_http_tool": "'none', 'd', 'GET', 'https://api.example.com/'", "create_sql_tool": "'none', 'd', 'SELECT 1 AS one'",
    "create_model": "'none', 'shop.ours', '{}'", "create_resolver": "'none', 'SELECT 1 AS id'", "suggest_model": "'shop.ours'",
    "create_tenant": "'fresh'", "current_tenant": "", "delete_asset": "'tool', 'none'", "disallow_function": "'shop.twice(int)'",
    "disallow_run_as": "'runner'", "drop_tenant": "'acme'", "grant_all_tenants": "'runner'", "grant_tenant": "'acme', 'runner'",
    "health": "", "plan": "'help'", "protect_table": "'shop.ours'", "publish_asset": "'tool', 'none'",
    "prove_isolation": "'acme', 'globex'", "put_asset": "'policy', 'none', '{}'", "query": "'SELECT 1 AS one'",
    "feedback": "gen_random_uuid(), 'right'", "accept_feedback": "gen_random_uuid()", "reject_feedback": "gen_random_uuid()",
    "restore_asset": "'tool', 'none'", "restore_tenant": "'acme'", "revoke_tenant": "'acme', 'runner'",
    "rollback_asset": "'tool', 'none', 1", "run_plan": "'{\"calls\":[]}'", "security_check": "",
    "set_default_tenant": "{login}, 'acme'", "set_tenant": "'acme'", "share_table": "'shop.ours'", "stop_workers": "",
    "test_tool": "'none'", "to_text": "'{}'", "trace": "gen_random_uuid()", "trace_text": "gen_random_uuid()",
    "unprotect_table": "'shop.ours'", "unshare_table": "'shop.ours'", "validate_asset": "'tool', 'none'", "verify_audit": "",
    "waterfall": "gen_random_uuid()", "public.ops_ask": "'help'", "public.ops_ask_text": "'help'"}
# Not about one tenant: the role alone decides (and, for tables, who owns them).
ANY_MEMBERSHIP = {"create_tenant", "current_tenant", "health", "protect_table", "share_table", "suggest_model", "to_text",
                  "trace", "trace_text", "unprotect_table", "unshare_table", "waterfall"}
INSTALLATION = {"allow_function", "allow_run_as", "disallow_function", "disallow_run_as", "grant_all_tenants", "security_check",
                "stop_workers", "verify_audit", "prove_isolation"}
# A member of the tenant may do this, whatever its level.
AS_MEMBER = {"set_default_tenant", "set_tenant"}
OURS = re.compile(r"PERMISSION_DENIED: |TENANT_MISMATCH: |permission denied for (function|schema|view) ")


def documented():
    """{'functions': {name: {roles}}, 'views': {...}} of the generated page."""
    tables, section = {"functions": {}, "views": {}}, None
    with open(os.path.join(ROOT, "docs", "reference", "rights.md"), encoding="utf-8") as f:
        for line in f:
            if line.startswith("## "):
                section = line[3:].strip().lower()
            cells = [c.strip() for c in line.strip().strip("|").split("|")]
            if section in tables and len(cells) == 1 + len(ROLES) and cells[0].startswith("`"):
                tables[section][cells[0].strip("`")] = {role for role, cell in zip(ROLES, cells[1:]) if cell == "yes"}
    return tables


class Rights(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("rights").start()
        cls.cluster.psql("CREATE ROLE owners; CREATE ROLE runner; GRANT ops_tool TO runner; CREATE SCHEMA shop; CREATE TABLE shop.ours (tenant_id text);"
                         " ALTER TABLE shop.ours OWNER TO owners; GRANT USAGE, CREATE ON SCHEMA shop TO owners; GRANT USAGE ON SCHEMA shop TO PUBLIC;"
                         " CREATE FUNCTION shop.twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * $1';"
                         " SELECT ops.create_tenant('acme'); SELECT ops.create_tenant('globex');")
        for login, (role, access) in LOGINS.items():
            cls.cluster.psql(f"CREATE ROLE {login} LOGIN;"
                             + (f" GRANT {role}, owners TO {login};" if role != "no grant" else "")
                             + (f" SELECT ops.grant_tenant('acme', '{login}', '{access}');" if access else ""))
        cls.cluster.psql("SELECT ops.grant_tenant('system', 'u_chief', 'admin'); SELECT ops.set_default_tenant('u_chief', 'acme');")
        cls.connections = {login: cls.cluster.connect(user=login, autocommit=False) for login in LOGINS}
        cls.documented = documented()

    @classmethod
    def tearDownClass(cls):
        for connection in cls.connections.values():
            connection.close()
        cls.cluster.stop()

    def refusal(self, login, statement):
        """The message of a refusal, None when the call got past the rights check. Everything is rolled back."""
        connection = self.connections[login]
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return None
        except psycopg2.Error as error:
            return str(error).split("\n", 1)[0] if error.pgcode == "42501" else None
        finally:
            connection.rollback()

    def expected(self, name, login):
        role, access = LOGINS[login]
        roles = self.documented["functions"][name]
        short = name.removeprefix("ops.")
        if role not in roles:
            return False
        if short in ANY_MEMBERSHIP or role in ("ops_provisioner", "ops_monitor"):
            return True
        if short in INSTALLATION:
            return login == "u_chief"
        if login == "u_chief":
            return True
        least = next(n for n, level in enumerate(LEVELS) if "ops_" + level in roles)
        if short in AS_MEMBER:
            least = 0
        return access is not None and LEVELS.index(access) >= least

    def test_the_page_lists_every_function_and_view_and_every_one_is_tried(self):
        in_catalog = {row[0] for row in self.cluster.rows(
            "SELECT DISTINCT n.nspname || '.' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
            " JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'"
            " JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'pg_ops' WHERE p.proname !~ '^_'")}
        self.assertEqual(set(self.documented["functions"]), in_catalog)
        self.assertEqual({name.removeprefix("ops.") for name in in_catalog}, set(CALLS))
        self.assertEqual(set(self.documented["views"]), {row[0] for row in self.cluster.rows(
            "SELECT 'ops.' || relname FROM pg_class WHERE relnamespace = 'ops'::regnamespace AND relkind = 'v' AND relname !~ '^_'")})

    def test_functions_cell_by_cell(self):
        wrong, cells = [], 0
        for name in sorted(self.documented["functions"], key=lambda n: (n == "ops.stop_workers", n)):
            arguments = CALLS[name.removeprefix("ops.")]
            for login in LOGINS:
                cells += 1
                given = arguments.replace("{login}", repr(login))
                message = self.refusal(login, f"SELECT * FROM {name}({given})")
                if (message is None) != self.expected(name, login):
                    wrong.append((name, login, message))
                elif message is not None and not OURS.search(message):
                    wrong.append((name, login, "not our sentence: " + message))
        self.assertEqual(wrong, [])
        self.assertGreater(cells, 500)

    def test_views_cell_by_cell(self):
        wrong = []
        for name, roles in self.documented["views"].items():
            for login, (role, _) in LOGINS.items():
                message = self.refusal(login, f"SELECT * FROM {name} LIMIT 1")
                if (message is None) != (role in roles):
                    wrong.append((name, login, message))
        self.assertEqual(wrong, [])

    def test_a_login_without_a_grant_can_do_nothing_with_the_schema(self):
        allowed = []
        for kind, statement in self.cluster.rows(
                "SELECT 'function', format('SELECT %s.%I(%s)', pronamespace::regnamespace, proname, (SELECT string_agg('NULL::' || format_type(t, NULL), ', ' ORDER BY n)"
                "  FROM unnest(proargtypes) WITH ORDINALITY a (t, n))) FROM pg_proc WHERE pronamespace = 'ops'::regnamespace"
                " UNION ALL SELECT 'relation', format(s, c.oid::regclass) FROM pg_class c, unnest(ARRAY['SELECT 1 FROM %s', 'INSERT INTO %s DEFAULT VALUES',"
                " 'DELETE FROM %s', 'TRUNCATE %s', 'LOCK %s']) s WHERE relnamespace = 'ops'::regnamespace AND relkind IN ('r', 'v', 'p')"
                " UNION ALL SELECT 'type', format('SELECT NULL::%s', oid::regtype) FROM pg_type WHERE typnamespace = 'ops'::regnamespace"
                " UNION ALL SELECT 'schema', s FROM unnest(ARRAY['CREATE TABLE ops.mine ()', 'CREATE FUNCTION ops.mine() RETURNS int LANGUAGE sql AS ''SELECT 1''',"
                " 'COMMENT ON SCHEMA ops IS ''x''', 'DROP SCHEMA ops CASCADE', 'DROP EXTENSION pg_ops', 'ALTER EXTENSION pg_ops UPDATE',"
                " 'SET pg_ops.tenant = ''acme''', 'SELECT set_config(''pg_ops.tenant'', ''acme'', true)']) s"):
            if self.refusal("u_nobody", statement) is None:
                allowed.append((kind, statement))
        self.assertEqual(allowed, [])

    def test_policies_reach_the_current_tenant_for_a_login_without_a_grant(self):
        self.cluster.psql("CREATE TABLE shop.rows (tenant_id text); INSERT INTO shop.rows VALUES ('acme'), ('globex');"
                          " SELECT ops.protect_table('shop.rows', scope => 'everyone'); GRANT SELECT ON shop.rows TO u_nobody;")
        self.assertEqual(self.cluster.rows("SELECT * FROM shop.rows", user="u_nobody"), [])

    def test_definer_functions_belong_to_ops_owner_and_have_a_fixed_search_path(self):
        self.assertEqual(self.cluster.rows(
            "SELECT oid::regprocedure FROM pg_proc WHERE pronamespace IN ('ops'::regnamespace) AND prosecdef"
            " AND (proowner <> 'ops_owner'::regrole OR NOT 'search_path=pg_catalog, pg_temp' = ANY (coalesce(proconfig, '{}')))"), [])
        self.assertEqual(self.cluster.rows("SELECT rolsuper, rolbypassrls, rolcanlogin, rolcreaterole FROM pg_roles WHERE rolname = 'ops_owner'"),
                         [(False, False, False, False)])


if __name__ == "__main__":
    unittest.main()
