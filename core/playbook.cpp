// core: reading and expanding playbooks. See playbook.hpp.
#include "core/playbook.hpp"

#include <algorithm>
#include <array>

#include "core/nearest.hpp"

namespace pgops::playbook {
namespace {

constexpr std::size_t kMaxTextBytes = 4000;
constexpr std::size_t kMaxListItems = 200;
constexpr std::array<std::string_view, 9> kKnown = {
    "title", "description", "examples", "capabilities", "vocabulary", "deprecated", "input_schema", "calls", "shared"};

class Reader {
 public:
  Reader(const Json& spec, std::vector<Problem>& problems) : spec_(spec), problems_(problems) {}

  Playbook run() {
    if (!spec_.is_object()) {
      note("$", "a playbook is a JSON object");
      return std::move(out_);
    }
    for (const auto& [name, value] : spec_.members()) {
      if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end()) {
        note(path_member("$", name), "is no field of a playbook", nearest_hint(name, kKnown));
      }
    }
    out_.title = text("title", true);
    out_.description = text("description", false);
    out_.examples = list("examples");
    out_.capabilities = list("capabilities");
    out_.vocabulary = list("vocabulary");
    schema();
    calls();
    return std::move(out_);
  }

 private:
  void note(std::string path, std::string message, std::string hint = {}) {
    problems_.push_back({std::move(path), std::move(message), std::move(hint)});
  }

  std::string text(std::string_view name, bool required) {
    const Json& value = spec_[name];
    if (value.is_null() && !required) return {};
    if (!value.is_string() || value.text().empty() || value.text().size() > kMaxTextBytes) {
      note(path_member("$", name), "must be a text that is not empty, of at most 4000 bytes");
      return {};
    }
    return value.text();
  }

  std::vector<std::string> list(std::string_view name) {
    std::vector<std::string> out;
    const Json& value = spec_[name];
    if (value.is_null()) return out;
    bool good = value.is_array() && value.size() <= kMaxListItems;
    for (const Json& item : value.items()) {
      good = good && item.is_string() && !item.text().empty() && item.text().size() <= kMaxTextBytes;
      if (item.is_string()) out.push_back(item.text());
    }
    if (!good) note(path_member("$", name), "must be a list of at most 200 texts that are not empty");
    return out;
  }

  void schema() {
    out_.input_schema = spec_["input_schema"];
    if (out_.input_schema.is_null()) {
      out_.input_schema = *Json::parse(R"({"type":"object","properties":{},"additionalProperties":false})");
    }
    std::vector<Problem> found;
    auto compiled = Schema::compile(out_.input_schema, &found);
    for (Problem& problem : found) note("$.input_schema" + problem.path.substr(1), problem.message, problem.hint);
    if (!compiled && found.empty()) note("$.input_schema", compiled.error().message);
    if (compiled) out_.schema = *std::move(compiled);
  }

  void calls() {
    const Json& list = spec_["calls"];
    if (!list.is_array() || list.size() == 0 || list.size() > kMaxCalls) {
      note("$.calls", "must be a list of 1 to 32 calls", R"({"calls": [{"tool": "blocking_sessions"}, ...]})");
      return;
    }
    for (std::size_t i = 0; i < list.size(); ++i) call(list.items()[i], "$.calls[" + std::to_string(i) + "]");
    unused();
  }

  void call(const Json& spec, const std::string& place) {
    Step step;
    step.tool = std::string(spec["tool"].string_or(""));
    if (!spec.is_object() || step.tool.empty()) {
      note(place, R"(must be {"tool": name, "args": {...}})");
      return;
    }
    for (const auto& [name, value] : spec.members()) {
      if (name != "tool" && name != "args") note(path_member(place, name), "is no field of a playbook's call");
    }
    if (step.tool.starts_with(kPrefix)) note(place + ".tool", "a playbook cannot call playbooks");
    if (const Json& args = spec["args"]; args.is_object()) {
      step.args = args;
    } else if (!args.is_null()) {
      note(place + ".args", "must be an object");
    }
    for (const auto& [name, value] : step.args.members()) {
      if (value.find("$ref") != nullptr)
        note(path_member(place + ".args", name), "calls of a playbook do not depend on each other");
    }
    for (const std::string& argument : arguments_of(step)) {
      if (!out_.schema || out_.schema->property(argument) == nullptr) {
        note(place + ".args", "takes {\"$arg\": \"" + argument + "\"}, which input_schema does not declare");
      }
    }
    const bool again = std::any_of(out_.steps.begin(), out_.steps.end(), [&](const Step& other) {
      return other.tool == step.tool && other.args == step.args;
    });
    if (again) note(place, "repeats an earlier call");
    out_.steps.push_back(std::move(step));
  }

