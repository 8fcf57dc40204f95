-- Fixture of the acceptance questions: configuration items, events and maintenance of two tenants.
--
-- Every figure follows from generate_series and arithmetic: the same rows on every run. The clock is the constant
-- 2026-03-10 12:00:00+00; nothing is later. Identifiers of the tenants overlap (the key is tenant and identifier) and
-- do not follow time, so that neither a lost tenant nor an order by identifier stays unnoticed. No two events and no two
-- maintenance jobs of a tenant share a time; maintenance has the same order by start and by end. No event lies within
-- five seconds of the beginning of a period that a question names.
CREATE SCHEMA shop;

CREATE TABLE shop.configuration_item (
  ci_id bigint NOT NULL,
  tenant_id text NOT NULL,
  code text NOT NULL,
  name text NOT NULL,
  ci_type text NOT NULL CHECK (ci_type IN ('SYSTEM', 'SW', 'HW')),
  subtype text NOT NULL,
  category text NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'retired', 'planned', 'broken')),
  location text NOT NULL,
  owner text NOT NULL,
  PRIMARY KEY (tenant_id, ci_id),
  UNIQUE (tenant_id, code)
);

CREATE TABLE shop.event_log (
  event_id bigint NOT NULL,
  tenant_id text NOT NULL,
  ci_id bigint NOT NULL,
  at timestamptz NOT NULL,
  event_type text NOT NULL
    CHECK (event_type IN ('threshold_alarm', 'security_alert', 'health_check', 'status_change', 'deployment')),
  severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
  message text NOT NULL,
  PRIMARY KEY (tenant_id, event_id),
  UNIQUE (tenant_id, at),
  FOREIGN KEY (tenant_id, ci_id) REFERENCES shop.configuration_item
);

CREATE TABLE shop.maintenance (
  maintenance_id bigint NOT NULL,
  tenant_id text NOT NULL,
  ci_id bigint NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL,
  kind text NOT NULL CHECK (kind IN ('patch', 'repair', 'inspection')),
  result text NOT NULL CHECK (result IN ('ok', 'failed')),
  PRIMARY KEY (tenant_id, maintenance_id),
  UNIQUE (tenant_id, started_at),
  FOREIGN KEY (tenant_id, ci_id) REFERENCES shop.configuration_item
);

-- 61 items of acme, 38 of globex. t chooses type and subtype, s the status.
INSERT INTO shop.configuration_item
SELECT i, 'acme', 'ACM-' || lpad(i::text, 4, '0'),
       (ARRAY['web', 'db', 'app', 'mail', 'edge'])[1 + i % 5] || '-' || lpad((1 + (i - 1) / 5)::text, 2, '0'),
       CASE WHEN t < 9 THEN 'SYSTEM' WHEN t < 38 THEN 'SW' ELSE 'HW' END,
       CASE WHEN t < 9 THEN (ARRAY['portal', 'billing'])[1 + t % 2]
            WHEN t < 38 THEN (ARRAY['database', 'middleware', 'agent'])[1 + t % 3]
            ELSE (ARRAY['server', 'switch', 'storage'])[1 + t % 3] END,
       (ARRAY['production', 'test', 'development'])[1 + (i * 5) % 7 % 3],
       CASE WHEN s < 41 THEN 'active' WHEN s < 49 THEN 'retired' WHEN s < 56 THEN 'planned' ELSE 'broken' END,
       (ARRAY['Busan', 'Seoul', 'Oslo'])[1 + (i * 3) % 8 % 3],
       (ARRAY['kim', 'lee', 'novak', 'garcia'])[1 + (i * 7) % 11 % 4]
FROM (SELECT i, (i * 23) % 61 AS t, (i * 38) % 61 AS s FROM generate_series(1, 61) AS i) AS item;

