// guard: see nodes.hpp. Absent on purpose: INTO, locking clauses, INSERT, UPDATE, DELETE, DEFAULT,
// CURRENT OF, and every utility statement.
#include "guard/nodes.hpp"

#include <algorithm>

namespace pgops::guard {
namespace {

constexpr auto kScalar = FieldKind::scalar;
constexpr auto kNode = FieldKind::node;
constexpr auto kList = FieldKind::list;
constexpr auto kTyped = FieldKind::typed;

constexpr Field kAArrayExprFields[] = {
    {"elements", kList, {}},
    {"location", kScalar, {}},
};
constexpr Field kAConstFields[] = {
    {"ival", kTyped, "Integer"}, {"fval", kTyped, "Float"},      {"boolval", kTyped, "Boolean"},
    {"sval", kTyped, "String"},  {"bsval", kTyped, "BitString"}, {"isnull", kScalar, {}},
    {"location", kScalar, {}},
};
constexpr Field kAExprFields[] = {
    {"kind", kScalar, {}}, {"name", kList, {}}, {"lexpr", kNode, {}}, {"rexpr", kNode, {}}, {"location", kScalar, {}},
};
constexpr Field kAIndicesFields[] = {
    {"is_slice", kScalar, {}},
    {"lidx", kNode, {}},
    {"uidx", kNode, {}},
};
constexpr Field kAIndirectionFields[] = {
    {"arg", kNode, {}},
    {"indirection", kList, {}},
};
constexpr Field kAliasFields[] = {
    {"aliasname", kScalar, {}},
    {"colnames", kList, {}},
};
constexpr Field kBitStringFields[] = {
    {"bsval", kScalar, {}},
};
constexpr Field kBoolExprFields[] = {
    {"boolop", kScalar, {}},
    {"args", kList, {}},
    {"location", kScalar, {}},
};
constexpr Field kBooleanFields[] = {
    {"boolval", kScalar, {}},
};
constexpr Field kBooleanTestFields[] = {
    {"arg", kNode, {}},
    {"booltesttype", kScalar, {}},
    {"location", kScalar, {}},
};
constexpr Field kCTECycleClauseFields[] = {
    {"cycle_col_list", kList, {}},     {"cycle_mark_column", kScalar, {}}, {"cycle_mark_value", kNode, {}},
    {"cycle_mark_default", kNode, {}}, {"cycle_path_column", kScalar, {}}, {"location", kScalar, {}},
};
constexpr Field kCTESearchClauseFields[] = {
    {"search_col_list", kList, {}},
    {"search_breadth_first", kScalar, {}},
    {"search_seq_column", kScalar, {}},
    {"location", kScalar, {}},
};
constexpr Field kCaseExprFields[] = {
    {"arg", kNode, {}},
    {"args", kList, {}},
    {"defresult", kNode, {}},
    {"location", kScalar, {}},
};
constexpr Field kCaseWhenFields[] = {
    {"expr", kNode, {}},
    {"result", kNode, {}},
    {"location", kScalar, {}},
};
constexpr Field kCoalesceExprFields[] = {
    {"args", kList, {}},
    {"location", kScalar, {}},
};
constexpr Field kCollateClauseFields[] = {
    {"arg", kNode, {}},
    {"collname", kList, {}},
    {"location", kScalar, {}},
};
constexpr Field kColumnDefFields[] = {
    {"colname", kScalar, {}},  {"typeName", kTyped, "TypeName"},
    {"is_local", kScalar, {}}, {"collClause", kTyped, "CollateClause"},
    {"location", kScalar, {}},
};
constexpr Field kColumnRefFields[] = {
    {"fields", kList, {}},
    {"location", kScalar, {}},
};
constexpr Field kCommonTableExprFields[] = {
    {"ctename", kScalar, {}},
    {"aliascolnames", kList, {}},
    {"ctematerialized", kScalar, {}},
    {"ctequery", kNode, {}},
    {"search_clause", kTyped, "CTESearchClause"},
    {"cycle_clause", kTyped, "CTECycleClause"},
    {"location", kScalar, {}},
};
constexpr Field kFloatFields[] = {
    {"fval", kScalar, {}},
};
constexpr Field kFuncCallFields[] = {
    {"funcname", kList, {}},     {"args", kList, {}},           {"agg_order", kList, {}},
    {"agg_filter", kNode, {}},   {"over", kTyped, "WindowDef"}, {"agg_within_group", kScalar, {}},
    {"agg_star", kScalar, {}},   {"agg_distinct", kScalar, {}}, {"func_variadic", kScalar, {}},
    {"funcformat", kScalar, {}}, {"location", kScalar, {}},
};
constexpr Field kGroupingFuncFields[] = {
    {"args", kList, {}},
    {"location", kScalar, {}},
};
constexpr Field kGroupingSetFields[] = {
    {"kind", kScalar, {}},
    {"content", kList, {}},
    {"location", kScalar, {}},
};
constexpr Field kIntegerFields[] = {
    {"ival", kScalar, {}},
};
constexpr Field kJoinExprFields[] = {
    {"jointype", kScalar, {}}, {"isNatural", kScalar, {}}, {"larg", kNode, {}},
    {"rarg", kNode, {}},       {"usingClause", kList, {}}, {"join_using_alias", kTyped, "Alias"},
    {"quals", kNode, {}},      {"alias", kTyped, "Alias"}, {"rtindex", kScalar, {}},
};
constexpr Field kListFields[] = {
    {"items", kList, {}},
};
constexpr Field kMinMaxExprFields[] = {
    {"op", kScalar, {}},
    {"args", kList, {}},
    {"location", kScalar, {}},
};
constexpr Field kNamedArgExprFields[] = {
    {"arg", kNode, {}},
    {"name", kScalar, {}},
    {"argnumber", kScalar, {}},
    {"location", kScalar, {}},
};
constexpr Field kNullTestFields[] = {
    {"arg", kNode, {}},
    {"nulltesttype", kScalar, {}},
    {"argisrow", kScalar, {}},
    {"location", kScalar, {}},
};
constexpr Field kParamRefFields[] = {
    {"number", kScalar, {}},
    {"location", kScalar, {}},
};
constexpr Field kRangeFunctionFields[] = {
    {"lateral", kScalar, {}}, {"ordinality", kScalar, {}}, {"is_rowsfrom", kScalar, {}},
    {"functions", kList, {}}, {"alias", kTyped, "Alias"},  {"coldeflist", kList, {}},
};
constexpr Field kRangeSubselectFields[] = {
    {"lateral", kScalar, {}},
    {"subquery", kNode, {}},
    {"alias", kTyped, "Alias"},
};
constexpr Field kRangeTableFuncFields[] = {
    {"lateral", kScalar, {}}, {"docexpr", kNode, {}},     {"rowexpr", kNode, {}},    {"namespaces", kList, {}},
    {"columns", kList, {}},   {"alias", kTyped, "Alias"}, {"location", kScalar, {}},
};
constexpr Field kRangeTableFuncColFields[] = {
    {"colname", kScalar, {}},     {"typeName", kTyped, "TypeName"}, {"for_ordinality", kScalar, {}},
    {"is_not_null", kScalar, {}}, {"colexpr", kNode, {}},           {"coldefexpr", kNode, {}},
    {"location", kScalar, {}},
};
constexpr Field kRangeTableSampleFields[] = {
    {"relation", kNode, {}},   {"method", kList, {}},     {"args", kList, {}},
    {"repeatable", kNode, {}}, {"location", kScalar, {}},
};
constexpr Field kRangeVarFields[] = {
    {"catalogname", kScalar, {}},    {"schemaname", kScalar, {}}, {"relname", kScalar, {}},  {"inh", kScalar, {}},
    {"relpersistence", kScalar, {}}, {"alias", kTyped, "Alias"},  {"location", kScalar, {}},
};
constexpr Field kRawStmtFields[] = {
    {"stmt", kNode, {}},
    {"stmt_location", kScalar, {}},
    {"stmt_len", kScalar, {}},
};
constexpr Field kResTargetFields[] = {
    {"name", kScalar, {}},
    {"indirection", kList, {}},
    {"val", kNode, {}},
    {"location", kScalar, {}},
};
constexpr Field kRowExprFields[] = {
    {"args", kList, {}},
    {"row_format", kScalar, {}},
    {"colnames", kList, {}},
    {"location", kScalar, {}},
};
constexpr Field kSQLValueFunctionFields[] = {
    {"op", kScalar, {}},
    {"typmod", kScalar, {}},
    {"location", kScalar, {}},
};
constexpr Field kSelectStmtFields[] = {
    {"distinctClause", kList, {}},
    {"targetList", kList, {}},
    {"fromClause", kList, {}},
    {"whereClause", kNode, {}},
    {"groupClause", kList, {}},
    {"groupDistinct", kScalar, {}},
    {"havingClause", kNode, {}},
    {"windowClause", kList, {}},
    {"valuesLists", kList, {}},
    {"sortClause", kList, {}},
    {"limitOffset", kNode, {}},
    {"limitCount", kNode, {}},
    {"limitOption", kScalar, {}},
    {"withClause", kTyped, "WithClause"},
    {"op", kScalar, {}},
    {"all", kScalar, {}},
    {"larg", kTyped, "SelectStmt"},
    {"rarg", kTyped, "SelectStmt"},
};
constexpr Field kSortByFields[] = {
    {"node", kNode, {}},  {"sortby_dir", kScalar, {}}, {"sortby_nulls", kScalar, {}},
    {"useOp", kList, {}}, {"location", kScalar, {}},
};
constexpr Field kStringFields[] = {
    {"sval", kScalar, {}},
};
constexpr Field kSubLinkFields[] = {
    {"subLinkType", kScalar, {}}, {"subLinkId", kScalar, {}}, {"testexpr", kNode, {}},
    {"operName", kList, {}},      {"subselect", kNode, {}},   {"location", kScalar, {}},
};
constexpr Field kTypeCastFields[] = {
    {"arg", kNode, {}},
    {"typeName", kTyped, "TypeName"},
    {"location", kScalar, {}},
};
constexpr Field kTypeNameFields[] = {
    {"names", kList, {}},     {"setof", kScalar, {}},     {"pct_type", kScalar, {}}, {"typmods", kList, {}},
    {"typemod", kScalar, {}}, {"arrayBounds", kList, {}}, {"location", kScalar, {}},
};
constexpr Field kWindowDefFields[] = {
    {"name", kScalar, {}},      {"refname", kScalar, {}},      {"partitionClause", kList, {}},
    {"orderClause", kList, {}}, {"frameOptions", kScalar, {}}, {"startOffset", kNode, {}},
    {"endOffset", kNode, {}},   {"location", kScalar, {}},
};
constexpr Field kWithClauseFields[] = {
    {"ctes", kList, {}},
    {"recursive", kScalar, {}},
    {"location", kScalar, {}},
};
constexpr Field kXmlExprFields[] = {
    {"op", kScalar, {}}, {"name", kScalar, {}},      {"named_args", kList, {}}, {"arg_names", kList, {}},
    {"args", kList, {}}, {"xmloption", kScalar, {}}, {"location", kScalar, {}},
};
constexpr Field kXmlSerializeFields[] = {
    {"xmloption", kScalar, {}},
    {"expr", kNode, {}},
    {"typeName", kTyped, "TypeName"},
    {"location", kScalar, {}},
};

// Sorted by name (bytes): node_type searches it.
constexpr NodeInfo kNodes[] = {
    {"A_ArrayExpr", kAArrayExprFields},
    {"A_Const", kAConstFields},
    {"A_Expr", kAExprFields},
    {"A_Indices", kAIndicesFields},
    {"A_Indirection", kAIndirectionFields},
    {"A_Star", {}},
    {"Alias", kAliasFields},
    {"BitString", kBitStringFields},
    {"BoolExpr", kBoolExprFields},
    {"Boolean", kBooleanFields},
    {"BooleanTest", kBooleanTestFields},
    {"CTECycleClause", kCTECycleClauseFields},
    {"CTESearchClause", kCTESearchClauseFields},
    {"CaseExpr", kCaseExprFields},
    {"CaseWhen", kCaseWhenFields},
    {"CoalesceExpr", kCoalesceExprFields},
    {"CollateClause", kCollateClauseFields},
    {"ColumnDef", kColumnDefFields},
    {"ColumnRef", kColumnRefFields},
    {"CommonTableExpr", kCommonTableExprFields},
    {"Float", kFloatFields},
    {"FuncCall", kFuncCallFields},
    {"GroupingFunc", kGroupingFuncFields},
    {"GroupingSet", kGroupingSetFields},
    {"Integer", kIntegerFields},
    {"JoinExpr", kJoinExprFields},
    {"List", kListFields},
    {"MinMaxExpr", kMinMaxExprFields},
    {"NamedArgExpr", kNamedArgExprFields},
    {"NullTest", kNullTestFields},
    {"ParamRef", kParamRefFields},
    {"RangeFunction", kRangeFunctionFields},
    {"RangeSubselect", kRangeSubselectFields},
    {"RangeTableFunc", kRangeTableFuncFields},
    {"RangeTableFuncCol", kRangeTableFuncColFields},
    {"RangeTableSample", kRangeTableSampleFields},
    {"RangeVar", kRangeVarFields},
    {"RawStmt", kRawStmtFields},
    {"ResTarget", kResTargetFields},
    {"RowExpr", kRowExprFields},
    {"SQLValueFunction", kSQLValueFunctionFields},
    {"SelectStmt", kSelectStmtFields},
    {"SortBy", kSortByFields},
    {"String", kStringFields},
    {"SubLink", kSubLinkFields},
    {"TypeCast", kTypeCastFields},
    {"TypeName", kTypeNameFields},
    {"WindowDef", kWindowDefFields},
    {"WithClause", kWithClauseFields},
    {"XmlExpr", kXmlExprFields},
    {"XmlSerialize", kXmlSerializeFields},
};
static_assert(std::ranges::is_sorted(kNodes, {}, &NodeInfo::name));
static_assert(std::size(kNodes) < kNoNode);

constexpr NodeType find_node(std::string_view name) {
  const auto* found = std::ranges::lower_bound(kNodes, name, {}, &NodeInfo::name);
  return found != std::end(kNodes) && found->name == name ? static_cast<NodeType>(found - std::begin(kNodes)) : kNoNode;
}

// Every typed field names a node of the list: a spelling mistake stops the build.
constexpr bool typed_fields_resolve() {
  for (const NodeInfo& node : kNodes) {
    for (const Field& field : node.fields) {
      if (field.kind == kTyped && find_node(field.type_name) == kNoNode) return false;
    }
  }
  return true;
}
static_assert(typed_fields_resolve());

}  // namespace

NodeType node_type(std::string_view name) noexcept { return find_node(name); }

const NodeInfo& node_info(NodeType type) noexcept { return kNodes[type]; }

NodeType typed_field_node(NodeType type, std::size_t field) noexcept {
  return find_node(kNodes[type].fields[field].type_name);
}

}  // namespace pgops::guard
