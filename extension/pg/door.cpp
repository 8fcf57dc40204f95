// extension/pg: the two error doors, out-of-line parts. See door.hpp.
#include "extension/pg/door.hpp"

extern "C" {
#include "access/xact.h"
}

namespace pgops::pg {

namespace {

std::string owned(const char* text) { return text == nullptr ? std::string() : std::string(text); }

// Copying the server's error allocates in the caller's memory context and may fail itself; that second
// failure must not longjmp over the C++ frames above either. `code` is the SQLSTATE in any case.
ErrorData* copy_error_data(int& code) noexcept {
  ErrorData* volatile copy = nullptr;
  volatile int seen = ERRCODE_OUT_OF_MEMORY;
  const detail::SavedState saved;
  sigjmp_buf landing;
  if (sigsetjmp(landing, 0) == 0) {
    PG_exception_stack = &landing;
    seen = geterrcode();
    copy = CopyErrorData();
  } else {
    copy = nullptr;
    CurrentMemoryContext = saved.memory;
  }
  saved.restore_stacks();
  code = seen;
  return copy;
}

// There is no memory to say what happened. A cancel must stay one even so; its texts are short enough to
// need none.
[[noreturn]] void throw_out_of_memory(int code) {
  if (code != ERRCODE_QUERY_CANCELED) throw std::bad_alloc();
  Error error;
  error.sqlstate = "57014";
  error.message = "query canceled";
  throw error;
}

char* keep(const std::string& text) noexcept {
  auto* copy = static_cast<char*>(
      MemoryContextAllocExtended(ErrorContext, text.size() + 1, MCXT_ALLOC_NO_OOM | MCXT_ALLOC_HUGE));
  if (copy != nullptr) std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

char* keep_unless_empty(const std::string& text) noexcept { return text.empty() ? nullptr : keep(text); }

int sqlstate_number(const std::string& state) noexcept {
  if (state.size() != 5) return ERRCODE_INTERNAL_ERROR;
  return MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4]);
}

}  // namespace

namespace detail {

// An exception as plain data in ErrorContext, which has a reserve for the case that memory is exhausted and
// is reset by whoever finally handles the error. Absent texts are null.
struct Captured {
  int code;
  char* message;
  char* detail;
  char* detail_log;
  char* hint;
  char* context;
  char* schema_name;
  char* table_name;
  char* column_name;
  char* datatype_name;
  char* constraint_name;
  char* internal_query;
  int cursor_position;
  int internal_position;
  int line;
  bool hide_statement;
  bool from_server;
};

}  // namespace detail

namespace {

detail::Captured* keep_error(const Error& error) noexcept {
  auto* kept = static_cast<detail::Captured*>(
      MemoryContextAllocExtended(ErrorContext, sizeof(detail::Captured), MCXT_ALLOC_NO_OOM | MCXT_ALLOC_ZERO));
  if (kept == nullptr) return nullptr;
  kept->code = sqlstate_number(error.sqlstate);
  kept->message = keep(error.message);
  kept->detail = keep_unless_empty(error.detail);
  kept->detail_log = keep_unless_empty(error.detail_log);
  kept->hint = keep_unless_empty(error.hint);
  kept->context = keep_unless_empty(error.context);
  kept->schema_name = keep_unless_empty(error.schema_name);
  kept->table_name = keep_unless_empty(error.table_name);
  kept->column_name = keep_unless_empty(error.column_name);
  kept->datatype_name = keep_unless_empty(error.datatype_name);
  kept->constraint_name = keep_unless_empty(error.constraint_name);
  kept->internal_query = keep_unless_empty(error.internal_query);
  kept->cursor_position = error.cursor_position;
  kept->internal_position = error.internal_position;
  kept->line = error.line;
  kept->hide_statement = error.hide_statement;
  kept->from_server = error.from_server;
  return kept;
}

Error to_error(const ErrorData& data) {
  Error error;
  error.from_server = true;
  error.sqlstate = unpack_sql_state(data.sqlerrcode);
  error.message = owned(data.message);
  error.detail = owned(data.detail);
  error.detail_log = owned(data.detail_log);
  error.hint = owned(data.hint);
  error.context = owned(data.context);
  error.schema_name = owned(data.schema_name);
  error.table_name = owned(data.table_name);
  error.column_name = owned(data.column_name);
  error.datatype_name = owned(data.datatype_name);
  error.constraint_name = owned(data.constraint_name);
  error.internal_query = owned(data.internalquery);
  error.cursor_position = data.cursorpos;
  error.internal_position = data.internalpos;
  error.line = data.lineno;
  error.hide_statement = data.hide_stmt;
  return error;
}

}  // namespace

