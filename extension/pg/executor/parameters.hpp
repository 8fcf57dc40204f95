// extension/pg/executor: JSON arguments as bind parameters. Includes postgres.h.
#pragma once

#include "extension/pg/analysis/analysis.hpp"

extern "C" {
#include "nodes/params.h"
}

namespace pgops::pg::executor {

// Through the types' input functions under the executing role; an absent argument is NULL. A value that
// does not fit its type raises the server's data error, naming the argument.
ParamListInfo bind_parameters(const analysis::Prepared& prepared, std::string_view args_json);

}  // namespace pgops::pg::executor
