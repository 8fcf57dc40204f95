// extension/entry: SQL functions behind ops.prove_isolation().
#include "extension/pg/function.hpp"

#include "extension/tenancy/isolation.hpp"

// What `tenant` sees of a relation, and of the rows of `other` in it; see tenancy/isolation.hpp.
PGOPS_FUNCTION(pgops_count_rows) {
  pgops::tenancy::Probe probe;
  probe.relation = args.oid(0).value_or(0);
  probe.column = args.text(1);
  probe.tenant = args.required_text(2, "tenant");
  probe.other = args.required_text(3, "other");
  probe.role = args.oid(4).value_or(0);
  probe.as_tool = args.boolean(5).value_or(true);
  auto counted = pgops::tenancy::count_rows(probe);
  if (!counted) throw pgops::Failure{counted.error()};
  return args.ret_jsonb(counted->dump());
}
