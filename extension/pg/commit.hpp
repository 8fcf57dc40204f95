// extension/pg: something to be done when this transaction commits, and only then. Free of postgres.h.
#pragma once

namespace pgops::pg {

// `before` runs while the commit may still fail (what it throws aborts the transaction), `after` once
// everybody can see what was written. Asked for several times in a transaction: once. One pair per process:
// always pass the same. Inside a subtransaction that is rolled back the wish stays, and does no harm.
void at_commit(void (*before)(), void (*after)() noexcept);

}  // namespace pgops::pg
