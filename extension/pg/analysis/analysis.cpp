// extension/pg/analysis: the order of things between a tool's text and the Query that may run. See
// analysis.hpp.
#include "extension/pg/analysis/analysis.hpp"

#include <unordered_map>

#include "extension/pg/analysis/facts.hpp"
#include "extension/pg/analysis/gate.hpp"
#include "extension/pg/analysis/judge.hpp"
#include "extension/pg/analysis/parse.hpp"
#include "extension/pg/analysis/planning.hpp"
#include "guard/classification.hpp"
#include "guard/parse_guard.h"

extern "C" {
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
}

namespace pgops::pg::analysis {

static_assert(kMaxStatementBytes == OPSGUARD_MAX_BYTES);

namespace {

struct FreeResult {
  void operator()(opsguard_result* result) const { opsguard_free(result); }
};

std::vector<std::string> strings(const opsguard_names& names) { return {names.items, names.items + names.count}; }

Verdict refusal(std::string rule, std::string message, std::string hint, int position) {
  Verdict verdict;
  verdict.rule = std::move(rule);
  verdict.message = std::move(message);
  verdict.hint = std::move(hint);
  verdict.position = position;
  return verdict;
}

struct TextPlace {
  int line = 1;
  int column = 1;
};

// Of a character of the text, counted from 1; a line ends with LF, CR or both.
TextPlace place_of(std::string_view text, int character) {
  TextPlace place;
  int seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U) continue;
    if (++seen >= character) break;
    const bool line_end = text[i] == '\n' || (text[i] == '\r' && !(i + 1 < text.size() && text[i + 1] == '\n'));
    place = line_end ? TextPlace{place.line + 1, 1} : TextPlace{place.line, place.column + 1};
  }
  return place;
}

// The first byte of a character, counted from 1; NUL when there is none.
char character_at(std::string_view text, int character) {
  int seen = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U && ++seen == character) return c;
  }
  return '\0';
}

// libpg_query does not check its stack: there must be room for its worst case below the deepest point at
// which the server itself would still call us.
void require_stack() {
  call([] {
    check_stack_depth();
    const long limit = get_stack_depth_rlimit();
    if (limit > 0 && limit - max_stack_depth * 1024L < OPSGUARD_STACK_BYTES) {
      ereport(ERROR,
              (errcode(ERRCODE_STATEMENT_TOO_COMPLEX), errmsg("the server's stack is too small to judge a statement"),
               errhint("Lower max_stack_depth, or raise the server's stack limit (ulimit -s).")));
    }
  });
}

// Layer 1 over the rewritten text.
Verdict parse(const guard::Rewritten& text, std::string_view user_sql, bool monitor) {
  const std::unique_ptr<opsguard_result, FreeResult> result(
      opsguard_check(text.sql.data(), text.sql.size(), monitor ? OPSGUARD_ALLOW_MONITOR : 0));
  if (result == nullptr) throw std::bad_alloc();
  Verdict verdict;
  verdict.allowed = result->allowed != 0;
  verdict.relations = strings(result->relations);
  verdict.functions = strings(result->functions);
  for (const std::string& name : text.names) verdict.parameters.push_back({name, InvalidOid, {}});
  if (!verdict.allowed) {
    verdict.rule = result->rule;
    verdict.message = result->message;
    if (result->hint != nullptr) verdict.hint = result->hint;
    if (result->offset >= 0) verdict.position = text.map.user_position(static_cast<std::size_t>(result->offset));
    if (verdict.rule == "syntax_error" && character_at(user_sql, verdict.position) == ':')
      verdict.hint = "Inside square brackets a colon is a slice; a parameter there is written (:name).";
  }
  return verdict;
}

// Layer 1 is a function of text and flag alone, so what passed it once passes it again; executors run the same
// statements over and over, and parsing one costs more than anything else about judging it.
Verdict parse_guard(const guard::Rewritten& text, std::string_view user_sql, bool monitor) {
  if (!text.ok) return refusal(text.rule, text.message, text.hint, text.position);
  constexpr std::size_t kMaxPassed = 256;
  constexpr std::size_t kMaxLength = 4096;
  static std::unordered_map<std::string, Verdict> passed[2];
  auto& known = passed[monitor ? 1 : 0];
  if (const auto found = known.find(text.sql); found != known.end()) {
    Verdict verdict = found->second;
    for (const std::string& name : text.names) verdict.parameters.push_back({name, InvalidOid, {}});
    return verdict;
  }
  require_stack();
  Verdict verdict = parse(text, user_sql, monitor);
  if (verdict.allowed && text.sql.size() <= kMaxLength) {
    if (known.size() >= kMaxPassed) known.clear();
    Verdict& kept = known[text.sql] = verdict;
    kept.parameters.clear();  // two texts with other names rewrite to the same
  }
  return verdict;
}

