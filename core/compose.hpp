// core: one answer from the outcomes of a run.
//
// Every call that ended well speaks through its `present`, under its title where there are several; what is
// missing, cut off, limited to a period or to arguments, assumed by default, or older than the question is said in
// words (English or Korean). Summary and blocks are checked by core/ground before they are handed out; an answer
// that fails the check is withheld, and `grounded` says why.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/period.hpp"
#include "core/present/present.hpp"

namespace pgops::compose {

struct CallOutcome {
  std::string tool;
  std::string tool_call_id;
  std::string title;       // of the tool; its description's first sentence where it has none
  std::string status;      // success | error | timeout | skipped | cancelled
  std::string error_code;  // name of a code, when not success
  std::string because_of;  // skipped: the tool whose failure caused it
  Json args = Json::object();
  std::shared_ptr<const Json> result;         // columns, rows, row_count, truncated; when success
  Json present;                               // the tool's spec, null for none
  const present::Present* speaker = nullptr;  // the same, compiled; null: to be compiled
  std::string as_of;                          // timestamptz text
  std::string result_digest;                  // optional, "sha256:..."
  std::vector<std::string> defaulted;         // arguments that took the schema's default
  std::vector<std::string> given;             // arguments that the question or the plan gave
  // The same call without its optional arguments, where it found nothing and the tool says recount.
  std::shared_ptr<const Json> unfiltered;
  Json unfiltered_args = Json::object();
  std::string unfiltered_call_id;
  std::string limit;  // the argument that bounds the number of rows; empty: none
};

struct Input {
  std::string question;
  std::string intent = "lookup";
  std::string locale = "en";
  std::vector<Period> intervals;   // resolved periods, as the planner prints them
  std::vector<std::string> notes;  // sentences of the planner: how words of the question were understood
  std::vector<CallOutcome> calls;  // in plan order
  std::string playbook;            // title of the playbook the calls are of: findings are told worst first
  std::size_t block_rows = 100;
};

struct Answer {
  std::string summary;
  std::string severity = "info";  // info | attention | critical, the gravest of the parts
  Json facts = Json::array();
  Json blocks = Json::array();
  Json references = Json::array();
  bool complete = true;       // every call ended well
  bool any = false;           // at least one did
  std::string fallback_text;  // what is missing, in words; empty when nothing is
  Status grounded = Unit{};   // INTERNAL_ERROR when a figure had no source; the summary is withheld then

  Json to_json() &&;  // {"summary","severity","facts","blocks"}
};

Answer compose(const Input& input);

// Route direct and reject: the text speaks for itself; there is nothing to refer to.
Answer say(const std::string& text);

}  // namespace pgops::compose
