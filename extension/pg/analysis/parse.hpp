// extension/pg/analysis: text to Query with the server's own parser, in two passes. Includes postgres.h.
#pragma once

#include "extension/pg/door.hpp"

extern "C" {
#include "nodes/pg_list.h"
}

namespace pgops::pg::analysis {

// Types inferred over all uses of $1..$n; InvalidOid or UNKNOWNOID where no use says one. Thrown errors
// are the server's.
std::vector<Oid> infer_types(const char* sql, int parameters);

// Analyses with fixed types and rewrites: exactly one Query.
List* analyse_and_rewrite(const char* sql, const std::vector<Oid>& types);

// The byte of the first mention of a relation in the text; -1 when there is none.
int find_relation(const char* sql, Oid relation);

}  // namespace pgops::pg::analysis
