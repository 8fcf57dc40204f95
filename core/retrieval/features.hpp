// core/retrieval: a text as weighted features: words, stems, bigrams of stems, character 3- and 4-grams.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace pgops::retrieval {

// In order of feature, each once.
using Features = std::vector<std::pair<std::string, double>>;

// Damped term frequencies by feature; `words` are delexicalised and normalised.
Features features_of(const std::vector<std::string>& words);

}  // namespace pgops::retrieval
