// extension/ask: routing. See route_plan.hpp.
#include "extension/ask/route_plan.hpp"

#include <utility>

#include "core/model/read.hpp"
#include "core/planner/planner.hpp"
#include "core/playbook.hpp"
#include "extension/ask/decision_cache.hpp"
#include "extension/ask/lookup.hpp"
#include "extension/registry/models.hpp"

namespace pgops::ask {

namespace {

Routed explicit_route(const Request& request) {
  Routed routed;
  routed.route = Route::plan;
  routed.reason = request.entry == Entry::run_plan ? "an explicit plan was given"
                  : request.entry == Entry::query  ? "a statement was given"
                                                   : "one tool was named";
  const Json& plan = *request.explicit_plan;
  routed.intent = std::string(plan["intent"].string_or(""));
  routed.plan = plan;
  return routed;
}

Route route_of(planner::Route route) noexcept {
  switch (route) {
    case planner::Route::direct: return Route::direct;
    case planner::Route::plan: return Route::plan;
    case planner::Route::reject: return Route::reject;
  }
  return Route::reject;
}

Json direct_answer(const planner::Decision& decision) {
  Json block = Json::object();
  block.set("type", Json("markdown"));
  block.set("title", Json("help"));
  block.set("text", Json(decision.direct_text));
  if (!decision.direct_facts.is_null()) block.set("items", decision.direct_facts);
  const auto line = decision.direct_text.find('\n');
  Json answer = Json::object();
  answer.set("summary", Json(decision.direct_text.substr(0, line)));
  answer.set("severity", Json("info"));
  answer.set("facts", Json::array());
  Json blocks = Json::array();
  if (line != std::string::npos) {
    block.set("text", Json(decision.direct_text.substr(line + 1)));
    blocks.push_back(std::move(block));
  }
  answer.set("blocks", std::move(blocks));
  return answer;
}

// A playbook is for whoever may use all of its tools.
const playbook::Playbook* usable_playbook(const Request& request, std::string_view name, Rights& rights) {
  const playbook::Playbook* found = request.snapshot->find_playbook(name);
  if (found == nullptr) return nullptr;
  for (const playbook::Step& step : found->steps) {
    const registry::Tool* tool = request.snapshot->find(step.tool);
    if (tool == nullptr || !tool->read_only || !rights.may_use(*tool)) return nullptr;
  }
  return found;
}

Result<playbook::Expanded> without_playbooks(const Request& request, const Json& plan, Rights& rights) {
  return playbook::expand(plan, [&](std::string_view name) { return usable_playbook(request, name, rights); });
}

Json clarification(const Request& request, const planner::Decision& decision, Rights& rights) {
  if (decision.options.empty() && decision.clarification.empty()) return {};
  Json options = Json::array();
  std::int64_t number = 0;
  for (const planner::Option& option : decision.options) {
    Json one = Json::object();
    one.set("choose", Json(++number));
    one.set("label", Json(option.label));
    const auto expanded = without_playbooks(request, option.plan, rights);
    auto plan = parse_plan(expanded ? expanded->plan : option.plan);
    one.set("plan_id", plan ? Json(plan_id(*plan)) : Json());
    options.push_back(std::move(one));
  }
  Json out = Json::object();
  out.set("question", Json(decision.clarification));
  out.set("options", std::move(options));
  return out;
}

std::vector<model::Readable> readable_models(const Request& request, Rights& rights) {
  std::vector<model::Readable> out;
  for (const auto& tool : request.snapshot->tools()) {
    if (tool->model == nullptr || !rights.may_use(*tool)) continue;
    out.push_back({&tool->model->model, &tool->model->vocabulary});
  }
  return out;
}

planner::Decision decide(const Request& request, Rights& rights) {
  planner::PlannerInput input;
  input.question = request.question;
  input.now_us = request.now_us();
  input.timezone = request.options.timezone;
  input.locale = request.options.locale;
  input.allow_write = may_write(request);
  input.callable = [&](const retrieval::ToolDoc& doc) {
    if (doc.name.starts_with(playbook::kPrefix)) {
      return usable_playbook(request, std::string_view(doc.name).substr(playbook::kPrefix.size()), rights) != nullptr;
    }
    const registry::Tool* tool = request.snapshot->find(doc.name);
    return tool != nullptr && rights.may_use(*tool);
  };
  DataLookup data(request);
  input.lookup = [&](const std::vector<nlu::LookupQuery>& queries) { return data.answer(queries); };
  const std::vector<model::Readable> models = readable_models(request, rights);
  if (!models.empty()) {
    input.read_models = [&](const nlu::Analysis& analysis, const nlu::Calendar& calendar, nlu::Lookup& lookup) {
      return model::read(analysis, calendar, lookup, models, request.options.locale);
    };
  }
  planner::Decision decision = planner::decide(input, *request.snapshot->index());
  // A value that could not be looked up reads like one that is not there; whoever asked must be able to tell.
  if (decision.route == planner::Route::reject && !data.problem().empty()) {
    decision.reason += request.options.locale.starts_with("ko")
                           ? " 저장된 값을 조회하지 못했습니다(" + data.problem() + "). 나중에 다시 질문해 주세요."
                           : " Stored values could not be looked up (" + data.problem() + "); ask again later.";
  }
  return decision;
}

// `choose` of an earlier clarification: the planner is deterministic, so the same question under the same
// clock offers the same options again; the chosen one is run.
void apply_choice(const Request& request, Routed& routed) {
  const std::int64_t choice = *request.options.choose;
  if (routed.options.empty()) {
    routed.refusal = Error{Code::tool_bad_request,
                           "there is nothing to choose: the question is not ambiguous",
                           {},
                           "Leave the option \"choose\" out."};
  } else if (choice > static_cast<std::int64_t>(routed.options.size())) {
    routed.refusal =
        Error{Code::tool_bad_request, "choose must be from 1 to " + std::to_string(routed.options.size()), {}, {}};
  } else {
    const planner::Option& option = routed.options[static_cast<std::size_t>(choice - 1)];
    routed.route = Route::plan;
    routed.reason = "the caller chose: " + option.label;
    routed.plan = option.plan;
    routed.refusal.reset();
    routed.clarification = Json();
    routed.next_actions.clear();
    return;
  }
  routed.route = Route::reject;
  routed.plan.reset();
}

Routed by_question(const Request& request) {
  if (const Routed* known = known_decision(request); known != nullptr) return *known;
  Rights rights(request.identity);
  planner::Decision decision = decide(request, rights);
  Routed routed;
  routed.route = route_of(decision.route);
  routed.reason = decision.reason;
  routed.intent = decision.intent;
  routed.next_actions = decision.next_actions;
  routed.clarification = clarification(request, decision, rights);
  routed.explain = std::make_shared<const Json>(std::move(decision.explain));
  switch (routed.route) {
    case Route::plan:
      routed.plan = decision.plan_json();
      for (const planner::PlannedCall& call : decision.calls) {
        auto& names = routed.defaulted.emplace_back();
        for (const nlu::Origin& origin : call.origins) {
          if (origin.from == "default") names.push_back(origin.argument);
        }
      }
      break;
    case Route::direct: routed.direct_answer = direct_answer(decision); break;
    case Route::reject: routed.refusal = Error{decision.code.value_or(Code::no_match), decision.reason, {}, {}}; break;
  }
  routed.intervals = decision.intervals;
  routed.notes = decision.notes;
  routed.options = std::move(decision.options);
  if (decision.repeatable) remember_decision(request, routed, std::move(rights));
  return routed;
}

}  // namespace

Routed route_plan(const Request& request) {
  Routed routed = request.explicit_plan ? explicit_route(request) : by_question(request);
  if (!request.explicit_plan && request.options.choose) apply_choice(request, routed);
  if (!routed.plan || request.entry == Entry::query) return routed;
  // Asked now, whether the decision was made or found.
  Rights rights(request.identity);
  auto expanded = without_playbooks(request, *routed.plan, rights);
  if (!expanded) {
    routed.route = Route::reject;
    routed.plan.reset();
    routed.refusal = expanded.error();
    return routed;
  }
  if ((*routed.plan)["calls"].size() != expanded->plan["calls"].size()) routed.defaulted.clear();
  routed.plan = std::move(expanded->plan);
  routed.playbook = std::move(expanded->title);
  return routed;
}

}  // namespace pgops::ask