Oid schema_type(const Json& schema_types, const std::string& name) {
  const std::string_view type = schema_types[name].string_or("");
  if (type == "string") return TEXTOID;
  if (type == "date-time") return TIMESTAMPTZOID;
  if (type == "integer") return INT8OID;
  if (type == "number") return NUMERICOID;
  if (type == "boolean") return BOOLOID;
  return InvalidOid;
}

bool is_known(Oid type) { return OidIsValid(type) && type != UNKNOWNOID; }

int first_use(const guard::Rewritten& text, std::size_t index) {
  for (const guard::ParamUse& use : text.uses) {
    if (use.index == index) return use.position;
  }
  return 0;
}

// The server speaks of $1 and of positions in the rewritten text.
Error in_users_terms(Error error, const guard::Rewritten& text) {
  for (const std::string_view before : {"parameter $", "near \"$"}) {
    const std::size_t found = error.message.find(before);
    if (found == std::string::npos) continue;
    const std::size_t begin = found + before.size() - 1;  // of the dollar sign
    std::size_t end = begin + 1;
    while (end < error.message.size() && error.message[end] >= '0' && error.message[end] <= '9') ++end;
    const unsigned long number = std::strtoul(error.message.c_str() + begin + 1, nullptr, 10);
    if (number >= 1 && number <= text.names.size())
      error.message.replace(begin, end - begin, ":" + text.names[number - 1]);
  }
  // A function around us has taken the position for its own.
  if (error.cursor_position == 0) error.cursor_position = error.internal_position;
  if (error.cursor_position > 0)
    error.cursor_position = text.map.user_position_of_character(text.sql, error.cursor_position);
  return error;
}

// Inference can fail where the schema knows better: `:a + :b` says nothing about either.
std::vector<Oid> parameter_types(const guard::Rewritten& text, const char* sql, const Json& schema_types) {
  const int count = static_cast<int>(text.names.size());
  bool all_declared = count > 0;
  std::vector<Oid> declared;
  for (const std::string& name : text.names) {
    declared.push_back(schema_type(schema_types, name));
    all_declared = all_declared && OidIsValid(declared.back());
  }
  std::vector<Oid> types;
  if (!all_declared) {
    types = infer_types(sql, count);
  } else {
    try {
      types = subtransaction([&] { return infer_types(sql, count); });
    } catch (const Error& error) {
      if (error.is_cancel() || !error.sqlstate.starts_with("42")) throw;
      return declared;
    }
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (!is_known(types[i])) types[i] = declared[i];
  }
  return types;
}

bool any_planner_expressions(Facts& facts) {
  for (const RelationFact& fact : facts.relations) {
    const bool table = fact.relkind == RELKIND_RELATION || fact.relkind == RELKIND_PARTITIONED_TABLE ||
                       fact.relkind == RELKIND_MATVIEW;
    if (table && fact.oid >= guard::kFirstUserOid && has_planner_expressions(fact.oid)) return true;
  }
  return false;
}

// Fills verdict and queries; everything that the server may refuse happens here.
void analyse(Prepared& prepared, const Json& schema_types, const Context& context) {
  Verdict& verdict = prepared.verdict;
  const guard::Rewritten& text = prepared.text;
  const char* sql = call([&] { return pstrdup(text.sql.c_str()); });
  prepared.parameter_types = parameter_types(text, sql, schema_types);
  for (std::size_t i = 0; i < text.names.size(); ++i) {
    const Oid type = prepared.parameter_types[i];
    if (!is_known(type)) {
      verdict = refusal("parameter_type", "the type of parameter :" + text.names[i] + " cannot be told from its use",
                        "Declare it in input_schema, or cast it: :" + text.names[i] + "::text.", first_use(text, i));
      return;
    }
    verdict.parameters[i].type = type;
    verdict.parameters[i].type_name = call([=] { return format_type_be(type); });
  }

  List* queries = analyse_and_rewrite(sql, prepared.parameter_types);
  Facts facts;
  call([&] { collect(linitial_node(Query, queries), facts); });
  verdict.relations.clear();
  verdict.functions.clear();
  const Place place = judge(facts, context, verdict);
  if (!verdict.allowed) {
    int offset = place.offset;
    for (const Oid relation : {place.relation, place.view}) {
      if (offset < 0 && OidIsValid(relation)) offset = find_relation(sql, relation);
    }
    if (offset >= 0) verdict.position = text.map.user_position(static_cast<std::size_t>(offset));
    return;
  }
  // Missing grants are errors of the server now rather than when it runs.
  call([&] {
    for (Query* query : facts.queries) (void)ExecCheckRTPerms(query->rtable, true);
  });
  if (!context.will_run && call([&] { return any_planner_expressions(facts); }))
    try_plan(linitial_node(Query, queries), sql);
  prepared.queries = queries;
}

}  // namespace

