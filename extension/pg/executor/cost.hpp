// extension/pg/executor: what a statement may cost, estimated without a look at anybody's values. Includes postgres.h.
//
// Statistics are of all tenants' rows. An estimate that depends on a value of the statement or of its arguments would
// answer, with yes or no, how often another tenant's rows hold it. So the estimate that max_cost is compared with
// knows sizes of tables, numbers of distinct values, widths and fractions of NULL, and no values: most common ones,
// histograms, correlations and extended statistics are hidden from the planner. The plan that runs uses them all.
#pragma once

#include "extension/pg/door.hpp"

namespace pgops::pg::executor {

// `plan` is the ordinary one of the same query; one that reads no table has no statistics. May throw what planning
// throws.
double cost_without_values(const PlannedStmt* plan, const Query* query, const char* sql, ParamListInfo params);

}  // namespace pgops::pg::executor
