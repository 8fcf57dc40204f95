// core/planner: one question, taken as a whole, decided. Internal to core/planner; see planner.hpp.
//
// Vocabulary: a *good* candidate explains everything and is near enough; an *incomplete* one lacks a
// required argument only. decide() runs a Decider over the question and over the parts of a compound one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/planner/candidate.hpp"
#include "core/planner/planner.hpp"
#include "core/planner/wording.hpp"

namespace pgops::planner {

// What is asked, in the closed list of intents; `filling` of the chosen tool, if there is one.
std::string intent_of(const nlu::Analysis& analysis, const nlu::Filling* filling);

// A tool's title, or the first sentence of its description.
std::string label_of(const retrieval::ToolDoc& doc);

bool same_capability(const retrieval::ToolDoc& a, const retrieval::ToolDoc& b);

class Decider {
 public:
  Decider(const PlannerInput& in, const retrieval::Index& index, const nlu::Calendar& calendar, nlu::Lookup& lookup)
      : in_(in), index_(index), cal_(calendar), lookup_(lookup) {}

  // What the question was cut into; after run().
  const std::vector<nlu::Token>& tokens() const noexcept { return a_.tokens; }

  Decision run(const std::string& question);
  // Single words that nobody explains; after run().
  std::vector<nlu::Token> unknown_words() const;

 private:
  bool eligible(const retrieval::Entry& e) const;
  bool anything_to_ask() const;
  std::optional<std::string> senseless(const std::string& question) const;
  void rank();
  void look_up_entities();
  void read();
  void note_candidates();

  Decision choose();
  Decision plan(const std::vector<const Candidate*>& chosen);
  Decision plan(const Reading& reading);
  void add_interval(const nlu::Span& span);
  Decision ask_back(const std::vector<const Candidate*>& close, const std::vector<const Reading*>& readings);
  Decision ask_for_argument(const Candidate& c);
  Decision ask_which(const Candidate& c);
  void offer(const Candidate& c, const std::string& argument, const std::string& label, const Json& value);
  void complete_with(const Candidate& c, const std::vector<std::string>& endings);
  Decision ask_for(const Reading& reading);

  std::string why_not(bool unsure);
  bool nobody_explains(const nlu::Word& word) const;
  Decision reject(Code code, std::string reason);
  Decision action();
  Decision help();

  const PlannerInput& in_;
  const retrieval::Index& index_;
  const nlu::Calendar& cal_;
  nlu::Lookup& lookup_;
  nlu::Analysis a_;
  std::vector<Candidate> all_;
  std::vector<Reading> readings_;
  Decision d_;
  bool korean_ = false;   // the question is
  bool probing_ = false;  // tries a question of its own: asks nothing back
};

}  // namespace pgops::planner
