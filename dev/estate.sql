-- dev: the demo estate: two tenants' configuration items, events, metrics and maintenance of one year. For psql, as a
-- superuser, with pg_ops created. It makes schema shop anew, and the tenants acme and globex if they are not there.
--
--   psql [-v clock='2026-09-17 10:30:00+00'] [-v events=1000000] [-v metric_hours=6] -f dev/estate.sql
--
-- clock: the instant the estate ends at (default: this hour's beginning); events: of both tenants together (default
-- 1000000); metric_hours: hours between two samples of a metric (default 6). The same variables give the same rows:
-- everything is arithmetic or a seeded hash. Nothing lies at or after the clock but planned maintenance.
-- What is in it: some items are noisy, some silent; fewer events at night and on weekends; a nightly batch; disks fill
-- up, response times rise; in acme one week, the fifth complete one before the clock's, is an incident. Identifiers overlap
-- between the tenants and do not strictly follow time; Busan is acme's only, Oslo is globex's only.
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
\if :{?clock}
\else
SELECT date_trunc('hour', now()) AS clock \gset
\endif
\if :{?events}
\else
\set events 1000000
\endif
\if :{?metric_hours}
\else
\set metric_hours 6
\endif
\o /dev/null
SELECT ops.create_tenant(t, initcap(t) || ' Inc.') FROM unnest('{acme,globex}'::text[]) t
 WHERE NOT EXISTS (SELECT FROM ops.tenants x WHERE x.tenant = t);

BEGIN;
SET LOCAL TimeZone = 'UTC';
SET LOCAL search_path = pg_catalog;
DROP SCHEMA IF EXISTS shop CASCADE;
CREATE SCHEMA shop;
CREATE TEMPORARY TABLE estate_clock ON COMMIT DROP AS
SELECT :'clock'::timestamptz AS clock, date_trunc('week', :'clock'::timestamptz) - interval '5 weeks' AS incident;

-- Uniform in [0, below): what a seed makes of a number.
CREATE FUNCTION pg_temp.draw(n bigint, seed bigint, below integer) RETURNS integer LANGUAGE sql IMMUTABLE
RETURN ((hashint8extended(n, seed) & 9007199254740991) % below)::integer;

CREATE TABLE shop.configuration_item (
  tenant_id text NOT NULL, ci_id integer NOT NULL, code text NOT NULL, name text NOT NULL,
  ci_type text NOT NULL CHECK (ci_type IN ('SYSTEM', 'SW', 'HW')),
  subtype text NOT NULL, category text NOT NULL,
  environment text NOT NULL CHECK (environment IN ('production', 'staging', 'test')),
  status text NOT NULL CHECK (status IN ('active', 'maintenance', 'retired', 'planned')),
  location text NOT NULL, owner text NOT NULL, installed_on date,
  PRIMARY KEY (tenant_id, ci_id), UNIQUE (tenant_id, code), UNIQUE (tenant_id, name)
);
CREATE TABLE shop.event_log (
  tenant_id text NOT NULL, event_id bigint NOT NULL, ci_id integer NOT NULL, at timestamptz NOT NULL,
  event_type text NOT NULL
    CHECK (event_type IN ('threshold_alarm', 'security_alert', 'health_check', 'status_change', 'deployment')),
  severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
  message text NOT NULL, acknowledged boolean NOT NULL, resolved_at timestamptz
);
CREATE TABLE shop.metric (
  tenant_id text NOT NULL, ci_id integer NOT NULL, at timestamptz NOT NULL,
  metric_name text NOT NULL CHECK (metric_name IN ('cpu_percent', 'memory_percent', 'disk_percent', 'response_ms')),
  value numeric NOT NULL
);
CREATE TABLE shop.maintenance (
  tenant_id text NOT NULL, maintenance_id integer NOT NULL, ci_id integer NOT NULL,
  started_at timestamptz NOT NULL, ended_at timestamptz,
  kind text NOT NULL CHECK (kind IN ('patch', 'upgrade', 'repair', 'inspection')),
  result text CHECK (result IN ('success', 'failed', 'cancelled')), engineer text NOT NULL, cost numeric(10, 2)
);

