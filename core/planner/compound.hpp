// core/planner: questions in several parts. Internal; see compound.cpp.
#pragma once

#include <string_view>
#include <vector>

#include "core/planner/planner.hpp"
#include "core/planner/wording.hpp"

namespace pgops::planner {

// `whole` is what the question taken as one gives, `tokens` what it was cut into. The parts' calls together; or the
// whole, where no part asks for anything else; or a refusal that asks for one thing at a time.
Decision compound(const PlannerInput& in, const retrieval::Index& index, const nlu::Calendar& calendar,
                  nlu::Lookup& lookup, Decision whole, const std::vector<nlu::Token>& tokens);

// A refusal that needs no candidates.
Decision refuse(const PlannerInput& in, Say what, std::string_view arg = {});

}  // namespace pgops::planner
