-- SELECT: list of expressions without FROM
SELECT 1 AS one, 'two' AS two, 3.0 AS three, NULL AS nothing, true AS yes
-- SELECT: star and qualified star
SELECT o.*, c.name FROM lab.orders o, lab.customers c WHERE c.id = o.customer_id AND o.id < 5
-- SELECT ALL
SELECT ALL status FROM lab.orders
-- DISTINCT
SELECT DISTINCT status, qty FROM lab.orders ORDER BY status, qty
-- DISTINCT ON
SELECT DISTINCT ON (customer_id) customer_id, id, total FROM lab.orders ORDER BY customer_id, placed_at DESC, id
-- TABLE command
TABLE lab.edges
-- TABLE ONLY
TABLE ONLY lab.vehicles
-- VALUES as statement
VALUES (1, 'a'), (2, 'b'), (3, NULL) ORDER BY 1 DESC LIMIT 2
-- VALUES in FROM
SELECT v.id, v.name FROM (VALUES (1, 'x'), (2, 'DELETE FROM t')) AS v(id, name) ORDER BY v.id
-- words of SQL inside literals and identifiers
SELECT 'DROP TABLE x; COMMIT' AS "delete", "update".id AS "insert" FROM lab.orders AS "update" WHERE note LIKE '%DELETE%' ORDER BY 2
-- quoted names with spaces and non-ASCII letters
SELECT "select", "Größe" * 2 AS "zweimal so groß" FROM lab."Odd Name" ORDER BY "select"
-- comments of both kinds, nested
SELECT /* outer /* inner; DROP */ still */ count(*) AS n -- the end; DELETE
  FROM lab.orders
-- dollar-quoted, escape, unicode and bit-string literals
SELECT $q$it's; --$q$ AS a, E'tab\there' AS b, U&'\00e9' AS c, B'1010' AS d, X'1F' AS e, 'two '
  'parts' AS f
