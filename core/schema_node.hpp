// core: the compiled form of a schema, shared by schema_compile.cpp and schema_validate.cpp only.
#pragma once

#include <re2/re2.h>

#include "core/decimal.hpp"
#include "core/schema.hpp"

namespace pgops {

enum class Format : std::uint8_t { none, date_time, date, uuid, uri, ipv4, ipv6, email };

std::optional<Format> format_from_name(std::string_view name) noexcept;
bool matches_format(Format format, std::string_view text);
std::span<const std::string_view> format_names() noexcept;

struct SchemaNode {
  unsigned types = 0;  // bits of JsonType; 0 = any
  std::vector<PropertyInfo> properties;
  std::vector<std::string> required;
  bool additional = true;
  bool has_enum = false;
  std::vector<Json> enum_values;
  std::optional<Json> constant;
  std::optional<Decimal> minimum, maximum, exclusive_minimum, exclusive_maximum, multiple_of;
  // The same numbers as written, for messages.
  std::string minimum_text, maximum_text, exclusive_minimum_text, exclusive_maximum_text, multiple_of_text;
  std::optional<std::size_t> min_length, max_length, min_items, max_items, min_properties, max_properties;
  std::unique_ptr<RE2> pattern;
  Format format = Format::none;
  std::string format_name;
  std::shared_ptr<const SchemaNode> items;
  bool unique_items = false;
  std::vector<std::shared_ptr<const SchemaNode>> any_of, one_of, all_of;
  std::shared_ptr<const SchemaNode> negated;
  std::string title, description;
  std::optional<Json> default_value;
  OpsHints hints;
};

// Appends what is wrong with `value`; stops at SchemaLimits::kProblems.
void validate_node(const SchemaNode& node, const Json& value, const std::string& path, std::vector<Problem>& problems);
// The bits of JsonType that a value has: an integer is also a number.
unsigned types_of(const Json& value);
// "string or null"
std::string type_text(unsigned types);

}  // namespace pgops
