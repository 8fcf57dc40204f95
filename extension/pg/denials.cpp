// extension/pg: hooks by which refusals are noticed. See denials.hpp.
#include "extension/pg/door.hpp"
#include "extension/pg/denials.hpp"

#include "extension/pg/function.hpp"
#include "extension/pg/identity.hpp"

extern "C" {
#include "access/parallel.h"
#include "executor/executor.h"
#include "tcop/tcopprot.h"
#include "utils/elog.h"
}

namespace pgops::pg {

namespace {

DenialObserver observer = nullptr;
ExecutorStart_hook_type previous_executor_start = nullptr;
emit_log_hook_type previous_emit_log = nullptr;

void observe(std::string function, std::string message) noexcept {
  if (observer == nullptr || IsParallelWorker()) return;
  try {
    Denial denial;
    denial.function = std::move(function);
    denial.message = std::move(message);
    fill_identity(denial);
    observer(denial);
  } catch (...) {
    // Out of memory: the statement fails anyway, and its error matters more.
  }
}

bool of_name(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

// Whether `word` stands in `text` with nothing of a name around it.
bool has_word(std::string_view text, std::string_view word) noexcept {
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !of_name(text[at - 1])) && (end == text.size() || !of_name(text[end]))) return true;
  }
  return false;
}

// The outermost function of ours on the stack of PL/pgSQL calls: what the client called. No regular
// expression: the text holds whole statements of the client's.
std::string called_function() {
  const char* context = call([] { return static_cast<const char*>(GetErrorContextStack()); });
  const std::string_view text = context == nullptr ? std::string_view{} : context;
  std::string_view last;
  for (std::size_t at = text.find("ops."); at != std::string_view::npos; at = text.find("ops.", at + 1)) {
    if (at > 0 && of_name(text[at - 1])) continue;
    std::size_t end = at + 4;
    while (end < text.size() && of_name(text[end]) && end - at < 70) end++;
    if (end < text.size() && text[end] == '(' && text[at + 4] != '_') last = text.substr(at + 4, end - at - 4);
  }
  return std::string(last);
}

// Runs inside the server's error handling for everything reported while a plan starts.
void on_report(void* /*argument*/) {
  if (geterrcode() != ERRCODE_INSUFFICIENT_PRIVILEGE) return;
  MemoryContext before = MemoryContextSwitchTo(TopMemoryContext);
  ErrorData* data = CopyErrorData();
  MemoryContextSwitchTo(before);
  const bool is_function = data->elevel == ERROR && data->message_id != nullptr && data->message != nullptr &&
                           strcmp(data->message_id, "permission denied for function %s") == 0;
  if (is_function) observe("", data->message);
  FreeErrorData(data);
}

void start_executor(QueryDesc* query, int flags) {
  ErrorContextCallback callback;
  callback.callback = on_report;
  callback.arg = nullptr;
  callback.previous = error_context_stack;
  error_context_stack = &callback;
  if (previous_executor_start != nullptr) {
    previous_executor_start(query, flags);
  } else {
    standard_ExecutorStart(query, flags);
  }
  error_context_stack = callback.previous;
}

void on_emit(ErrorData* data) {
  if (data->elevel == ERROR && data->sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE && data->message_id != nullptr &&
      data->message != nullptr && strcmp(data->message_id, "permission denied for schema %s") == 0 &&
      MyBackendType == B_BACKEND) {
    if (has_word(data->message, "ops")) observe("schema_ops", data->message);
  }
  if (previous_emit_log != nullptr) previous_emit_log(data);
}

// An error on its way out of the C function `symbol` ("pgops_set_tenant"); most are no refusal.
void notice_denial(const char* symbol, const Error& error) noexcept {
  if (observer == nullptr || error.from_server || error.sqlstate != "42501") return;
  try {
    std::string function = called_function();
    const std::string own = std::string(symbol).substr(sizeof("pgops_") - 1);
    if (function.empty()) function = own;
    observe(std::move(function), error.message);
  } catch (...) {
    // A cancel that came meanwhile stays pending; the refusal itself goes on.
  }
}

}  // namespace

void fill_identity(Denial& denial) noexcept {
  denial.actor = GetOuterUserId();
  denial.login = GetSessionUserId();
  if (const char* tenant = identity::current_tenant()) denial.tenant = tenant;
  if (debug_query_string != nullptr) denial.statement = debug_query_string;
}

void install_denial_hooks(DenialObserver wanted) {
  observer = wanted;
  error_observer = notice_denial;
  previous_executor_start = ExecutorStart_hook;
  ExecutorStart_hook = start_executor;
  previous_emit_log = emit_log_hook;
  emit_log_hook = on_emit;
}

}  // namespace pgops::pg
