-- jsonb values and trace rows that are built without the server's own functions: the same bytes, the same errors.
BEGIN;
\ir _setup.sql
CREATE FUNCTION doors.same_jsonb(document text) RETURNS boolean AS :'probe', 'doors_same_jsonb' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.different_jsonb(rounds bigint, seed bigint) RETURNS text
  AS :'probe', 'doors_different_jsonb' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.jsonb_image(document text) RETURNS jsonb AS :'probe', 'doors_jsonb_image' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.jsonb_string(hex text) RETURNS jsonb AS :'probe', 'doors_jsonb_string' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.row_image(document text) RETURNS bigint AS :'probe', 'doors_row_image' LANGUAGE c VOLATILE;

CREATE TEMP TABLE document (n serial, text text);
INSERT INTO document (text) VALUES
  ('null'), ('true'), ('""'), ('"x"'), ('0'), ('-0'), ('-0.000'), ('[]'), ('{}'), ('[[],{}]'), ('[null,true,false,"a",1]'),
  ('{"b":1,"a":2,"aa":3,"B":4,"":5}'), ('{"a":{"b":{"c":[1,[2,[3]]]}}}'),
  ('[1,10,100,1000,9999,10000,10001,99999999,100000000,123456789012345678901234567890]'),
  ('[0.1,0.01,0.001,0.0001,0.00001,0.12345678,1.5,1.50,1.500000,10000.0001,0.00000000000000000001]'),
  ('[1e0,1e1,1e3,1e4,1e5,1e-1,1e-4,1e-5,1.5e3,1.5E-3,12e+4,120e-1,0e5,0e-5,0.000e3]'),
  ('[1e252,1e255,1e256,1e-252,1e-257,1e131071,1.00e-300,1e-16383,9e-60,1e-63,1e-64]'),
  ('[-1,-0.5,-12345.678,-1e100,-1e-100]'),
  ('{"n":1,"s":"two","m":3.25,"t":"thre","k":[4],"u":{"v":"6"}}');
INSERT INTO document (text)
  SELECT '[' || string_agg(i::text, ',') || ']' FROM generate_series(1, 200) i
  UNION ALL SELECT '{' || string_agg(format('"key%s":%s', i, i * 37), ',') || '}' FROM generate_series(1, 100) i
  UNION ALL SELECT '["' || repeat('long ', 100000) || '"]'
  UNION ALL SELECT repeat('[', 190) || repeat(']', 190)
  UNION ALL SELECT repeat('9', 131072)
  UNION ALL SELECT '0.' || repeat('1', 16383);

SELECT plan(17);
SELECT is_empty('SELECT n, left(text, 200) FROM document WHERE NOT doors.same_jsonb(text)', 'documents are the same to the byte');
SELECT is(doors.different_jsonb(3000, 1), NULL, 'so are random ones');
SELECT is(doors.different_jsonb(3000, 2), NULL, 'and others');
SELECT is(doors.jsonb_image('{"a":[1,{"b":"x"}]}') #>> '{a,1,b}', 'x', 'the server finds its way in them');
SELECT is(doors.jsonb_string('61ff62'), to_jsonb('a' || chr(65533) || 'b'), 'bytes that are no UTF-8 are replaced');
SELECT is(doors.jsonb_string('ed95'), to_jsonb(repeat(chr(65533), 2)), 'each byte, also at the end');

SELECT throws_ok('SELECT doors.jsonb_string(''610062'')', '22P05', NULL, 'a zero byte is refused');
SELECT throws_ok($$SELECT doors.jsonb_image('["\u0000"]')$$, '22P05', NULL, 'and its escape');
SELECT throws_ok($$SELECT doors.jsonb_image('{"\u0000":1}')$$, '22P05', NULL, 'in a key as well');
SELECT throws_ok($$SELECT doors.jsonb_image('[1e131072]')$$, '22003', NULL, 'a number that is too large');
SELECT throws_ok($$SELECT doors.jsonb_image('[1e-16384]')$$, '22003', NULL, 'too fine');
SELECT throws_ok($$SELECT doors.jsonb_image('[1e99999999999999999999]')$$, '22003', NULL, 'or out of all bounds');

SELECT cmp_ok(doors.row_image('{"status":"success","tool_calls":[{"tool":"x"}]}'), '>', 300::bigint, 'a document becomes rows');
SELECT lives_ok('SELECT doors.row_image(''[1]'')', 'one that is no object too: the table refuses it');
SELECT throws_ok($$SELECT doors.row_image('{"parent_trace_id":"x"}')$$, '22P02', NULL, 'a parent that is no id');
SELECT throws_ok($$SELECT doors.row_image('{"tool_calls":[{"start_ms":1e300}]}')$$, '22008', NULL, 'a time out of range');
SELECT throws_ok($$SELECT doors.row_image('{"status":"\u0000"}')$$, '22P05', NULL, 'a column that cannot be text');
SELECT * FROM finish();
ROLLBACK;
