// extension/ask: decisions of the planner that still hold, so that a question asked again is not planned again.
//
// A decision is kept when nothing in it depends on the time or on data (planner::Decision::repeatable). It is found
// again for the same question, locale, zone and allow_write, under the very snapshot of the registry it was made with,
// and only when every tool whose usability the planner asked for is as usable to the present caller as it was then:
// these are asked again each time. By the planner's determinism the decision would then come out the same, so traces
// and answers do not show whether it was made or found.
//
// Per backend, bounded in number and bytes; the least recently used goes first. Decisions of a snapshot that is gone
// are dropped when a later one is kept.
#pragma once

#include <utility>
#include <vector>

#include "extension/ask/request.hpp"

namespace pgops::ask {

// Whether the planner writes: the option, as far as the caller's access allows it.
bool may_write(const Request& request) noexcept;

// Asks for rights on behalf of the planner and keeps the answers.
class Rights {
 public:
  explicit Rights(const tenancy::Identity& identity) : identity_(&identity) {}
  bool may_use(const registry::Tool& tool);

  using Answers = std::vector<std::pair<const registry::Tool*, bool>>;
  Answers answers() && { return std::move(answers_); }

 private:
  const tenancy::Identity* identity_;
  Answers answers_;
};

// nullptr: none that holds. Valid until the next call of either function.
const Routed* known_decision(const Request& request);
// `rights` answered all that the planner asked.
void remember_decision(const Request& request, const Routed& routed, Rights rights);

}  // namespace pgops::ask
