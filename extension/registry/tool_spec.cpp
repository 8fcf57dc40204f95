// extension/registry: reading a tool. See tool_spec.hpp.
#include "extension/registry/tool_spec.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "core/digest.hpp"
#include "core/nearest.hpp"
#include "core/redact.hpp"
#include "core/template.hpp"
#include "core/utf8.hpp"

namespace pgops::registry {

namespace {

constexpr std::size_t kMaxTextBytes = 4000;
constexpr std::size_t kMaxListItems = 200;
constexpr std::size_t kMaxQueryBytes = 32 * 1024;

constexpr std::array<std::string_view, 24> kKnown = {
    "type",          "title",      "description", "capabilities", "examples", "input_schema",
    "output_schema", "present",    "policy",      "source",       "run_as",   "roles",
    "shared",        "read_only",  "idempotent",  "exclusive",    "live",     "fallback_tool",
    "accepts_refs",  "deprecated", "vocabulary",  "sql",          "http",     "mcp"};

class Reader {
 public:
  Reader(const Json& spec, std::vector<Problem>& problems) : spec_(spec), problems_(problems) {}

  void note(std::string path, std::string message, std::string hint = {}) {
    problems_.push_back({std::move(path), std::move(message), std::move(hint)});
  }
  void add(std::vector<Problem> more, const std::string& prefix) {
    for (Problem& problem : more) {
      // "$.x" of the part becomes "$.part.x" of the whole.
      if (problem.path.starts_with("$")) problem.path = prefix + problem.path.substr(1);
      problems_.push_back(std::move(problem));
    }
  }

  std::string text(std::string_view name, bool required) {
    const Json* value = spec_.find(name);
    if (value == nullptr || value->is_null()) {
      if (required) note(path_member("$", name), "is missing");
      return {};
    }
    if (!value->is_string() || (required && value->text().empty())) {
      note(path_member("$", name), required ? "must be a string that is not empty" : "must be a string");
      return {};
    }
    if (value->text().size() > kMaxTextBytes) {
      note(path_member("$", name), "is longer than " + std::to_string(kMaxTextBytes) + " bytes");
    }
    return value->text();
  }

  bool flag(std::string_view name, bool fallback) {
    const Json* value = spec_.find(name);
    if (value == nullptr || value->is_null()) return fallback;
    if (!value->is_bool()) note(path_member("$", name), "must be true or false");
    return value->as_bool(fallback);
  }

  std::vector<std::string> list(std::string_view name) {
    std::vector<std::string> out;
    const Json* value = spec_.find(name);
    if (value == nullptr || value->is_null()) return out;
    const std::string path = path_member("$", name);
    if (!value->is_array() || value->size() > kMaxListItems) {
      note(path, "must be a list of at most " + std::to_string(kMaxListItems) + " strings");
      return out;
    }
    for (const Json& item : value->items()) {
      if (!item.is_string() || item.text().empty() || item.text().size() > kMaxTextBytes) {
        note(path, "must hold strings that are not empty");
        return out;
      }
      out.push_back(item.text());
    }
    return out;
  }

