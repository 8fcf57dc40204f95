// extension/pg: outer user, role memberships, and scans of the tenancy tables. See identity.hpp.
//
// Relations are looked up by name in schema ops each time something is loaded; callers cache what they
// read and compare generation(), so the hot path never comes here.
#include "extension/pg/identity.hpp"

#include "extension/pg/door.hpp"
#include "extension/pg/guc.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_auth_members.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_collation.h"
#include "utils/acl.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
}

namespace pgops::pg::identity {

namespace {

constexpr const char* kSchema = "ops";
constexpr const char* kTenants = "tenant_store";
constexpr const char* kMembers = "membership_store";

// Column numbers, as sql/10_tenancy.sql creates them.
enum TenantColumn : AttrNumber { kTenantId = 1, kTenantDropped = 5 };
enum MemberColumn : AttrNumber {
  kMemberTenant = 1,
  kMemberRole = 2,
  kMemberName = 3,
  kMemberAccess = 4,
  kMemberDefault = 5,
  kMemberGranted = 6,
};

std::uint64_t current_generation = 1;
bool callbacks_registered = false;
Oid watched_tenants = InvalidOid;
Oid watched_members = InvalidOid;

extern "C" {
void pgops_tenancy_relcache_callback(Datum /*arg*/, Oid relation) {
  if (relation == InvalidOid || relation == watched_tenants || relation == watched_members) current_generation++;
}
void pgops_tenancy_role_callback(Datum /*arg*/, int /*cache*/, uint32 /*hash*/) { current_generation++; }
}

// A relation of ours, open, with one of its indexes.
struct OpenTable {
  Relation relation;
  Oid index;
};

// Runs inside the exit door. `index_name` may be nullptr.
OpenTable open_table(const char* name, const char* index_name) {
  const Oid schema = get_namespace_oid(kSchema, true);
  const Oid table = OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
  if (!OidIsValid(table)) {
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("INTERNAL_ERROR: the tables of pg_ops are missing"),
                    errhint("Create the extension in this database: CREATE EXTENSION pg_ops;")));
  }
  if (strcmp(name, kTenants) == 0) {
    watched_tenants = table;
  } else {
    watched_members = table;
  }
  return {table_open(table, AccessShareLock),
          index_name == nullptr ? InvalidOid : get_relname_relid(index_name, schema)};
}

// The whole of a scan happens inside one exit door; rows are handed over as plain pointers that are
// valid during the call of `take` only, which must not throw.
template <class Take>
void scan(const char* table_name, const char* index_name, ScanKeyData* keys, int key_count, Take take) {
  const OpenTable table = open_table(table_name, index_name);
  SysScanDesc desc = systable_beginscan(table.relation, table.index, OidIsValid(table.index), nullptr, key_count, keys);
  HeapTuple tuple;
  while (HeapTupleIsValid(tuple = systable_getnext(desc))) {
    take(tuple, RelationGetDescr(table.relation));
  }
  systable_endscan(desc);
  table_close(table.relation, AccessShareLock);
}

// Server-memory copies of one row of membership_store.
struct RawMembership {
  Oid role;
  const char* tenant;
  const char* member_name;
  const char* access;
  int64 granted_at;
  int64 default_since;
  bool is_default;
  RawMembership* next;
};

struct RawTenant {
  const char* name;
  bool dropped;
  RawTenant* next;
};

RawMembership* read_memberships(Oid role) {
  RawMembership* first = nullptr;
  ScanKeyData key;
  ScanKeyInit(&key, kMemberRole, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(role));
  scan(kMembers, "membership_store_member_idx", &key, 1, [&](HeapTuple tuple, TupleDesc desc) {
    bool null = false;
    auto* row = static_cast<RawMembership*>(palloc0(sizeof(RawMembership)));
    row->role = role;
    row->tenant = TextDatumGetCString(heap_getattr(tuple, kMemberTenant, desc, &null));
    row->member_name = pstrdup(NameStr(*DatumGetName(heap_getattr(tuple, kMemberName, desc, &null))));
    const Datum access = heap_getattr(tuple, kMemberAccess, desc, &null);
    row->access = null ? nullptr : TextDatumGetCString(access);
    const Datum since = heap_getattr(tuple, kMemberDefault, desc, &null);
    row->is_default = !null;
    row->default_since = null ? 0 : DatumGetTimestampTz(since);
    row->granted_at = DatumGetTimestampTz(heap_getattr(tuple, kMemberGranted, desc, &null));
    row->next = first;
    first = row;
  });
  return first;
}

// Every tenant, or the one of that name.
RawTenant* read_tenants(const char* only) {
  RawTenant* first = nullptr;
  ScanKeyData key;
  if (only != nullptr) {
    // The collation must be the index's own, or the search would follow another order.
    ScanKeyEntryInitialize(&key, 0, kTenantId, BTEqualStrategyNumber, InvalidOid, DEFAULT_COLLATION_OID, F_TEXTEQ,
                           CStringGetTextDatum(only));
  }
  scan(kTenants, only != nullptr ? "tenant_store_pkey" : nullptr, &key, only != nullptr ? 1 : 0,
       [&](HeapTuple tuple, TupleDesc desc) {
         bool null = false;
         auto* row = static_cast<RawTenant*>(palloc0(sizeof(RawTenant)));
         row->name = TextDatumGetCString(heap_getattr(tuple, kTenantId, desc, &null));
         (void)heap_getattr(tuple, kTenantDropped, desc, &null);
         row->dropped = !null;
         row->next = first;
         first = row;
       });
  return first;
}

