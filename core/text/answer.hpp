// core/text: an answer envelope as lines for a terminal, one line a row, like EXPLAIN.
#pragma once

#include <string>
#include <vector>

#include "core/text/table.hpp"

namespace pgops::text {

// Never fails: what is not understood is left out. The language is the envelope's `locale`.
std::vector<std::string> to_text(const Json& answer, Form form);

}  // namespace pgops::text
