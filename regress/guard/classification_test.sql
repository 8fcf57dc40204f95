-- The classification has a row for everything that the server comes with.
BEGIN;
SELECT plan(8);
SELECT is_empty($$SELECT oid::regprocedure FROM pg_proc WHERE oid < 16384 AND ops._function_class(oid) IS NULL$$,
                'every function of the server is classified');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
                    AND ops._relation_class(c.oid) IS NULL$$, 'every system relation is classified');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p WHERE p.oid < 16384 AND ops._function_class(p.oid) <> 'never'
                  AND ('internal'::regtype = ANY (p.proargtypes) OR p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype,
                       'internal'::regtype, 'language_handler'::regtype, 'index_am_handler'::regtype))$$,
                'internal functions are never for tools');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p WHERE p.oid < 16384 AND p.provolatile = 'v' AND ops._function_class(p.oid) = 'all'
                  AND p.proname NOT IN ('clock_timestamp', 'timeofday', 'random', 'gen_random_uuid', 'pg_jit_available', 'pg_collation_actual_version')$$,
                'volatile functions for all are a short list');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p WHERE p.oid < 16384 AND ops._function_class(p.oid) <> 'never'
                  AND p.proname ~ '^(lo_|pg_read_|pg_ls_|pg_advisory|pg_try_advisory|pg_sleep|pg_logical_|pg_replication_origin_(create|drop|advance|session)|binary_upgrade|.*_to_xml(schema|_and_xmlschema)?$)'$$,
                'families that READ ONLY does not stop are never for tools');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p WHERE p.oid < 16384 AND ops._function_class(p.oid) = 'all'
                  AND p.proname ~ '^(pg_stat_get|has_.*_privilege$|pg_.*_size$)' AND p.proname <> 'pg_column_size'$$,
                'what shows other tenants or sessions is not for all');
SELECT is(ops._relation_class('pg_authid'::regclass), 'never', 'passwords are for nobody');
SELECT is(ops._function_class('ops.ask(text,jsonb)'::regprocedure), NULL, 'what is not the server''s has no class');
SELECT * FROM finish();
ROLLBACK;
