// extension/registry: derived input schemas. See derive.hpp.
#include "extension/registry/derive.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/nearest.hpp"
#include "core/template.hpp"

namespace pgops::registry {

namespace {

Json typed(const char* type, const char* format = nullptr) {
  Json out = Json::object();
  out.set("type", Json(type));
  if (format != nullptr) out.set("format", Json(format));
  return out;
}

Json closed_object(Json properties, Json required) {
  Json schema = Json::object();
  schema.set("type", Json("object"));
  schema.set("properties", std::move(properties));
  schema.set("required", std::move(required));
  schema.set("additionalProperties", Json(false));
  return schema;
}

void merge(std::vector<std::string>& into, const Result<TemplateUse>& use) {
  if (!use) return;
  for (const std::string& name : use->arguments) {
    if (std::find(into.begin(), into.end(), name) == into.end()) into.push_back(name);
  }
}

// What stands outside of the body, where every value is text.
std::vector<std::string> text_arguments(const Json& http) {
  std::vector<std::string> names;
  merge(names, scan_url(http["url"].string_or("")));
  merge(names, scan_tree(http["query"], true));
  for (const auto& [name, value] : http["headers"].members()) merge(names, scan_text(value.string_or("")));
  return names;
}

// Every string under `node` that holds an expression or a text with expressions; present parts are flat,
// and the depth of a spec is bounded.
void collect_texts(const Json& node, const std::string& path, std::vector<std::pair<std::string, std::string>>& out) {
  if (node.is_string()) {
    out.emplace_back(path, node.text());
  } else if (node.is_array()) {
    for (std::size_t i = 0; i < node.size(); i++)
      collect_texts(node.items()[i], path + "[" + std::to_string(i) + "]", out);
  } else {
    for (const auto& [name, value] : node.members()) {
      if (name != "severity") collect_texts(value, path_member(path, name), out);
    }
  }
}

// The parts of a text that stand in braces; "{{" is a brace.
std::string expressions_of(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i++) {
    if (text[i] != '{') continue;
    if (i + 1 < text.size() && text[i + 1] == '{') {
      i++;
      continue;
    }
    const auto end = text.find('}', i);
    if (end == std::string::npos) break;
    out += text.substr(i + 1, end - i - 1) + " ; ";
    i = end;
  }
  return out;
}

std::vector<std::string> columns_in(std::string expression) {
  static const RE2 literal("'[^']*'");
  static const RE2 cell(R"(rows\s*\[\s*\d+\s*\]\s*\.\s*("[^"]+"|[A-Za-z_][A-Za-z0-9_]*))");
  static const RE2 function(R"(\b(?:count|sum|max|min|avg|first)\s*\(\s*([A-Za-z_][A-Za-z0-9_]*)\s*\))");
  static const RE2 share(R"(\bshare\s*\(\s*([A-Za-z_][A-Za-z0-9_]*)\s*,\s*([A-Za-z_][A-Za-z0-9_]*)\s*\))");
  RE2::GlobalReplace(&expression, literal, "''");
  std::vector<std::string> names;
  std::string first;
  std::string second;
  re2::StringPiece rest(expression);
  while (RE2::FindAndConsume(&rest, cell, &first)) {
    if (first.front() == '"') first = first.substr(1, first.size() - 2);
    names.push_back(first);
  }
  rest = expression;
  while (RE2::FindAndConsume(&rest, function, &first)) names.push_back(first);
  rest = expression;
  while (RE2::FindAndConsume(&rest, share, &first, &second)) {
    names.push_back(first);
    names.push_back(second);
  }
  return names;
}

}  // namespace

Json schema_of_type(std::string_view type) {
  if (type.starts_with("pg_catalog.")) type.remove_prefix(11);
  if (type.ends_with("[]")) {
    Json list = typed("array");
    while (type.ends_with("[]")) type.remove_suffix(2);
    list.set("items", schema_of_type(type));
    return list;
  }
  // "numeric(10,2)" is numeric, "timestamp(3) with time zone" is timestamp.
  std::string_view base = type.substr(0, type.find('('));
  if (base == "timestamp with time zone" || base == "timestamp without time zone" || base == "timestamp" ||
      base == "timestamptz") {
    return typed("string", "date-time");
  }
  constexpr std::array<std::string_view, 6> integers = {"smallint", "integer", "bigint", "int2", "int4", "int8"};
  constexpr std::array<std::string_view, 5> numbers = {"numeric", "real", "double precision", "float4", "float8"};
  if (std::find(integers.begin(), integers.end(), base) != integers.end()) return typed("integer");
  if (std::find(numbers.begin(), numbers.end(), base) != numbers.end()) return typed("number");
  if (base == "boolean" || base == "bool") return typed("boolean");
  if (base == "date") return typed("string", "date");
  if (base == "uuid") return typed("string", "uuid");
  if (base == "json" || base == "jsonb") return Json::object();
  // Everything else is written as text: names, intervals, addresses, enumerations.
  return typed("string");
}

Json derive_sql_schema(const Json& parameters) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Json& parameter : parameters.items()) {
    const std::string name(parameter["name"].string_or(""));
    properties.set(name, schema_of_type(parameter["type"].string_or("text")));
    required.push_back(Json(name));
  }
  return closed_object(std::move(properties), std::move(required));
}

std::vector<std::string> http_arguments(const Json& http) {
  std::vector<std::string> names = text_arguments(http);
  merge(names, scan_tree(http["body"], false));
  return names;
}

Json derive_http_schema(const Json& http) {
  const std::vector<std::string> as_text = text_arguments(http);
  Json properties = Json::object();
  Json required = Json::array();
  for (const std::string& name : http_arguments(http)) {
    const bool text = std::find(as_text.begin(), as_text.end(), name) != as_text.end();
    properties.set(name, text ? typed("string") : Json::object());
    required.push_back(Json(name));
  }
  return closed_object(std::move(properties), std::move(required));
}

std::vector<Problem> unknown_columns(const Json& present, const std::vector<std::string>& columns) {
  std::vector<Problem> problems;
  const std::vector<std::string_view> known(columns.begin(), columns.end());
  const auto check = [&](const std::string& path, const std::string& name) {
    if (std::find(columns.begin(), columns.end(), name) != columns.end()) return;
    problems.push_back(
        {path, "uses column \"" + name + "\", which the query does not return", nearest_hint(name, known)});
  };
  std::size_t index = 0;
  for (const Json& entry : present["summary"].items()) {
    const std::string path = "$.present.summary[" + std::to_string(index++) + "]";
    for (const std::string& name : columns_in(std::string(entry["when"].string_or("")))) check(path + ".when", name);
    std::vector<std::pair<std::string, std::string>> texts;
    collect_texts(entry["text"], path + ".text", texts);
    for (const auto& [place, text] : texts) {
      for (const std::string& name : columns_in(expressions_of(text))) check(place, name);
    }
  }
  return problems;
}

}  // namespace pgops::registry
