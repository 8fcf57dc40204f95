// extension/registry: derived input schemas. See derive.hpp.
#include "extension/registry/derive.hpp"

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

std::vector<Problem> unknown_mentions(const present::Present& present, bool arguments,
                                      const std::vector<std::string>& known) {
  std::vector<Problem> problems;
  const std::vector<std::string_view> names(known.begin(), known.end());
  for (const present::Mention& mention : present.mentions()) {
    if (mention.argument != arguments || std::find(known.begin(), known.end(), mention.name) != known.end()) continue;
    problems.push_back({"$." + mention.path,
                        arguments ? "uses args." + mention.name + ", which is no argument of the tool"
                                  : "uses column \"" + mention.name + "\", which the query does not return",
                        nearest_hint(mention.name, names)});
  }
  return problems;
}

}  // namespace pgops::registry
