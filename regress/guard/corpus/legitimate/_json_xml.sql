-- json operators -> ->> #> #>>
SELECT id, items -> 'lines' -> 0 AS l, items ->> 'sku' AS s, items #> '{lines,1,n}' AS p, items #>> '{lines,0,p}' AS t, data -> 'b' -> -1 AS last FROM lab.orders JOIN lab.documents USING (id) ORDER BY id
-- jsonb containment and existence
SELECT id FROM lab.orders WHERE items @> '{"gift": true}' AND items ? 'sku' AND items ?| ARRAY['x', 'meta'] AND items ?& ARRAY['sku', 'lines'] AND '{"sku": "S3"}' <@ items ORDER BY id
-- jsonb subscripts
SELECT id, items['lines'][0]['n'] AS n, items['sku'] AS s FROM lab.orders ORDER BY id
-- jsonb concatenation and removal
SELECT id, items || '{"x": 1}' AS a, items - 'lines' AS b, items #- '{lines,0}' AS c, items - ARRAY['sku', 'gift'] AS d FROM lab.orders WHERE id < 4 ORDER BY id
-- jsonb_set, jsonb_set_lax, jsonb_insert
SELECT jsonb_set('{"a":1}', '{b}', '2') AS s, jsonb_set_lax('{"a":1}', '{a}', NULL, true, 'delete_key') AS l, jsonb_insert('[1,3]', '{1}', '2', true) AS i
-- jsonb_path_query and friends with variables
SELECT id, jsonb_path_query_array(items, '$.lines[*] ? (@.n > $m).p', '{"m": 2}') AS p, jsonb_path_exists(items, '$.lines[*] ? (@.n == 3)') AS e, jsonb_path_query_first(items, '$.lines.size()') AS f, jsonb_path_match(items, '$.gift == true') AS m FROM lab.orders ORDER BY id
-- jsonpath operators @? and @@
SELECT id FROM lab.orders WHERE items @? '$.lines[*] ? (@.n > 5)' OR items @@ '$.meta.w > 70' ORDER BY id
-- jsonpath methods and arithmetic
SELECT jsonb_path_query_array('[1.5, -2, "3"]', '$[*].double().abs().ceiling()') AS a, jsonb_path_query('{"x": 5}', '$.x * 2 + 1') AS b, jsonb_path_query_array('{"a":{"b":1}}', '$.**.b') AS c
-- jsonpath regular expression, starts with, keyvalue, type
SELECT jsonb_path_query_array('["abc","xbc"]', '$[*] ? (@ like_regex "^a" flag "i")') AS r, jsonb_path_query_array('["abc","xbc"]', '$[*] ? (@ starts with "x")') AS s, jsonb_path_query_array('{"k": 1}', '$.keyvalue()') AS k, jsonb_path_query('[]', '$.type()') AS t
-- jsonpath with time zone
SELECT jsonb_path_exists_tz('["2026-01-02 10:00:00+00"]', '$[*] ? (@.datetime() < "2026-01-03 10:00:00+00".datetime())') AS e, jsonb_path_query_array_tz('["2026-01-02"]', '$[*].datetime()') AS a
-- strict and lax paths, silent
SELECT jsonb_path_query_array('{"a": [1]}', 'strict $.b', '{}', true) AS s, jsonb_path_query_array('{"a": [1]}', 'lax $.a[0]') AS l
-- jsonb_array_elements with ordinality
SELECT o.id, l.n, l.line ->> 'p' AS p FROM lab.orders o, jsonb_array_elements(o.items -> 'lines') WITH ORDINALITY AS l(line, n) WHERE o.id < 6 ORDER BY 1, 2
-- jsonb_array_elements_text, json_array_elements
SELECT e, j::text AS j FROM jsonb_array_elements_text('["a", null, 3]') AS e, json_array_elements('[[1], {"x": 2}]') AS j
-- jsonb_each, each_text, object_keys
SELECT o.id, k.key, k.value FROM lab.orders o, jsonb_each(o.items) AS k WHERE o.id = 7 ORDER BY 2
-- json_each_text and json_object_keys
SELECT t.key, t.value, k FROM json_each_text('{"a":1,"b":"x"}') AS t, json_object_keys('{"p":0,"q":0}') AS k ORDER BY 1, 3
-- distinct keys used over all rows
SELECT DISTINCT k FROM lab.orders, jsonb_object_keys(items) AS k ORDER BY k
-- jsonb_to_recordset over a column
SELECT o.id, r.n, r.p FROM lab.orders o, jsonb_to_recordset(o.items -> 'lines') AS r(n int, p numeric) WHERE o.id < 5 ORDER BY 1, 2, 3
-- json_to_record with nested types
SELECT r.a, r.b, r.c FROM json_to_record('{"a":[1,2],"b":"2026-01-01","c":{"street":"x","city":"y","zip":3}}') AS r(a int[], b date, c lab.address)
-- json_populate_record and recordset
SELECT (json_populate_record(NULL::lab.address, '{"city": "Busan", "zip": 5}')).city AS c, p.zip FROM jsonb_populate_recordset(NULL::lab.address, '[{"zip": 1}, {"zip": 2}]') AS p
-- json_build_object, build_array, json_object
SELECT json_build_object('id', id, 'tags', tags, 'when', joined) AS j, jsonb_build_array(1, 'a', NULL, true, 2.50) AS a, json_object('{a,1,b,2}') AS o, jsonb_object('{k1,k2}', '{v1,v2}') AS kv FROM lab.customers WHERE id < 3 ORDER BY id
-- to_json, to_jsonb, row_to_json, array_to_json
SELECT to_json(name) AS j, to_jsonb(home) AS h, row_to_json(c) AS r, array_to_json(tags) AS t, row_to_json(ROW(1, 'x'), true) AS p FROM lab.customers c WHERE id < 3 ORDER BY id
-- json_typeof, jsonb_typeof, array_length, strip_nulls, pretty
SELECT jsonb_typeof(items -> 'lines') AS t, jsonb_array_length(items -> 'lines') AS n, jsonb_strip_nulls(items) AS s, jsonb_pretty(items -> 'lines') AS p, json_typeof('null') AS nt FROM lab.orders WHERE id < 7 ORDER BY id
-- json casts to and from scalars
SELECT ('{"n": 12.5}'::jsonb -> 'n')::numeric * 2 AS n, ('true'::jsonb)::boolean AS b, ('7'::jsonb)::int AS i, '{"a" : 1}'::json::jsonb AS j, (items -> 'lines' -> 0 -> 'p')::float8 AS f FROM lab.orders WHERE id = 4
-- grouping by a json member
SELECT items ->> 'sku' AS sku, count(*) AS n, avg((items #>> '{lines,0,p}')::numeric) AS p FROM lab.orders GROUP BY 1 ORDER BY 1
-- comparison and ordering of jsonb
SELECT id, items -> 'meta' AS m FROM lab.orders WHERE items -> 'meta' > '{"w": 10}' ORDER BY items -> 'meta', id
-- nested json of an order with its customer
SELECT jsonb_build_object('order', o.id, 'customer', (SELECT to_jsonb(c) - 'tenant_id' FROM lab.customers c WHERE c.id = o.customer_id)) AS doc FROM lab.orders o WHERE o.id < 4 ORDER BY o.id
-- a json document as parameter
--: {"doc": [{"id": 3}, {"id": 5}]}
SELECT o.id, o.status FROM lab.orders o JOIN jsonb_to_recordset(:doc::jsonb) AS d(id int) ON d.id = o.id ORDER BY o.id
-- jsonb keys containing quotes and SQL words
SELECT '{"it''s": "DROP", "a\"b": 1}'::jsonb ->> 'it''s' AS a, '{"x": "\u00e9"}'::jsonb ->> 'x' AS b
-- xmlelement, xmlattributes, xmlforest, xmlconcat
SELECT xmlelement(name customer, xmlattributes(id AS "id", city), xmlforest(name, joined AS since)) AS x, xmlconcat('<a/>', '<b/>') AS c FROM lab.customers WHERE id < 3 ORDER BY id
-- xmlcomment, xmlpi, xmlroot
SELECT xmlcomment('note') AS c, xmlpi(name php, 'echo') AS p, xmlroot(xmlparse(document '<a/>'), version '1.0', standalone yes) AS r
-- xmlparse, xmlserialize, IS DOCUMENT
SELECT xmlserialize(content xmlparse(content 'a<b/>') AS text) AS s, xmlparse(document '<a/>') IS DOCUMENT AS d, xml_is_well_formed('<a>') AS w, xml_is_well_formed_document('<a/>') AS wd, xml_is_well_formed_content('x') AS wc
-- xpath, xpath_exists, XMLEXISTS
SELECT id, xpath('/doc/item/text()', page) AS i, xpath_exists('/doc[@id="2"]', page) AS e, xmlexists('//item[text()="one"]' PASSING BY VALUE page) AS x FROM lab.documents ORDER BY id
-- xpath with namespaces
SELECT xpath('//my:a/text()', '<x xmlns:my="http://e.org"><my:a>1</my:a></x>', ARRAY[ARRAY['my', 'http://e.org']]) AS x
-- XMLTABLE with columns, path, default and ordinality
SELECT d.id, t.n, t.item, t.missing FROM lab.documents d, XMLTABLE('/doc/item' PASSING d.page COLUMNS n FOR ORDINALITY, item text PATH '.', missing int PATH '@none' DEFAULT 9) AS t ORDER BY 1, 2
-- XMLTABLE with namespaces and NOT NULL
SELECT t.* FROM XMLTABLE(XMLNAMESPACES('http://e.org' AS e), '/e:r/e:v' PASSING '<r xmlns="http://e.org"><v k="1">a</v><v k="2">b</v></r>' COLUMNS k int PATH '@k' NOT NULL, v text PATH '.') AS t
-- text of xml elements as numbers
SELECT sum((xpath('/doc/@id', page))[1]::text::int) AS s FROM lab.documents
