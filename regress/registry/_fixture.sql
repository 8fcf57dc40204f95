-- Helpers of the registry tests: two tenants, people of every level, an application's table, and try(), which
-- runs a statement as somebody and gives its value or "SQLSTATE message / detail / hint".
-- Committed, since tools are judged in another process: for files with a database of their own. Roles are
-- dropped by _end.sql.
SET client_min_messages = error;
CREATE ROLE t_r_op LOGIN IN ROLE ops_operator;
CREATE ROLE t_r_user LOGIN IN ROLE ops_user;
CREATE ROLE t_r_admin LOGIN IN ROLE ops_admin;
CREATE ROLE t_r_other LOGIN IN ROLE ops_operator;
CREATE ROLE t_r_nobody LOGIN;
SELECT ops.create_tenant('acme'), ops.create_tenant('globex') \g /dev/null
SELECT ops.grant_tenant('acme', 't_r_op', 'operator'), ops.grant_tenant('acme', 't_r_user'),
       ops.grant_tenant('acme', 't_r_admin', 'admin'), ops.grant_tenant('globex', 't_r_other', 'operator') \g /dev/null

CREATE SCHEMA shop;
GRANT USAGE ON SCHEMA shop TO ops_tool;
CREATE TABLE shop.orders (tenant_id text, id bigint, status text, total numeric(12,2), placed_at timestamptz,
                          day date, ref uuid, paid boolean, tags text[], data jsonb, small smallint, ratio real);
CREATE TABLE shop.secret (tenant_id text, id int);
GRANT SELECT ON shop.orders TO ops_tool;
SELECT ops.protect_table('shop.orders'), ops.protect_table('shop.secret') \g /dev/null

CREATE FUNCTION pg_temp.try(who name, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
  detail text;
  hint text;
BEGIN
  EXECUTE format('SET LOCAL ROLE %I', who);
  EXECUTE statement INTO result;
  RESET ROLE;
  RETURN result;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT, detail = PG_EXCEPTION_DETAIL;
  RETURN concat_ws(' / ', SQLSTATE || ' ' || SQLERRM, nullif(detail, ''), nullif(hint, ''));
END
$$;
CREATE FUNCTION pg_temp.put(who name, name text, spec jsonb, expected int DEFAULT NULL, kind text DEFAULT 'tool') RETURNS text
  LANGUAGE sql AS $$ SELECT pg_temp.try(who, format('SELECT ops.put_asset(%L, %L, %L, %L)', kind, name, spec, expected)) $$;
CREATE FUNCTION pg_temp.sql_tool(query text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_build_object('type', 'sql', 'description', 'A test. More of it.', 'examples', '["a","b","c","d","e"]'::jsonb,
                            'sql', jsonb_build_object('query', query)) || more $$;
CREATE FUNCTION pg_temp.http_tool(http jsonb, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_build_object('type', 'http', 'description', 'A test', 'examples', '["a","b","c","d","e"]'::jsonb,
                            'http', '{"method":"GET","url":"https://api.example.com/v1"}'::jsonb || http) || more $$;
