// extension/audit: the fields of an audit row in the order in which they are sealed, as SQL over alias `a`.
// Changing this changes every digest: the form is version 1 (core/audit_chain.hpp, docs/security/audit.md).
#pragma once

#define PGOPS_AUDIT_TIME(column) \
  "pg_catalog.to_char(" column " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
#define PGOPS_AUDIT_FIELDS \
  "a.tenant_id, a.audit_id, " PGOPS_AUDIT_TIME("a.at") ", a.actor, a.action, a.kind, a.name, a.version, "    \
  "a.old_digest, a.new_digest, a.login, a.outcome, a.detail::pg_catalog.text, a.written_in::pg_catalog.text"

namespace pgops::audit {
inline constexpr int kFieldCount = 14;
}
