// extension/pg: a PostgreSQL error as a C++ exception.
//
// Owns copies of every field of the server's ErrorData, so that SQLSTATE, detail, hint, context and
// position survive the way through C++ frames. Deliberately not derived from std::exception: a
// `catch (const std::exception&)` must never swallow a query cancel.
// Free of postgres.h: capability folders catch and build these.
#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"

namespace pgops::pg {

struct Error {
  std::string sqlstate = "XX000";
  std::string message;
  std::string detail;
  std::string detail_log;
  std::string hint;
  std::string context;
  std::string schema_name;
  std::string table_name;
  std::string column_name;
  std::string datatype_name;
  std::string constraint_name;
  std::string internal_query;
  int cursor_position = 0;
  int internal_position = 0;
  int line = 0;
  bool hide_statement = false;
  bool from_server = false;  // came through the exit door: rethrown with its own context

  // An error of ours; sqlstate and the code's name at the head of the message come from `code`.
  static Error from(const pgops::Error& error);
  static Error make(std::string_view sqlstate, std::string message, std::string detail = {}, std::string hint = {});

  // 57014: the caller's own cancel or statement_timeout. Never to be turned into a result.
  bool is_cancel() const noexcept { return sqlstate == "57014"; }
};

// Throws Error::from(...).
[[noreturn]] void raise(Code code, std::string message, std::string detail = {}, std::string hint = {});
[[noreturn]] void raise_sqlstate(std::string_view sqlstate, std::string message, std::string detail = {},
                                 std::string hint = {});

enum class LogLevel { debug, log, notice, warning };
// Server log / client message below ERROR; safe to call with C++ objects alive.
void report(LogLevel level, const std::string& message, const std::string& detail = {}, const std::string& hint = {});

// CHECK_FOR_INTERRUPTS through the exit door: throws on cancel, ends the process on termination.
void check_interrupts();

}  // namespace pgops::pg
