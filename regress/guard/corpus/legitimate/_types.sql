-- enum: comparison, order and functions
SELECT id, mood, mood > 'sad' AS m, enum_range(mood, NULL) AS r, enum_first(mood) AS f, enum_last(NULL::lab.mood) AS l FROM lab.customers ORDER BY mood DESC, id
-- enum: cast from text and grouping
SELECT mood, count(*) AS n, 'ok'::lab.mood AS ok FROM lab.customers WHERE mood::text IN ('ok', 'happy') GROUP BY mood ORDER BY mood
-- enum: a parameter
--: {"mood": "happy"}
SELECT id FROM lab.customers WHERE mood = :mood ORDER BY id
-- domain: column, cast and arithmetic
SELECT id, discount, discount / 2 AS half, 55::lab.percent AS p, code, code COLLATE "C" < 'KR5' AS lt, CAST('KR7' AS lab.code) AS c FROM lab.customers ORDER BY id
-- composite: constructor, comparison, cast, fields
SELECT ROW('a', 'b', 3)::lab.address AS a, (ROW('a', 'b', 3)::lab.address).zip AS z, home > ROW('Street 2', 'x', 0)::lab.address AS g, home::text AS t FROM lab.customers ORDER BY id
-- composite: DISTINCT, ORDER BY, GROUP BY
SELECT (home).city AS city, count(DISTINCT home) AS n FROM lab.customers GROUP BY 1 ORDER BY max((home).zip)
-- composite: from text
SELECT ('("Main St","Seoul",7)'::lab.address).city AS c
-- composite: comparison operators of rows
SELECT ROW(1, 2) < ROW(1, 3) AS a, ROW(1, NULL) IS DISTINCT FROM ROW(1, NULL) AS b, ROW(1, 'x'::text) = ANY (ARRAY[ROW(1, 'x'::text), ROW(2, 'y')]) AS c, (SELECT e *= e FROM lab.edges e LIMIT 1) AS d
-- uuid
SELECT key, key = md5('acme1')::uuid AS m, key > '80000000-0000-0000-0000-000000000000' AS g, key::text AS t FROM lab.customers ORDER BY key
-- boolean logic of three values
SELECT true AND NULL AS a, false AND NULL AS b, true OR NULL AS c, NOT NULL::boolean AS d, 'yes'::boolean AS e, active = 't' AS f, booland_statefunc(true, active) AS g FROM lab.customers ORDER BY id
-- network: functions
SELECT abbrev(ip) AS a, broadcast(ip) AS b, family(ip) AS f, host(ip) AS h, hostmask(ip) AS hm, masklen(ip) AS ml, netmask(ip) AS nm, network(ip) AS nw, set_masklen(ip, 16) AS sm, text(ip) AS t, inet_merge(ip, '10.9.0.0/8') AS im, inet_same_family(ip, '::1') AS sf FROM lab.customers ORDER BY id
-- network: operators
SELECT id FROM lab.customers WHERE ip << '10.1.0.0/16' OR ip <<= inet '10.2.0.5/24' OR ip && '10.0.0.0/26' OR inet '10.0.0.0/8' >> ip ORDER BY id
-- network: arithmetic and sorting
SELECT ip + 5 AS p, ip - inet '10.0.0.0' AS d, ~ip AS n, ip & inet '0.0.0.255' AS a, ip | inet '0.0.1.0' AS o, network(ip)::cidr AS c FROM lab.customers ORDER BY ip
-- network: grouping by network
SELECT network(set_masklen(ip, 16)) AS net, count(*) AS n FROM lab.customers GROUP BY 1 ORDER BY 1
-- mac addresses
SELECT mac, trunc(mac) AS t, mac & macaddr 'ff:ff:ff:00:00:00' AS a, macaddr8_set7bit(mac::macaddr8) AS m8, ~mac AS n FROM lab.customers ORDER BY mac LIMIT 6
-- geometry: distances and predicates
SELECT id, p <-> point '(0,0)' AS d, p <@ b AS inb, c @> p AS inc, l ?|| lseg '((0,0),(1,-1))' AS par, b && box '((2,2),(3,3))' AS ov, p ~= point(id, id * 2) AS same FROM lab.shapes ORDER BY id
-- geometry: measures
SELECT id, area(b) AS a, area(c) AS ac, center(b) AS ce, diameter(c) AS di, height(b) AS h, width(b) AS w, length(l) AS le, npoints(path) AS np, radius(c) AS r, isclosed(path) AS cl, diagonal(b) AS dg, slope(p, point '(0,0)') AS sl FROM lab.shapes ORDER BY id
-- geometry: conversions and arithmetic
SELECT id, box(c) AS bc, circle(b) AS cb, point(b) AS pb, polygon(b) AS pg, lseg(b) AS lb, p + point '(1,1)' AS add, p * point '(2,0)' AS mul, bound_box(b, box '((9,9),(8,8))') AS bb, # path AS n, l # lseg '((0,0),(9,9))' AS x, isopen(popen(path)) AS z FROM lab.shapes ORDER BY id
-- geometry: intersection and closest point
SELECT id, b # box '((0,0),(2,2))' AS i, point '(0,0)' ## l AS cp, ln ?# line '{1,0,0}' AS cross, ?- l AS hor, @-@ path AS len, @@ c AS mid FROM lab.shapes ORDER BY id
-- geometry: nearest neighbours
SELECT id FROM lab.shapes ORDER BY p <-> point '(4,5)', id LIMIT 3
-- geometry: coordinates by subscript
SELECT id, p[0] AS x, p[1] AS y, (b[0])[0] AS bx FROM lab.shapes ORDER BY id
-- "char", name, fixed char
SELECT ch, ch::int AS i, nm, fixed, fixed = 'f1' AS e, length(fixed) AS l, fixed || '|' AS c FROM lab.shifts ORDER BY who
-- object identifiers as text
SELECT 'pg_catalog.int4'::regtype AS t, 'lower(text)'::regprocedure AS p, '+(integer,integer)'::regoperator AS o, 'pg_catalog'::regnamespace AS n, 'english'::regconfig AS c, 'simple'::regdictionary AS d, 'pg_catalog."C"'::regcollation AS col, to_regclass('lab.orders')::text AS r, to_regtype('no_such_type') AS none
-- pg_typeof, format_type, column size
SELECT pg_typeof(total) AS t, format_type(1700, 786438) AS f, pg_column_size(1::bigint) AS s, pg_typeof(ARRAY[1]) AS a FROM lab.orders WHERE id = 1
-- pg_lsn and transaction snapshots as values
SELECT '16/B374D848'::pg_lsn - '16/B3740000'::pg_lsn AS d, pg_lsn_larger('0/1', '0/2') AS l, '16/0'::pg_lsn + 16 AS p, pg_snapshot_xmin('10:20:10,14'::pg_snapshot) AS x, pg_visible_in_snapshot('15', '10:20:10,14') AS v
-- xid8 and tid values
SELECT '5'::xid8 < '7'::xid8 AS x, '(0,1)'::tid < '(0,2)'::tid AS t, xid8cmp('1', '2') AS c
-- comparison of records with nested arrays
SELECT a, b FROM (VALUES (ARRAY[1, 2], '{"x":1}'::jsonb), (ARRAY[1], '{}')) AS v(a, b) GROUP BY a, b ORDER BY (a, b) DESC
-- jsonpath and tsquery as values
SELECT '$.a[*]'::jsonpath AS j, 'fat & (rat | cat)'::tsquery AS q, 'a:1A b:2'::tsvector AS v
-- hstore-like access through json
SELECT value ->> 'n' AS n FROM lab.orders, jsonb_array_elements(items -> 'lines') WHERE id = 3 ORDER BY 1
-- implicit casts in set operations and CASE
SELECT id::text AS v FROM lab.orders WHERE id < 3 UNION SELECT status FROM lab.orders UNION SELECT CASE WHEN true THEN 1.5 ELSE 2 END::text ORDER BY 1
-- unknown literals resolved by context
SELECT id FROM lab.orders WHERE placed_at > '2025-11-20' AND paid_on < '2025-12-01' AND total > '10' AND status = 'paid' ORDER BY id