namespace detail {

void throw_current_error(const SavedState& saved) {
  MemoryContextSwitchTo(saved.memory);
  InterruptHoldoffCount = saved.interrupt_holdoff;
  QueryCancelHoldoffCount = saved.cancel_holdoff;
  int code = 0;
  ErrorData* data = copy_error_data(code);
  FlushErrorState();
  if (data == nullptr) throw_out_of_memory(code);
  Error error;
  try {
    error = to_error(*data);
  } catch (const std::bad_alloc&) {
    FreeErrorData(data);
    throw_out_of_memory(code);
  }
  FreeErrorData(data);
  throw error;
}

Captured* capture_current_exception() noexcept {
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

void raise_captured(Captured* error) {
  if (error == nullptr || error->message == nullptr) {
    const bool cancel = error != nullptr && error->code == ERRCODE_QUERY_CANCELED;
    ereport(ERROR, (errcode(cancel ? ERRCODE_QUERY_CANCELED : ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"),
                    errdetail("Failed while handling a request of pg_ops.")));
  }
  // A new report rather than ReThrowError: that one keeps InterruptHoldoffCount as it is (a session whose
  // C++ frames were left while it was above zero could never be cancelled again), and sends to client and
  // log whether or not there is a client and whatever log_min_messages says.
  //
  // Every context callback has spoken about an error of the server already; whoever handles this error
  // puts the stack of callbacks back.
  if (error->from_server) error_context_stack = nullptr;
  if (errstart(ERROR, TEXTDOMAIN)) {
    errcode(error->code);
    errmsg_internal("%s", error->message);
    if (error->detail != nullptr) errdetail_internal("%s", error->detail);
    if (error->detail_log != nullptr) errdetail_log("%s", error->detail_log);
    if (error->hint != nullptr) errhint("%s", error->hint);
    if (error->context != nullptr) {
      set_errcontext_domain(TEXTDOMAIN);
      errcontext_msg("%s", error->context);
    }
    if (error->schema_name != nullptr) err_generic_string(PG_DIAG_SCHEMA_NAME, error->schema_name);
    if (error->table_name != nullptr) err_generic_string(PG_DIAG_TABLE_NAME, error->table_name);
    if (error->column_name != nullptr) err_generic_string(PG_DIAG_COLUMN_NAME, error->column_name);
    if (error->datatype_name != nullptr) err_generic_string(PG_DIAG_DATATYPE_NAME, error->datatype_name);
    if (error->constraint_name != nullptr) err_generic_string(PG_DIAG_CONSTRAINT_NAME, error->constraint_name);
    if (error->internal_query != nullptr) internalerrquery(error->internal_query);
    errposition(error->cursor_position);
    internalerrposition(error->internal_position);
    errhidestmt(error->hide_statement);
    errfinish("pg_ops", error->line, "pg_ops");
  }
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

// Begin and end of a subtransaction switch memory context and resource owner; both are put back here, as
// PL/pgSQL does around its exception blocks.
namespace detail {

SubtransactionFrame begin_subtransaction() {
  const SubtransactionFrame frame{CurrentMemoryContext, CurrentResourceOwner};
  call([] { BeginInternalSubTransaction(nullptr); });
  MemoryContextSwitchTo(frame.memory);
  return frame;
}

void release_subtransaction(const SubtransactionFrame& frame) {
  call([] { ReleaseCurrentSubTransaction(); });
  MemoryContextSwitchTo(frame.memory);
  CurrentResourceOwner = frame.owner;
}

void rollback_subtransaction(const SubtransactionFrame& frame) noexcept {
  try {
    call([] { RollbackAndReleaseCurrentSubTransaction(); });
  } catch (...) {
    // The transaction is in an unknown state and a destructor cannot throw: the session ends, and only the
    // session (std::terminate would make the postmaster restart every backend).
    ereport(FATAL, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not roll back a subtransaction")));
  }
  MemoryContextSwitchTo(frame.memory);
  CurrentResourceOwner = frame.owner;
}

}  // namespace detail

}  // namespace pgops::pg
