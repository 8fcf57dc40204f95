-- concatenation of text and other types
SELECT name || ' (' || id || ')' AS a, concat(name, NULL, id) AS b, concat_ws('/', city, NULL, mood) AS c FROM lab.customers ORDER BY id
-- length, bit_length, octet_length, char_length
SELECT length(name) AS l, char_length(name) AS c, octet_length(name) AS o, bit_length(name) AS b FROM lab.customers ORDER BY id
-- upper, lower, initcap
SELECT upper(name) AS u, lower(name) AS l, initcap('ann-marie o''neill') AS i FROM lab.customers ORDER BY id
-- substring in its three forms
SELECT substring('Thomas' from 2 for 3) AS a, substring('Thomas' from '...$') AS b, substring('Thomas' similar '%#"o_a#"_' escape '#') AS c, substr('alphabet', 3, 2) AS d
-- position, strpos, overlay, starts_with, ^@
SELECT position('om' in 'Thomas') AS p, strpos('high', 'ig') AS s, overlay('Txxxxas' placing 'hom' from 2 for 4) AS o, starts_with('alphabet', 'alph') AS w, 'alphabet' ^@ 'al' AS op
-- trim, ltrim, rtrim, btrim
SELECT trim(both 'xyz' from 'yxTomxx') AS a, trim(leading from '  x') AS b, ltrim('zzzy', 'z') AS c, rtrim('xyy', 'y') AS d, btrim('  a ') AS e
-- lpad, rpad, left, right, reverse, repeat
SELECT lpad(id::text, 5, '0') AS l, rpad('x', 3, 'ab') AS r, left(name, 2) AS le, right(name, -2) AS ri, reverse(name) AS re, repeat('ab', 3) AS rp FROM lab.customers ORDER BY id
-- replace, translate, split_part
SELECT replace(note, 'e', 'E') AS r, translate(status, 'aeiou', '12345') AS t, split_part(note, ' ', 2) AS s, split_part('a,b,c', ',', -1) AS l FROM lab.orders ORDER BY id
-- string_to_array, array_to_string, string_to_table
SELECT string_to_array('a,b,,d', ',', '') AS a, array_to_string(ARRAY[1, NULL, 3], '-', '?') AS b, t FROM string_to_table('x y z', ' ') AS t
-- ascii, chr, to_hex, md5, sha224 to sha512
SELECT ascii('é') AS a, chr(50504) AS c, to_hex(255) AS h, md5('a') AS m, sha224('a') AS s2, sha256('a'::bytea) AS s, sha384('a') AS s3, encode(sha512('a'), 'hex') AS s5
-- quote_ident, quote_literal, quote_nullable
SELECT quote_ident('Foo bar') AS i, quote_literal(E'O''R\\') AS l, quote_nullable(NULL) AS n
-- format with every conversion
SELECT format('%s %I %L %% %2$s %-5s| %1$s', 'a', 'B c', NULL, 'x') AS f
-- encode and decode
SELECT encode(raw, 'hex') AS h, encode(raw, 'base64') AS b, encode(raw, 'escape') AS e, decode('aGk=', 'base64') AS d FROM lab.documents ORDER BY id
-- convert, convert_from, convert_to
SELECT convert_from('\xc3a9', 'UTF8') AS f, convert_to('é', 'LATIN1') AS t, convert('\xc3a9', 'UTF8', 'LATIN1') AS c
-- bytea functions
SELECT length(raw) AS l, substring(raw from 2 for 2) AS s, get_byte(raw, 1) AS g, set_byte(raw, 0, 7) AS sb, get_bit(raw, 3) AS gb, raw || '\x00' AS c, position('\x00'::bytea in raw) AS p, bit_count(raw) AS bc FROM lab.documents ORDER BY id
-- normalize, IS NORMALIZED, unistr
SELECT normalize(U&'\0061\0308', NFC) AS n, U&'\0061\0308' IS NFC NORMALIZED AS i, unistr('d\0061t') AS u
-- regular expression operators
SELECT id FROM lab.customers WHERE name ~ '^A' OR name ~* 'DORA' OR name !~ '[a-z]' OR name !~* 'x|y|l|n|v|r|b' ORDER BY id
-- regexp_match, matches, replace
SELECT regexp_match(note, '(\w+)@(\w+)') AS m, regexp_replace(note, '\s+', '_', 'g') AS r FROM lab.orders ORDER BY id
-- regexp_matches as a set with ordinality
SELECT o.id, m.w, m.n FROM lab.orders o, regexp_matches(o.note, '(\w)(\w+)', 'g') WITH ORDINALITY AS m(w, n) WHERE o.id < 8 ORDER BY 1, 3
-- regexp functions of version 15
SELECT regexp_count('abcabc', 'b') AS c, regexp_instr('abcabc', 'c', 1, 2) AS i, regexp_like('ABC', 'b', 'i') AS l, regexp_substr('abcabc', 'b.', 3) AS s
-- regexp_split_to_array and table
SELECT regexp_split_to_array('a1b22c', '\d+') AS a, t FROM regexp_split_to_table('x  y', '\s+') AS t
-- look-around, back references and non-greedy patterns
SELECT regexp_replace('foobar', '(?<=foo)bar', 'X') AS a, 'aa' ~ '(.)\1' AS b, regexp_match('xaaay', 'a+?') AS c
-- LIKE with special characters and a parameter
--: {"prefix": "A"}
SELECT name FROM lab.customers WHERE name LIKE :prefix || '%' OR name LIKE '%\_%' ORDER BY name
-- to_char of numbers, dates, intervals
SELECT to_char(1234.5, 'FM9,999.00') AS n, to_char(placed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI TMDay') AS t, to_char(interval '15h 2m', 'HH24:MI') AS i, to_char(-7, '99PR') AS p, to_char(12, 'RN') AS r FROM lab.orders WHERE id = 1
-- to_number, to_date, to_timestamp
SELECT to_number('1,234.50', '9G999D99') AS n, to_date('05 Dec 2026', 'DD Mon YYYY') AS d, to_timestamp('2026-01-02 03', 'YYYY-MM-DD HH24') AS t, to_timestamp(0) AS e
-- text functions as sort and group keys
SELECT lower(split_part(name, ' ', 1)) AS first, count(*) AS n FROM lab.customers GROUP BY 1 ORDER BY length(lower(split_part(name, ' ', 1))), 1
-- full text: to_tsvector, queries and match
SELECT id FROM lab.documents WHERE to_tsvector('english', body) @@ to_tsquery('english', 'fox & !cat') OR search @@ plainto_tsquery('english', 'full text') ORDER BY id
-- full text: phrase and web search
SELECT id, search @@ phraseto_tsquery('english', 'lazy dogs') AS p, search @@ websearch_to_tsquery('english', '"full text" or rats -dog') AS w FROM lab.documents ORDER BY id
-- full text: rank and headline
SELECT id, ts_rank(search, q) AS r, ts_rank_cd(search, q, 32) AS cd, ts_headline('english', body, q, 'StartSel=<b>, StopSel=</b>') AS h FROM lab.documents, to_tsquery('english', 'dog | fox') AS q WHERE search @@ q ORDER BY r DESC, id
-- full text: setweight, strip, filter, delete, concatenation
SELECT setweight(search, 'A') AS w, strip(search) AS s, ts_filter(setweight(search, 'B'), '{b}') AS f, ts_delete(search, 'fox') AS d, search || 'x:1'::tsvector AS c FROM lab.documents ORDER BY id
-- full text: lexemes
SELECT length(search) AS l, tsvector_to_array(search) AS a, array_to_tsvector('{b,a}') AS t, numnode('a & b'::tsquery) AS n, querytree('a & !b'::tsquery) AS q FROM lab.documents ORDER BY id
-- full text: unnest of a vector
SELECT d.id, u.lexeme, u.positions FROM lab.documents d, unnest(d.search) AS u WHERE d.id < 3 ORDER BY 1, 2
-- full text: query operators
SELECT ('a'::tsquery && 'b') AS a, ('a'::tsquery || 'b') AS o, !!'a'::tsquery AS n, ('a'::tsquery <-> 'b') AS f, tsquery_phrase('a', 'b', 3) AS p, 'a & b'::tsquery @> 'a' AS c
-- full text: parsing and dictionaries
SELECT ts_lexize('english_stem', 'stars') AS l, p.tokid, p.token, d.alias FROM ts_parse('default', 'foo - 42') AS p, ts_debug('english', 'Cats') AS d
-- full text: token types and the default configuration
SELECT count(*) > 10 AS n FROM ts_token_type('default')
-- full text: vectors out of json
SELECT to_tsvector('simple', items) AS a, jsonb_to_tsvector('simple', items, '["string"]') AS b FROM lab.orders WHERE id < 3 ORDER BY id
-- similarity of words without extensions
SELECT a.name AS x, b.name AS y FROM lab.customers a JOIN lab.customers b ON left(a.name, 1) = left(b.name, 1) AND a.id < b.id ORDER BY 1, 2
-- parse_ident and pg_client_encoding
SELECT parse_ident('"Some".tab') AS p, pg_client_encoding() IS NOT NULL AS e, getdatabaseencoding() AS d
-- text as sort key with several collations
SELECT name FROM lab.customers ORDER BY lower(name) COLLATE "C", name
