"""Bench: what row-level security costs. Part of bench/run, which passes its cluster and its report().

The same statement runs under the tenant policy (as ops_tool) and with an explicit WHERE (as the table's owner, whom the
policy does not bind), in turn. Compared is the processor time of the server process, to the nanosecond: on a machine
with other work a wall clock compares the neighbours. Every condition must give the same answer both ways.
"""
import random
import statistics

ROWS = 5_000_000
CLASS_ROWS = 200_000
UUID = "00000000-0000-0000-0000-000000000003"
# column of bench_rls.big: (tenant, the same as an SQL literal)
TENANT_COLUMNS = {
    "t_uuid": (UUID, f"'{UUID}'::uuid"), "t_int": ("3", "3"), "t_big": ("3", "3"),
    "t_c": ("acme", "'acme'"), "t_text": ("acme", "'acme'"),
}
NAMES = {"t_uuid": "uuid", "t_int": "integer", "t_big": "bigint", "t_c": 'text COLLATE "C"', "t_text": "text"}
# operator class: (column and type, its value from row number i, index, condition)
CLASSES = [
    ("uuid =", "u uuid", "md5(i::text)::uuid", "(u)", f"u = md5('1003')::uuid"),
    ("integer =", "n integer", "i", "(n)", "n = 1003"),
    ("bigint =", "b bigint", "i", "(b)", "b = 1003"),
    ("integer range", "m integer", "i", "(m)", "m BETWEEN 1000 AND 1100"),
    ('text = COLLATE "C"', 'c text COLLATE "C"', "'k' || i", "(c)", "c = 'k1003'"),
    ("text = default collation", "t text", "'k' || i", "(t)", "t = 'k1003'"),
    ("date =", "d date", "'2000-01-01'::date + i % 5000", "(d)", "d = '2002-09-30'"),
    ("timestamptz range", "z timestamptz", "'2000-01-01'::timestamptz + i * interval '1 hour'", "(z)",
     "z >= '2000-02-01' AND z < '2000-02-05'"),
    ("numeric =", "x numeric", "i", "(x)", "x = 1003"),
    ("text LIKE 'abc%'", "l text", "'k' || i", "(l text_pattern_ops)", "l LIKE 'k1003%'"),
    ("jsonb @>", "j jsonb", "jsonb_build_object('k', i)", "USING gin (j jsonb_path_ops)", "j @> '{\"k\": 1003}'"),
    ("tsvector @@", "w tsvector", "('k' || i)::tsvector", "USING gin (w)", "w @@ 'k1003'::tsquery"),
    ("array @>", "a integer[]", "ARRAY[i, i + 1]", "USING gin (a)", "a @> ARRAY[1003]"),
    ("range &&", "r int4range", "int4range(i, i + 2)", "USING gist (r)", "r && int4range(1003, 1004)"),
]


class Session:
    """One backend, its processor time, and the two sides of a comparison."""

    def __init__(self, cluster):
        self.connection = cluster.connect(autocommit=False)
        self.cursor = self.connection.cursor()
        self.schedstat = f"/proc/{self.connection.get_backend_pid()}/schedstat"
        self.cursor.execute("SET jit = off; SET max_parallel_workers_per_gather = 0")
        self.connection.commit()

    def run(self, statement, parameters=None):
        self.cursor.execute(statement, parameters)
        return self.cursor.fetchall() if self.cursor.description else None

    def microseconds(self, statement, repeats=1):
        with open(self.schedstat) as stat:
            begun = int(stat.read().split()[0])
        for _ in range(repeats):
            rows = self.run(statement)
        with open(self.schedstat) as stat:
            return (int(stat.read().split()[0]) - begun) / repeats / 1000, rows

    def compare(self, table, column, policy, explicit, rounds, repeats=1):
        """(explicit, under the policy) in microseconds: medians, each side first every other time."""
        self.run("SELECT count(*) FROM ops.protect_table(%s, %s)", [table, column])
        self.connection.commit()
        times = {"ops_tool": [], "bench_owner": []}
        for number in range(rounds + 1):
            self.run("SELECT ops.set_tenant(%s)", [TENANT_COLUMNS[column][0]])
            answers = set()
            for role in sorted(times, reverse=number % 2 == 0):
                self.run(f"SET LOCAL ROLE {role}")
                took, rows = self.microseconds(policy if role == "ops_tool" else explicit, repeats)
                answers.add(str(rows))
                if number > 0:  # the first round warms caches
                    times[role].append(took)
            if len(answers) != 1:
                raise SystemExit(f"the policy and the explicit WHERE differ: {answers}")
            self.connection.rollback()
        self.run("SELECT count(*) FROM ops.unprotect_table(%s)", [table])
        self.connection.commit()
        return statistics.median(times["bench_owner"]), statistics.median(times["ops_tool"])

    def plan(self, role, tenant, statement):
        self.run("SELECT ops.set_tenant(%s)", [tenant])
        self.run(f"SET LOCAL ROLE {role}")
        text = "\n".join(row[0] for row in self.run("EXPLAIN " + statement))
        self.connection.rollback()
        return text


