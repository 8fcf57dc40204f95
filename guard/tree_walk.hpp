// guard: the walk over libpg_query's JSON parse tree.
//
// Every node must be on the allow-list (guard/nodes.hpp), every field known and of its declared shape;
// anything else is refused. Explicit stack, no recursion. It collects what the statement names.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgops::guard {

struct Refusal {
  const char* rule = nullptr;  // nullptr: nothing refused
  std::string message;
  const char* hint = nullptr;
  int offset = -1;
};

struct TreeFacts {
  std::vector<std::string> relations;
  std::vector<std::string> functions;
  int parameters = 0;
};

// `json` is what pg_query_parse returned. Throws std::bad_alloc only.
Refusal walk_tree(std::string_view json, bool allow_monitor, TreeFacts& facts);

}  // namespace pgops::guard
