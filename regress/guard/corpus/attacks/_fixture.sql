-- Helpers of the corpus of attacks: objects that a hostile application developer (role attack_app, nothing but a
-- login and a schema of its own) puts in the way of tools, some that a careless superuser leaves behind, and
-- tables whose rows tools must not see.
--
-- Every function here that is not trusted logs "ATTACK RAN": the server's log survives a rollback. Committed:
-- executors see nothing else.
CREATE ROLE attack_app LOGIN;
CREATE SCHEMA evil AUTHORIZATION attack_app;
GRANT USAGE ON SCHEMA evil TO ops_tool;
CREATE SCHEMA safe;
GRANT USAGE ON SCHEMA safe TO ops_tool;

CREATE TABLE safe.orders (tenant_id text, id int, status text, total numeric, created_at timestamptz, tags text[], data jsonb);
INSERT INTO safe.orders SELECT 'system', g, 'open', g, now(), '{a,b}', '{"a":1}' FROM generate_series(1, 20) g;
CREATE TABLE safe.open (tenant_id text, id int);
INSERT INTO safe.open VALUES ('other', 1);
CREATE TABLE safe.no_grant (tenant_id text, id int);
CREATE TABLE safe.weak (tenant_id text, id int);
CREATE TABLE safe.child () INHERITS (safe.open);
CREATE TABLE safe.part (tenant_id text, id int) PARTITION BY LIST (tenant_id);
CREATE TABLE safe.unlocked (tenant_id text, id int);
CREATE SEQUENCE safe.numbers;
GRANT ALL ON SEQUENCE safe.numbers TO ops_tool;
CREATE MATERIALIZED VIEW safe.stored AS SELECT * FROM safe.open;
CREATE VIEW safe.definer AS SELECT * FROM safe.open;
CREATE VIEW safe.definer_inside WITH (security_invoker) AS SELECT * FROM safe.definer;
CREATE VIEW safe.barrier WITH (security_barrier) AS SELECT * FROM safe.orders;
CREATE VIEW safe.invoker_open WITH (security_invoker) AS SELECT * FROM safe.open;
CREATE VIEW safe.secrets WITH (security_invoker) AS SELECT rolname, rolpassword FROM pg_authid;
CREATE VIEW safe.sessions WITH (security_invoker) AS SELECT pid, query FROM pg_stat_activity;
CREATE VIEW safe.sleeps WITH (security_invoker) AS SELECT id FROM safe.orders WHERE pg_sleep(0) IS NULL;
CREATE VIEW safe.numbered WITH (security_invoker) AS SELECT nextval('safe.numbers') AS n;
CREATE VIEW safe.locking WITH (security_invoker) AS SELECT id FROM safe.orders FOR UPDATE;
CREATE RECURSIVE VIEW safe.recursive (n) AS SELECT 1 UNION ALL SELECT id FROM safe.open, recursive WHERE n < 2;
CREATE FOREIGN DATA WRAPPER attack_fdw;
CREATE SERVER attack_server FOREIGN DATA WRAPPER attack_fdw;
CREATE FOREIGN TABLE safe.foreign_rows (id int) SERVER attack_server;
GRANT SELECT ON ALL TABLES IN SCHEMA safe TO ops_tool;
REVOKE SELECT ON safe.no_grant FROM ops_tool;
GRANT USAGE ON SCHEMA safe TO attack_app;
GRANT SELECT ON safe.open TO attack_app;
SELECT count(*) FROM unnest('{safe.orders,safe.weak,safe.no_grant,safe.part,safe.unlocked}'::regclass[]) t, LATERAL ops.protect_table(t) d \g (format=unaligned) /dev/null
CREATE TABLE safe.part_other PARTITION OF safe.part FOR VALUES IN ('other');
GRANT SELECT ON safe.part_other TO ops_tool;
ALTER POLICY pg_ops_tenant ON safe.weak USING (tenant_id = (SELECT ops.current_tenant()) OR true);
ALTER TABLE safe.unlocked DISABLE ROW LEVEL SECURITY;

