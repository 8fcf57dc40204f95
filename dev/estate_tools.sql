-- dev: what can be asked about the demo estate (dev/estate.sql): four models, and tools for what models cannot say.
-- For psql, as a superuser, after dev/estate.sql. The same for both tenants.
--
--   psql -f dev/estate_tools.sql
--
-- The words are those of people who run such an estate, in English and Korean; see docs/guide/models.md.
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
\o /dev/null

CREATE TEMPORARY TABLE estate_model (position int PRIMARY KEY, name text, rel regclass, spec jsonb);
INSERT INTO estate_model VALUES (1, 'ci', 'shop.configuration_item', $json$
{
  "title": "Configuration items",
  "description": "What is operated: services, software and hardware.",
  "nouns": {"en": ["configuration item", "CI", "item", "config item", "asset", "component"],
            "ko": ["구성 항목", "구성항목", "CI", "항목", "자산", "장비"]},
  "shown": ["name", "ci_type", "subtype", "environment", "status", "location", "owner"],
  "dimensions": {
    "name": {"words": {"en": ["name", "item name"], "ko": ["이름"]}, "sample": true, "key": true, "aliases": ["code"]},
    "code": {"words": {"en": ["code", "item code"], "ko": ["코드"]}},
    "ci_type": {"kinds": true, "words": {"en": ["type", "item type", "CI type", "kind", "kind of item"], "ko": ["유형", "종류", "타입"]},
      "values": {"HW": {"en": ["hardware", "physical device"], "ko": ["하드웨어"]},
                 "SW": {"en": ["software", "software component"], "ko": ["소프트웨어"]},
                 "SYSTEM": {"en": ["service", "business service"], "ko": ["시스템", "서비스"]}}},
    "subtype": {"kinds": true, "sample": true, "words": {"en": ["subtype", "sub type", "sub-type"], "ko": ["세부 유형", "하위 유형"]},
      "values": {"database": {"en": ["database", "databases", "db instance"], "ko": ["데이터베이스"]},
                 "middleware": {"ko": ["미들웨어"]},
                 "webserver": {"en": ["webserver"], "ko": ["웹서버"]},
                 "agent": {"ko": ["에이전트"]},
                 "server": {"en": ["server", "host", "machine"], "ko": ["서버", "호스트"]},
                 "storage": {"en": ["storage", "storage system", "storage device"], "ko": ["스토리지", "저장장치"]},
                 "switch": {"en": ["switch", "network switch"], "ko": ["스위치"]},
                 "router": {"ko": ["라우터"]},
                 "firewall": {"ko": ["방화벽"]}}},
    "category": {"sample": true, "words": {"en": ["category"], "ko": ["분류", "카테고리"]},
      "values": {"business": {"ko": ["업무"]}, "data": {}, "platform": {"ko": ["플랫폼"]}, "monitoring": {"ko": ["모니터링"]},
                 "compute": {"ko": ["컴퓨팅"]}, "network": {"en": ["network", "networking"], "ko": ["네트워크"]}}},
    "environment": {"words": {"en": ["environment", "env"], "ko": ["환경"]},
      "values": {"production": {"en": ["production", "prod", "live"], "ko": ["운영", "운영 환경", "프로덕션"]},
                 "staging": {"en": ["staging"], "ko": ["스테이징"]},
                 "test": {"en": ["test", "testing"], "ko": ["테스트"]}}},
    "status": {"words": {"en": ["status", "state", "condition"], "ko": ["상태"]},
      "values": {"active": {"en": ["active", "in operation", "in service", "in use"], "ko": ["활성", "가동 중", "사용 중"]},
                 "maintenance": {"en": ["maintenance", "in maintenance", "under maintenance"], "ko": ["점검 중", "유지보수 중", "유지보수"]},
                 "retired": {"en": ["retired", "decommissioned"], "ko": ["폐기", "폐기된", "퇴역"]},
                 "planned": {"en": ["planned"], "ko": ["계획", "계획된", "예정"]}}},
    "location": {"words": {"en": ["location", "site", "city", "place", "located", "based", "data center", "datacenter"], "ko": ["위치", "장소", "도시", "지역"]},
      "values": {"Seoul": ["서울"], "Busan": ["부산"], "Berlin": ["베를린"], "Lisbon": ["리스본"], "Dublin": ["더블린"],
                 "New York": ["뉴욕"], "Oslo": ["오슬로"], "Austin": ["오스틴"]},
      "sample": true, "where": true},
    "owner": {"words": {"en": ["owner", "own", "owned", "owns", "belong", "responsible", "in charge", "in charge of", "accountable"],
                        "ko": ["소유자", "담당자", "책임자", "담당"]}, "sample": true, "who": true},
    "installed_on": {"words": {"en": ["installation date", "install date", "installed on"], "ko": ["설치일", "설치 날짜", "설치일자"]},
      "present": {"en": ["installed", "set up", "put in service", "put into service"], "ko": ["설치된", "설치"]},
      "missing": {"en": ["uninstalled"]}, "type": "date"}
  },
  "examples": ["how many configuration items are in production?", "which servers are in Seoul?", "who owns billing?",
               "how many items per owner?", "what is the status of web-01?", "소유자별 구성 항목 수는?"]
}$json$), (2, 'event', 'shop.event_log', $json$
{
  "title": "Events",
  "description": "What monitoring, deployments and security tools reported about an item.",
  "nouns": {"en": ["event", "event log entry", "log entry", "log event", "incident event"], "ko": ["이벤트", "이벤트 로그"]},
  "time": "at",
  "shown": ["at", "name", "event_type", "severity", "message", "acknowledged", "resolved_at"],
  "links": {"item": {"model": "ci", "on": {"ci_id": "ci_id"}}},
  "dimensions": {
    "at": {"words": {"en": ["time", "event time", "timestamp"], "ko": ["시각", "발생 시각"]}},
    "event_type": {"kinds": true, "words": {"en": ["type", "event type", "type of event", "kind", "kind of event"], "ko": ["유형", "이벤트 유형", "종류"]},
      "values": {"threshold_alarm": {"en": ["threshold alarm", "alarm", "threshold breach"], "ko": ["임계치 알람", "임계값 알람", "알람"]},
                 "security_alert": {"en": ["security alert", "security event", "security warning"], "ko": ["보안 경고", "보안 경보", "보안 알림", "보안 이벤트"]},
                 "health_check": {"en": ["health check", "healthcheck"], "ko": ["상태 점검", "헬스 체크", "헬스체크"]},
                 "status_change": {"en": ["status change", "state change", "change of status"], "ko": ["상태 변경", "상태 변화"]},
                 "deployment": {"en": ["deployment", "deploy", "deployed", "release", "released", "rollout"], "ko": ["배포"]}}},
    "severity": {"kinds": true, "words": {"en": ["severity", "severity level", "level", "priority"], "ko": ["심각도", "등급"]},
      "values": {"info": {"en": ["info", "informational", "information"], "ko": ["정보"]},
                 "warning": {"en": ["warning"], "ko": ["경고"]},
                 "critical": {"en": ["critical"], "ko": ["심각", "심각한", "치명적", "치명적인", "크리티컬"]}}},
    "message": {"words": {"en": ["message", "text", "what happened"], "ko": ["메시지", "내용"]}},
    "acknowledged": {"words": {"en": ["acknowledgement", "acknowledgment"], "ko": ["확인 여부"]},
      "values": {"true": {"en": ["acknowledged", "confirmed"], "ko": ["확인된", "확인"]},
                 "false": {"en": ["unacknowledged", "unconfirmed", "not yet acknowledged"], "ko": ["미확인", "확인되지 않은"]}}},
    "resolved_at": {"words": {"en": ["resolution date"], "ko": ["해결 시각"]},
      "present": {"en": ["resolved", "closed", "fixed"], "ko": ["해결된"]}}
  },
  "terms": {
    "open": {"words": {"en": ["open", "unresolved", "still open", "outstanding"], "ko": ["미해결", "열린"]},
      "filters": [{"dimension": "event_type", "op": "in", "values": ["threshold_alarm", "security_alert"]},
                  {"dimension": "resolved_at", "op": "missing"}]}
  },
  "measures": {
    "resolution_time": {"from": "at", "to": "resolved_at", "aggregates": ["avg", "min", "max"],
      "words": {"en": ["resolution time", "time to resolve", "time to resolution", "time until resolved", "time to fix"],
                "ko": ["해결 시간", "해결 소요 시간", "처리 시간"]}}
  },
  "examples": ["how many critical events were there yesterday?", "top 5 items by number of events this month",
               "security alerts per day last week", "what was the last deployment of checkout?", "어제 심각한 이벤트는 몇 건?"]
}$json$), (3, 'maintenance', 'shop.maintenance', $json$
{
  "title": "Maintenance",
  "description": "Work on an item, done, under way or planned.",
  "nouns": {"en": ["maintenance job", "maintenance", "maintenance window", "maintenance work", "maintenance task", "maintenance record",
                   "maintenance activity", "job", "work order", "maintenance operation", "maintenance event"],
            "ko": ["유지보수", "유지보수 작업", "정비", "정비 작업", "작업"]},
  "time": "started_at",
  "future": true,
  "shown": ["started_at", "ended_at", "name", "kind", "result", "engineer"],
  "links": {"item": {"model": "ci", "on": {"ci_id": "ci_id"}}},
  "dimensions": {
    "started_at": {"words": {"en": ["start", "start time", "start date"], "ko": ["시작 시각", "시작일"]},
      "present": {"en": ["started", "began", "begun"], "ko": ["시작된"]}},
    "ended_at": {"words": {"en": ["end", "end time", "end date"], "ko": ["종료 시각", "종료일"]},
      "present": {"en": ["ended", "finished", "completed"], "ko": ["종료된", "완료된"]}},
    "kind": {"kinds": true, "words": {"en": ["kind", "type", "maintenance type", "kind of maintenance", "type of maintenance", "kind of work", "type of work"],
                       "ko": ["종류", "유형"]},
      "values": {"patch": {"en": ["patch", "patched", "patching"], "ko": ["패치"]},
                 "upgrade": {"en": ["upgrade", "upgraded"], "ko": ["업그레이드"]},
                 "repair": {"en": ["repair", "repaired"], "ko": ["수리", "복구"]},
                 "inspection": {"en": ["inspection", "inspected", "inspect"], "ko": ["검사"]}}},
    "result": {"words": {"en": ["result", "outcome"], "ko": ["결과"]},
      "values": {"success": {"en": ["success", "successful", "succeeded", "succeed", "successfully"], "ko": ["성공", "성공한"]},
                 "failed": {"en": ["failed", "fail", "failure", "unsuccessful"], "ko": ["실패", "실패한"]},
                 "cancelled": {"en": ["cancelled", "canceled", "called off"], "ko": ["취소", "취소된"]}}},
    "engineer": {"words": {"en": ["engineer", "technician", "done by", "carried out by", "performed by"], "ko": ["엔지니어", "작업자", "기술자"]},
      "sample": true, "who": true}
  },
  "terms": {
    "planned": {"words": {"en": ["planned", "scheduled", "upcoming", "future"], "ko": ["예정된", "예정", "계획된"]},
      "filters": [{"dimension": "started_at", "op": "within", "since": "now"}]},
    "under_way": {"words": {"en": ["under way", "underway", "ongoing", "in progress", "running", "unfinished"], "ko": ["진행 중", "진행 중인"]},
      "filters": [{"dimension": "started_at", "op": "within", "until": "now"}, {"dimension": "ended_at", "op": "missing"}]}
  },
  "measures": {
    "cost": {"unit": "EUR", "default": "sum", "words": {"en": ["cost", "costs", "spend", "spending", "spent", "expense", "euro", "EUR", "price", "money"],
             "ko": ["비용", "지출"]}, "high": {"en": ["most expensive", "costliest", "most costly", "priciest"], "ko": ["가장 비싼"]},
             "low": {"en": ["cheapest", "least expensive"], "ko": ["가장 싼", "가장 저렴한"]}},
    "duration": {"from": "started_at", "to": "ended_at", "aggregates": ["avg", "min", "max", "sum"],
      "words": {"en": ["duration", "length"], "ko": ["소요 시간", "작업 시간", "기간"]}}
  },
  "examples": ["how many repairs failed this year?", "total maintenance cost per kind this year", "when was db-02 last patched?",
               "which engineer did the most inspections last month?", "올해 유지보수 비용은?"]
}$json$), (4, 'metric', 'shop.metric', $json$
{
  "title": "Metric samples",
  "description": "Samples of load, memory, disk space and response time.",
  "nouns": {"en": ["metric sample", "sample", "metric", "measurement", "reading"], "ko": ["측정값", "지표", "메트릭"]},
  "time": "at",
  "shown": ["at", "name", "metric_name", "value"],
  "links": {"item": {"model": "ci", "on": {"ci_id": "ci_id"}}},
  "dimensions": {
    "at": {"words": {"en": ["time", "sample time"], "ko": ["측정 시각"]}},
    "metric_name": {"kinds": true, "words": {"en": ["metric name", "type of metric", "kind of metric"], "ko": ["지표 이름", "지표 종류"]},
      "values": {"cpu_percent": {"en": ["cpu", "cpu load", "cpu usage", "cpu utilization", "cpu utilisation", "processor load", "load"], "ko": ["CPU", "CPU 사용률", "CPU 사용량"]},
                 "memory_percent": {"en": ["memory", "memory usage", "memory utilization", "ram", "ram usage"], "ko": ["메모리", "메모리 사용률", "메모리 사용량"]},
                 "disk_percent": {"en": ["disk", "disk usage", "disk space", "disk space usage", "disk utilization", "disk fill"], "ko": ["디스크", "디스크 사용률", "디스크 사용량"]},
                 "response_ms": {"en": ["response time", "latency", "response"], "ko": ["응답 시간", "응답시간", "지연 시간"]}}},
    "value": {"type": "number", "words": {"en": ["measured value"], "ko": ["값"]}}
  },
  "measures": {
    "level": {"column": "value", "requires": "metric_name", "aggregates": ["avg", "min", "max"],
      "unit_by": {"cpu_percent": "%", "memory_percent": "%", "disk_percent": "%", "response_ms": "ms"},
      "words": {"en": ["metric value", "level"], "ko": ["수치"]}}
  },
  "examples": ["average cpu of web-01 last week", "which server had the highest memory usage yesterday?",
               "maximum response time of checkout per day last week", "highest disk usage of db-02 this month", "지난주 web-01의 평균 CPU 사용률은?"]
}$json$);

