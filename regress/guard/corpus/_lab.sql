-- Data of the corpus of legitimate statements: two tenants with different rows, every kind of relation and
-- type that a tool may read. Committed, since executors see nothing else: for files with a database of their own.
CREATE SCHEMA lab;
GRANT USAGE ON SCHEMA lab TO ops_tool;
CREATE TYPE lab.mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN lab.percent AS numeric CHECK (VALUE BETWEEN 0 AND 100);
CREATE DOMAIN lab.code AS text COLLATE "C" CHECK (VALUE ~ '^[A-Z]{2}[0-9]+$');
CREATE TYPE lab.address AS (street text, city text, zip int);
CREATE TYPE lab.price_range AS RANGE (subtype = numeric);

CREATE TABLE lab.customers (tenant_id text, id int PRIMARY KEY, name text, city text, joined date, mood lab.mood,
  discount lab.percent, code lab.code, home lab.address, tags text[], parent_id int, key uuid, ip inet, mac macaddr, active boolean);
CREATE TABLE lab.orders (tenant_id text, id int PRIMARY KEY, customer_id int, status text, total numeric(12,2), placed_at timestamptz,
  paid_on date, items jsonb, note text, qty int, gross numeric GENERATED ALWAYS AS (total * 1.1) STORED);
CREATE TABLE lab.readings (tenant_id text, sensor text, at timestamp, value double precision, small real, n smallint, big bigint);
CREATE TABLE lab.documents (tenant_id text, id int, title text, body text, search tsvector, data json, page xml, raw bytea, flags bit(8), mask varbit);
CREATE TABLE lab.bookings (tenant_id text, room int, during tsrange, days daterange, prices lab.price_range, slots int4multirange);
CREATE TABLE lab.shapes (tenant_id text, id int, p point, b box, c circle, l lseg, path path, poly polygon, ln line);
CREATE TABLE lab.edges (tenant_id text, a int, b int, cost int);
CREATE TABLE lab.shifts (tenant_id text, who text, start_at time, zone_at timetz, lasts interval, price money, ch "char", nm name, fixed char(6));
CREATE TABLE lab.events (tenant_id text, id int, at date, kind text) PARTITION BY RANGE (at);
CREATE TABLE lab.events_2025 PARTITION OF lab.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE lab.events_2026 PARTITION OF lab.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY LIST (kind);
CREATE TABLE lab.events_2026_a PARTITION OF lab.events_2026 FOR VALUES IN ('a');
CREATE TABLE lab.events_2026_x PARTITION OF lab.events_2026 DEFAULT;
CREATE TABLE lab.hashed (tenant_id text, id int) PARTITION BY HASH (id);
CREATE TABLE lab.hashed_0 PARTITION OF lab.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE lab.hashed_1 PARTITION OF lab.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE lab.vehicles (tenant_id text, id int, wheels int, CHECK (wheels >= 0));
CREATE TABLE lab.trucks (load int) INHERITS (lab.vehicles);
CREATE TABLE lab."Odd Name" (tenant_id text, "select" int, "Größe" numeric);
CREATE TABLE lab.rates (currency text PRIMARY KEY, rate numeric);

INSERT INTO lab.customers
  SELECT t.tenant, t.base + i, (ARRAY['Ann', 'Bob', 'Çelik', 'dora', 'Eve', 'Ünal'])[1 + i % 6] || ' ' || i,
         (ARRAY['Busan', 'Seoul', NULL, 'Jeju'])[1 + i % 4], date '2024-01-15' + i * 17,
         (ARRAY['sad', 'ok', 'happy'])[1 + i % 3]::lab.mood, (i * 7) % 100, 'KR' || i, ROW('Street ' || i, 'Town ' || i % 3, 1000 + i)::lab.address,
         CASE WHEN i % 5 = 0 THEN NULL ELSE ARRAY['t' || i % 2, 'u' || i % 3, 'all'] END, CASE WHEN i > 2 THEN t.base + i / 2 END,
         md5(t.tenant || i)::uuid, ('10.' || i % 3 || '.0.' || i || '/24')::inet, ('08:00:2b:01:02:' || lpad(to_hex(i), 2, '0'))::macaddr, i % 2 = 0
    FROM (VALUES ('acme', 0), ('globex', 1000)) AS t(tenant, base), generate_series(1, 24) AS i;
