// extension/ask: HTTP tools: the frame the sidecar gets, and what its reply means.
#pragma once

#include "core/protocol.hpp"
#include "extension/ask/call.hpp"

namespace pgops::ask {

// Expands the tool's templates and sends the call; returns its id on the wire.
Result<std::string> start_http(const CallContext& context);
FinishedCall finish_http(const registry::Tool& tool, const protocol::Reply& reply);

// A tool's result out of a JSON body: the jsonpath `path` applied, an array = rows, an object = one row,
// a scalar = one row {value}. Rows beyond max_rows are cut and marked.
Result<Json> shape_result(const Json& body, const std::string& body_text, const std::string& path,
                          std::int64_t max_rows);

}  // namespace pgops::ask
