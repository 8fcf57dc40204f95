// core/retrieval: reading a tool's profile off its own words.
#pragma once

#include "core/retrieval/index.hpp"

namespace pgops::retrieval {

struct ProfiledTool {
  Profile profile;
  std::vector<std::vector<std::string>> example_words;  // delexicalised, for the features
};

ProfiledTool profile_of(const ToolDoc& doc, const std::vector<nlu::Slot>& slots);

}  // namespace pgops::retrieval
