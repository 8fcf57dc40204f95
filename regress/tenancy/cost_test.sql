-- Tenancy: max_cost refuses what is dear by sizes of tables, never by whose values a statement or its arguments name: a
-- refusal must not tell how often other tenants' rows hold a value.
-- database: fresh
SET client_min_messages = error;
SELECT plan(17);
SELECT ops.create_tenant('t_a'), ops.create_tenant('t_b') \g /dev/null
CREATE SCHEMA t_cost;
GRANT USAGE ON SCHEMA t_cost TO ops_tool;
-- Tenant t_a has a tenth of the rows; a name, a day and a pair of words are common in t_b and occur nowhere else.
CREATE TABLE t_cost.rows (tenant_id text, id int, name text, day date, a text, b text, tags text[], span int4range, PRIMARY KEY (tenant_id, id));
INSERT INTO t_cost.rows SELECT CASE WHEN i % 10 = 0 THEN 't_a' ELSE 't_b' END, i, CASE WHEN i % 10 = 0 THEN 'mine ' || i % 50 ELSE 'their boss' END,
  CASE WHEN i % 10 = 0 THEN date '2020-01-01' + i % 50 ELSE date '2026-01-01' + i % 5 END, CASE WHEN i % 10 = 0 THEN 'x' || i % 40 ELSE 'common' END,
  CASE WHEN i % 10 = 0 THEN 'y' || i % 40 ELSE 'pair' END, CASE WHEN i % 10 = 0 THEN '{mine}' ELSE '{theirs}' END::text[], int4range(i, i + 2)
  FROM generate_series(1, 20000) i;
CREATE INDEX rows_name ON t_cost.rows (name);
CREATE INDEX rows_lower ON t_cost.rows (lower(name));
CREATE INDEX rows_day ON t_cost.rows (day);
CREATE STATISTICS t_cost.both_words (mcv, dependencies, ndistinct) ON a, b FROM t_cost.rows;
CREATE TABLE t_cost.parts (LIKE t_cost.rows) PARTITION BY RANGE (id);
CREATE TABLE t_cost.parts_1 PARTITION OF t_cost.parts FOR VALUES FROM (MINVALUE) TO (10000);
CREATE TABLE t_cost.parts_2 PARTITION OF t_cost.parts FOR VALUES FROM (10000) TO (MAXVALUE);
INSERT INTO t_cost.parts SELECT * FROM t_cost.rows;
CREATE INDEX ON t_cost.parts (name);
CREATE VIEW t_cost.seen WITH (security_invoker) AS SELECT * FROM t_cost.rows;
VACUUM ANALYZE t_cost.rows, t_cost.parts;
GRANT SELECT ON t_cost.rows, t_cost.parts, t_cost.seen TO ops_tool;
SELECT ops.protect_table('t_cost.rows'), ops.protect_table('t_cost.parts') \g /dev/null

-- Two statements that differ in a value, one that t_b has often and one that nobody has.
CREATE TABLE pair (n serial, statement text, theirs text, nobodys text, known boolean DEFAULT true);
INSERT INTO pair (statement, theirs, nobodys) VALUES
  ('FROM t_cost.rows r WHERE r.name = %L', 'their boss', 'nobody'), ('FROM t_cost.rows r WHERE r.name IN (%L, ''other'')', 'their boss', 'nobody'),
  ('FROM t_cost.rows r WHERE r.tenant_id = %L', 't_b', 't_c'), ('FROM t_cost.rows r WHERE lower(r.name) = %L', 'their boss', 'nobody'),
  ('FROM t_cost.rows r WHERE r.day > %L', '2025-12-31', '2026-12-31'), ('FROM t_cost.rows r WHERE r.day BETWEEN %L AND ''2026-02-01''', '2025-12-31', '2026-01-31'),
  ('FROM t_cost.rows r WHERE (r.a, r.b) = (%L, ''pair'')', 'common', 'rare'), ('FROM t_cost.rows r WHERE r.name LIKE %L', 'their%', 'nobod%'),
  ('FROM t_cost.rows r WHERE %L = ANY (r.tags)', 'theirs', 'nobodys'), ('FROM t_cost.parts r WHERE r.name = %L', 'their boss', 'nobody'),
  ('FROM t_cost.seen r WHERE r.name = %L', 'their boss', 'nobody'), ('FROM t_cost.rows r JOIN t_cost.parts p ON p.id = r.id WHERE p.name = %L', 'their boss', 'nobody'),
  ('FROM t_cost.rows r, (SELECT name FROM t_cost.rows GROUP BY name HAVING name = %L) g WHERE g.name = r.name', 'their boss', 'nobody');