-- ---- what models cannot say -------------------------------------------------------------------------------
CREATE TEMPORARY TABLE estate_tool (name text PRIMARY KEY, description text, query text, examples text[], capability text, input_schema jsonb, present jsonb);
INSERT INTO estate_tool VALUES
('items_without_maintenance', 'Active items without any finished maintenance in a number of days.',
 'SELECT c.name, c.subtype, c.owner, max(m.ended_at) AS last_maintenance
    FROM shop.configuration_item c LEFT JOIN shop.maintenance m ON m.ci_id = c.ci_id AND m.ended_at <= now()
   WHERE c.status = ''active''
   GROUP BY c.ci_id, c.name, c.subtype, c.owner
  HAVING coalesce(max(m.ended_at) < now() - make_interval(days => :days::int), true) ORDER BY 4 NULLS FIRST, 1',
 ARRAY['which items had no maintenance in the last 90 days?', 'items without maintenance for 90 days', 'what has not been maintained in the past 60 days?',
       'list items not maintained within 30 days', 'items that have had no maintenance for more than 120 days', '90일 동안 정비가 없었던 구성 항목은?'],
 'estate.maintenance', '{"type": "object", "required": ["days"], "additionalProperties": false, "properties": {"days": {"type": "integer", "minimum": 1, "maximum": 3650, "x-ops": {"unit": "d"}}}}',
 '{"summary": [{"when": "row_count = 0", "text": {"en": "Every active item had maintenance in the last {args.days} days.", "ko": "최근 {args.days}일 안에 모든 활성 항목이 정비되었습니다."}},
   {"text": {"en": "{count()} active items had no finished maintenance in the last {args.days} days.", "ko": "최근 {args.days}일 동안 정비가 끝나지 않은 활성 항목은 {count()}개입니다."}, "severity": "attention"}]}'),
