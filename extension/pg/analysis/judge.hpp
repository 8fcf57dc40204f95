// extension/pg/analysis: verdicts over what a walk found. Includes postgres.h.
#pragma once

#include "extension/pg/analysis/analysis.hpp"
#include "extension/pg/analysis/facts.hpp"

namespace pgops::pg::analysis {

// Fills rule, code, message, hint and the lists of `verdict`; allowed when nothing refused. `offset` is
// the byte of the rewritten text, -1 without a place; `relation` and `view` are to be looked for in the text
// when a relation was refused.
struct Place {
  int offset = -1;
  Oid relation = InvalidOid;
  Oid view = InvalidOid;  // the view of the text that leads to `relation`
};
Place judge(Facts& facts, const Context& context, Verdict& verdict);

}  // namespace pgops::pg::analysis
