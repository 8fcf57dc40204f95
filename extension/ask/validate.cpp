// extension/ask: validation of a plan. See validate.hpp.
#include "extension/ask/validate.hpp"

#include <algorithm>
#include <utility>

#include "core/nearest.hpp"
#include "extension/ask/call.hpp"
#include "extension/pg/guc.hpp"
#include "extension/pg/memory.hpp"
#include "extension/pg/spi.hpp"
#include "extension/pg/values.hpp"
#include "extension/registry/tool_spec.hpp"

namespace pgops::ask {

namespace {

std::string place_of(std::size_t call) { return "$.calls[" + std::to_string(call) + "]"; }

Error unknown_tool(const Request& request, const PlanCall& call, const std::string& place) {
  std::vector<std::string_view> names;
  for (const auto& tool : request.snapshot->tools()) {
    // Only what this caller may use is ever named.
    if (registry::usable(*tool, request.identity)) names.push_back(tool->name);
  }
  return {Code::plan_invalid,
          place + ".tool: no published tool is named \"" + call.tool.substr(0, 80) + "\"",
          {},
          names.empty() ? "Tenant " + request.identity.tenant + " has no published tools."
                        : nearest_hint(call.tool, names)};
}

Result<std::shared_ptr<const registry::Tool>> bind_tool(const Request& request, const PlanCall& call,
                                                        const std::string& place) {
  if (request.tested_tool != nullptr && request.tested_tool->name == call.tool) return request.tested_tool;
  if (const auto pinned = request.options.asset_overrides.find(call.tool);
      pinned != request.options.asset_overrides.end()) {
    const tenancy::TenantScope tenant_scope(request.identity.tenant);
    const pg::spi::OwnerScope owner;
    return registry::load_version(request.identity, call.tool, pinned->second);
  }
  for (const auto& tool : request.snapshot->tools()) {
    if (tool->name == call.tool) return tool;
  }
  return unknown_tool(request, call, place);
}

Status check_writes(const Request& request, const registry::Tool& tool, const std::string& place) {
  if (tool.read_only) return Unit{};
  if (!request.options.allow_write && request.entry != Entry::test_tool) {
    return Error{Code::policy_deny,
                 place + ".tool: " + tool.name + " is not read-only",
                 {},
                 "Pass the option \"allow_write\": true (operators only)."};
  }
  if (request.identity.access < tenancy::Access::operator_) {
    return Error{
        Code::permission_denied, place + ".tool: " + tool.name + " is not read-only and needs an operator", {}, {}};
  }
  return Unit{};
}

// What one call returned must not leave through another's HTTP request unless that tool says so.
Status check_flow(const registry::Tool& tool, const PlanCall& call, const Plan& plan) {
  if (tool.type == registry::ToolType::sql) return Unit{};
  for (const RefSite& site : call.refs) {
    const std::string& source = plan.calls[site.source].tool;
    const auto& accepted = tool.accepts_refs;
    if (std::find(accepted.begin(), accepted.end(), source) != accepted.end()) continue;
    return Error{Code::policy_deny,
                 site.place + ": results of " + source + " may not flow into " + tool.name,
                 {},
                 "An operator may list \"" + source + "\" in accepts_refs of " + tool.name + "."};
  }
  return Unit{};
}

// What a statement runs as must be in the plan, not in some row or response of an earlier call.
Status check_direct(const registry::Tool& tool, const PlanCall& call, const std::string& place) {
  if (!tool.direct) return Unit{};
  for (const RefSite& site : call.refs) {
    if (site.place.starts_with(place + ".args.args.")) continue;
    return Error{Code::policy_deny,
                 site.place + ": a statement cannot come from another call's result",
                 {},
                 "Write the statement in the plan; its parameters may be references inside args.args."};
  }
  return Unit{};
}

Status check_args(const registry::Tool& tool, PlanCall& call, const std::string& place) {
  for (const RefSite& site : call.refs) {
    if (Status path = pg::check_jsonpath(site.path); !path) {
      return Error{Code::plan_invalid, site.place + ".path: " + path.error().message, {}, {}};
    }
  }
  if (!call.refs.empty()) return Unit{};  // checked when the values are known
  auto complete = complete_args(tool, call.args);
  if (!complete) {
    return Error{Code::plan_invalid,
                 place + ".args: the arguments are not as the schema of " + tool.name + " wants them",
                 complete.error().detail,
                 {}};
  }
  call.args = *std::move(complete);
  return Unit{};
}

}  // namespace

Result<Validated> validate(const Request& request, const Json& document) {
  PlanLimits limits;
  limits.max_calls = static_cast<std::size_t>(pg::guc::max_calls);
  Validated out;
  if (request.entry == Entry::query) {
    // Not a plan somebody wrote: {"$ref": ..} in its arguments is a value like any other.
    PlanCall call;
    call.id = document["calls"].items()[0]["id"].text();
    call.tool = registry::kDirectTool;
    call.args = document["calls"].items()[0]["args"];
    out.plan.calls.push_back(std::move(call));
  } else {
    auto plan = parse_plan(document, limits);
    if (!plan) return plan.error();
    out.plan = *std::move(plan);
  }
  out.tools.reserve(out.plan.calls.size());
  for (std::size_t i = 0; i < out.plan.calls.size(); i++) {
    PlanCall& call = out.plan.calls[i];
    const std::string place = place_of(i);
    auto tool = bind_tool(request, call, place);
    if (!tool) return tool.error();
    if (Status ok = registry::usable(**tool, request.identity); !ok) return ok.error();
    if (Status ok = check_writes(request, **tool, place); !ok) return ok.error();
    if (Status ok = check_flow(**tool, call, out.plan); !ok) return ok.error();
    if (Status ok = check_direct(**tool, call, place); !ok) return ok.error();
    if (Status ok = check_args(**tool, call, place); !ok) return ok.error();
    out.tools.push_back(*std::move(tool));
  }
  out.plan_id = plan_id(out.plan);
  return out;
}

}  // namespace pgops::ask
