// worker/net: is a body JSON that PostgreSQL's jsonb can hold?
//
// A verdict without a value: bodies travel on verbatim, so nothing is built. Iterative, no allocation
// that grows with the input but one bit per level of nesting; linear time. Refused beside broken
// syntax (RFC 8259) and broken UTF-8: depth above the limit, U+0000, lone surrogates in escapes, and
// numbers outside numeric (131072 digits before the point, 16383 after it).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pgops::worker {

struct JsonProblem {
  std::string what;  // lower case, no period
  std::size_t position = 0;
};

inline constexpr std::size_t kMaxJsonDepth = 200;

std::optional<JsonProblem> check_json(std::string_view text, std::size_t max_depth = kMaxJsonDepth);

}  // namespace pgops::worker
