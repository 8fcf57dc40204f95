// core/planner: one tool judged against one question.
//
// Vocabulary: `unused` are parts of the question the tool does not explain; `conflicts` are
// disagreements on what is asked, in either direction. One of either takes the tool out.
#pragma once

#include <string>
#include <vector>

#include "core/nlu/slots.hpp"
#include "core/retrieval/index.hpp"

namespace pgops::planner {

struct Candidate {
  const retrieval::Entry* entry = nullptr;
  retrieval::Scored score;
  nlu::Filling filling;
  std::vector<std::string> unused;     // as spelt
  std::vector<std::string> conflicts;  // "asks for latest", "is about hardware"
  double reverse = 0;                  // idf share of the nearest example that the question says as well
  double overlap = 0;                  // idf overlap (Dice) with the nearest example
  int soft = 0;                        // harmless disagreements
  double logit = 0;
  double p = 0;

  bool explains_all() const { return unused.empty() && conflicts.empty(); }
  bool complete() const { return filling.missing.empty() && filling.choices.empty(); }
};

// Concepts of the question: its words and the parts of its identifiers.
std::set<std::string> concepts_of(const nlu::Analysis& analysis);

// With `lookup` the names in the question are looked up for the tool's entities.
Candidate judge(const nlu::Analysis& analysis, const nlu::Calendar& calendar, const retrieval::Index& index,
                const retrieval::Scored& score, nlu::Lookup* lookup = nullptr);

Json to_json(const Candidate& candidate);

}  // namespace pgops::planner