-- Configuration items: families of names, numbered. The services come first, then software, then hardware.
CREATE TEMPORARY TABLE estate_family ON COMMIT DROP AS
SELECT * FROM (VALUES
  ('acme', 'SW', 'database', 'data', 'postgresql', 18), ('acme', 'SW', 'middleware', 'platform', 'kafka', 9),
  ('acme', 'SW', 'middleware', 'platform', 'rabbitmq', 7), ('acme', 'SW', 'database', 'data', 'redis', 12),
  ('acme', 'SW', 'webserver', 'platform', 'nginx', 22), ('acme', 'SW', 'agent', 'monitoring', 'collector', 26),
  ('acme', 'SW', 'middleware', 'platform', 'tomcat', 16),
  ('acme', 'HW', 'server', 'compute', 'web', 16), ('acme', 'HW', 'server', 'data', 'db', 12),
  ('acme', 'HW', 'server', 'compute', 'app', 28), ('acme', 'HW', 'server', 'compute', 'cache', 8),
  ('acme', 'HW', 'storage', 'data', 'san', 8), ('acme', 'HW', 'switch', 'network', 'switch', 20),
  ('acme', 'HW', 'firewall', 'network', 'fw', 8), ('acme', 'HW', 'server', 'data', 'backup', 10),
  ('globex', 'SW', 'database', 'data', 'oracle', 7), ('globex', 'SW', 'webserver', 'platform', 'nginx', 9),
  ('globex', 'SW', 'middleware', 'platform', 'kafka', 5), ('globex', 'SW', 'agent', 'monitoring', 'collector', 8),
  ('globex', 'HW', 'server', 'compute', 'web', 12), ('globex', 'HW', 'server', 'data', 'db', 9),
  ('globex', 'HW', 'server', 'compute', 'node', 14), ('globex', 'HW', 'switch', 'network', 'switch', 11),
  ('globex', 'HW', 'router', 'network', 'edge', 5)
) AS family (tenant_id, ci_type, subtype, category, stem, members);

INSERT INTO shop.configuration_item
SELECT tenant_id, (n * 7) % (CASE tenant_id WHEN 'acme' THEN 241 ELSE 89 END),
       CASE ci_type WHEN 'SYSTEM' THEN 'SYS' ELSE ci_type END || '-'
         || lpad(row_number() OVER (PARTITION BY tenant_id, ci_type ORDER BY n)::text, 3, '0'),
       name, ci_type, subtype, category,
       CASE WHEN ci_type = 'SYSTEM' OR named OR e < 56 THEN 'production' WHEN e < 80 THEN 'staging' ELSE 'test' END,
       status,
       CASE tenant_id
         WHEN 'acme' THEN (ARRAY['Seoul', 'Seoul', 'Seoul', 'Busan', 'Busan', 'Berlin', 'Berlin', 'Lisbon', 'Dublin', 'New York'])
                          [1 + pg_temp.draw(n, 3, 10)]
         ELSE (ARRAY['Oslo', 'Oslo', 'Oslo', 'Austin', 'Austin', 'Seoul', 'Berlin'])[1 + pg_temp.draw(n, 13, 7)] END,
       CASE tenant_id
         WHEN 'acme' THEN (ARRAY['kim', 'kim', 'kim', 'lee', 'lee', 'park', 'park', 'novak', 'novak', 'garcia', 'schmidt', 'okafor',
                                 'ivanova'])[1 + pg_temp.draw(n, 4, 13)]
         ELSE (ARRAY['smith', 'smith', 'olsen', 'olsen', 'olsen', 'hansen', 'kim', 'nguyen'])[1 + pg_temp.draw(n, 14, 8)] END,
       CASE WHEN status <> 'planned' THEN (clock AT TIME ZONE 'UTC')::date - 20
            - pg_temp.draw(n, 5, CASE WHEN status = 'retired' THEN 700 ELSE 1700 END)
            - CASE WHEN status = 'retired' THEN 1100 ELSE 0 END END
