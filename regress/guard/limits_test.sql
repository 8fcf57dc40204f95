-- Checking itself is bounded: texts that are too long, too deep or too costly to judge are refused with a sentence, as
-- a verdict and never as an error, and the next statement is judged as if nothing had been.
-- database: fresh
SET client_min_messages = error;
CREATE TEMPORARY TABLE bombs (n serial, what text, rules text, statement text);
INSERT INTO bombs (what, rules, statement) VALUES
  ('50 MB of a name', 'too_long', 'SELECT ' || repeat('x', 50000000)),
  ('a name one byte too long for a statement', 'too_long', 'SELECT ' || repeat('x', 32762)),
  ('15,000 parentheses around a SELECT', 'too_complex', repeat('(', 15000) || 'SELECT 1' || repeat(')', 15000)),
  ('15,000 parentheses around a number', 'too_complex', 'SELECT ' || repeat('(', 15000) || '1' || repeat(')', 15000)),
  ('6,000 nested calls', 'too_complex', 'SELECT ' || repeat('abs(', 6000) || '1' || repeat(')', 6000)),
  ('8,000 times NOT', 'too_complex', 'SELECT ' || repeat('NOT ', 8000) || 'true'),
  ('15,000 additions', 'too_complex', 'SELECT 1' || repeat('+1', 15000)),
  ('1,300 nested CASE', 'allowed too_complex analysis_error', 'SELECT ' || repeat('CASE WHEN true THEN ', 1300) || '1' || repeat(' END', 1300)),
  ('3,500 nested sub-selects', 'too_complex', repeat('SELECT (', 3500) || '1' || repeat(')', 3500)),
  ('1,700 nested sub-selects in FROM', 'too_complex', repeat('SELECT * FROM (', 1700) || 'SELECT 1 AS a' || repeat(') x', 1700)),
  ('2,300 relations', 'allowed', 'SELECT 1 FROM ' || (SELECT string_agg('pg_type t' || i, ',') FROM generate_series(1, 2300) i)),
  ('1,000 joins with USING', 'analysis_resources allowed', 'SELECT 1 FROM pg_type t0 ' || (SELECT string_agg('JOIN pg_type t' || i || ' USING (oid)', ' ') FROM generate_series(1, 1000) i)),
  ('more columns than a result may have', 'analysis_error', 'SELECT * FROM ' || (SELECT string_agg('pg_type t' || i, ',') FROM generate_series(1, 100) i)),
  ('2,000 set operations', 'allowed', 'SELECT 1 ' || repeat('UNION SELECT 1 ', 2000)),
  ('700 WITH queries, each twice the one before', 'allowed', 'WITH c0 AS (SELECT 1 AS x), ' ||
     (SELECT string_agg(format('c%s AS (SELECT a.x FROM c%s a, c%s b)', i, i - 1, i - 1), ',') FROM generate_series(1, 700) i) || ' SELECT count(*) FROM c700'),
  ('a list of 6,000 numbers', 'allowed', 'SELECT count(*) FROM pg_type WHERE oid IN (' || (SELECT string_agg(i::text, ',') FROM generate_series(1, 6000) i) || ')'),
  ('CUBE of 14 columns', 'analysis_error', 'SELECT count(*) FROM pg_type GROUP BY CUBE (' || (SELECT string_agg('(oid,typname)', ',') FROM generate_series(1, 14) i) || ')'),
  ('a product of grouping sets', 'analysis_error', 'SELECT count(*) FROM pg_type GROUP BY ' || (SELECT string_agg('ROLLUP (oid, typname, typlen)', ',') FROM generate_series(1, 30) i)),
  ('600 windows', 'allowed', 'SELECT ' || (SELECT string_agg('sum(1) OVER w' || i, ',') FROM generate_series(1, 600) i) || ' WINDOW ' ||
     (SELECT string_agg(format('w%s AS (ORDER BY %s)', i, i), ',') FROM generate_series(1, 600) i)),
  ('2,000 parameters', 'allowed', 'SELECT ' || (SELECT string_agg(':p' || i || '::int', '+') FROM generate_series(1, 1900) i)),
  ('a query of text search nested too deeply', 'analysis_error', 'SELECT ''' || repeat('(', 15000) || repeat(')', 15000) || '''::tsquery'),
  ('an input function that says XX000', 'analysis_error', 'SELECT ''' || repeat('!', 30000) || 'a''::tsquery'),
  ('an array with too many dimensions', 'analysis_error', 'SELECT ''' || repeat('{', 12000) || repeat('}', 12000) || '''::int[]'),
  ('json nested deeply', 'allowed analysis_error', 'SELECT ''' || repeat('[', 15000) || repeat(']', 15000) || '''::jsonb'),
  ('entities of XML that explode', 'analysis_error', 'SELECT ''<!DOCTYPE a [<!ENTITY x0 "xxxxxxxxxx">' ||
     (SELECT string_agg(format('<!ENTITY x%s "&x%s;&x%s;&x%s;&x%s;&x%s;&x%s;&x%s;&x%s;">', i, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1), '') FROM generate_series(1, 12) i)
     || ']><a>&x12;</a>''::xml'),
  ('a number of 30,000 digits in its exponent', 'analysis_error', 'SELECT 1e' || repeat('9', 30000)),
  ('256 nested comments and one', 'too_complex', 'SELECT 1 ' || repeat('/* x */ ', 257)),
  ('an operator of 64 characters', 'too_complex', 'SELECT 1 ' || repeat('+', 64) || ' 1');

CREATE FUNCTION pg_temp.judged(statement text, level text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  RETURN ops.check_sql(statement, level);
EXCEPTION WHEN OTHERS THEN
  RETURN jsonb_build_object('allowed', false, 'rule', 'an error was raised: ' || SQLSTATE, 'message', SQLERRM);
END $$;

SELECT plan(3 * (SELECT count(*)::int FROM bombs));
SELECT collect_tap(
         CASE WHEN COALESCE(j ->> 'rule', 'allowed') = ANY (string_to_array(rules, ' ')) THEN ok(true, what) ELSE is(j::text, rules, what) END,
         ok((j ->> 'allowed')::boolean OR length(j ->> 'message') BETWEEN 10 AND 300, what || ': a sentence'),
         ok(s ->> 'rule' IS NULL OR s ->> 'rule' IN ('too_long', 'too_complex'), what || ': the text alone'))
  FROM bombs, LATERAL (SELECT pg_temp.judged(statement, 'full') AS j, pg_temp.judged(statement, 'syntax') AS s) v ORDER BY n;
SELECT * FROM finish();
