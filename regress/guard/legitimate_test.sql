-- Legitimate analytic statements: each is allowed by ops.check_sql(full), and run as a tool it gives the rows that
-- the same statement gives its owner over a database which holds that tenant's rows only.
-- database: fresh
SET client_min_messages = error;
SET TimeZone = 'UTC';
\ir corpus/_lab.sql
\ir corpus/_load.sql
\copy lines (line) FROM 'regress/guard/corpus/legitimate/_select.sql' WITH (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')
SELECT pg_temp.end_of_file('select') \gset
\copy lines (line) FROM 'regress/guard/corpus/legitimate/_aggregates_windows.sql' WITH (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')
SELECT pg_temp.end_of_file('aggregates_windows') \gset
\copy lines (line) FROM 'regress/guard/corpus/legitimate/_json_xml.sql' WITH (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')
SELECT pg_temp.end_of_file('json_xml') \gset
\copy lines (line) FROM 'regress/guard/corpus/legitimate/_text.sql' WITH (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')
SELECT pg_temp.end_of_file('text') \gset
\copy lines (line) FROM 'regress/guard/corpus/legitimate/_numbers.sql' WITH (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')
SELECT pg_temp.end_of_file('numbers') \gset
\copy lines (line) FROM 'regress/guard/corpus/legitimate/_times.sql' WITH (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')
SELECT pg_temp.end_of_file('times') \gset
\copy lines (line) FROM 'regress/guard/corpus/legitimate/_arrays_ranges.sql' WITH (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')
SELECT pg_temp.end_of_file('arrays_ranges') \gset
\copy lines (line) FROM 'regress/guard/corpus/legitimate/_types.sql' WITH (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')
SELECT pg_temp.end_of_file('types') \gset
\copy lines (line) FROM 'regress/guard/corpus/legitimate/_reports.sql' WITH (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')
SELECT pg_temp.end_of_file('reports') \gset
\copy lines (line) FROM 'regress/guard/corpus/legitimate/_catalog.sql' WITH (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')
SELECT pg_temp.end_of_file('catalog') \gset
\copy lines (line) FROM 'regress/guard/corpus/legitimate/_monitor.sql' WITH (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')
SELECT pg_temp.end_of_file('monitor') \gset

CREATE TEMPORARY TABLE outcome (n int PRIMARY KEY, allowed boolean, verdict text, tool jsonb, trouble text);
CREATE FUNCTION pg_temp.run_as_tool(c cases) RETURNS outcome LANGUAGE plpgsql AS $$
DECLARE
  v outcome;
  monitor boolean := c.file = 'monitor';
  answer jsonb;
BEGIN
  v.n := c.n;
  PERFORM ops.set_tenant(CASE WHEN monitor THEN 'system' ELSE 'acme' END);
  IF NOT monitor THEN  -- check_sql judges as a tool that runs as ops_tool
    answer := ops.check_sql(c.statement, 'full');
    v.allowed := (answer ->> 'allowed')::boolean;
    v.verdict := concat_ws(': ', answer ->> 'rule', answer ->> 'message', answer ->> 'hint', answer ->> 'position');
  END IF;
  BEGIN
    PERFORM ops.create_sql_tool('probe', 'A statement of the corpus.', c.statement, present => '{"block": "table"}',
      run_as => CASE WHEN monitor THEN 'ops_stats'::name ELSE 'ops_tool'::name END, "replace" => true);
    answer := ops.call_tool('probe', c.args);
    v.tool := COALESCE(answer #> '{answer,blocks,0,rows}', '[]');
    IF answer ->> 'status' <> 'success' THEN
      v.trouble := COALESCE(answer #>> '{tool_calls,0,message}', answer ->> 'error');
    ELSIF (answer #>> '{tool_calls,0,row_count}')::int <> jsonb_array_length(v.tool) THEN
      v.trouble := 'the answer shows ' || jsonb_array_length(v.tool) || ' rows of ' || (answer #>> '{tool_calls,0,row_count}');
    END IF;
    IF monitor THEN v.allowed := v.trouble IS NULL; END IF;
  EXCEPTION WHEN OTHERS THEN
    DECLARE detail text;
    BEGIN
      GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
      v.trouble := concat_ws(' | ', SQLERRM, detail);
    END;
  END;
  RETURN v;
END $$;
-- The rows as the owner sees them, with the settings that executors pin.
CREATE FUNCTION pg_temp.run_as_owner(statement text, args jsonb) RETURNS jsonb LANGUAGE plpgsql
  SET search_path = pg_catalog SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'iso_8601' SET xmloption = 'content' AS $$
DECLARE
  name text;
  rows jsonb;
BEGIN
  FOR name IN SELECT jsonb_object_keys(args) LOOP
    statement := regexp_replace(statement, '(?<!:):' || name || '\M', quote_nullable(CASE WHEN statement LIKE '%:' || name || '::int[]%' THEN translate(args ->> name, '[]', '{}') ELSE args ->> name END), 'g');
  END LOOP;
  EXECUTE 'SELECT jsonb_agg(to_jsonb("the row")) FROM (' || rtrim(statement, '; ') || E'\n) AS "the row"' INTO rows;
  RETURN COALESCE(rows, '[]');
EXCEPTION WHEN OTHERS THEN
  RETURN to_jsonb('the owner''s run failed: ' || SQLERRM);
END $$;
-- Rows in their order where the statement asks for one, else sorted.
CREATE FUNCTION pg_temp.comparable(rows jsonb, statement text) RETURNS jsonb LANGUAGE sql AS $$
  SELECT CASE WHEN jsonb_typeof(rows) <> 'array' OR statement ~* 'ORDER BY [^()]*(\([^()]*\)[^()]*)*$' THEN rows
              ELSE (SELECT COALESCE(jsonb_agg(r ORDER BY r), '[]') FROM jsonb_array_elements(rows) AS r) END $$;

INSERT INTO outcome SELECT o.* FROM cases c, LATERAL pg_temp.run_as_tool(c) AS o;

BEGIN;
DO $$
DECLARE t regclass;
BEGIN
  FOR t IN SELECT DISTINCT a.attrelid FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            WHERE c.relnamespace = 'lab'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'tenant_id' LOOP
    EXECUTE format('DELETE FROM %s WHERE tenant_id <> %L', t, 'acme');
  END LOOP;
END $$;
CREATE TEMPORARY TABLE compared AS
  SELECT c.n, c.file, c.reason, o.allowed, o.verdict, o.trouble,
         pg_temp.comparable(o.tool, c.statement) AS tool,
         pg_temp.comparable(pg_temp.run_as_owner(c.statement, c.args), c.statement) AS owner
    FROM cases c JOIN outcome o USING (n);
SELECT plan((SELECT count(*)::int FROM cases) + 1);
SELECT ok(r.allowed AND r.trouble IS NULL AND r.tool = r.owner, r.file || ': ' || r.reason)
       || CASE WHEN NOT r.allowed THEN E'\n' || diag('refused: ' || r.verdict)
               WHEN r.trouble IS NOT NULL THEN E'\n' || diag('failed: ' || r.trouble)
               WHEN r.tool <> r.owner THEN E'\n' || diag(left('tool:  ' || r.tool::text, 1500) || E'\n' || left('owner: ' || r.owner::text, 1500)) ELSE '' END
  FROM compared r ORDER BY r.n;
SELECT diag(format('legitimate statements: %s, allowed %s, with the right rows %s', count(*), count(*) FILTER (WHERE allowed),
                   count(*) FILTER (WHERE allowed AND trouble IS NULL AND tool = owner))) FROM compared;
SELECT cmp_ok((SELECT count(*)::int FROM cases), '>=', 400, 'the corpus has 400 statements and more');
SELECT * FROM finish();
ROLLBACK;
