-- ops.check_sql at level full: what tools may say and what they may not, judged by OID in an executor.
-- database: fresh
\ir _shop.sql
CREATE TEMPORARY TABLE allowed (n serial, statement text);
INSERT INTO allowed (statement) VALUES
  ($$SELECT id, status FROM shop.orders WHERE id = :id$$),
  ($$TABLE shop.orders$$),
  ($$VALUES (1, 'DELETE'), (2, 'it''s; DROP TABLE x')$$),
  ($$SELECT * FROM shop.rates$$),
  ($$SELECT * FROM shop.parted$$),
  ($$SELECT * FROM ONLY shop.orders$$),
  ($$SELECT * FROM shop.invoker$$),
  ($$SELECT shop.trusted(id) FROM shop.orders$$),
  ($$SELECT mood, 'good'::shop.mood AS good, plain FROM shop.typed ORDER BY mood$$),
  ($$SELECT 5::shop.plain, '{1,2}'::int[], '(1,2)'::int4range$$),
  ($$SELECT count(DISTINCT status) FILTER (WHERE total > 0), percentile_cont(0.5) WITHIN GROUP (ORDER BY total) FROM shop.orders$$),
  ($$SELECT status, count(*), grouping(status) FROM shop.orders GROUP BY ROLLUP (status) HAVING count(*) > 1$$),
  ($$SELECT rank() OVER (PARTITION BY status ORDER BY total RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM shop.orders$$),
  ($$SELECT lag(total) OVER w, first_value(id) OVER w FROM shop.orders WINDOW w AS (ORDER BY created_at RANGE BETWEEN '1 day' PRECEDING AND CURRENT ROW)$$),
  ($$SELECT o.*, top.total FROM shop.orders o, LATERAL (SELECT total FROM shop.orders i WHERE i.id = o.id ORDER BY 1 LIMIT 1) top$$),
  ($$WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 9) SEARCH DEPTH FIRST BY n SET o CYCLE n SET c USING p SELECT sum(n) FROM t$$),
  ($$SELECT 1 UNION SELECT id FROM shop.orders INTERSECT SELECT 2 EXCEPT SELECT 3 ORDER BY 1$$),
  ($$SELECT DISTINCT ON (status) status, id FROM shop.orders ORDER BY status, id DESC$$),
  ($$SELECT * FROM shop.orders a JOIN shop.orders b USING (id) LEFT JOIN shop.rates r ON r.id = a.id WHERE (a.id, a.status) < (5, 'x')$$),
  ($$SELECT data->'a'->>'b', data @> '{"a":1}', data['x'], tags[1], tags[1:2], tags @> ARRAY['a'], 'a' = ANY (tags) FROM shop.orders$$),
  ($$SELECT jsonb_path_query(data, '$.a[*]'), jsonb_agg(id) FROM shop.orders GROUP BY 1$$),
  ($$SELECT * FROM jsonb_to_recordset('[{"a":1}]') AS r(a int, b text)$$),
  ($$SELECT * FROM jsonb_array_elements('[1,2]') WITH ORDINALITY AS e(v, n)$$),
  ($$SELECT * FROM generate_series(:first::timestamptz, :last, '1 day') AS d$$),
  ($$SELECT greatest(id, 1), nullif(id, 2), coalesce(status, 'x'), CASE id WHEN 1 THEN 'a' ELSE 'b' END FROM shop.orders$$),
  ($$SELECT ROW(id, status) = ROW(1, 'a'), ARRAY[id, 2]::text[], id::text::int FROM shop.orders$$),
  ($$SELECT EXISTS (SELECT FROM shop.orders), ARRAY(SELECT id FROM shop.orders), id IN (SELECT id FROM shop.rates) FROM shop.orders$$),
  ($$SELECT now(), clock_timestamp(), current_date, extract(epoch FROM now()), date_trunc('hour', created_at AT TIME ZONE 'Asia/Seoul') FROM shop.orders$$),
  ($$SELECT random(), gen_random_uuid(), md5('a'), repeat('x', 3), to_char(1.5, '999.9'), format('%s', 1)$$),
  ($$SELECT regexp_replace(status, 'a(.)', '\1'), split_part(status, ',', 1), string_agg(status, ',' ORDER BY id) FROM shop.orders GROUP BY 1, 2$$),
  ($$SELECT to_tsvector('english', status) @@ plainto_tsquery('english', 'x') FROM shop.orders$$),
  ($$SELECT xmlelement(name a, status), xpath('/a', '<a/>'::xml) FROM shop.orders$$),
  ($$SELECT * FROM shop.orders TABLESAMPLE BERNOULLI (10)$$),
  ($$SELECT table_name FROM information_schema.tables$$),
  ($$SELECT nspname FROM pg_namespace$$),
  ($$SELECT tablename FROM pg_catalog.pg_tables$$),
  ($$SELECT id FROM shop.orders WHERE created_at >= :since AND (:status::text IS NULL OR status = :status) LIMIT :n$$),
  ($$SELECT "id" AS "delete" FROM shop."orders" AS "update"$$),
  ($$SELECT E'\'; DROP TABLE x; --' AS a, $q$ :no $q$ AS b /* :no */ FROM shop.orders -- :no$$);

