// core: the plan, a directed acyclic graph of tool calls, read strictly from JSON.
//
// Vocabulary: a *call* uses one tool once; a *reference* ({"$ref": call, "path": jsonpath}, anywhere
// inside args) takes a value out of an earlier call's result and implies a dependency on it; a
// *place* is the JSON path of a spot in the plan ("$.calls[3].args.host"), named by every refusal.
// Invariants of a Plan that parse_plan returned: ids are unique, every dependency points to another
// call of the plan, there is no cycle, args are objects of bounded depth. Whether a tool exists and
// accepts its arguments is not this file's business, nor is the syntax of a jsonpath.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/json.hpp"

namespace pgops {

// Position of a call in Plan::calls.
using CallIndex = std::uint32_t;

struct PlanLimits {
  std::size_t max_calls = 32;       // pg_ops.max_calls
  std::size_t max_args_depth = 32;  // nested arrays and objects inside args
  std::size_t max_refs_per_call = 64;
  std::size_t max_path_bytes = 1024;
};

// What a call does when a call it depends on failed. A call that needs a value of the failed one
// (a reference) is skipped in either case.
enum class OnError : std::uint8_t { skip, carry_on };

struct RefSite {
  std::string place;     // "$.calls[1].args.host"
  CallIndex source = 0;  // the call whose result is read
  std::string source_id;
  std::string path;  // PostgreSQL's jsonpath over that result
};

struct Dependency {
  CallIndex call = 0;
  bool by_reference = false;
};

struct PlanCall {
  std::string id;
  std::string tool;
  Json args = Json::object();           // references still in place
  std::vector<std::string> depends_on;  // as written
  OnError on_error = OnError::skip;
  // Derived by parse_plan:
  std::vector<RefSite> refs;             // in document order of args
  std::vector<Dependency> dependencies;  // depends_on and references together, by call, each once
};

struct Plan {
  std::string intent;  // may be empty
  std::vector<PlanCall> calls;
};

// Every failure is PLAN_INVALID: `message` names the place, `hint` the nearest known name.
Result<Plan> parse_plan(const Json& document, const PlanLimits& limits = {});

// The references inside args, in the order substitute() takes values for them.
inline std::span<const RefSite> ref_sites(const PlanCall& call) noexcept { return call.refs; }

// args with the n-th reference (document order) replaced by values[n]. `values` must have one value
// per reference; a missing one becomes null.
Json substitute(const Json& args, std::span<const Json> values);

// levels[i] = length of the longest chain of dependencies below call i; 0 = depends on nothing.
std::vector<std::uint32_t> plan_levels(const Plan& plan);
// Call indexes so that every call comes after those it depends on; plan order where that is free.
std::vector<CallIndex> topological_order(const Plan& plan);

// The document parse_plan reads; derived fields are left out.
Json to_json(const Plan& plan);
// Sixteen hex digits over the canonical JSON: equal plans have equal ids, in every process and
// version. FNV-1a: it groups traces by plan, it protects against nobody.
std::string plan_id(const Plan& plan);

}  // namespace pgops
