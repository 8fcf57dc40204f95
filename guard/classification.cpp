// guard: see classification.hpp. Binary searches over the generated tables.
#include "guard/classification.hpp"

#include <algorithm>
#include <iterator>
#include <span>

#include "guard/builtins.hpp"

namespace pgops::guard {
namespace {

static_assert(std::ranges::is_sorted(kFunctionsByOid, {}, &BuiltinFunction::oid));
static_assert(std::ranges::is_sorted(kFunctionsByName, {}, &NamedClass::name));
static_assert(std::ranges::is_sorted(kRefusedNames, {}, &NamedClass::name));
static_assert(std::ranges::is_sorted(kRelations, {}, &NamedClass::name));

std::optional<Classified> find(std::span<const NamedClass> table, std::string_view name) noexcept {
  const auto found = std::ranges::lower_bound(table, name, {}, &NamedClass::name);
  if (found == table.end() || found->name != name) return std::nullopt;
  return Classified{found->cls, found->group};
}

struct Reason {
  std::string_view group;
  std::string_view text;
};

constexpr Reason kReasons[] = {
    {"internal", "only the server itself may call it"},
    {"settings", "it reads or changes settings of the session"},
    {"takes_sql", "it runs a statement given as text, or shows one"},
    {"large_object", "it works on large objects, which no policy protects"},
    {"lock", "it takes locks that outlive the statement"},
    {"sequence", "it reads or advances a sequence"},
    {"transaction_id", "it assigns a transaction id"},
    {"snapshot", "it exports a snapshot"},
    {"session_state", "it changes the state of the session"},
    {"wait", "it waits"},
    {"file", "it reads files or the configuration of the server"},
    {"signal", "it signals other processes"},
    {"notify", "it notifies other sessions"},
    {"wal", "it writes or controls the write-ahead log"},
    {"replication", "it works on replication"},
    {"statistics_reset", "it resets statistics"},
    {"writes", "it writes"},
    {"network", "it shows network addresses of the server"},
    {"trigger", "it is a trigger function"},
    {"any_type_input", "it builds a value of any type from text"},
    {"statistics", "it shows statistics of all tenants"},
    {"activity", "it shows what other sessions do"},
    {"size", "it shows sizes over all tenants"},
    {"sizes", "it shows sizes over all tenants"},
    {"server_state", "it shows the state of the server"},
    {"privileges", "it shows roles and their privileges"},
    {"roles", "it shows roles and their privileges"},
    {"definitions", "it shows definitions of other objects"},
    {"secrets", "it holds secrets or connection data"},
    {"data_of_others", "it holds values of all tenants' rows"},
};

}  // namespace

std::optional<Classified> classify_function(std::uint32_t oid) noexcept {
  const auto* found = std::ranges::lower_bound(kFunctionsByOid, oid, {}, &BuiltinFunction::oid);
  if (found == std::end(kFunctionsByOid) || found->oid != oid) return std::nullopt;
  return Classified{found->cls, found->group};
}

std::optional<Classified> classify_initdb_function(std::string_view signature) noexcept {
  return find(kFunctionsByName, signature);
}

std::optional<Classified> classify_relation(std::string_view name) noexcept { return find(kRelations, name); }

std::optional<Classified> refused_name(std::string_view name) noexcept { return find(kRefusedNames, name); }

std::string_view group_reason(std::string_view group) noexcept {
  for (const Reason& reason : kReasons) {
    if (reason.group == group) return reason.text;
  }
  return "it is not for tools";
}

}  // namespace pgops::guard
