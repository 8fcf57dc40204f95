// extension/pg/analysis: the walk over a rewritten Query. See facts.hpp.
//
// Every node tag is named here or refuses. The range table is walked by hand, because what a system view
// reads is covered by the view's own classification. Facts relied on (PostgreSQL 15): the query that
// replaces a view keeps the view as its first, unjoined range table entry "old"; row-level security sits
// in securityQuals of the entry; expression_tree_walker checks the stack depth.
#include "extension/pg/analysis/facts.hpp"
#include "extension/pg/analysis/types.hpp"

#include "guard/classification.hpp"

extern "C" {
#include "access/nbtree.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_coerce.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

namespace pgops::pg::analysis {

namespace {

bool walk(Node* node, void* context);

// The server declares its walkers without parameters.
auto walk_function() { return reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(walk)); }

bool refuse(Facts* facts, const char* rule, const char* message, int location = -1) {
  if (facts->refused_rule == nullptr) {
    facts->refused_rule = rule;
    facts->refused_message = message;
    facts->refused_location = location;
  }
  return true;  // ends the walk
}

void add_function(Facts* facts, Oid function, int location, Origin origin, bool named = false) {
  if (OidIsValid(function)) facts->functions.push({function, location, origin, named, facts->through});
}

// Hashing and merging call members of the operator's families that no tree names.
void add_family(Facts* facts, Oid op) {
  RegProcedure left = InvalidOid;
  RegProcedure right = InvalidOid;
  if (get_op_hash_functions(op, &left, &right)) {
    add_function(facts, left, -1, Origin::opclass);
    add_function(facts, right, -1, Origin::opclass);
  }
  ListCell* cell;
  foreach (cell, get_op_btree_interpretation(op)) {
    const auto* in = static_cast<OpBtreeInterpretation*>(lfirst(cell));
    add_function(facts, get_opfamily_proc(in->opfamily_id, in->oplefttype, in->oprighttype, BTORDER_PROC), -1,
                 Origin::opclass);
  }
}

// Whether an extension brought both: only a superuser chose the one for the other.
bool in_one_extension(Oid op, Oid other) {
  const Oid extension = getExtensionOfObject(OperatorRelationId, op);
  return OidIsValid(extension) && extension == getExtensionOfObject(OperatorRelationId, other);
}

// The planner turns NOT (a = b) into the operator's negator and b = a into its commutator, and selectivity
// estimators run either: any role may link operators of its own to a harmless one.
void add_operator(Facts* facts, Oid op, int location) {
  add_function(facts, get_opcode(op), location, Origin::call);
  Oid linked[8] = {op};
  int count = 1;
  for (int i = 0; i < count; i++) {
    if (linked[i] >= guard::kFirstUserOid) {
      const Origin origin = i > 0 && in_one_extension(op, linked[i]) ? Origin::opclass : Origin::call;
      if (i > 0) add_function(facts, get_opcode(linked[i]), location, origin);
      add_family(facts, linked[i]);
    }
    for (const Oid other : {get_negator(linked[i]), get_commutator(linked[i])}) {
      const bool known = !OidIsValid(other) || std::find(linked, linked + count, other) != linked + count;
      if (!known && count < 8) linked[count++] = other;
    }
  }
}

// Built-in functions in SQL that cast an argument of any type to text: the cast is looked up when they run.
bool casts_to_text(Oid function) {
  return function == F_QUOTE_LITERAL_ANYELEMENT || function == F_QUOTE_NULLABLE_ANYELEMENT ||
         function == F_TEXTANYCAT || function == F_ANYTEXTCAT;
}

void add_text_casts(Facts* facts, List* arguments, int location) {
  ListCell* cell;
  foreach (cell, arguments) {
    Oid function = InvalidOid;
    const Oid type = exprType(static_cast<Node*>(lfirst(cell)));
    if (find_coercion_pathway(TEXTOID, type, COERCION_EXPLICIT, &function) == COERCION_PATH_FUNC)
      add_function(facts, function, location, Origin::call);
  }
}

// Sorting and hashing call functions of the operator's family that the tree does not name.
void add_sort(Facts* facts, const SortGroupClause* clause) {
  if (OidIsValid(clause->eqop)) {
    add_function(facts, get_opcode(clause->eqop), -1, Origin::opclass);
    RegProcedure left = InvalidOid;
    RegProcedure right = InvalidOid;
    if (clause->hashable && get_op_hash_functions(clause->eqop, &left, &right)) {
      add_function(facts, left, -1, Origin::opclass);
      add_function(facts, right, -1, Origin::opclass);
    }
  }
  Oid family = InvalidOid;
  Oid input = InvalidOid;
  int16 strategy = 0;
  if (OidIsValid(clause->sortop)) {
    add_function(facts, get_opcode(clause->sortop), -1, Origin::opclass);
    if (get_ordering_op_properties(clause->sortop, &family, &input, &strategy)) {
      add_function(facts, get_opfamily_proc(family, input, input, BTORDER_PROC), -1, Origin::opclass);
      // The sort support function takes an internal argument and is C code of the same family.
    }
  }
}

void add_type_comparison(Facts* facts, Oid type) {
  const TypeCacheEntry* entry = lookup_type_cache(type, TYPECACHE_CMP_PROC);
  add_function(facts, entry->cmp_proc, -1, Origin::opclass);
}

bool walk_entry(RangeTblEntry* entry, Facts* facts);

// The view whose expansion this is; InvalidOid for an ordinary sub-select. A user cannot write such an
// entry: a view in FROM is joined, and no joined view is left after rewriting.
Oid expanded_view(const Query* query) {
  if (list_length(query->rtable) < 2) return InvalidOid;
  const auto* first = static_cast<RangeTblEntry*>(linitial(query->rtable));
  const bool is_old = first->rtekind == RTE_RELATION && first->relkind == RELKIND_VIEW && !first->inFromCl &&
                      first->eref != nullptr && strcmp(first->eref->aliasname, "old") == 0;
  return is_old ? first->relid : InvalidOid;
}

bool walk_query(Query* query, Facts* facts) {
  check_stack_depth();
  if (query->commandType != CMD_SELECT || query->utilityStmt != nullptr || query->resultRelation != 0 ||
      query->hasModifyingCTE) {
    return refuse(facts, "statement_kind", "only SELECT is allowed");
  }
  if (query->rowMarks != NIL || query->hasForUpdate)
    return refuse(facts, "locking_clause", "a locking clause is not allowed");
  if (query->onConflict != nullptr || query->returningList != NIL || query->withCheckOptions != NIL ||
      query->mergeActionList != NIL) {
    return refuse(facts, "statement_kind", "only SELECT is allowed");
  }
  facts->queries.push(query);
  const Oid view = expanded_view(query);
  ListCell* cell;
  int index = 0;
  foreach (cell, query->rtable) {
    // "old" and "new" of a view stand for the view itself, which the outer entry has recorded.
    if (index++ < 2 && OidIsValid(view)) continue;
    if (walk_entry(static_cast<RangeTblEntry*>(lfirst(cell)), facts)) return true;
  }
  return query_tree_walker(query, walk_function(), facts, QTW_IGNORE_RANGE_TABLE | QTW_EXAMINE_SORTGROUP);
}

bool add_column_types(Facts* facts, List* types) {
  ListCell* cell;
  foreach (cell, types) add_type(*facts, lfirst_oid(cell));
  return false;
}

bool walk_entry(RangeTblEntry* entry, Facts* facts) {
  const Oid text_relation = facts->through;
  if (!OidIsValid(text_relation)) facts->through = entry->relid;
  const bool refused_policy = walk(reinterpret_cast<Node*>(entry->securityQuals), facts);
  facts->through = text_relation;
  if (refused_policy) return true;
  switch (entry->rtekind) {
    case RTE_RELATION:
      if (entry->relkind == RELKIND_VIEW) return refuse(facts, "node_not_allowed", "a view was not expanded");
      facts->relations.push(
          {entry->relid, entry->relkind, entry->checkAsUser, entry->securityQuals != NIL, false, facts->through});
      return walk(reinterpret_cast<Node*>(entry->tablesample), facts);
    case RTE_SUBQUERY: {
      if (entry->subquery == nullptr) return refuse(facts, "node_not_allowed", "a sub-select is missing");
      const Oid view = expanded_view(entry->subquery);
      if (OidIsValid(view)) {
        const auto* old = static_cast<RangeTblEntry*>(linitial(entry->subquery->rtable));
        facts->relations.push(
            {view, RELKIND_VIEW, old->checkAsUser, entry->securityQuals != NIL, true, facts->through});
        if (view < guard::kFirstUserOid) return false;  // its classification covers what it reads
        const Oid outer = facts->through;
        if (!OidIsValid(outer)) facts->through = view;
        const bool refused = walk(reinterpret_cast<Node*>(entry->subquery), facts);
        facts->through = outer;
        return refused;
      }
      return walk(reinterpret_cast<Node*>(entry->subquery), facts);
    }
    case RTE_JOIN: return walk(reinterpret_cast<Node*>(entry->joinaliasvars), facts);
    case RTE_FUNCTION: return walk(reinterpret_cast<Node*>(entry->functions), facts);
    case RTE_TABLEFUNC: return walk(reinterpret_cast<Node*>(entry->tablefunc), facts);
    case RTE_VALUES: return walk(reinterpret_cast<Node*>(entry->values_lists), facts);
    case RTE_CTE: return false;
    case RTE_NAMEDTUPLESTORE:
    case RTE_RESULT: break;
  }
  return refuse(facts, "node_not_allowed", "this kind of source is not allowed in FROM");
}

// What a node calls or touches by itself; its children are walked by the caller. True: refused.
bool visit(Node* node, Facts* facts) {
  switch (nodeTag(node)) {
    case T_FuncExpr: {
      const auto* n = reinterpret_cast<FuncExpr*>(node);
      // The expressions of policies and views have lost their places.
      const bool call = n->funcformat == COERCE_EXPLICIT_CALL || n->funcformat == COERCE_SQL_SYNTAX;
      add_function(facts, n->funcid, n->location, Origin::call, call && n->location >= 0);
      if (casts_to_text(n->funcid)) add_text_casts(facts, n->args, n->location);
      if (walk(reinterpret_cast<Node*>(missing_arguments(n->funcid, list_length(n->args))), facts)) return true;
      break;
    }
    case T_Aggref: {
      const auto* n = reinterpret_cast<Aggref*>(node);
      add_function(facts, n->aggfnoid, n->location, Origin::call, n->location >= 0);
      add_aggregate(*facts, n->aggfnoid);
      break;
    }
    case T_WindowFunc: {
      const auto* n = reinterpret_cast<WindowFunc*>(node);
      add_function(facts, n->winfnoid, n->location, Origin::call, n->location >= 0);
      if (n->winagg) add_aggregate(*facts, n->winfnoid);
      break;
    }
    case T_OpExpr:
    case T_DistinctExpr:
    case T_NullIfExpr: {
      const auto* n = reinterpret_cast<OpExpr*>(node);
      add_operator(facts, n->opno, n->location);
      if (casts_to_text(get_opcode(n->opno))) add_text_casts(facts, n->args, n->location);
      break;
    }
    case T_ScalarArrayOpExpr: {
      const auto* n = reinterpret_cast<ScalarArrayOpExpr*>(node);
      add_operator(facts, n->opno, n->location);
      RegProcedure left = InvalidOid;
      RegProcedure right = InvalidOid;
      if (get_op_hash_functions(n->opno, &left, &right)) {  // long lists are looked up by hash
        add_function(facts, left, -1, Origin::opclass);
        add_function(facts, right, -1, Origin::opclass);
      }
      return false;  // boolean
    }
    case T_RowCompareExpr: {
      const auto* n = reinterpret_cast<RowCompareExpr*>(node);
      ListCell* op;
      ListCell* family;
      ListCell* left;
      ListCell* right;
      forfour(op, n->opnos, family, n->opfamilies, left, n->largs, right, n->rargs) {
        add_operator(facts, lfirst_oid(op), -1);
        Oid left_type = InvalidOid;
        Oid right_type = InvalidOid;
        int strategy = 0;
        get_op_opfamily_properties(lfirst_oid(op), lfirst_oid(family), false, &strategy, &left_type, &right_type);
        add_function(facts, get_opfamily_proc(lfirst_oid(family), left_type, right_type, BTORDER_PROC), -1,
                     Origin::opclass);
      }
      return false;
    }
    case T_MinMaxExpr: add_type_comparison(facts, reinterpret_cast<MinMaxExpr*>(node)->minmaxtype); break;
    case T_CoerceViaIO:
      add_type(*facts, exprType(reinterpret_cast<Node*>(reinterpret_cast<CoerceViaIO*>(node)->arg)));
      break;
    case T_SortGroupClause: add_sort(facts, reinterpret_cast<SortGroupClause*>(node)); return false;
    case T_WindowClause: {
      const auto* n = reinterpret_cast<WindowClause*>(node);
      add_function(facts, n->startInRangeFunc, -1, Origin::opclass);
      add_function(facts, n->endInRangeFunc, -1, Origin::opclass);
      return false;
    }
    case T_TableSampleClause:
      add_function(facts, reinterpret_cast<TableSampleClause*>(node)->tsmhandler, -1, Origin::support);
      return false;
    case T_CTECycleClause: {
      const auto* n = reinterpret_cast<CTECycleClause*>(node);
      if (OidIsValid(n->cycle_mark_neop)) add_operator(facts, n->cycle_mark_neop, n->location);
      return false;
    }
    case T_RangeTblFunction: return add_column_types(facts, reinterpret_cast<RangeTblFunction*>(node)->funccoltypes);
    case T_TableFunc: return add_column_types(facts, reinterpret_cast<TableFunc*>(node)->coltypes);
    case T_CommonTableExpr: return add_column_types(facts, reinterpret_cast<CommonTableExpr*>(node)->ctecoltypes);
    case T_SetOperationStmt:
      // expression_tree_walker passes over these.
      return walk(reinterpret_cast<Node*>(reinterpret_cast<SetOperationStmt*>(node)->groupClauses), facts);
    case T_Param: {
      const auto* n = reinterpret_cast<Param*>(node);
      if (n->paramkind != PARAM_EXTERN && n->paramkind != PARAM_SUBLINK)
        return refuse(facts, "node_not_allowed", "an internal parameter", n->location);
      break;
    }
    case T_SubLink:
      if (reinterpret_cast<SubLink*>(node)->subLinkType == MULTIEXPR_SUBLINK)
        return refuse(facts, "node_not_allowed", "an assignment from a sub-select");
      break;
    case T_NextValueExpr: return refuse(facts, "function_never", "a sequence may not be advanced");
    // Expressions that call nothing but what their type brings along.
    case T_Var:
    case T_Const:
    case T_NamedArgExpr:
    case T_GroupingFunc:
    case T_SubscriptingRef:
    case T_BoolExpr:
    case T_FieldSelect:
    case T_RelabelType:
    case T_ArrayCoerceExpr:
    case T_ConvertRowtypeExpr:
    case T_CollateExpr:
    case T_CaseExpr:
    case T_CaseTestExpr:
    case T_ArrayExpr:
    case T_RowExpr:
    case T_CoalesceExpr:
    case T_SQLValueFunction:
    case T_XmlExpr:
    case T_NullTest:
    case T_BooleanTest:
    case T_CoerceToDomain:
    case T_CoerceToDomainValue: break;
    // Structure without a type.
    case T_TargetEntry:
    case T_FromExpr:
    case T_JoinExpr:
    case T_RangeTblRef:
    case T_GroupingSet:
    case T_CTESearchClause:
    case T_List:
    case T_OidList:
    case T_IntList: return false;
    default:
      return refuse(facts, "node_not_allowed",
                    psprintf("this construct is not allowed in tools: node %d", static_cast<int>(nodeTag(node))));
  }
  add_type(*facts, exprType(node));
  return false;
}

bool walk(Node* node, void* context) {
  if (node == nullptr) return false;
  auto* facts = static_cast<Facts*>(context);
  if (IsA(node, Query)) return walk_query(reinterpret_cast<Query*>(node), facts);
  if (visit(node, facts)) return true;
  return expression_tree_walker(node, walk_function(), context);
}

}  // namespace

void collect(Query* query, Facts& facts) {
  if (walk_query(query, &facts)) return;
  // A type's check constraints are expressions as well, and may bring further types: the list grows.
  for (int i = 0; i < facts.types.count; i++) {
    List* expressions = expand_type(facts, facts.types.items[i]);
    if (walk(reinterpret_cast<Node*>(expressions), &facts)) return;
  }
}

}  // namespace pgops::pg::analysis
