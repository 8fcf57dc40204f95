-- ops.allow_function() holds for a function as it was: every change that decides what a call does ends it, at the
-- next execution, wherever it was made; the message says what changed and what to run. The same for what it calls.
-- database: fresh
SET client_min_messages = error;
SELECT plan(74);
CREATE ROLE t_af_owner;
CREATE SCHEMA shop;
CREATE SCHEMA annex;
GRANT USAGE ON SCHEMA shop, annex TO ops_tool;
GRANT ALL ON SCHEMA shop TO t_af_owner;

-- What a tool gets: the value, or the error's message and hint.
CREATE FUNCTION pg_temp.q(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  hint text;
BEGIN
  RETURN ops.query(sql) #>> '{rows,0,v}';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
  RETURN concat_ws(' / ', SQLERRM, nullif(hint, ''));
END $$;

-- ---- one function, changed in every way
CREATE FUNCTION shop.f(n int) RETURNS int LANGUAGE sql AS 'SELECT $1 + 1';
SELECT is(pg_temp.q('SELECT shop.f(1) AS v'), 'SQL_BLOCKED: function shop.f(integer) was not allowed by an administrator'
  || ' / Read its body, then: SELECT ops.allow_function(''shop.f(integer)'', ''why'');', 'a function nobody allowed');
SELECT ops.allow_function('shop.f(int)', 'pure') \g /dev/null
SELECT is(pg_temp.q('SELECT shop.f(1) AS v'), '2', 'an allowed one');

CREATE TEMPORARY TABLE changes (n int, ddl text, words text, told text, state text, changed text, after text);
INSERT INTO changes (n, ddl, words) VALUES
  (1, $$CREATE OR REPLACE FUNCTION shop.f(n int) RETURNS int LANGUAGE sql AS 'SELECT $1 + 2'$$, 'its body'),
  (2, $$ALTER FUNCTION shop.f(int) OWNER TO t_af_owner$$, 'its owner (now t_af_owner, was postgres)'),
  (3, $$ALTER FUNCTION shop.f(int) SET work_mem = '1MB'$$, 'its settings (SET)'),
  (4, $$ALTER FUNCTION shop.f(int) SET work_mem = '2MB'$$, 'its settings (SET)'),
  (5, $$ALTER FUNCTION shop.f(int) RESET ALL$$, 'its settings (SET)'),
  (6, $$ALTER FUNCTION shop.f(int) IMMUTABLE$$, 'its volatility'),
  (7, $$ALTER FUNCTION shop.f(int) SECURITY DEFINER$$, 'its rights (SECURITY)'),
  (8, $$ALTER FUNCTION shop.f(int) SECURITY INVOKER STRICT$$, 'its rights (SECURITY), what it does with NULL'),
  (9, $$ALTER FUNCTION shop.f(int) LEAKPROOF$$, 'LEAKPROOF'),
  (10, $$CREATE OR REPLACE FUNCTION shop.f(n int DEFAULT 7) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 2'$$,
   'what it does with NULL, LEAKPROOF, its arguments'),
  (11, $$CREATE OR REPLACE FUNCTION shop.f(n int DEFAULT 8) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 2'$$, 'its arguments'),
  (12, $$CREATE OR REPLACE FUNCTION shop.f(n int DEFAULT 8) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 + 3; END'$$,
   'its language, its body'),
  (13, $$DROP FUNCTION shop.f(int); CREATE FUNCTION shop.f(n int DEFAULT 8) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 + 3; END'$$,
   'its result type, its owner (now postgres, was t_af_owner)'),
  (14, $$DROP FUNCTION shop.f(int); CREATE FUNCTION shop.f(n int DEFAULT 8) RETURNS bigint IMMUTABLE LANGUAGE sql RETURN $1 + 4$$, 'its language, its body'),
  (15, $$CREATE OR REPLACE FUNCTION shop.f(n int DEFAULT 8) RETURNS bigint IMMUTABLE LANGUAGE sql RETURN $1 + 5$$, 'its body'),
  -- What does not decide what a call does changes nothing.
  (16, $$ALTER FUNCTION shop.f(int) COST 5 PARALLEL SAFE$$, NULL),
  (17, $$DROP FUNCTION shop.f(int); CREATE FUNCTION shop.f(n int DEFAULT 8) RETURNS bigint IMMUTABLE LANGUAGE sql RETURN $1 + 5$$, NULL),
  (18, $$COMMENT ON FUNCTION shop.f(int) IS 'x'; GRANT EXECUTE ON FUNCTION shop.f(int) TO t_af_owner$$, NULL);
-- Each change is committed: what judges it is another process.
CREATE PROCEDURE pg_temp.walk() LANGUAGE plpgsql AS $$
DECLARE
  c record;
BEGIN
  FOR c IN SELECT * FROM changes ORDER BY n LOOP
    EXECUTE c.ddl;
    COMMIT;
    UPDATE changes x SET told = pg_temp.q('SELECT shop.f(1) AS v'), state = a.state, changed = a.changed
      FROM ops.allowed_functions a WHERE a.fn_name = 'f' AND x.n = c.n;
    EXECUTE coalesce((SELECT a.remedy FROM ops.allowed_functions a WHERE a.fn_name = 'f'), 'SELECT 1');
    COMMIT;
    UPDATE changes x SET after = pg_temp.q('SELECT shop.f(1) AS v') WHERE x.n = c.n;
  END LOOP;
END $$;
CALL pg_temp.walk();
SELECT is(told, CASE WHEN words IS NULL THEN '6' ELSE 'SQL_BLOCKED: function shop.f(integer) has changed since an administrator allowed it: ' || words
    || ' / Read it again, then: SELECT ops.allow_function(''shop.f(integer)'', ''why'');' END, n || ': ' || coalesce(words, 'nothing of it changed'))
  FROM changes ORDER BY n;
SELECT is(state || coalesce(' ' || changed, ''), CASE WHEN words IS NULL THEN 'current' ELSE 'changed ' || words END, n || ' in ops.allowed_functions')
  FROM changes ORDER BY n;
SELECT is((SELECT array_agg(n) FROM changes WHERE after !~ '^[0-9]+$'), NULL, 'allowed again, it is called again');

-- ---- names
ALTER FUNCTION shop.f(int) RENAME TO f2;
SELECT alike(pg_temp.q('SELECT shop.f2(1) AS v'), '%function shop.f2(integer) was not allowed%', 'under another name it is another function');
SELECT is((SELECT state || ' ' || remedy FROM ops.allowed_functions WHERE fn_name = 'f'),
  'missing SELECT ops.disallow_function(signature => ''shop.f(integer)'');', 'the entry''s function is missing');
ALTER FUNCTION shop.f2(int) RENAME TO f;
SELECT is(pg_temp.q('SELECT shop.f(1) AS v'), '6', 'and comes back with its name');
ALTER FUNCTION shop.f(int) SET SCHEMA annex;
SELECT alike(pg_temp.q('SELECT annex.f(1) AS v'), '%function annex.f(integer) was not allowed%', 'the schema is part of the name');
ALTER FUNCTION annex.f(int) SET SCHEMA shop;
CREATE FUNCTION shop.f(n text) RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT alike(pg_temp.q('SELECT shop.f(''a''::text) AS v'), '%function shop.f(text) was not allowed%', 'so are the argument types');

-- ---- spelling does not depend on the session
CREATE TYPE shop.money2 AS (amount numeric);
CREATE FUNCTION shop.pay(a shop.money2, "Odd name" text) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT (a).amount::int + shop.f(1)::int; END;
SET quote_all_identifiers = on;
SET search_path = shop, public, pg_catalog;
SELECT public.is((ops.allow_function('shop.pay(money2,text)', 'x'), 1)::text, '("",1)', 'allowed in an odd session');
RESET search_path;
SELECT is((SELECT state FROM ops.allowed_functions WHERE fn_name = 'pay'), 'current', 'current with quoted identifiers');
RESET quote_all_identifiers;
SET search_path = shop, public;
SELECT is((SELECT state FROM ops.allowed_functions WHERE fn_name = 'pay'), 'current', 'current in an ordinary one');
RESET search_path;
SELECT is(pg_temp.q('SELECT shop.pay(row(2)::shop.money2, '''') AS v'), '8', 'and for tools');

-- ---- what an allowed function calls
CREATE FUNCTION shop.inner(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 10';
CREATE FUNCTION shop.by_text(int) RETURNS int LANGUAGE sql AS 'SELECT shop.inner($1)';
CREATE FUNCTION shop.by_plpgsql(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN shop.inner($1); END';
CREATE FUNCTION shop.by_execute(int) RETURNS int LANGUAGE plpgsql AS $$ DECLARE r int; BEGIN EXECUTE 'SELECT shop.inner($1)' INTO r USING $1; RETURN r; END $$;
CREATE FUNCTION shop.by_tree(int) RETURNS int LANGUAGE sql RETURN shop.inner($1);
CREATE FUNCTION shop.by_set(int) RETURNS SETOF int LANGUAGE sql AS 'SELECT shop.inner($1)';
SELECT ops.allow_function(p.oid::regprocedure, 'x') FROM pg_proc p WHERE p.proname LIKE 'by\_%' AND p.pronamespace = 'shop'::regnamespace \g /dev/null
CREATE FUNCTION pg_temp.outer_calls() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(DISTINCT pg_temp.q(statement), ' | ') FROM (SELECT format('SELECT shop.%I(3) AS v', p.proname) AS statement
    FROM pg_proc p WHERE p.proname LIKE 'by\_%' AND p.pronamespace = 'shop'::regnamespace
    UNION ALL SELECT 'SELECT v FROM shop.by_set(3) v') s $$;
SELECT alike(pg_temp.outer_calls(), '%function shop."inner"(integer) was not allowed by an administrator, and an allowed function calls it'
  || ' / Read its body, then: SELECT ops.allow_function(''shop."inner"(integer)'', ''why'');', 'a function that allowed ones call must be allowed itself');
SELECT unalike(pg_temp.outer_calls(), '%|%', 'by whatever way they call it');
SELECT ops.allow_function('shop.inner(int)', 'x') \g /dev/null
SELECT is(pg_temp.outer_calls(), '30', 'once it is, they work');
CREATE OR REPLACE FUNCTION shop.inner(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 11';
SELECT alike(pg_temp.outer_calls(), '%function shop."inner"(integer) has changed since an administrator allowed it: its body; an allowed function calls it%', 'until it changes');
SELECT unalike(pg_temp.outer_calls(), '%|%', 'for all of them');
SELECT is((SELECT string_agg(DISTINCT state, ',') FROM ops.allowed_functions WHERE fn_name LIKE 'by\_%'), 'current', 'their own entries stay');

-- ---- aggregates, operators, extensions
CREATE AGGREGATE shop.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
SELECT ops.allow_function('shop.total(int)', 'x') \g /dev/null
SELECT is(pg_temp.q('SELECT shop.total(n) AS v FROM generate_series(1, 3) n'), '6', 'an allowed aggregate');
CREATE OR REPLACE AGGREGATE shop.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '100');
SELECT alike(pg_temp.q('SELECT shop.total(n) AS v FROM generate_series(1, 3) n'), '%has changed since an administrator allowed it: its steps as an aggregate%', 'with another start is another one');
CREATE EXTENSION pg_trgm SCHEMA annex;
SELECT alike(pg_temp.q($$SELECT annex.similarity('a', 'a') AS v$$), '%function annex.similarity(text,text) was not allowed%', 'functions of extensions are like others');
SELECT ops.allow_function('annex.similarity(text,text)', 'pure') \g /dev/null
SELECT is(pg_temp.q($$SELECT annex.similarity('a', 'a') AS v$$), '1', 'allowed');
DROP EXTENSION pg_trgm;
CREATE EXTENSION pg_trgm SCHEMA annex;
SELECT is(pg_temp.q($$SELECT annex.similarity('a', 'a') AS v$$), '1', 'the extension made anew gives the same function');
CREATE OR REPLACE FUNCTION annex.similarity(text, text) RETURNS real LANGUAGE sql AS 'SELECT 1::real';
SELECT alike(pg_temp.q($$SELECT annex.similarity('a', 'a') AS v$$), '%has changed%its language, its volatility, what it does with NULL, its body%', 'one put in its place does not');

-- ---- disallowed
SELECT ops.disallow_function('shop.f(int)') \g /dev/null
SELECT alike(pg_temp.q('SELECT shop.f(1) AS v'), '%was not allowed%', 'what is taken back is refused at once');
SELECT is((SELECT count(*) FROM ops.allowed_functions WHERE fn_name = 'f'), 0::bigint, 'and gone from the list');
SELECT throws_ok('SELECT ops.allow_function(4000000000::oid::regprocedure, NULL)', '42883', NULL, 'no function, no entry');
CREATE PROCEDURE shop.act() LANGUAGE sql AS 'SELECT 1';
SELECT throws_ok($$SELECT ops.allow_function('shop.act()', NULL)$$, '22023', NULL, 'a procedure is nothing that tools call');
CREATE FUNCTION shop."Odd ""Name é"(VARIADIC a int[], OUT b int, OUT c text) LANGUAGE sql AS 'SELECT $1[1], $$x$$';
SELECT ops.allow_function('shop."Odd ""Name é"(int[])', 'x') \g /dev/null
SELECT is(pg_temp.q('SELECT (shop."Odd ""Name é"(4, 2)).b AS v'), '4', 'a function of an odd name');
CREATE OR REPLACE FUNCTION shop."Odd ""Name é"(VARIADIC a int[], OUT b int, OUT c text) LANGUAGE sql AS 'SELECT $1[2], $$x$$';
SELECT is((SELECT changed || ' ' || remedy FROM ops.allowed_functions WHERE fn_name LIKE 'Odd%'),
  'its body SELECT ops.allow_function(''shop."Odd ""Name é"(integer[])'', ''why'');', 'and what to run when it changed');
DROP FUNCTION shop."Odd ""Name é"(int[]);
CREATE FUNCTION shop.two(a numeric, b "char") RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT ops.allow_function('shop.two(numeric,"char")', 'x') \g /dev/null
DROP FUNCTION shop.two(numeric, "char");
SET quote_all_identifiers = on;
SELECT string_agg(remedy, '') AS remedies FROM ops.allowed_functions WHERE state = 'missing' \gset
RESET quote_all_identifiers;
SELECT matches(:'remedies'::text, 'Odd.*two', 'functions that are gone stay on the list');
:remedies
SELECT is((SELECT count(*) FROM ops.allowed_functions WHERE state = 'missing'), 0::bigint, 'until the remedy shown there removes the entry');
SELECT is((SELECT count(*) FROM ops.audit_entries WHERE action = 'disallow_function' AND name = 'shop.two(numeric,"char")'), 1::bigint, 'which is recorded');
SELECT throws_ok($$SELECT ops.disallow_function(signature => 'shop.two(numeric, "char")')$$, '42704', NULL, 'once');
SELECT throws_ok('SELECT ops.disallow_function()', '22004', NULL, 'one of the two must be named');
SELECT throws_ok($$SELECT ops.disallow_function('shop.inner(int)', 'shop.two(int)')$$, '22004', NULL, 'and only one');
SELECT ops.disallow_function(signature => 'shop.by_execute(integer)') \g /dev/null
SELECT is((SELECT count(*) FROM ops.allowed_functions WHERE fn_name = 'by_execute'), 0::bigint, 'a signature names one that is there as well');
CREATE ROLE t_af_reader IN ROLE ops_operator;
SET ROLE t_af_reader;
SELECT cmp_ok((SELECT count(*) FROM ops.allowed_functions), '>', 5::bigint, 'an operator sees the list');
RESET ROLE;
SELECT * FROM finish();
DROP SCHEMA shop CASCADE;
DROP ROLE t_af_owner, t_af_reader;
