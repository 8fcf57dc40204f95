// core: reads a schema definition into SchemaNode trees and collects everything that is wrong with it.
// Recursion is bounded by SchemaLimits::kDepth.
#include <algorithm>
#include <array>

#include "core/nearest.hpp"
#include "core/schema_node.hpp"
#include "core/utf8.hpp"

namespace pgops {
namespace {

using NodePtr = std::shared_ptr<const SchemaNode>;

constexpr std::array<std::string_view, 30> kKeywords{"type",
                                                     "properties",
                                                     "required",
                                                     "additionalProperties",
                                                     "enum",
                                                     "const",
                                                     "minimum",
                                                     "maximum",
                                                     "exclusiveMinimum",
                                                     "exclusiveMaximum",
                                                     "multipleOf",
                                                     "minLength",
                                                     "maxLength",
                                                     "pattern",
                                                     "format",
                                                     "items",
                                                     "minItems",
                                                     "maxItems",
                                                     "uniqueItems",
                                                     "minProperties",
                                                     "maxProperties",
                                                     "anyOf",
                                                     "oneOf",
                                                     "allOf",
                                                     "not",
                                                     "title",
                                                     "description",
                                                     "default",
                                                     "examples",
                                                     "x-ops"};
constexpr std::array<std::string_view, 7> kTypes{"null", "boolean", "object", "array", "number", "integer", "string"};
constexpr std::array<std::string_view, 5> kHints{"synonyms", "slot", "unit", "entity", "quoted"};
constexpr std::array<std::string_view, 4> kSlots{"since", "until", "limit", "at"};

class Compiler {
 public:
  std::vector<Problem> problems;

  NodePtr compile(const Json& definition, const std::string& path, std::size_t depth) {
    auto node = std::make_shared<SchemaNode>();
    if (!definition.is_object()) {
      report(path, "a schema must be an object");
      return node;
    }
    if (depth > SchemaLimits::kDepth) {
      report(path, "the schema is nested too deeply");
      return node;
    }
    if (++nodes_ > SchemaLimits::kNodes) {
      if (nodes_ == SchemaLimits::kNodes + 1) report(path, "the schema is too large");
      return node;
    }
    for (const auto& [keyword, value] : definition.members()) {
      read(*node, keyword, value, path_member(path, keyword), depth);
    }
    finish(*node, path);
    return node;
  }

 private:
  void report(const std::string& path, std::string message, std::string hint = {}) {
    if (problems.size() < SchemaLimits::kProblems) problems.push_back({path, std::move(message), std::move(hint)});
  }

  std::string string_of(const Json& value, const std::string& path) {
    if (!value.is_string()) report(path, "must be a string");
    return value.is_string() ? value.text() : std::string();
  }

  bool bool_of(const Json& value, const std::string& path, std::string hint = {}) {
    if (!value.is_bool()) report(path, "must be true or false", std::move(hint));
    return value.as_bool();
  }

  void count_of(std::optional<std::size_t>& into, const Json& value, const std::string& path) {
    const auto number = value.as_int();
    if (!number || *number < 0) return report(path, "must be an integer of 0 or more");
    into = static_cast<std::size_t>(*number);
  }

  void decimal_of(std::optional<Decimal>& into, std::string& text, const Json& value, const std::string& path) {
    if (!value.is_number() || value.text().size() > 200) return report(path, "must be a number of reasonable length");
    into = Decimal::parse(value.text());
    text = value.text();
  }

  void types_into(SchemaNode& node, const Json& value, const std::string& path) {
    const auto add = [&](const Json& name, const std::string& where) {
      const auto at = std::find(kTypes.begin(), kTypes.end(), name.string_or(""));
      if (at == kTypes.end()) return report(where, "unknown type", nearest_hint(name.string_or(""), kTypes));
      node.types |= 1U << static_cast<unsigned>(at - kTypes.begin());
    };
    if (value.is_string()) return add(value, path);
    if (!value.is_array() || value.size() == 0) return report(path, "must be a type or a list of types");
    for (const Json& name : value.items()) add(name, path);
  }

  void properties_into(SchemaNode& node, const Json& value, const std::string& path, std::size_t depth) {
    if (!value.is_object()) return report(path, "must be an object of schemas");
    for (const auto& [name, definition] : value.members()) {
      const std::string where = path_member(path, name);
      if (name.empty() || name.size() > 256) report(where, "a property name has 1 to 256 bytes");
      PropertyInfo property;
      property.name = name;
      property.node = compile(definition, where, depth + 1);
      const SchemaNode& child = *property.node;
      property.types = child.types;
      property.enum_values = child.enum_values;
      property.default_value = child.default_value;
      property.format = child.format_name;
      property.title = child.title;
      property.description = child.description;
      property.hints = child.hints;
      node.properties.push_back(std::move(property));
    }
  }