  // What a question says must have an effect on every finding, or the answer would be about something wider.
  void unused() {
    if (!out_.schema) return;
    for (const PropertyInfo& property : out_.schema->properties()) {
      const bool used = std::any_of(out_.steps.begin(), out_.steps.end(), [&](const Step& step) {
        const auto names = arguments_of(step);
        return std::find(names.begin(), names.end(), property.name) != names.end();
      });
      if (!used) note(path_member("$.input_schema.properties", property.name), "is declared but no call takes it");
    }
  }

  const Json& spec_;
  std::vector<Problem>& problems_;
  Playbook out_;
};

Error invalid(std::string message, std::string detail = {}) {
  return {Code::plan_invalid, std::move(message), std::move(detail), {}};
}

// A step's arguments with the playbook's values in place; one that was not given leaves its member out.
Json filled(const Step& step, const Json& args) {
  Json out = Json::object();
  for (const auto& [name, value] : step.args.members()) {
    const Json* argument = value.is_object() ? value.find("$arg") : nullptr;
    if (argument == nullptr) {
      out.set(name, value);
    } else if (const Json* given = args.find(argument->string_or("")); given != nullptr) {
      out.set(name, *given);
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> arguments_of(const Step& step) {
  std::vector<std::string> out;
  for (const auto& [name, value] : step.args.members()) {
    const Json* argument = value.is_object() ? value.find("$arg") : nullptr;
    if (argument != nullptr) out.emplace_back(argument->string_or(""));
  }
  return out;
}

Playbook read(const Json& spec, std::vector<Problem>& problems) { return Reader(spec, problems).run(); }

Result<Expanded> expand(const Json& plan, const std::function<const Playbook*(std::string_view)>& find) {
  Expanded out{plan, {}};
  const Json& calls = plan["calls"];
  const bool any = std::any_of(calls.items().begin(), calls.items().end(),
                               [](const Json& call) { return call["tool"].string_or("").starts_with(kPrefix); });
  if (!any) return out;
  Json expanded = Json::array();
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const Json& call = calls.items()[i];
    const std::string_view tool = call["tool"].string_or("");
    if (!tool.starts_with(kPrefix)) {
      expanded.push_back(call);
      continue;
    }
    const std::string place = "$.calls[" + std::to_string(i) + "]";
    const Playbook* playbook = find(tool.substr(kPrefix.size()));
    if (playbook == nullptr) {
      return invalid(place + ".tool: no published playbook is named \"" + std::string(tool.substr(kPrefix.size(), 80)) +
                     "\"");
    }
    Json args = call["args"].is_null() ? Json::object() : call["args"];
    if (playbook->schema) {
      playbook->schema->apply_defaults(args);
      if (const auto problems = playbook->schema->validate(args); !problems.empty()) {
        return invalid(place + ".args: the arguments are not as the playbook wants them", to_text(problems));
      }
    }
    for (std::size_t n = 0; n < playbook->steps.size(); ++n) {
      Json one = Json::object(
          {{"id", std::string(call["id"].string_or("a")) + std::to_string(n + 1)}, {"tool", playbook->steps[n].tool}});
      one.set("args", filled(playbook->steps[n], args));
      expanded.push_back(std::move(one));
    }
    if (calls.size() == 1) out.title = playbook->title;
  }
  out.plan.set("calls", std::move(expanded));
  return out;
}

}  // namespace pgops::playbook