INSERT INTO lab.orders (tenant_id, id, customer_id, status, total, placed_at, paid_on, items, note, qty)
  SELECT t.tenant, t.base + i, t.base + 1 + i % 20, (ARRAY['open', 'paid', 'sent', 'paid', 'void'])[1 + i % 5], (i * 37) % 500 + i % 4 * 0.25,
         timestamptz '2025-11-01 08:00+00' + i * interval '7 hours 13 minutes', CASE WHEN i % 3 > 0 THEN date '2025-11-02' + i / 3 END,
         jsonb_build_object('sku', 'S' || i % 9, 'lines', jsonb_build_array(jsonb_build_object('n', i % 4, 'p', i * 1.5),
           jsonb_build_object('n', i % 7, 'p', 10)), 'gift', i % 2 = 0, 'meta', CASE WHEN i % 6 = 0 THEN NULL ELSE jsonb_build_object('w', i) END),
         CASE i % 4 WHEN 0 THEN 'please drop; DELETE nothing' WHEN 1 THEN 'it''s ok' WHEN 2 THEN 'ring twice, e-mail bob@example.com' END, i % 8
    FROM (VALUES ('acme', 0), ('globex', 1000)) AS t(tenant, base), generate_series(1, 80) AS i;
INSERT INTO lab.readings
  SELECT t.tenant, 's' || i % 3, timestamp '2026-01-01' + i * interval '37 minutes', CASE WHEN i = 30 THEN 'NaN' ELSE sqrt(i) * t.factor END,
         i / 8.0, i, i::bigint * 4294967296
    FROM (VALUES ('acme', 1), ('globex', 100)) AS t(tenant, factor), generate_series(1, 60) AS i;
INSERT INTO lab.documents
  SELECT t.tenant, i, 'Title ' || i, d.body || ' of ' || t.tenant, to_tsvector('english', d.body), json_build_object('a', i, 'b', json_build_array(i, NULL, 'x'))::json,
         xmlelement(name doc, xmlattributes(i AS id), xmlelement(name item, 'one'), xmlelement(name item, i)),
         decode(lpad(to_hex(i * 4099), 8, '0'), 'hex'), (i * 5)::bit(8), (i * 3)::bit(6)::varbit
    FROM (VALUES ('acme'), ('globex')) AS t(tenant),
         unnest(ARRAY['The quick brown foxes jumped over lazy dogs', 'Databases answer questions quickly', 'A dog sleeps; nobody jumps',
                      'Full text search ranks documents', 'Rats and cats and foxes', 'Nothing to see']) WITH ORDINALITY AS d(body, i);
INSERT INTO lab.bookings
  SELECT t.tenant, i % 3, tsrange(timestamp '2026-03-01' + i * interval '5 hours', timestamp '2026-03-01 06:00' + i * interval '5 hours'),
         daterange('2026-03-01'::date + i, '2026-03-04'::date + i, '[]'), lab.price_range(i, i * 2 + 1), int4multirange(int4range(i, i + 3), int4range(i + 10, i + 12))
    FROM (VALUES ('acme'), ('globex')) AS t(tenant), generate_series(1, 12) AS i;
INSERT INTO lab.shapes
  SELECT t.tenant, i, point(i, i * 2), box(point(0, 0), point(i, i)), circle(point(i, 0), 2), lseg(point(0, i), point(i, 0)),
         path(polygon(4, circle(point(0, 0), i))), polygon(box(point(0, 0), point(i, 2))), line(point(0, 0), point(1, i))
    FROM (VALUES ('acme'), ('globex')) AS t(tenant), generate_series(1, 8) AS i;
INSERT INTO lab.edges SELECT t.tenant, e.a, e.b, e.c FROM (VALUES ('acme'), ('globex')) AS t(tenant),
  (VALUES (1, 2, 4), (2, 3, 1), (3, 1, 7), (3, 4, 2), (4, 5, 9), (1, 5, 3)) AS e(a, b, c);
