-- the clock in all its forms
SELECT now() = current_timestamp AS a, transaction_timestamp() = now() AS b, clock_timestamp() >= statement_timestamp() AS c, current_date = now()::date AS d, localtimestamp IS NOT NULL AS e, current_time IS NOT NULL AS f, localtime IS NOT NULL AS g, timeofday() <> '' AS h, current_timestamp(2) <= now() + interval '1 s' AS i
-- date arithmetic
SELECT paid_on + 7 AS a, paid_on - date '2025-11-01' AS b, paid_on + interval '1 month' AS c, paid_on + time '10:00' AS d, paid_on - 3 AS e FROM lab.orders ORDER BY id
-- timestamp arithmetic
SELECT placed_at - timestamptz '2025-11-01' AS a, placed_at + interval '36 hours' AS b, 2 * interval '90 minutes' AS c, interval '1 day' / 4 AS d, -interval '1 hour' AS e, time '10:00' - time '08:30' AS f FROM lab.orders ORDER BY id LIMIT 5
-- date_trunc at several units and with a zone
SELECT date_trunc('week', placed_at) AS w, date_trunc('quarter', placed_at) AS q, date_trunc('day', placed_at, 'Asia/Seoul') AS d, date_trunc('hour', lasts) AS h FROM lab.orders, lab.shifts WHERE who = 'w3' ORDER BY id
-- date_bin
SELECT date_bin('15 minutes', at, timestamp '2026-01-01') AS slot, count(*) AS n, avg(n) AS a FROM lab.readings GROUP BY 1 ORDER BY 1
-- date_bin with time zone
SELECT date_bin(interval '6 hours', placed_at, timestamptz '2025-11-01 00:00+00') AS slot, sum(total) AS t FROM lab.orders GROUP BY 1 ORDER BY 1
-- extract of every field
SELECT extract(century FROM t) AS c, extract(decade FROM t) AS de, extract(day FROM t) AS d, extract(dow FROM t) AS dw, extract(doy FROM t) AS dy, extract(epoch FROM t) AS e, extract(hour FROM t) AS h, extract(isodow FROM t) AS iw, extract(isoyear FROM t) AS iy, extract(julian FROM t) AS j, extract(microseconds FROM t) AS mi, extract(millennium FROM t) AS ml, extract(milliseconds FROM t) AS ms, extract(minute FROM t) AS m, extract(month FROM t) AS mo, extract(quarter FROM t) AS q, extract(second FROM t) AS s, extract(week FROM t) AS w, extract(year FROM t) AS y FROM (VALUES (timestamp '2026-05-17 13:14:15.678')) AS v(t)
-- extract of the time zone, of date, time, interval
SELECT extract(timezone FROM timestamptz '2026-01-01 00:00+09') IS NOT NULL AS a, extract(year FROM date '2026-01-01') AS b, extract(hour FROM time '11:22') AS c, extract(day FROM interval '3 days 4 hours') AS d, date_part('minute', timetz '10:11+02') AS e
-- age
SELECT age(timestamp '2026-03-10', timestamp '2025-01-31') AS a, age(joined) > interval '0' AS b FROM lab.customers ORDER BY id
-- justify
SELECT justify_days(interval '35 days') AS a, justify_hours(interval '27 hours') AS b, justify_interval(interval '1 month -1 hour') AS c
-- OVERLAPS
SELECT (DATE '2026-01-01', DATE '2026-02-01') OVERLAPS (DATE '2026-01-15', INTERVAL '10 days') AS a, (time '09:00', interval '2 hours') OVERLAPS (time '10:30', time '12:00') AS b
-- make_date, make_time, make_timestamp, make_timestamptz, make_interval
SELECT make_date(2026, 2, 3) AS a, make_time(8, 15, 23.5) AS b, make_timestamp(2026, 2, 3, 4, 5, 6) AS c, make_timestamptz(2026, 2, 3, 4, 5, 6, 'UTC') AS d, make_interval(years => 1, weeks => 2, secs => 1.5) AS e
-- isfinite and infinite times
SELECT isfinite(date 'infinity') AS a, isfinite(timestamp '2026-01-01') AS b, isfinite(interval '1 day') AS c, timestamptz '-infinity' < now() AS d
-- special literals
SELECT date 'epoch' AS a, timestamp 'epoch' AS b, time 'allballs' AS c, date 'today' <= date 'tomorrow' AS d
-- timezone()
SELECT timezone('America/New_York', timestamptz '2026-07-01 12:00+00') AS a, timezone(interval '-3 hours', timestamp '2026-07-01 12:00') AS b, timestamp '2026-01-01 00:00' AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Tokyo' AS c
-- generate_series of timestamps as calendar
SELECT d::date AS day, count(o.id) AS n, coalesce(sum(o.total), 0) AS t FROM generate_series(timestamptz '2025-11-01', timestamptz '2025-11-30', interval '1 day') AS d LEFT JOIN lab.orders o ON o.placed_at >= d AND o.placed_at < d + interval '1 day' GROUP BY 1 ORDER BY 1
-- generate_series of months without zone
SELECT m, to_char(m, 'Mon') AS name FROM generate_series(timestamp '2026-01-01', '2026-06-01', '1 month') AS m
-- working days
SELECT count(*) AS n FROM generate_series(date '2026-01-01', date '2026-01-31', interval '1 day') AS d WHERE extract(isodow FROM d) < 6
-- intervals in all notations
SELECT interval '1-2' AS a, interval 'P1Y2M3DT4H' AS b, interval '3 4:05:06' AS c, interval '10' minute AS d, interval '1 year 2 mons' year AS e, interval '4.567' second(1) AS f
-- time with zone
SELECT zone_at, zone_at AT TIME ZONE 'UTC' AS u, zone_at::time AS t, start_at + lasts AS s, start_at::interval AS i FROM lab.shifts ORDER BY who
-- month over month
SELECT date_trunc('month', placed_at)::date AS m, sum(total) AS t, lag(sum(total)) OVER (ORDER BY date_trunc('month', placed_at)) AS before FROM lab.orders GROUP BY date_trunc('month', placed_at) ORDER BY 1
-- last seven days until a parameter
--: {"until": "2025-11-20T00:00:00+00:00"}
SELECT placed_at::date AS d, count(*) AS n FROM lab.orders WHERE placed_at >= :until::timestamptz - interval '7 days' AND placed_at < :until GROUP BY 1 ORDER BY 1
-- casts between times
SELECT placed_at::date AS a, placed_at::time AS b, placed_at::timestamp(0) AS c, paid_on::timestamptz AS d, '2026-01-02'::date::timestamp AS e, placed_at::text AS f FROM lab.orders ORDER BY id LIMIT 10
-- comparison of dates with timestamps
SELECT id FROM lab.orders WHERE paid_on > placed_at AND paid_on < timestamp '2025-11-20' ORDER BY id
-- time to first payment
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM paid_on - placed_at)) AS p FROM lab.orders WHERE paid_on IS NOT NULL
-- names of zones
SELECT count(*) > 100 AS n FROM pg_timezone_names WHERE name LIKE 'A%'
-- abbreviations of zones
SELECT abbrev, utc_offset, is_dst FROM pg_timezone_abbrevs WHERE abbrev IN ('CET', 'EST', 'KST') ORDER BY 1
