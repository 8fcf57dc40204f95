// extension/pg/analysis: see protection_cache.hpp.
//
// A fixed table of plain data: the server's invalidation callbacks only clear flags. Policies and sharing
// announce themselves as a change of the relation, memberships as a change of the role catalogs.
#include "extension/pg/analysis/protection_cache.hpp"

#include "extension/pg/door.hpp"
#include "extension/pg/protection.hpp"

extern "C" {
#include "utils/inval.h"
#include "utils/syscache.h"
}

namespace pgops::pg::analysis {

namespace {

struct Entry {
  Oid relation;
  Oid role;
  Protection protection;
  bool valid;
};

constexpr std::size_t kEntries = 256;
Entry entries[kEntries];
std::uint64_t generation = 0;
bool registered = false;

void on_relation_change(Datum /*argument*/, Oid relation) {
  generation++;
  for (Entry& entry : entries) {
    if (!OidIsValid(relation) || entry.relation == relation) entry.valid = false;
  }
}

void on_role_change(Datum /*argument*/, int /*cache*/, uint32 /*hash*/) {
  generation++;
  for (Entry& entry : entries) entry.valid = false;
}

void register_once() {
  if (registered) return;
  call([] {
    CacheRegisterRelcacheCallback(on_relation_change, static_cast<Datum>(0));
    CacheRegisterSyscacheCallback(AUTHOID, on_role_change, static_cast<Datum>(0));
    CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, on_role_change, static_cast<Datum>(0));
  });
  registered = true;
}

}  // namespace

Protection protection_of(Oid relation, Oid role) {
  register_once();
  Entry& entry = entries[(relation * 31U + role) % kEntries];
  if (entry.valid && entry.relation == relation && entry.role == role) return entry.protection;
  const std::uint64_t before = generation;
  Protection protection;
  protection.by_policy = tenant_policy(relation, role).has_value();
  protection.shared = !protection.by_policy && is_shared_table(relation);
  // Something changed while we looked: right for this statement, which holds its lock, not for the next.
  if (generation == before) entry = {relation, role, protection, true};
  return protection;
}

}  // namespace pgops::pg::analysis
