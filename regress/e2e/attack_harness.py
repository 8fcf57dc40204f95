"""What the attack tests share: the corpus, the doors a statement can come through, and what a server looks like.

The corpus is regress/guard/corpus/attacks/*.tsv: rule, statement, what it would do. A door takes a statement and
returns the code with which it was refused, or None where it ran. Three doors are those of an author (check, create,
draft); two run a version that was put into the store behind the back of every check, so that what stands in
front of execution is seen alone. `state` is compared before and after.
"""
import collections
import glob
import json
import os
import re

import psycopg2

from cluster import ROOT

CORPUS = os.path.join(ROOT, "regress", "guard", "corpus", "attacks")
REFUSED = {"SQL_BLOCKED", "TENANT_MISMATCH", "PERMISSION_DENIED", "PLAN_INVALID", "TOOL_ERROR", "VALIDATION_FAILED"}
Attack = collections.namedtuple("Attack", "file rule statement reason")

# One text each; what a refused statement must leave as it was. Notifications and the log are read apart.
STATE = {
    "rows": "SELECT string_agg(md5(t::text), ',') FROM (SELECT * FROM safe.open ORDER BY 1, 2) t",
    "large objects": "SELECT count(*)::text FROM pg_largeobject_metadata",
    "locks": "SELECT string_agg(locktype || mode, ',') FROM pg_locks WHERE locktype IN ('advisory', 'object') OR"
             " (locktype = 'relation' AND mode <> 'AccessShareLock' AND pid <> pg_backend_pid()"
             "  AND relation >= 16384 AND relation::regclass::text NOT LIKE 'ops.%')",
    "sequences": "SELECT string_agg(format('%s %s', sequencename, last_value), ',' ORDER BY 1) FROM pg_sequences"
                 " WHERE schemaname IN ('safe', 'evil')",
    "roles": "SELECT md5(string_agg(a::text, ',' ORDER BY a.oid)) FROM pg_authid a",
    "memberships": "SELECT md5(string_agg(m::text, ',' ORDER BY 1)) FROM pg_auth_members m",
    "relations": "SELECT md5(string_agg(format('%s %s %s %s %s %s', oid, relname, relkind, relowner, relrowsecurity, relacl), ','"
                 " ORDER BY oid)) FROM pg_class WHERE relnamespace NOT IN ('ops'::regnamespace, 'pg_toast'::regnamespace)",
    "functions": "SELECT md5(string_agg(format('%s %s %s', oid, proname, md5(prosrc)), ',' ORDER BY oid)) FROM pg_proc",
    "schemas": "SELECT string_agg(nspname, ',' ORDER BY 1) FROM pg_namespace",
    "policies": "SELECT md5(string_agg(p::text, ',' ORDER BY p.oid)) FROM pg_policy p JOIN pg_class c ON c.oid = polrelid"
                " WHERE relnamespace <> 'ops'::regnamespace",
    "settings of roles": "SELECT md5(string_agg(s::text, ',' ORDER BY 1)) FROM pg_db_role_setting s",
    "settings": "SELECT md5(string_agg(name || setting, ',' ORDER BY name)) FROM pg_settings"
                " WHERE source NOT IN ('session', 'client')",
    "files of settings": "SELECT count(*)::text FROM pg_file_settings",
    "slots": "SELECT count(*)::text FROM pg_replication_slots",
    "origins": "SELECT count(*)::text FROM pg_replication_origin",
    "publications": "SELECT count(*)::text FROM pg_publication",
    "prepared transactions": "SELECT count(*)::text FROM pg_prepared_xacts",
    "databases": "SELECT string_agg(datname, ',' ORDER BY 1) FROM pg_database",
    "extensions": "SELECT string_agg(extname, ',' ORDER BY 1) FROM pg_extension",
    "statistics reset": "SELECT format('%s %s %s', (SELECT max(stats_reset) FROM pg_stat_database),"
                        " (SELECT stats_reset FROM pg_stat_bgwriter), (SELECT stats_reset FROM pg_stat_wal))",
    "snapshots": "SELECT count(*)::text FROM pg_ls_dir('pg_snapshots')",
    "temporary files": "SELECT count(*)::text FROM pg_ls_tmpdir()",
    "files": "SELECT string_agg(f, ',' ORDER BY 1) FROM pg_ls_dir('.') f",
    "log file": "SELECT pg_current_logfile()",
    "configuration read": "SELECT pg_conf_load_time()::text",
}