def set_up(session):
    session.run(f"""
      CREATE SCHEMA bench_rls;
      CREATE ROLE bench_owner LOGIN IN ROLE ops_user;
      GRANT USAGE, CREATE ON SCHEMA bench_rls TO bench_owner;
      GRANT USAGE ON SCHEMA bench_rls TO ops_tool;
      SELECT ops.create_tenant('acme'), ops.create_tenant('3'), ops.create_tenant('{UUID}');
      CREATE TABLE bench_rls.big AS
        SELECT ('00000000-0000-0000-0000-' || lpad((i % 10)::text, 12, '0'))::uuid AS t_uuid, i % 10 AS t_int, (i % 10)::bigint AS t_big,
               n.t COLLATE "C" AS t_c, n.t AS t_text, i AS amount
          FROM generate_series(1, {ROWS}) i, LATERAL (SELECT CASE WHEN i % 10 = 3 THEN 'acme' ELSE 'other' || i % 10 END AS t) n;
      CREATE TABLE bench_rls.classes (t_text text, {", ".join(c[1] for c in CLASSES)});
      INSERT INTO bench_rls.classes SELECT CASE WHEN i % 20 = 3 THEN 'acme' ELSE 'other' || i % 20 END, {", ".join(c[2] for c in CLASSES)}
        FROM generate_series(1, {CLASS_ROWS}) i;
      GRANT SELECT ON bench_rls.big, bench_rls.classes TO ops_tool;""")
    for number, (_, _, _, index, _) in enumerate(CLASSES):
        session.run(f"CREATE INDEX c{number} ON bench_rls.classes {index}")
    session.run("ALTER TABLE bench_rls.big OWNER TO bench_owner; ALTER TABLE bench_rls.classes OWNER TO bench_owner")
    session.connection.commit()
    session.connection.autocommit = True
    session.run("VACUUM (ANALYZE) bench_rls.big")
    session.run("VACUUM (ANALYZE) bench_rls.classes")
    session.connection.autocommit = False


def bench_scans(session, report):
    print(f"\nRow-level security: a scan of {ROWS:,} rows under the policy against an explicit WHERE (processor time)")
    statement = "SELECT count(*), sum(amount) FROM bench_rls.big"
    for column, (_, literal) in TENANT_COLUMNS.items():
        explicit, policy = session.compare("bench_rls.big", column, statement, f"{statement} WHERE {column} = {literal}", 5)
        report(f"scan, explicit WHERE, {NAMES[column]}", explicit / 1000, unit="ms")
        report(f"scan, policy / explicit, {NAMES[column]}", policy / explicit, 1.10, "x")


