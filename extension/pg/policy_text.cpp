// extension/pg: the policy's text by column type. See policy_text.hpp.
//
// The sub-select is evaluated once per scan; the bare function would be called for every row. An integer is
// compared in the column's own width (comparing an integer with a bigint costs an index look-up 5 %), and a
// tenant beyond its range is NULL: not found, and no error. Equality of all these types is leakproof, so
// indexes on the tenant column serve.
#include "extension/pg/policy_text.hpp"

namespace pgops::pg {

namespace {

// OIDs of built-in types never change.
constexpr std::uint32_t kInt8 = 20;
constexpr std::uint32_t kInt2 = 21;
constexpr std::uint32_t kInt4 = 23;
constexpr std::uint32_t kText = 25;
constexpr std::uint32_t kVarchar = 1043;
constexpr std::uint32_t kUuid = 2950;

constexpr std::string_view kAsText = "( SELECT ops.current_tenant() AS current_tenant)";

constexpr std::string_view kAsUuid = R"(( SELECT
        CASE
            WHEN (ops.current_tenant() ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'::text) THEN (ops.current_tenant())::uuid
            ELSE NULL::uuid
        END AS "case"))";

constexpr std::string_view kAsBigint = R"(( SELECT
        CASE
            WHEN (ops.current_tenant() ~ '^(0|-?[1-9][0-9]{0,18})$'::text) THEN
            CASE
                WHEN (((ops.current_tenant())::numeric >= ('-9223372036854775808'::bigint)::numeric) AND ((ops.current_tenant())::numeric <= ('9223372036854775807'::bigint)::numeric)) THEN (ops.current_tenant())::bigint
                ELSE NULL::bigint
            END
            ELSE NULL::bigint
        END AS "case"))";

constexpr std::string_view kAsInteger = R"(( SELECT
        CASE
            WHEN (ops.current_tenant() ~ '^(0|-?[1-9][0-9]{0,9})$'::text) THEN
            CASE
                WHEN (((ops.current_tenant())::bigint >= '-2147483648'::integer) AND ((ops.current_tenant())::bigint <= 2147483647)) THEN (ops.current_tenant())::integer
                ELSE NULL::integer
            END
            ELSE NULL::integer
        END AS "case"))";

constexpr std::string_view kAsSmallint = R"(( SELECT
        CASE
            WHEN (ops.current_tenant() ~ '^(0|-?[1-9][0-9]{0,4})$'::text) THEN
            CASE
                WHEN (((ops.current_tenant())::integer >= '-32768'::integer) AND ((ops.current_tenant())::integer <= 32767)) THEN (ops.current_tenant())::smallint
                ELSE NULL::smallint
            END
            ELSE NULL::smallint
        END AS "case"))";

std::string equation(std::string_view left, std::string_view right) {
  std::string out = "(";
  out += left;
  out += " = ";
  out += right;
  out += ")";
  return out;
}

}  // namespace

std::optional<std::string> policy_expression(std::uint32_t column_type, std::string_view quoted_column) {
  switch (column_type) {
    case kText: return equation(quoted_column, kAsText);
    case kVarchar: return equation("(" + std::string(quoted_column) + ")::text", kAsText);
    case kUuid: return equation(quoted_column, kAsUuid);
    case kInt2: return equation(quoted_column, kAsSmallint);
    case kInt4: return equation(quoted_column, kAsInteger);
    case kInt8: return equation(quoted_column, kAsBigint);
    default: return std::nullopt;
  }
}

}  // namespace pgops::pg