Json Verdict::to_json(std::string_view user_sql) const {
  Json out = Json::object();
  out.set("allowed", Json(allowed));
  out.set("error_code", allowed ? Json() : Json(to_string(code)));
  out.set("rule", allowed ? Json() : Json(rule));
  out.set("message", allowed ? Json() : Json(message));
  out.set("hint", allowed || hint.empty() ? Json() : Json(hint));
  const TextPlace place = place_of(user_sql, position);
  out.set("position", position > 0 ? Json(position) : Json());
  out.set("line", position > 0 ? Json(place.line) : Json());
  out.set("column", position > 0 ? Json(place.column) : Json());
  Json& relation_list = out.set("relations", Json::array());
  for (const std::string& relation : relations) relation_list.push_back(Json(relation));
  Json& function_list = out.set("functions", Json::array());
  for (const std::string& function : functions) function_list.push_back(Json(function));
  Json& parameter_list = out.set("parameters", Json::array());
  for (const Parameter& parameter : parameters) {
    Json& one = parameter_list.push_back(Json::object());
    one.set("name", Json(parameter.name));
    one.set("type", parameter.type_name.empty() ? Json() : Json(parameter.type_name));
  }
  return out;
}

Prepared prepare(std::string_view user_sql, const Json& schema_types, const Context& context) {
  Prepared prepared;
  prepared.text = guard::rewrite_params(user_sql);
  prepared.verdict = parse_guard(prepared.text, user_sql, context.monitor);
  if (!prepared.verdict.allowed) return prepared;
  if (schema_types.is_object()) {
    for (std::size_t i = 0; i < prepared.text.names.size(); ++i) {
      const std::string& name = prepared.text.names[i];
      if (schema_types.find(name) != nullptr) continue;
      prepared.verdict = refusal("parameter_undeclared", "parameter :" + name + " is not declared",
                                 "Add it to the properties of input_schema.", first_use(prepared.text, i));
      return prepared;
    }
  }
  if (GetUserId() != context.role)
    raise(Code::internal_error, "a statement is analysed under another role than it runs as");
  try {
    analyse(prepared, schema_types, context);
  } catch (const Error& error) {
    const Error told = in_users_terms(error, prepared.text);
    if (error.is_cancel() || !gate_refused()) throw told;
    // A judgement, though it came as an error: the caller ends the transaction in any case.
    prepared.queries = nullptr;
    const std::string hint =
        !told.hint.empty()
            ? told.hint
            : "The type of the literal checks its values with that function; cast the elements one by one, or use a plain "
              "type.";
    prepared.verdict = refusal("function_not_allowed", told.message, hint, told.cursor_position);
    prepared.verdict.object = gate_refusal().object;
    prepared.verdict.remedy = gate_refusal().remedy;
  }
  return prepared;
}

Json check_full(std::string_view user_sql, const Json& schema_types, const Context& context) {
  try {
    return prepare(user_sql, schema_types, context).verdict.to_json(user_sql);
  } catch (const Error& error) {
    // Whatever the server says judges the statement (input functions also say XX000), except what is no matter of
    // the statement: cancels and shutdowns, exhausted resources, broken files and indexes, conflicts, locks.
    const std::string& state = error.sqlstate;
    const auto starts = [&state](const char* prefix) { return state.starts_with(prefix); };
    if (starts("57") || starts("53") || starts("58") || starts("40") || starts("08") || state == "55P03" ||
        state == "XX001" || state == "XX002") {
      throw;
    }
    const char* rule = error.sqlstate == "42501" ? "permission_denied" : "analysis_error";
    return refusal(rule, error.message, error.hint, error.cursor_position).to_json(user_sql);
  }
}

Verdict check_syntax(std::string_view user_sql, bool monitor) {
  return parse_guard(guard::rewrite_params(user_sql), user_sql, monitor);
}

}  // namespace pgops::pg::analysis
