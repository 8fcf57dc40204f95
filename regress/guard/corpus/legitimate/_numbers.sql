-- arithmetic operators of every number type
SELECT 7 + 2 AS a, 7 - 2 AS b, 7 * 2 AS c, 7 / 2 AS d, 7 % 2 AS e, 2 ^ 10 AS f, |/ 25.0 AS g, ||/ 27.0 AS h, @ -5 AS i, -7.5 / 2 AS j
-- bit operators
SELECT 91 & 15 AS a, 32 | 3 AS b, 17 # 5 AS c, ~1 AS d, 1 << 4 AS e, 8 >> 2 AS f
-- rounding
SELECT round(42.4382, 2) AS a, round(-1.5) AS b, ceil(-42.8) AS c, ceiling(4.1) AS d, floor(-42.8) AS e, trunc(42.4382, 2) AS f, trunc(-1.9) AS g
-- div, mod, gcd, lcm, abs, sign
SELECT div(9, 4) AS a, mod(9, 4) AS b, gcd(1071, 462) AS c, lcm(4, 6) AS d, abs(-17.4) AS e, sign(-8.4) AS f
-- powers, roots, logarithms
SELECT power(9, 3) AS a, sqrt(2) AS b, cbrt(64.0) AS c, exp(1.0) AS d, ln(2.0) AS e, log(100.0) AS f, log10(1000.0) AS g, log(2.0, 64.0) AS h, factorial(5) AS i
-- scale, min_scale, trim_scale, pi, degrees, radians
SELECT scale(8.4100) AS a, min_scale(8.4100) AS b, trim_scale(8.4100) AS c, pi() AS d, degrees(0.5) AS e, radians(45.0) AS f
-- trigonometry
SELECT sin(1) AS a, cos(1) AS b, tan(0.5) AS c, asin(0.5) AS d, acos(0.5) AS e, atan(1) AS f, atan2(1, 2) AS g, cot(1) AS h
-- trigonometry in degrees
SELECT sind(30) AS a, cosd(60) AS b, tand(45) AS c, asind(0.5) AS d, acosd(0.5) AS e, atand(1) AS f, atan2d(1, 1) AS g, cotd(45) AS h
-- hyperbolic functions
SELECT sinh(1) AS a, cosh(0) AS b, tanh(1) AS c, asinh(1) AS d, acosh(2) AS e, atanh(0.5) AS f
-- random within bounds
SELECT random() BETWEEN 0 AND 1 AS r, gen_random_uuid() IS NOT NULL AS u
-- numeric with many digits, NaN and infinities
SELECT 123456789012345678901234567890.123456789 AS big, 'NaN'::numeric AS nan, 'Infinity'::float8 AS inf, '-inf'::numeric AS ninf, 1e-30 AS tiny
-- casts between number types
SELECT total::int AS i, total::float8 AS f, qty::numeric(5,2) AS n, (total * 100)::bigint AS b, qty::smallint AS s, total::real AS r FROM lab.orders ORDER BY id
-- comparison across number types
SELECT o.id FROM lab.orders o JOIN lab.readings r ON r.n = o.id AND r.big > o.id AND r.small < o.total ORDER BY 1
-- statistics per group with rounding
SELECT sensor, round(avg(value)::numeric, 3) AS a, round(stddev(value)::numeric, 3) AS s FROM lab.readings WHERE value < 'NaN' GROUP BY sensor ORDER BY sensor
-- integer series with step
SELECT g FROM generate_series(10, 1, -3) AS g
-- numeric series
SELECT g FROM generate_series(0.0, 1.0, 0.25) AS g
-- percent of total and cumulative percent
SELECT id, round(100 * total / sum(total) OVER (), 3) AS p, round(100 * sum(total) OVER (ORDER BY total DESC, id) / sum(total) OVER (), 2) AS cp FROM lab.orders ORDER BY id
-- money arithmetic
SELECT who, price * 2 AS d, price / 2 AS h, price / '1'::money AS r, price::numeric AS n, price > 20::money AS e FROM lab.shifts ORDER BY who
-- bit strings
SELECT flags & B'00001111' AS a, flags | B'1'::bit(8) AS o, ~flags AS n, flags << 2 AS s, flags >> 1 AS r, length(mask) AS l, get_bit(flags, 3) AS g, set_bit(flags, 0, 1) AS sb, bit_count(flags) AS bc, flags || mask AS c, substring(flags from 3 for 2) AS ss, flags::int AS i FROM lab.documents ORDER BY id
-- bit strings: overlay and position
SELECT overlay(B'0101' placing B'11' from 2 for 2) AS o, position(B'01' in B'1101') AS p, octet_length(B'10101010') AS n
-- money from text and generated numbers
SELECT sum(x) AS s, avg(x) AS a FROM (SELECT (g * 1.10)::numeric(8,2) AS x FROM generate_series(1, 100) AS g) t
-- num_nulls, num_nonnulls
SELECT num_nulls(1, NULL, NULL) AS a, num_nonnulls('a', NULL) AS b
-- hashing of values
SELECT hashtext('a') = hashtext('a') AS t, abs(hashint4(5)) % 8 = abs(hashint4(5)) % 8 AS i
-- mathematical parameter with derived type
--: {"rate": 0.21}
SELECT id, round(total * (:rate::numeric), 2) AS vat FROM lab.orders ORDER BY id