('incident_timeline', 'What happened to one item in a period: events and maintenance in order of time.',
 'SELECT e.at, ''event'' AS source, e.event_type AS kind, e.severity AS state, e.message AS what FROM shop.event_log e JOIN shop.configuration_item c ON c.ci_id = e.ci_id
   WHERE c.name = lower(:item) AND e.severity <> ''info'' AND e.at >= :since AND (:until::timestamptz IS NULL OR e.at < :until)
  UNION ALL
  SELECT m.started_at, ''maintenance'', m.kind, coalesce(m.result, ''open''), m.kind || '' by '' || m.engineer FROM shop.maintenance m JOIN shop.configuration_item c ON c.ci_id = m.ci_id
   WHERE c.name = lower(:item) AND m.started_at >= :since AND (:until::timestamptz IS NULL OR m.started_at < :until) ORDER BY 1',
 ARRAY['incident timeline of db-02 last week', 'show the timeline of web-01 since Monday', 'timeline of "checkout" yesterday', 'incident timeline for "billing" in the last 24 hours',
       'give me the timeline of incidents of app-03 in the last 3 days', '지난주 db-02의 장애 타임라인'],
 'estate.incidents', '{"type": "object", "required": ["item", "since"], "additionalProperties": false, "properties": {"item": {"type": "string", "x-ops": {"quoted": true}},
   "since": {"type": "string", "format": "date-time"}, "until": {"type": "string", "format": "date-time"}}}',
 '{"summary": [{"when": "row_count = 0", "text": {"en": "Nothing but routine was reported about {args.item}.", "ko": "{args.item}에 대해 보고된 이상이 없습니다."}},
   {"text": {"en": "{count()} things happened to {args.item}.", "ko": "{args.item}에 {count()}건이 있었습니다."}}]}'),
