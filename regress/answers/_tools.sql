-- Twelve tools over the tables of _fixture.sql, as a DBA of the company registers them: run by psql as a
-- superuser after the fixture, in a database with pg_ops. Makes the tenants acme and globex, the role shop_dba
-- that registers the tools in each of them, and one asking role per tenant (acme_app, globex_app).
-- The examples were written from the tables alone, before anybody looked at the questions they are measured
-- with; they stay as they are, because examples made to fit would make the measurement worthless.
\set ON_ERROR_STOP on

CREATE ROLE shop_dba LOGIN;
CREATE ROLE acme_app LOGIN;
CREATE ROLE globex_app LOGIN;
GRANT ops_operator TO shop_dba;
GRANT ops_user TO acme_app, globex_app;
SELECT ops.create_tenant('acme', 'Acme Corporation');
SELECT ops.create_tenant('globex', 'Globex Corporation');
SELECT ops.grant_tenant('acme', 'shop_dba', 'operator');
SELECT ops.grant_tenant('globex', 'shop_dba', 'operator');
SELECT ops.grant_tenant('acme', 'acme_app');
SELECT ops.grant_tenant('globex', 'globex_app');

SELECT ops.protect_table('shop.configuration_item');
SELECT ops.protect_table('shop.event_log');
SELECT ops.protect_table('shop.maintenance');
GRANT USAGE ON SCHEMA shop TO ops_tool;
GRANT SELECT ON shop.configuration_item, shop.event_log, shop.maintenance TO ops_tool;