CREATE TEMPORARY TABLE refused (n serial, rule text, statement text);
INSERT INTO refused (rule, statement) VALUES
  ('relation_unprotected', 'SELECT * FROM shop.open'),
  ('relation_unprotected', 'SELECT (SELECT count(*) FROM shop.open)'),
  ('relation_unprotected', 'SELECT 1 FROM shop.orders WHERE EXISTS (SELECT FROM shop.open)'),
  ('relation_unprotected', 'WITH x AS (SELECT * FROM shop.open) SELECT 1'),
  ('relation_unprotected', 'SELECT 1 UNION ALL SELECT id FROM shop.open'),
  ('relation_unprotected', 'SELECT * FROM shop.orders, LATERAL (SELECT * FROM shop.open) AS l'),
  ('relation_unprotected', 'VALUES ((SELECT max(id) FROM shop.open))'),
  ('relation_unprotected', 'SELECT * FROM shop.weak'),
  ('relation_unprotected', 'SELECT * FROM shop.parted_later'),
  ('relation_kind', 'SELECT * FROM shop.stored'),
  ('relation_kind', 'SELECT last_value FROM shop.numbers'),
  ('permission_denied', 'SELECT * FROM ops.tenant_store'),
  ('view_not_invoker', 'SELECT * FROM shop.definer'),
  ('view_not_invoker', 'SELECT * FROM shop.definer_inside'),
  ('locking_clause', 'SELECT * FROM shop.locks'),
  ('catalog_monitor', 'SELECT * FROM shop.activity'),
  ('catalog_monitor', 'SELECT * FROM pg_class'),
  ('catalog_monitor', 'SELECT query FROM pg_catalog.pg_stat_activity'),
  ('catalog_monitor', 'SELECT * FROM pg_settings'),
  ('catalog_monitor', 'SELECT prosrc FROM pg_proc'),
  ('catalog_monitor', 'SELECT rolname FROM pg_roles'),
  ('catalog_never', 'SELECT * FROM pg_authid'),
  ('catalog_never', 'SELECT * FROM pg_shadow'),
  ('catalog_never', 'SELECT * FROM pg_stats'),
  ('catalog_never', 'SELECT * FROM pg_statistic'),
  ('catalog_never', 'SELECT * FROM pg_user_mappings'),
  ('catalog_never', 'SELECT * FROM pg_largeobject'),
  ('catalog_never', 'SELECT * FROM information_schema.user_mapping_options'),
  ('catalog_never', 'SELECT * FROM pg_db_role_setting'),
  ('function_not_allowed', 'SELECT shop.evil(1)'),
  ('function_not_allowed', 'SELECT * FROM shop.evil(1)'),
  ('function_not_allowed', 'VALUES (shop.evil(1))'),
  ('function_not_allowed', 'SELECT 1 LIMIT shop.evil(1)'),
  ('function_not_allowed', 'SELECT * FROM shop.orders ORDER BY shop.evil(id)'),
  ('function_not_allowed', 'SELECT * FROM shop.orders TABLESAMPLE SYSTEM (shop.evil(1))'),
  ('function_not_allowed', 'SELECT count(*) FILTER (WHERE shop.evil(1) > 0) FROM shop.orders'),
  ('function_not_allowed', 'SELECT sum(id) OVER (ORDER BY shop.evil(id)) FROM shop.orders'),
  ('function_not_allowed', 'SELECT 1 GROUP BY GROUPING SETS ((shop.evil(1)))'),
  ('function_not_allowed', 'SELECT CASE shop.evil(1) WHEN 1 THEN 2 END'),
  ('function_not_allowed', 'SELECT coalesce(NULL, shop.evil(1))'),
  ('function_not_allowed', 'SELECT (ARRAY[1])[shop.evil(1)]'),
  ('function_not_allowed', 'SELECT 1 OPERATOR(shop.===) 2'),
  ('function_not_allowed', 'SELECT 1 OPERATOR(shop.===) ANY (ARRAY[2])'),
  ('function_not_allowed', 'SELECT id FROM shop.orders WHERE id OPERATOR(shop.===) ALL (SELECT 1)'),
  ('function_not_allowed', 'SELECT shop.total(id) FROM shop.orders'),
  ('function_not_allowed', 'SELECT shop.total(id) OVER () FROM shop.orders'),
  ('function_not_allowed', 'SELECT shop.lower(''X''::varchar)'),
  ('function_not_allowed', 'SELECT orders::text FROM shop.orders'),
  ('function_not_allowed', 'SELECT shop.changed(1)'),
  ('function_not_allowed', 'SELECT shop.given(1)'),
  ('function_not_allowed', 'SELECT * FROM shop.calls'),
  ('function_not_allowed', 'SELECT * FROM shop.own_policy'),
  ('function_not_allowed', 'SELECT 1::shop.checked'),
  ('function_not_allowed', 'SELECT ''{1}''::shop.checked[]'),
  ('function_not_allowed', 'SELECT ''(1,2)''::shop.pair'),
  ('function_not_allowed', 'SELECT (''{1}''::text)::shop.checked[]'),
  ('function_not_allowed', 'SELECT json_populate_record(NULL::shop.pair, ''{"a":1}'')'),
  ('function_not_allowed', 'SELECT * FROM json_to_record(''{"a":1}'') AS r(a shop.checked)'),
  ('function_not_allowed', 'SELECT * FROM XMLTABLE(''/r'' PASSING (''<r/>''::xml) COLUMNS a shop.checked)'),
  ('function_not_allowed', 'SELECT checked FROM shop.typed'),
  ('function_not_allowed', 'SELECT typed FROM shop.typed'),
  ('function_not_allowed', 'SELECT :p::shop.checked'),
  ('permission_denied', 'SELECT ops.set_tenant(''x'')'),
  ('permission_denied', 'SELECT ops.ask(''x'')'),
  ('function_never', 'SELECT pg_catalog.array_in(''{1}'', 23, -1)'),
  ('function_never', 'SELECT ts_rewrite(''a''::tsquery, ''SELECT 1'')'),
  ('function_never', 'SELECT set_config(''role'', ''postgres'', false)'),
  ('function_never', 'SELECT nextval(''shop.numbers'')'),
  ('function_never', 'SELECT pg_sleep(1)'),
  ('function_never', 'SELECT query_to_xml(''SELECT 1'', true, true, '''')'),
  ('function_never', 'SELECT lo_create(0)'),
  ('function_never', 'SELECT pg_advisory_lock(1)'),
  ('function_monitor', 'SELECT pg_database_size(''postgres'')'),
  ('function_monitor', 'SELECT age(''3''::xid)'),
  ('parameter_type', 'SELECT :x'),
  ('positional_parameter', 'SELECT $1'),
  ('several_statements', 'SELECT 1; SELECT 2'),
  ('modifying_cte', 'WITH x AS (DELETE FROM shop.orders RETURNING *) SELECT * FROM x'),
  ('statement_kind', 'DROP TABLE shop.orders'),
  ('permission_denied', 'SELECT ops.current_tenant()'),
  ('permission_denied', 'SELECT * FROM shop.no_grant'),
  ('analysis_error', 'SELECT * FROM orders'),
  ('analysis_error', 'SELECT nothing FROM shop.orders'),
  ('analysis_error', 'SELECT shop.no_such_function(1)'),
  ('analysis_error', 'SELECT id = ''x'' FROM shop.orders'),
  ('too_long', repeat('x', 40000)),
  ('too_complex', 'SELECT 1' || repeat('+1', 15000));

SELECT plan((SELECT count(*)::int FROM allowed) + (SELECT count(*)::int FROM refused) + 17);
SELECT is(shop.verdict(statement), 'allowed', 'allowed: ' || left(statement, 100)) FROM allowed ORDER BY n;
SELECT is(shop.verdict(statement), rule, rule || ': ' || left(statement, 100)) FROM refused ORDER BY n;
SELECT is((SELECT is_called FROM shop.canary), false, 'nothing that was judged has run');

-- What a verdict says.
SELECT is(ops.check_sql('SELECT id FROM shop.open')->>'error_code', 'TENANT_MISMATCH', 'an unprotected table is a matter of tenants');
SELECT is(ops.check_sql('SELECT pg_sleep(1)')->>'error_code', 'SQL_BLOCKED', 'a function is a matter of SQL');
SELECT is(ops.check_sql('SELECT 1')->>'error_code', NULL, 'what is allowed has no code');
SELECT alike(ops.check_sql('SELECT id FROM shop.open')->>'hint', '%ops.protect_table(''shop.open'')%', 'the hint is the statement that helps');
SELECT is(ops.check_sql('SELECT :a::int, id FROM shop.open')->>'position', '25', 'positions count characters of the text that was given');
SELECT is(ops.check_sql('SELECT ''é'', :first::int, shop.evil(1)')->>'position', '26', 'also for functions and beyond ASCII');
SELECT is(ops.check_sql('SELECT ''é'', :first::int, nothing FROM shop.orders')->>'position', '26', 'also for what the server reports');
SELECT is(ops.check_sql('SELECT lower(status) FROM shop.orders WHERE id = :id AND total > :min') #>> '{parameters}',
          '[{"name": "id", "type": "integer"}, {"name": "min", "type": "numeric"}]', 'types of parameters are inferred');
SELECT is(ops.check_sql('SELECT lower(status) FROM shop.orders') #>> '{relations}', '["shop.orders"]', 'relations are named');
SELECT is(ops.check_sql('SELECT lower(status) FROM shop.orders') #>> '{functions}', '["pg_catalog.lower"]', 'functions are named');

SELECT alike(ops.check_sql('SELECT ARRAY[:a, :b]')->>'hint', '%written (:name)%', 'a parameter in brackets is explained');
SELECT is(ops.check_sql('SELECT extract(:field FROM now())')->>'message', 'syntax error at or near ":field"', 'messages speak of names, not of numbers');
SELECT is(ops.check_sql('SELECT :b::int + :a::int AS s') #>> '{parameters,0,name}' || (ops.check_sql('SELECT :x::int + :y::int AS s') #>> '{parameters,0,name}'),
          'bx', 'texts that differ in names only keep their own');

-- Levels and misuse.
SELECT is(shop.verdict('SELECT no_such_function(x) FROM nowhere', 'syntax'), 'allowed', 'level syntax asks no catalog');
SELECT throws_ok($$SELECT ops.check_sql(NULL)$$, '22004', NULL, 'NULL is an error');
SELECT throws_ok($$SELECT ops.check_sql('SELECT 1', 'half')$$, '22023', NULL, 'so is an unknown level');
SELECT * FROM finish();