FROM (SELECT *, pg_temp.draw(n, 1, 100) AS e, name IN ('web-01', 'web-02', 'db-01', 'db-02', 'app-03', 'san-01') AS named,
             CASE WHEN ci_type = 'SYSTEM' OR name IN ('web-01', 'web-02', 'db-01', 'db-02', 'app-03', 'san-01') THEN 'active'
                  WHEN pg_temp.draw(n, 514, 100) < 82 THEN 'active' WHEN pg_temp.draw(n, 514, 100) < 87 THEN 'maintenance'
                  WHEN pg_temp.draw(n, 514, 100) < 95 THEN 'retired' ELSE 'planned' END AS status
      FROM (SELECT tenant_id, ci_type, subtype, category, name,
                   row_number() OVER (PARTITION BY tenant_id ORDER BY ci_type <> 'SYSTEM', ci_type = 'HW', stem, name) AS n
            FROM (SELECT tenant_id, ci_type, subtype, category, stem, stem || '-' || lpad(m::text, 2, '0') AS name
                  FROM estate_family, generate_series(1, members) AS m
                  UNION ALL
                  SELECT 'acme', 'SYSTEM', 'service', 'business', '', s
                  FROM unnest(ARRAY['webshop', 'checkout', 'billing', 'search', 'catalog', 'payments', 'shipping', 'inventory',
                                    'accounts', 'reporting', 'mailer', 'crm', 'identity', 'pricing', 'recommendations', 'loyalty',
                                    'analytics', 'intranet', 'helpdesk', 'returns']) AS s
                  UNION ALL
                  SELECT 'globex', 'SYSTEM', 'service', 'business', '', s
                  FROM unnest(ARRAY['billing', 'portal', 'tracking', 'fleet', 'booking', 'customs', 'payroll', 'search']) AS s
                 ) AS named) AS numbered) AS item, estate_clock;

-- Who makes the noise: 1,024 slots per tenant and period, shared out by rank, for an event to draw from. Retired items
-- fell silent 120 days before the clock; planned ones and a few others have never said anything.
CREATE TEMPORARY TABLE estate_slot ON COMMIT DROP AS
SELECT tenant_id, early, slot, ci_id, name
FROM (SELECT *, 1024 * (sum(weight) OVER ranked - weight) / sum(weight) OVER whole AS low,
             1024 * sum(weight) OVER ranked / sum(weight) OVER whole AS high
      FROM (SELECT tenant_id, early, ci_id, name,
                   100000 / (2 + row_number() OVER (PARTITION BY tenant_id, early ORDER BY pg_temp.draw(ci_id, 21, 1000000), ci_id))
                     AS weight
            FROM shop.configuration_item, (VALUES (false), (true)) AS period (early)
            WHERE status <> 'planned' AND (early OR status <> 'retired') AND pg_temp.draw(ci_id, 22, 100) >= 4) AS ranked
      WINDOW whole AS (PARTITION BY tenant_id, early),
             ranked AS (PARTITION BY tenant_id, early ORDER BY weight DESC, ci_id)) AS share,
     generate_series(0, 1023) AS slot
WHERE slot >= low AND slot < high;
INSERT INTO estate_slot (tenant_id, early, slot, ci_id, name)  -- the incident's items
SELECT tenant_id, NULL, 1023 + row_number() OVER (ORDER BY name), ci_id, name
FROM shop.configuration_item WHERE tenant_id = 'acme' AND name IN ('app-03', 'checkout', 'db-02', 'san-01');