  void required_into(SchemaNode& node, const Json& value, const std::string& path) {
    if (!value.is_array()) return report(path, "must be a list of property names");
    for (const Json& name : value.items()) {
      if (!name.is_string()) {
        report(path, "must be a list of property names");
      } else if (std::find(node.required.begin(), node.required.end(), name.text()) != node.required.end()) {
        report(path, "names a property twice");
      } else if (node.required.size() < SchemaLimits::kNodes) {
        node.required.push_back(name.text());
      }
    }
  }

  void pattern_into(SchemaNode& node, const Json& value, const std::string& path) {
    const std::string text = string_of(value, path);
    if (text.size() > SchemaLimits::kPatternBytes) return report(path, "the pattern is too long");
    if (++patterns_ > SchemaLimits::kPatterns) return report(path, "the schema has too many patterns");
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    options.set_never_capture(true);
    auto pattern = std::make_unique<RE2>(text, options);
    if (!pattern->ok()) {
      return report(path, "is not a pattern RE2 accepts: " + std::string(utf8_truncate(pattern->error(), 200)),
                    "RE2 has no back references and no lookaround.");
    }
    node.pattern = std::move(pattern);
  }

  void list_into(std::vector<NodePtr>& into, const Json& value, const std::string& path, std::size_t depth) {
    if (!value.is_array() || value.size() == 0) return report(path, "must be a list of schemas that is not empty");
    for (std::size_t i = 0; i < value.size(); ++i) {
      into.push_back(compile(value.items()[i], path + "[" + std::to_string(i) + "]", depth + 1));
    }
  }

  void enum_into(SchemaNode& node, const Json& value, const std::string& path) {
    if (!value.is_array() || value.size() == 0) return report(path, "must be a list of values that is not empty");
    if (value.size() > SchemaLimits::kEnumValues) return report(path, "the list has too many values");
    node.has_enum = true;
    node.enum_values = value.items();
  }

  void synonyms_into(SchemaNode& node, const Json& value, const std::string& path) {
    if (!value.is_object()) return report(path, "must be an object from a value to a list of words");
    for (const auto& [meant, words] : value.members()) {
      const std::string where = path_member(path, meant);
      const Json list = words.is_string() ? Json::array({words}) : words;
      if (!list.is_array() || list.size() == 0) report(where, "must be a word or a list of words");
      for (const Json& word : list.items()) {
        if (!word.is_string() || word.text().empty()) {
          report(where, "must be a word or a list of words");
        } else {
          node.hints.synonyms.push_back({word.text(), Json(meant)});
        }
      }
    }
  }

  void hints_into(SchemaNode& node, const Json& value, const std::string& path) {
    if (!value.is_object()) return report(path, "must be an object");
    for (const auto& [key, hint] : value.members()) {
      const std::string where = path_member(path, key);
      if (key == "synonyms") {
        synonyms_into(node, hint, where);
      } else if (key == "slot") {
        const auto at = std::find(kSlots.begin(), kSlots.end(), hint.string_or(""));
        if (at == kSlots.end()) {
          report(where, "unknown slot", nearest_hint(hint.string_or(""), kSlots));
        } else {
          node.hints.slot = static_cast<Slot>(at - kSlots.begin() + 1);
        }
      } else if (key == "unit" || key == "entity") {
        std::string text = string_of(hint, where);
        if (text.size() > 63 || (hint.is_string() && text.empty())) report(where, "must have 1 to 63 bytes");
        (key == "unit" ? node.hints.unit : node.hints.entity) = std::move(text);
      } else if (key == "quoted") {
        node.hints.quoted = bool_of(hint, where);
      } else {
        report(where, "unknown keyword in x-ops", nearest_hint(key, kHints));
      }
    }
  }

