-- count, sum, avg, min, max over every number type
SELECT count(*) AS c, count(value) AS cv, sum(n) AS sn, sum(big) AS sb, avg(small) AS a, min(at) AS mi, max(sensor) AS ma FROM lab.readings
-- bool_and, bool_or, every
SELECT city, bool_and(active) AS b, bool_or(active) AS o, every(id > 0) AS e FROM lab.customers GROUP BY city ORDER BY city
-- bit_and, bit_or, bit_xor over integers and bits
SELECT bit_and(qty) AS a, bit_or(qty) AS o, bit_xor(qty) AS x FROM lab.orders
-- bit aggregates over bit strings
SELECT bit_and(flags) AS a, bit_or(flags) AS o, bit_xor(flags) AS x FROM lab.documents
-- array_agg with ORDER BY, DISTINCT, of arrays
SELECT array_agg(id ORDER BY id DESC) AS a, array_agg(DISTINCT city ORDER BY city) AS c, array_agg(ARRAY[id, id + 1] ORDER BY id) AS m FROM lab.customers WHERE id < 6
-- string_agg of text and bytea
SELECT string_agg(name, '; ' ORDER BY name COLLATE "C") AS s, string_agg(convert_to(code, 'UTF8'), '\x2c' ORDER BY id) AS b FROM lab.customers WHERE id < 5
-- json_agg, jsonb_agg
SELECT json_agg(id ORDER BY id) AS j, jsonb_agg(DISTINCT status) AS d, jsonb_agg(o ORDER BY id) FILTER (WHERE id < 3) AS rows FROM lab.orders o WHERE id < 9
-- json_object_agg, jsonb_object_agg
SELECT json_object_agg(status, n ORDER BY status) AS j, jsonb_object_agg(status, n) AS b FROM (SELECT status, count(*) AS n FROM lab.orders GROUP BY 1) s
-- xmlagg
SELECT xmlagg(xmlelement(name c, name) ORDER BY id) AS x FROM lab.customers WHERE id < 4
-- range_agg and range_intersect_agg
SELECT room, range_agg(during ORDER BY during) AS a, range_intersect_agg(days) AS i FROM lab.bookings GROUP BY room ORDER BY room
-- range_intersect_agg of multiranges
SELECT range_intersect_agg(slots) AS i FROM lab.bookings WHERE lower(slots) IN (3, 4)
-- stddev, variance and their variants
SELECT stddev(total) AS s, stddev_pop(total) AS sp, stddev_samp(qty) AS ss, variance(total) AS v, var_pop(qty) AS vp, var_samp(small) AS vs FROM lab.orders, lab.readings WHERE sensor = 's1' AND n < 10
-- corr and covariances
SELECT corr(value, n) AS c, covar_pop(value, n) AS p, covar_samp(value, n) AS s FROM lab.readings WHERE value <> 'NaN'
-- linear regression
SELECT regr_avgx(value, n) AS ax, regr_avgy(value, n) AS ay, regr_count(value, n) AS c, regr_intercept(value, n) AS i, regr_r2(value, n) AS r2, regr_slope(value, n) AS s, regr_sxx(value, n) AS xx, regr_sxy(value, n) AS xy, regr_syy(value, n) AS yy FROM lab.readings WHERE value < 1000
-- percentile_cont and percentile_disc
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total) AS c, percentile_disc(0.9) WITHIN GROUP (ORDER BY total) AS d FROM lab.orders
-- percentiles of several fractions
SELECT percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY total) AS q, percentile_disc(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY status) AS d FROM lab.orders
-- percentile of an interval
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY lasts) AS p, percentile_cont(ARRAY[0.2, 0.8]) WITHIN GROUP (ORDER BY lasts DESC) AS q FROM lab.shifts
-- percentile with a parameter as the fraction
--: {"f": 0.95}
SELECT status, percentile_cont(:f) WITHIN GROUP (ORDER BY total) AS p FROM lab.orders GROUP BY status ORDER BY status
-- mode
SELECT mode() WITHIN GROUP (ORDER BY status) AS m, mode() WITHIN GROUP (ORDER BY mood) FILTER (WHERE active) AS f FROM lab.orders o JOIN lab.customers c ON c.id = o.customer_id
-- hypothetical-set rank, dense_rank, percent_rank, cume_dist
SELECT rank(250) WITHIN GROUP (ORDER BY total) AS r, dense_rank(250) WITHIN GROUP (ORDER BY total) AS d, percent_rank(250) WITHIN GROUP (ORDER BY total) AS p, cume_dist(250) WITHIN GROUP (ORDER BY total) AS c FROM lab.orders
-- hypothetical set of two columns
SELECT rank('paid', 3) WITHIN GROUP (ORDER BY status, qty DESC) AS r FROM lab.orders
-- aggregate with DISTINCT and two arguments
SELECT string_agg(DISTINCT status, ',' ORDER BY status DESC) AS s FROM lab.orders WHERE true HAVING count(*) > 0
-- aggregate over an empty set
SELECT count(*) AS c, sum(total) AS s, array_agg(id) AS a FROM lab.orders WHERE id < 0
-- aggregate of an aggregate through a sub-select
SELECT avg(n) AS a, max(n) AS m FROM (SELECT count(*) AS n FROM lab.orders GROUP BY customer_id) s
-- aggregate of an outer query inside a sub-select
SELECT c.city, (SELECT max(count(*)) OVER () FROM lab.rates) AS x FROM lab.customers c GROUP BY c.city ORDER BY 1
-- min and max of arrays, enums, inet, time, money
SELECT min(tags) AS t, max(mood) AS m, min(ip) AS i, max(joined) AS j FROM lab.customers
-- sum, min and max of money and intervals
SELECT sum(price) AS p, max(price) AS m, sum(lasts) AS l, avg(lasts) AS a, min(start_at) AS s, max(zone_at) AS z FROM lab.shifts
-- min and max of tid, pg_lsn, oid, char
SELECT min(fixed) AS f, max(nm::text) AS n, max(v) AS l FROM lab.shifts, (VALUES (pg_lsn '0/1'), ('1/0')) AS w(v)
-- FILTER with sub-select
SELECT count(*) FILTER (WHERE customer_id IN (SELECT id FROM lab.customers WHERE active)) AS n FROM lab.orders
-- row_number, rank, dense_rank, percent_rank, cume_dist, ntile
SELECT id, row_number() OVER w AS rn, rank() OVER w AS rk, dense_rank() OVER w AS dr, percent_rank() OVER w AS pr, cume_dist() OVER w AS cd, ntile(4) OVER (ORDER BY total, id) AS nt FROM lab.orders WINDOW w AS (ORDER BY qty) ORDER BY id
-- lag and lead with offset and default
SELECT id, lag(total) OVER w AS l1, lag(total, 2, 0) OVER w AS l2, lead(total) OVER w AS n1, lead(total, 3, -1) OVER w AS n3 FROM lab.orders WINDOW w AS (PARTITION BY status ORDER BY id) ORDER BY id
-- first_value, last_value, nth_value
SELECT id, first_value(total) OVER w AS f, last_value(total) OVER w AS l, nth_value(total, 2) OVER w AS n FROM lab.orders WINDOW w AS (PARTITION BY status ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) ORDER BY id
-- running total and moving average by ROWS
SELECT id, sum(total) OVER (ORDER BY id) AS running, avg(total) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS moving FROM lab.orders ORDER BY id
-- RANGE frame over numbers
SELECT id, sum(qty) OVER (ORDER BY total RANGE BETWEEN 20 PRECEDING AND 20 FOLLOWING) AS s FROM lab.orders ORDER BY id
-- RANGE frame over dates, timestamps, intervals
SELECT id, count(*) OVER (ORDER BY placed_at RANGE BETWEEN '1 day' PRECEDING AND CURRENT ROW) AS d, count(*) OVER (ORDER BY paid_on RANGE '3 days' PRECEDING) AS p FROM lab.orders ORDER BY id
-- RANGE frame over time, float and bigint
SELECT sensor, n, sum(n) OVER (PARTITION BY sensor ORDER BY small RANGE BETWEEN 0.5 PRECEDING AND 0.5 FOLLOWING) AS f, count(*) OVER (ORDER BY big RANGE BETWEEN 8589934592 PRECEDING AND CURRENT ROW) AS b FROM lab.readings ORDER BY n
-- RANGE frame over time of day
SELECT who, count(*) OVER (ORDER BY start_at RANGE BETWEEN '2 hours' PRECEDING AND '2 hours' FOLLOWING) AS c FROM lab.shifts ORDER BY who
-- GROUPS frame
SELECT id, sum(total) OVER (ORDER BY qty GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS s FROM lab.orders ORDER BY id
-- EXCLUDE CURRENT ROW, GROUP, TIES, NO OTHERS
SELECT id, sum(total) OVER (w ROWS BETWEEN 2 PRECEDING AND 2 FOLLOWING EXCLUDE CURRENT ROW) AS c, count(*) OVER (w RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE GROUP) AS g, count(*) OVER (w GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES) AS t, count(*) OVER (w ROWS 3 PRECEDING EXCLUDE NO OTHERS) AS n FROM lab.orders WINDOW w AS (ORDER BY qty) ORDER BY id LIMIT 0
-- EXCLUDE over a unique order
SELECT id, sum(total) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND 2 FOLLOWING EXCLUDE CURRENT ROW) AS c FROM lab.orders ORDER BY id
-- window built upon a named window
SELECT id, sum(qty) OVER (w ORDER BY id) AS s, count(*) OVER w AS n FROM lab.orders WINDOW w AS (PARTITION BY status) ORDER BY id
-- several windows with different partitions
SELECT id, rank() OVER (PARTITION BY status ORDER BY total DESC) AS a, rank() OVER (PARTITION BY customer_id ORDER BY placed_at) AS b FROM lab.orders ORDER BY id
-- window over an aggregate
SELECT status, count(*) AS n, sum(count(*)) OVER () AS all_rows, round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS share FROM lab.orders GROUP BY status ORDER BY status
-- aggregate with FILTER as a window function
SELECT id, count(*) FILTER (WHERE status = 'paid') OVER (ORDER BY id) AS paid_so_far FROM lab.orders ORDER BY id
-- a parameter in a window frame
--: {"k": 3}
SELECT id, avg(total) OVER (ORDER BY id ROWS :k PRECEDING) AS a FROM lab.orders ORDER BY id
-- window function inside a CASE and ORDER BY
SELECT id, CASE WHEN lag(qty) OVER (ORDER BY id) > qty THEN 'down' ELSE 'up' END AS d FROM lab.orders ORDER BY row_number() OVER (ORDER BY id)
-- percent change to the previous day
SELECT d, t, round(100 * (t - lag(t) OVER (ORDER BY d)) / nullif(lag(t) OVER (ORDER BY d), 0), 2) AS change FROM (SELECT placed_at::date AS d, sum(total) AS t FROM lab.orders GROUP BY 1) s ORDER BY d
-- sessions from gaps between readings
SELECT session, count(*) AS n FROM (SELECT sum(gap) OVER (ORDER BY at, sensor) AS session FROM (SELECT at, sensor, CASE WHEN at - lag(at) OVER (ORDER BY at, sensor) > interval '30 minutes' THEN 1 ELSE 0 END AS gap FROM lab.readings) a) b GROUP BY session ORDER BY session LIMIT 10
-- width buckets, histogram
SELECT width_bucket(total, 0, 500, 5) AS bucket, count(*) AS n FROM lab.orders GROUP BY 1 ORDER BY 1
-- width_bucket with thresholds
SELECT width_bucket(qty, ARRAY[2, 4, 6]) AS b, count(*) AS n FROM lab.orders GROUP BY 1 ORDER BY 1
-- ordered-set aggregate with FILTER over grouping sets
SELECT status, percentile_disc(0.5) WITHIN GROUP (ORDER BY qty) FILTER (WHERE qty > 0) AS m FROM lab.orders GROUP BY ROLLUP (status) ORDER BY 1
-- weighted average and geometric mean
SELECT sum(total * qty) / nullif(sum(qty), 0) AS w, exp(avg(ln(total + 1))) AS g FROM lab.orders
