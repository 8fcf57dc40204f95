"""Random valid SELECTs over the tables of selects_test.py, and hostile variants of them.

    statement = Select(seed)        deterministic: everything follows from the seed
    statement.text()                the statement
    statement.hostile(random)       (what was put in, text): one forbidden thing at a random place of it

Every statement has one right answer, whatever plan the server picks: LIMIT and OFFSET come with an ORDER BY over all output
columns, aggregates whose result depends on order have one, windows are over peers, nothing divides by zero, overflows or
is a float, and numerics have three decimals (1.5 and 1.50 are equal, and which of them stays is the plan's choice). A *slot* is a leaf (a column, a literal, a relation) where something else of its type can be put.
"""
import random
import re

SCHEMA = "gen"
TABLES = {
    "gen.orders": {"id": "int", "customer": "int", "status": "text", "total": "num", "placed": "date"},
    "gen.customer": {"id": "int", "name": "text", "city": "text", "score": "int"},
    "gen.event": {"id": "int", "kind": "text", "n": "int", "active": "bool"},
    "gen.detail": {"id": "int", "status": "text", "name": "text", "total": "num"},   # a view, security_invoker
    "gen.city": {"city": "text", "country": "text"},                                # shared
}
CASTS = {"int": "int", "text": "text", "num": "numeric", "date": "date", "bool": "boolean"}
LITERALS = {
    "int": ["0", "1", "2", "7", "-3", "40", "NULL::int"],
    "text": ["'open'", "'paid'", "'drop table x'", "'Busan'", "''", "'\u00e9\u2014\ud55c'", "NULL::text", "$$it's; DELETE$$", "E'a\\nb'"],
    "num": ["0.000", "1.500", "10.250", "-2.125", "NULL::numeric"],
    "date": ["date '2026-01-15'", "date '2026-02-01'", "NULL::date"],
    "bool": ["true", "false", "NULL::boolean"],
}
SLOT = re.compile("\u27ea(\\d+):(\\w+):(.*?)\u27eb", re.S)

# What is forbidden, as a value: {} takes the type it is cast to.
HOSTILE_VALUES = [
    "(SELECT count(*) FROM gen.secret)::text::{}", "(SELECT max(rolname::text) FROM pg_catalog.pg_authid)::{}",
    "(SELECT max(total) FROM gen.leaky)::text::{}", "(SELECT count(*) FROM gen.frozen)::text::{}",
    "(pg_catalog.pg_sleep(0)::text)::{}", "pg_catalog.set_config('pg_ops.tenant', 'globex', false)::{}",
    "(SELECT pg_catalog.lo_create(0))::text::{}", "pg_catalog.pg_notify('a', 'b')::text::{}", "gen.mine(1)::text::{}",
    "CASE WHEN (1 OPERATOR(gen.|+|) 2) > 5 THEN NULL::text END::{}", "pg_catalog.nextval('gen.counter')::text::{}", "pg_catalog.txid_current()::text::{}",
    "pg_catalog.pg_advisory_lock(1)::text::{}", "pg_catalog.query_to_xml('SELECT 1', true, true, '')::text::{}",
    "pg_catalog.pg_read_file('PG_VERSION')::{}", "pg_catalog.pg_terminate_backend(0)::text::{}",
    "pg_catalog.pg_export_snapshot()::{}", "CASE WHEN '' = 'x'::gen.checked THEN NULL::text END::{}", "(SELECT pg_catalog.current_setting('data_directory') OFFSET 0)::{}",
    "(SELECT gen.total(x) FROM (VALUES (1)) AS v(x))::text::{}", "(WITH d AS (SELECT pg_catalog.setval('gen.counter', 1)) SELECT 1)::text::{}",
    "CASE WHEN false THEN pg_catalog.pg_sleep(1)::text END::{}", "(SELECT 'x' WHERE pg_catalog.pg_cancel_backend(0))::{}",
    "pg_catalog.pg_logical_emit_message(false, 'a', 'b')::text::{}", "(SELECT count(*) FROM pg_catalog.ts_stat('SELECT 1'))::text::{}",
    "(SELECT sum(x) FROM ROWS FROM (gen.many(2)) AS r(x))::text::{}", "pg_catalog.pg_stat_reset()::text::{}",
]
# The same, beside a relation.
HOSTILE_SOURCES = [
    "gen.secret", "gen.leaky", "gen.frozen", "pg_catalog.pg_shadow", "pg_catalog.pg_authid", "pg_catalog.pg_largeobject", "gen.many(1)",
    "pg_catalog.pg_ls_dir('.')", "pg_catalog.pg_sleep(0)", "pg_catalog.pg_stat_activity", "ops.trace_store", "ops.tenants",
    "ROWS FROM (pg_catalog.generate_series(1, 2), gen.many(1))", "pg_catalog.pg_settings", "pg_catalog.pg_stats", "(VALUES (pg_catalog.lo_create(0)))",
]


