// extension/ask: an answer envelope as lines of text for psql.
#pragma once

#include <string>
#include <vector>

#include "core/json.hpp"

namespace pgops::ask {

// Any JSON is accepted: what is missing is left out. Lines hold no control characters.
std::vector<std::string> to_text(const Json& answer);

}  // namespace pgops::ask
