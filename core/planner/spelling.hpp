// core/planner: a word that nobody knows, and the known word it was probably meant to be.
//
// Known are the words of the tools, of the models and of the shipped lists. A correction is *sure* when the two
// differ the way typing slips do (two letters swapped, or one letter inside a long word) and no other known word
// is as near; only then may it be acted upon, and the answer says so. Anything else is a suggestion.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pgops::planner {

struct Correction {
  std::string word;
  bool sure = false;
};

// `word` is normalised; nothing for words of less than five letters, with digits, or in another script than Latin.
std::optional<Correction> correct(const std::string& word, const std::set<std::string>& known,
                                  const std::vector<std::string>& more);

}  // namespace pgops::planner
