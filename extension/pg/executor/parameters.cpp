// extension/pg/executor: binding arguments. See parameters.hpp.
#include "extension/pg/executor/parameters.hpp"

#include "core/json.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
}

namespace pgops::pg::executor {

namespace {

// An element of an array literal; quoted always, so that NULL, braces and commas stay text.
void append_element(std::string& out, const Json& value) {
  if (value.is_null()) {
    out += "NULL";
    return;
  }
  if (value.is_array()) {
    out += '{';
    bool first = true;
    for (const Json& item : value.items()) {
      if (!first) out += ',';
      first = false;
      append_element(out, item);
    }
    out += '}';
    return;
  }
  std::string text;
  if (value.is_string() || value.is_number()) {
    text = value.text();
  } else if (value.is_bool()) {
    text = value.as_bool() ? "true" : "false";
  } else {
    text = value.dump();
  }
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

std::string text_form(const Json& value, Oid type) {
  if (type == JSONOID || type == JSONBOID) return value.dump();
  if (value.is_string() || value.is_number()) return value.text();
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  if (value.is_array()) {
    std::string out;
    append_element(out, value);
    return out;
  }
  return value.dump();
}

}  // namespace

ParamListInfo bind_parameters(const analysis::Prepared& prepared, std::string_view args_json) {
  const auto& names = prepared.text.names;
  if (names.empty()) return nullptr;
  auto args = Json::parse(args_json);
  if (!args) throw Failure{args.error()};
  const int count = static_cast<int>(names.size());
  ParamListInfo params = call([=] { return makeParamList(count); });
  for (int i = 0; i < count; i++) {
    const auto index = static_cast<std::size_t>(i);
    const Oid type = prepared.parameter_types[index];
    const Json& value = (*args)[names[index]];
    ParamExternData* slot = &params->params[i];
    slot->ptype = type;
    slot->pflags = PARAM_FLAG_CONST;
    slot->isnull = value.is_null();
    slot->value = static_cast<Datum>(0);
    if (value.is_null()) continue;
    std::string text = text_form(value, type);
    char* chars = text.data();
    try {
      slot->value = call([=] {
        Oid input = InvalidOid;
        Oid io_param = InvalidOid;
        getTypeInputInfo(type, &input, &io_param);
        return OidInputFunctionCall(input, chars, io_param, -1);
      });
    } catch (Error& error) {
      if (!error.is_cancel()) error.message = "argument \"" + names[index] + "\": " + error.message;
      throw;
    }
  }
  return params;
}

}  // namespace pgops::pg::executor