('events_this_week_and_last', 'Events of this week up to now compared with the same part of last week, by type.',
 'SELECT event_type, count(*) FILTER (WHERE at >= date_trunc(''week'', now())) AS this_week,
         count(*) FILTER (WHERE at < now() - interval ''7 days'') AS last_week
    FROM shop.event_log WHERE at >= date_trunc(''week'', now()) - interval ''7 days'' AND at < now()
     AND (at >= date_trunc(''week'', now()) OR at < now() - interval ''7 days'') GROUP BY event_type ORDER BY 2 DESC, 1',
 ARRAY['compare the events of this week with last week', 'compare this week''s events with last week', 'how do the events of this week compare to last week?',
       'events this week versus last week', 'comparison of events between this week and last week', '이번 주 이벤트를 지난주와 비교해줘'],
 'estate.events', NULL,
 '{"summary": [{"when": "row_count = 0", "text": {"en": "No events this week or last week.", "ko": "이번 주와 지난주에 이벤트가 없습니다."}},
   {"text": {"en": "{sum(this_week)} events this week so far, {sum(last_week)} in the same part of last week.", "ko": "이번 주 현재 {sum(this_week)}건, 지난주 같은 기간 {sum(last_week)}건입니다."}}]}'),
('availability', 'Share of health checks that were not critical, by item.',
 'SELECT c.name, round(100.0 * count(*) FILTER (WHERE e.severity <> ''critical'') / count(*), 2) AS availability_percent, count(*) AS checks
    FROM shop.event_log e JOIN shop.configuration_item c ON c.ci_id = e.ci_id
   WHERE e.event_type = ''health_check'' AND e.at >= :since AND (:until::timestamptz IS NULL OR e.at < :until)
   GROUP BY c.name ORDER BY 2, 1',
 ARRAY['what was the availability last week?', 'availability per item last month', 'how available were our items yesterday?', 'availability in the last 30 days',
       'show availability by item this month', '지난달 가용성은?'],
 'estate.availability', NULL,
 '{"summary": [{"when": "row_count = 0", "text": {"en": "There were no health checks.", "ko": "상태 점검이 없었습니다."}},
   {"text": {"en": "{count()} items were checked; the lowest availability is {rows[0].availability_percent} % of {rows[0].name}.", "ko": "{count()}개 항목 중 가용성이 가장 낮은 것은 {rows[0].name} {rows[0].availability_percent}%입니다."}}]}'),
