// extension/ask: counting without the filter, see recount.hpp.
#include "extension/ask/recount.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "extension/ask/execute.hpp"
#include "extension/ask/validate.hpp"
#include "extension/pg/sync.hpp"

namespace pgops::ask {

namespace {

constexpr std::int64_t kBudgetUs = 1'000'000;

// No rows, or one figure that is zero.
bool found_nothing(const Json& result) {
  const Json::Array& rows = result["rows"].items();
  if (rows.empty()) return true;
  if (rows.size() != 1 || result["columns"].size() != 1) return false;
  return rows[0][result["columns"].items()[0]["name"].text()].as_int() == 0;
}

// Nothing was given that the call could do without: it would be the same call again.
Json without_filters(const registry::Tool& tool, const Json& args) {
  Json kept = Json::object();
  for (const PropertyInfo& property : tool.input_schema->properties()) {
    if (const Json* value = args.find(property.name); value != nullptr && property.required) {
      kept.set(property.name, *value);
    }
  }
  return kept;
}

class DeadlineScope {
 public:
  DeadlineScope(Request& request, std::int64_t deadline_us) : request_(request), before_(request.deadline_us) {
    request.deadline_us = deadline_us;
  }
  ~DeadlineScope() { request_.deadline_us = before_; }
  DeadlineScope(const DeadlineScope&) = delete;
  DeadlineScope& operator=(const DeadlineScope&) = delete;

 private:
  Request& request_;
  std::int64_t before_;
};

}  // namespace

std::unique_ptr<Recounted> recount(Request& request, const Validated& validated, const Executed& executed) {
  if (request.entry == Entry::query) return nullptr;
  auto out = std::make_unique<Recounted>();
  Json calls = Json::array();
  for (CallIndex call = 0; call < executed.run->size(); call++) {
    const registry::Tool& tool = *validated.tools[call];
    const auto& result = executed.results[call];
    if (result == nullptr || !tool.present || !tool.present->recount() || !tool.input_schema) continue;
    if (!found_nothing(*result)) continue;
    const Json& args = executed.run->args(call);
    Json kept = without_filters(tool, args);
    const bool filtered = std::any_of(args.members().begin(), args.members().end(), [&](const auto& member) {
      return !member.second.is_null() && kept.find(member.first) == nullptr;
    });
    if (!filtered) continue;
    calls.push_back(
        Json::object({{"id", "unfiltered_" + std::to_string(call + 1)}, {"tool", tool.name}, {"args", kept}}));
    out->of.push_back(call);
  }
  if (out->of.empty()) return nullptr;
  auto plan = validate(request, Json::object({{"calls", std::move(calls)}}));
  if (!plan) return nullptr;
  out->validated = *std::move(plan);
  const DeadlineScope bounded(request, std::min(request.deadline_us, pg::monotonic_us() + kBudgetUs));
  Validated running = out->validated;
  execute(request, std::move(running), out->executed);
  return out;
}

}  // namespace pgops::ask
