-- sql layer: the audit log: who did, or was refused, what. Storage and writing; reports are in 80_audit.sql.
--
-- Two tables, both only ever added to: a row of ops.audit_store is written in the transaction of the act
-- itself (so it exists exactly if the act does), a refused attempt by the trace writer process, because the
-- statement that was refused leaves nothing. The same process seals rows it sees committed: each gets the
-- next position of one hash chain for the database (ops.audit_seal_store, a local table without a tenant
-- key). Positions are given at sealing, so rollbacks leave no gaps and no row waits for another's commit.
-- Nobody but a superuser can change or delete a row: no role, ops_owner included, has the right.

CREATE FUNCTION ops._administers_installation() RETURNS boolean
  LANGUAGE c STABLE PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pgops_administers_installation';
COMMENT ON FUNCTION ops._administers_installation() IS
  'internal, for policies and views: whether the caller has access admin in tenant system, whatever tenant is set';
REVOKE ALL ON FUNCTION ops._administers_installation() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._administers_installation() TO ops_owner, ops_user;

CREATE FUNCTION ops._audit_written() RETURNS void
  LANGUAGE c VOLATILE PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pgops_audit_written';
COMMENT ON FUNCTION ops._audit_written() IS 'internal: the sealing process looks for new rows when this transaction commits';
REVOKE ALL ON FUNCTION ops._audit_written() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._audit_written() TO ops_owner;

-- For refusals that are decided in SQL. In C, because the attempt is kept in the audit log.
CREATE FUNCTION ops._deny(message text, hint text) RETURNS void
  LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'pgops_deny';
