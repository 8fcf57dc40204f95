// extension/pg: SQL from C++ through SPI. Free of postgres.h.
//
// Parameters and results travel as text through the types' own input and output functions. Plans are
// kept for the backend's life, keyed by statement text: pass string literals, never built text.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgops::pg::spi {

enum class Type : std::uint8_t { text, name, int4, int8, boolean, jsonb, uuid, timestamptz, oid, text_array };

struct Param {
  Type type;
  std::optional<std::string> value;  // text form; nullopt = NULL
};

inline Param text(std::string_view v) { return {Type::text, std::string(v)}; }
inline Param text(const std::string& v) { return {Type::text, v}; }
inline Param text(const char* v) { return {Type::text, std::string(v)}; }
inline Param text(const std::optional<std::string>& v) { return {Type::text, v}; }
inline Param jsonb(std::string_view v) { return {Type::jsonb, std::string(v)}; }
inline Param uuid(std::string_view v) { return {Type::uuid, std::string(v)}; }
inline Param int4(std::int32_t v) { return {Type::int4, std::to_string(v)}; }
inline Param int8(std::int64_t v) { return {Type::int8, std::to_string(v)}; }
inline Param boolean(bool v) { return {Type::boolean, std::string(v ? "true" : "false")}; }
inline Param oid(std::uint32_t v) { return {Type::oid, std::to_string(v)}; }
inline Param timestamptz(std::string_view v) { return {Type::timestamptz, std::string(v)}; }

using Row = std::vector<std::optional<std::string>>;

struct Rows {
  std::vector<std::string> columns;
  std::vector<Row> rows;
  std::uint64_t processed = 0;
  bool empty() const noexcept { return rows.empty(); }
};

enum class Access : std::uint8_t {
  read,   // a snapshot taken now, also under REPEATABLE READ and in READ ONLY transactions
  write,  // an ordinary statement of the caller's transaction
};

// Runs one statement (connects and finishes SPI around it). Errors: pg::Error of the statement.
// search_path must be pinned by the caller's scope (pg::GucScope) or the statement fully qualified,
// operators included; run inside pg::OwnerScope for our own tables.
Rows query(const char* statement, std::initializer_list<Param> params = {}, Access access = Access::read,
           long limit = 0);

// The scope in which statements over our own tables run: role ops_owner, search_path pg_catalog,
// row_security on, standard_conforming_strings on. The tenant is set by tenancy::TenantScope.
class OwnerScope {
 public:
  OwnerScope();
  ~OwnerScope();
  OwnerScope(const OwnerScope&) = delete;
  OwnerScope& operator=(const OwnerScope&) = delete;

 private:
  int guc_level_;
  std::uint32_t user_;
  int security_context_;
};

}  // namespace pgops::pg::spi
