-- Registry: models and resolvers: what is refused and where, rights, tenants, drafts from the catalog, calls by frame,
-- columns that go away, names that look like SQL.
-- database: fresh
\ir _fixture.sql
SELECT plan(45);
CREATE TABLE shop.place (tenant_id text, place_id int, name text, city text, PRIMARY KEY (tenant_id, place_id));
CREATE TABLE shop.visit (tenant_id text, visit_id int, place_id int, at timestamptz, "; drop table shop.place --" text,
  kind text CHECK (kind IN ('walk', 'drive')), paid boolean, cost numeric, PRIMARY KEY (tenant_id, visit_id),
  FOREIGN KEY (tenant_id, place_id) REFERENCES shop.place);
INSERT INTO shop.place VALUES ('acme', 1, 'park', 'Busan'), ('acme', 2, 'mill', 'Seoul'), ('globex', 1, 'dock', 'Oslo');
INSERT INTO shop.visit SELECT t, i, 1 + i % p, '2026-09-10 00:00+00'::timestamptz + i * interval '1 hour', 'x', (ARRAY['walk', 'drive'])[1 + i % 2], i % 3 = 0, i
  FROM (VALUES ('acme', 2), ('globex', 1)) v (t, p), generate_series(1, 20) i;
GRANT SELECT ON shop.place, shop.visit TO ops_tool;
SELECT ops.protect_table('shop.place'), ops.protect_table('shop.visit') \g /dev/null
GRANT USAGE ON SCHEMA shop TO t_r_op, t_r_other;
CREATE FUNCTION pg_temp.model(who name, name text, rel text, spec text, more text DEFAULT '') RETURNS text LANGUAGE sql AS $$
  SELECT pg_temp.try(who, format('SELECT ops.create_model(%L, %L, %L%s)', name, rel, spec, more)) $$;
CREATE FUNCTION pg_temp.call(who name, tool text, frame text) RETURNS jsonb LANGUAGE sql AS $$
  SELECT pg_temp.try(who, format('SELECT ops.call_tool(%L, %L)', tool, frame))::jsonb $$;
CREATE FUNCTION pg_temp.ask(who name, question text) RETURNS jsonb LANGUAGE sql AS $$
  SELECT pg_temp.try(who, format('SELECT ops.ask(%L, %L)', question, '{"now": "2026-09-12T00:00:00Z"}'))::jsonb $$;

-- ---- what is refused, and where
SELECT matches(pg_temp.model('t_r_op', 'no', 'shop.visit', spec), '^22023 model "no" is not valid: .*' || e, 'refused: ' || left(spec, 60)) FROM (VALUES
  ('{}', '\$\.nouns: must say'),
  ('{"nouns": ["visit"], "mesures": {}}', '\$\.mesures: is no field of a model.*measures'),
  ('{"nouns": ["visit"], "dimensions": {"Kind": {}}}', '\$\.dimensions\.Kind: is no name'),
  ('{"nouns": ["visit"], "dimensions": {"kind": {"word": []}}}', 'kind\.word: is no field of a dimension.*words'),
  ('{"nouns": ["visit"], "dimensions": {"kind": {"column": "kin"}}}', '\$\.relation: .*does not exist'),
  ('{"nouns": ["visit"], "time": "when"}', '\$\.time: there is no dimension'),
  ('{"nouns": ["visit"], "dimensions": {"kind": {}}, "time": "kind"}', '\$\.time: is of type text'),
  ('{"nouns": ["visit"], "measures": {"kind": {}}}', '\$\.measures\.kind: is of type text, not a number'),
  ('{"nouns": ["visit"], "measures": {"cost": {"aggregates": ["median"]}}}', 'aggregates: must hold'),
  ('{"nouns": ["visit"], "links": {"place": {"model": "place", "on": {"place_id": "place_id"}}}}', 'no published model "place"'),
  ('{"nouns": ["visit"], "policy": "nowhere"}', '\$\.policy: there is no published policy'),
  ('{"nouns": ["visit"], "dimensions": {"kind": {"resolver": "nobody"}}}', 'no published resolver "nobody"'),
  ('{"nouns": ["visit"], "terms": {"dear": {"filters": [{"measure": "cost", "op": "like", "value": 1}]}}}', '\$\.terms\.dear')) v (spec, e);
SELECT matches(pg_temp.model('t_r_op', 'no', 'shop.secret', '{"nouns": ["secret"], "dimensions": {"id": {}}}'), 'permission denied|Grant SELECT', 'a table that tools may not read');
SELECT matches(pg_temp.model('t_r_user', 'no', 'shop.visit', '{"nouns": ["visit"]}'), '^42501 ', 'users make no models');
SELECT matches(pg_temp.try('t_r_op', format('SELECT ops.create_model(''no'', ''shop.visit'', %L)', jsonb_build_object('nouns', jsonb_build_array('visit'), 'description', repeat('x', 300000)))), 'is longer than 262144 bytes', 'a spec of 300 kB');
SELECT matches(pg_temp.try('t_r_op', format('SELECT ops.create_model(''no'', ''shop.visit'', %L::jsonb)', '{"nouns": ' || repeat('[', 200) || repeat(']', 200) || '}')), '^22023 ', 'a deeply nested spec');
SELECT is((SELECT count(*)::int FROM ops.assets WHERE kind = 'model'), 0, 'nothing of that was stored');

-- ---- a model of each table, in one tenant
SELECT is(pg_temp.model('t_r_op', 'place', 'shop.place', '{"nouns": ["place"], "dimensions": {
  "name": {"key": true, "sample": true}, "city": {"sample": true, "where": true}}}'), '1', 'a model');
