// extension/ask: composing the answer. See compose.hpp.
#include "extension/ask/compose.hpp"

#include <utility>

#include "core/compose.hpp"
#include "extension/ask/present.hpp"
#include "extension/pg/sync.hpp"

namespace pgops::ask {

namespace {

// Arguments nobody gave: they took the schema's default, and the answer says so.
std::vector<std::string> defaulted_args(const Json& planned, const Json& used, const registry::Tool& tool) {
  std::vector<std::string> names;
  if (!tool.input_schema) return names;
  for (const PropertyInfo& property : tool.input_schema->properties()) {
    if (property.default_value && planned.find(property.name) == nullptr && used.find(property.name) != nullptr) {
      names.push_back(property.name);
    }
  }
  return names;
}

const Json& planned_args(const Routed& routed, std::size_t call) {
  static const Json none;
  if (!routed.plan) return none;
  const auto& calls = (*routed.plan)["calls"].items();
  return call < calls.size() ? calls[call]["args"] : none;
}

}  // namespace

Composed compose(const Request& request, const Routed& routed, const Validated& validated, const Executed& executed) {
  compose::Input input;
  input.question = request.question;
  input.intent = routed.intent.empty() ? "lookup" : routed.intent;
  input.locale = request.options.locale;
  input.intervals = routed.intervals;
  for (CallIndex call = 0; call < executed.run->size(); call++) {
    const registry::Tool& tool = *validated.tools[call];
    const run::CallRecord& record = executed.run->record(call);
    compose::CallOutcome outcome;
    outcome.tool = tool.name;
    outcome.tool_call_id = executed.run->settings_of(call).tool_call_id;
    outcome.title = tool.title;
    outcome.status = std::string(run::to_string(record.status));
    if (record.error) outcome.error_code = std::string(to_string(record.error->code));
    if (record.because_of) outcome.because_of = validated.tools[*record.because_of]->name;
    outcome.args = executed.run->args(call);
    if (tool.input_schema) tool.input_schema->apply_defaults(outcome.args);
    outcome.defaulted = defaulted_args(planned_args(routed, call), outcome.args, tool);
    outcome.present = tool.spec["present"];
    if (tool.present) outcome.speaker = &*tool.present;
    if (executed.results[call] != nullptr) {
      outcome.result = executed.results[call];
      outcome.result_digest = executed.result_digests[call].digest;
      // Data are as of the moment the tool began to read them.
      const std::int64_t begun = record.started().value_or(request.started_us);
      outcome.as_of = iso_utc(request.started_wall_us + (begun - request.started_us));
    }
    input.calls.push_back(std::move(outcome));
  }
  compose::Answer answer = compose::compose(input);
  Composed out;
  out.answer = std::move(answer).to_json();
  out.references = std::move(answer.references);
  if (!answer.grounded) out.problem = answer.grounded.error();
  return out;
}

}  // namespace pgops::ask