('silent_items', 'Active items that have reported no event in a number of days.',
 'SELECT c.name, c.subtype, c.owner, max(e.at) AS last_event FROM shop.configuration_item c LEFT JOIN shop.event_log e ON e.ci_id = c.ci_id
   WHERE c.status = ''active'' GROUP BY c.ci_id, c.name, c.subtype, c.owner
  HAVING coalesce(max(e.at) < now() - make_interval(days => :days::int), true) ORDER BY 4 NULLS FIRST, 1',
 ARRAY['which items have been silent for 7 days?', 'items without events for 7 days', 'which items reported no events in the last 14 days?', 'silent items for 30 days',
       'items that have not reported any event for 10 days', '7일 동안 이벤트가 없는 구성 항목은?'],
 'estate.events', '{"type": "object", "required": ["days"], "additionalProperties": false, "properties": {"days": {"type": "integer", "minimum": 1, "maximum": 3650, "x-ops": {"unit": "d"}}}}',
 '{"summary": [{"text": {"en": "{count()} active items have reported nothing for {args.days} days or longer.", "ko": "활성 항목 {count()}개가 {args.days}일 이상 이벤트를 보고하지 않았습니다."}}]}'),
('repeat_offenders', 'Items whose threshold alarms came on three or more different days.',
 'SELECT c.name, count(DISTINCT e.at::date) AS days, count(*) AS alarms FROM shop.event_log e JOIN shop.configuration_item c ON c.ci_id = e.ci_id
   WHERE e.event_type = ''threshold_alarm'' AND e.at >= :since AND (:until::timestamptz IS NULL OR e.at < :until)
   GROUP BY c.name HAVING count(DISTINCT e.at::date) >= 3 ORDER BY 2 DESC, 3 DESC, 1',
 ARRAY['which items have recurring alarms this month?', 'recurring alarms last week', 'items with recurring threshold alarms in the last 30 days', 'which items keep alarming repeatedly last month?',
       'show items with repeated alarms last week', '지난달 알람이 반복된 구성 항목은?'], 'estate.incidents', NULL,
 '{"summary": [{"when": "row_count = 0", "text": {"en": "No item had alarms on three days or more.", "ko": "사흘 이상 알람이 난 항목이 없습니다."}},
   {"text": {"en": "{count()} items had alarms on three days or more; {rows[0].name} on {rows[0].days}.", "ko": "사흘 이상 알람이 난 항목은 {count()}개이며 {rows[0].name}이(가) {rows[0].days}일로 가장 많습니다."}}]}'),
