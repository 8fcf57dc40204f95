// extension/ask: what the two ways of running a call have in common.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/json.hpp"
#include "core/run/model.hpp"
#include "extension/ask/request.hpp"

namespace pgops::ask {

struct CallContext {
  const Request& request;
  const registry::Tool& tool;
  const Json& args;     // references replaced
  run::Micros timeout;  // already cut at the request's deadline
  const std::string& tool_call_id;
  const std::string& plan_id;
  std::uint32_t attempt;
};

struct FinishedCall {
  run::Outcome outcome;
  std::shared_ptr<const Json> result;  // a tool's result when it succeeded
  std::string refused_by;              // the rule of the guard that refused the statement
};

// The arguments as the tool's schema wants them: defaults applied, everything checked (references are
// only known now). TOOL_BAD_REQUEST listing all problems.
Result<Json> complete_args(const registry::Tool& tool, const Json& args);

}  // namespace pgops::ask