def bench_lookups(session, report):
    print("\nRow-level security: an index look-up (tenant, key), 2,000 in one statement (processor time)")
    count = 2000
    for column, (_, literal) in TENANT_COLUMNS.items():
        session.run(f"CREATE INDEX lookup ON bench_rls.big ({column}, amount)")
        session.connection.commit()
        keys = ",".join(str(k * 10 + 3) for k in random.Random(1).sample(range(20000), count))
        form = ("SELECT count(*), sum(x.amount) FROM unnest('{" + keys + "}'::int[]) k(k), "
                "LATERAL (SELECT amount FROM bench_rls.big WHERE %s amount = k.k OFFSET 0) x")
        explicit, policy = session.compare("bench_rls.big", column, form % "", form % f"{column} = {literal} AND", 24, 2)
        report(f"look-up, explicit WHERE, {NAMES[column]}", explicit / count, unit="us")
        report(f"look-up, policy / explicit, {NAMES[column]}", policy / explicit, 1.05, "x")
        one = "SELECT amount FROM bench_rls.big WHERE %s amount = 13"
        explicit, policy = session.compare("bench_rls.big", column, one % "", one % f"{column} = {literal} AND", 24, 200)
        report(f"planning and starting one statement, added by the policy, {NAMES[column]}", policy - explicit, unit="us")
        session.run("DROP INDEX bench_rls.lookup")
        session.connection.commit()


def bench_classes(session):
    print(f"\nRow-level security: one condition on {CLASS_ROWS:,} rows of 20 tenants, index on its column (processor time, us)")
    print("  and the same with an index on the tenant column beside it, which the policy's own condition can use")
    print(f"  {'operator class':<28} {'index':<9} {'explicit':>10} {'policy':>10} {'ratio':>8}  | {'explicit':>10} {'policy':>10} {'ratio':>8}")
    conditions = [(name, f"SELECT count(*) FROM bench_rls.classes WHERE {condition}", number)
                  for number, (name, _, _, _, condition) in enumerate(CLASSES)]
    results = {}
    for stage in ("alone", "tenant"):
        if stage == "tenant":
            session.run("CREATE INDEX tenant_first ON bench_rls.classes (t_text)")
            session.connection.commit()
        for name, statement, number in conditions:
            times = session.compare("bench_rls.classes", "t_text", statement, statement + " AND t_text = 'acme'", 7, 3)
            results[stage, name] = times
        if stage == "alone":
            session.run("SELECT count(*) FROM ops.protect_table('bench_rls.classes', 't_text')")
            session.connection.commit()
            used = {name: f"c{number} " in session.plan("ops_tool", "acme", statement) for name, statement, number in conditions}
            session.run("SELECT count(*) FROM ops.unprotect_table('bench_rls.classes')")
            session.connection.commit()
    for name, _, _ in conditions:
        sides = [f"{explicit:>10.0f} {policy:>10.0f} {policy / explicit:>7.2f}x" for explicit, policy in
                 (results["alone", name], results["tenant", name])]
        print(f"  {name:<28} {'used' if used[name] else 'not used':<9} {sides[0]}  | {sides[1]}", flush=True)


def bench_tenants(session, report):
    print("\nTenants: entering one in a transaction of its own, by the memberships of the login (processor time)")
    session.run("""CREATE ROLE bench_few LOGIN IN ROLE ops_user; CREATE ROLE bench_many LOGIN IN ROLE ops_user;
      CREATE ROLE bench_all LOGIN IN ROLE ops_user;
      SELECT ops.create_tenant('many_' || i) FROM generate_series(1, 1000) i;
      SELECT ops.grant_tenant('many_' || i, 'bench_many') FROM generate_series(1, 1000) i;
      SELECT ops.grant_tenant('many_1', 'bench_few'); SELECT ops.grant_all_tenants('bench_all')""")
    session.connection.commit()
    for role, words in (("bench_few", "one tenant"), ("bench_many", "1,000 tenants"), ("bench_all", "grant_all_tenants")):
        times = []
        for number in range(1600):  # the first thousand fill the cache of tenants
            session.run(f"SET LOCAL ROLE {role}")
            tenant = "many_1" if role == "bench_few" else f"many_{number % 1000 + 1}"
            took = session.microseconds(f"SELECT ops.set_tenant('{tenant}')")[0]
            if number >= 1000:
                times.append(took)
            session.connection.rollback()
        report(f"ops.set_tenant(), login with {words}", statistics.median(times), unit="us")


def bench_row_security(cluster, report):
    session = Session(cluster)
    set_up(session)
    bench_scans(session, report)
    bench_lookups(session, report)
    bench_classes(session)
    bench_tenants(session, report)
    session.run("DROP SCHEMA bench_rls CASCADE")
    session.connection.commit()
    session.connection.close()
