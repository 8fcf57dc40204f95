// extension/entry: the list of error codes as rows.
#include "extension/pg/function.hpp"

#include "core/error.hpp"

PGOPS_FUNCTION(pgops_error_codes) {
  args.begin_rows();
  for (const pgops::CodeInfo& code : pgops::all_codes()) {
    const std::optional<std::string> row[] = {std::string(code.name),
                                              std::string(pgops::to_string(code.severity)),
                                              code.retryable ? "true" : "false",
                                              std::string(code.sqlstate),
                                              std::to_string(code.http_status),
                                              std::string(code.user_message),
                                              std::string(code.user_message_ko),
                                              std::string(code.runbook)};
    args.row(row);
  }
  return args.end_rows();
}