CREATE PROCEDURE shop.register_tools() LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM ops.create_sql_tool('ci_count', 'Number of configuration items.',
    'SELECT count(*) AS items FROM shop.configuration_item',
    examples => ARRAY['how many configuration items are there?', 'number of CIs', 'how many CIs do we have?',
                      'total number of configuration items', 'count all configuration items'],
    capabilities => ARRAY['items'],
    present => '{"title": "Number of configuration items", "block": "number",
                 "summary": [{"text": "There are {rows[0].items} configuration items."}]}');

  PERFORM ops.create_sql_tool('ci_by_type', 'Number of configuration items of each type (system, software, hardware).',
    'SELECT ci_type AS type, count(*) AS items FROM shop.configuration_item GROUP BY ci_type ORDER BY items DESC, type',
    examples => ARRAY['how many configuration items are there per type?', 'number of CIs by type',
                      'configuration items by type', 'how many CIs of each type do we have?',
                      'breakdown of the CIs by CI type'],
    capabilities => ARRAY['items'],
    present => '{"title": "Configuration items by type",
                 "summary": [{"when": "row_count = 0", "text": "There are no configuration items."},
                             {"text": "{sum(items)} configuration items of {row_count} types; most of them, {rows[0].items}, are of type {rows[0].type}."}]}');

  PERFORM ops.create_sql_tool('ci_by_status', 'Number of configuration items in each status.',
    'SELECT status, count(*) AS items FROM shop.configuration_item GROUP BY status ORDER BY items DESC, status',
    examples => ARRAY['how many configuration items are there per status?', 'number of CIs by status',
                      'status distribution of the configuration items', 'how many CIs are in each status?',
                      'configuration items grouped by status'],
    capabilities => ARRAY['items'],
    present => '{"title": "Configuration items by status",
                 "summary": [{"when": "row_count = 0", "text": "There are no configuration items."},
                             {"text": "{sum(items)} configuration items in {row_count} statuses; most of them, {rows[0].items}, are {rows[0].status}."}]}');

  PERFORM ops.create_sql_tool('events_last_day', 'Number of events in the last 24 hours.',
    'SELECT count(*) AS events FROM shop.event_log WHERE at >= now() - interval ''24 hours'' AND at < now()',
    examples => ARRAY['how many events in the last 24 hours?', 'number of events in the last 24 hours',
                      'how many events happened in the past 24 hours?', 'how many events were there during the last day?',
                      'event count of the last 24 hours'],
    capabilities => ARRAY['events'],
    present => '{"title": "Events of the last day", "block": "number",
                 "summary": [{"text": "{rows[0].events} events were recorded during the last day."}]}');

  PERFORM ops.create_sql_tool('top_event_type', 'The most frequent type of event.',
    'SELECT event_type, count(*) AS events FROM shop.event_log GROUP BY event_type ORDER BY events DESC, event_type LIMIT 1',
    examples => ARRAY['what is the most frequent event type?', 'most common event type',
                      'which event type occurs most often?', 'which type of event is the most frequent?',
                      'top event type'],
    capabilities => ARRAY['events'],
    present => '{"title": "Most frequent event type",
                 "summary": [{"when": "row_count = 0", "text": "There are no events."},
                             {"text": "The most frequent event type is {rows[0].event_type} with {rows[0].events} events."}]}');

  PERFORM ops.create_sql_tool('latest_events', 'The latest events, newest first.',
    'SELECT event_id, at, event_type, severity, message FROM shop.event_log ORDER BY at DESC LIMIT :limit',
    examples => ARRAY['show the latest events', 'what are the 10 most recent events?', 'list the last 5 events',
                      'newest events', 'what was the last event?'],
    capabilities => ARRAY['events'],
    input_schema => '{"type": "object", "additionalProperties": false,
                      "properties": {"limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10}}}',
    present => '{"title": "Latest events", "columns": {"at": {"format": "datetime"}},
                 "summary": [{"when": "row_count = 0", "text": "There are no events."},
                             {"text": "The latest {row_count} events; the last one is a {rows[0].event_type} at {rows[0].at}."}]}');

  PERFORM ops.create_sql_tool('events_by_severity', 'Number of events of each severity.',
    'SELECT severity, count(*) AS events FROM shop.event_log GROUP BY severity ORDER BY events DESC, severity',
    examples => ARRAY['how many events are there per severity?', 'number of events by severity',
                      'events by severity', 'how many events of each severity level?',
                      'severity distribution of the events'],
    capabilities => ARRAY['events'],
    present => '{"title": "Events by severity",
                 "summary": [{"when": "row_count = 0", "text": "There are no events."},
                             {"text": "{sum(events)} events of {row_count} severities; most of them, {rows[0].events}, are {rows[0].severity}."}]}');

  PERFORM ops.create_sql_tool('events_of_type', 'Number of events of one type, for example security alerts.',
    'SELECT count(*) AS events FROM shop.event_log WHERE event_type = :event_type',
    examples => ARRAY['how many security alerts are there?', 'number of threshold alarms', 'count the deployments',
                      'how many events of type health_check do we have?', 'how many status changes were recorded?'],
    capabilities => ARRAY['events'],
    input_schema => '{"type": "object", "additionalProperties": false, "required": ["event_type"],
                      "properties": {"event_type": {"type": "string",
                        "enum": ["threshold_alarm", "security_alert", "health_check", "status_change", "deployment"],
                        "x-ops": {"synonyms": {"threshold_alarm": ["threshold alarm", "alarm"],
                                               "security_alert": ["security alert", "security event", "alert"],
                                               "health_check": ["health check"],
                                               "status_change": ["status change", "change of status"],
                                               "deployment": ["deploy", "rollout"]}}}}}',
    present => '{"title": "Events of one type", "block": "number",
                 "summary": [{"text": "There are {rows[0].events} events of type {args.event_type}."}]}');

  PERFORM ops.create_sql_tool('maintenance_count', 'Number of maintenance jobs.',
    'SELECT count(*) AS jobs FROM shop.maintenance',
    examples => ARRAY['how many maintenance jobs are there?', 'number of maintenance jobs',
                      'how many maintenance jobs were carried out?', 'total number of maintenance jobs',
                      'count the maintenance jobs'],
    capabilities => ARRAY['maintenance'],
    present => '{"title": "Number of maintenance jobs", "block": "number",
                 "summary": [{"text": "There are {rows[0].jobs} maintenance jobs."}]}');

  PERFORM ops.create_sql_tool('latest_maintenance', 'The latest maintenance jobs, newest first.',
    'SELECT m.maintenance_id, m.started_at, m.ended_at, m.kind, m.result, c.name AS item
       FROM shop.maintenance AS m JOIN shop.configuration_item AS c ON c.tenant_id = m.tenant_id AND c.ci_id = m.ci_id
      ORDER BY m.started_at DESC LIMIT :limit',
    examples => ARRAY['show the latest maintenance jobs', 'what was the last maintenance job?',
                      'list the 5 most recent maintenance jobs', 'which maintenance was done last?',
                      'recent maintenance'],
    capabilities => ARRAY['maintenance'],
    input_schema => '{"type": "object", "additionalProperties": false,
                      "properties": {"limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10}}}',
    present => '{"title": "Latest maintenance jobs", "columns": {"started_at": {"format": "datetime"}, "ended_at": {"format": "datetime"}},
                 "summary": [{"when": "row_count = 0", "text": "There are no maintenance jobs."},
                             {"text": "The latest {row_count} maintenance jobs; the last one, of kind {rows[0].kind}, began at {rows[0].started_at} on {rows[0].item}."}]}');

  PERFORM ops.create_sql_tool('ci_with_status', 'The configuration items with a given status.',
    'SELECT code, name, ci_type AS type, location FROM shop.configuration_item WHERE status = :status ORDER BY code',
    examples => ARRAY['which configuration items are retired?', 'list the active CIs',
                      'show all broken configuration items', 'CIs with status planned', 'which CIs are broken?'],
    capabilities => ARRAY['items'],
    input_schema => '{"type": "object", "additionalProperties": false, "required": ["status"],
                      "properties": {"status": {"type": "string", "enum": ["active", "retired", "planned", "broken"],
                        "x-ops": {"synonyms": {"active": ["in use", "in operation"],
                                               "retired": ["decommissioned", "out of service"],
                                               "broken": ["defective", "faulty"]}}}}}',
    present => '{"title": "Configuration items with a status",
                 "summary": [{"when": "row_count = 0", "text": "No configuration item is {args.status}."},
                             {"text": "{row_count} configuration items are {args.status}."}]}');

  PERFORM ops.create_sql_tool('events_in_period', 'Number of events in a period.',
    'SELECT count(*) AS events FROM shop.event_log WHERE at >= :since AND (:until IS NULL OR at < :until)',
    examples => ARRAY['how many events were there yesterday?', 'number of events since Monday',
                      'how many events happened last week?', 'events between 2026-03-01 and 2026-03-05',
                      'how many events did we have in February?'],
    capabilities => ARRAY['events'],
    input_schema => '{"type": "object", "additionalProperties": false, "required": ["since"],
                      "properties": {"since": {"type": "string", "format": "date-time"},
                                     "until": {"type": "string", "format": "date-time"}}}',
    present => '{"title": "Events in a period", "block": "number",
                 "summary": [{"text": "{rows[0].events} events were recorded in that period."}]}');
END
$body$;
GRANT USAGE ON SCHEMA shop TO shop_dba;

SET ROLE shop_dba;
BEGIN;
SELECT ops.set_tenant('acme');
CALL shop.register_tools();
COMMIT;
BEGIN;
SELECT ops.set_tenant('globex');
CALL shop.register_tools();
COMMIT;
RESET ROLE;