-- How many events in which hour; hour 0 is the one before the clock.
CREATE TEMPORARY TABLE estate_hour ON COMMIT DROP AS
SELECT tenant_id, starts, quiet, troubled, before, (wanted * total / overall)::bigint - before AS n
FROM (SELECT *, (wanted * (total - weight) / overall)::bigint AS before
      FROM (SELECT *, sum(weight) OVER (PARTITION BY tenant_id ORDER BY starts) AS total,
                   sum(weight) OVER (PARTITION BY tenant_id) AS overall
            FROM (SELECT tenant_id, wanted, starts, quiet, troubled,
                         (CASE WHEN hour BETWEEN 8 AND 17 THEN 100 WHEN hour = 2 THEN 110 WHEN hour >= 18 THEN 60 ELSE 35 END)::numeric
                         * CASE WHEN day > 5 THEN 6 ELSE 10 END
                         * (CASE tenant_id WHEN 'acme' THEN 8000 + (8760 - h) ELSE 16000 - (8760 - h) / 2 END)
                         * CASE WHEN troubled THEN 3 ELSE 1 END * (90 + pg_temp.draw(h, 31, 21)) AS weight
                  FROM (SELECT h, tenant_id, wanted, starts, day, hour, day > 5 OR hour NOT BETWEEN 8 AND 17 AS quiet,
                               tenant_id = 'acme' AND starts >= incident AND starts < incident + interval '7 days' AS troubled
                        FROM (SELECT h, clock - (h + 1) * interval '1 hour' AS starts, incident,
                                     extract(isodow FROM clock - (h + 1) * interval '1 hour') AS day,
                                     extract(hour FROM clock - (h + 1) * interval '1 hour') AS hour
                              FROM estate_clock, generate_series(0, 8759) AS h) AS hours,
                             (VALUES ('acme', :events - :events / 4), ('globex', :events / 4)) AS tenant (tenant_id, wanted)
                       ) AS patterned) AS weighted) AS summed) AS shared_out;

