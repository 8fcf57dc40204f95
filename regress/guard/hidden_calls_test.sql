-- Functions that a statement runs without naming them: behind operators and their relatives, casts, sorting,
-- aggregates, types, and what belongs to a relation. Each is refused by its OID with the function's name, its twin
-- without the hostile object is allowed, and nothing leaves a mark.
-- database: fresh
\ir _shop.sql
CREATE SCHEMA h;
GRANT USAGE ON SCHEMA h TO ops_tool;
-- Raises where executors run; the tests' own session may create objects with it.
CREATE FUNCTION h.mark() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN IF session_user = 'ops_executor' THEN RAISE EXCEPTION 'EVIL RAN'; END IF; END $$;
CREATE FUNCTION h.evil_i(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM h.mark(); RETURN 1; END $$;
CREATE FUNCTION h.evil_b(int, int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
CREATE FUNCTION h.evil_cmp(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM h.mark(); RETURN 0; END $$;
CREATE FUNCTION h.evil_hash(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM h.mark(); RETURN 0; END $$;
-- Operators over the server's own functions whose relatives are not.
CREATE OPERATOR h.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq, NEGATOR = OPERATOR(h.!==), COMMUTATOR = OPERATOR(h.====));
CREATE OPERATOR h.!== (LEFTARG = int, RIGHTARG = int, FUNCTION = h.evil_b, NEGATOR = OPERATOR(h.===));
CREATE OPERATOR h.==== (LEFTARG = int, RIGHTARG = int, FUNCTION = h.evil_b, COMMUTATOR = OPERATOR(h.===));
CREATE OPERATOR h.<~ (LEFTARG = int, RIGHTARG = int, FUNCTION = int4lt, NEGATOR = OPERATOR(h.>=~));
CREATE OPERATOR h.>=~ (LEFTARG = int, RIGHTARG = int, FUNCTION = pg_try_advisory_lock, NEGATOR = OPERATOR(h.<~));
CREATE OPERATOR h.+~ (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl, COMMUTATOR = OPERATOR(h.+~));
CREATE OPERATOR h.<<< (LEFTARG = int, RIGHTARG = int, FUNCTION = h.evil_b);
CREATE OPERATOR h.<# (LEFTARG = int, RIGHTARG = int, FUNCTION = int4lt);
CREATE OPERATOR h.=# (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
CREATE OPERATOR h.># (LEFTARG = int, RIGHTARG = int, FUNCTION = int4gt);
CREATE OPERATOR CLASS h.evil_ops FOR TYPE int USING btree AS OPERATOR 1 h.<#, OPERATOR 3 h.=#, OPERATOR 5 h.>#, FUNCTION 1 h.evil_cmp(int, int);
CREATE OPERATOR h.=## (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq, HASHES);
CREATE OPERATOR CLASS h.evil_hash_ops FOR TYPE int USING hash AS OPERATOR 1 h.=##, FUNCTION 1 h.evil_hash(int);
-- Types.
CREATE TYPE h.span AS RANGE (subtype = int, subtype_opclass = h.evil_ops);
CREATE TYPE h.mood AS ENUM ('good', 'bad');
CREATE TYPE h.calm AS ENUM ('good', 'bad');
CREATE FUNCTION h.mood_json(h.mood) RETURNS json LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM h.mark(); RETURN '1'; END $$;
CREATE CAST (h.mood AS json) WITH FUNCTION h.mood_json(h.mood);
CREATE FUNCTION h.mood_text(h.mood) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN ''; END $$;
CREATE CAST (h.mood AS text) WITH FUNCTION h.mood_text(h.mood) AS IMPLICIT;
CREATE DOMAIN h.checked AS int CHECK (h.evil_i(VALUE) > 0);
CREATE DOMAIN h.folded AS int CHECK (VALUE > h.evil_i(1));
CREATE DOMAIN h.nested AS h.checked;
CREATE DOMAIN h.fine AS int CHECK (VALUE > 0);
CREATE TYPE h.holder AS (a int, b h.checked);
CREATE TYPE h.outer_holder AS (x h.holder[]);
CREATE TYPE h.fine_holder AS (a int, b h.fine);
-- Aggregates.
CREATE AGGREGATE h.evil_trans(int) (SFUNC = h.evil_cmp, STYPE = int, INITCOND = '0');
CREATE AGGREGATE h.evil_final(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', FINALFUNC = h.evil_i);
CREATE AGGREGATE h.evil_moving(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', MSFUNC = h.evil_cmp, MINVFUNC = h.evil_cmp, MSTYPE = int, MINITCOND = '0');
CREATE AGGREGATE h.evil_combine(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', COMBINEFUNC = h.evil_cmp);
CREATE FUNCTION h.next_state(h.checked, int) RETURNS h.checked LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE AGGREGATE h.evil_state(int) (SFUNC = h.next_state, STYPE = h.checked, INITCOND = '1');
CREATE AGGREGATE h.fine(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
-- Relations.
CREATE TABLE h.plain (tenant_id text, id int, mood h.mood, calm h.calm, span h.span, pair h.holder);
CREATE TABLE h.indexed (tenant_id text, id int);
CREATE INDEX ON h.indexed ((id + h.evil_i(1)));
CREATE TABLE h.partial (tenant_id text, id int);
CREATE INDEX ON h.partial (id) WHERE id > h.evil_i(2);
CREATE TABLE h.stats (tenant_id text, id int);
CREATE STATISTICS h.stats_ext ON (id + h.evil_i(3)), tenant_id FROM h.stats;
CREATE TABLE h.constrained (tenant_id text, id int, CHECK (id < 1000 * h.evil_i(4)));
CREATE TABLE h.column_index (tenant_id text, id int, CHECK (h.evil_i(id) > 0), n int DEFAULT h.evil_i(1), g int GENERATED ALWAYS AS (h.evil_i(id)) STORED);
CREATE INDEX ON h.column_index (h.evil_i(id));
CREATE TABLE h.parent (tenant_id text, id int) PARTITION BY RANGE (id);
CREATE TABLE h.child PARTITION OF h.parent (CHECK (id < 1000 * h.evil_i(5))) FOR VALUES FROM (0) TO (100);
CREATE TABLE h.policied (tenant_id text, id int);
CREATE FUNCTION h.inlined(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + h.evil_i(6)';
CREATE TABLE h.by_inlined (tenant_id text, id int);
CREATE INDEX ON h.by_inlined (h.inlined(id));
CREATE VIEW h.viewed WITH (security_invoker) AS SELECT id FROM h.plain ORDER BY h.evil_i(id);
CREATE FUNCTION h.trusted(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN h.nobody_allowed($1); END';
CREATE FUNCTION h.nobody_allowed(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 + 1; END';
CREATE FUNCTION h.helper(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 + 1; END';
CREATE DOMAIN h.by_trusted AS int CHECK (h.helper(VALUE) > 0);
GRANT SELECT ON ALL TABLES IN SCHEMA h TO ops_tool;
SELECT count(*) > 0 AS protected FROM unnest('{h.plain,h.indexed,h.partial,h.stats,h.constrained,h.column_index,h.parent,h.policied,h.by_inlined}'::regclass[]) AS t,
       LATERAL ops.protect_table(t) AS ddl \gset
CREATE POLICY also ON h.policied AS RESTRICTIVE TO PUBLIC USING (h.evil_i(id) > 0);
SELECT ops.allow_function('h.fine(int)', 'test'), ops.allow_function('h.evil_trans(int)', 'test'), ops.allow_function('h.evil_final(int)', 'test'),
       ops.allow_function('h.evil_moving(int)', 'test'), ops.allow_function('h.evil_combine(int)', 'test'), ops.allow_function('h.evil_state(int)', 'test'), ops.allow_function('h.next_state(h.checked,int)', 'test'),
       ops.allow_function('h.trusted(int)', 'test'), ops.allow_function('h.helper(int)', 'test') \gset


CREATE TEMPORARY TABLE hidden (n serial, what text, culprit text, statement text);
INSERT INTO hidden (what, culprit, statement) VALUES
  ('the negator that NOT turns an operator into', 'h.evil_b', 'SELECT NOT (id OPERATOR(h.===) 1) FROM h.plain'),
  ('the negator of an operator with ANY', 'h.evil_b', 'SELECT NOT (id OPERATOR(h.===) ANY (ARRAY[1, 2])) FROM h.plain'),
  ('a negator of class never', 'pg_try_advisory_lock', 'SELECT NOT (id OPERATOR(h.<~) 1) FROM h.plain'),
  ('the operator itself, whose commutator is hostile', 'h.evil_b', 'SELECT id OPERATOR(h.===) 1 FROM h.plain'),
  ('an operator that orders', 'h.evil_cmp', 'SELECT id FROM h.plain ORDER BY id USING OPERATOR(h.<#)'),
  ('an operator that merges', 'h.evil_cmp', 'SELECT 1 FROM h.stats a, h.column_index b WHERE a.id OPERATOR(h.=#) b.id'),
  ('an operator that hashes', 'h.evil_hash', 'SELECT 1 FROM h.stats a, h.column_index b WHERE a.id OPERATOR(h.=##) b.id'),
  ('an operator that hashes a list', 'h.evil_hash', 'SELECT id OPERATOR(h.=##) ANY (ARRAY[1,2,3,4,5,6,7,8,9,10]) FROM h.plain'),
  ('a row comparison', 'h.evil_cmp', 'SELECT ROW(id, id) OPERATOR(h.<#) ROW(1, 2) FROM h.plain'),
  ('an operator named in a sub-select comparison', 'h.evil_b', 'SELECT id OPERATOR(h.<<<) ALL (SELECT id FROM h.plain) FROM h.plain'),
  ('an operator in a join with USING aliases', 'h.evil_b', 'SELECT 1 FROM h.plain a LEFT JOIN h.plain b ON a.id OPERATOR(h.<<<) b.id'),
  ('an operator in a window frame', 'h.evil_b', 'SELECT sum(id) OVER (PARTITION BY id OPERATOR(h.<<<) 1) FROM h.plain'),
  ('an operator in FILTER', 'h.evil_b', 'SELECT count(*) FILTER (WHERE id OPERATOR(h.<<<) 1) FROM h.plain'),
  ('the comparison within a range type', 'h.evil_cmp', 'SELECT span FROM h.plain'),
  ('the comparison within a range literal', 'h.evil_cmp', 'SELECT ''[1,2)''::h.span'),
  ('a cast to json behind to_json', 'h.mood_json', 'SELECT to_json(mood) FROM h.plain'),
  ('a cast to json behind json_build_object', 'h.mood_json', 'SELECT json_build_object(''m'', mood) FROM h.plain'),
  ('a cast to json behind our own encoding of an array', 'h.mood_json', 'SELECT array_agg(mood) FROM h.plain'),
  ('a cast to json behind a whole row', 'h.mood_json', 'SELECT p FROM h.plain p'),
  ('an explicit cast', 'h.mood_text', 'SELECT mood::text FROM h.plain'),
  ('an implicit cast in an argument', 'h.mood_', 'SELECT upper(mood) FROM h.plain'),
  ('the check of a domain in a cast', 'h.evil_i', 'SELECT id::h.checked FROM h.plain'),
  ('the check of a domain over a domain', 'h.evil_i', 'SELECT id::h.nested FROM h.plain'),
  ('a constant in the check of a domain', 'h.evil_i', 'SELECT id::h.folded FROM h.plain'),
  ('a domain within a composite', 'h.evil_i', 'SELECT (1, id)::h.holder FROM h.plain'),
  ('a domain within an array cast', 'h.evil_i', 'SELECT ARRAY[id]::h.checked[] FROM h.plain'),
  ('a domain within an array literal', 'h.evil_i', 'SELECT ''{1,2}''::h.checked[]'),
  ('a domain within a composite literal', 'h.evil_i', 'SELECT ''(1,2)''::h.holder'),
  ('a domain deep in a composite of arrays', 'h.evil_i', 'SELECT NULL::h.outer_holder'),
  ('a domain filled from json', 'h.evil_i', 'SELECT * FROM jsonb_to_recordset(''[{"a":1}]'') AS r(a h.checked)'),
  ('a composite filled from json', 'h.evil_i', 'SELECT jsonb_populate_record(NULL::h.holder, ''{"b":1}'')'),
  ('a domain filled from xml', 'h.evil_i', 'SELECT * FROM XMLTABLE(''/a'' PASSING ''<a>1</a>'' COLUMNS b h.checked PATH ''.'') AS x'),
  ('a domain as column of a relation', 'h.evil_i', 'SELECT pair FROM h.plain'),
  ('a domain as type of a parameter', 'h.evil_i', 'SELECT :p::h.checked'),
  ('a step of an aggregate', 'h.evil_cmp', 'SELECT h.evil_trans(id) FROM h.plain'),
  ('the final step of an aggregate', 'h.evil_i', 'SELECT h.evil_final(id) FROM h.plain'),
  ('the moving steps of an aggregate', 'h.evil_cmp', 'SELECT h.evil_moving(id) OVER (ORDER BY id ROWS 1 PRECEDING) FROM h.plain'),
  ('the combining step of an aggregate', 'h.evil_cmp', 'SELECT h.evil_combine(id) FROM h.plain'),
  ('the state of an aggregate', 'h.evil_', 'SELECT h.evil_state(id) FROM h.plain'),
  ('a constant in an index', 'h.evil_i', 'SELECT id FROM h.indexed'),
  ('a constant in the predicate of an index', 'h.evil_i', 'SELECT id FROM h.partial WHERE id > 5'),
  ('a constant in extended statistics', 'h.evil_i', 'SELECT id FROM h.stats GROUP BY id'),
  ('a policy of the application', 'h.evil_i', 'SELECT id FROM h.policied'),
  ('the order of a view', 'h.evil_i', 'SELECT id FROM h.viewed'),
  ('a constant in a partition, beside a function of the application', 'h.evil_i', 'SELECT h.trusted(id) FROM h.parent'),
  ('a constant in a partition', 'h.evil_i', 'SELECT id FROM h.parent WHERE id > 5');

CREATE TEMPORARY TABLE harmless (n serial, what text, statement text);
INSERT INTO harmless (what, statement) VALUES
  ('an operator over a function of the server', 'SELECT id OPERATOR(h.+~) 1 AS a FROM h.plain'),
  ('an enum without casts', 'SELECT calm, to_json(calm) AS j, array_agg(calm) AS a FROM h.plain GROUP BY calm ORDER BY calm'),
  ('a domain whose check calls the server''s functions', 'SELECT id::h.fine AS a, ''{1,2}''::h.fine[] AS b, ''(1,2)''::h.fine_holder AS c FROM h.plain'),
  ('an aggregate of the server''s functions', 'SELECT h.fine(id) AS s FROM h.plain'),
  ('functions over columns in indexes, checks, defaults and generated columns', 'SELECT id, n, g FROM h.column_index WHERE id > 3'),
  ('a column beside others with hostile types', 'SELECT id FROM h.plain'),
  ('a literal whose check was allowed', 'SELECT ''{1,2}''::h.by_trusted[] AS a, 5::h.by_trusted AS b'),
  ('a check constraint over an immutable constant, which planning leaves alone', 'SELECT id FROM h.constrained WHERE id > 5'),
  ('an index over a function whose body holds a hostile constant: nothing inlines it', 'SELECT id FROM h.by_inlined WHERE id > 5');

CREATE FUNCTION h.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE a jsonb;
BEGIN
  PERFORM ops.create_sql_tool('probe', 'Probe.', statement, "replace" => true);
  a := ops.call_tool('probe');
  RETURN concat_ws(' ', a ->> 'status', a #>> '{tool_calls,0,error_code}', a #>> '{tool_calls,0,message}');
END $$;
SET client_min_messages = error;
SELECT plan((SELECT count(*)::int FROM hidden) + (SELECT count(*)::int FROM harmless) * 2);
SELECT CASE WHEN v.j ->> 'message' LIKE '%' || culprit || '%' THEN ok(v.j ->> 'rule' IN ('function_not_allowed', 'function_never'), what)
            ELSE is(v.j ->> 'message', culprit, what) END
  FROM hidden, LATERAL (SELECT ops.check_sql(statement) AS j) AS v ORDER BY n;
SELECT is(shop.verdict(statement), 'allowed', what || ' is allowed') FROM harmless ORDER BY n;
SELECT alike(h.outcome(statement), 'success%', what || ' runs') FROM harmless ORDER BY n;
SELECT * FROM finish();