-- What a superuser may have done without thinking.
CREATE FUNCTION safe.root(text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS
  $$ DECLARE r text; BEGIN RAISE LOG 'ATTACK RAN: root'; EXECUTE $1 INTO r; RETURN r; END $$;
CREATE FUNCTION safe.compare(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN RAISE LOG 'ATTACK RAN: compare'; RETURN CASE WHEN $1 < $2 THEN -1 WHEN $1 > $2 THEN 1 ELSE 0 END; END $$;
CREATE FUNCTION safe.below(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT safe.compare($1, $2) < 0';
CREATE OPERATOR safe.<<< (FUNCTION = safe.below, LEFTARG = int, RIGHTARG = int);
CREATE OPERATOR CLASS safe.hostile_ops FOR TYPE int USING btree AS
  OPERATOR 1 safe.<<<, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 safe.compare(int, int);
CREATE TYPE safe.odd_range AS RANGE (subtype = int, subtype_opclass = safe.hostile_ops);
CREATE OPERATOR safe.~~> (FUNCTION = pg_read_file, RIGHTARG = text);
CREATE SCHEMA ext;
GRANT USAGE ON SCHEMA ext TO ops_tool;
CREATE EXTENSION dblink SCHEMA ext;
CREATE EXTENSION tablefunc SCHEMA ext;
CREATE EXTENSION xml2 SCHEMA ext;
CREATE EXTENSION pg_prewarm SCHEMA ext;
CREATE EXTENSION pageinspect SCHEMA ext;
CREATE EXTENSION pgstattuple SCHEMA ext;
CREATE EXTENSION pg_visibility SCHEMA ext;
CREATE EXTENSION pg_buffercache SCHEMA ext;
CREATE EXTENSION amcheck SCHEMA ext;
CREATE EXTENSION lo SCHEMA ext;
CREATE EXTENSION unaccent SCHEMA ext;
CREATE EXTENSION hstore SCHEMA ext;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ext TO ops_tool;
GRANT SELECT ON ALL TABLES IN SCHEMA ext TO ops_tool;
GRANT USAGE ON SCHEMA ops TO ops_tool;
GRANT SELECT ON ALL TABLES IN SCHEMA ops TO ops_tool;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ops TO ops_tool;
GRANT EXECUTE ON FUNCTION pg_read_file(text), pg_ls_dir(text), pg_stat_reset(), pg_switch_wal() TO ops_tool;

-- Allowed by an administrator, so that attacks can hide behind it.
CREATE FUNCTION safe.twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
SELECT ops.allow_function('safe.twice(int)', 'corpus') \g (format=unaligned) /dev/null

SET ROLE attack_app;
CREATE SEQUENCE evil.canary;
GRANT ALL ON evil.canary TO ops_tool;
CREATE FUNCTION evil.mark(what text) RETURNS int LANGUAGE plpgsql AS
  $$ BEGIN RAISE LOG 'ATTACK RAN: %', what; RETURN 1; END $$;
CREATE FUNCTION evil.frozen(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN RAISE LOG 'ATTACK RAN: frozen'; PERFORM pg_advisory_lock(4711); RETURN $1; END $$;
CREATE FUNCTION evil.definer(int) RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS
  $$ BEGIN PERFORM evil.mark('definer'); RETURN $1; END $$;
CREATE FUNCTION evil.inlined(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT evil.frozen($1)';
CREATE FUNCTION evil.rows(int) RETURNS SETOF int LANGUAGE sql AS 'SELECT evil.mark(''rows'') UNION ALL SELECT $1';
CREATE FUNCTION evil.dynamic(text) RETURNS text LANGUAGE plpgsql AS
  $$ DECLARE r text; BEGIN PERFORM evil.mark('dynamic'); EXECUTE $1 INTO r; RETURN r; END $$;
CREATE FUNCTION evil.swallow() RETURNS int LANGUAGE plpgsql AS
  $$ BEGIN PERFORM evil.mark('swallow'); LOOP BEGIN PERFORM pg_sleep(3600); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$;
CREATE FUNCTION evil.poly(anyelement) RETURNS anyelement LANGUAGE plpgsql AS
  $$ BEGIN PERFORM evil.mark('poly'); RETURN $1; END $$;
CREATE FUNCTION evil.many(VARIADIC int[]) RETURNS int LANGUAGE plpgsql AS
  $$ BEGIN PERFORM evil.mark('many'); RETURN $1[1]; END $$;
CREATE FUNCTION evil.named(a int DEFAULT 1, b int DEFAULT evil.mark('default')) RETURNS int LANGUAGE plpgsql AS
  $$ BEGIN PERFORM evil.mark('named'); RETURN a; END $$;
CREATE FUNCTION evil.out(OUT a int, OUT b text) LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.mark('out'); END $$;
CREATE PROCEDURE evil.proc() LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.mark('proc'); END $$;
CREATE FUNCTION evil.trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.mark('trigger'); RETURN NEW; END $$;
-- Better matches than the server's own, if anything ever looked here first.
CREATE FUNCTION evil.lower(varchar) RETURNS text LANGUAGE sql AS 'SELECT evil.mark(''lower'')::text';
CREATE FUNCTION evil.count(int) RETURNS bigint LANGUAGE sql AS 'SELECT evil.mark(''count'')::bigint';
CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT to_timestamp(evil.mark(''now''))';

-- Operators: hostile ones, harmless ones with hostile relatives, and ones over the server's own functions.
CREATE FUNCTION evil.equal(int, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.mark('equal'); RETURN true; END $$;
CREATE FUNCTION evil.equal_text(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.mark('equal_text'); RETURN true; END $$;
CREATE FUNCTION evil.prefix(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.mark('prefix'); RETURN 1; END $$;
CREATE OPERATOR evil.=== (FUNCTION = evil.equal, LEFTARG = int, RIGHTARG = int);
CREATE OPERATOR evil.= (FUNCTION = evil.equal, LEFTARG = int, RIGHTARG = int);
CREATE OPERATOR evil.~~ (FUNCTION = evil.equal_text, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR evil.@@@ (FUNCTION = evil.prefix, RIGHTARG = int);
CREATE OPERATOR evil.=! (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int, NEGATOR = OPERATOR(evil.<>!));
CREATE OPERATOR evil.<>! (FUNCTION = evil.equal, LEFTARG = int, RIGHTARG = int, NEGATOR = OPERATOR(evil.=!));
CREATE OPERATOR evil.=? (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int, NEGATOR = OPERATOR(evil.<>?));
CREATE OPERATOR evil.<>? (FUNCTION = pg_try_advisory_lock, LEFTARG = int, RIGHTARG = int, NEGATOR = OPERATOR(evil.=?));
CREATE OPERATOR evil.<! (FUNCTION = int4lt, LEFTARG = int, RIGHTARG = int, COMMUTATOR = OPERATOR(evil.>!), RESTRICT = scalarltsel);
CREATE OPERATOR evil.>! (FUNCTION = evil.equal, LEFTARG = int, RIGHTARG = int, COMMUTATOR = OPERATOR(evil.<!), RESTRICT = scalargtsel);
CREATE OPERATOR evil.<# (FUNCTION = int4lt, LEFTARG = int, RIGHTARG = int, COMMUTATOR = OPERATOR(evil.>#));
CREATE OPERATOR evil.># (FUNCTION = int4gt, LEFTARG = int, RIGHTARG = int, COMMUTATOR = OPERATOR(evil.<#), NEGATOR = OPERATOR(evil.<=#));
CREATE OPERATOR evil.<=# (FUNCTION = evil.equal, LEFTARG = int, RIGHTARG = int, NEGATOR = OPERATOR(evil.>#));
CREATE OPERATOR evil.!!! (FUNCTION = pg_sleep, RIGHTARG = float8);
CREATE OPERATOR evil.### (FUNCTION = pg_advisory_lock, RIGHTARG = bigint);
CREATE OPERATOR evil.#&# (FUNCTION = pg_try_advisory_lock, LEFTARG = int, RIGHTARG = int);
CREATE OPERATOR evil.!> (FUNCTION = pg_notify, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR evil.+> (FUNCTION = nextval, RIGHTARG = regclass);
CREATE OPERATOR evil.-> (FUNCTION = lo_create, RIGHTARG = oid);
CREATE OPERATOR evil.<~- (FUNCTION = lo_from_bytea, LEFTARG = oid, RIGHTARG = bytea);
CREATE OPERATOR evil.?? (FUNCTION = pg_terminate_backend, LEFTARG = int, RIGHTARG = bigint);
CREATE OPERATOR evil.&> (FUNCTION = current_setting, RIGHTARG = text);
CREATE OPERATOR evil.%> (FUNCTION = setseed, RIGHTARG = float8);
CREATE OPERATOR evil.~> (FUNCTION = ts_rewrite, LEFTARG = tsquery, RIGHTARG = text);

-- Types.
CREATE DOMAIN evil.checked AS int CHECK (evil.definer(VALUE) > 0);
CREATE DOMAIN evil.over AS evil.checked;
CREATE DOMAIN evil.locks AS int CHECK (pg_try_advisory_lock(VALUE, 1));
CREATE DOMAIN evil.slow AS text CHECK (pg_sleep(3600) IS NULL OR VALUE <> '');
CREATE DOMAIN evil.compares AS int CHECK (VALUE OPERATOR(evil.===) 1);
CREATE TYPE evil.pair AS (a evil.checked, b int);
CREATE TYPE evil.outer_pair AS (p evil.pair, q evil.checked[]);
CREATE TYPE evil.mood AS ENUM ('good', 'bad');
CREATE TYPE evil.safe_pair AS (a int, b evil.mood);
CREATE FUNCTION evil.mood_json(evil.mood) RETURNS json LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.mark('mood_json'); RETURN '1'; END $$;
CREATE FUNCTION evil.mood_text(evil.mood) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.mark('mood_text'); RETURN 'x'; END $$;
CREATE FUNCTION evil.mood_int(evil.mood) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.mark('mood_int'); RETURN 1; END $$;
CREATE FUNCTION evil.int_mood(int) RETURNS evil.mood LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.mark('int_mood'); RETURN 'good'; END $$;
CREATE CAST (evil.mood AS json) WITH FUNCTION evil.mood_json(evil.mood);
CREATE TYPE evil.label AS ENUM ('one', 'two');
CREATE TYPE evil.implied AS ENUM ('one', 'two');
CREATE FUNCTION evil.implied_text(evil.implied) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.mark('implied_text'); RETURN 'x'; END $$;
CREATE CAST (evil.implied AS text) WITH FUNCTION evil.implied_text(evil.implied) AS IMPLICIT;
CREATE FUNCTION evil.label_text(evil.label) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.mark('label_text'); RETURN 'x'; END $$;
CREATE CAST (evil.label AS text) WITH FUNCTION evil.label_text(evil.label) AS ASSIGNMENT;
CREATE CAST (evil.mood AS int) WITH FUNCTION evil.mood_int(evil.mood) AS IMPLICIT;
CREATE CAST (int AS evil.mood) WITH FUNCTION evil.int_mood(int) AS IMPLICIT;
CREATE FUNCTION evil.difference(int, int) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE LOG 'ATTACK RAN: difference'; RETURN 1; END $$;
CREATE TYPE evil.span AS RANGE (subtype = int, subtype_diff = evil.difference);
CREATE TYPE evil.checked_range AS RANGE (subtype = evil.checked);

-- Aggregates: hostile in each of their steps, and over the server's own functions.
CREATE FUNCTION evil.step(int, int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.mark('step'); RETURN 1; END $$;
CREATE FUNCTION evil.final(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.mark('final'); RETURN 1; END $$;
CREATE AGGREGATE evil.agg_step(int) (SFUNC = evil.step, STYPE = int, INITCOND = '0');
CREATE AGGREGATE evil.agg_final(int) (SFUNC = int4pl, STYPE = int, FINALFUNC = evil.final, INITCOND = '0');
CREATE AGGREGATE evil.agg_combine(int) (SFUNC = int4pl, STYPE = int, COMBINEFUNC = evil.step, INITCOND = '0', PARALLEL = SAFE);
CREATE AGGREGATE evil.agg_moving(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', MSFUNC = evil.step, MINVFUNC = evil.step, MSTYPE = int, MINITCOND = '0');
CREATE FUNCTION evil.checked_step(evil.checked, int) RETURNS evil.checked LANGUAGE plpgsql AS $$ BEGIN RETURN $2; END $$;
CREATE AGGREGATE evil.agg_state(int) (SFUNC = evil.checked_step, STYPE = evil.checked);
CREATE AGGREGATE evil.agg_lock(bigint) (SFUNC = int8pl, STYPE = bigint, FINALFUNC = pg_try_advisory_lock, INITCOND = '0');
CREATE AGGREGATE evil.agg_object(oid) (SFUNC = oidlarger, STYPE = oid, FINALFUNC = lo_create);

-- Tables whose own definitions call something.
CREATE TABLE evil.plain (id int, x int, mood evil.mood, label evil.label);
INSERT INTO evil.plain (id, x) SELECT g, g % 3 FROM generate_series(1, 500) g;
CREATE FUNCTION evil.row_text(evil.plain) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.mark('row_text'); RETURN 'x'; END $$;
CREATE CAST (evil.plain AS text) WITH FUNCTION evil.row_text(evil.plain);
CREATE TABLE evil.typed (id int, c evil.checked, p evil.pair, m evil.mood[]);
CREATE TABLE evil.indexed (id int, x int);
CREATE INDEX ON evil.indexed ((id + evil.frozen(1)));
CREATE TABLE evil.inlining (id int, x int);
CREATE INDEX ON evil.inlining ((id + evil.inlined(1)));
CREATE TABLE evil.partial (id int, x int);
CREATE INDEX ON evil.partial (id) WHERE x = evil.frozen(2);
CREATE TABLE evil.stats (id int, x int);
CREATE STATISTICS evil.st ON (id + evil.frozen(3)), x FROM evil.stats;
CREATE TABLE evil.parent (id int, x int);
CREATE TABLE evil.child (CHECK (x <> evil.frozen(4))) INHERITS (evil.parent);
CREATE TABLE evil.parted (id int, x int) PARTITION BY RANGE ((id + evil.frozen(5)));
CREATE TABLE evil.parted_1 PARTITION OF evil.parted FOR VALUES FROM (1) TO (1000);
CREATE TABLE evil.policed (tenant_id text, id int);
CREATE TABLE evil.policed_subselect (tenant_id text, id int);
CREATE TABLE evil.policed_builtin (tenant_id text, id int);
CREATE VIEW evil.calls WITH (security_invoker) AS SELECT evil.definer(id) AS e FROM evil.plain;
CREATE VIEW evil.where_calls WITH (security_invoker) AS SELECT id FROM evil.plain WHERE evil.definer(id) > 0;
CREATE VIEW evil.lateral_calls WITH (security_invoker) AS SELECT p.id, r FROM evil.plain p, evil.rows(p.id) r;
CREATE VIEW evil.as_owner AS SELECT * FROM evil.plain;
CREATE VIEW evil.of_view WITH (security_invoker) AS SELECT * FROM evil.calls;
ANALYZE evil.plain;
GRANT SELECT ON ALL TABLES IN SCHEMA evil TO ops_tool;
RESET ROLE;
SELECT count(*) FROM unnest('{evil.policed,evil.policed_subselect,evil.policed_builtin}'::regclass[]) t, LATERAL ops.protect_table(t) d \g (format=unaligned) /dev/null
SET ROLE attack_app;
CREATE POLICY mine ON evil.policed TO PUBLIC USING (evil.definer(id) > 0);
CREATE POLICY mine ON evil.policed_subselect TO PUBLIC USING (id IN (SELECT id FROM safe.open));
CREATE POLICY mine ON evil.policed_builtin TO PUBLIC USING (pg_try_advisory_lock(id, id));
RESET ROLE;
-- Aggregates that an administrator allowed; their steps are judged nevertheless.
SELECT ops.allow_function(f, 'corpus') FROM unnest('{evil.agg_step(int),evil.agg_final(int),evil.agg_combine(int),evil.agg_moving(int),evil.agg_state(int),evil.agg_lock(bigint),evil.agg_object(oid),evil.named(int\,int)}'::regprocedure[]) f \g (format=unaligned) /dev/null
SELECT ops.share_table(t) FROM unnest('{evil.plain,evil.typed,evil.indexed,evil.inlining,evil.partial,evil.stats,evil.parent,evil.child,evil.parted,evil.parted_1}'::regclass[]) t \g (format=unaligned) /dev/null
