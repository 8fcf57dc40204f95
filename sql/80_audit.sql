-- sql layer: reading and verifying the audit log, and the list of statements that the guard refused.
-- Storage, sealing and who may write: 18_audit.sql.

CREATE VIEW ops.audit_entries WITH (security_barrier) AS
  SELECT a.tenant_id COLLATE pg_catalog."default" AS tenant, a.audit_id, a.at, a.actor, a.login, a.outcome, a.action, a.kind,
         a.name, a.version, a.old_digest, a.new_digest, a.detail, a.written_in, s.chain_position
    FROM ops.audit_store a
    LEFT JOIN ops.audit_seal_store s ON s.audit_id = a.audit_id AND s.audited_tenant = a.tenant_id
   WHERE a.tenant_id = ANY ((SELECT ops._my_tenants('operator'))::text[])
      OR ((SELECT ops._administers_installation()) AND (SELECT ops.current_tenant()) IS NULL);
COMMENT ON VIEW ops.audit_entries IS
  'who did, or was refused, what: for operators of the tenant; with no tenant set all of it for administrators of the installation';
ALTER VIEW ops.audit_entries OWNER TO ops_owner;
REVOKE ALL ON TABLE ops.audit_entries FROM PUBLIC;
GRANT SELECT ON TABLE ops.audit_entries TO ops_operator;

CREATE VIEW ops.audit_seals WITH (security_barrier) AS
  SELECT s.chain_position, s.sealed_at, s.audited_tenant COLLATE pg_catalog."default" AS tenant, s.audit_id, s.row_digest,
         s.chain_digest
    FROM ops.audit_seal_store s
   WHERE (SELECT ops._administers_installation())
     AND (s.audited_tenant = (SELECT ops.current_tenant()) OR (SELECT ops.current_tenant()) IS NULL);
COMMENT ON VIEW ops.audit_seals IS 'the hash chain over the audit log, with no tenant set all of it, for administrators of the installation';
ALTER VIEW ops.audit_seals OWNER TO ops_owner;
REVOKE ALL ON TABLE ops.audit_seals FROM PUBLIC;
GRANT SELECT ON TABLE ops.audit_seals TO ops_admin;

CREATE FUNCTION ops.verify_audit(known_position bigint DEFAULT NULL, known_digest text DEFAULT NULL)
  RETURNS TABLE (severity text, code text, chain_position bigint, tenant text, audit_id uuid, message text, hint text)
  LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pgops_verify_audit';
COMMENT ON FUNCTION ops.verify_audit(bigint, text) IS
  'computes the hash chain over the audit log again: its head, every break, rows not sealed yet; a head noted before (the server log has them) is looked for. Needs access admin in tenant system';
REVOKE ALL ON FUNCTION ops.verify_audit(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.verify_audit(bigint, text) TO ops_admin;

-- ---- refused statements -----------------------------------------------------------------------------------
-- Counted, not listed: a tool that is refused a thousand times is one row. Written by the trace writer alone.

CREATE TABLE ops.guard_refusal_store (
  tenant_id text COLLATE "C" NOT NULL,
  door text NOT NULL,
  tool text NOT NULL,
  rule text NOT NULL,
  object text NOT NULL,
  actor name NOT NULL,
  error_code text NOT NULL,
  message text NOT NULL,
  hint text NOT NULL,
  refusals bigint NOT NULL,
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  last_trace_id uuid,
  last_digest text,
  CONSTRAINT guard_refusal_store_pkey PRIMARY KEY (tenant_id, door, tool, rule, object, actor),
  CONSTRAINT guard_refusal_store_door_check CHECK (door IN ('tool', 'query', 'check_sql', 'publish'))
);
COMMENT ON TABLE ops.guard_refusal_store IS 'statements that the guard refused, counted; read through ops.guard_refusals';
COMMENT ON COLUMN ops.guard_refusal_store.tenant_id IS 'for whom the statement would have run';
COMMENT ON COLUMN ops.guard_refusal_store.door IS 'how it came: tool (a call), query, check_sql, publish (putting and publishing a tool)';
COMMENT ON COLUMN ops.guard_refusal_store.tool IS 'name of the tool, or empty';
COMMENT ON COLUMN ops.guard_refusal_store.rule IS 'the rule of the guard that refused it';
COMMENT ON COLUMN ops.guard_refusal_store.object IS 'the relation or function it was about, or empty';
COMMENT ON COLUMN ops.guard_refusal_store.actor IS 'who asked';
COMMENT ON COLUMN ops.guard_refusal_store.error_code IS 'SQL_BLOCKED or TENANT_MISMATCH';
COMMENT ON COLUMN ops.guard_refusal_store.message IS 'of the last one';
COMMENT ON COLUMN ops.guard_refusal_store.hint IS 'of the last one';
COMMENT ON COLUMN ops.guard_refusal_store.refusals IS 'how many';
COMMENT ON COLUMN ops.guard_refusal_store.first_at IS 'when the first was refused';
COMMENT ON COLUMN ops.guard_refusal_store.last_at IS 'when the last was refused';
COMMENT ON COLUMN ops.guard_refusal_store.last_trace_id IS 'of the last one that was part of a request';
COMMENT ON COLUMN ops.guard_refusal_store.last_digest IS 'SHA-256 of the text of the last one';
ALTER TABLE ops.guard_refusal_store OWNER TO ops_owner;
REVOKE ALL ON TABLE ops.guard_refusal_store FROM PUBLIC;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON TABLE ops.guard_refusal_store FROM ops_owner;
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE ops.guard_refusal_store TO ops_writer;
ALTER TABLE ops.guard_refusal_store ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY guard_refusal_store_read ON ops.guard_refusal_store FOR SELECT TO ops_owner
  USING (tenant_id = ANY ((SELECT ops._my_tenants('operator'))::text[]));
COMMENT ON POLICY guard_refusal_store_read ON ops.guard_refusal_store IS 'operators see what was refused in their tenants';
CREATE POLICY guard_refusal_store_write ON ops.guard_refusal_store TO ops_writer USING (true) WITH CHECK (true);
COMMENT ON POLICY guard_refusal_store_write ON ops.guard_refusal_store IS 'only the writer counts';

-- The statement that would allow it is a suggestion for a person who has looked; nothing runs it.
CREATE VIEW ops.guard_refusals WITH (security_barrier) AS
  SELECT g.tenant_id COLLATE pg_catalog."default" AS tenant, g.rule, g.object, g.refusals AS count, g.last_trace_id AS last_trace,
         pg_catalog.substring(g.hint, '((?:SELECT ops\.|ALTER VIEW )[^;]*;)') AS allow_with,
         g.door, NULLIF(g.tool, '') AS tool, g.actor, g.error_code, g.message, NULLIF(g.hint, '') AS hint,
         g.first_at, g.last_at, g.last_digest AS digest
    FROM ops.guard_refusal_store g
   WHERE g.tenant_id = ANY ((SELECT ops._my_tenants('operator'))::text[]);
COMMENT ON VIEW ops.guard_refusals IS
  'statements that the guard refused, by rule, object, door, tool and who asked: how often, the last trace, and the statement that would allow it';
ALTER VIEW ops.guard_refusals OWNER TO ops_owner;
REVOKE ALL ON TABLE ops.guard_refusals FROM PUBLIC;
GRANT SELECT ON TABLE ops.guard_refusals TO ops_operator;
