-- The closed list of error codes, generated from the library: one source for code, severity and texts.

CREATE FUNCTION ops._error_codes()
RETURNS TABLE (code text, severity text, retryable boolean, sqlstate text, http_status integer,
               user_message text, user_message_ko text, runbook text)
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pgops_error_codes';
COMMENT ON FUNCTION ops._error_codes() IS 'The library''s list of error codes, behind ops.error_codes.';
REVOKE ALL ON FUNCTION ops._error_codes() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._error_codes() TO ops_user, ops_monitor, ops_owner;

CREATE VIEW ops.error_codes AS
  SELECT code, severity, retryable, sqlstate, http_status, user_message, user_message_ko, runbook
    FROM ops._error_codes();
ALTER VIEW ops.error_codes OWNER TO ops_owner;
COMMENT ON VIEW ops.error_codes IS
  'Every code a request or a tool call can end with: what it means for the caller and where an operator looks first.';
GRANT SELECT ON ops.error_codes TO ops_user, ops_monitor;