INSERT INTO shop.configuration_item
SELECT i, 'globex', 'GLX-' || lpad(i::text, 4, '0'),
       (ARRAY['db', 'web', 'store', 'cache'])[1 + i % 4] || '-' || lpad((1 + (i - 1) / 4)::text, 2, '0'),
       CASE WHEN t < 6 THEN 'SYSTEM' WHEN t < 17 THEN 'SW' ELSE 'HW' END,
       CASE WHEN t < 6 THEN (ARRAY['portal', 'billing'])[1 + t % 2]
            WHEN t < 17 THEN (ARRAY['database', 'middleware', 'agent'])[1 + t % 3]
            ELSE (ARRAY['server', 'switch', 'storage'])[1 + t % 3] END,
       (ARRAY['production', 'test', 'development'])[1 + (i * 3) % 7 % 3],
       CASE WHEN s < 18 THEN 'active' WHEN s < 22 THEN 'retired' WHEN s < 28 THEN 'planned' ELSE 'broken' END,
       (ARRAY['Austin', 'Busan', 'Lima'])[1 + (i * 5) % 8 % 3],
       (ARRAY['smith', 'kim', 'okafor'])[1 + (i * 4) % 11 % 3]
FROM (SELECT i, (i * 15) % 38 AS t, (i * 27) % 38 AS s FROM generate_series(1, 38) AS i) AS item;

-- 803 events of acme, denser toward the clock; 497 of globex, sparser toward it and none in the last hour.
-- k = 0 is the latest.
INSERT INTO shop.event_log
SELECT 1 + (k * 377) % 803, 'acme', 1 + (k * 17) % 61,
       timestamptz '2026-03-10 12:00:00+00' - (41 + k * 600 + k * k * 57 / 100) * interval '1 second',
       event_type, severity, replace(event_type, '_', ' ') || ' number ' || k || ' (' || severity || ')'
FROM (SELECT k,
             CASE WHEN t < 10 THEN 'health_check' WHEN t < 16 THEN 'threshold_alarm' WHEN t < 19 THEN 'status_change'
                  WHEN t < 21 THEN 'security_alert' ELSE 'deployment' END AS event_type,
             CASE WHEN s < 18 THEN 'info' WHEN s < 26 THEN 'warning' ELSE 'critical' END AS severity
      FROM (SELECT k, (k * 9) % 22 AS t, (k * 11) % 29 AS s FROM generate_series(0, 802) AS k) AS series) AS event;

INSERT INTO shop.event_log
SELECT 1 + (k * 373) % 497, 'globex', 1 + (k * 13) % 38,
       timestamptz '2026-03-10 12:00:00+00' - (5473 + k * 2500 - k * k * 16 / 10) * interval '1 second',
       event_type, severity, replace(event_type, '_', ' ') || ' number ' || k || ' (' || severity || ')'
FROM (SELECT k,
             CASE WHEN t < 9 THEN 'threshold_alarm' WHEN t < 13 THEN 'deployment' WHEN t < 16 THEN 'security_alert'
                  WHEN t < 18 THEN 'status_change' ELSE 'health_check' END AS event_type,
             CASE WHEN s < 7 THEN 'info' WHEN s < 18 THEN 'warning' ELSE 'critical' END AS severity
      FROM (SELECT k, (k * 7) % 19 AS t, (k * 5) % 23 AS s FROM generate_series(0, 496) AS k) AS series) AS event;

-- 52 maintenance jobs of acme, 29 of globex; each ends before the next one starts.
INSERT INTO shop.maintenance
SELECT 1 + (k * 19) % 52, 'acme', 1 + (k * 7) % 61, started_at, started_at + (20 + (k * 13) % 70) * interval '1 minute',
       (ARRAY['patch', 'repair', 'inspection'])[1 + (k * 5) % 8 % 3], CASE WHEN (k * 3) % 7 = 1 THEN 'failed' ELSE 'ok' END
FROM (SELECT k, timestamptz '2026-03-10 12:00:00+00' - (190 + k * 811) * interval '1 minute' AS started_at
      FROM generate_series(0, 51) AS k) AS job;

INSERT INTO shop.maintenance
SELECT 1 + (k * 11) % 29, 'globex', 1 + (k * 9) % 38, started_at, started_at + (35 + (k * 17) % 110) * interval '1 minute',
       (ARRAY['repair', 'inspection', 'patch'])[1 + (k * 3) % 7 % 3], CASE WHEN (k * 4) % 11 = 2 THEN 'failed' ELSE 'ok' END
FROM (SELECT k, timestamptz '2026-03-10 12:00:00+00' - (410 + k * 1277) * interval '1 minute' AS started_at
      FROM generate_series(0, 28) AS k) AS job;
