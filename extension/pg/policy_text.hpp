// extension/pg: the one place that knows the text of our row-level security policy on application tables.
//
// The text is exactly what the server prints for the stored policy (pg_get_expr under search_path =
// pg_catalog), so "is this table protected?" is a comparison of two strings: any other operator,
// function or column prints differently. Names of the policies are fixed as well.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgops::pg {

inline constexpr std::string_view kRestrictivePolicy = "pg_ops_tenant";
inline constexpr std::string_view kPermissivePolicy = "pg_ops_rows";

// `column_type` is the OID of a built-in type, `quoted_column` the identifier as SQL spells it. nullopt
// for a type that no tenant column can have. A tenant whose text is not the canonical form of a uuid or
// integer gives NULL, hence no rows and no error; other spellings of the same value (upper case, leading
// zeros) give no rows either, since they name another tenant.
std::optional<std::string> policy_expression(std::uint32_t column_type, std::string_view quoted_column);

}  // namespace pgops::pg
