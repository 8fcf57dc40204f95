-- dev: the demo's data: two tenants, schema shop, and its tools. For psql, as a superuser, with pg_ops created.
--
-- Also a fixture of tests. Runs again without harm: it makes schema shop anew and publishes new versions of the
-- tools. Times count back from now(), so that "yesterday" has rows; everything else is the same each time.
-- With `-v upstream=http://HOST:PORT -v upstream_down=http://HOST:PORT` it makes the HTTP tools as well.
\set QUIET on
SET client_min_messages = warning;

SELECT format('CREATE ROLE %I LOGIN IN ROLE ops_user', r) FROM unnest('{acme_app,globex_app}'::text[]) r
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) \gexec
\o /dev/null
SELECT ops.create_tenant(t, initcap(t) || ' Inc.') FROM unnest('{acme,globex}'::text[]) t
 WHERE NOT EXISTS (SELECT FROM ops.tenants x WHERE x.tenant = t);
SELECT ops.grant_tenant(t, (t || '_app')::regrole) FROM unnest('{acme,globex}'::text[]) t;
\o

BEGIN;
DROP SCHEMA IF EXISTS shop CASCADE;
CREATE SCHEMA shop;

CREATE TABLE shop.configuration_item (
  tenant_id text NOT NULL,
  ci_id integer NOT NULL,
  code text NOT NULL,
  name text NOT NULL,
  ci_type text NOT NULL CHECK (ci_type IN ('SYSTEM', 'SW', 'HW')),
  subtype text NOT NULL,
  category text NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'maintenance', 'retired')),
  location text NOT NULL,
  owner text NOT NULL,
  PRIMARY KEY (tenant_id, ci_id)
);
CREATE TABLE shop.event_log (
  tenant_id text NOT NULL,
  event_id integer NOT NULL,
  ci_id integer NOT NULL,
  at timestamptz NOT NULL,
  event_type text NOT NULL
    CHECK (event_type IN ('threshold_alarm', 'security_alert', 'health_check', 'status_change', 'deployment')),
  severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
  message text NOT NULL,
  PRIMARY KEY (tenant_id, event_id),
  FOREIGN KEY (tenant_id, ci_id) REFERENCES shop.configuration_item
);
CREATE INDEX event_log_at ON shop.event_log (tenant_id, at);
CREATE TABLE shop.maintenance (
  tenant_id text NOT NULL,
  maintenance_id integer NOT NULL,
  ci_id integer NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  kind text NOT NULL CHECK (kind IN ('patch', 'upgrade', 'repair', 'inspection')),
  result text CHECK (result IN ('success', 'failed', 'cancelled')),
  PRIMARY KEY (tenant_id, maintenance_id),
  FOREIGN KEY (tenant_id, ci_id) REFERENCES shop.configuration_item
);

INSERT INTO shop.configuration_item VALUES
  ('acme', 1, 'SYS-001', 'webshop', 'SYSTEM', 'service', 'application', 'active', 'Seoul', 'kim'),
  ('acme', 2, 'SYS-002', 'billing', 'SYSTEM', 'service', 'application', 'active', 'Seoul', 'lee'),
  ('acme', 3, 'SW-001', 'nginx', 'SW', 'web server', 'middleware', 'active', 'Seoul', 'kim'),
  ('acme', 4, 'SW-002', 'postgresql', 'SW', 'database', 'database', 'active', 'Seoul', 'park'),
  ('acme', 5, 'SW-003', 'redis', 'SW', 'cache', 'database', 'maintenance', 'Seoul', 'park'),
  ('acme', 6, 'SW-004', 'mailer', 'SW', 'service', 'application', 'retired', 'Busan', 'lee'),
  ('acme', 7, 'HW-001', 'web-01', 'HW', 'server', 'compute', 'active', 'Seoul', 'kim'),
  ('acme', 8, 'HW-002', 'web-02', 'HW', 'server', 'compute', 'active', 'Busan', 'kim'),
  ('acme', 9, 'HW-003', 'db-01', 'HW', 'server', 'compute', 'active', 'Seoul', 'park'),
  ('acme', 10, 'HW-004', 'db-02', 'HW', 'server', 'compute', 'maintenance', 'Busan', 'park'),
  ('acme', 11, 'HW-005', 'core-switch', 'HW', 'switch', 'network', 'active', 'Seoul', 'choi'),
  ('acme', 12, 'HW-006', 'old-firewall', 'HW', 'firewall', 'network', 'retired', 'Busan', 'choi'),
  ('globex', 1, 'G-SYS-1', 'tracking', 'SYSTEM', 'service', 'application', 'active', 'Dublin', 'murphy'),
  ('globex', 2, 'G-SW-1', 'kafka', 'SW', 'broker', 'middleware', 'active', 'Dublin', 'murphy'),
  ('globex', 3, 'G-SW-2', 'postgresql', 'SW', 'database', 'database', 'active', 'Dublin', 'byrne'),
  ('globex', 4, 'G-HW-1', 'node-01', 'HW', 'server', 'compute', 'active', 'Dublin', 'byrne'),
  ('globex', 5, 'G-HW-2', 'node-02', 'HW', 'server', 'compute', 'retired', 'Oslo', 'hansen');

-- Event n of acme was n * 7 minutes ago (300 events, 35 hours); of globex n * 31 minutes ago (80 events, 41 hours).
INSERT INTO shop.event_log
SELECT t.tenant, n, n % t.items + 1, now() - n * t.every,
       (ARRAY['health_check', 'deployment', 'threshold_alarm', 'health_check', 'status_change', t.often, 'security_alert'])[n % 7 + 1],
       (ARRAY['info', 'warning', 'info', 'critical', 'info', 'warning', 'info', 'info', 'info', 'info', 'warning'])[n % 11 + 1],
       'event ' || n || ' of item ' || n % t.items + 1
  FROM (VALUES ('acme', 12, 300, interval '7 minutes', 'threshold_alarm'),
               ('globex', 5, 80, interval '31 minutes', 'status_change')) AS t(tenant, items, events, every, often)
 CROSS JOIN LATERAL generate_series(1, t.events) AS n;

-- The latest one of each tenant is not over yet.
INSERT INTO shop.maintenance
SELECT t.tenant, n, (n * 5) % t.items + 1, now() - (t.jobs - n) * t.every - interval '1 hour',
       CASE WHEN n < t.jobs THEN now() - (t.jobs - n) * t.every - interval '20 minutes' END,
       (ARRAY['patch', 'upgrade', 'repair', 'inspection'])[n % 4 + 1],
       CASE WHEN n < t.jobs THEN (ARRAY['success', 'success', 'failed', 'success', 'cancelled'])[n % 5 + 1] END
  FROM (VALUES ('acme', 12, 15, interval '30 hours'), ('globex', 5, 6, interval '3 days')) AS t(tenant, items, jobs, every)
 CROSS JOIN LATERAL generate_series(1, t.jobs) AS n;

-- What tools may read, and that they see one tenant's rows only.
GRANT USAGE ON SCHEMA shop TO ops_tool;
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO ops_tool;
\o /dev/null
SELECT ops.protect_table('shop.configuration_item');
SELECT ops.protect_table('shop.event_log');
SELECT ops.protect_table('shop.maintenance');
COMMIT;
ANALYZE shop.configuration_item, shop.event_log, shop.maintenance;

\set tenant acme
\ir demo_tools.sql
\set tenant globex
\ir demo_tools.sql
\o
RESET client_min_messages;
