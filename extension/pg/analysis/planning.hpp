// extension/pg/analysis: what the planner runs by itself. Includes postgres.h.
//
// Expressions of indexes, predicates, constraints of children, partition keys and extended statistics are
// folded while a statement over their table is planned: functions of the table's owner may run then. The gate
// refuses them. A trial finds that out when a statement is checked rather than when it first runs.
#pragma once

#include "extension/pg/analysis/facts.hpp"

namespace pgops::pg::analysis {

// Whether a table has such expressions. May ereport.
bool has_planner_expressions(Oid relation);

// Plans a copy of the query behind the gate. Throws what the gate refused, cancels and exhausted memory;
// other errors are the run's.
void try_plan(const Query* query, const char* sql);

}  // namespace pgops::pg::analysis
