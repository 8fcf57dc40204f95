-- Included by the tests of the two error doors: schema doors with the functions of the test library
-- (DOORS_PROBE is its path without .so), and helpers. Run inside the test's transaction.
\getenv probe DOORS_PROBE
SET client_min_messages = warning;
CREATE SCHEMA doors;
CREATE FUNCTION doors.live() RETURNS bigint AS :'probe', 'doors_live' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.made() RETURNS bigint AS :'probe', 'doors_made' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.raise_all() RETURNS void AS :'probe', 'doors_raise_all' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.rethrow() RETURNS void AS :'probe', 'doors_rethrow' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.raise(message text, sqlstate text, hidden boolean DEFAULT false) RETURNS void
  AS :'probe', 'doors_raise' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.throw(kind text) RETURNS void AS :'probe', 'doors_throw' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.throw_inside_exit(kind text) RETURNS text AS :'probe', 'doors_throw_inside_exit' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.wait(seconds text) RETURNS text AS :'probe', 'doors_wait' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.spin() RETURNS text AS :'probe', 'doors_spin' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.copy_failure(sqlstate text) RETURNS void AS :'probe', 'doors_copy_failure' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.descend(depth integer, mode text) RETURNS text AS :'probe', 'doors_descend' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.catch_many(rounds bigint) RETURNS bigint AS :'probe', 'doors_catch_many' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.subtransaction(nested boolean) RETURNS text AS :'probe', 'doors_subtransaction' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.subtransaction_other_ways() RETURNS text
  AS :'probe', 'doors_subtransaction_other_ways' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.subtransaction_wait() RETURNS text AS :'probe', 'doors_subtransaction_wait' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.subtransaction_end_fails(which text) RETURNS text
  AS :'probe', 'doors_subtransaction_end_fails' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.scope(which text) RETURNS text AS :'probe', 'doors_scope' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.scope_leaving() RETURNS void AS :'probe', 'doors_scope_leaving' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.bad_setting() RETURNS void AS :'probe', 'doors_bad_setting' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.lwlock() RETURNS text AS :'probe', 'doors_lwlock' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.leave_held(how text) RETURNS void AS :'probe', 'doors_leave_held' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.held() RETURNS text AS :'probe', 'doors_held' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.report() RETURNS bigint AS :'probe', 'doors_report' LANGUAGE c VOLATILE;
CREATE FUNCTION doors.cost(what text, rounds bigint) RETURNS double precision AS :'probe', 'doors_cost' LANGUAGE c VOLATILE;

CREATE TABLE doors.note (line text, n integer GENERATED ALWAYS AS IDENTITY);

-- Every field of the error that a statement ends with, as plpgsql sees it.
CREATE FUNCTION doors.diagnose(statement text) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  state text; message text; detail text; hint text; context text;
  in_schema text; in_table text; in_column text; of_type text; of_constraint text;
BEGIN
  EXECUTE statement;
  RETURN '{}';
EXCEPTION WHEN OTHERS OR query_canceled THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
    hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT, in_schema = SCHEMA_NAME, in_table = TABLE_NAME,
    in_column = COLUMN_NAME, of_type = PG_DATATYPE_NAME, of_constraint = CONSTRAINT_NAME;
  RETURN jsonb_build_object('sqlstate', state, 'message', message, 'detail', detail, 'hint', hint,
    'context', context, 'schema', in_schema, 'table', in_table, 'column', in_column, 'type', of_type,
    'constraint', of_constraint);
END $$;

-- What stands between two levels of doors.descend(). Modes: out = the error goes all the way;
-- catch = the level above the bottom catches it; own = it is replaced by an error of PL/pgSQL.
CREATE FUNCTION doors.step(depth integer, mode text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF depth > 0 OR mode = 'out' THEN
    RETURN doors.descend(depth, mode);
  END IF;
  BEGIN
    RETURN doors.descend(depth, mode);
  EXCEPTION WHEN SQLSTATE 'QQ042' THEN
    IF mode = 'own' THEN
      RAISE EXCEPTION 'replaced: %', SQLERRM USING ERRCODE = '22012', HINT = 'A hint of PL/pgSQL.';
    END IF;
    RETURN 'caught ' || SQLERRM;
  END;
END $$;

CREATE FUNCTION doors.memory() RETURNS TABLE (bytes bigint, contexts bigint) LANGUAGE sql VOLATILE AS
$$ SELECT sum(total_bytes)::bigint, count(*) FROM pg_backend_memory_contexts $$;
