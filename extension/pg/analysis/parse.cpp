// extension/pg/analysis: see parse.hpp.
//
// Analysing evaluates literals: the input function of a type, and through arrays and rows the checks of
// domains, which may call anything. While a statement nobody has judged is analysed, the gate therefore lets
// only functions of class `all` and allowed ones run.
#include "extension/pg/analysis/parse.hpp"

#include "extension/pg/analysis/gate.hpp"

extern "C" {
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "parser/parse_node.h"
#include "parser/parse_param.h"
#include "parser/parser.h"
#include "rewrite/rewriteHandler.h"
#include "utils/lsyscache.h"
}

namespace pgops::pg::analysis {

namespace {

RawStmt* parse_one(const char* sql) {
  List* statements = raw_parser(sql, RAW_PARSE_DEFAULT);
  if (list_length(statements) != 1) {
    ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR), errmsg("there must be exactly one statement")));
  }
  auto* statement = linitial_node(RawStmt, statements);
  // The parse guard has seen to this; a server that parses otherwise must not get further.
  if (!IsA(statement->stmt, SelectStmt)) {
    ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR), errmsg("only SELECT is allowed")));
  }
  return statement;
}

struct Search {
  const char* schema;
  const char* name;
  int location;
};

bool search_relation(Node* node, void* context) {
  if (node == nullptr) return false;
  auto* search = static_cast<Search*>(context);
  if (IsA(node, RangeVar)) {
    const auto* relation = reinterpret_cast<RangeVar*>(node);
    if (strcmp(relation->relname, search->name) == 0 &&
        (relation->schemaname == nullptr || strcmp(relation->schemaname, search->schema) == 0)) {
      search->location = relation->location;
      return true;
    }
    return false;
  }
  return raw_expression_tree_walker(node, reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(search_relation)),
                                    context);
}

}  // namespace

std::vector<Oid> infer_types(const char* sql, int parameters) {
  if (parameters == 0) return {};
  const Gate gate(GateMode::literals);
  struct Types {
    Oid* items;
    int count;
  };
  const Types types = call([=] {
    RawStmt* statement = parse_one(sql);
    Types found = {static_cast<Oid*>(palloc0(sizeof(Oid) * static_cast<std::size_t>(parameters))), parameters};
    ParseState* state = make_parsestate(nullptr);
    state->p_sourcetext = sql;
    // An untyped parameter in the select list stays untyped instead of becoming text.
    state->p_resolve_unknowns = false;
    setup_parse_variable_parameters(state, &found.items, &found.count);
    (void)transformTopLevelStmt(state, statement);
    free_parsestate(state);
    return found;
  });
  std::vector<Oid> out(types.items, types.items + types.count);
  out.resize(static_cast<std::size_t>(parameters), InvalidOid);
  return out;
}

List* analyse_and_rewrite(const char* sql, const std::vector<Oid>& types) {
  const Gate gate(GateMode::literals);
  const Oid* items = types.data();
  const int count = static_cast<int>(types.size());
  return call([=] {
    Query* query = parse_analyze_fixedparams(parse_one(sql), sql, items, count, nullptr);
    List* queries = QueryRewrite(query);
    if (list_length(queries) != 1) {
      ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("a rewrite rule changes the statement")));
    }
    return queries;
  });
}

int find_relation(const char* sql, Oid relation) {
  return call([=] {
    Search search = {get_namespace_name(get_rel_namespace(relation)), get_rel_name(relation), -1};
    if (search.schema == nullptr || search.name == nullptr) return -1;
    (void)search_relation(parse_one(sql)->stmt, &search);
    return search.location;
  });
}

}  // namespace pgops::pg::analysis
