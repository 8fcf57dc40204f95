// core/retrieval: feature extraction, see features.hpp. Characters are code points, not bytes.
#include "core/retrieval/features.hpp"

#include <cmath>

#include "core/nlu/text.hpp"

namespace pgops::retrieval {
namespace {

std::vector<std::string> code_points(const std::string& word) {
  std::vector<std::string> out;
  for (const char c : word) {
    if ((static_cast<unsigned char>(c) & 0xC0U) == 0x80U && !out.empty()) {
      out.back().push_back(c);
    } else {
      out.emplace_back(1, c);
    }
  }
  return out;
}

}  // namespace

std::map<std::string, double> features_of(const std::vector<std::string>& words) {
  std::map<std::string, double> tf;
  std::string before = "^";
  for (const std::string& word : words) {
    const bool marker = word.size() > 2 && word.front() == '<';
    const std::string root = marker ? word : nlu::stem(word);
    tf["w:" + word] += 1;
    tf["s:" + root] += 1;
    tf["b:" + before + " " + root] += 1;
    before = root;
    if (marker) continue;
    std::vector<std::string> chars = code_points(" " + word + " ");
    for (std::size_t n = 3; n <= 4; ++n) {
      for (std::size_t i = 0; i + n <= chars.size(); ++i) {
        std::string gram = "c:";
        for (std::size_t k = i; k < i + n; ++k) gram += chars[k];
        tf[gram] += 1;
      }
    }
  }
  for (auto& [feature, weight] : tf) weight = 1.0 + std::log(weight);
  return tf;
}

}  // namespace pgops::retrieval
