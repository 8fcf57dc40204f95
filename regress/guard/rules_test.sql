-- docs/security/guard-rules.md: every rule of the sources is there, what it says is refused is refused by that
-- rule, and what it says is allowed is allowed.
-- database: fresh
\ir _shop.sql
-- Columns of hostile types would be refused for themselves.
CREATE TEMPORARY TABLE lines (n serial, line text);
\copy lines (line) FROM 'docs/security/guard-rules.md' WITH (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')
CREATE TEMPORARY TABLE words (word text);
\copy words FROM PROGRAM 'grep -ohE "\"[a-z]+(_[a-z]+)+\"" guard/parse_guard.cpp guard/tree_walk.cpp guard/params.cpp extension/pg/analysis/analysis.cpp extension/pg/analysis/collect.cpp extension/pg/analysis/judge.cpp extension/entry/guard.cpp | sort -u | tr -d \"\\\042\"'
CREATE TEMPORARY TABLE examples AS
  SELECT n, rule, refused, line AS statement
    FROM (SELECT n, line, max(substr(line, 5)) FILTER (WHERE line LIKE '### %') OVER (PARTITION BY part) AS rule,
                 count(*) FILTER (WHERE line = '```sql refused') OVER w > count(*) FILTER (WHERE line = '```sql allowed') OVER w AS refused,
                 count(*) FILTER (WHERE line LIKE '```%') OVER w % 2 = 1 AS inside
            FROM (SELECT n, line, count(*) FILTER (WHERE line LIKE '##%') OVER (ORDER BY n) AS part FROM lines) s
          WINDOW w AS (PARTITION BY part ORDER BY n)) t
   WHERE inside AND line NOT LIKE '```%';
UPDATE examples SET statement =
  CASE WHEN statement LIKE '%<33000 characters>%' THEN replace(statement, '<33000 characters>', repeat('x', 33000))
       WHEN statement LIKE '%<30000 characters>%' THEN replace(statement, '<30000 characters>', repeat('x', 30000))
       WHEN statement LIKE '%<2000 times +1>%' THEN replace(statement, '<2000 times +1>', repeat('+1', 5000))
       WHEN statement LIKE '%<1000 times +1>%' THEN replace(statement, '<1000 times +1>', repeat('+1', 1000))
       WHEN statement LIKE '%<3000 nested calls of abs>%' THEN replace(statement, '<3000 nested calls of abs>', repeat('abs(', 3000) || '1' || repeat(')', 3000))
       WHEN statement LIKE '%<200 nested calls of abs>%' THEN replace(statement, '<200 nested calls of abs>', repeat('abs(', 200) || '1' || repeat(')', 200))
       ELSE statement END;

SELECT plan(5 + (SELECT count(*)::int FROM examples));
SELECT is(shop.verdict(statement), CASE WHEN refused THEN rule ELSE 'allowed' END,
          rule || CASE WHEN refused THEN ' refuses: ' ELSE ' allows: ' END || left(statement, 80))
  FROM examples ORDER BY n;
-- Words of the sources that are no rules.
SELECT is((SELECT string_agg(word, ' ' ORDER BY word) FROM words
            WHERE word NOT IN ('any_type_input', 'check_sql', 'error_code', 'ops_tool', 'pg_catalog', 'stmt_location', 'set_config')
              AND NOT EXISTS (SELECT FROM lines WHERE line = '### ' || word)), NULL, 'no rule of the sources is missing');
SELECT is((SELECT string_agg(substr(line, 5), ' ' ORDER BY n) FROM lines
            WHERE line LIKE '### %' AND substr(line, 5) NOT IN (SELECT word FROM words)), NULL, 'and none is invented');
SELECT is((SELECT string_agg(substr(line, 5), ' ' ORDER BY n) FROM lines
            WHERE line LIKE '### %' AND substr(line, 5) NOT IN (SELECT rule FROM examples WHERE refused)),
          'not_text out_of_memory parameter_undeclared function_unclassified analysis_timeout analysis_resources',
          'only what cannot be shown with a statement has no example');
SELECT is((SELECT count(*)::int FROM (SELECT rule FROM examples GROUP BY rule HAVING bool_and(refused) OR bool_and(NOT refused)) s), 0,
          'every example has its twin');
SELECT is((SELECT string_agg(concat_ws(':', j ->> 'position', j ->> 'line', j ->> 'column'), ' ')
             FROM (VALUES (E'SELECT id,\n       shop.evil(1)\n  FROM shop.orders'), (E'SELECT ''é'' AS a,\r\n :x::int, nothing\r\n FROM shop.orders'),
                          ('SELECT id FROM shop.definer'), ('SELECT 1'),
                          ('SELECT o.id FROM shop.orders o, shop.calls'), ('SELECT o.id FROM shop.orders o, shop.own_policy')) v(t), LATERAL ops.check_sql(t) AS j),
          '19:2:8 29:2:11 16:1:16  33:1:33 33:1:33', 'places are given as character, line and column, of what views and policies call as the relation''s');
SELECT * FROM finish();
