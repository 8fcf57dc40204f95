// core: applies a compiled schema to a value: problems with their paths, defaults, accessors.
//
// Recursion follows the schema, never the value, so its depth is bounded by the schema's. Messages name
// rules and property names, not values: a value may be large or secret.
#include <algorithm>
#include <array>

#include "core/nearest.hpp"
#include "core/schema_node.hpp"
#include "core/utf8.hpp"

namespace pgops {
namespace {

constexpr std::array<std::string_view, 7> kTypeNames{"null",   "boolean", "object", "array",
                                                     "number", "integer", "string"};

constexpr unsigned bit(JsonType type) { return static_cast<unsigned>(type); }

class Reporter {
 public:
  Reporter(const std::string& path, std::vector<Problem>& problems) : path_(path), problems_(problems) {}
  bool full() const { return problems_.size() >= SchemaLimits::kProblems; }
  void operator()(std::string message, std::string hint = {}) const {
    if (!full()) problems_.push_back({path_, std::move(message), std::move(hint)});
  }

 private:
  const std::string& path_;
  std::vector<Problem>& problems_;
};

bool matches(const SchemaNode& node, const Json& value) {
  std::vector<Problem> problems;
  validate_node(node, value, "", problems);
  return problems.empty();
}

// For hints: the first few values of an enum.
std::string value_list(const std::vector<Json>& values) {
  std::string out = "Allowed values are ";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i == 12) return out + " and " + std::to_string(values.size() - i) + " more.";
    if (i != 0) out += ", ";
    const std::string text = values[i].dump();
    out += utf8_truncate(text, 60);
  }
  return out + ".";
}

void check_number(const SchemaNode& node, const Json& value, const Reporter& report) {
  if (!node.minimum && !node.maximum && !node.exclusive_minimum && !node.exclusive_maximum && !node.multiple_of) return;
  const auto number = Decimal::parse(value.text());
  if (!number) return report("is not a number");
  if (node.minimum && *number < *node.minimum) report("must be at least " + node.minimum_text);
  if (node.maximum && *number > *node.maximum) report("must be at most " + node.maximum_text);
  if (node.exclusive_minimum && *number <= *node.exclusive_minimum)
    report("must be above " + node.exclusive_minimum_text);
  if (node.exclusive_maximum && *number >= *node.exclusive_maximum)
    report("must be below " + node.exclusive_maximum_text);
  if (node.multiple_of && !number->is_multiple_of(*node.multiple_of)) {
    report("must be a multiple of " + node.multiple_of_text);
  }
}

void check_string(const SchemaNode& node, const Json& value, const Reporter& report) {
  const std::string& text = value.text();
  if (node.min_length || node.max_length) {
    const std::size_t length = utf8_count(text);
    if (node.min_length && length < *node.min_length)
      report("must have at least " + std::to_string(*node.min_length) + " characters");
    if (node.max_length && length > *node.max_length)
      report("must have at most " + std::to_string(*node.max_length) + " characters");
  }
  if (node.pattern && !RE2::PartialMatch(text, *node.pattern))
    report("does not match the pattern " + node.pattern->pattern());
  if (!matches_format(node.format, text)) report("is not a valid " + node.format_name);
}

bool has_duplicates(const Json::Array& items) {
  for (std::size_t i = 1; i < items.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (items[i] == items[j]) return true;
    }
  }
  return false;
}

void check_array(const SchemaNode& node, const Json& value, const std::string& path, const Reporter& report,
                 std::vector<Problem>& problems) {
  const std::size_t size = value.size();
  if (node.min_items && size < *node.min_items)
    report("must have at least " + std::to_string(*node.min_items) + " items");
  if (node.max_items && size > *node.max_items)
    return report("must have at most " + std::to_string(*node.max_items) + " items");
  if (node.unique_items) {
    // Pairwise, hence capped: what cannot be checked is refused.
    if (size > SchemaLimits::kUniqueItems) return report("has too many items to check that each occurs once");
    if (has_duplicates(value.items())) report("has an item twice");
  }
  if (!node.items) return;
  for (std::size_t i = 0; i < size && !report.full(); ++i) {
    validate_node(*node.items, value.items()[i], path + "[" + std::to_string(i) + "]", problems);
  }
}

void check_object(const SchemaNode& node, const Json& value, const std::string& path, const Reporter& report,
                  std::vector<Problem>& problems) {
  const std::size_t size = value.size();
  if (node.min_properties && size < *node.min_properties)
    report("must have at least " + std::to_string(*node.min_properties) + " properties");
  if (node.max_properties && size > *node.max_properties)
    report("must have at most " + std::to_string(*node.max_properties) + " properties");
  std::size_t known = 0;
  for (const PropertyInfo& property : node.properties) {
    const Json* member = value.find(property.name);
    if (member == nullptr) continue;
    ++known;
    validate_node(*property.node, *member, path_member(path, property.name), problems);
  }
  for (const std::string& name : node.required) {
    if (value.find(name) == nullptr) report("has no property \"" + std::string(utf8_truncate(name, 63)) + "\"");
  }
  if (node.additional || known == size) return;
  std::vector<std::string_view> names;
  for (const PropertyInfo& property : node.properties) names.emplace_back(property.name);
  for (const auto& member : value.members()) {
    if (report.full()) return;
    if (std::find(names.begin(), names.end(), member.first) == names.end()) {
      problems.push_back({path_member(path, utf8_truncate(member.first, 63)), "unknown property",
                          names.empty() ? "No properties are allowed." : nearest_hint(member.first, names)});
    }
  }
}

