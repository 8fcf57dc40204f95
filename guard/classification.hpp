// guard: lookups in the classification of the server's own functions and relations.
//
// The data files beside this header hold one row for each. What is not found is not allowed: the
// callers treat `nullopt` as a refusal.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pgops::guard {

enum class Class : std::uint8_t {
  all,      // any tool
  monitor,  // tools of tenant system that run as ops_stats
  never,    // nobody, and no allow-list lifts it
};

struct Classified {
  Class cls;
  std::string_view group;  // why, for monitor and never; "-" otherwise
};

// OIDs below 10000 are fixed for a major version; those from 10000 to 16383 are initdb's own.
constexpr std::uint32_t kFirstInitdbOid = 10000;
constexpr std::uint32_t kFirstUserOid = 16384;

std::optional<Classified> classify_function(std::uint32_t oid) noexcept;
// "name(argtypes)" or "schema.name(argtypes)" as in builtin_functions.tsv; initdb's functions only.
std::optional<Classified> classify_initdb_function(std::string_view signature) noexcept;
// "schema.name"
std::optional<Classified> classify_relation(std::string_view name) noexcept;
// Set when no overload of the bare name is for all; the weakest class of its overloads.
std::optional<Classified> refused_name(std::string_view name) noexcept;

// "it changes settings of the session": completes "function x is never allowed: ..."
std::string_view group_reason(std::string_view group) noexcept;

}  // namespace pgops::guard