INSERT INTO lab.shifts SELECT t.tenant, 'w' || i, time '06:00' + i * interval '97 minutes', timetz '06:00+09' + i * interval '1 hour',
  i * interval '1 hour 20 minutes' + i * interval '2 days', i * 12.5::numeric::money, chr(64 + i)::"char", 'name_' || i, 'f' || i
    FROM (VALUES ('acme'), ('globex')) AS t(tenant), generate_series(1, 9) AS i;
INSERT INTO lab.events SELECT t.tenant, i, date '2025-10-01' + i * 11, (ARRAY['a', 'b', 'c'])[1 + i % 3]
  FROM (VALUES ('acme'), ('globex')) AS t(tenant), generate_series(1, 30) AS i;
INSERT INTO lab.hashed SELECT t.tenant, i FROM (VALUES ('acme'), ('globex')) AS t(tenant), generate_series(1, 20) AS i;
INSERT INTO lab.vehicles SELECT t.tenant, i, 4 FROM (VALUES ('acme'), ('globex')) AS t(tenant), generate_series(1, 5) AS i;
INSERT INTO lab.trucks SELECT t.tenant, 100 + i, 6, i * 10 FROM (VALUES ('acme'), ('globex')) AS t(tenant), generate_series(1, 4) AS i;
INSERT INTO lab."Odd Name" VALUES ('acme', 1, 1.5), ('acme', 2, 2.5), ('globex', 3, 3.5);
INSERT INTO lab.rates VALUES ('KRW', 1), ('USD', 1380.5), ('EUR', 1495.25);
CREATE INDEX ON lab.orders (lower(status));
CREATE INDEX ON lab.orders (placed_at) WHERE status = 'open';
CREATE INDEX ON lab.orders USING gin (items);
CREATE INDEX ON lab.documents USING gin (search);
CREATE INDEX ON lab.bookings USING gist (during);

CREATE VIEW lab.paid WITH (security_invoker) AS SELECT * FROM lab.orders WHERE status = 'paid';
CREATE VIEW lab.paid_by_city WITH (security_invoker, security_barrier) AS
  SELECT c.city, count(*) AS n, sum(p.total) AS total FROM lab.paid p JOIN lab.customers c ON c.id = p.customer_id GROUP BY c.city;
CREATE VIEW lab.constants AS SELECT g AS n, g * g AS square FROM generate_series(1, 4) AS g;
CREATE MATERIALIZED VIEW lab.monthly AS SELECT date_trunc('month', placed_at AT TIME ZONE 'UTC') AS month, count(*) AS n FROM lab.orders GROUP BY 1;
CREATE EXTENSION file_fdw;
CREATE SERVER lab_files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE lab.version_file (version text) SERVER lab_files OPTIONS (filename 'PG_VERSION');
CREATE FUNCTION lab.vat(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 0.1';
CREATE FUNCTION lab.cities() RETURNS TABLE (city text, n bigint) LANGUAGE sql STABLE AS 'SELECT c.city, count(*) FROM lab.customers c GROUP BY 1';
CREATE AGGREGATE lab.product(numeric) (SFUNC = numeric_mul, STYPE = numeric, INITCOND = '1');
CREATE FUNCTION lab.same_city(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT lower($1) = lower($2)';
CREATE OPERATOR lab.=~= (LEFTARG = text, RIGHTARG = text, FUNCTION = lab.same_city);

GRANT SELECT ON ALL TABLES IN SCHEMA lab TO ops_tool, ops_stats;
GRANT USAGE ON SCHEMA lab TO ops_stats;
SELECT count(*) > 0 AS protected
  FROM unnest(string_to_array('lab.customers,lab.orders,lab.readings,lab.documents,lab.bookings,lab.shapes,lab.edges,lab.shifts,lab.events,lab.hashed,lab.vehicles,lab."Odd Name"', ',')::regclass[]) AS t,
       LATERAL ops.protect_table(t) AS ddl \gset
SELECT ops.share_table('lab.rates'), ops.share_table('lab.monthly'), ops.share_table('lab.version_file'),
       ops.allow_function('lab.vat(numeric)', 'arithmetic'), ops.allow_function('lab.cities()', 'reads protected rows as the caller'),
       ops.allow_function('lab.product(numeric)', 'arithmetic'), ops.allow_function('lab.same_city(text,text)', 'comparison'),
       ops.create_tenant('acme'), ops.create_tenant('globex') \gset
ANALYZE;
