// extension/pg/analysis: remembers which relations are protected or shared. Includes postgres.h.
#pragma once

#include "extension/pg/postgres.hpp"

namespace pgops::pg::analysis {

struct Protection {
  bool by_policy = false;  // our restrictive policy applies to the role
  bool shared = false;     // asked for only where there is no policy
};

// As pg::tenant_policy() and pg::is_shared_table() say. Deparsing a policy costs more than parsing most
// statements, so the answer is kept until the relation or any role changes. The caller holds a lock on the
// relation, as whoever has analysed a statement over it does.
Protection protection_of(Oid relation, Oid role);

}  // namespace pgops::pg::analysis
