// extension/pg: reading policies through the relation cache. See protection.hpp.
#include "extension/pg/protection.hpp"

#include "extension/pg/door.hpp"
#include "extension/pg/memory.hpp"
#include "extension/pg/policy_text.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_policy.h"
#include "commands/policy.h"
#include "nodes/nodeFuncs.h"
#include "rewrite/rowsecurity.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
}

namespace pgops::pg {

namespace {

constexpr const char* kOff = "row-level security was switched off";
constexpr const char* kGone = "policy pg_ops_tenant was dropped";
constexpr const char* kAltered = "policy pg_ops_tenant was altered";
constexpr const char* kRowsGone = "policy pg_ops_rows was dropped or altered";
constexpr const char* kNotNamed = "policy pg_ops_tenant does not name the role";
constexpr const char* kBypassed =
    "row-level security does not bind the role: it is a superuser, has BYPASSRLS, or owns the table without FORCE";

// What our two policies say, as text in server memory; static texts for what is wrong. `column` is nullptr
// when there is no restriction to compare.
struct PolicyParts {
  const char* column = nullptr;
  const char* quoted = nullptr;
  Oid type = InvalidOid;
  const char* qual = nullptr;
  const char* check = nullptr;
  bool everyone = false;
  const char* flaw = "";  // why it does not hold; empty: never protected
};

const char* deparse(Expr* expression, Oid relation) {
  if (expression == nullptr) return nullptr;
  text* tree = cstring_to_text(nodeToString(expression));
  return TextDatumGetCString(DirectFunctionCall2(pg_get_expr, PointerGetDatum(tree), ObjectIdGetDatum(relation)));
}

struct ColumnSearch {
  AttrNumber column = InvalidAttrNumber;
  bool several = false;
};

// The columns of the table itself that an expression reads. Sub-selects of an expression that nobody has planned
// are not entered: ours reads no column.
bool find_column(Node* node, void* context) {
  auto* search = static_cast<ColumnSearch*>(context);
  if (node == nullptr || IsA(node, Query)) return false;
  if (IsA(node, Var)) {
    const auto* var = reinterpret_cast<Var*>(node);
    if (var->varno != 1 || var->varlevelsup != 0) return false;
    search->several = search->several || (search->column != InvalidAttrNumber && search->column != var->varattno);
    search->column = var->varattno;
    return false;
  }
  return expression_tree_walker(node, reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(find_column)), context);
}

bool applies_to(const RowSecurityPolicy* policy, Oid role, bool* everyone) {
  const auto* roles = reinterpret_cast<Oid*>(ARR_DATA_PTR(policy->roles));
  bool applies = !OidIsValid(role);
  for (int i = 0; i < ARR_DIMS(policy->roles)[0]; i++) {
    if (roles[i] == ACL_ID_PUBLIC) {
      *everyone = true;
      applies = true;
    } else if (OidIsValid(role) && has_privs_of_role(role, roles[i])) {
      applies = true;
    }
  }
  return applies;
}

RowSecurityPolicy* find_policy(Relation relation, std::string_view name) {
  if (relation->rd_rsdesc == nullptr) return nullptr;
  ListCell* cell;
  foreach (cell, relation->rd_rsdesc->policies) {
    auto* policy = static_cast<RowSecurityPolicy*>(lfirst(cell));
    if (name == policy->policy_name) return policy;
  }
  return nullptr;
}

// The permissive one, USING (true): without it a tool would be told that there are no rows.
bool shows_rows(const RowSecurityPolicy* policy, Oid role) {
  bool everyone = false;
  if (policy == nullptr || !policy->permissive || policy->polcmd != '*' || !applies_to(policy, role, &everyone)) {
    return false;
  }
  const auto* value = reinterpret_cast<const Const*>(policy->qual);
  return policy->qual != nullptr && IsA(value, Const) && !value->constisnull && DatumGetBool(value->constvalue);
}

const char* find_flaw(Relation relation, Oid role, PolicyParts* parts) {
  const Oid oid = RelationGetRelid(relation);
  if (!relation->rd_rel->relrowsecurity) {  // then no policies are in the relation cache
    return OidIsValid(get_relation_policy_oid(oid, kRestrictivePolicy.data(), true)) ? kOff : "";
  }
  const RowSecurityPolicy* policy = find_policy(relation, kRestrictivePolicy);
  if (policy == nullptr) return find_policy(relation, kPermissivePolicy) == nullptr ? "" : kGone;
  if (policy->permissive || policy->polcmd != '*' || policy->qual == nullptr) return kAltered;
  if (OidIsValid(role) && check_enable_rls(oid, role, true) != RLS_ENABLED) return kBypassed;
  if (!applies_to(policy, role, &parts->everyone)) return kNotNamed;
  if (!shows_rows(find_policy(relation, kPermissivePolicy), role)) return kRowsGone;
  // Our expression reads one column of the table; its sub-select none.
  ColumnSearch search;
  (void)find_column(reinterpret_cast<Node*>(policy->qual), &search);
  const AttrNumber number = search.column;
  if (search.several || number <= 0) return kAltered;
  parts->qual = deparse(policy->qual, oid);
  parts->check = policy->with_check_qual == nullptr ? parts->qual : deparse(policy->with_check_qual, oid);
  parts->type = get_atttype(oid, number);
  parts->column = get_attname(oid, number, false);
  parts->quoted = quote_identifier(parts->column);
  return nullptr;
}

// Runs inside the exit door, with search_path = pg_catalog and quote_all_identifiers = off: the printed form
// depends on them.
PolicyParts read_policy(Oid relation_oid, Oid role) {
  PolicyParts parts;
  Relation relation = try_relation_open(relation_oid, AccessShareLock);
  if (relation == nullptr) return parts;
  parts.flaw = find_flaw(relation, role, &parts);
  relation_close(relation, AccessShareLock);
  return parts;
}

// As read_policy(), and a restriction of other words than ours is a flaw too.
PolicyParts judge_policy(Oid relation, Oid role) {
  GucScope settings;
  settings.set("search_path", "pg_catalog, pg_temp");
  settings.set("quote_all_identifiers", "off");
  PolicyParts parts;
  call([&] { parts = read_policy(relation, role); });
  if (parts.flaw != nullptr) return parts;
  const auto expected = policy_expression(parts.type, parts.quoted);
  if (!expected || *expected != parts.qual || *expected != parts.check) parts.flaw = kAltered;
  return parts;
}

bool read_shared(Oid relation) {
  const Oid schema = get_namespace_oid("ops", true);
  const Oid marks = OidIsValid(schema) ? get_relname_relid("shared_tables", schema) : InvalidOid;
  const char* name = get_rel_name(relation);
  if (!OidIsValid(marks) || name == nullptr) return false;
  const char* rel_schema = get_namespace_name(get_rel_namespace(relation));
  if (rel_schema == nullptr) return false;
  ScanKeyData keys[2];
  ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(rel_schema));
  ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(name));
  Relation table = table_open(marks, AccessShareLock);
  SysScanDesc scan = systable_beginscan(table, get_relname_relid("shared_tables_pkey", schema), true, nullptr, 2, keys);
  bool shared = false;
  HeapTuple tuple;
  while (HeapTupleIsValid(tuple = systable_getnext(scan))) {
    bool null = false;
    const Datum oid = heap_getattr(tuple, 3, RelationGetDescr(table), &null);
    shared = shared || (!null && DatumGetObjectId(oid) == relation);
  }
  systable_endscan(scan);
  table_close(table, AccessShareLock);
  return shared;
}

}  // namespace

std::optional<TenantPolicy> tenant_policy(std::uint32_t relation, std::uint32_t role) {
  MemoryScope memory("pg_ops policy");
  const PolicyParts parts = judge_policy(relation, role);
  if (parts.flaw != nullptr) return std::nullopt;
  return TenantPolicy{parts.column, parts.everyone};
}

std::optional<std::string> protection_flaw(std::uint32_t relation, std::uint32_t role) {
  MemoryScope memory("pg_ops policy");
  const PolicyParts parts = judge_policy(relation, role);
  if (parts.flaw == nullptr) return std::nullopt;
  return parts.flaw;
}

bool is_shared_table(std::uint32_t relation) {
  MemoryScope memory("pg_ops sharing");
  return call([=] { return read_shared(relation); });
}

void announce_protection_change(std::uint32_t relation) {
  call([=] { CacheInvalidateRelcacheByRelid(relation); });
}

}  // namespace pgops::pg
