// extension/pg: memory, role and setting scopes. See memory.hpp.
#include "extension/pg/door.hpp"
#include "extension/pg/memory.hpp"

extern "C" {
#include "access/xact.h"
#include "access/xlog.h"
#include "utils/acl.h"
#include "utils/guc.h"
}

namespace pgops::pg {

MemoryScope::MemoryScope(const char* static_name) : context_(nullptr), previous_(CurrentMemoryContext) {
  // AllocSetContextCreate's macro wants a literal; the function behind it only a pointer that lives.
  context_ =
      call([=] { return AllocSetContextCreateInternal(CurrentMemoryContext, static_name, ALLOCSET_DEFAULT_SIZES); });
  MemoryContextSwitchTo(static_cast<MemoryContext>(context_));
}

MemoryScope::~MemoryScope() {
  MemoryContextSwitchTo(static_cast<MemoryContext>(previous_));
  MemoryContextDelete(static_cast<MemoryContext>(context_));
}

void MemoryScope::reset() { MemoryContextReset(static_cast<MemoryContext>(context_)); }

RoleScope::RoleScope(std::uint32_t role) noexcept : user_(0), context_(0) {
  Oid user = InvalidOid;
  GetUserIdAndSecContext(&user, &context_);
  user_ = user;
  SetUserIdAndSecContext(role, context_ | SECURITY_LOCAL_USERID_CHANGE);
}

RoleScope::~RoleScope() { SetUserIdAndSecContext(user_, context_); }

GucScope::GucScope() noexcept : level_(NewGUCNestLevel()) {}

GucScope::~GucScope() { AtEOXact_GUC(true, level_); }

void GucScope::set(const char* name, const char* value) {
  call([=] { (void)set_config_option(name, value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false); });
}

std::uint32_t role_oid(const char* name) {
  return call([=] { return get_role_oid(name, true); });
}

std::uint32_t database_oid() noexcept { return MyDatabaseId; }

bool in_transaction() noexcept { return IsTransactionState(); }

bool is_standby() noexcept { return RecoveryInProgress(); }
bool is_read_only() noexcept { return XactReadOnly; }

}  // namespace pgops::pg
