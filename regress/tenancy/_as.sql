-- Helpers of the tenancy tests: run one statement as another role, and report its value or its error as text.
--
-- run() leaves what the statement did; probe() rolls it back, and can work in a tenant. Errors come back as
-- "SQLSTATE message / hint".
CREATE FUNCTION pg_temp.run(who name, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
  hint text;
BEGIN
  EXECUTE format('SET LOCAL ROLE %I', who);
  EXECUTE statement INTO result;
  RESET ROLE;
  RETURN result;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
  RETURN concat_ws(' / ', SQLSTATE || ' ' || SQLERRM, nullif(hint, ''));
END
$$;

CREATE FUNCTION pg_temp.probe(who name, tenant text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
  hint text;
BEGIN
  EXECUTE format('SET LOCAL ROLE %I', who);
  IF tenant IS NOT NULL THEN
    PERFORM ops.set_tenant(tenant);
  END IF;
  EXECUTE statement INTO result;
  RAISE EXCEPTION USING ERRCODE = 'TPROB';
EXCEPTION
  WHEN SQLSTATE 'TPROB' THEN
    RETURN result;
  WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' / ', SQLSTATE || ' ' || SQLERRM, nullif(hint, ''));
END
$$;

-- What a tool of that tenant would see: the tenant as the caller's, the rights of ops_tool.
CREATE FUNCTION pg_temp.as_tool(tenant text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
BEGIN
  IF tenant IS NOT NULL THEN
    PERFORM ops.set_tenant(tenant);
  END IF;
  SET LOCAL ROLE ops_tool;
  EXECUTE statement INTO result;
  RAISE EXCEPTION USING ERRCODE = 'TPROB';
EXCEPTION
  WHEN SQLSTATE 'TPROB' THEN
    RETURN result;
  WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