COMMENT ON FUNCTION ops._deny(text, text) IS 'internal: raises PERMISSION_DENIED with this message and hint';
REVOKE ALL ON FUNCTION ops._deny(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._deny(text, text) TO ops_owner, ops_user;

CREATE TABLE ops.audit_store (
  tenant_id text COLLATE "C" NOT NULL,
  audit_id uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
  at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  actor name NOT NULL,
  action text NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  version integer,
  old_digest text,
  new_digest text,
  login name NOT NULL DEFAULT SESSION_USER,
  outcome text NOT NULL DEFAULT 'done',
  detail jsonb,
  written_in xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  CONSTRAINT audit_store_pkey PRIMARY KEY (tenant_id, audit_id),
  CONSTRAINT audit_store_outcome_check CHECK (outcome IN ('done', 'denied')),
  CONSTRAINT audit_store_kind_check CHECK (kind ~ '^[a-z][a-z_]{0,30}$'),
  CONSTRAINT audit_store_action_check CHECK (action ~ '^[a-z][a-z0-9_]{0,62}$'),
  CONSTRAINT audit_store_detail_check CHECK (pg_catalog.jsonb_typeof(detail) = 'object')
);
CREATE INDEX audit_store_at_idx ON ops.audit_store (tenant_id, at);
CREATE INDEX audit_store_written_in_idx ON ops.audit_store (written_in);
COMMENT ON TABLE ops.audit_store IS 'who did, or was refused, what; rows are only ever added; read through ops.audit_entries and ops.asset_audit';
COMMENT ON INDEX ops.audit_store_at_idx IS 'the order in which things happened';
COMMENT ON INDEX ops.audit_store_written_in_idx IS 'what the sealing process has not looked at yet';
COMMENT ON COLUMN ops.audit_store.tenant_id IS 'where it happened; system where it concerns the installation';
COMMENT ON COLUMN ops.audit_store.audit_id IS 'the row''s own id';
COMMENT ON COLUMN ops.audit_store.at IS 'when';
COMMENT ON COLUMN ops.audit_store.actor IS 'the role that asked: the session''s user after SET ROLE';
COMMENT ON COLUMN ops.audit_store.action IS 'what was done: put, publish, grant_tenant, allow_function, ...; of a refused attempt the function called';
COMMENT ON COLUMN ops.audit_store.kind IS 'of what it was done to: tool, policy, tenant, membership, table, function, role, setting, ...';
COMMENT ON COLUMN ops.audit_store.name IS 'of what it was done to';
COMMENT ON COLUMN ops.audit_store.version IS 'the version put or made current';
COMMENT ON COLUMN ops.audit_store.old_digest IS 'digest of the version in force before (put: of the latest version)';
COMMENT ON COLUMN ops.audit_store.new_digest IS 'digest of the version put or in force after';
COMMENT ON COLUMN ops.audit_store.login IS 'the role that logged in';
COMMENT ON COLUMN ops.audit_store.outcome IS 'done, or denied: the statement failed with an error';
COMMENT ON COLUMN ops.audit_store.detail IS 'what else is worth knowing: access, member, scope, note; of a refused attempt code, message, number and digest of the statement';
COMMENT ON COLUMN ops.audit_store.written_in IS 'the transaction that wrote the row';

CREATE TABLE ops.audit_seal_store (
  chain_position bigint NOT NULL,
  audited_tenant text COLLATE "C" NOT NULL,
  audit_id uuid NOT NULL,
  row_digest text NOT NULL,
  chain_digest text NOT NULL,
  sealed_at timestamptz NOT NULL,
  CONSTRAINT audit_seal_store_pkey PRIMARY KEY (chain_position),
  CONSTRAINT audit_seal_store_row_key UNIQUE (audit_id, audited_tenant),
  CONSTRAINT audit_seal_store_position_check CHECK (chain_position >= 1),
  CONSTRAINT audit_seal_store_row_digest_check CHECK (row_digest ~ '^sha256:[0-9a-f]{64}$'),
  CONSTRAINT audit_seal_store_chain_digest_check CHECK (chain_digest ~ '^sha256:[0-9a-f]{64}$')
);
COMMENT ON TABLE ops.audit_seal_store IS 'the hash chain over the audit log, one for the database; rows are only ever added; read through ops.audit_seals';
COMMENT ON COLUMN ops.audit_seal_store.chain_position IS '1, 2, 3, ... without gaps';
COMMENT ON COLUMN ops.audit_seal_store.audited_tenant IS 'tenant of the sealed row';
COMMENT ON COLUMN ops.audit_seal_store.audit_id IS 'id of the sealed row';
COMMENT ON COLUMN ops.audit_seal_store.row_digest IS 'SHA-256 over the row';
COMMENT ON COLUMN ops.audit_seal_store.chain_digest IS 'SHA-256 over position, time, row_digest and the chain_digest before';
COMMENT ON COLUMN ops.audit_seal_store.sealed_at IS 'when it was sealed';

SELECT pg_catalog.pg_extension_config_dump('ops.audit_store', '');
SELECT pg_catalog.pg_extension_config_dump('ops.audit_seal_store', '');
ALTER TABLE ops.audit_store OWNER TO ops_owner;
ALTER TABLE ops.audit_seal_store OWNER TO ops_owner;
REVOKE ALL ON TABLE ops.audit_store, ops.audit_seal_store FROM PUBLIC;
-- Append-only holds for our own functions too. The seals are the writer's alone.
REVOKE UPDATE, DELETE, TRUNCATE ON TABLE ops.audit_store FROM ops_owner;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON TABLE ops.audit_seal_store FROM ops_owner;
GRANT SELECT, INSERT ON TABLE ops.audit_store, ops.audit_seal_store TO ops_writer;

ALTER TABLE ops.audit_store ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE ops.audit_seal_store ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_store_work ON ops.audit_store FOR INSERT TO ops_owner
  WITH CHECK (tenant_id = (SELECT ops.current_tenant()) OR tenant_id = 'system');
COMMENT ON POLICY audit_store_work ON ops.audit_store IS 'rows are added in the tenant that was entered, or about the installation';
CREATE POLICY audit_store_read ON ops.audit_store FOR SELECT TO ops_owner
  USING (tenant_id = ANY ((SELECT ops._my_tenants('operator'))::text[]));
COMMENT ON POLICY audit_store_read ON ops.audit_store IS 'operators read the audit of their tenants';
CREATE POLICY audit_store_verify ON ops.audit_store FOR SELECT TO ops_owner
  USING ((SELECT ops._administers_installation()));
COMMENT ON POLICY audit_store_verify ON ops.audit_store IS 'whoever verifies the chain reads all of it';
CREATE POLICY audit_store_seal ON ops.audit_store TO ops_writer USING (true) WITH CHECK (outcome = 'denied' OR kind = 'setting');
COMMENT ON POLICY audit_store_seal ON ops.audit_store IS 'the writer seals every row and adds what no statement can leave: refused attempts, changes of settings';
CREATE POLICY audit_seal_store_read ON ops.audit_seal_store FOR SELECT TO ops_owner
  USING (audited_tenant = ANY ((SELECT ops._my_tenants('operator'))::text[]) OR (SELECT ops._administers_installation()));
COMMENT ON POLICY audit_seal_store_read ON ops.audit_seal_store IS 'operators see the seals of their rows, administrators of the installation the chain';
CREATE POLICY audit_seal_store_seal ON ops.audit_seal_store TO ops_writer USING (true) WITH CHECK (true);
COMMENT ON POLICY audit_seal_store_seal ON ops.audit_seal_store IS 'only the writer seals';

-- The writer files a refused attempt under the tenant it was about, if there is one of that name.
GRANT SELECT (tenant_id) ON TABLE ops.tenant_store TO ops_writer;
CREATE POLICY tenant_store_writer ON ops.tenant_store FOR SELECT TO ops_writer USING (true);
COMMENT ON POLICY tenant_store_writer ON ops.tenant_store IS 'the trace writer looks up whether a tenant exists';

CREATE FUNCTION ops._audit(tenant text, action text, kind text, name text, detail jsonb DEFAULT NULL, version int DEFAULT NULL,
                           old_digest text DEFAULT NULL, new_digest text DEFAULT NULL)
  RETURNS void LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
AS $body$
BEGIN
  INSERT INTO ops.audit_store (tenant_id, actor, action, kind, name, version, old_digest, new_digest, detail)
    VALUES (_audit.tenant, pg_catalog.pg_get_userbyid(ops._caller()), _audit.action, _audit.kind,
            _audit.name, _audit.version, _audit.old_digest, _audit.new_digest,
            NULLIF(pg_catalog.jsonb_strip_nulls(_audit.detail), '{}'));
  PERFORM ops._audit_written();
END
$body$;
COMMENT ON FUNCTION ops._audit(text, text, text, text, jsonb, int, text, text) IS
  'internal, last step of every administrative act: one row of audit; the tenant is the one entered, or system';
ALTER FUNCTION ops._audit(text, text, text, text, jsonb, int, text, text) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._audit(text, text, text, text, jsonb, int, text, text) FROM PUBLIC;

-- For functions that work with the caller's rights, and so cannot write here: who may say so is checked again,
-- and what is said must be true of the catalogs.
CREATE FUNCTION ops._audit_protection(rel regclass, action text, detail jsonb) RETURNS void
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET row_security = on
AS $body$
DECLARE
  v_protected boolean := EXISTS (SELECT 1 FROM pg_catalog.pg_policy p
                                  WHERE p.polrelid = _audit_protection.rel::oid AND p.polname = 'pg_ops_tenant');
BEGIN
  PERFORM ops._check_relation(rel, ops._caller(), 'rp');
  IF action IS NULL OR action NOT IN ('protect_table', 'unprotect_table') OR v_protected <> (action = 'protect_table') THEN
    RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = 'this is written by ops.protect_table() and ops.unprotect_table() alone';
  END IF;
  PERFORM ops._audit('system', action, 'table', rel::text, detail);
END
$body$;
COMMENT ON FUNCTION ops._audit_protection(regclass, text, jsonb) IS 'internal: the audit row of ops.protect_table() and ops.unprotect_table()';
ALTER FUNCTION ops._audit_protection(regclass, text, jsonb) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._audit_protection(regclass, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._audit_protection(regclass, text, jsonb) TO ops_user;
