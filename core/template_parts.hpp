// core: pieces of a template string, shared by template.cpp and template_tree.cpp only.
#pragma once

#include "core/template.hpp"

namespace pgops::template_parts {

struct Part {
  enum class Kind : std::uint8_t { literal, argument, secret };
  Kind kind;
  std::string text;  // of a literal, or the name
};

Result<std::vector<Part>> split(std::string_view text);
// nullptr when absent (missing or null).
const Json* argument(const Json& arguments, std::string_view name);
// nullopt for null, arrays and objects.
std::optional<std::string> scalar_text(const Json& value);
// RFC 6570 simple expansion of one value.
Status append_expansion(std::string& out, const Json& value, std::string_view name);
Error problem(std::string message, std::string detail, std::string hint);

}  // namespace pgops::template_parts
