-- dev: the demo's tools, made for the tenant in psql's variable `tenant`. Included by demo.sql.
--
-- Thirteen SQL tools over schema shop and, where `upstream` is set, three HTTP tools. A parameter that the question
-- says nothing about is NULL and filters nothing; of the summaries, the first one whose values all exist speaks.
\set when_and_what '{"type": "object", "additionalProperties": false, "properties": {"since": {"type": "string", "format": "date-time"}, "until": {"type": "string", "format": "date-time"}, "event_type": {"type": "string", "enum": ["threshold_alarm", "security_alert", "health_check", "status_change", "deployment"], "x-ops": {"synonyms": {"threshold_alarm": ["threshold alarms", "alarm", "alarms"], "security_alert": ["security alerts", "alert", "alerts"], "health_check": ["health checks"], "status_change": ["status changes"], "deployment": ["deployments"]}}}, "severity": {"type": "string", "enum": ["info", "warning", "critical"], "x-ops": {"synonyms": {"info": ["informational"], "warning": ["warnings"]}}}}}'
\set when_only '{"type": "object", "additionalProperties": false, "properties": {"since": {"type": "string", "format": "date-time"}, "until": {"type": "string", "format": "date-time"}}}'
\set nothing '{"type": "object", "additionalProperties": false, "properties": {}}'
\set top_five '{"type": "object", "additionalProperties": false, "properties": {"limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 5}}}'

BEGIN;
SELECT ops.set_tenant(:'tenant');

SELECT ops.create_sql_tool('count_events', 'Number of events, of all or of one type or severity, in all or within a period.',
  $$SELECT count(*) AS events FROM shop.event_log
    WHERE (:since::timestamptz IS NULL OR at >= :since) AND (:until::timestamptz IS NULL OR at < :until)
      AND (:event_type::text IS NULL OR event_type = :event_type) AND (:severity::text IS NULL OR severity = :severity)$$,
  examples => ARRAY['how many events are there?', 'how many security alerts today?', 'how many critical events in the last 24 hours?', 'number of deployments this week', 'count the events since yesterday', 'how many threshold alarms do we have?'],
  capabilities => '{events}', input_schema => :'when_and_what', "replace" => true,
  present => '{"title": "Number of events", "summary": [{"text": "{rows[0].events} {args.severity} events of type {args.event_type}."}, {"text": "{rows[0].events} {args.severity} events."}, {"text": "{rows[0].events} events of type {args.event_type}."}, {"text": "{rows[0].events} events."}], "block": "number"}');

SELECT ops.create_sql_tool('events_by_type', 'Number of events per event type.',
  $$SELECT event_type, count(*) AS events FROM shop.event_log
    WHERE (:since::timestamptz IS NULL OR at >= :since) AND (:until::timestamptz IS NULL OR at < :until)
    GROUP BY event_type ORDER BY events DESC, event_type$$,
  examples => ARRAY['how many events per type?', 'events by type', 'number of events for each event type', 'break down events by type', 'event type distribution'],
  capabilities => '{events.types}', input_schema => :'when_only', "replace" => true,
  present => '{"title": "Events by type", "summary": [{"when": "row_count = 0", "text": "There are no events."}, {"text": "{sum(events)} events of {row_count} types; most of them, {rows[0].events}, are of type {rows[0].event_type}."}]}');

SELECT ops.create_sql_tool('events_by_severity', 'Number of events per severity.',
  $$SELECT severity, count(*) AS events FROM shop.event_log
    WHERE (:since::timestamptz IS NULL OR at >= :since) AND (:until::timestamptz IS NULL OR at < :until)
    GROUP BY severity ORDER BY events DESC, severity$$,
  examples => ARRAY['how many events per severity?', 'events by severity', 'number of events for each severity', 'severity distribution of events', 'break down events by severity'],
  capabilities => '{events.severity}', input_schema => :'when_only', "replace" => true,
  present => '{"title": "Events by severity", "summary": [{"when": "row_count = 0", "text": "There are no events."}, {"text": "{sum(events)} events; {rows[0].events} of them are {rows[0].severity}."}]}');

