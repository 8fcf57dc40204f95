// entry: SQL-callable functions of the audit log. Thin: arguments in, a call, a result out.
#include "extension/pg/function.hpp"

#include "extension/audit/notes.hpp"
#include "extension/audit/verify.hpp"
#include "extension/pg/identity.hpp"
#include "extension/tenancy/identity.hpp"

namespace {

namespace tenancy = pgops::tenancy;

pgops::Result<tenancy::Identity> as_installation() {
  return tenancy::administer(tenancy::kSystemTenant, tenancy::Administration::installation);
}

}  // namespace

PGOPS_FUNCTION(pgops_administers_installation) {
  return args.ret_bool(!pgops::pg::identity::restricted_operation() && as_installation().ok());
}

PGOPS_FUNCTION(pgops_audit_written) {
  pgops::audit::wake_sealer_at_commit();
  return args.ret_void();
}

PGOPS_FUNCTION(pgops_deny) {
  pgops::pg::raise(pgops::Code::permission_denied, args.required_text(0, "message"), {}, args.text(1).value_or(""));
}

PGOPS_FUNCTION(pgops_verify_audit) {
  if (auto allowed = as_installation(); !allowed) throw pgops::Failure{allowed.error()};
  const auto position = args.int8(0);
  const auto digest = args.text(1);
  if (digest && !position) {
    pgops::pg::raise_sqlstate("22023", "known_digest needs known_position", {},
                              "Both are in the server log: audit chain: position N, head sha256:...");
  }
  args.begin_rows();
  for (const auto& row : pgops::audit::verify(position, digest)) {
    const std::optional<std::string> cells[] = {row.severity,
                                                row.code,
                                                row.position,
                                                row.tenant,
                                                row.audit_id,
                                                row.message,
                                                row.hint.empty() ? std::nullopt : std::optional(row.hint)};
    args.row(cells);
  }
  return args.end_rows();
}
