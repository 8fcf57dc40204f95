-- Asking: the functions of the ask family. All of them are written in C, run as the caller, and are
-- called on NULL input because a NULL question deserves an error.

CREATE FUNCTION ops.ask(question text, options jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE c VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'pgops_ask';
COMMENT ON FUNCTION ops.ask(text, jsonb) IS
  'Answers a question with the tools of the caller''s tenant; returns the answer envelope. A failed tool is part of the answer, misuse is an error.';
REVOKE ALL ON FUNCTION ops.ask(text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.ask(text, jsonb) TO ops_user;

CREATE FUNCTION ops.ask_text(question text, options jsonb DEFAULT '{}')
RETURNS SETOF text LANGUAGE c VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'pgops_ask_text';
COMMENT ON FUNCTION ops.ask_text(text, jsonb) IS 'ops.ask() as lines of text, one row a line, for psql.';
REVOKE ALL ON FUNCTION ops.ask_text(text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.ask_text(text, jsonb) TO ops_user;

CREATE FUNCTION ops.plan(question text, options jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE c VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'pgops_plan';
COMMENT ON FUNCTION ops.plan(text, jsonb) IS
  'What ops.ask() would do, like EXPLAIN: route, plan and why. Nothing is executed, no trace is written.';
REVOKE ALL ON FUNCTION ops.plan(text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.plan(text, jsonb) TO ops_user;

CREATE FUNCTION ops.run_plan(plan jsonb, options jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE c VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'pgops_run_plan';
COMMENT ON FUNCTION ops.run_plan(jsonb, jsonb) IS
  'Runs an explicit plan {"calls":[{"id","tool","args","depends_on","on_error"}]}; returns the answer envelope.';
REVOKE ALL ON FUNCTION ops.run_plan(jsonb, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.run_plan(jsonb, jsonb) TO ops_user;

CREATE FUNCTION ops.call_tool(name text, args jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE c VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'pgops_call_tool';
COMMENT ON FUNCTION ops.call_tool(text, jsonb) IS 'Calls one published tool; returns the answer envelope.';
REVOKE ALL ON FUNCTION ops.call_tool(text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.call_tool(text, jsonb) TO ops_user;

CREATE FUNCTION ops.query(sql text, args jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE c VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'pgops_query';
COMMENT ON FUNCTION ops.query(text, jsonb) IS
  'Runs one SELECT under the guard, rights and caps of a tool of the current tenant and returns its rows as a tool result {"columns","rows","row_count","truncated"}; a refusal or failure is an error that names its trace.';
REVOKE ALL ON FUNCTION ops.query(text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.query(text, jsonb) TO ops_operator;

CREATE FUNCTION ops.test_tool(name text, args jsonb DEFAULT '{}', version integer DEFAULT NULL)
RETURNS jsonb LANGUAGE c VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'pgops_test_tool';
COMMENT ON FUNCTION ops.test_tool(text, jsonb, integer) IS
  'Calls one version of a tool, drafts included (default: the latest), under the same guards and rights as a real call.';
REVOKE ALL ON FUNCTION ops.test_tool(text, jsonb, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.test_tool(text, jsonb, integer) TO ops_operator;

CREATE FUNCTION ops.to_text(answer jsonb)
RETURNS SETOF text LANGUAGE c STABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'pgops_to_text';
COMMENT ON FUNCTION ops.to_text(jsonb) IS 'An answer envelope as lines of text, one row a line, for psql.';
REVOKE ALL ON FUNCTION ops.to_text(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.to_text(jsonb) TO ops_user, ops_monitor;

CREATE FUNCTION ops.to_text(answer jsonb, width integer)
RETURNS SETOF text LANGUAGE c STABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'pgops_to_text';
COMMENT ON FUNCTION ops.to_text(jsonb, integer) IS
  'An answer envelope as lines of at most so many columns (40 to 1000), sentences wrapped; NULL: as ops.to_text(answer).';
REVOKE ALL ON FUNCTION ops.to_text(jsonb, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.to_text(jsonb, integer) TO ops_user, ops_monitor;

-- Convenience names in schema public, only where that schema exists; applications call ops.ask.
DO $do$
BEGIN
  IF EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = 'public') THEN
    CREATE FUNCTION public.ops_ask(question text, options jsonb DEFAULT '{}')
    RETURNS jsonb LANGUAGE c VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
    AS 'MODULE_PATHNAME', 'pgops_ask';
    COMMENT ON FUNCTION public.ops_ask(text, jsonb) IS 'The same as ops.ask().';
    REVOKE ALL ON FUNCTION public.ops_ask(text, jsonb) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION public.ops_ask(text, jsonb) TO ops_user;

    CREATE FUNCTION public.ops_ask_text(question text, options jsonb DEFAULT '{}')
    RETURNS SETOF text LANGUAGE c VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT
    AS 'MODULE_PATHNAME', 'pgops_ask_text';
    COMMENT ON FUNCTION public.ops_ask_text(text, jsonb) IS 'The same as ops.ask_text().';
    REVOKE ALL ON FUNCTION public.ops_ask_text(text, jsonb) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION public.ops_ask_text(text, jsonb) TO ops_user;
  END IF;
END
$do$;
