-- revenue per city with share and rank
SELECT c.city, sum(o.total) AS revenue, round(sum(o.total) * 100 / sum(sum(o.total)) OVER (), 1) AS share, rank() OVER (ORDER BY sum(o.total) DESC) AS place FROM lab.orders o JOIN lab.customers c ON c.id = o.customer_id GROUP BY c.city ORDER BY place, c.city
-- ABC analysis
WITH s AS (SELECT customer_id, sum(total) AS t FROM lab.orders GROUP BY 1), c AS (SELECT customer_id, t, sum(t) OVER (ORDER BY t DESC, customer_id) / sum(t) OVER () AS cum FROM s) SELECT customer_id, t, CASE WHEN cum <= 0.8 THEN 'A' WHEN cum <= 0.95 THEN 'B' ELSE 'C' END AS class FROM c ORDER BY t DESC, customer_id
-- customers by recency, frequency and amount
SELECT customer_id, ntile(3) OVER (ORDER BY max(placed_at)) AS r, ntile(3) OVER (ORDER BY count(*), customer_id) AS f, ntile(3) OVER (ORDER BY sum(total), customer_id) AS m FROM lab.orders GROUP BY customer_id ORDER BY customer_id
-- first and last order per customer
SELECT customer_id, (array_agg(id ORDER BY placed_at))[1] AS first_id, (array_agg(id ORDER BY placed_at DESC))[1] AS last_id, max(placed_at) - min(placed_at) AS span FROM lab.orders GROUP BY customer_id ORDER BY customer_id
-- days without an order
SELECT d::date AS day FROM generate_series(date '2025-11-01', date '2025-12-05', interval '1 day') AS d WHERE NOT EXISTS (SELECT FROM lab.orders o WHERE o.placed_at >= d AND o.placed_at < d + interval '1 day') ORDER BY 1
-- weekday and hour heat map
SELECT extract(isodow FROM placed_at)::int AS weekday, extract(hour FROM placed_at)::int AS hour, count(*) AS n FROM lab.orders GROUP BY 1, 2 ORDER BY 1, 2
-- crosstab by FILTER with a total row
SELECT coalesce(c.city, '(none)') AS city, count(*) FILTER (WHERE o.status = 'open') AS open, count(*) FILTER (WHERE o.status = 'paid') AS paid, count(*) AS n FROM lab.orders o JOIN lab.customers c ON c.id = o.customer_id GROUP BY ROLLUP (coalesce(c.city, '(none)')) ORDER BY 1 NULLS LAST
-- funnel of states
SELECT step, n, round(100.0 * n / first_value(n) OVER (ORDER BY step), 1) AS pct FROM (SELECT 1 AS step, count(*) AS n FROM lab.orders UNION ALL SELECT 2, count(*) FROM lab.orders WHERE status <> 'void' UNION ALL SELECT 3, count(*) FROM lab.orders WHERE status = 'paid') f ORDER BY step
-- retention by week of joining
WITH f AS (SELECT customer_id, min(date_trunc('week', placed_at)) AS w0 FROM lab.orders GROUP BY 1) SELECT w0::date AS cohort, (extract(epoch FROM date_trunc('week', o.placed_at) - f.w0) / 604800)::int AS week, count(DISTINCT o.customer_id) AS n FROM lab.orders o JOIN f USING (customer_id) GROUP BY 1, 2 ORDER BY 1, 2
-- seven-day moving average with gaps filled
SELECT d.day, avg(coalesce(s.t, 0)) OVER (ORDER BY d.day ROWS 6 PRECEDING)::numeric(12,2) AS avg7 FROM (SELECT g::date AS day FROM generate_series(timestamp '2025-11-01', '2025-11-25', '1 day') AS g) d LEFT JOIN (SELECT placed_at::date AS day, sum(total) AS t FROM lab.orders GROUP BY 1) s USING (day) ORDER BY d.day
-- last known value per sensor at each hour
SELECT h, s.sensor, l.n FROM generate_series(timestamp '2026-01-01 06:00', '2026-01-01 12:00', '3 hours') AS h CROSS JOIN (SELECT DISTINCT sensor FROM lab.readings) s LEFT JOIN LATERAL (SELECT n FROM lab.readings r WHERE r.sensor = s.sensor AND r.at <= h ORDER BY at DESC LIMIT 1) l ON true ORDER BY 1, 2
-- outliers beyond two standard deviations
SELECT r.sensor, r.n FROM lab.readings r JOIN (SELECT sensor, avg(n) AS a, stddev(n) AS s FROM lab.readings GROUP BY sensor) x ON x.sensor = r.sensor WHERE abs(r.n - x.a) > 1.5 * x.s ORDER BY 1, 2
-- z-score of every order
SELECT id, round((total - avg(total) OVER w) / nullif(stddev_samp(total) OVER w, 0), 3) AS z FROM lab.orders WINDOW w AS (PARTITION BY status) ORDER BY id
-- trend line per sensor
SELECT sensor, round(regr_slope(value, extract(epoch FROM at))::numeric, 10) AS slope, round(regr_r2(value, extract(epoch FROM at))::numeric, 6) AS fit FROM lab.readings WHERE value < 'Infinity' GROUP BY sensor ORDER BY sensor
-- median by group with ties and NULLs
SELECT coalesce(city, '-') AS city, percentile_cont(0.5) WITHIN GROUP (ORDER BY discount) AS median, mode() WITHIN GROUP (ORDER BY mood) AS usual FROM lab.customers GROUP BY 1 ORDER BY 1
-- pairs bought together
SELECT a.items ->> 'sku' AS x, b.items ->> 'sku' AS y, count(*) AS n FROM lab.orders a JOIN lab.orders b ON a.customer_id = b.customer_id AND a.items ->> 'sku' < b.items ->> 'sku' GROUP BY 1, 2 HAVING count(*) > 1 ORDER BY n DESC, 1, 2 LIMIT 10
-- shortest path by recursion
WITH RECURSIVE p(node, cost, path) AS (SELECT 1, 0, ARRAY[1] UNION ALL SELECT e.b, p.cost + e.cost, p.path || e.b FROM p JOIN lab.edges e ON e.a = p.node WHERE e.b <> ALL (p.path)) SELECT DISTINCT ON (node) node, cost, path FROM p ORDER BY node, cost
-- bill of materials with quantities
WITH RECURSIVE bom(part, qty) AS (SELECT 1, 1::bigint UNION ALL SELECT e.b, bom.qty * e.cost FROM bom JOIN lab.edges e ON e.a = bom.part WHERE e.b > e.a) SELECT part, sum(qty) AS needed FROM bom GROUP BY part ORDER BY part
-- all ancestors of one customer
--: {"id": 23}
WITH RECURSIVE up AS (SELECT id, parent_id, 1 AS level FROM lab.customers WHERE id = :id UNION ALL SELECT c.id, c.parent_id, up.level + 1 FROM lab.customers c JOIN up ON c.id = up.parent_id) SELECT id, level FROM up ORDER BY level
-- depth and size of every subtree
WITH RECURSIVE t AS (SELECT id AS root, id FROM lab.customers UNION ALL SELECT t.root, c.id FROM t JOIN lab.customers c ON c.parent_id = t.id) SELECT root, count(*) AS size FROM t GROUP BY root HAVING count(*) > 2 ORDER BY root
-- Fibonacci and Mandelbrot-like arithmetic
WITH RECURSIVE f(i, a, b) AS (SELECT 1, 0::numeric, 1::numeric UNION ALL SELECT i + 1, b, a + b FROM f WHERE i < 60) SELECT i, a FROM f ORDER BY i
-- calendar of one month with week numbers
SELECT d::date AS day, extract(week FROM d)::int AS week, to_char(d, 'Dy') AS name, extract(isodow FROM d) > 5 AS weekend FROM generate_series(timestamp '2026-02-01', '2026-02-28', '1 day') AS d ORDER BY 1
-- age groups by CASE and width_bucket
SELECT width_bucket(discount, 0, 100, 4) AS quarter, min(discount) AS lo, max(discount) AS hi, count(*) AS n FROM lab.customers GROUP BY 1 ORDER BY 1
-- comparison of two periods side by side
SELECT status, count(*) FILTER (WHERE placed_at < '2025-11-12') AS before, count(*) FILTER (WHERE placed_at >= '2025-11-12') AS after, count(*) FILTER (WHERE placed_at >= '2025-11-12') - count(*) FILTER (WHERE placed_at < '2025-11-12') AS change FROM lab.orders GROUP BY status ORDER BY status
-- year to date
SELECT date_trunc('month', at)::date AS m, sum(count(*)) OVER (PARTITION BY date_trunc('year', at) ORDER BY date_trunc('month', at)) AS ytd FROM lab.events GROUP BY date_trunc('month', at), date_trunc('year', at) ORDER BY 1
-- same day of the previous week
SELECT a.d, a.n, b.n AS week_before FROM (SELECT placed_at::date AS d, count(*) AS n FROM lab.orders GROUP BY 1) a LEFT JOIN (SELECT placed_at::date AS d, count(*) AS n FROM lab.orders GROUP BY 1) b ON b.d = a.d - 7 ORDER BY 1
-- uptime out of overlapping ranges
SELECT room, sum(upper(r) - lower(r)) AS busy FROM (SELECT room, unnest(range_agg(during)) AS r FROM lab.bookings GROUP BY room) s GROUP BY room ORDER BY room
-- conversion of currencies by a scalar sub-select
SELECT id, round(total / (SELECT rate FROM lab.rates WHERE currency = 'EUR'), 4) AS eur FROM lab.orders WHERE total > (SELECT avg(total) FROM lab.orders) ORDER BY id
-- rows as json documents per group
SELECT status, jsonb_agg(jsonb_build_object('id', id, 'total', total) ORDER BY id) AS orders FROM lab.orders WHERE id < 20 GROUP BY status ORDER BY status
-- key figures in one row
SELECT count(*) AS orders, count(DISTINCT customer_id) AS customers, sum(total) AS revenue, avg(total)::numeric(10,2) AS basket, max(placed_at)::date AS latest, count(*) FILTER (WHERE status = 'void') * 100.0 / count(*) AS void_rate FROM lab.orders
-- unpivot by LATERAL VALUES
SELECT o.id, v.name, v.value FROM lab.orders o, LATERAL (VALUES ('total', o.total), ('gross', o.gross), ('qty', o.qty)) AS v(name, value) WHERE o.id < 4 ORDER BY 1, 2
-- unpivot by jsonb_each_text of a row
SELECT e.key, e.value FROM lab.edges r, jsonb_each_text(to_jsonb(r)) AS e WHERE r.a = 1 ORDER BY 1, 2
-- duplicates
SELECT total, array_agg(id ORDER BY id) AS ids FROM lab.orders GROUP BY total HAVING count(*) > 1 ORDER BY total
-- missing numbers
SELECT g FROM generate_series(1, 85) AS g EXCEPT SELECT id FROM lab.orders ORDER BY 1
-- percent rank against a parameter
--: {"amount": 333.5}
SELECT percent_rank(:amount) WITHIN GROUP (ORDER BY total) AS p, count(*) FILTER (WHERE total < :amount) AS below FROM lab.orders
-- search with several optional words
--: {"words": "fox dog"}
SELECT d.id, ts_rank(d.search, q) > 0 AS hit FROM lab.documents d, to_tsquery('english', replace(:words, ' ', ' | ')) AS q WHERE d.search @@ q ORDER BY d.id
-- order status as of a moment
--: {"at": "2025-11-15T12:00:00Z", "zone": "Asia/Seoul"}
SELECT count(*) AS n, max(placed_at AT TIME ZONE :zone) AS latest_local FROM lab.orders WHERE placed_at <= :at
-- limit and offset as parameters
--: {"page": 2, "size": 7}
SELECT id FROM lab.orders ORDER BY id LIMIT :size OFFSET ((:page - 1) * :size)
-- string report with format and padding
SELECT format('%s|%s|%s', rpad(c.name, 10, '.'), lpad(count(o.id)::text, 4), to_char(coalesce(sum(o.total), 0), 'FM999,990.00')) AS line FROM lab.customers c LEFT JOIN lab.orders o ON o.customer_id = c.id GROUP BY c.id ORDER BY c.id
-- bar chart of text
SELECT status, repeat('#', count(*)::int) AS bar FROM lab.orders GROUP BY status ORDER BY status
-- long list of literals
SELECT count(*) AS n FROM lab.orders WHERE id IN (1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50)
-- eight joins
SELECT count(*) AS n FROM lab.orders a JOIN lab.orders b ON b.id = a.id JOIN lab.orders c ON c.id = b.id JOIN lab.orders d ON d.id = c.id JOIN lab.orders e ON e.id = d.id JOIN lab.orders f ON f.id = e.id JOIN lab.customers g ON g.id = f.customer_id JOIN lab.customers h ON h.id = g.parent_id JOIN lab.rates r ON r.currency = 'KRW'
-- sub-selects nested five deep
SELECT max(a) AS a FROM (SELECT a + 1 AS a FROM (SELECT a * 2 AS a FROM (SELECT id AS a FROM (SELECT id FROM lab.orders WHERE id IN (SELECT customer_id FROM lab.orders)) q) r) s) t
-- correlated EXISTS with two levels
SELECT c.id FROM lab.customers c WHERE EXISTS (SELECT FROM lab.orders o WHERE o.customer_id = c.id AND EXISTS (SELECT FROM lab.orders p WHERE p.customer_id = o.customer_id AND p.total > o.total AND p.placed_at < o.placed_at)) ORDER BY 1
-- difference of two sets with counts
(SELECT 'only paid' AS what, count(*) AS n FROM (SELECT customer_id FROM lab.orders WHERE status = 'paid' EXCEPT SELECT customer_id FROM lab.orders WHERE status = 'void') x) UNION ALL (SELECT 'both', count(*) FROM (SELECT customer_id FROM lab.orders WHERE status = 'paid' INTERSECT SELECT customer_id FROM lab.orders WHERE status = 'void') y) ORDER BY 1
-- random sample by hash
SELECT id FROM lab.orders WHERE abs(hashint4(id)) % 10 = 3 ORDER BY id
-- nested windows over partitions of a join with events
SELECT e.id, e.kind, count(*) OVER (PARTITION BY e.kind ORDER BY e.at) AS n, v.wheels FROM lab.events e LEFT JOIN lab.vehicles v ON v.id = e.id ORDER BY e.id
