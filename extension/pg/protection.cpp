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
#include "nodes/nodes.h"
#include "optimizer/optimizer.h"
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

// What the restrictive policy says, as text in server memory; `column` is nullptr when there is none.
struct PolicyParts {
  const char* column = nullptr;
  const char* quoted = nullptr;
  Oid type = InvalidOid;
  const char* qual = nullptr;
  const char* check = nullptr;
  bool everyone = false;
};

const char* deparse(Expr* expression, Oid relation) {
  if (expression == nullptr) return nullptr;
  text* tree = cstring_to_text(nodeToString(expression));
  return TextDatumGetCString(DirectFunctionCall2(pg_get_expr, PointerGetDatum(tree), ObjectIdGetDatum(relation)));
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

// Runs inside the exit door, with search_path = pg_catalog and quote_all_identifiers = off: the printed form
// depends on them.
PolicyParts read_policy(Oid relation_oid, Oid role) {
  PolicyParts parts;
  Relation relation = try_relation_open(relation_oid, AccessShareLock);
  if (relation == nullptr) return parts;
  const bool enabled = relation->rd_rel->relrowsecurity && relation->rd_rsdesc != nullptr &&
                       (!OidIsValid(role) || check_enable_rls(relation_oid, role, true) == RLS_ENABLED);
  if (enabled) {
    ListCell* cell;
    foreach (cell, relation->rd_rsdesc->policies) {
      auto* policy = static_cast<RowSecurityPolicy*>(lfirst(cell));
      if (policy->permissive || policy->polcmd != '*' || policy->qual == nullptr ||
          kRestrictivePolicy != policy->policy_name || !applies_to(policy, role, &parts.everyone)) {
        continue;
      }
      // Our expression reads one column of the table; its sub-select none.
      Bitmapset* columns = nullptr;
      pull_varattnos(reinterpret_cast<Node*>(policy->qual), 1, &columns);
      int member = -1;
      if (!bms_get_singleton_member(columns, &member)) break;
      const auto number = static_cast<AttrNumber>(member + FirstLowInvalidHeapAttributeNumber);
      if (number <= 0) break;
      parts.qual = deparse(policy->qual, relation_oid);
      parts.check = policy->with_check_qual == nullptr ? parts.qual : deparse(policy->with_check_qual, relation_oid);
      parts.type = get_atttype(relation_oid, number);
      parts.column = get_attname(relation_oid, number, false);
      parts.quoted = quote_identifier(parts.column);
      break;
    }
  }
  relation_close(relation, AccessShareLock);
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
  GucScope settings;
  settings.set("search_path", "pg_catalog, pg_temp");
  settings.set("quote_all_identifiers", "off");
  PolicyParts parts;
  call([&] { parts = read_policy(relation, role); });
  if (parts.column == nullptr) return std::nullopt;
  const auto expected = policy_expression(parts.type, parts.quoted);
  if (!expected || *expected != parts.qual || *expected != parts.check) return std::nullopt;
  return TenantPolicy{parts.column, parts.everyone};
}

bool is_shared_table(std::uint32_t relation) {
  MemoryScope memory("pg_ops sharing");
  return call([=] { return read_shared(relation); });
}

void announce_protection_change(std::uint32_t relation) {
  call([=] { CacheInvalidateRelcacheByRelid(relation); });
}

}  // namespace pgops::pg
