// core/planner: the seam where readings of a question by models stand beside the tools.
//
// A *reading* is one way to understand the whole question by one model. It keeps the planner's rule: what it
// recognised in the question, or could not explain, is used or named in `unused`. A reading is *complete* when
// nothing is unused, missing or in conflict; only complete ones are run, and two complete ones that ask for
// different things are put to the user. core/model makes readings; core/planner does not know models.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/nlu/analysis.hpp"
#include "core/nlu/lookup.hpp"
#include "core/nlu/slots.hpp"

namespace pgops::planner {

struct Reading {
  std::string tool;  // "model:NAME", as the call names it
  int version = 0;
  Json args = Json::object();          // the frame
  std::vector<nlu::Origin> origins;    // which part of the question gave which argument
  std::string intent;                  // of the closed list; empty: the question's own
  std::string label;                   // the reading in words, in the caller's locale: an option of a clarification
  std::vector<std::string> unused;     // parts of the question it does not explain, as spelt
  std::vector<std::string> conflicts;  // "groups by: hour", what it cannot do
  std::vector<std::string> missing;    // what the question has to say in addition ("time")
  std::vector<std::string> notes;      // to be said in the answer: "\"Bussan\" is understood as \"Busan\"."
  std::vector<std::string> examples;   // questions that this model answers, for a refusal
  // Stored values that the words in `unused` resemble, for a refusal: "did you mean ...".
  std::vector<std::string> suggestions;
  int guesses = 0;                      // harmless assumptions made; the reading with fewer goes first
  std::vector<std::size_t> time_spans;  // analysis.spans whose interval the arguments carry

  bool complete() const { return unused.empty() && conflicts.empty() && missing.empty(); }
};

// Every reading worth mentioning, complete or not, of every model the caller may ask; deterministic.
// Called once for each question (and each part of a compound one).
using ReadFunction = std::function<std::vector<Reading>(const nlu::Analysis&, const nlu::Calendar&, nlu::Lookup&)>;

}  // namespace pgops::planner
