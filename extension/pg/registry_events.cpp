// extension/pg: change notices of the registry, and the judgement of run_as roles. See registry_events.hpp.
#include "extension/pg/door.hpp"
#include "extension/pg/registry_events.hpp"

#include "extension/pg/spi.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "utils/acl.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

namespace pgops::pg {

namespace {

std::uint64_t generation = 1;
Oid watched = InvalidOid;
bool registered = false;

// Called by the server while it takes notices; touches nothing but a counter.
void on_relation_change(Datum /*argument*/, Oid relation) {
  if (relation == InvalidOid || relation == watched || watched == InvalidOid) generation++;
}

Oid asset_store() {
  return call([] {
    const Oid schema = get_namespace_oid("ops", true);
    return OidIsValid(schema) ? get_relname_relid("asset_store", schema) : InvalidOid;
  });
}

bool allowed_by_admin(const std::string& role, Oid oid) {
  const spi::OwnerScope owner;
  const auto rows =
      spi::query("SELECT 1 FROM ops.allowed_run_as r WHERE r.role_name = $1 AND r.role_oid::pg_catalog.oid = $2",
                 {spi::text(role), spi::oid(oid)});
  return !rows.empty();
}

}  // namespace

std::uint64_t registry_generation() {
  if (!registered) {
    call([] { CacheRegisterRelcacheCallback(on_relation_change, static_cast<Datum>(0)); });
    registered = true;
  }
  call([] { AcceptInvalidationMessages(); });
  const Oid now = asset_store();
  if (now != watched) {
    watched = now;
    generation++;
  }
  return generation;
}

void registry_changed() {
  const Oid relation = asset_store();
  if (!OidIsValid(relation)) return;
  call([=] { CacheInvalidateRelcacheByRelid(relation); });
}

bool is_member(std::uint32_t role, const std::string& of) {
  const char* name = of.c_str();
  return call([=] {
    const Oid group = get_role_oid(name, true);
    return OidIsValid(group) && has_privs_of_role(role, group);
  });
}

RunAs judge_run_as(const std::string& role, bool system_tenant) {
  RunAs out;
  const char* name = role.c_str();
  struct Attributes {
    Oid oid;
    bool super;
    bool bypass;
    bool createrole;
    bool reads_all;
  } found = {};
  Attributes* into = &found;
  call([=] {
    HeapTuple tuple = SearchSysCache1(AUTHNAME, CStringGetDatum(name));
    if (!HeapTupleIsValid(tuple)) return;
    const auto* form = reinterpret_cast<Form_pg_authid>(GETSTRUCT(tuple));
    into->oid = form->oid;
    into->super = form->rolsuper;
    into->bypass = form->rolbypassrls;
    into->createrole = form->rolcreaterole;
    ReleaseSysCache(tuple);
    into->reads_all = has_privs_of_role(into->oid, ROLE_PG_READ_ALL_DATA) ||
                      has_privs_of_role(into->oid, ROLE_PG_WRITE_ALL_DATA) ||
                      has_privs_of_role(into->oid, ROLE_PG_READ_SERVER_FILES) ||
                      has_privs_of_role(into->oid, ROLE_PG_WRITE_SERVER_FILES) ||
                      has_privs_of_role(into->oid, ROLE_PG_EXECUTE_SERVER_PROGRAM);
  });
  if (found.oid == InvalidOid) {
    out.refusal = "there is no such role";
  } else if (found.super || found.bypass || found.createrole || found.reads_all) {
    out.refusal = "it could read or write past row-level security";
  } else if (role == "ops_stats") {
    if (!system_tenant) out.refusal = "only tools of tenant system run as ops_stats";
  } else if (role != "ops_tool" && !allowed_by_admin(role, found.oid)) {
    out.refusal = "no admin has registered it";
  }
  out.oid = found.oid;
  return out;
}

}  // namespace pgops::pg
