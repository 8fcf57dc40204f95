// core: the table behind the closed list of error codes.
//
// The table is the one source of ops.error_codes, of SQLSTATEs raised and of HTTP statuses served.
// Rows stand in the order of enum Code (checked at compile time). A user_message is the whole text a
// caller sees besides the trace id: it names no schema, table, host or secret. retryable says whether
// the same request may succeed when sent again unchanged, not whether the engine retries by itself.
#include "core/error.hpp"

#include <array>
#include <cstddef>

namespace pgops {
namespace {

constexpr std::string_view kDenied = "42501";
constexpr std::string_view kBadInput = "22023";
constexpr std::string_view kInternal = "XX000";
constexpr std::string_view kTimeout = "OP001";
constexpr std::string_view kBusy = "OP002";
constexpr std::string_view kUpstream = "OP003";

constexpr std::array<CodeInfo, 24> kTable{{
    {Code::policy_deny, "POLICY_DENY", Severity::warning, false, kDenied, 403, "The request is not allowed by policy.",
     "정책에 따라 허용되지 않는 요청입니다.",
     "Read the stage route_plan of the trace for the rule that refused; change the policy asset if the refusal is wrong."},
    {Code::tool_timeout, "TOOL_TIMEOUT", Severity::error, true, kTimeout, 504, "A tool did not answer in time.",
     "도구가 제한 시간 안에 응답하지 않았습니다.",
     "Compare the attempt's timing with timeout_ms of the tool's policy; for SQL look at its plan and locks, for HTTP at the upstream's latency."},
    {Code::tool_bad_request, "TOOL_BAD_REQUEST", Severity::error, false, kBadInput, 400,
     "A tool refused the request as malformed.", "도구가 잘못된 요청이라며 거부했습니다.",
     "Compare the arguments in the trace with the tool's input schema and the upstream's documentation."},
    {Code::tool_rate_limited, "TOOL_RATE_LIMITED", Severity::warning, true, kBusy, 429,
     "A tool is receiving too many requests at the moment.",
     "도구에 요청이 너무 많이 몰렸습니다. 잠시 후 다시 시도하십시오.",
     "Compare rate_per_minute and burst of the policy with the upstream's quota; retry_after_ms of the attempt says when to come back."},
    {Code::upstream_unavailable, "UPSTREAM_UNAVAILABLE", Severity::error, true, kUpstream, 503,
     "A system that a tool depends on is not available.", "도구가 의존하는 시스템을 사용할 수 없습니다.",
     "Run ops.health(): if the worker is not connected start it; otherwise check the upstream named in the internal text."},
    {Code::plan_invalid, "PLAN_INVALID", Severity::error, false, kBadInput, 400, "The plan cannot be executed.",
     "실행할 수 없는 계획입니다.",
     "The detail names the call and the path; compare with ops.plan() for the same question."},
    {Code::tenant_mismatch, "TENANT_MISMATCH", Severity::error, false, kDenied, 403,
     "The request has no access to the tenant concerned.", "해당 테넌트에 접근할 수 없는 요청입니다.",
     "Look at ops.tenant_members for the missing membership, and at ops.table_protection for relations without a tenant policy."},
    {Code::sql_blocked, "SQL_BLOCKED", Severity::error, false, kDenied, 403,
     "The statement is not allowed by the SQL guard.", "SQL 보호 규칙에 따라 허용되지 않는 문장입니다.",
     "Run ops.check_sql() on the statement: it names the rule, the object, and what would allow it."},
    {Code::internal_error, "INTERNAL_ERROR", Severity::critical, false, kInternal, 500,
     "An internal error occurred; the trace has the details.",
     "내부 오류가 발생했습니다. 자세한 내용은 추적 기록에 있습니다.",
     "Read internal_error in the trace and the server log at the same trace id; report it as a bug."},
    {Code::request_timeout, "REQUEST_TIMEOUT", Severity::error, true, kTimeout, 504,
     "The request did not finish in time.", "요청이 제한 시간 안에 끝나지 않았습니다.",
     "Look at the waterfall of the trace for the slowest chain of calls; compare with pg_ops.request_timeout."},
    {Code::circuit_open, "CIRCUIT_OPEN", Severity::warning, true, kUpstream, 503,
     "A tool is paused after repeated failures.", "반복된 실패로 도구가 일시 중지되었습니다.",
     "Find the failures that opened the breaker in ops.tool_calls; it lets a trial call through after open_ms of the policy."},
    {Code::overloaded, "OVERLOADED", Severity::warning, true, kBusy, 503, "The system is too busy at the moment.",
     "시스템이 현재 너무 바쁩니다. 잠시 후 다시 시도하십시오.",
     "The hint names the setting that is exhausted: executors, max_worker_processes, or max_concurrent of the policy."},
    {Code::tool_error, "TOOL_ERROR", Severity::error, false, kUpstream, 502, "A tool reported an error.",
     "도구가 오류를 보고했습니다.",
     "The internal text has the tool's own words: a data error of the statement, or a body that is not the JSON expected."},
    {Code::result_too_large, "RESULT_TOO_LARGE", Severity::error, false, kBadInput, 413,
     "A tool's result is too large.", "도구의 결과가 너무 큽니다.",
     "Narrow the request, or raise max_bytes of the tool's policy."},
    {Code::dependency_failed, "DEPENDENCY_FAILED", Severity::warning, false, kUpstream, 424,
     "A step was skipped because an earlier step failed.", "앞 단계가 실패하여 건너뛴 단계입니다.",
     "Look at the call named in skipped_tools.because_of; this code is only its consequence."},
    {Code::cancelled, "CANCELLED", Severity::info, true, kTimeout, 499, "The request was cancelled.",
     "요청이 취소되었습니다.",
     "Nothing to repair: the caller, an operator or a shutdown cancelled it; the trace says which."},
    {Code::permission_denied, "PERMISSION_DENIED", Severity::error, false, kDenied, 403, "Permission denied.",
     "권한이 없습니다.", "The internal text names the missing grant; ops.my_access shows what the caller has."},
    {Code::auth_failed, "AUTH_FAILED", Severity::error, false, kUpstream, 502,
     "A tool could not sign in to the system it uses.", "도구가 대상 시스템에 인증하지 못했습니다.",
     "Check that the secret the tool names exists, allows this host and is still valid upstream."},
    {Code::asset_load_failed, "ASSET_LOAD_FAILED", Severity::critical, false, kInternal, 500,
     "A definition needed for the request could not be loaded.", "요청에 필요한 정의를 읽을 수 없습니다.",
     "Run ops.validate_asset() on the asset the internal text names; roll it back if its published version is broken."},
    {Code::egress_blocked, "EGRESS_BLOCKED", Severity::error, false, kDenied, 403,
     "The address a tool wants to reach is not allowed.", "도구가 접근하려는 주소는 허용되지 않습니다.",
     "Run pg_ops_worker check-egress with the address; exceptions are entered in the worker's configuration only."},
    {Code::tool_quarantined, "TOOL_QUARANTINED", Severity::error, false, kDenied, 403,
     "A tool is waiting for approval.", "승인을 기다리는 도구입니다.",
     "Review the difference between the pinned and the offered definition, then approve or delete the tool."},
    {Code::no_match, "NO_MATCH", Severity::info, false, kBadInput, 404, "No tool answers this question.",
     "이 질문에 답할 수 있는 도구가 없습니다.",
     "Ask 'what can you answer?'; add examples or synonyms to the tool that should have matched."},
    {Code::ambiguous, "AMBIGUOUS", Severity::info, false, kBadInput, 409,
     "The question can be understood in more than one way.", "질문이 여러 가지로 해석될 수 있습니다.",
     "Answer the clarification with option choose; sharpen descriptions and examples of tools that are often confused."},
    {Code::unsupported_action, "UNSUPPORTED_ACTION", Severity::info, false, kBadInput, 422,
     "This action is not supported.", "지원하지 않는 동작입니다.",
     "The question asks for a change or for something outside the catalogue of tools."},
}};

constexpr bool rows_in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].code) != i) return false;
    if (kTable[i].sqlstate.size() != 5) return false;
  }
  return static_cast<std::size_t>(Code::unsupported_action) + 1 == kTable.size();
}
static_assert(rows_in_order());

}  // namespace

std::span<const CodeInfo> all_codes() noexcept { return kTable; }

const CodeInfo& info(Code code) noexcept {
  const auto index = static_cast<std::size_t>(code);
  return index < kTable.size() ? kTable[index] : kTable[static_cast<std::size_t>(Code::internal_error)];
}

std::optional<Code> code_from_name(std::string_view name) noexcept {
  for (const CodeInfo& row : kTable) {
    if (row.name == name) return row.code;
  }
  return std::nullopt;
}

std::string_view to_string(Code code) noexcept { return info(code).name; }

std::string_view to_string(Severity severity) noexcept {
  switch (severity) {
    case Severity::info: return "info";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
    case Severity::critical: return "critical";
  }
  return "error";
}

}  // namespace pgops