('failed_after_deployment', 'Deployments followed by a critical event of the same item within an hour.',
 'SELECT d.at AS deployed_at, c.name, d.message AS deployment, min(e.at) AS first_critical, count(*) AS critical_events
    FROM shop.event_log d JOIN shop.configuration_item c ON c.ci_id = d.ci_id
    JOIN shop.event_log e ON e.ci_id = d.ci_id AND e.severity = ''critical'' AND e.event_type <> ''deployment'' AND e.at > d.at AND e.at <= d.at + interval ''1 hour''
   WHERE d.event_type = ''deployment'' AND d.at >= :since AND (:until::timestamptz IS NULL OR d.at < :until)
   GROUP BY d.at, c.name, d.message ORDER BY 1 DESC',
 ARRAY['which deployments were followed by critical events last week?', 'deployments followed by critical events within an hour this month', 'deployments followed by critical events last month',
       'which deployments were followed by a critical event yesterday?', 'show deployments followed by critical events in the last 30 days', '지난주 배포 후 심각한 이벤트가 뒤따른 배포는?'],
 'estate.incidents', NULL,
 '{"summary": [{"when": "row_count = 0", "text": {"en": "No deployment was followed by a critical event within the hour.", "ko": "한 시간 안에 심각한 이벤트가 뒤따른 배포가 없습니다."}},
   {"text": {"en": "{count()} deployments were followed by critical events within the hour.", "ko": "배포 {count()}건에 한 시간 안에 심각한 이벤트가 뒤따랐습니다."}, "severity": "attention"}]}'),
('disks_filling_up', 'Items whose disk grew in the last 30 days, with the days until it is full at that pace.',
 'SELECT s.name, s.now_percent, s.now_percent - s.then_percent AS grown, ceil((100 - s.now_percent) * 30 / (s.now_percent - s.then_percent)) AS days_until_full
    FROM (SELECT c.name, (array_agg(m.value ORDER BY m.at DESC))[1] AS now_percent, (array_agg(m.value ORDER BY m.at))[1] AS then_percent
            FROM shop.metric m JOIN shop.configuration_item c ON c.ci_id = m.ci_id
           WHERE m.metric_name = ''disk_percent'' AND m.at >= now() - interval ''30 days'' AND m.at < now() GROUP BY c.name) AS s
   WHERE s.now_percent > s.then_percent ORDER BY 4, 1 LIMIT 20',
 ARRAY['which disks are filling up?', 'disks that fill up soonest', 'when are the disks full?', 'which items run out of disk soon?', 'disks filling up fastest', '디스크가 곧 가득 찰 항목은?'],
 'estate.capacity', NULL,
 '{"summary": [{"when": "row_count = 0", "text": {"en": "No disk grew in the last 30 days.", "ko": "최근 30일 동안 늘어난 디스크가 없습니다."}},
   {"text": {"en": "{rows[0].name} fills up first: {rows[0].now_percent} % now, full in about {rows[0].days_until_full} days at the pace of the last 30.", "ko": "{rows[0].name}이(가) 가장 먼저 가득 찹니다. 현재 {rows[0].now_percent}%, 최근 30일 속도로 약 {rows[0].days_until_full}일 뒤입니다."}, "severity": "attention"}]}'),