class Select:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.aliases = 0
        self.slots = []
        self.ctes = {}      # name -> {column: type}
        self.template = self.statement()

    # --- rendering ----------------------------------------------------------------------------------
    def text(self, replaced=None):
        replaced = replaced or {}
        return SLOT.sub(lambda m: replaced.get(int(m.group(1)), m.group(3)), self.template)

    def hostile(self, choose):
        """One forbidden thing at a random place."""
        used = sorted({int(m.group(1)) for m in SLOT.finditer(self.template)})
        kind = choose.random()
        if kind < 0.05 or not used:   # a statement without leaves takes a second one behind it
            what = choose.choice(["DELETE FROM gen.orders", "SELECT 1", "DROP TABLE gen.orders", "COMMIT", "SET ROLE postgres"])
            return "; " + what, self.text() + "; " + what
        if kind < 0.10 and not self.template.startswith("WITH"):
            what = choose.choice(["DELETE FROM gen.orders RETURNING 1", "UPDATE gen.orders SET total = 0 RETURNING 1",
                                  "INSERT INTO gen.secret VALUES ('a', 1) RETURNING 1"])
            return what, f"WITH bad AS ({what}) " + self.text()
        slot = choose.choice(used)
        kind, default = self.slots[slot]
        if kind == "relation":
            if choose.random() < 0.15 and default != "gen.detail":   # not of a view with an outer join
                what, put = "FOR UPDATE", f"(SELECT x.* FROM {default} AS x FOR UPDATE OF x)"
            else:
                what = choose.choice(HOSTILE_SOURCES)
                put = f"(SELECT x.* FROM {default} AS x, LATERAL (SELECT 1 FROM {what} AS y LIMIT 1) AS bad)"
        else:
            what = choose.choice(HOSTILE_VALUES)
            put = "(" + what.format(CASTS[kind]) + ")"
        return what, self.text({slot: put})

    def slot(self, kind, default):
        self.slots.append((kind, default))
        return f"\u27ea{len(self.slots) - 1}:{kind}:{default}\u27eb"

    def alias(self):
        self.aliases += 1
        return f"a{self.aliases}"

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def pick(self, items):
        return self.random.choice(list(items))

    # --- expressions --------------------------------------------------------------------------------
    def leaf(self, scope, kind):
        columns = [f"{alias}.{name}" for alias, shown in scope for name, type_ in shown.items() if type_ == kind]
        if columns and self.chance(80):
            return self.slot(kind, self.pick(columns))
        return self.slot(kind, self.pick(LITERALS[kind]))

    def expression(self, scope, kind, depth):
        if depth <= 0 or self.chance(20):
            return self.leaf(scope, kind)
        sub = lambda k=kind: self.expression(scope, k, depth - 1)  # noqa: E731
        if self.chance(12):
            return f"CASE WHEN {sub('bool')} THEN {sub()} ELSE {sub()} END"
        if self.chance(8):
            return f"coalesce({sub()}, {sub()})"
        if self.chance(6):
            return f"nullif({sub()}, {sub()})"
        if self.chance(10):
            return self.scalar_query(scope, kind, depth - 1)
        return getattr(self, "of_" + kind)(sub)

    def of_int(self, sub):
        return self.pick([
            lambda: f"({sub()} % 1000 + {sub()} % 1000)", lambda: f"({sub()} % 100 * ({sub()} % 100))", lambda: f"abs({sub()} % 1000)",
            lambda: f"length({sub('text')})", lambda: f"extract(day FROM {sub('date')})::int", lambda: f"greatest({sub()}, {sub()})",
            lambda: f"({sub()} / (1 + abs({sub()} % 9)))", lambda: f"cardinality(ARRAY[{sub()}, {sub()}])",
            lambda: f"(ARRAY[{sub()}, {sub()}, 3])[1 + abs({sub()} % 3)]", lambda: f"(({sub()}, {sub('text')}) IS NOT DISTINCT FROM (1, 'open'))::int",
            lambda: f"(jsonb_build_object('k', {sub()}) ->> 'k')::int", lambda: f"position('a' IN {sub('text')})"])()

    def of_text(self, sub):
        return self.pick([
            lambda: f"lower({sub()})", lambda: f"upper({sub()})", lambda: f"left(({sub()}) || '-' || ({sub()}), 40)", lambda: f"({sub('int')})::text",
            lambda: f"concat_ws('/', {sub()}, {sub('int')})", lambda: f"left({sub()}, 3)", lambda: f"format('%s:%s', {sub()}, {sub('num')})",
            lambda: f"to_char({sub('date')}, 'YYYY-MM')", lambda: f"replace({sub()}, 'a', 'b')", lambda: f"CAST({sub('bool')} AS text)",
            lambda: f"(to_jsonb(({sub()})::text) #>> '{{}}')", lambda: f"substring({sub()} FROM 2 FOR 4)", lambda: f"({sub()} COLLATE \"C\")"])()

    def of_num(self, sub):
        return self.pick([
            lambda: f"({sub()} + {sub()})", lambda: f"round({sub()}, 1)::numeric(12, 3)", lambda: f"({sub()} - {sub('int')})", lambda: f"abs({sub()})",
            lambda: f"least({sub()}, {sub()})", lambda: f"({sub('int')} % 100)::numeric(12, 3)", lambda: f"trunc({sub()})::numeric(12, 3)"])()

    def of_date(self, sub):
        return self.pick([
            lambda: f"({sub()} + {sub('int')} % 30)", lambda: f"date_trunc('month', {sub()}::timestamp)::date", lambda: f"greatest({sub()}, {sub()})",
            lambda: f"upper(daterange(least({sub()}, date '2026-03-01'), date '2026-03-01', '[]'))"])()

    def of_bool(self, sub):
        kind = self.pick(["int", "text", "num", "date"])
        return self.pick([
            lambda: f"({sub(kind)} {self.pick(['=', '<>', '<', '<=', '>', '>='])} {sub(kind)})", lambda: f"({sub()} AND {sub()})",
            lambda: f"({sub()} OR {sub()})", lambda: f"(NOT {sub()})", lambda: f"({sub(kind)} IS NULL)", lambda: f"({sub('text')} LIKE '%a%')",
            lambda: f"({sub(kind)} IN ({sub(kind)}, {sub(kind)}))", lambda: f"({sub('int')} BETWEEN SYMMETRIC {sub('int')} AND {sub('int')})",
            lambda: f"({sub('text')} ~ '^[a-p]')", lambda: f"({sub('int')} = ANY (ARRAY[{sub('int')}, 2, 3]))",
            lambda: f"({sub(kind)} IS DISTINCT FROM {sub(kind)})", lambda: f"(int4range(1, 9) @> {sub('int')})"])()

    def scalar_query(self, outer, kind, depth):
        source, scope = self.source(outer, 0)
        if kind == "bool":
            what = self.pick(["EXISTS", "NOT EXISTS"])
            return f"{what} (SELECT 1 FROM {source} WHERE {self.expression(scope + outer, 'bool', depth)})"
        if kind == "int" and self.chance(40):
            return f"(SELECT count(*)::int FROM {source} WHERE {self.expression(scope + outer, 'bool', depth)})"
        return f"(SELECT {self.pick(['max', 'min'])}({self.expression(scope, kind, depth)}) FROM {source})"

    # --- sources ------------------------------------------------------------------------------------
    def source(self, outer, depth):
        """A FROM item, and what it shows."""
        alias = self.alias()
        choice = self.random.randrange(100) if depth > 0 else 0
        if choice < 45:
            if self.ctes and self.chance(35):
                name = self.pick(self.ctes)
                return f"{name} AS {alias}", [(alias, self.ctes[name])]
            table = self.pick(TABLES)
            return f"{self.slot('relation', table)} AS {alias}", [(alias, TABLES[table])]
        if choice < 60:
            query, shown = self.query([], depth - 1)
            return f"({query}) AS {alias}", [(alias, shown)]
        if choice < 72:
            kinds = [self.pick(CASTS) for _ in range(2)]
            rows = ", ".join("(" + ", ".join(f"{self.leaf([], k)}::{CASTS[k]}" for k in kinds) + ")" for _ in range(self.random.randint(1, 3)))
            return f"(VALUES {rows}) AS {alias}(v1, v2)", [(alias, {"v1": kinds[0], "v2": kinds[1]})]
        if choice < 80:
            return f"generate_series(1, {self.random.randint(1, 4)}) AS {alias}(g)", [(alias, {"g": "int"})]
        if choice < 86:
            items = ", ".join(self.leaf([], "text") for _ in range(2))
            return f"unnest(ARRAY[{items}]::text[]) WITH ORDINALITY AS {alias}(u, o)", [(alias, {"u": "text"})]
        left, scope = self.source(outer, depth - 1)
        if self.chance(35):
            query, shown = self.query(scope, depth - 1)
            return f"{left} {self.pick(['CROSS JOIN', 'CROSS JOIN'])} LATERAL ({query}) AS {alias}", scope + [(alias, shown)]
        right, more = self.source(outer, depth - 1)
        join = self.pick(["JOIN", "LEFT JOIN", "RIGHT JOIN"])
        a, b = self.leaf(scope, "int"), self.leaf(more, "int")
        return f"({left} {join} {right} ON {a} = {b})", scope + more

    # --- queries ------------------------------------------------------------------------------------
    def query(self, outer, depth, columns=None):
        """A SELECT and {column: type}; `columns` fixes the types."""
        source, scope = self.source(outer, depth)
        if self.chance(20):
            more, also = self.source(outer, 0)
            source, scope = f"{source}, {more}", scope + also
        everything = scope + outer   # aggregates get `scope` alone: over outer columns they would belong to the outer query
        where = f" WHERE {self.expression(everything, 'bool', depth)}" if self.chance(55) else ""
        kinds = columns or [self.pick(CASTS) for _ in range(self.random.randint(1, 4))]
        shown = {f"c{i + 1}": kind for i, kind in enumerate(kinds)}
        style = self.random.randrange(100)
        if style < 30:
            body = self.grouped(scope, kinds, source, where, depth)
        elif style < 45:
            items = [self.window(everything, k, depth) if self.chance(60) else self.expression(everything, k, depth) for k in kinds]
            body = self.select_list(items) + f" FROM {source}{where}"
        else:
            items = [self.expression(everything, k, depth) for k in kinds]
            body = ("DISTINCT " if self.chance(15) else "") + self.select_list(items) + f" FROM {source}{where}"
        text = f"SELECT {body}"
        order = ", ".join(f"{i + 1}{self.pick(['', ' DESC', ' NULLS FIRST'])}" for i in range(len(kinds)))
        if depth > 0 and self.chance(15):
            other, _ = self.query(outer, depth - 1, kinds)
            text = f"({text}) {self.pick(['UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT', 'EXCEPT ALL'])} ({other})"
        if self.chance(30):
            limit = self.pick([f" LIMIT {self.random.randint(0, 20)}", f" OFFSET {self.random.randint(0, 3)} LIMIT 10",
                               " FETCH FIRST 5 ROWS ONLY", " FETCH FIRST 3 ROWS WITH TIES"])
            text += f" ORDER BY {order}{limit}"
        return text, shown

    @staticmethod
    def select_list(items):
        return ", ".join(f"{item} AS c{i + 1}" for i, item in enumerate(items))

    def aggregate(self, scope, kind, depth):
        e = lambda k: self.expression(scope, k, depth - 1)  # noqa: E731
        made = {
            "int": lambda: self.pick([f"count(DISTINCT {e('text')})::int", "count(*)::int", f"max({e('int')})", f"(sum({e('int')}) % 100000)::int",
                                      f"percentile_disc(0.5) WITHIN GROUP (ORDER BY {e('int')})", f"mode() WITHIN GROUP (ORDER BY {e('int')})",
                                      f"bit_and({e('int')})"]),
            "num": lambda: self.pick([f"sum({e('num')})", f"round(avg({e('num')}), 3)", f"min({e('num')})"]),
            "text": lambda: self.pick([f"min({e('text')})", f"max({e('text')})",
                                       f"percentile_disc(0.25) WITHIN GROUP (ORDER BY ({e('text')})::text)"]),
            "date": lambda: self.pick([f"max({e('date')})", f"min({e('date')})"]),
            "bool": lambda: self.pick([f"bool_and({e('bool')})", f"every({e('bool')})", f"bool_or({e('bool')})"]),
        }[kind]()
        if self.chance(30) and not made.endswith("::int") and not made.startswith("round("):
            made += f" FILTER (WHERE {e('bool')})"
        return made

    def grouped(self, scope, kinds, source, where, depth):
        # Keys are columns, each once: PostgreSQL 15 does not null constants in grouping sets the same way in every plan.
        free = [(f"{alias}.{name}", type_) for alias, shown in scope for name, type_ in shown.items()]
        self.random.shuffle(free)
        items, groups = [], []
        for number, kind in enumerate(kinds):
            key = next((column for column, type_ in free if type_ == kind), None)
            if key is not None and self.chance(50):
                free = [f for f in free if f[0] != key]
                items.append(f"({self.slot(kind, key)})::{CASTS[kind]}")
                groups.append(str(number + 1))
            else:
                items.append(self.aggregate(scope, kind, depth))
        text = self.select_list(items) + f" FROM {source}{where}"
        if groups:
            form = self.pick(["{}", "ROLLUP ({})", "CUBE ({})", "GROUPING SETS (({}), ())"])
            text += " GROUP BY " + ", ".join(groups) if form == "{}" else " GROUP BY " + form.format(", ".join(items[int(g) - 1] for g in groups))
        if self.chance(20):
            text += " HAVING count(*) > 0"
        return text

    def window(self, scope, kind, depth):
        order = self.expression(scope, self.pick(["int", "text", "date"]), depth - 1)
        over = f"OVER (PARTITION BY {self.leaf(scope, self.pick(['text', 'bool']))} ORDER BY {order})"
        whole = f"OVER (PARTITION BY {self.leaf(scope, 'text')})"
        e = self.expression(scope, kind, depth - 1)
        return {
            "int": lambda: self.pick([f"(rank() {over})::int", f"(dense_rank() {over})::int", f"(count(*) {whole})::int", f"max({e}) {over}"]),
            "num": lambda: self.pick([f"sum({e}) {whole}", f"min({e}) {over}"]),
            "bool": lambda: f"bool_or({e}) {whole}",
        }.get(kind, lambda: self.pick([f"max({e}) {whole}", f"min({e}) {over}"]))()

    def statement(self):
        head = ""
        if self.chance(30):
            parts = []
            for number in range(self.random.randint(1, 2)):
                query, shown = self.query([], 1)
                parts.append(f"w{number} AS {self.pick(['', 'MATERIALIZED ', 'NOT MATERIALIZED '])}({query})")
                self.ctes[f"w{number}"] = shown
            head = "WITH " + ", ".join(parts) + " "
        elif self.chance(10):
            head = ("WITH RECURSIVE r(n, t) AS (SELECT 1, min(o.status) FROM " + self.slot("relation", "gen.orders") + " AS o UNION ALL "
                    "SELECT r.n + 1, r.t FROM r WHERE r.n < 4) ")
            self.ctes["r"] = {"n": "int", "t": "text"}
        query, shown = self.query([], 2)
        order = ", ".join(str(i + 1) for i in range(len(shown)))
        return f"{head}SELECT * FROM ({query}) AS q ORDER BY {order} LIMIT 200"
