// core/retrieval: feature extraction, see features.hpp. Characters are code points, not bytes.
#include "core/retrieval/features.hpp"

#include <algorithm>
#include <cmath>

#include "core/nlu/text.hpp"

namespace pgops::retrieval {
namespace {

// Where each character of `word` begins, and its end.
void code_points(const std::string& word, std::vector<std::size_t>& starts) {
  starts.clear();
  for (std::size_t i = 0; i < word.size(); ++i) {
    if ((static_cast<unsigned char>(word[i]) & 0xC0U) != 0x80U || starts.empty()) starts.push_back(i);
  }
  starts.push_back(word.size());
}

// Of a kind of feature. A word has many more character grams than stems; set on the validation part of CLINC150.
double weight_of(char kind) {
  switch (kind) {
    case 'c': return 0.65;
    case 's':
    case 'b': return 1.2;
    default: return 1.0;
  }
}

}  // namespace

Features features_of(const std::vector<std::string>& words) {
  std::vector<std::string> found;
  std::size_t bytes = 0;
  for (const std::string& word : words) bytes += word.size();
  found.reserve(2 * bytes + 5 * words.size());
  std::string before = "^";
  std::string padded;
  std::vector<std::size_t> starts;
  for (const std::string& word : words) {
    const bool marker = word.size() > 2 && word.front() == '<';
    std::string root = marker ? word : nlu::stem(word);
    found.push_back("w:" + word);
    found.push_back("s:" + root);
    found.push_back("b:" + before + " " + root);
    before = std::move(root);
    if (marker) continue;
    padded.assign(1, ' ').append(word).push_back(' ');
    code_points(padded, starts);
    const std::size_t characters = starts.size() - 1;
    for (std::size_t n = 3; n <= 4; ++n) {
      for (std::size_t i = 0; i + n <= characters; ++i) {
        found.emplace_back("c:").append(padded, starts[i], starts[i + n] - starts[i]);
      }
    }
  }
  if (!words.empty()) found.push_back("b:" + before + " $");
  std::sort(found.begin(), found.end());
  Features tf;
  tf.reserve(found.size());
  for (std::size_t i = 0; i < found.size();) {
    std::size_t next = i + 1;
    while (next < found.size() && found[next] == found[i]) ++next;
    const auto times = static_cast<double>(next - i);
    const double weight = weight_of(found[i].front());
    tf.emplace_back(std::move(found[i]), weight * (times == 1.0 ? 1.0 : 1.0 + std::log(times)));
    i = next;
  }
  return tf;
}

}  // namespace pgops::retrieval
