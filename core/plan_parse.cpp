// core: reads a plan from JSON, refusing everything it does not know, and checks the graph.
//
// Order of checks: sizes first (a plan of 10,000 calls is refused before one is read), then each
// call, then names that point to other calls, then cycles. The first problem ends the reading.
#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/nearest.hpp"
#include "core/plan.hpp"

namespace pgops {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kPlanKeys[] = {"intent"sv, "calls"sv};
constexpr std::string_view kCallKeys[] = {"id"sv, "tool"sv, "args"sv, "depends_on"sv, "on_error"sv};
constexpr std::string_view kRefKeys[] = {"$ref"sv, "path"sv};
constexpr std::string_view kOnError[] = {"skip"sv, "continue"sv};

Error invalid(std::string_view place, std::string_view problem, std::string hint = {}) {
  Error error;
  error.code = Code::plan_invalid;
  error.message = std::string(place) + ": " + std::string(problem);
  error.hint = std::move(hint);
  return error;
}

// A name as it may be quoted in a message: hostile plans carry names of any length.
std::string quoted(std::string_view name) {
  constexpr std::size_t kLongest = 80;
  std::string out;
  append_json_string(out, name.size() <= kLongest ? name : "..."sv);
  return out;
}

bool is_name(std::string_view text, std::size_t longest) {
  if (text.empty() || text.size() > longest || text[0] < 'a' || text[0] > 'z') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

// "$.calls[3].args" + "host" -> "$.calls[3].args.host"; other keys are quoted as jsonpath wants it.
std::string member_place(const std::string& place, std::string_view key) {
  if (is_name(key, 63)) return place + "." + std::string(key);
  return place + "." + quoted(key);
}

std::string item_place(const std::string& place, std::size_t index) {
  return place + "[" + std::to_string(index) + "]";
}

class Reader {
 public:
  explicit Reader(const PlanLimits& limits) : limits_(limits) {}

  Result<Plan> read(const Json& document) {
    if (!document.is_object()) return invalid("$", "a plan is an object with the key \"calls\"");
    if (auto s = known_keys(document, "$", kPlanKeys); !s) return s.error();
    Plan plan;
    if (const Json* intent = document.find("intent")) {
      if (!intent->is_string() || intent->text().size() > 63) {
        return invalid("$.intent", "must be a string of at most 63 bytes");
      }
      plan.intent = intent->text();
    }
    const Json* calls = document.find("calls");
    if (calls == nullptr || !calls->is_array() || calls->size() == 0) {
      return invalid("$.calls", "must be an array of at least one call");
    }
    if (calls->size() > limits_.max_calls) {
      return invalid(
          "$.calls",
          std::to_string(calls->size()) + " calls are more than the limit of " + std::to_string(limits_.max_calls),
          "The limit is the setting pg_ops.max_calls.");
    }
    plan.calls.reserve(calls->size());
    for (std::size_t i = 0; i < calls->size(); ++i) {
      if (auto s = read_call(plan, calls->items()[i], item_place("$.calls", i)); !s) return s.error();
    }
    if (auto s = link(plan); !s) return s.error();
    if (auto s = refuse_cycle(plan); !s) return s.error();
    return plan;
  }

 private:
  static Status known_keys(const Json& object, const std::string& place, std::span<const std::string_view> known) {
    for (const auto& member : object.members()) {
      if (std::find(known.begin(), known.end(), member.first) == known.end()) {
        return invalid(place, "unknown key " + quoted(member.first), nearest_hint(member.first, known));
      }
    }
    return Unit{};
  }

  Status read_call(Plan& plan, const Json& source, const std::string& place) {
    if (!source.is_object()) return invalid(place, "a call is an object");
    if (auto s = known_keys(source, place, kCallKeys); !s) return s;
    PlanCall call;
    const Json& id = source["id"];
    if (!id.is_string() || !is_name(id.text(), 63)) {
      return invalid(place + ".id", "must be a string matching ^[a-z][a-z0-9_]{0,62}$");
    }
    call.id = id.text();
    const auto [earlier, fresh] = by_id_.emplace(call.id, static_cast<CallIndex>(plan.calls.size()));
    if (!fresh) {
      return invalid(place + ".id",
                     "duplicate id " + quoted(call.id) + ", already used by " + item_place("$.calls", earlier->second));
    }
    // An imported tool is named server__tool, two names of 63 bytes each.
    const Json& tool = source["tool"];
    std::string_view name = tool.is_string() ? std::string_view(tool.text()) : std::string_view();
    if (name.starts_with("model:")) name.remove_prefix(6);
    if (!is_name(name, 128)) {
      return invalid(place + ".tool", "must be a string, the name of a tool");
    }
    call.tool = tool.text();
    if (const Json* args = source.find("args")) {
      if (!args->is_object() || args->find("$ref") != nullptr) {
        return invalid(place + ".args", "must be an object of arguments by name");
      }
      if (auto s = find_refs(call, *args, place + ".args", 1); !s) return s;
      call.args = *args;
    }
    if (auto s = read_depends_on(call, source, place + ".depends_on"); !s) return s;
    if (const Json* on_error = source.find("on_error")) {
      const std::string_view text = on_error->is_string() ? on_error->text() : std::string_view();
      if (text == "continue") {
        call.on_error = OnError::carry_on;
      } else if (text != "skip") {
        return invalid(place + ".on_error", "must be \"skip\" or \"continue\"", nearest_hint(text, kOnError));
      }
    }
    plan.calls.push_back(std::move(call));
    return Unit{};
  }

  Status read_depends_on(PlanCall& call, const Json& source, const std::string& place) const {
    const Json* names = source.find("depends_on");
    if (names == nullptr) return Unit{};
    if (!names->is_array()) return invalid(place, "must be an array of call ids");
    // Repeated names are harmless, an endless list is not.
    if (names->size() > 2 * limits_.max_calls) return invalid(place, "names too many calls");
    for (std::size_t i = 0; i < names->size(); ++i) {
      const Json& name = names->items()[i];
      if (!name.is_string()) return invalid(item_place(place, i), "must be a string, a call's id");
      call.depends_on.push_back(name.text());
    }
    return Unit{};
  }

  Status find_refs(PlanCall& call, const Json& node, const std::string& place, std::size_t depth) {
    if (!node.is_object() && !node.is_array()) return Unit{};
    if (depth > limits_.max_args_depth) {
      return invalid(place, "nested deeper than " + std::to_string(limits_.max_args_depth) + " levels");
    }
    if (node.is_object() && node.find("$ref") != nullptr) return read_ref(call, node, place);
    for (const auto& [key, value] : node.members()) {
      if (!value.is_object() && !value.is_array()) continue;
      if (auto s = find_refs(call, value, member_place(place, key), depth + 1); !s) return s;
    }
    for (std::size_t i = 0; i < node.items().size(); ++i) {
      if (!node.items()[i].is_object() && !node.items()[i].is_array()) continue;
      if (auto s = find_refs(call, node.items()[i], item_place(place, i), depth + 1); !s) return s;
    }
    return Unit{};
  }

  Status read_ref(PlanCall& call, const Json& node, const std::string& place) {
    if (auto s = known_keys(node, place, kRefKeys); !s) return s;
    const Json& id = node["$ref"];
    if (!id.is_string() || !is_name(id.text(), 63)) {
      return invalid(place + ".\"$ref\"", "must be a string, the id of an earlier call");
    }
    const Json* path = node.find("path");
    if (path == nullptr) {
      return invalid(place, "missing path: a reference has \"$ref\" and \"path\"",
                     "Write {\"$ref\": \"" + id.text() + "\", \"path\": \"$.rows[0].column\"}.");
    }
    if (!path->is_string() || path->text().empty() || path->text().size() > limits_.max_path_bytes) {
      return invalid(place + ".path",
                     "must be a jsonpath of 1 to " + std::to_string(limits_.max_path_bytes) + " bytes");
    }
    if (call.refs.size() == limits_.max_refs_per_call) {
      return invalid(place, "more than " + std::to_string(limits_.max_refs_per_call) + " references in one call");
    }
    call.refs.push_back(RefSite{place, 0, id.text(), path->text()});
    return Unit{};
  }

  // Turns ids into positions and merges explicit dependencies with those that references imply.
  Status link(Plan& plan) const {
    for (CallIndex i = 0; i < plan.calls.size(); ++i) {
      PlanCall& call = plan.calls[i];
      const std::string place = item_place("$.calls", i);
      for (std::size_t n = 0; n < call.depends_on.size(); ++n) {
        auto target = target_of(plan, i, call.depends_on[n], item_place(place + ".depends_on", n));
        if (!target) return target.error();
        depend(call, *target, false);
      }
      for (RefSite& ref : call.refs) {
        auto target = target_of(plan, i, ref.source_id, ref.place);
        if (!target) return target.error();
        ref.source = *target;
        depend(call, *target, true);
      }
      std::sort(call.dependencies.begin(), call.dependencies.end(),
                [](const Dependency& a, const Dependency& b) { return a.call < b.call; });
    }
    return Unit{};
  }

  static void depend(PlanCall& call, CallIndex target, bool by_reference) {
    for (Dependency& d : call.dependencies) {
      if (d.call == target) {
        d.by_reference = d.by_reference || by_reference;
        return;
      }
    }
    call.dependencies.push_back(Dependency{target, by_reference});
  }

  Result<CallIndex> target_of(const Plan& plan, CallIndex self, const std::string& id, const std::string& place) const {
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) {
      std::vector<std::string_view> ids;
      for (const PlanCall& call : plan.calls) ids.push_back(call.id);
      return invalid(place, "unknown call " + quoted(id), nearest_hint(id, ids));
    }
    if (found->second == self) return invalid(place, "call " + quoted(id) + " refers to itself");
    return found->second;
  }

  // Depth first with an explicit stack; the calls on the stack are the cycle when one is met again.
  static Status refuse_cycle(const Plan& plan) {
    enum class Mark : std::uint8_t { unseen, open, done };
    std::vector<Mark> marks(plan.calls.size(), Mark::unseen);
    struct Step {
      CallIndex call;
      std::size_t next;
    };
    std::vector<Step> stack;
    for (CallIndex root = 0; root < plan.calls.size(); ++root) {
      if (marks[root] != Mark::unseen) continue;
      marks[root] = Mark::open;
      stack.push_back(Step{root, 0});
      while (!stack.empty()) {
        Step& step = stack.back();
        const auto& needs = plan.calls[step.call].dependencies;
        if (step.next == needs.size()) {
          marks[step.call] = Mark::done;
          stack.pop_back();
          continue;
        }
        const CallIndex target = needs[step.next++].call;
        if (marks[target] == Mark::open) {
          std::string cycle = plan.calls[target].id;
          auto from = std::find_if(stack.begin(), stack.end(), [&](const Step& s) { return s.call == target; });
          for (++from; from != stack.end(); ++from) cycle += " -> " + plan.calls[from->call].id;
          cycle += " -> " + plan.calls[target].id;
          return invalid(item_place("$.calls", target), "cycle of dependencies " + cycle);
        }
        if (marks[target] == Mark::unseen) {
          marks[target] = Mark::open;
          stack.push_back(Step{target, 0});
        }
      }
    }
    return Unit{};
  }

  const PlanLimits& limits_;
  std::unordered_map<std::string, CallIndex> by_id_;
};

}  // namespace

Result<Plan> parse_plan(const Json& document, const PlanLimits& limits) { return Reader(limits).read(document); }

}  // namespace pgops
