// extension/pg: scopes of server memory, resource state and role, as RAII. Free of postgres.h.
#pragma once

#include <cstdint>

namespace pgops::pg {

// A child of the current memory context, current while the scope lives, deleted with it. What a request
// allocates in server memory (SPI tuples, detoasted values) goes with its scope.
class MemoryScope {
 public:
  explicit MemoryScope(const char* static_name);
  ~MemoryScope();
  MemoryScope(const MemoryScope&) = delete;
  MemoryScope& operator=(const MemoryScope&) = delete;
  void reset();

 private:
  void* context_;
  void* previous_;
};

// Runs as another role, as a SECURITY DEFINER function does (SECURITY_LOCAL_USERID_CHANGE: SET ROLE and
// SET SESSION AUTHORIZATION are refused meanwhile). Transaction abort restores it as well.
class RoleScope {
 public:
  explicit RoleScope(std::uint32_t role) noexcept;
  ~RoleScope();
  RoleScope(const RoleScope&) = delete;
  RoleScope& operator=(const RoleScope&) = delete;

 private:
  std::uint32_t user_;
  int context_;
};

// A GUC nest level; settings made inside with GUC_ACTION_SAVE are undone at its end.
class GucScope {
 public:
  GucScope() noexcept;
  ~GucScope();
  GucScope(const GucScope&) = delete;
  GucScope& operator=(const GucScope&) = delete;
  // Raises what the setting's check raises. Superuser context: only C++ calls this.
  void set(const char* name, const char* value);

 private:
  int level_;
};

// The OID of a role by name; 0 when there is none.
std::uint32_t role_oid(const char* name);
// The current database's OID.
std::uint32_t database_oid() noexcept;
bool in_transaction() noexcept;
bool is_standby() noexcept;
bool is_read_only() noexcept;  // the transaction; on a standby every one

}  // namespace pgops::pg