void check_combinations(const SchemaNode& node, const Json& value, const std::string& path, const Reporter& report,
                        std::vector<Problem>& problems) {
  for (const auto& part : node.all_of) validate_node(*part, value, path, problems);
  const auto fits = [&value](const std::shared_ptr<const SchemaNode>& part) { return matches(*part, value); };
  if (!node.any_of.empty() && std::none_of(node.any_of.begin(), node.any_of.end(), fits)) {
    report("matches none of the alternatives");
  }
  if (!node.one_of.empty()) {
    const auto count = std::count_if(node.one_of.begin(), node.one_of.end(), fits);
    if (count != 1) report(count == 0 ? "matches none of the alternatives" : "matches more than one alternative");
  }
  if (node.negated && matches(*node.negated, value)) report("matches what is excluded");
}

void defaults_into(const SchemaNode& node, Json& value) {
  if (value.is_object()) {
    for (const PropertyInfo& property : node.properties) {
      Json* member = value.find(property.name);
      if (member == nullptr && property.default_value) member = &value.set(property.name, *property.default_value);
      if (member != nullptr) defaults_into(*property.node, *member);
    }
  } else if (value.is_array() && node.items) {
    for (Json& item : value.items()) defaults_into(*node.items, item);
  }
  for (const auto& part : node.all_of) defaults_into(*part, value);
}

}  // namespace

unsigned types_of(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::null: return bit(JsonType::null);
    case Json::Kind::boolean: return bit(JsonType::boolean);
    case Json::Kind::string: return bit(JsonType::string);
    case Json::Kind::array: return bit(JsonType::array);
    case Json::Kind::object: return bit(JsonType::object);
    case Json::Kind::number: break;
  }
  const auto number = Decimal::parse(value.text());
  return bit(JsonType::number) | (number && number->is_integer() ? bit(JsonType::integer) : 0U);
}

std::string type_text(unsigned types) {
  std::string out;
  for (std::size_t i = 0; i < kTypeNames.size(); ++i) {
    if ((types & (1U << i)) == 0) continue;
    if (!out.empty()) out += " or ";
    out += kTypeNames[i];
  }
  return out.empty() ? "anything" : out;
}

void validate_node(const SchemaNode& node, const Json& value, const std::string& path, std::vector<Problem>& problems) {
  const Reporter report(path, problems);
  if (report.full()) return;
  if (node.types != 0 && (types_of(value) & node.types) == 0) return report("must be " + type_text(node.types));
  if (node.has_enum && std::find(node.enum_values.begin(), node.enum_values.end(), value) == node.enum_values.end()) {
    report("is not an allowed value", value_list(node.enum_values));
  }
  if (node.constant && !(value == *node.constant)) report("is not the one allowed value");
  switch (value.kind()) {
    case Json::Kind::number: check_number(node, value, report); break;
    case Json::Kind::string: check_string(node, value, report); break;
    case Json::Kind::array: check_array(node, value, path, report, problems); break;
    case Json::Kind::object: check_object(node, value, path, report, problems); break;
    default: break;
  }
  check_combinations(node, value, path, report, problems);
}

std::vector<Problem> Schema::validate(const Json& value) const {
  std::vector<Problem> problems;
  validate_node(*root_, value, "$", problems);
  return problems;
}

void Schema::apply_defaults(Json& value) const { defaults_into(*root_, value); }

std::span<const PropertyInfo> Schema::properties() const noexcept { return root_->properties; }

const PropertyInfo* Schema::property(std::string_view name) const noexcept {
  for (const PropertyInfo& property : root_->properties) {
    if (property.name == name) return &property;
  }
  return nullptr;
}

bool Schema::allows_additional() const noexcept { return root_->additional; }

bool Schema::allows(JsonType type) const noexcept { return root_->types == 0 || (root_->types & bit(type)) != 0; }

std::string path_member(std::string_view path, std::string_view name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  std::string out(path);
  out.push_back('.');
  if (!name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::all_of(name.begin(), name.end(), plain)) {
    out += name;
  } else {
    append_json_string(out, name);
  }
  return out;
}

std::string to_text(std::span<const Problem> problems) {
  std::string out;
  for (const Problem& problem : problems) {
    if (!out.empty()) out.push_back('\n');
    out += problem.path + ": " + problem.message;
    if (!problem.hint.empty()) out += " (" + problem.hint + ")";
  }
  return out;
}

}  // namespace pgops