void set_tenant(std::string_view tenant, GucAction action) {
  const std::string value(tenant);
  const char* text = value.c_str();
  if (guc::tenant == nullptr) {
    raise(Code::internal_error, "pg_ops is not preloaded, so no tenant can be set", {},
          "Add pg_ops to shared_preload_libraries and restart the server.");
  }
  call([=] {
    // PGC_SUSET: only this file sets it, after the caller's right was checked.
    (void)set_config_option("pg_ops.tenant", text, PGC_SUSET, PGC_S_SESSION, action, true, 0, false);
  });
}

}  // namespace

std::uint32_t outer_user() noexcept { return GetOuterUserId(); }

bool restricted_operation() noexcept { return InSecurityRestrictedOperation(); }

bool is_superuser(std::uint32_t role) {
  return call([=] { return superuser_arg(role); });
}

std::string role_name(std::uint32_t role) {
  const char* name = call([=] { return GetUserNameFromId(role, true); });
  return name == nullptr ? std::string() : std::string(name);
}

bool has_privileges_of(std::uint32_t role, const char* of) {
  return call([=] {
    const Oid other = get_role_oid(of, true);
    return OidIsValid(other) && has_privs_of_role(role, other);
  });
}

std::vector<std::uint32_t> roles_of(std::uint32_t role) {
  std::vector<std::uint32_t> reached{role};
  for (std::size_t at = 0; at < reached.size(); at++) {
    const Oid member = reached[at];
    struct Groups {
      Oid* oids;
      int count;
    };
    const Groups groups = call([=] {
      CatCList* list = SearchSysCacheList1(AUTHMEMMEMROLE, ObjectIdGetDatum(member));
      Groups found{static_cast<Oid*>(palloc(sizeof(Oid) * static_cast<Size>(list->n_members + 1))), 0};
      for (int i = 0; i < list->n_members; i++) {
        const auto* row = reinterpret_cast<Form_pg_auth_members>(GETSTRUCT(&list->members[i]->tuple));
        // Whether it counts (NOINHERIT on the way) is for the server to say.
        if (has_privs_of_role(role, row->roleid)) found.oids[found.count++] = row->roleid;
      }
      ReleaseSysCacheList(list);
      return found;
    });
    for (int i = 0; i < groups.count; i++) {
      if (std::find(reached.begin(), reached.end(), groups.oids[i]) == reached.end()) {
        reached.push_back(groups.oids[i]);
      }
    }
  }
  return reached;
}

std::vector<Membership> memberships_of(const std::vector<std::uint32_t>& roles) {
  std::vector<Membership> found;
  for (const std::uint32_t role : roles) {
    const std::string name = role_name(role);
    const RawMembership* row = call([=] { return read_memberships(role); });
    for (; row != nullptr; row = row->next) {
      if (name.empty() || name != row->member_name) continue;
      Membership membership;
      membership.role = role;
      membership.tenant = row->tenant;
      if (row->access != nullptr) membership.access = row->access;
      membership.granted_at = row->granted_at;
      if (row->is_default) membership.default_since = row->default_since;
      found.push_back(std::move(membership));
    }
  }
  return found;
}

TenantState tenant_state(std::string_view tenant) {
  const std::string name(tenant);
  const char* text = name.c_str();
  const RawTenant* row = call([=] { return read_tenants(text); });
  if (row == nullptr) return TenantState::unknown;
  return row->dropped ? TenantState::dropped : TenantState::active;
}

std::vector<std::string> all_tenants(bool with_dropped) {
  std::vector<std::string> names;
  for (const RawTenant* row = call([] { return read_tenants(nullptr); }); row != nullptr; row = row->next) {
    if (with_dropped || !row->dropped) names.emplace_back(row->name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::uint64_t generation() {
  if (!callbacks_registered) {
    call([] {
      CacheRegisterRelcacheCallback(pgops_tenancy_relcache_callback, static_cast<Datum>(0));
      CacheRegisterSyscacheCallback(AUTHOID, pgops_tenancy_role_callback, static_cast<Datum>(0));
      CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, pgops_tenancy_role_callback, static_cast<Datum>(0));
    });
    callbacks_registered = true;
  }
  // The server looks for invalidations at the start of a transaction and when it takes a lock; a request
  // answered from our cache does neither, and a right revoked meanwhile must be gone.
  call([] { AcceptInvalidationMessages(); });
  return current_generation;
}

void announce_change() {
  call([] {
    const Oid schema = get_namespace_oid(kSchema, false);
    for (const char* name : {kTenants, kMembers}) {
      CacheInvalidateRelcacheByRelid(get_relname_relid(name, schema));
    }
  });
}

const char* current_tenant() noexcept {
  return guc::tenant != nullptr && guc::tenant[0] != '\0' ? guc::tenant : nullptr;
}

void set_tenant_local(std::string_view tenant) { set_tenant(tenant, GUC_ACTION_LOCAL); }

void set_tenant_for_function(std::string_view tenant) { set_tenant(tenant, GUC_ACTION_SAVE); }

void pin_settings_for_function() {
  call([] {
    (void)set_config_option("row_security", "on", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
  });
}

void warn_outside_transaction(const char* what) {
  call([=] {
    if (!IsInTransactionBlock(true)) {
      ereport(WARNING,
              (errcode(ERRCODE_NO_ACTIVE_SQL_TRANSACTION), errmsg("%s can only be used in transaction blocks", what)));
    }
  });
}

}  // namespace pgops::pg::identity