UPDATE pair SET statement = 'SELECT count(*) AS n ' || statement || ' AND r.id > 0';

-- The planner's own estimate for tools, which a superuser may see.
CREATE FUNCTION pg_temp.cost(statement text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
  plan json;
BEGIN
  EXECUTE 'EXPLAIN (FORMAT json) ' || statement INTO plan;
  RETURN plan #>> '{0,Plan,Total Cost}';
END $$;
GRANT ops_tool TO CURRENT_USER;
CREATE TABLE made AS SELECT p.n, v.whose, format(p.statement, v.value) AS statement, NULL::float8 AS cost, NULL::text AS at_less, NULL::text AS at_more
  FROM pair p, LATERAL (VALUES ('theirs', p.theirs), ('nobodys', p.nobodys)) v(whose, value);
GRANT ALL ON made TO ops_tool;
SET ROLE ops_tool;
UPDATE made SET cost = pg_temp.cost(statement);
RESET ROLE;
SELECT cmp_ok((SELECT count(*)::int FROM made t JOIN made o USING (n) WHERE t.whose = 'theirs' AND o.whose = 'nobodys' AND t.cost > o.cost * 1.05), '>=', 8,
  'the server''s own estimate is higher for values of the other tenant');

-- Whether a statement runs, at a bound between both estimates and at a very low one.
CREATE PROCEDURE pg_temp.try_all() LANGUAGE plpgsql AS $$
DECLARE
  m record;
  v_bound float8;
BEGIN
  FOR m IN SELECT p.n, (SELECT sqrt(min(x.cost) * max(x.cost)) FROM made x WHERE x.n = p.n) AS middle FROM pair p ORDER BY p.n LOOP
    FOREACH v_bound IN ARRAY ARRAY[m.middle, 5] LOOP
      PERFORM ops.put_asset('policy', 'bound', jsonb_build_object('max_cost', v_bound)), ops.publish_asset('policy', 'bound');
      PERFORM ops.create_sql_tool('try_' || x.whose, 'x', x.statement, policy => 'bound', "replace" => true) FROM made x WHERE x.n = m.n;
      COMMIT;
      UPDATE made x SET at_more = CASE WHEN v_bound = 5 THEN x.at_more ELSE ops.call_tool('try_' || x.whose) #>> '{tool_calls,0,error_code}' END,
                        at_less = CASE WHEN v_bound = 5 THEN ops.call_tool('try_' || x.whose) #>> '{tool_calls,0,error_code}' END WHERE x.n = m.n;
      COMMIT;
    END LOOP;
  END LOOP;
END $$;
CALL pg_temp.try_all();
SELECT is(t.at_more, o.at_more, 'alike at ' || round(sqrt(t.cost * o.cost)) || ': ' || t.statement)
  FROM made t JOIN made o USING (n) WHERE t.whose = 'theirs' AND o.whose = 'nobodys' ORDER BY t.n;
SELECT is((SELECT array_agg(DISTINCT at_less) FROM made), ARRAY['POLICY_DENY'], 'a low bound refuses every one');

-- An argument is a value as well; what it makes the server do counts.
SELECT ops.put_asset('policy', 'bound', '{"max_cost": 5000}'), ops.publish_asset('policy', 'bound') \g /dev/null
SELECT ops.create_sql_tool('by_name', 'x', 'SELECT count(*) AS n FROM t_cost.rows r JOIN t_cost.rows s ON s.name = r.name WHERE r.name = :name::text', policy => 'bound'),
       ops.create_sql_tool('by_number', 'x', 'SELECT count(*) AS n FROM generate_series(1, :n::int) g', policy => 'bound') \g /dev/null
SELECT is((SELECT count(DISTINCT ops.call_tool('by_name', jsonb_build_object('name', v)) #>> '{tool_calls,0,error_code}')
           FROM unnest(ARRAY['their boss', 'nobody', 'mine 0']) v), (SELECT count(DISTINCT e) FROM (VALUES (ops.call_tool('by_name', '{"name": "x"}') #>> '{tool_calls,0,error_code}')) q(e)),
  'arguments are judged alike');
SELECT is((SELECT array_agg(coalesce(ops.call_tool('by_number', jsonb_build_object('n', v)) #>> '{tool_calls,0,error_code}', 'ran') ORDER BY v) FROM unnest(ARRAY[10, 2000000000]) v),
  ARRAY['ran', 'POLICY_DENY'], 'a number that means work is counted');
SELECT * FROM finish();
DROP SCHEMA t_cost CASCADE;
