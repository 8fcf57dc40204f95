-- Helpers of the guard tests: an application with protected, shared and open relations, and functions that
-- must never run. Committed, since executors see nothing else: for files with a database of their own.
CREATE SCHEMA shop;
GRANT USAGE ON SCHEMA shop TO ops_tool;
CREATE TABLE shop.orders (tenant_id text, id int, status text, total numeric, created_at timestamptz, tags text[], data jsonb);
CREATE TABLE shop.parted (tenant_id text, id int) PARTITION BY LIST (tenant_id);
CREATE TABLE shop.parted_a PARTITION OF shop.parted FOR VALUES IN ('system');
CREATE TABLE shop.open (tenant_id text, id int);
CREATE TABLE shop.weak (tenant_id text, id int);
CREATE TABLE shop.no_grant (tenant_id text, id int);
CREATE TABLE shop.rates (id int, rate numeric);
CREATE TABLE shop.own_policy (tenant_id text, id int);
CREATE SEQUENCE shop.numbers;
GRANT ALL ON SEQUENCE shop.numbers TO ops_tool;

-- Whatever runs leaves its mark here: sequences are not rolled back.
CREATE SEQUENCE shop.canary;
CREATE FUNCTION shop.evil(int) RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS
  $$ BEGIN PERFORM nextval('shop.canary'); RETURN 1; END $$;
CREATE FUNCTION shop.evil_equal(int, int) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS
  $$ BEGIN PERFORM nextval('shop.canary'); RETURN true; END $$;
CREATE FUNCTION shop.lower(varchar) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS
  $$ BEGIN PERFORM nextval('shop.canary'); RETURN ''; END $$;
CREATE FUNCTION shop.evil_text(shop.orders) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS
  $$ BEGIN PERFORM nextval('shop.canary'); RETURN ''; END $$;
CREATE OPERATOR shop.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = shop.evil_equal);
CREATE AGGREGATE shop.total(int) (SFUNC = int4pl, STYPE = int);
CREATE DOMAIN shop.checked AS int CHECK (shop.evil(VALUE) > 0);
CREATE DOMAIN shop.plain AS int CHECK (VALUE > 0);
CREATE TYPE shop.pair AS (a shop.checked, b int);
CREATE TYPE shop.mood AS ENUM ('good', 'bad');
CREATE CAST (shop.orders AS text) WITH FUNCTION shop.evil_text(shop.orders);
CREATE TABLE shop.typed (tenant_id text, mood shop.mood, plain shop.plain, checked shop.checked);

CREATE FUNCTION shop.trusted(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
CREATE FUNCTION shop.changed(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
CREATE FUNCTION shop.given(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';

CREATE VIEW shop.invoker WITH (security_invoker) AS SELECT id, status FROM shop.orders;
CREATE VIEW shop.definer AS SELECT id, status FROM shop.orders;
CREATE VIEW shop.definer_inside WITH (security_invoker) AS SELECT * FROM shop.definer;
CREATE VIEW shop.activity WITH (security_invoker) AS SELECT pid FROM pg_stat_activity;
CREATE VIEW shop.calls WITH (security_invoker) AS SELECT shop.evil(id) AS e FROM shop.orders;
CREATE VIEW shop.locks WITH (security_invoker) AS SELECT id FROM shop.orders FOR SHARE;
CREATE MATERIALIZED VIEW shop.stored AS SELECT * FROM shop.orders;

GRANT SELECT ON ALL TABLES IN SCHEMA shop TO ops_tool;
REVOKE SELECT ON shop.no_grant FROM ops_tool;
SELECT count(*) > 0 AS protected
  FROM unnest('{shop.orders,shop.parted,shop.no_grant,shop.own_policy,shop.typed,shop.weak}'::regclass[]) AS t,
       LATERAL ops.protect_table(t) AS ddl \gset
SELECT ops.share_table('shop.rates'), ops.allow_function('shop.trusted(int)', 'test'),
       ops.allow_function('shop.changed(int)', 'test'), ops.allow_function('shop.given(int)', 'test') \gset
-- A partition made after its parent was protected.
CREATE TABLE shop.parted_later PARTITION OF shop.parted FOR VALUES IN ('other');
GRANT SELECT ON shop.parted_later TO ops_tool;
ALTER POLICY pg_ops_tenant ON shop.weak USING (tenant_id = (SELECT ops.current_tenant()) OR true);
CREATE POLICY mine ON shop.own_policy TO PUBLIC USING (shop.evil(id) > 0);
CREATE OR REPLACE FUNCTION shop.changed(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 2';
ALTER FUNCTION shop.given(int) OWNER TO ops_tool;

-- The verdict in a word: allowed, or the rule that refused.
CREATE FUNCTION shop.verdict(statement text, level text DEFAULT 'full') RETURNS text LANGUAGE sql AS
  $$ SELECT CASE WHEN (j->>'allowed')::boolean THEN 'allowed' ELSE j->>'rule' END FROM ops.check_sql(statement, level) AS j $$;
