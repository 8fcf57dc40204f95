// extension/pg: the two error doors, out-of-line parts. See door.hpp.
#include "extension/pg/door.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/resowner.h"
}

namespace pgops::pg {

namespace {

std::string owned(const char* text) { return text == nullptr ? std::string() : std::string(text); }

// Copying the server's error allocates in the caller's memory context and may fail itself; that second
// failure must not longjmp over the C++ frames above either.
ErrorData* copy_error_data() noexcept {
  ErrorData* volatile copy = nullptr;
  const detail::SavedState saved;
  sigjmp_buf landing;
  if (sigsetjmp(landing, 0) == 0) {
    PG_exception_stack = &landing;
    copy = CopyErrorData();
  } else {
    copy = nullptr;
    CurrentMemoryContext = saved.memory;
  }
  saved.restore_stacks();
  return copy;
}

char* keep(const std::string& text) noexcept {
  if (text.empty()) return nullptr;
  auto* copy = static_cast<char*>(
      MemoryContextAllocExtended(ErrorContext, text.size() + 1, MCXT_ALLOC_NO_OOM | MCXT_ALLOC_HUGE));
  if (copy != nullptr) std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

ErrorData* blank_error() noexcept {
  return static_cast<ErrorData*>(
      MemoryContextAllocExtended(ErrorContext, sizeof(ErrorData), MCXT_ALLOC_NO_OOM | MCXT_ALLOC_ZERO));
}

int sqlstate_number(const std::string& state) noexcept {
  if (state.size() != 5) return ERRCODE_INTERNAL_ERROR;
  return MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4]);
}

ErrorData* keep_error(const Error& error) noexcept {
  ErrorData* data = blank_error();
  if (data == nullptr) return nullptr;
  data->elevel = ERROR;
  data->output_to_server = true;
  data->output_to_client = true;
  data->hide_stmt = error.hide_statement;
  data->filename = "pg_ops";
  data->funcname = "pg_ops";
  data->lineno = error.line;
  data->sqlerrcode = sqlstate_number(error.sqlstate);
  data->message = keep(error.message);
  data->detail = keep(error.detail);
  data->detail_log = keep(error.detail_log);
  data->hint = keep(error.hint);
  data->context = keep(error.context);
  data->schema_name = keep(error.schema_name);
  data->table_name = keep(error.table_name);
  data->column_name = keep(error.column_name);
  data->datatype_name = keep(error.datatype_name);
  data->constraint_name = keep(error.constraint_name);
  data->cursorpos = error.cursor_position;
  data->internalpos = error.internal_position;
  data->internalquery = keep(error.internal_query);
  data->assoc_context = ErrorContext;
  return data;
}

}  // namespace

namespace detail {

void throw_current_error(const SavedState& saved) {
  MemoryContextSwitchTo(saved.memory);
  InterruptHoldoffCount = saved.interrupt_holdoff;
  QueryCancelHoldoffCount = saved.cancel_holdoff;
  ErrorData* data = copy_error_data();
  FlushErrorState();
  if (data == nullptr) throw std::bad_alloc();
  Error error;
  error.from_server = true;
  error.sqlstate = unpack_sql_state(data->sqlerrcode);
  error.message = owned(data->message);
  error.detail = owned(data->detail);
  error.detail_log = owned(data->detail_log);
  error.hint = owned(data->hint);
  error.context = owned(data->context);
  error.schema_name = owned(data->schema_name);
  error.table_name = owned(data->table_name);
  error.column_name = owned(data->column_name);
  error.datatype_name = owned(data->datatype_name);
  error.constraint_name = owned(data->constraint_name);
  error.internal_query = owned(data->internalquery);
  error.cursor_position = data->cursorpos;
  error.internal_position = data->internalpos;
  error.line = data->lineno;
  error.hide_statement = data->hide_stmt;
  FreeErrorData(data);
  throw error;
}

ErrorData* capture_current_exception() noexcept {
  try {
    throw;
  } catch (const Error& error) {
    return keep_error(error);
  } catch (const Failure& failure) {
    try {
      return keep_error(Error::from(failure.error));
    } catch (...) {
      return nullptr;
    }
  } catch (const std::bad_alloc&) {
    return nullptr;
  } catch (const std::exception& other) {
    try {
      return keep_error(Error::make("XX000", std::string("INTERNAL_ERROR: ") + other.what()));
    } catch (...) {
      return nullptr;
    }
  } catch (...) {
    try {
      return keep_error(Error::make("XX000", "INTERNAL_ERROR: an exception of unknown type reached the server"));
    } catch (...) {
      return nullptr;
    }
  }
}

void raise_captured(ErrorData* error) {
  if (error == nullptr || error->message == nullptr) {
    ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"),
                    errdetail("Failed while handling a request of pg_ops.")));
  }
  // ErrorContext is reset by the handler that finally takes the error; the copy made by ReThrowError
  // lives there as well, so nothing is lost and nothing leaks.
  // An error of our own has no context yet: ThrowErrorData lets PL/pgSQL and others add theirs.
  if (error->context == nullptr) ThrowErrorData(error);
  ReThrowError(error);
  pg_unreachable();
}

}  // namespace detail