 private:
  const Json& spec_;
  std::vector<Problem>& problems_;
};

std::string first_sentence(const std::string& text) {
  const auto end = text.find_first_of(".\n");
  const std::string_view sentence = utf8_truncate(std::string_view(text).substr(0, end), 120);
  return std::string(sentence.empty() ? utf8_truncate(text, 120) : sentence);
}

// Whoever may call such a tool writes the statement: nothing of it may be chosen by its author.
void read_direct(Reader& reader, const Json& part, Tool& tool) {
  tool.direct = true;
  if (!part["query"].is_null()) reader.note("$.sql.query", "is an argument of the call when direct is true");
  const Json& schema = tool.spec["input_schema"];
  if (schema.canonical() != direct_schema().canonical()) {
    reader.note("$.input_schema", "must be exactly " + direct_schema().dump());
  }
  if (tool.run_as != "ops_tool") reader.note("$.run_as", "must be ops_tool when direct is true");
  if (!tool.examples.empty() || !tool.capabilities.empty()) {
    reader.note("$.examples", "no statement is ever made from a question: leave examples and capabilities out");
  }
}

void read_sql(Reader& reader, const Json& part, Tool& tool) {
  if (!part.is_object()) {
    reader.note("$.sql", "is missing", "A tool of type sql has {\"sql\": {\"query\": \"SELECT ...\"}}.");
    return;
  }
  for (const auto& [name, value] : part.members()) {
    if (name != "query" && name != "direct") reader.note(path_member("$.sql", name), "is no field here");
  }
  if (const Json& direct = part["direct"]; !direct.is_null()) {
    if (!direct.is_bool()) reader.note("$.sql.direct", "must be true or false");
    if (direct.as_bool()) return read_direct(reader, part, tool);
  }
  const Json& query = part["query"];
  if (!query.is_string() || query.text().empty()) {
    reader.note("$.sql.query", "must be a SELECT statement");
  } else if (query.text().size() > kMaxQueryBytes) {
    reader.note("$.sql.query", "is longer than " + std::to_string(kMaxQueryBytes) + " bytes");
  }
}

// Every placeholder must be an argument that the schema declares.
void check_arguments(Reader& reader, const std::string& path, const Result<TemplateUse>& use, const Tool& tool) {
  if (!use) {
    reader.note(path, use.error().message, use.error().detail);
    return;
  }
  if (!tool.input_schema) return;
  for (const std::string& name : use->arguments) {
    if (tool.input_schema->property(name) == nullptr) {
      reader.note(path, "uses {" + name + "}, which input_schema does not declare");
    }
  }
}

void read_http(Reader& reader, const Json& part, const Tool& tool) {
  if (!part.is_object()) {
    reader.note("$.http", "is missing",
                "A tool of type http has {\"http\": {\"method\": \"GET\", \"url\": \"https://...\"}}.");
    return;
  }
  constexpr std::array<std::string_view, 7> fields = {"method", "url", "query", "headers", "body", "result", "ok"};
  for (const auto& [name, value] : part.members()) {
    if (std::find(fields.begin(), fields.end(), name) == fields.end()) {
      reader.note(path_member("$.http", name), "is no field of an HTTP call", nearest_hint(name, fields));
    }
  }
  constexpr std::array<std::string_view, 6> methods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
  const std::string_view method = part["method"].string_or("GET");
  if (std::find(methods.begin(), methods.end(), method) == methods.end()) {
    reader.note("$.http.method", "must be GET, HEAD, POST, PUT, PATCH or DELETE");
  }
  const Json& url = part["url"];
  if (!url.is_string() || url.text().empty() || url.text().size() > kMaxTextBytes) {
    reader.note("$.http.url", "must be an http or https address");
  } else {
    check_arguments(reader, "$.http.url", scan_url(url.text()), tool);
  }
  const Json& query = part["query"];
  if (!query.is_null() && !query.is_object()) {
    reader.note("$.http.query", "must be an object");
  } else {
    check_arguments(reader, "$.http.query", scan_tree(query, true), tool);
  }
  const Json& headers = part["headers"];
  if (!headers.is_null() && !headers.is_object()) reader.note("$.http.headers", "must be an object");
  for (const auto& [name, value] : headers.members()) {
    const std::string path = path_member("$.http.headers", name);
    if (!valid_header_name(name)) reader.note(path, "is no header name");
    if (!value.is_string()) {
      reader.note(path, "must be a string");
    } else {
      check_arguments(reader, path, scan_text(value.text()), tool);
    }
  }
  if (const Json& body = part["body"]; !body.is_null()) {
    if (method == "GET" || method == "HEAD") reader.note("$.http.body", "does not go with " + std::string(method));
    check_arguments(reader, "$.http.body", scan_tree(body, false), tool);
  }
  if (const Json& result = part["result"]; !result.is_null()) {
    if (!result.is_string() || !result.text().starts_with("$")) {
      reader.note("$.http.result", "must be a jsonpath such as $.items");
    }
  }
  for (const Json& status : part["ok"].items()) {
    const auto code = status.as_int();
    if (!code || *code < 100 || *code > 599) reader.note("$.http.ok", "must be a list of HTTP statuses");
  }
  for (const CredentialFinding& finding : find_credentials(part, "$.http")) {
    // The finding's path, never the value.
    reader.note(finding.path, "holds a literal credential (" + std::string(finding.rule) + ")",
                "Store it as a secret and write {{secret:name}}.");
  }
}

void read_schema(Reader& reader, const Json& spec, Tool& tool) {
  const Json& definition = spec["input_schema"];
  if (!definition.is_null()) {
    std::vector<Problem> found;
    auto schema = Schema::compile(definition, &found);
    if (!schema && found.empty()) found.push_back({"$", schema.error().message, schema.error().hint});
    reader.add(std::move(found), "$.input_schema");
    if (schema) {
      for (const PropertyInfo& property : schema->properties()) {
        if (!valid_asset_name(property.name)) {
          reader.note(path_member("$.input_schema.properties", property.name), "is no argument name",
                      "Use lower-case letters, digits and underscores.");
        }
      }
      tool.input_schema = *std::move(schema);
    }
  }
  if (const Json& output = spec["output_schema"]; !output.is_null()) {
    std::vector<Problem> found;
    auto schema = Schema::compile(output, &found);
    if (!schema && found.empty()) found.push_back({"$", schema.error().message, schema.error().hint});
    reader.add(std::move(found), "$.output_schema");
  }
}

void read_present(Reader& reader, const Json& spec, Tool& tool) {
  const Json& definition = spec["present"];
  if (definition.is_null()) return;
  if (auto compiled = present::Present::compile(definition)) {
    tool.present = *std::move(compiled);
    return;
  }
  for (const present::Problem& problem : present::Present::problems(definition)) {
    std::string message = problem.message;
    if (problem.position > 0) message += " (at byte " + std::to_string(problem.position) + ")";
    reader.note("$." + problem.path, std::move(message));
  }
}

}  // namespace

// What a parameter without any typed use takes from its property.
static const char* parameter_type(const PropertyInfo& property) noexcept {
  if (property.format == "date-time") return "date-time";
  if (property.types == 0) return "";
  if (property.allows(JsonType::string)) return "string";
  if (property.allows(JsonType::number)) return "number";
  if (property.allows(JsonType::integer)) return "integer";
  if (property.allows(JsonType::boolean)) return "boolean";
  return "";
}

const Json& direct_schema() {
  static const auto* const schema =
      new Json(*Json::parse(R"({"type": "object", "required": ["sql"], "additionalProperties": false, "properties": {)"
                            R"("sql": {"type": "string"}, "args": {"type": "object", "default": {}}}})"));
  return *schema;
}

Json parameter_types_of(const Tool& tool) {
  Json types = Json::object();
  if (!tool.input_schema) return types;
  for (const PropertyInfo& property : tool.input_schema->properties()) {
    types.set(property.name, Json(parameter_type(property)));
  }
  return types;
}

bool valid_asset_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > 63 || name[0] < 'a' || name[0] > 'z') return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

