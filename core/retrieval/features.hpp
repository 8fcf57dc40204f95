// core/retrieval: a text as weighted features: words, stems, bigrams of stems, character 3- and 4-grams.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace pgops::retrieval {

// Term frequencies by feature; `words` are delexicalised and normalised.
std::map<std::string, double> features_of(const std::vector<std::string>& words);

}  // namespace pgops::retrieval
