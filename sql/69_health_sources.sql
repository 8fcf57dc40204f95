-- sql layer: what the health tools (70 to 76) read that no system view gives to a role without superuser's rights.
--
-- In C, and known to the guard by name (class monitor): only tools of tenant system that run as ops_stats call them.

GRANT USAGE ON SCHEMA ops TO ops_stats;

CREATE FUNCTION ops._column_widths() RETURNS TABLE (relation oid, attribute int2, width int, null_fraction real)
  LANGUAGE c STABLE PARALLEL UNSAFE ROWS 10000
  AS 'MODULE_PATHNAME', 'pgops_column_widths';
COMMENT ON FUNCTION ops._column_widths() IS
  'internal, for the bloat estimates: average width and share of NULLs of each analyzed column; no value of any row';
REVOKE ALL ON FUNCTION ops._column_widths() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._column_widths() TO ops_stats;

CREATE FUNCTION ops._statement_statistics()
  RETURNS TABLE (state text, query text, calls bigint, total_ms numeric, mean_ms numeric, max_ms numeric, rows_returned bigint,
                 blocks_hit bigint, blocks_read bigint, temp_blocks_written bigint, is_sensitive boolean)
  LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 5000
  AS 'MODULE_PATHNAME', 'pgops_statement_statistics';
COMMENT ON FUNCTION ops._statement_statistics() IS
  'internal: pg_stat_statements of this database, wherever it was created; one row with the reason in state when there is nothing to read';
REVOKE ALL ON FUNCTION ops._statement_statistics() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._statement_statistics() TO ops_stats;