Tool read_tool(const Json& spec, std::vector<Problem>& problems) {
  Tool tool;
  tool.spec = spec;
  Reader reader(spec, problems);
  if (!spec.is_object()) {
    reader.note("$", "a tool is a JSON object");
    return tool;
  }
  for (const auto& [name, value] : spec.members()) {
    if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end()) {
      reader.note(path_member("$", name), "is no field of a tool", nearest_hint(name, kKnown));
    }
  }
  const std::string type = reader.text("type", true);
  if (type == "sql") {
    tool.type = ToolType::sql;
  } else if (type == "http") {
    tool.type = ToolType::http;
  } else if (!type.empty()) {
    reader.note("$.type", "must be \"sql\" or \"http\"", type == "mcp" ? "MCP tools come with a later version." : "");
  }
  tool.description = reader.text("description", true);
  tool.title = reader.text("title", false);
  if (tool.title.empty()) tool.title = first_sentence(tool.description);
  tool.capabilities = reader.list("capabilities");
  tool.examples = reader.list("examples");
  tool.roles = reader.list("roles");
  tool.accepts_refs = reader.list("accepts_refs");
  (void)reader.list("vocabulary");
  tool.shared = reader.flag("shared", false);
  const std::string_view method = spec["http"]["method"].string_or("GET");
  const bool reads = tool.type == ToolType::sql || method == "GET" || method == "HEAD";
  tool.read_only = reader.flag("read_only", reads);
  tool.idempotent = reader.flag("idempotent", reads);
  if (tool.type == ToolType::sql && !tool.read_only) reader.note("$.read_only", "a SQL tool only reads");
  (void)reader.flag("exclusive", false);
  (void)reader.flag("live", false);
  const Json& deprecated = spec["deprecated"];
  if (!deprecated.is_null() && !deprecated.is_string() && !deprecated.is_bool()) {
    reader.note("$.deprecated", "must be a sentence, true, false or null");
  }
  tool.deprecated = deprecated.is_string() || deprecated.as_bool();
  tool.fallback_tool = reader.text("fallback_tool", false);
  if (const std::string run_as = reader.text("run_as", false); !run_as.empty()) {
    tool.run_as = run_as;
    if (tool.type != ToolType::sql) reader.note("$.run_as", "only SQL tools run as a role");
  }
  (void)reader.text("policy", false);
  (void)reader.text("source", false);
  read_schema(reader, spec, tool);
  read_present(reader, spec, tool);
  if (tool.type == ToolType::sql) {
    read_sql(reader, spec["sql"], tool);
    tool.parameter_types = parameter_types_of(tool);
    tool.statement_digest = sha256_hex(spec["sql"]["query"].text());
  } else {
    read_http(reader, spec["http"], tool);
  }
  for (const char* other : {"sql", "http", "mcp"}) {
    if (spec.find(other) != nullptr && !spec[other].is_null() && type != other) {
      reader.note(path_member("$", other), "does not belong to a tool of type " + type);
    }
  }
  return tool;
}

}  // namespace pgops::registry
