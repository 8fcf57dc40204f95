// core/present: the closed expression language of summaries.
//
//   expr   = or; or = and {"or" and}; and = not {"and" not}; not = "not" not | cmp
//   cmp    = value [ ("=" | "!=" | "<" | "<=" | ">" | ">=") value ]
//   value  = number | 'text' | true | false | null | "(" expr ")" | row_count | truncated | args.NAME
//          | rows[N].NAME | count() | FN(NAME) with FN count sum max min avg first | share(NAME, NAME)
// No loops, no calls out, no arithmetic; length and depth are bounded. A *value* knows where it comes
// from, so that it can be checked again: path, function.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"

namespace pgops::present {

struct Source {
  std::string path;    // "$.row_count", "$.rows[0].wait", "$.rows[*].wait", "$.args.limit"
  std::string fn;      // sum max min avg count share; empty for a cell
  std::string of;      // share: the second path
  std::string column;  // whose unit and format count
};

struct Value {
  Json json;
  bool defined = true;  // false: the cell does not exist, or cannot be computed
  Source source;
};

// Re-evaluates a source; the one place where figures come from.
Value evaluate(const Source& source, const Json& result, const Json& args);

struct SyntaxError {
  std::size_t position = 0;
  std::string message;
};

class Expression {
 public:
  static constexpr std::size_t kMaxLength = 1000;
  static constexpr int kMaxDepth = 32;

  // On error returns nullopt and fills `error`.
  static std::optional<Expression> parse(std::string_view text, SyntaxError& error);

  Value value(const Json& result, const Json& args) const;
  bool truth(const Json& result, const Json& args) const;
  bool is_plain_value() const;          // a path or a function: what a text may show
  std::vector<Source> sources() const;  // everything it reads

 private:
  friend class Parser;
  enum class Kind : std::uint8_t { literal, source, compare, negate, both, either };
  struct Node {
    Kind kind = Kind::literal;
    Json literal;
    Source source;
    std::string op;
    std::size_t left = 0;
    std::size_t right = 0;
  };
  // Recursion is as deep as the tree, at most kMaxLength levels of a chain.
  Value at(std::size_t node, const Json& result, const Json& args) const;
  std::vector<Node> nodes_;
  std::size_t root_ = 0;
};

}  // namespace pgops::present
