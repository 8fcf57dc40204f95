// core: the closed list of error codes, and errors as values.
//
// Vocabulary: a *code* is one of the names a caller may see (view ops.error_codes is generated from
// this list); an *Error* is a code plus the full internal text, which stays in traces and logs; the
// caller gets CodeInfo::user_message. Expected failures travel as Result<T>; Failure is the exception
// for the places where a value cannot travel (it ends the statement at the entry door).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace pgops {

enum class Severity : std::uint8_t { info, warning, error, critical };

enum class Code : std::uint8_t {
  policy_deny,
  tool_timeout,
  tool_bad_request,
  tool_rate_limited,
  upstream_unavailable,
  plan_invalid,
  tenant_mismatch,
  sql_blocked,
  internal_error,
  request_timeout,
  circuit_open,
  overloaded,
  tool_error,
  result_too_large,
  dependency_failed,
  cancelled,
  permission_denied,
  auth_failed,
  asset_load_failed,
  egress_blocked,
  tool_quarantined,
  no_match,
  ambiguous,
  unsupported_action,
};

struct CodeInfo {
  Code code;
  std::string_view name;  // "TOOL_TIMEOUT"
  Severity severity;
  bool retryable;
  std::string_view sqlstate;  // five characters; never 57014 or class 08
  int http_status;
  std::string_view user_message;     // English; reveals no schema, host or secret
  std::string_view user_message_ko;  // the same in Korean
  std::string_view runbook;          // what an operator looks at first
};

// Every code, in the order of the enumeration.
std::span<const CodeInfo> all_codes() noexcept;
const CodeInfo& info(Code code) noexcept;
std::optional<Code> code_from_name(std::string_view name) noexcept;
std::string_view to_string(Code code) noexcept;
std::string_view to_string(Severity severity) noexcept;

struct Error {
  Code code = Code::internal_error;
  std::string message;  // lower case, no period; internal: may name relations and hosts
  std::string detail;   // full sentences
  std::string hint;     // full sentences: what to do
};

// The exception form of Error.
struct Failure {
  Error error;
};

// A value or an Error. Deliberately small: no monadic chains, `if (!r) return r.error();`.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const noexcept { return state_.index() == 0; }
  bool ok() const noexcept { return state_.index() == 0; }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

struct Unit {};
using Status = Result<Unit>;

}  // namespace pgops
