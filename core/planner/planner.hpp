// core/planner: from a question to a decision, deterministically.
//
// decide() is a pure function: the same input, index and answers of the two callbacks give the same bytes. Its one
// promise is that whatever it recognised in the question, or could not explain, is used by an argument, by the intent,
// or by the chosen tool's own words; otherwise there is no plan. A wrong answer costs more than none.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/nlu/lookup.hpp"
#include "core/period.hpp"
#include "core/planner/reading.hpp"
#include "core/retrieval/index.hpp"

namespace pgops::planner {

constexpr std::size_t kMaxQuestionChars = 4000;

struct PlannerInput {
  std::string question;     // valid UTF-8
  std::int64_t now_us = 0;  // microseconds since 1970-01-01 UTC
  std::string timezone = "UTC";
  std::string locale = "en";  // en | ko
  bool allow_write = false;   // the option, already checked against the caller's rights
  // Which tools this identity may call; empty = ToolDoc::callable decides alone.
  std::function<bool(const retrieval::ToolDoc&)> callable;
  // Stored values under the caller's tenant; empty = nothing can be looked up, entities stay unknown.
  nlu::LookupFunction lookup;
  // What the models this identity may ask make of a question; empty = there are none.
  ReadFunction read_models;
  // Words that models know, for corrections of spelling.
  std::vector<std::string> model_words;
};

enum class Route : std::uint8_t { direct, plan, reject };

struct PlannedCall {
  std::string id;
  std::string tool;
  int version = 0;
  Json args = Json::object();
  std::vector<nlu::Origin> origins;
};

struct Option {
  std::string label;
  Json plan;  // {"intent","calls"}
};

struct Decision {
  Route route = Route::reject;
  std::string intent = "lookup";
  std::string reason;  // one sentence in the caller's locale
  std::optional<Code> code;
  std::vector<PlannedCall> calls;
  std::vector<std::string> not_understood;  // as spelt in the question
  std::vector<std::string> next_actions;    // example questions, or what to do
  std::string clarification;                // the question back, with AMBIGUOUS
  std::vector<Option> options;
  std::string direct_text;         // route direct
  Json direct_facts;               // capabilities and examples behind direct_text
  std::vector<Period> intervals;   // of the calls' arguments
  std::vector<std::string> notes;  // sentences the answer has to say: how something was understood
  // Texts looked up in the data; 0: the decision depends on nothing but question, index and options.
  std::size_t consulted = 0;
  // The same for every `now`, as long as input, index and the answers of `callable` are the same: no phrase of time
  // was resolved, no data looked up, no model read (which depends on rights that `callable` does not tell).
  bool repeatable = false;
  // Parts of the question, so that the answer may repeat them: numbers in args and intervals.
  Json explain = Json::object();  // spans, candidates with features and scores, why

  Json plan_json() const;  // {"intent","calls":[{"id","tool","args"}]}
};

Decision decide(const PlannerInput& input, const retrieval::Index& index);

}  // namespace pgops::planner