('engineer_success', 'Success rate of finished maintenance by engineer.',
 'SELECT engineer, count(*) FILTER (WHERE result = ''success'') AS succeeded, count(*) AS finished,
         round(100.0 * count(*) FILTER (WHERE result = ''success'') / count(*), 1) AS success_percent
    FROM shop.maintenance WHERE result IS NOT NULL GROUP BY engineer ORDER BY 4 DESC, 1',
 ARRAY['what is the success rate of maintenance by engineer?', 'success rate per engineer', 'which engineer has the best success rate?', 'maintenance success rate of each engineer',
       'how successful is each engineer?', '엔지니어별 정비 성공률은?'], 'estate.maintenance', NULL,
 '{"summary": [{"text": {"en": "{rows[0].engineer} has the best success rate, {rows[0].success_percent} % of {rows[0].finished} finished jobs.", "ko": "성공률이 가장 높은 엔지니어는 {rows[0].engineer}이며 완료 {rows[0].finished}건 중 {rows[0].success_percent}%입니다."}}]}'),
('alarm_acknowledgement', 'Critical events that nobody has acknowledged, oldest first.',
 'SELECT e.at, c.name, e.event_type, e.message, c.owner FROM shop.event_log e JOIN shop.configuration_item c ON c.ci_id = e.ci_id
   WHERE e.severity = ''critical'' AND NOT e.acknowledged ORDER BY e.at LIMIT 100',
 ARRAY['which critical events need attention?', 'what needs my attention?', 'critical events that need attention', 'what should I look at first?', 'critical events waiting for somebody', '지금 확인이 필요한 심각한 이벤트는?'],
 'estate.events', NULL,
 '{"summary": [{"when": "row_count = 0", "text": {"en": "Every critical event is acknowledged.", "ko": "모든 심각한 이벤트가 확인되었습니다."}},
   {"text": {"en": "{count()} critical events wait to be acknowledged, the oldest since {rows[0].at} on {rows[0].name}.", "ko": "확인을 기다리는 심각한 이벤트가 {count()}건이며 가장 오래된 것은 {rows[0].name}의 {rows[0].at}입니다."}, "severity": "attention"}]}');

-- An interval may be open at its end.
UPDATE estate_tool SET input_schema = '{"type": "object", "required": ["since"], "additionalProperties": false, "properties": {
  "since": {"type": "string", "format": "date-time"}, "until": {"type": "string", "format": "date-time"}}}'
 WHERE query LIKE '%:since%' AND input_schema IS NULL;
CREATE PROCEDURE pg_temp.publish(of_tenant text) LANGUAGE plpgsql AS $body$
DECLARE
  v_model record;
  v_tool record;
BEGIN
  PERFORM ops.set_tenant(of_tenant);
  FOR v_model IN SELECT * FROM pg_temp.estate_model ORDER BY position LOOP
    PERFORM ops.create_model(v_model.name, v_model.rel, v_model.spec, "replace" => true);
  END LOOP;
  FOR v_tool IN SELECT * FROM pg_temp.estate_tool ORDER BY name LOOP
    PERFORM ops.create_sql_tool(v_tool.name, v_tool.description, v_tool.query, v_tool.examples, ARRAY[v_tool.capability],
      input_schema => v_tool.input_schema, present => v_tool.present, "replace" => true);
  END LOOP;
END
$body$;
BEGIN;
CALL pg_temp.publish('acme');
COMMIT;
BEGIN;
CALL pg_temp.publish('globex');
COMMIT;
RESET client_min_messages;
\o