def decoded(text):
    return re.sub(r"<U\+([0-9A-F]+)>", lambda m: chr(int(m[1], 16)), text)


def corpus():
    """Every attack, by file; raises on a malformed line or a statement that occurs twice."""
    seen, attacks = set(), []
    for path in sorted(glob.glob(os.path.join(CORPUS, "*.tsv"))):
        with open(path, encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                if line.startswith("# "):
                    continue
                fields = line.rstrip("\n").split("\t")
                if len(fields) != 3 or not all(fields) or fields[1] in seen:
                    raise AssertionError(f"{path}:{number}: not rule, statement, reason, or a statement given twice")
                seen.add(fields[1])
                attacks.append(Attack(os.path.basename(path), fields[0], decoded(fields[1]), fields[2]))
    return attacks


class Doors:
    """The doors, on one connection of a superuser in tenant system (whom nothing but the guard stops)."""

    def __init__(self, connection):
        self.cursor = connection.cursor()
        self.version = 1
        self.value("SELECT ops.create_sql_tool(name => 'door', description => 'the tool that attacks come through',"
                   " query => 'SELECT 1 AS a')")

    def value(self, statement, *parameters):
        self.cursor.execute(statement, parameters or None)
        return self.cursor.fetchone()[0]

    def check(self, statement):
        """(rule, code) of ops.check_sql; (None, None) where it is allowed."""
        verdict = self.value("SELECT ops.check_sql(%s)", statement)
        assert verdict["allowed"] == (verdict["rule"] is None) == (verdict["error_code"] is None), verdict
        return verdict["rule"], verdict["error_code"]

    def create(self, statement):
        try:
            self.value("SELECT ops.create_sql_tool(name => 'attack', description => 'a tool made by an attacker',"
                       " query => %s)", statement)
        except psycopg2.Error as error:
            # The statement is what is wrong with it, and nothing else is.
            judged = error.diag.message_primary.startswith('tool "attack" is not valid: $.sql.query')
            return "VALIDATION_FAILED" if judged else str(error)
        return None

    def draft(self, statement):
        """Stores a draft if it may be stored, and runs it."""
        spec = {"type": "sql", "description": "a tool made by an attacker", "sql": {"query": statement}}
        try:
            self.value("SELECT ops.put_asset('tool', 'attack_draft', %s)", json.dumps(spec))
            return code_of(self.value("SELECT ops.test_tool('attack_draft')"))
        except psycopg2.Error as error:
            return str(error)

    def forge(self, statement):
        """A version of tool `door` that nobody judged; returns its number."""
        self.version += 1
        # A backend and an executor may keep what they know of a version: each forgery is a new one.
        self.cursor.execute(
            "INSERT INTO ops.asset_version_store (tenant_id, kind, name, version, spec, digest, shared, created_by)"
            " SELECT tenant_id, kind, name, %s, jsonb_set(spec, '{sql,query}', to_jsonb(%s::text)), digest, shared, created_by"
            " FROM ops.asset_version_store WHERE tenant_id = 'system' AND name = 'door' AND version = 1",
            (self.version, statement))
        return self.version

    def run(self, statement):
        return code_of(self.answer(statement))

    def answer(self, statement, args="{}"):
        return self.value("SELECT ops.test_tool('door', %s, %s)", args, self.forge(statement))

    def query(self, statement):
        """ops.query: the statement of the moment."""
        try:
            self.value("SELECT ops.query(%s)", statement)
        except psycopg2.Error as error:
            return str(error).split(":")[0]
        return None

    def plan(self, statement):
        version = self.forge(statement)
        return code_of(self.value("SELECT ops.run_plan(%s, %s)", json.dumps({"calls": [{"id": "a", "tool": "door"}]}),
                                  json.dumps({"asset_overrides": {"tool:door": version}})))


def code_of(answer):
    """The error code of the only call or of the answer; None for success."""
    if answer["status"] == "success":
        return None
    calls = answer["tool_calls"]
    return (calls[0]["error_code"] if calls else None) or answer["error"]["code"]


def state(connection):
    """What of the server must not change, as a dict of texts."""
    found = {}
    with connection.cursor() as cursor:
        for name, query in STATE.items():
            cursor.execute(query)
            found[name] = cursor.fetchone()[0]
    return found


def differences(before, after):
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}
