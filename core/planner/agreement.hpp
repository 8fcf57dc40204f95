// core/planner: does the tool answer the kind of question that was asked?
#pragma once

#include <string>
#include <vector>

#include "core/nlu/slots.hpp"
#include "core/retrieval/index.hpp"

namespace pgops::planner {

struct Agreement {
  std::vector<std::string> conflicts;
  int soft = 0;
};

Agreement agree(const nlu::Analysis& analysis, const nlu::Filling& filling, const retrieval::Profile& profile,
                const std::set<std::string>& concepts);

}  // namespace pgops::planner