SELECT ops.create_sql_tool('most_frequent_type', 'The event type that occurs most often.',
  $$SELECT event_type, count(*) AS events FROM shop.event_log
    WHERE (:since::timestamptz IS NULL OR at >= :since) AND (:until::timestamptz IS NULL OR at < :until)
    GROUP BY event_type ORDER BY events DESC, event_type LIMIT 1$$,
  examples => ARRAY['what is the most frequent event type?', 'which event type occurs most often?', 'most common event type', 'top event type', 'which kind of event happens the most?'],
  capabilities => '{events.types}', input_schema => :'when_only', "replace" => true,
  present => '{"title": "Most frequent event type", "summary": [{"when": "row_count = 0", "text": "There are no events."}, {"text": "The most frequent event type is {rows[0].event_type} with {rows[0].events} events."}]}');

SELECT ops.create_sql_tool('latest_events', 'The most recent events with their type, severity and configuration item.',
  $$SELECT e.at, e.event_type, e.severity, c.name AS item, e.message
      FROM shop.event_log e JOIN shop.configuration_item c ON c.ci_id = e.ci_id AND c.tenant_id = e.tenant_id
     WHERE (:event_type::text IS NULL OR e.event_type = :event_type) AND (:severity::text IS NULL OR e.severity = :severity)
     ORDER BY e.at DESC, e.event_id LIMIT :limit$$,
  examples => ARRAY['show the latest events', 'last 3 critical events', 'what was the most recent security alert?', 'latest 5 deployments', 'newest events', 'what happened last?'],
  capabilities => '{events}', "replace" => true,
  input_schema => jsonb_set(:'when_and_what'::jsonb #- '{properties,since}' #- '{properties,until}', '{properties,limit}', '{"type": "integer", "minimum": 1, "maximum": 100, "default": 5}'),
  present => '{"title": "Latest events", "summary": [{"when": "row_count = 0", "text": "There is no such event."}, {"text": "The latest is a {rows[0].event_type} ({rows[0].severity}) of {rows[0].item} at {rows[0].at}."}], "columns": {"at": {"format": "datetime"}}}');

SELECT ops.create_sql_tool('noisiest_items', 'Configuration items with the most critical events.',
  $$SELECT c.name AS item, c.ci_type, count(*) AS critical_events
      FROM shop.event_log e JOIN shop.configuration_item c ON c.ci_id = e.ci_id AND c.tenant_id = e.tenant_id
     WHERE e.severity = 'critical' GROUP BY c.name, c.ci_type ORDER BY critical_events DESC, c.name LIMIT :limit$$,
  examples => ARRAY['which configuration items have the most critical events?', 'top 3 items by critical events', 'which CI has the most critical events?', 'items with the most critical events', 'which items are the noisiest?'],
  capabilities => '{events,items}', input_schema => :'top_five', "replace" => true,
  present => '{"title": "Items with critical events", "summary": [{"when": "row_count = 0", "text": "No item has critical events."}, {"text": "{rows[0].item} has the most critical events: {rows[0].critical_events}."}]}');

SELECT ops.create_sql_tool('count_items', 'Number of configuration items, of all or of one type or status.',
  $$SELECT count(*) AS items FROM shop.configuration_item
     WHERE (:ci_type::text IS NULL OR ci_type = :ci_type) AND (:status::text IS NULL OR status = :status)$$,
  examples => ARRAY['how many configuration items are there?', 'how many CIs do we have?', 'number of active configuration items', 'how many hardware items?', 'count the retired CIs', 'how many software items are active?'],
  capabilities => '{items}', "replace" => true,
  input_schema => '{"type": "object", "additionalProperties": false, "properties": {"ci_type": {"type": "string", "enum": ["SYSTEM", "SW", "HW"], "x-ops": {"synonyms": {"SYSTEM": ["systems"], "SW": ["software"], "HW": ["hardware"]}}}, "status": {"type": "string", "enum": ["active", "maintenance", "retired"], "x-ops": {"synonyms": {"maintenance": ["in maintenance"]}}}}}',
  present => '{"title": "Number of configuration items", "summary": [{"text": "{rows[0].items} configuration items of type {args.ci_type} with status {args.status}."}, {"text": "{rows[0].items} configuration items of type {args.ci_type}."}, {"text": "{rows[0].items} configuration items with status {args.status}."}, {"text": "{rows[0].items} configuration items."}], "block": "number"}');

SELECT ops.create_sql_tool('items_by_type', 'Number of configuration items per type.',
  $$SELECT ci_type, count(*) AS items FROM shop.configuration_item GROUP BY ci_type ORDER BY items DESC, ci_type$$,
  examples => ARRAY['how many configuration items per type?', 'CIs by type', 'number of items for each type', 'configuration item type distribution', 'break down items by type'],
  capabilities => '{items.types}', input_schema => :'nothing', "replace" => true,
  present => '{"title": "Items by type", "summary": [{"when": "row_count = 0", "text": "There are no configuration items."}, {"text": "{sum(items)} configuration items; {rows[0].items} of them are of type {rows[0].ci_type}."}]}');

SELECT ops.create_sql_tool('items_by_status', 'Number of configuration items per status.',
  $$SELECT status, count(*) AS items FROM shop.configuration_item GROUP BY status ORDER BY items DESC, status$$,
  examples => ARRAY['how many configuration items per status?', 'CIs by status', 'number of items for each status', 'configuration item status distribution', 'break down items by status'],
  capabilities => '{items.status}', input_schema => :'nothing', "replace" => true,
  present => '{"title": "Items by status", "summary": [{"when": "row_count = 0", "text": "There are no configuration items."}, {"text": "{sum(items)} configuration items; {rows[0].items} of them are {rows[0].status}."}]}');

SELECT ops.create_sql_tool('list_items', 'Configuration items with their type, status, location and owner.',
  $$SELECT code, name, ci_type, subtype, status, location, owner FROM shop.configuration_item
     WHERE (:ci_type::text IS NULL OR ci_type = :ci_type) AND (:status::text IS NULL OR status = :status) ORDER BY code$$,
  examples => ARRAY['list all configuration items', 'show the hardware items', 'which CIs are in maintenance?', 'list retired configuration items', 'show active software items', 'which systems do we have?'],
  capabilities => '{items}', "replace" => true,
  input_schema => '{"type": "object", "additionalProperties": false, "properties": {"ci_type": {"type": "string", "enum": ["SYSTEM", "SW", "HW"], "x-ops": {"synonyms": {"SYSTEM": ["systems"], "SW": ["software"], "HW": ["hardware"]}}}, "status": {"type": "string", "enum": ["active", "maintenance", "retired"], "x-ops": {"synonyms": {"maintenance": ["in maintenance"]}}}}}',
  present => '{"title": "Configuration items", "summary": [{"when": "row_count = 0", "text": "There is no such configuration item."}, {"when": "row_count = 1", "text": "One configuration item: {rows[0].name}."}, {"text": "{row_count} configuration items, the first is {rows[0].name}."}]}');

SELECT ops.create_sql_tool('item_owner', 'Who owns one configuration item, and where it is.',
  $$SELECT name, owner, location, status FROM shop.configuration_item WHERE name = :item$$,
  examples => ARRAY['who owns "web-01"?', 'who is the owner of "db-01"?', 'owner of "nginx"', 'who is responsible for "billing"?', 'where is "web-01"?'],
  capabilities => '{items}', "replace" => true,
  input_schema => '{"type": "object", "additionalProperties": false, "required": ["item"], "properties": {"item": {"type": "string", "x-ops": {"quoted": true}}}}',
  present => '{"title": "Owner", "summary": [{"when": "row_count = 0", "text": "There is no configuration item of that name."}, {"text": "{rows[0].name} belongs to {rows[0].owner}; it is in {rows[0].location} and {rows[0].status}."}]}');

SELECT ops.create_sql_tool('latest_maintenance', 'The most recent maintenance jobs with their configuration item and result.',
  $$SELECT m.started_at, m.ended_at, c.name AS item, m.kind, m.result
      FROM shop.maintenance m JOIN shop.configuration_item c ON c.ci_id = m.ci_id AND c.tenant_id = m.tenant_id
     ORDER BY m.started_at DESC, m.maintenance_id LIMIT :limit$$,
  examples => ARRAY['when was the last maintenance?', 'show the latest maintenance', 'most recent maintenance', 'last 3 maintenances', 'what was maintained last?'],
  capabilities => '{maintenance}', input_schema => :'top_five', "replace" => true,
  present => '{"title": "Latest maintenance", "summary": [{"when": "row_count = 0", "text": "There was no maintenance."}, {"text": "The latest maintenance is the {rows[0].kind} of {rows[0].item}, begun at {rows[0].started_at}."}], "columns": {"started_at": {"format": "datetime"}, "ended_at": {"format": "datetime"}}}');

SELECT ops.create_sql_tool('maintenance_by_result', 'Number of finished maintenance jobs per result.',
  $$SELECT result, count(*) AS jobs FROM shop.maintenance WHERE result IS NOT NULL GROUP BY result ORDER BY jobs DESC, result$$,
  examples => ARRAY['how many maintenances per result?', 'maintenance by result', 'number of maintenance jobs for each result', 'break down maintenance by result', 'maintenance result distribution'],
  capabilities => '{maintenance.results}', input_schema => :'nothing', "replace" => true,
  present => '{"title": "Maintenance by result", "summary": [{"when": "row_count = 0", "text": "No maintenance has ended."}, {"text": "{sum(jobs)} maintenance jobs have ended, {rows[0].jobs} of them with result {rows[0].result}."}]}');

\if :{?upstream}
SELECT ops.create_http_tool('service_status', 'State of the services, from the monitoring system.',
  'GET', :'upstream' || '/' || :'tenant' || '/status', result => '$.services',
  examples => ARRAY['which services are down?', 'service status', 'are the services healthy?', 'state of the services', 'show the status of services'],
  capabilities => '{services}', "replace" => true,
  present => '{"title": "Services", "summary": [{"when": "row_count = 0", "text": "There are no services."}, {"text": "{row_count} services; {rows[0].service} is {rows[0].state}."}]}');

SELECT ops.create_http_tool('recent_releases', 'The releases that were rolled out last, from the delivery system.',
  'GET', :'upstream' || '/' || :'tenant' || '/deployments', query => '{"limit": {"$arg": "limit"}}', result => '$.items',
  examples => ARRAY['which releases were rolled out?', 'show the recent releases', 'last 3 releases', 'what was released last?', 'latest releases'],
  capabilities => '{releases}', input_schema => :'top_five', "replace" => true,
  present => '{"title": "Releases", "summary": [{"when": "row_count = 0", "text": "Nothing was released."}, {"text": "The latest release is {rows[0].service} {rows[0].version}."}]}');

-- Nobody answers there: what an outage looks like.
SELECT ops.create_http_tool('on_call', 'Who is on call, from the paging system.', 'GET', :'upstream_down' || '/oncall',
  examples => ARRAY['who is on call?', 'on-call engineer', 'who has the pager?', 'show who is on call', 'who do I call at night?'],
  capabilities => '{people}', "replace" => true,
  present => '{"title": "On call", "summary": [{"text": "{rows[0].name} is on call."}]}');
\endif
COMMIT;