INSERT INTO shop.event_log
SELECT event.tenant_id, 1 + (r # 7), ci_id, at, event_type, severity,
       CASE event_type
         WHEN 'threshold_alarm' THEN (ARRAY['cpu above 90 %', 'memory above 85 %', 'disk above 80 %', 'response slower than 800 ms'])
                                     [1 + pg_temp.draw(r, seed + 5, 4)] || ' on ' || name
         WHEN 'security_alert' THEN (ARRAY['failed logins', 'port scan', 'expired certificate', 'unusual traffic'])
                                    [1 + pg_temp.draw(r, seed + 5, 4)] || ' on ' || name
         WHEN 'health_check' THEN name || CASE severity WHEN 'info' THEN ' answers' WHEN 'warning' THEN ' answers slowly'
                                          ELSE ' does not answer' END
         WHEN 'status_change' THEN name || (ARRAY[' restarted', ' joined the pool', ' left the pool', ' failed over'])
                                   [1 + pg_temp.draw(r, seed + 5, 4)]
         ELSE 'release ' || 1 + pg_temp.draw(r, seed + 5, 9) || '.' || pg_temp.draw(r, seed + 6, 30) || ' on ' || name END,
       pg_temp.draw(r, seed + 7, 100) < CASE WHEN at < clock - interval '7 days' THEN 96 WHEN at < clock - interval '1 day' THEN 70
                                        ELSE 35 END,
       CASE WHEN event_type IN ('threshold_alarm', 'security_alert') AND at + takes < clock
             AND pg_temp.draw(r, seed + 8, 1000) < 985 THEN at + takes END
FROM (SELECT *,
             CASE WHEN s < info THEN 'info' WHEN s < info + warning THEN 'warning' ELSE 'critical' END AS severity,
             (4 + pg_temp.draw(r, seed + 9, 60) * pg_temp.draw(r, seed + 10, 12)) * interval '37 seconds'
             * CASE WHEN troubled THEN 5 ELSE 1 END AS takes
      FROM (SELECT *, pg_temp.draw(r, seed + 3, 100) AS s,
                   CASE WHEN slot >= 1024 OR t < 26 THEN 'threshold_alarm' WHEN t < 26 + alerts THEN 'security_alert'
                        WHEN t < 58 THEN 'status_change' WHEN t < 68 AND NOT quiet THEN 'deployment' ELSE 'health_check' END
                     AS event_type
            FROM (SELECT tenant_id, quiet, troubled, clock, seed, alerts, before + i - 1 AS r,
                         starts + ((i - 1) * 1000 + pg_temp.draw(before + i, seed, 900)) * (3600000.0 / n)
                                  * interval '1 microsecond' AS at,
                         pg_temp.draw(before + i, seed + 1, 100) AS t,
                         CASE WHEN troubled AND pg_temp.draw(before + i, 50, 100) < 45 THEN 1024 + pg_temp.draw(before + i, 51, 4)
                              ELSE pg_temp.draw(before + i, seed + 2, 1024) END AS slot
                  FROM estate_hour JOIN (VALUES ('acme', 100, 11), ('globex', 200, 19)) AS tenant (tenant_id, seed, alerts)
                                   USING (tenant_id), estate_clock, generate_series(1, n) AS i) AS drawn) AS kind
      JOIN (VALUES ('threshold_alarm', 8, 70), ('security_alert', 34, 50), ('health_check', 92, 6), ('status_change', 84, 13),
                   ('deployment', 90, 8)) AS severities (event_type, info, warning) USING (event_type)) AS event
JOIN estate_slot ON estate_slot.tenant_id = event.tenant_id AND estate_slot.slot = event.slot
 AND (estate_slot.early IS NULL OR estate_slot.early = (at < clock - interval '120 days'));

-- Samples at fixed hours (UTC). part: how much of the year has passed, 0 to 1.
INSERT INTO shop.metric
SELECT tenant_id, ci_id, at, metric_name,
       round(CASE metric_name
               WHEN 'cpu_percent' THEN least(99.5, 12 + base * 0.45 + CASE WHEN busy THEN 18 ELSE 0 END + noise * 0.14
                                             + CASE WHEN troubled THEN 25 ELSE 0 END)
               WHEN 'memory_percent' THEN least(98.8, 30 + base * 0.5 + noise * 0.06
                                                + CASE WHEN base % 9 = 0 THEN (sample % 120) * 0.15 ELSE 0 END)
               WHEN 'disk_percent' THEN least(99.1, 18 + base * 0.5 + part * (5 + base % 23) + noise * 0.004
                                              + CASE WHEN name = 'db-02' THEN 12 ELSE 0 END)
               ELSE (60 + base * 3) * (1 + 0.35 * part) * (0.9 + noise * 0.002) * CASE WHEN busy THEN 1.3 ELSE 1 END
                    * CASE WHEN troubled THEN 4 ELSE 1 END END, 1)
FROM (SELECT *, latest - sample * :metric_hours * interval '1 hour' AS at,
             1 - sample * :metric_hours / 8760.0 AS part,
             pg_temp.draw(ci_id * 10 + metric, 60 + salt, 100) AS base,
             pg_temp.draw((sample * :metric_hours * 1000 + ci_id) * 10 + metric, 61 + salt, 101) AS noise,
             extract(hour FROM latest - sample * :metric_hours * interval '1 hour') BETWEEN 8 AND 17 AS busy,
             tenant_id = 'acme' AND name IN ('app-03', 'checkout', 'db-02', 'san-01')
             AND latest - sample * :metric_hours * interval '1 hour' >= incident
             AND latest - sample * :metric_hours * interval '1 hour' < incident + interval '7 days' AS troubled
      FROM (SELECT *, date_bin('1 hour', clock - interval '1 microsecond', '2000-01-01 00:00+00')
                      - (extract(hour FROM clock - interval '1 microsecond')::integer % 6) * interval '1 hour' AS latest
            FROM estate_clock) AS estate,
           shop.configuration_item
           JOIN (VALUES ('HW', 1, 'cpu_percent'), ('HW', 2, 'memory_percent'), ('HW', 3, 'disk_percent'), ('SYSTEM', 4, 'response_ms'))
                AS measured (ci_type, metric, metric_name) USING (ci_type)
           JOIN (VALUES ('acme', 0), ('globex', 10)) AS tenant (tenant_id, salt) USING (tenant_id),
           generate_series(0, 8760 / :metric_hours - 1) AS sample
      WHERE status <> 'planned' AND (status <> 'retired' OR sample * :metric_hours > 120 * 24)) AS sampled;

-- Maintenance: nights of 365 days, most of it at weekends; what is under way; what is planned for the next weeks.
CREATE TEMPORARY TABLE estate_job ON COMMIT DROP AS
SELECT tenant_id, started_at, ci_id, n, takes, started_at > clock AS planned, under_way OR started_at + takes >= clock AS unfinished
FROM (SELECT tenant_id, n, under_way,
             night - d * interval '1 day' + interval '20 hours' + (j * 100 + pg_temp.draw(n, seed, 97)) * interval '1 minute' AS started_at,
             (20 + pg_temp.draw(n, seed + 1, 16) * pg_temp.draw(n, seed + 2, 15)) * interval '1 minute' AS takes,
             pool[1 + pg_temp.draw(n, seed + 3, cardinality(pool))] AS ci_id, clock
      FROM (SELECT tenant_id, seed, clock, date_trunc('day', clock) AS night, false AS under_way, d, j, d * 10 + j AS n,
                   (SELECT array_agg(ci_id ORDER BY ci_id) FROM shop.configuration_item AS item
                    WHERE item.tenant_id = tenant.tenant_id AND item.status NOT IN ('planned', 'retired')) AS pool
            FROM estate_clock, (VALUES ('acme', 300, 5), ('globex', 400, 2)) AS tenant (tenant_id, seed, most),
                 generate_series(-28, 364) AS d,
                 LATERAL generate_series(0, CASE WHEN extract(isodow FROM clock - d * interval '1 day') > 5 THEN most - 1
                                                 WHEN d < 0 THEN -(d % 2 = 0)::integer
                                                 ELSE pg_temp.draw(d, seed + 4, most - 1) - (tenant_id = 'globex')::integer END) AS j) AS slots
     ) AS jobs
WHERE started_at > clock OR started_at < clock - interval '1 hour';
INSERT INTO estate_job  -- items in maintenance are being worked on
SELECT tenant_id, clock - (37 + 61 * row_number() OVER (PARTITION BY tenant_id ORDER BY ci_id)) * interval '1 minute' - interval '7 seconds',
       ci_id, 20000 + ci_id, NULL, false, true
FROM shop.configuration_item, estate_clock WHERE status = 'maintenance';
INSERT INTO estate_job  -- items that everybody asks about have been patched
SELECT 'acme', date_trunc('day', clock) - days * interval '1 day' + interval '6 hours 13 minutes', ci_id, 30000, interval '48 minutes',
       false, false
FROM shop.configuration_item JOIN (VALUES ('web-01', 9), ('db-02', 24), ('san-01', 61), ('checkout', 3)) AS due (name, days) USING (name),
     estate_clock WHERE tenant_id = 'acme';

INSERT INTO shop.maintenance
SELECT tenant_id, 1 + ((row_number() OVER (PARTITION BY tenant_id ORDER BY started_at) - 1) # 3), ci_id, started_at,
       CASE WHEN NOT unfinished THEN started_at + CASE WHEN result = 'cancelled' THEN interval '5 minutes' ELSE takes END END,
       kind, CASE WHEN NOT unfinished THEN result END,
       CASE tenant_id WHEN 'acme' THEN (ARRAY['haddad', 'haddad', 'larsen', 'larsen', 'moreau', 'kim', 'tanaka'])[1 + pg_temp.draw(n, 73, 7)]
                      ELSE (ARRAY['fischer', 'fischer', 'olsen', 'rossi'])[1 + pg_temp.draw(n, 74, 4)] END,
       CASE WHEN unfinished THEN NULL WHEN result = 'cancelled' THEN 0
            ELSE least_cost + pg_temp.draw(n, 75, span) * pg_temp.draw(n, 76, 100) / 100.00 END
FROM (SELECT *, CASE WHEN n = 30000 OR r < 84 THEN 'success' WHEN r < 94 THEN 'failed' ELSE 'cancelled' END AS result
      FROM (SELECT *, CASE WHEN n = 30000 OR k < 45 THEN 'patch' WHEN k < 70 THEN 'inspection' WHEN k < 88 THEN 'repair'
                           ELSE 'upgrade' END AS kind
            FROM (SELECT *, pg_temp.draw(n + length(tenant_id), 71, 100) AS k, pg_temp.draw(n + length(tenant_id), 72, 100) AS r
                  FROM estate_job) AS drawn) AS kinds
      JOIN (VALUES ('patch', 80, 320), ('inspection', 50, 200), ('repair', 200, 2400), ('upgrade', 600, 3900))
           AS price (kind, least_cost, span) USING (kind)) AS job;

ALTER TABLE shop.event_log ADD PRIMARY KEY (tenant_id, event_id);
CREATE INDEX event_log_at ON shop.event_log (tenant_id, at);
CREATE INDEX event_log_ci_id_at ON shop.event_log (tenant_id, ci_id, at);
ALTER TABLE shop.event_log ADD FOREIGN KEY (tenant_id, ci_id) REFERENCES shop.configuration_item;
ALTER TABLE shop.metric ADD PRIMARY KEY (tenant_id, ci_id, metric_name, at);
ALTER TABLE shop.metric ADD FOREIGN KEY (tenant_id, ci_id) REFERENCES shop.configuration_item;
ALTER TABLE shop.maintenance ADD PRIMARY KEY (tenant_id, maintenance_id);
ALTER TABLE shop.maintenance ADD FOREIGN KEY (tenant_id, ci_id) REFERENCES shop.configuration_item;

COMMENT ON TABLE shop.configuration_item IS 'What is operated: services, software and hardware.';
COMMENT ON COLUMN shop.configuration_item.ci_type IS 'SYSTEM: a service; SW: software; HW: hardware.';
COMMENT ON COLUMN shop.configuration_item.owner IS 'Who answers for the item.';
COMMENT ON COLUMN shop.configuration_item.installed_on IS 'NULL while it is planned.';
COMMENT ON TABLE shop.event_log IS 'What monitoring, deployments and security tools reported about an item.';
COMMENT ON COLUMN shop.event_log.resolved_at IS 'When an alarm or alert was over; NULL while it is open, and for other events.';
COMMENT ON TABLE shop.metric IS 'Samples of load, memory, disk space and response time.';
COMMENT ON COLUMN shop.metric.value IS 'Per cent, or milliseconds for response_ms.';
COMMENT ON TABLE shop.maintenance IS 'Work on an item, done, under way or planned.';
COMMENT ON COLUMN shop.maintenance.ended_at IS 'NULL while it is planned or under way.';
COMMENT ON COLUMN shop.maintenance.result IS 'NULL while it is planned or under way.';
COMMENT ON COLUMN shop.maintenance.cost IS 'Euros; NULL until the work has ended.';

GRANT USAGE ON SCHEMA shop TO ops_tool;
GRANT SELECT ON shop.configuration_item, shop.event_log, shop.metric, shop.maintenance TO ops_tool;
SELECT ops.protect_table(rel) FROM unnest('{shop.configuration_item,shop.event_log,shop.metric,shop.maintenance}'::regclass[]) AS rel;
COMMIT;
ANALYZE shop.configuration_item, shop.event_log, shop.metric, shop.maintenance;
RESET client_min_messages;
\o
