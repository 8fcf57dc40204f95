// core: playbooks, named plans over several tools: the deterministic answer to a why-question.
//
// {"title":"...","description":"...","examples":["why is the database slow?"],"capabilities":[],"vocabulary":[],
//  "input_schema":{...},"calls":[{"tool":"blocking_sessions"},{"tool":"errors_of","args":{"service":{"$arg":"service"}}}]}
// The planner sees a playbook as one candidate called playbook:NAME; before a plan is validated it is replaced by
// its calls, which run at the same time and are answered worst first. Pure: no server, no clock.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/schema.hpp"

namespace pgops::playbook {

constexpr std::string_view kPrefix = "playbook:";
constexpr std::size_t kMaxCalls = 32;

struct Step {
  std::string tool;
  Json args = Json::object();  // a member may be {"$arg": name}: the playbook's argument of that name
};

struct Playbook {
  std::string name;
  int version = 0;
  std::string tenant;
  std::string title;
  std::string description;
  std::vector<std::string> capabilities;
  std::vector<std::string> examples;
  std::vector<std::string> vocabulary;
  std::vector<Step> steps;
  Json input_schema;
  std::optional<Schema> schema;
};

// Every problem is listed with its place; a spec with problems must not be stored.
Playbook read(const Json& spec, std::vector<Problem>& problems);

// Names of the playbook's own arguments that a step takes.
std::vector<std::string> arguments_of(const Step& step);

struct Expanded {
  Json plan;          // without playbooks
  std::string title;  // of the playbook, where the plan was exactly one; else empty
};

// The plan with each call of a playbook replaced by the playbook's calls; `find` gives nullptr for one that does
// not exist or may not be used. PLAN_INVALID names the place.
Result<Expanded> expand(const Json& plan, const std::function<const Playbook*(std::string_view)>& find);

}  // namespace pgops::playbook
