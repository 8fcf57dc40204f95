// core/model: which stored values a text may mean: exact, by another name, by its beginning, nearly.
//
// Texts are compared folded (NFKC, case), spaces and hyphens alike. A beginning counts at a word's end ("kim" of
// "kim minji"). Nearly: one edit in words of five letters or more, two from nine on, never in digits. What is
// said exactly is never also something nearly said.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/nlu/lookup.hpp"

namespace pgops::model {

struct StoredValue {
  Json value;
  std::string label;
  std::vector<std::string> aliases;
};

constexpr std::size_t kMaxCandidates = 8;

// At most kMaxCandidates of the best kind there is.
nlu::LookupAnswer match_value(std::string_view text, const std::vector<StoredValue>& values);
std::string folded(std::string_view text);

}  // namespace pgops::model