Error Error::from(const pgops::Error& error) {
  const CodeInfo& code = info(error.code);
  Error result;
  result.sqlstate = std::string(code.sqlstate);
  result.message = std::string(code.name) + ": " + error.message;
  result.detail = error.detail;
  result.hint = error.hint;
  return result;
}

Error Error::make(std::string_view state, std::string text, std::string more, std::string advice) {
  Error result;
  result.sqlstate = std::string(state);
  result.message = std::move(text);
  result.detail = std::move(more);
  result.hint = std::move(advice);
  return result;
}

void raise(Code code, std::string message, std::string detail, std::string hint) {
  throw Error::from(pgops::Error{code, std::move(message), std::move(detail), std::move(hint)});
}

void raise_sqlstate(std::string_view sqlstate, std::string message, std::string detail, std::string hint) {
  throw Error::make(sqlstate, std::move(message), std::move(detail), std::move(hint));
}

void report(LogLevel level, const std::string& message, const std::string& detail, const std::string& hint) {
  const int elevel = level == LogLevel::debug    ? DEBUG1
                     : level == LogLevel::log    ? LOG
                     : level == LogLevel::notice ? NOTICE
                                                 : WARNING;
  const char* text = message.c_str();
  const char* more = detail.empty() ? nullptr : detail.c_str();
  const char* advice = hint.empty() ? nullptr : hint.c_str();
  call([=] {
    ereport(elevel, (errmsg_internal("%s", text), more != nullptr ? errdetail_internal("%s", more) : 0,
                     advice != nullptr ? errhint("%s", advice) : 0));
  });
}

void check_interrupts() {
  if (INTERRUPTS_PENDING_CONDITION()) {
    call([] { CHECK_FOR_INTERRUPTS(); });
  }
}

// The subtransaction's begin and end switch memory context and resource owner; both are put back here,
// as PL/pgSQL does around its exception blocks. They nest strictly, so a small stack is enough.
namespace {
struct SubtransactionFrame {
  MemoryContext memory;
  ResourceOwner owner;
};
constexpr int kMaxNesting = 16;
SubtransactionFrame frames[kMaxNesting];
int depth = 0;
}  // namespace

void begin_subtransaction() {
  if (depth >= kMaxNesting) throw Failure{{Code::internal_error, "subtransactions nested too deeply", {}, {}}};
  frames[depth] = {CurrentMemoryContext, CurrentResourceOwner};
  call([] { BeginInternalSubTransaction(nullptr); });
  MemoryContextSwitchTo(frames[depth].memory);
  depth++;
}

void release_subtransaction() {
  depth--;
  call([] { ReleaseCurrentSubTransaction(); });
  MemoryContextSwitchTo(frames[depth].memory);
  CurrentResourceOwner = frames[depth].owner;
}

void rollback_subtransaction() noexcept {
  depth--;
  // A rollback that fails is beyond repair: noexcept ends the process rather than go on with a
  // transaction in an unknown state.
  call([] { RollbackAndReleaseCurrentSubTransaction(); });
  MemoryContextSwitchTo(frames[depth].memory);
  CurrentResourceOwner = frames[depth].owner;
}

}  // namespace pgops::pg
