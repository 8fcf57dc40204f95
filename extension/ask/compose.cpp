// extension/ask: composing the answer. See compose.hpp.
#include "extension/ask/compose.hpp"

#include <algorithm>
#include <utility>

#include "core/compose.hpp"
#include "core/nlu/calendar.hpp"
#include "core/model/speak.hpp"
#include "extension/ask/present.hpp"
#include "extension/pg/sync.hpp"
#include "extension/registry/models.hpp"

namespace pgops::ask {

namespace {

const Json& planned_args(const Routed& routed, std::size_t call) {
  static const Json none;
  if (!routed.plan) return none;
  const auto& calls = (*routed.plan)["calls"].items();
  return call < calls.size() ? calls[call]["args"] : none;
}

// In the zone of the request, as everything else it says.
std::string local_iso(const Request& request, std::int64_t wall_us) {
  const std::string& zone = request.options.timezone;
  if (zone == "UTC" || zone == "Etc/UTC" || zone == "GMT") return iso_utc(wall_us);
  const nlu::Calendar calendar({wall_us, zone});
  return calendar.zone_known() ? calendar.iso(wall_us) : iso_utc(wall_us);
}

bool bounds_rows(const registry::Tool& tool, const std::string& name) {
  const Json& slot = tool.spec["input_schema"]["properties"][name]["x-ops"]["slot"];
  return slot.is_string() ? slot.text() == "limit" : name == "limit";
}

// Which arguments somebody gave, and which took the schema's default: the answer says both. The planner writes
// defaults into its plan; of a choice among plans it is only known that the value is the default.
void arguments_of(const Request& request, const Routed& routed, std::size_t call, const registry::Tool& tool,
                  compose::CallOutcome& outcome) {
  if (!tool.input_schema || tool.direct) return;  // of a query they are its statement, which operators alone may see
  const Json& planned = planned_args(routed, call);
  for (const PropertyInfo& property : tool.input_schema->properties()) {
    const Json* value = outcome.args.find(property.name);
    if (value == nullptr || value->is_null()) continue;
    bool assumed = planned.find(property.name) == nullptr;
    if (call < routed.defaulted.size()) {
      const auto& names = routed.defaulted[call];
      assumed = assumed || std::find(names.begin(), names.end(), property.name) != names.end();
    } else if (request.options.choose && property.default_value) {
      assumed = assumed || *property.default_value == *value;
    }
    (assumed ? outcome.defaulted : outcome.given).push_back(property.name);
    if (bounds_rows(tool, property.name)) outcome.limit = property.name;
    // How many rows a playbook looks at is no matter of the question.
    if (!routed.playbook.empty() && !outcome.given.empty() && outcome.given.back() == outcome.limit)
      outcome.given.pop_back();
  }
}

void add_recount(const Recounted& recounted, compose::Input& input) {
  for (CallIndex i = 0; i < recounted.of.size(); i++) {
    if (recounted.executed.results[i] == nullptr) continue;
    compose::CallOutcome& outcome = input.calls[recounted.of[i]];
    outcome.unfiltered = recounted.executed.results[i];
    outcome.unfiltered_args = recounted.executed.run->args(i);
    outcome.unfiltered_call_id = recounted.executed.run->settings_of(i).tool_call_id;
  }
}

}  // namespace

Composed compose(const Request& request, const Routed& routed, const Validated& validated, const Executed& executed,
                 const Recounted* recounted) {
  compose::Input input;
  input.question = request.question;
  input.intent = routed.intent.empty() ? "lookup" : routed.intent;
  input.locale = request.options.locale;
  input.intervals = routed.intervals;
  input.notes = routed.notes;
  input.playbook = routed.playbook;
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
    arguments_of(request, routed, call, tool, outcome);
    outcome.present = tool.spec["present"];
    if (tool.present) outcome.speaker = &*tool.present;
    if (tool.model != nullptr) {
      const bool korean = request.options.locale.starts_with("ko");
      if (const auto frame = model::parse_frame(outcome.args, tool.model->model))
        outcome.present = model::present(*frame, tool.model->model, korean);
    }
    if (executed.results[call] != nullptr) {
      outcome.result = executed.results[call];
      outcome.result_digest = executed.result_digests[call].digest;
      // Data are as of the moment the tool began to read them.
      const std::int64_t begun = record.started().value_or(request.started_us);
      outcome.as_of = local_iso(request, request.started_wall_us + (begun - request.started_us));
    }
    input.calls.push_back(std::move(outcome));
  }
  if (recounted != nullptr) add_recount(*recounted, input);
  compose::Answer answer = compose::compose(input);
  Composed out;
  out.answer = std::move(answer).to_json();
  out.references = std::move(answer.references);
  if (!answer.grounded) out.problem = answer.grounded.error();
  return out;
}

}  // namespace pgops::ask