SELECT is(pg_temp.model('t_r_op', 'visit', 'shop.visit', '{"nouns": ["visit"], "time": "at", "dimensions": {"at": {}, "kind": {"kinds": true, "values": {"walk": ["stroll"], "drive": []}},
  "remark": {"column": "; drop table shop.place --", "words": ["remark\"; drop"]}, "paid": {"values": {"true": ["paid"], "false": ["unpaid"]}}},
  "measures": {"cost": {"unit": "EUR", "default": "sum"}}, "links": {"place": {"model": "place", "on": {"place_id": "place_id"}}}}'), '1', 'one with a link and a hostile column');
SELECT matches(pg_temp.model('t_r_op', 'twice', 'shop.place', '{"nouns": ["place"], "links": {"visit": {"model": "visit", "on": {"place_id": "place_id"}}}}'), 'MANY_TO_MANY|are not unique', 'a link to many is refused');
SELECT is((SELECT spec #>> '{types,at}' FROM ops.asset_versions WHERE kind = 'model' AND name = 'visit'), 'timestamp with time zone', 'types are kept');
SELECT is(pg_temp.try('t_r_op', $$SELECT string_agg(concat_ws(' ', kind, name, via), ',') FROM ops.asset_impact('model', 'place')$$), 'model visit link', 'what needs it');
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.delete_asset('model', 'place')$$), '^2BP01 .*cannot be deleted', 'so it stays');

-- ---- frames
SELECT is(pg_temp.call('t_r_user', 'model:visit', '{"measure": {"name": "count"}}') #> '{answer,blocks,0,value}', '20', 'a frame is called like a tool');
SELECT is(pg_temp.call('t_r_user', 'model:visit', '{"measure": {"name": "sum", "of": "cost"}, "filters": [{"dimension": "city", "op": "=", "value": "Busan"}]}') #> '{answer,blocks,0,value}', '110', 'over the link, of this tenant');
SELECT is(pg_temp.call('t_r_user', 'model:visit', '{"measure": {"name": "count"}, "filters": [{"dimension": "kind", "op": "=", "value": "x'' OR true --"}]}') #> '{answer,blocks,0,value}', '0', 'a value is a value');
SELECT is(pg_temp.call('t_r_user', 'model:visit', '{"measure": {"name": "rows", "of": ["remark"]}, "limit": 1}') #>> '{answer,blocks,0,value}', 'x', 'a column is a column');
SELECT is((SELECT count(*)::int FROM shop.place), 3, 'nothing was dropped');
SELECT is(pg_temp.call('t_r_user', 'model:visit', f) #>> '{error,code}', 'PLAN_INVALID', 'refused: ' || f) FROM (VALUES
  ('{}'), ('{"measure": {"name": "count"}, "group_by": ["tenant_id"]}'), ('{"measure": {"name": "count"}, "limit": 0}'),
  ('{"measure": {"name": "avg", "of": "visit_id"}}')) v (f);

-- ---- questions
SELECT is(pg_temp.ask('t_r_user', 'how many walks in Busan?') #> '{answer,blocks,0,value}', '10', 'a question in the words of the model');
SELECT is(pg_temp.ask('t_r_user', 'how many visits in Oslo?') #>> '{error,code}', 'NO_MATCH', 'a value of another tenant is not known');
SELECT is(pg_temp.ask('t_r_user', 'how many visits on Mars?') #>> '{error,code}', 'NO_MATCH', 'nor one of nobody');
SELECT is(pg_temp.ask('t_r_other', 'how many visits are there?') #>> '{error,code}', 'NO_MATCH', 'another tenant has no such model');

-- ---- the table changes
ALTER TABLE shop.visit DROP COLUMN cost;
SELECT is(pg_temp.call('t_r_user', 'model:visit', '{"measure": {"name": "sum", "of": "cost"}}') #>> '{error,code}', 'ASSET_LOAD_FAILED', 'a column that is gone is said to be gone');
SELECT is(pg_temp.call('t_r_user', 'model:visit', '{"measure": {"name": "count"}}') #> '{answer,blocks,0,value}', '20', 'what does not need it works');

-- ---- drafts, resolvers
SELECT is(ops.suggest_model('shop.place') #>> '{dimensions,city}', '{}', 'no stored value of a protected table is in a draft');
SELECT is(ops.suggest_model('shop.visit') #> '{dimensions,kind,values}', '["walk", "drive"]', 'what a CHECK lists is');
SELECT matches(pg_temp.try('t_r_op', $$SELECT ops.create_resolver('bad', 'SELECT name FROM shop.place')$$), 'returns no column "id"', 'a resolver returns id and label');
SELECT is(pg_temp.try('t_r_op', $$SELECT ops.create_resolver('place', 'SELECT place_id AS id, name AS label, ARRAY[city] AS aliases FROM shop.place')$$), '1', 'a resolver');

-- ---- values that cannot be looked up are not values that do not exist
SELECT unalike(pg_temp.ask('t_r_user', 'how many visits on Mars?') ->> 'route_reason', '%looked up%', 'a value that is not there');
REVOKE SELECT ON shop.place FROM ops_tool;
SELECT matches(pg_temp.ask('t_r_user', 'how many walks in Busan?') ->> 'route_reason', 'could not be looked up \(PERMISSION_DENIED\)', 'values that cannot be read');
SELECT * FROM finish();
\ir _end.sql
