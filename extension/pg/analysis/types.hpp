// extension/pg/analysis: what types and aggregates bring along. C in style, like the walk that uses it.
#pragma once

#include "extension/pg/analysis/facts.hpp"

namespace pgops::pg::analysis {

// Notes a type to be expanded. Built-in types bring only classified functions and are passed over.
void add_type(Facts& facts, Oid type);
// Adds the functions and types that values of this type use; returns the expressions (domain checks) that
// are evaluated for them.
List* expand_type(Facts& facts, Oid type);
// Adds the steps of an aggregate that is not built in.
void add_aggregate(Facts& facts, Oid aggregate);
// The default expressions of a function that is not built in, when a call leaves some to them: the planner puts
// them in.
List* missing_arguments(Oid function, int given);

}  // namespace pgops::pg::analysis
