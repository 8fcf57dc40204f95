// core: the plan model apart from reading it (plan_parse.cpp): substitution, order, identity.
#include "core/plan.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace pgops {
namespace {

// Depth is bounded by PlanLimits::max_args_depth, hence the recursion.
Json substitute_from(const Json& node, std::span<const Json> values, std::size_t& next) {
  if (node.is_object()) {
    if (node.find("$ref") != nullptr) {
      const std::size_t site = next++;
      return site < values.size() ? values[site] : Json();
    }
    Json out = Json::object();
    out.members().reserve(node.size());
    for (const auto& [key, value] : node.members()) {
      out.members().emplace_back(key, substitute_from(value, values, next));
    }
    return out;
  }
  if (node.is_array()) {
    Json out = Json::array();
    out.items().reserve(node.size());
    for (const Json& item : node.items()) out.items().push_back(substitute_from(item, values, next));
    return out;
  }
  return node;
}

}  // namespace

Json substitute(const Json& args, std::span<const Json> values) {
  std::size_t next = 0;
  return substitute_from(args, values, next);
}

std::vector<CallIndex> topological_order(const Plan& plan) {
  // Quadratic in the number of calls at worst, which PlanLimits bounds; plan order stays intact.
  std::vector<CallIndex> order;
  order.reserve(plan.calls.size());
  std::vector<bool> placed(plan.calls.size(), false);
  for (bool moved = true; moved;) {
    moved = false;
    for (CallIndex i = 0; i < plan.calls.size(); ++i) {
      if (placed[i]) continue;
      const auto& needs = plan.calls[i].dependencies;
      if (!std::all_of(needs.begin(), needs.end(), [&](const Dependency& d) { return placed[d.call]; })) {
        continue;
      }
      placed[i] = true;
      order.push_back(i);
      moved = true;
    }
  }
  return order;
}

std::vector<std::uint32_t> plan_levels(const Plan& plan) {
  std::vector<std::uint32_t> levels(plan.calls.size(), 0);
  for (CallIndex i : topological_order(plan)) {
    for (const Dependency& d : plan.calls[i].dependencies) {
      levels[i] = std::max(levels[i], levels[d.call] + 1);
    }
  }
  return levels;
}

Json to_json(const Plan& plan) {
  Json out = Json::object();
  if (!plan.intent.empty()) out.set("intent", plan.intent);
  Json calls = Json::array();
  for (const PlanCall& call : plan.calls) {
    Json entry = Json::object();
    entry.set("id", call.id);
    entry.set("tool", call.tool);
    entry.set("args", call.args);
    if (!call.depends_on.empty()) {
      Json names = Json::array();
      for (const std::string& name : call.depends_on) names.push_back(name);
      entry.set("depends_on", std::move(names));
    }
    if (call.on_error == OnError::carry_on) entry.set("on_error", "continue");
    calls.push_back(std::move(entry));
  }
  out.set("calls", std::move(calls));
  return out;
}

std::string plan_id(const Plan& plan) {
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a, 64 bits
  for (const char c : to_json(plan).canonical()) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out(16, '0');
  for (std::size_t i = 16; i-- > 0; hash >>= 4) out[i] = kHex[hash & 15U];
  return out;
}

}  // namespace pgops
