-- columns of a table
SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'pg_catalog' AND table_name = 'pg_type' ORDER BY ordinal_position LIMIT 3
-- tables of a schema, as the role sees them
SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'lab' AND table_name LIKE 'c%' ORDER BY 1
-- schemas
SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname IN ('lab', 'pg_catalog') ORDER BY 1
-- types and their categories
SELECT typname, typcategory, typlen FROM pg_type WHERE oid < 30 ORDER BY oid
-- attributes through the catalog
SELECT attname, atttypid::regtype AS t, attnotnull FROM pg_attribute WHERE attrelid = 'lab.orders'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
-- constraints
SELECT conname, contype, conkey FROM pg_constraint WHERE conrelid = 'lab.customers'::regclass ORDER BY 1
-- indexes
SELECT indexrelid::regclass::text AS i, indisunique FROM pg_index WHERE indrelid = 'lab.orders'::regclass ORDER BY 1
-- indexes by view
SELECT indexname FROM pg_indexes WHERE schemaname = 'lab' AND tablename = 'orders' ORDER BY 1
-- enum labels
SELECT enumlabel, enumsortorder FROM pg_enum WHERE enumtypid = 'lab.mood'::regtype ORDER BY 2
-- ranges known to the server
SELECT rngtypid::regtype AS r, rngsubtype::regtype AS s FROM pg_range WHERE rngtypid < 10000 ORDER BY rngtypid
-- operators and operator classes
SELECT count(*) AS n FROM pg_operator o JOIN pg_amop a ON a.amopopr = o.oid JOIN pg_opclass c ON c.opcfamily = a.amopfamily WHERE o.oid < 10000
-- casts
SELECT castsource::regtype AS s, casttarget::regtype AS t, castcontext FROM pg_cast WHERE castsource = 'json'::regtype ORDER BY 2
-- collations
SELECT collname FROM pg_collation WHERE collname IN ('C', 'POSIX') ORDER BY 1
-- comments of objects
SELECT col_description('lab.orders'::regclass, 1) AS c, obj_description('pg_catalog.int4pl'::regproc, 'pg_proc') AS o
-- inheritance and partitions
SELECT inhrelid::regclass::text AS child FROM pg_inherits WHERE inhparent = 'lab.events'::regclass ORDER BY 1
-- tables by view
SELECT tablename, hasindexes FROM pg_tables WHERE schemaname = 'lab' AND tablename LIKE 'e%' ORDER BY 1
-- aggregates and languages
SELECT a.aggkind, count(*) AS n FROM pg_aggregate a WHERE a.aggfnoid::oid < 10000 GROUP BY 1 ORDER BY 1
-- visibility and version functions
SELECT pg_table_is_visible('pg_catalog.pg_type'::regclass) AS t, version() LIKE 'PostgreSQL 15%' AS v, current_database() IS NOT NULL AS d, current_schema() AS s, pg_type_is_visible('int4'::regtype) AS ty, current_catalog IS NOT NULL AS c
-- who runs it, without naming roles of the test
SELECT current_user = session_user AS same, current_role = "current_user"() AS r, user IS NOT NULL AS u LIMIT 0
-- size of a value and compression
SELECT id, pg_column_size(items) > 0 AS s, pg_column_compression(items) AS c FROM lab.orders WHERE id < 3 ORDER BY id
-- text search configurations
SELECT cfgname FROM pg_ts_config WHERE cfgname IN ('english', 'simple') ORDER BY 1
-- keywords of SQL
SELECT word, catcode FROM pg_get_keywords() WHERE word IN ('select', 'abort') ORDER BY 1
-- dependencies
SELECT count(*) > 0 AS d FROM pg_depend WHERE refobjid = 'lab.orders'::regclass
-- defaults, generated columns
SELECT adnum FROM pg_attrdef WHERE adrelid = 'lab.orders'::regclass
-- extensions
SELECT extname FROM pg_extension WHERE extname IN ('plpgsql', 'pg_ops') ORDER BY 1
-- extended statistics and sequences
SELECT count(*) AS n FROM pg_statistic_ext e, pg_sequence s WHERE e.stxrelid < 10000
-- primary keys of the information schema
SELECT constraint_type FROM information_schema.table_constraints WHERE table_name = 'no_such_table'
-- routines that are operators' functions
SELECT o.oprname, o.oprcode::text AS f FROM pg_operator o WHERE o.oprname = '~~' AND o.oprleft = 'text'::regtype
-- server encoding and collation names
SELECT pg_encoding_to_char(6) AS e, pg_char_to_encoding('UTF8') AS c
