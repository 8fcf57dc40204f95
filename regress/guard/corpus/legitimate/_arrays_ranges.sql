-- array constructors, subscripts and slices
SELECT tags[1] AS a, tags[2:] AS b, tags[:2] AS c, (ARRAY[10, 20, 30])[2] AS d, ('{{1,2},{3,4}}'::int[])[2][1] AS e, ('{{1,2},{3,4}}'::int[])[1:2][2:2] AS f FROM lab.customers ORDER BY id
-- containment and overlap
SELECT id FROM lab.customers WHERE tags @> ARRAY['t1'] AND tags && '{u0,u1}' AND ARRAY['all'] <@ tags ORDER BY id
-- concatenation
SELECT tags || 'x'::text AS a, 'y'::text || tags AS b, tags || ARRAY['p', 'q'] AS c, array_append(tags, 'z') AS d, array_prepend('z', tags) AS e, array_cat(tags, tags) AS f FROM lab.customers ORDER BY id LIMIT 4
-- dimensions
SELECT array_length(tags, 1) AS l, cardinality(tags) AS c, array_ndims(ARRAY[[1], [2]]) AS n, array_dims(ARRAY[[1], [2]]) AS d, array_lower(tags, 1) AS lo, array_upper(tags, 1) AS up FROM lab.customers ORDER BY id
-- position, remove, replace, fill, trim
SELECT array_position(tags, 'all') AS p, array_positions(ARRAY[1, 2, 1], 1) AS ps, array_remove(tags, 'all') AS r, array_replace(tags, 'all', 'each') AS rp, array_fill(7, ARRAY[2, 2]) AS f, trim_array(ARRAY[1, 2, 3], 1) AS t FROM lab.customers ORDER BY id LIMIT 5
-- comparison and ordering of arrays
SELECT id, tags FROM lab.customers WHERE tags > ARRAY['t0', 'u1'] ORDER BY tags DESC NULLS LAST, id
-- DISTINCT and GROUP BY arrays
SELECT tags, count(*) AS n FROM lab.customers GROUP BY tags ORDER BY tags
-- generate_subscripts
SELECT i, ('{a,b,c}'::text[])[i] AS v FROM generate_subscripts('{a,b,c}'::text[], 1) AS i ORDER BY i DESC
-- unnest and aggregate again
SELECT id, (SELECT array_agg(upper(t) ORDER BY t) FROM unnest(tags) AS t) AS u FROM lab.customers ORDER BY id
-- casts of arrays, element by element
SELECT ARRAY['1', '2']::int[] AS a, ARRAY[1, 2]::text[] AS b, '{2026-01-01}'::date[] AS c, ARRAY[1.5, 2]::numeric(4,1)[] AS d, '{sad,ok}'::lab.mood[] AS e
-- arrays of composites and of domains
SELECT ARRAY[ROW('s', 'c', 1)::lab.address] AS a, ARRAY[5, 10]::lab.percent[] AS p, (ARRAY[ROW('s', 'c', 1)::lab.address])[1].city AS c
-- an array parameter
--: {"ids": [3, 5, 8]}
SELECT id, status FROM lab.orders WHERE id = ANY (:ids::int[]) ORDER BY id
-- tag cloud
SELECT t AS tag, count(*) AS n FROM lab.customers, unnest(tags) AS t GROUP BY t ORDER BY n DESC, t
-- common elements by INTERSECT
SELECT ARRAY(SELECT unnest(ARRAY[1, 2, 3]) INTERSECT SELECT unnest(ARRAY[2, 3, 4]) ORDER BY 1) AS common
-- int2vector and oidvector as arrays
SELECT indkey::int2[] AS k FROM pg_index WHERE indexrelid = 'pg_catalog.pg_type_oid_index'::regclass
-- range constructors and bounds
SELECT int4range(1, 10) AS a, numrange(1.5, NULL, '(]') AS b, tstzrange('2026-01-01', '2026-02-01') AS c, daterange('2026-01-01', '2026-01-05', '[]') AS d, int8range(3, 3) AS e, 'empty'::tsrange AS f
-- lower, upper, isempty, inclusive, infinite
SELECT lower(during) AS l, upper(during) AS u, isempty(during) AS e, lower_inc(during) AS li, upper_inc(during) AS ui, lower_inf(prices) AS lf, upper_inf(numrange(1, NULL)) AS uf FROM lab.bookings ORDER BY 1
-- range containment of element and range
SELECT room, during FROM lab.bookings WHERE during @> timestamp '2026-03-01 10:30' OR days @> date '2026-03-10' OR daterange('2026-03-05', '2026-03-08') <@ days ORDER BY during
-- overlap, adjacency, left and right of
SELECT a.days && b.days AS o, a.days -|- b.days AS adj, a.days << b.days AS l, a.days >> b.days AS r, a.days &< b.days AS nl, a.days &> b.days AS nr FROM lab.bookings a, lab.bookings b WHERE a.room < b.room ORDER BY a.days, b.days
-- union, intersection, difference, merge
SELECT during * tsrange('2026-03-01', '2026-03-02') AS i, int4range(1, 5) + int4range(4, 9) AS u, int4range(1, 9) - int4range(5, 9) AS d, range_merge(days, daterange('2026-04-01', '2026-04-02')) AS m FROM lab.bookings ORDER BY during
-- ordering and grouping by ranges
SELECT prices, count(*) AS n FROM lab.bookings GROUP BY prices ORDER BY prices DESC
-- a range type of the application
SELECT room, prices, prices @> 4.5 AS c, lab.price_range(1, 2, '[]') AS p, upper(prices) - lower(prices) AS w FROM lab.bookings ORDER BY prices
-- double bookings by self join
SELECT a.room, a.during AS x, b.during AS y FROM lab.bookings a JOIN lab.bookings b ON a.room = b.room AND a.during && b.during AND a.during < b.during ORDER BY 1, 2
-- multirange constructors, union, difference
SELECT int4multirange(int4range(1, 3), int4range(5, 8)) AS a, slots + int4multirange(int4range(100, 110)) AS u, slots - int4multirange(int4range(1, 5)) AS d, slots * int4multirange(int4range(0, 6)) AS i FROM lab.bookings ORDER BY slots
-- multirange predicates
SELECT slots @> 4 AS c, slots && int4range(2, 4) AS o, slots << int4range(100, 101) AS l, lower(slots) AS lo, upper(slots) AS up, isempty('{}'::int4multirange) AS e, range_merge(slots) AS m, multirange(int4range(1, 2)) AS mr FROM lab.bookings ORDER BY slots
-- unnest of a multirange
SELECT u FROM lab.bookings, unnest(slots) AS u ORDER BY u
-- free slots between bookings
SELECT room, tsmultirange(tsrange(min(lower(during)), max(upper(during)))) - range_agg(during) AS free FROM lab.bookings GROUP BY room ORDER BY room
-- hours booked per room
SELECT room, sum(upper(during) - lower(during)) AS total FROM lab.bookings GROUP BY room ORDER BY room