  void read(SchemaNode& node, const std::string& keyword, const Json& value, const std::string& path,
            std::size_t depth) {
    if (keyword == "type") return types_into(node, value, path);
    if (keyword == "properties") return properties_into(node, value, path, depth);
    if (keyword == "required") return required_into(node, value, path);
    if (keyword == "additionalProperties") {
      node.additional = bool_of(value, path, "A schema for further properties is not supported.");
      return;
    }
    if (keyword == "enum") return enum_into(node, value, path);
    if (keyword == "const") {
      node.constant = value;
      return;
    }
    if (keyword == "minimum") return decimal_of(node.minimum, node.minimum_text, value, path);
    if (keyword == "maximum") return decimal_of(node.maximum, node.maximum_text, value, path);
    if (keyword == "exclusiveMinimum") {
      return decimal_of(node.exclusive_minimum, node.exclusive_minimum_text, value, path);
    }
    if (keyword == "exclusiveMaximum") {
      return decimal_of(node.exclusive_maximum, node.exclusive_maximum_text, value, path);
    }
    if (keyword == "multipleOf") {
      decimal_of(node.multiple_of, node.multiple_of_text, value, path);
      const auto& divisor = node.multiple_of;
      if (divisor && (divisor->is_zero() || divisor->negative() || divisor->digits().size() > 18)) {
        report(path, "must be above 0 and have at most 18 significant digits");
      }
      return;
    }
    if (keyword == "minLength") return count_of(node.min_length, value, path);
    if (keyword == "maxLength") return count_of(node.max_length, value, path);
    if (keyword == "pattern") return pattern_into(node, value, path);
    if (keyword == "format") {
      const auto format = format_from_name(value.string_or(""));
      if (!format) return report(path, "unknown format", nearest_hint(value.string_or(""), format_names()));
      node.format = *format;
      node.format_name = value.text();
      return;
    }
    if (keyword == "items") {
      node.items = compile(value, path, depth + 1);
      return;
    }
    if (keyword == "minItems") return count_of(node.min_items, value, path);
    if (keyword == "maxItems") return count_of(node.max_items, value, path);
    if (keyword == "uniqueItems") {
      node.unique_items = bool_of(value, path);
      return;
    }
    if (keyword == "minProperties") return count_of(node.min_properties, value, path);
    if (keyword == "maxProperties") return count_of(node.max_properties, value, path);
    if (keyword == "anyOf") return list_into(node.any_of, value, path, depth);
    if (keyword == "oneOf") return list_into(node.one_of, value, path, depth);
    if (keyword == "allOf") return list_into(node.all_of, value, path, depth);
    if (keyword == "not") {
      node.negated = compile(value, path, depth + 1);
      return;
    }
    if (keyword == "title" || keyword == "description") {
      (keyword == "title" ? node.title : node.description) = string_of(value, path);
      return;
    }
    if (keyword == "default") {
      node.default_value = value;
      return;
    }
    if (keyword == "examples") {
      if (!value.is_array()) report(path, "must be a list");
      return;
    }
    if (keyword == "x-ops") return hints_into(node, value, path);
    if (keyword == "$ref" || keyword == "$defs" || keyword == "definitions") {
      return report(path, "references are not supported", "Write the schema out in place.");
    }
    report(path, "unknown keyword", nearest_hint(keyword, kKeywords));
  }

  // Rules that concern several keywords.
  void finish(SchemaNode& node, const std::string& path) {
    for (PropertyInfo& property : node.properties) {
      property.required = std::find(node.required.begin(), node.required.end(), property.name) != node.required.end();
    }
    if (!node.additional) {
      for (const std::string& name : node.required) {
        const bool known = std::any_of(node.properties.begin(), node.properties.end(),
                                       [&](const PropertyInfo& property) { return property.name == name; });
        if (!known)
          report(path_member(path, "required"),
                 "requires a property that is not allowed: " + std::string(utf8_truncate(name, 63)));
      }
    }
    if (node.types != 0) {
      for (std::size_t i = 0; i < node.enum_values.size(); ++i) {
        if ((types_of(node.enum_values[i]) & node.types) == 0) {
          report(path + ".enum[" + std::to_string(i) + "]", "is not of type " + type_text(node.types));
        }
      }
    }
    const auto ordered = [](const auto& low, const auto& high) { return !low || !high || *low <= *high; };
    if (!ordered(node.minimum, node.maximum) || !ordered(node.min_length, node.max_length) ||
        !ordered(node.min_items, node.max_items) || !ordered(node.min_properties, node.max_properties)) {
      report(path, "a minimum is above its maximum");
    }
    resolve_synonyms(node, path);
    if (node.default_value) {
      std::vector<Problem> found;
      validate_node(node, *node.default_value, path + ".default", found);
      for (Problem& problem : found) report(problem.path, "the default is not valid: " + problem.message, problem.hint);
    }
  }

  // Members of x-ops.synonyms are named by the text of an enum value, whatever its type.
  void resolve_synonyms(SchemaNode& node, const std::string& path) {
    if (!node.has_enum) return;
    for (auto& synonym : node.hints.synonyms) {
      const auto at = std::find_if(node.enum_values.begin(), node.enum_values.end(), [&](const Json& value) {
        return value.is_string() ? value.text() == synonym.value.text() : value.dump() == synonym.value.text();
      });
      if (at == node.enum_values.end()) {
        report(path + ".x-ops.synonyms",
               "\"" + std::string(utf8_truncate(synonym.value.text(), 63)) + "\" is not in the enum");
      } else {
        synonym.value = *at;
      }
    }
  }

  std::size_t nodes_ = 0;
  std::size_t patterns_ = 0;
};

}  // namespace

Result<Schema> Schema::compile(const Json& definition, std::vector<Problem>* problems) {
  Compiler compiler;
  NodePtr root = compiler.compile(definition, "$", 1);
  const bool good = compiler.problems.empty();
  std::string detail = to_text(compiler.problems);
  if (problems != nullptr) *problems = std::move(compiler.problems);
  if (!good) return Error{Code::tool_bad_request, "the input schema is not valid", std::move(detail), ""};
  return Schema(std::move(root));
}

}  // namespace pgops