-- a semicolon at the end
SELECT count(*) AS n FROM lab.orders;
-- WHERE with every simple predicate
SELECT id FROM lab.orders WHERE total > 100 AND NOT status = 'void' AND (qty <> 3 OR note IS NULL) AND id BETWEEN 1 AND 70 AND id NOT BETWEEN SYMMETRIC 20 AND 10 ORDER BY id
-- IS DISTINCT FROM, IS UNKNOWN, IS TRUE, IS DOCUMENT
SELECT id, city IS DISTINCT FROM 'Seoul' AS d, city IS NOT DISTINCT FROM NULL AS n, (city = 'Seoul') IS UNKNOWN AS u, active IS TRUE AS t, active IS NOT FALSE AS f FROM lab.customers ORDER BY id
-- LIKE, ILIKE, SIMILAR TO with ESCAPE
SELECT name FROM lab.customers WHERE name LIKE 'A%' OR name ILIKE 'D%' OR name SIMILAR TO '(E|F)%' OR name LIKE '#_%' ESCAPE '#' ORDER BY name
-- IN list and NOT IN
SELECT id FROM lab.orders WHERE status IN ('open', 'sent') AND qty NOT IN (1, 2, 3) ORDER BY id
-- IN sub-select, NOT EXISTS
SELECT c.id FROM lab.customers c WHERE c.id IN (SELECT customer_id FROM lab.orders) AND NOT EXISTS (SELECT FROM lab.orders o WHERE o.customer_id = c.id AND o.status = 'void') ORDER BY c.id
-- ANY, SOME and ALL over sub-selects
SELECT id FROM lab.orders WHERE total >= ALL (SELECT total FROM lab.orders WHERE qty = 2) AND id = ANY (SELECT id FROM lab.orders) AND qty = SOME (SELECT n FROM lab.constants) ORDER BY id
-- ANY and ALL over arrays
SELECT id FROM lab.customers WHERE 't1' = ANY (tags) AND 'zz' <> ALL (tags) AND city = ANY ('{Busan,Jeju}'::text[]) ORDER BY id
-- scalar sub-select in the list, correlated
SELECT c.id, (SELECT count(*) FROM lab.orders o WHERE o.customer_id = c.id) AS orders FROM lab.customers c ORDER BY c.id
-- row sub-select comparison
SELECT id FROM lab.orders WHERE (status, qty) = (SELECT 'paid', 3) ORDER BY id
-- row IN sub-select
SELECT id FROM lab.orders WHERE (status, qty) IN (SELECT status, qty FROM lab.orders WHERE total > 400) ORDER BY id
-- row comparison with <
SELECT id FROM lab.orders WHERE (status, qty, id) < ('paid', 4, 10) ORDER BY id
-- row IS NULL and composite equality
SELECT id, home IS NULL AS n, ROW(id, city) IS NOT NULL AS r, home = ROW('Street 1', 'Town 1', 1001)::lab.address AS e FROM lab.customers ORDER BY id
-- ARRAY and multidimensional ARRAY sub-select
SELECT ARRAY(SELECT id FROM lab.orders WHERE qty = 1 ORDER BY id) AS ids, ARRAY[[1, 2], [3, 4]] AS m
-- CASE searched and simple
SELECT id, CASE WHEN total > 300 THEN 'big' WHEN total > 100 THEN 'mid' ELSE 'small' END AS size, CASE status WHEN 'paid' THEN 1 WHEN 'void' THEN 0 END AS s FROM lab.orders ORDER BY id
-- COALESCE, NULLIF, GREATEST, LEAST
SELECT id, coalesce(paid_on, date '2000-01-01') AS p, nullif(qty, 0) AS q, greatest(qty, 2, NULL) AS g, least(total, 100) AS l FROM lab.orders ORDER BY id
-- inner, left, right, full, cross joins
SELECT a.a AS x, b.b AS y, c.id AS z FROM lab.edges a INNER JOIN lab.edges b ON b.a = a.b LEFT JOIN lab.customers c ON c.id = b.b RIGHT JOIN (VALUES (1), (3)) AS v(i) ON v.i = a.a FULL JOIN lab.rates r ON r.rate = a.cost CROSS JOIN (SELECT 1) AS one ORDER BY 1, 2, 3
-- USING with an alias, NATURAL JOIN
SELECT j.id, name, status FROM lab.orders JOIN (SELECT id, name FROM lab.customers) AS cust USING (id) AS j NATURAL JOIN (SELECT id, qty AS q FROM lab.orders) AS again ORDER BY 1
-- joins in parentheses with an alias
SELECT count(*) AS n FROM (lab.orders o JOIN lab.customers c ON c.id = o.customer_id) LEFT JOIN lab.rates r ON r.currency = o.status
-- self join with inequality
SELECT a.id AS x, b.id AS y FROM lab.orders a JOIN lab.orders b ON a.total = b.total AND a.id < b.id ORDER BY 1, 2
-- comma joins with three relations
SELECT count(*) AS n FROM lab.orders o, lab.customers c, lab.rates r WHERE o.customer_id = c.id AND r.rate < 2
-- LATERAL sub-select
SELECT c.id, t.id AS best FROM lab.customers c, LATERAL (SELECT o.id FROM lab.orders o WHERE o.customer_id = c.id ORDER BY total DESC, id LIMIT 1) AS t ORDER BY 1
-- LEFT JOIN LATERAL ON true
SELECT c.id, t.n FROM lab.customers c LEFT JOIN LATERAL (SELECT count(*) AS n FROM lab.orders o WHERE o.customer_id = c.id HAVING count(*) > 3) AS t ON true ORDER BY 1
-- LATERAL function
SELECT c.id, t.tag FROM lab.customers c, LATERAL unnest(c.tags) AS t(tag) ORDER BY 1, 2
-- function in FROM with ORDINALITY
SELECT t.n, t.v FROM unnest(ARRAY['x', 'y', 'z']) WITH ORDINALITY AS t(v, n) ORDER BY n
-- ROWS FROM with several functions of different length
SELECT a, b, c FROM ROWS FROM (generate_series(1, 3), unnest(ARRAY['p', 'q']), jsonb_array_elements('[true]')) AS t(a, b, c)
-- ROWS FROM with column definitions and ORDINALITY
SELECT a, b, n FROM ROWS FROM (jsonb_to_record('{"a":1,"b":"x"}') AS (a int, b text)) WITH ORDINALITY AS t(a, b, n)
-- UNNEST of several arrays
SELECT x, y FROM unnest(ARRAY[1, 2], ARRAY['a', 'b', 'c']) AS t(x, y)
-- function with column definition list
SELECT r.a, r.b FROM jsonb_to_recordset('[{"a":1,"b":"x"},{"a":2}]') AS r(a int, b text)
-- table-valued function of the application
SELECT city, n FROM lab.cities() ORDER BY city
-- sub-select with column aliases
SELECT s.x, s.y FROM (SELECT id, total FROM lab.orders) AS s(x, y) WHERE s.x < 4 ORDER BY 1
-- whole-row reference as value
SELECT e AS edge, (e).cost AS cost FROM lab.edges e ORDER BY e.a, e.b
-- composite field access and star expansion
SELECT id, (home).zip + 1 AS next, (home).* FROM lab.customers ORDER BY id
-- GROUP BY name, position and expression
SELECT status, date_part('year', placed_at) AS y, count(*) AS n FROM lab.orders GROUP BY status, 2 ORDER BY 1, 2
-- GROUP BY DISTINCT
SELECT status, qty, count(*) AS n FROM lab.orders GROUP BY DISTINCT ROLLUP (status, qty), ROLLUP (status) ORDER BY 1 NULLS FIRST, 2 NULLS FIRST, 3
-- GROUP BY ALL
SELECT status, count(*) AS n FROM lab.orders GROUP BY ALL ROLLUP (status), ROLLUP (status) ORDER BY 1, 2
-- HAVING
SELECT customer_id, sum(total) AS t FROM lab.orders GROUP BY customer_id HAVING sum(total) > 900 AND count(*) FILTER (WHERE status = 'paid') > 1 ORDER BY 1
-- HAVING without GROUP BY
SELECT max(total) AS m FROM lab.orders HAVING count(*) > 10
-- GROUPING SETS with GROUPING()
SELECT status, qty, grouping(status, qty) AS g, count(*) AS n FROM lab.orders GROUP BY GROUPING SETS ((status), (qty), (status, qty), ()) ORDER BY g, 1, 2
-- CUBE and ROLLUP combined
SELECT c.city, o.status, c.mood, sum(o.total) AS t FROM lab.orders o JOIN lab.customers c ON c.id = o.customer_id GROUP BY CUBE (c.city, o.status), ROLLUP (c.mood) ORDER BY 1, 2, 3, 4
-- empty grouping set only
SELECT count(*) AS n FROM lab.orders GROUP BY ()
-- functional dependency on the primary key
SELECT c.id, c.name, count(o.id) AS n FROM lab.customers c LEFT JOIN lab.orders o ON o.customer_id = c.id GROUP BY c.id ORDER BY c.id
-- UNION, INTERSECT, EXCEPT with ALL and parentheses
(SELECT id FROM lab.orders WHERE qty = 1 UNION ALL SELECT id FROM lab.orders WHERE qty < 3) INTERSECT ALL SELECT id FROM lab.orders EXCEPT SELECT 5 ORDER BY 1
-- UNION DISTINCT with different types
SELECT 1 AS v UNION DISTINCT SELECT 2.5 UNION SELECT NULL ORDER BY 1
-- set operation over rows with arrays and json
SELECT tags, mood FROM lab.customers UNION SELECT NULL, 'ok' ORDER BY 1, 2
-- ORDER BY with ASC, DESC, NULLS FIRST and LAST, USING
SELECT id, city, total FROM (SELECT o.id, c.city, o.total FROM lab.orders o JOIN lab.customers c ON c.id = o.customer_id) s ORDER BY city DESC NULLS LAST, total USING >, id ASC NULLS FIRST
-- ORDER BY expression and alias
SELECT id, total / nullif(qty, 0) AS each FROM lab.orders ORDER BY each DESC NULLS LAST, lower(status), id
-- LIMIT and OFFSET
SELECT id FROM lab.orders ORDER BY id DESC LIMIT 3 OFFSET 2
-- LIMIT ALL, OFFSET ROWS, FETCH NEXT
SELECT id FROM lab.orders ORDER BY id OFFSET 4 ROWS FETCH NEXT 2 ROWS ONLY
-- FETCH FIRST WITH TIES
SELECT id, qty FROM lab.orders WHERE qty > 5 ORDER BY qty DESC FETCH FIRST 3 ROWS WITH TIES
-- LIMIT by an expression
SELECT id FROM lab.orders ORDER BY id LIMIT (SELECT count(*) / 20 FROM lab.orders)
-- common table expressions, several, used twice
WITH p AS (SELECT * FROM lab.orders WHERE status = 'paid'), s AS (SELECT customer_id, sum(total) AS t FROM p GROUP BY 1) SELECT s.customer_id, s.t, (SELECT count(*) FROM p WHERE p.customer_id = s.customer_id) AS n FROM s ORDER BY 1
-- MATERIALIZED and NOT MATERIALIZED
WITH a AS MATERIALIZED (SELECT id FROM lab.orders), b(x) AS NOT MATERIALIZED (SELECT id FROM lab.orders) SELECT count(*) AS n FROM a JOIN b ON a.id = b.x
-- WITH inside a sub-select
SELECT (WITH x AS (SELECT max(total) AS m FROM lab.orders) SELECT m FROM x) AS m, s.n FROM (WITH y AS (SELECT count(*) AS n FROM lab.orders) SELECT n FROM y) AS s
-- recursive numbers
WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 50) SELECT sum(n) AS total FROM t
-- recursive hierarchy with path
WITH RECURSIVE tree(id, path, depth) AS (SELECT id, ARRAY[id], 0 FROM lab.customers WHERE parent_id IS NULL UNION ALL SELECT c.id, t.path || c.id, t.depth + 1 FROM lab.customers c JOIN tree t ON c.parent_id = t.id) SELECT * FROM tree ORDER BY path
-- recursive UNION that ends by duplicates
WITH RECURSIVE reach(n) AS (SELECT 1 UNION SELECT e.b FROM lab.edges e JOIN reach r ON e.a = r.n) SELECT n FROM reach ORDER BY n
-- SEARCH DEPTH FIRST
WITH RECURSIVE t(a, b) AS (SELECT a, b FROM lab.edges WHERE a = 1 UNION ALL SELECT e.a, e.b FROM lab.edges e JOIN t ON e.a = t.b WHERE e.b > 1) SEARCH DEPTH FIRST BY a, b SET o SELECT a, b FROM t ORDER BY o
-- SEARCH BREADTH FIRST
WITH RECURSIVE t(a, b) AS (SELECT a, b FROM lab.edges WHERE a = 1 UNION ALL SELECT e.a, e.b FROM lab.edges e JOIN t ON e.a = t.b WHERE e.b > 1) SEARCH BREADTH FIRST BY b SET o SELECT a, b, o FROM t ORDER BY o
-- CYCLE with mark values
WITH RECURSIVE t(a, b) AS (SELECT a, b FROM lab.edges WHERE a = 1 UNION ALL SELECT e.a, e.b FROM lab.edges e JOIN t ON e.a = t.b) CYCLE a, b SET is_cycle TO 'Y' DEFAULT 'N' USING path SELECT a, b, is_cycle, path FROM t ORDER BY path
-- SEARCH and CYCLE together
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT e.b FROM lab.edges e JOIN t ON e.a = t.n) SEARCH DEPTH FIRST BY n SET ord CYCLE n SET looped USING way SELECT n, looped FROM t ORDER BY ord
-- two recursive queries, one using the other
WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < 5), b(n, f) AS (SELECT 1, 1 UNION ALL SELECT b.n + 1, b.f * (b.n + 1) FROM b WHERE b.n < 5) SELECT a.n, b.f FROM a JOIN b USING (n) ORDER BY 1
-- TABLESAMPLE SYSTEM and BERNOULLI, REPEATABLE
SELECT count(*) <= 80 AS good FROM lab.orders TABLESAMPLE BERNOULLI (50) REPEATABLE (7)
-- TABLESAMPLE of everything
SELECT count(*) AS n FROM lab.orders o TABLESAMPLE SYSTEM (100)
-- ONLY and inheritance
SELECT tableoid::regclass::text AS t, id, wheels FROM lab.vehicles ORDER BY id
-- ONLY excludes children
SELECT id FROM ONLY lab.vehicles ORDER BY id
-- an explicit star includes children
SELECT count(*) AS n FROM lab.vehicles*
-- partitioned table with pruning
SELECT id, at, kind FROM lab.events WHERE at >= '2026-01-01' AND kind = 'a' ORDER BY id
-- partitioned by hash
SELECT id FROM lab.hashed WHERE id IN (3, 7, 11) ORDER BY id
-- partition-wise aggregate
SELECT extract(year FROM at) AS y, kind, count(*) AS n FROM lab.events GROUP BY 1, 2 ORDER BY 1, 2
-- view over a protected table
SELECT id, status FROM lab.paid ORDER BY id
-- view over a view, security_barrier
SELECT * FROM lab.paid_by_city ORDER BY city
-- a view that reads no table
SELECT n, square FROM lab.constants ORDER BY n
-- materialized view that is shared
SELECT month, n FROM lab.monthly ORDER BY month
-- foreign table that is shared
SELECT version = '15' AS fifteen FROM lab.version_file
-- shared table joined with a protected one
SELECT o.id, round(o.total / r.rate, 4) AS usd FROM lab.orders o CROSS JOIN lab.rates r WHERE r.currency = 'USD' ORDER BY o.id
-- generated column
SELECT id, gross FROM lab.orders WHERE gross > total ORDER BY id
-- system columns
SELECT count(DISTINCT ctid) AS n, count(xmin) AS x, min(tableoid::regclass::text) AS t FROM lab.orders
-- named parameters with types from their use
--: {"since": "2025-11-10T00:00:00Z", "status": "paid", "n": 5}
SELECT id FROM lab.orders WHERE placed_at >= :since AND status = :status ORDER BY id LIMIT :n
-- an optional restriction by parameter
--: {"city": ""}
SELECT count(*) AS n FROM lab.customers WHERE nullif(:city::text, '') IS NULL OR city = :city
-- a parameter used twice and inside an array
--: {"a": 3, "b": 9}
SELECT id FROM lab.orders WHERE id BETWEEN :a AND :b OR id = ANY (ARRAY[(:a) * 10, (:b) * 8]) ORDER BY id
-- a parameter as text search, LIKE pattern and interval
--: {"p": "%bob%", "w": "2 days"}
SELECT id FROM lab.orders WHERE note LIKE :p AND placed_at < timestamptz '2026-01-01' - :w::interval ORDER BY id
-- COLLATE in ORDER BY and comparison
SELECT name FROM lab.customers WHERE name COLLATE "C" < 'b' ORDER BY name COLLATE "C" DESC
-- collation for: expression
SELECT collation for ('a'::text COLLATE "C") AS c, 'a' < 'B' COLLATE "POSIX" AS lt
-- CAST in both spellings, with precision
SELECT CAST('12.345' AS numeric(6,2)) AS a, '5'::int::text || 'x' AS b, 'abcdef'::varchar(3) AS c, float8 '1e3' AS d, 1::bit(4) AS e
-- AT TIME ZONE
SELECT id, placed_at AT TIME ZONE 'Asia/Seoul' AS seoul FROM lab.orders ORDER BY id
-- OPERATOR() syntax with the server's operators
SELECT 3 OPERATOR(pg_catalog.+) 4 AS seven, 'a' OPERATOR(pg_catalog.||) 'b' AS ab
-- an operator, a function and an aggregate of the application that were allowed
SELECT id, lab.vat(total) AS vat FROM lab.orders WHERE status OPERATOR(lab.=~=) 'PAID' ORDER BY id
-- an aggregate of the application
SELECT status, lab.product(1 + qty / 10.0) AS p FROM lab.orders GROUP BY status ORDER BY status
-- notation of named and mixed arguments
SELECT make_interval(days => 3, hours => 4) AS i, make_date(2026, month => 2, day => 3) AS d
-- VARIADIC call
SELECT concat_ws(',', VARIADIC ARRAY['a', 'b']) AS c, num_nulls(VARIADIC ARRAY[1, NULL, 3]) AS n, format('%s-%s', VARIADIC ARRAY['x', 'y']) AS f
-- NULL-safe set of empty results
SELECT id FROM lab.orders WHERE false
-- pagination by key
--: {"after": 10}
SELECT id, total FROM lab.orders WHERE (total, id) > (SELECT total, id FROM lab.orders WHERE id = :after) ORDER BY total, id LIMIT 5
-- pivot with FILTER
SELECT customer_id, count(*) FILTER (WHERE status = 'paid') AS paid, count(*) FILTER (WHERE status = 'open') AS open, sum(total) FILTER (WHERE status <> 'void') AS worth FROM lab.orders GROUP BY 1 ORDER BY 1
-- anti join with LEFT JOIN ... IS NULL
SELECT c.id FROM lab.customers c LEFT JOIN lab.orders o ON o.customer_id = c.id WHERE o.id IS NULL ORDER BY 1
-- top N per group
SELECT * FROM (SELECT id, status, total, row_number() OVER (PARTITION BY status ORDER BY total DESC, id) AS r FROM lab.orders) s WHERE r <= 2 ORDER BY status, r
-- gaps and islands
SELECT min(id) AS from_id, max(id) AS to_id FROM (SELECT id, id - row_number() OVER (ORDER BY id) AS g FROM lab.orders WHERE qty <> 3) s GROUP BY g ORDER BY 1
-- cohort table
SELECT date_trunc('month', c.joined) AS cohort, count(DISTINCT c.id) AS people, count(o.id) AS orders FROM lab.customers c LEFT JOIN lab.orders o ON o.customer_id = c.id GROUP BY 1 ORDER BY 1
