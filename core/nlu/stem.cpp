// core/nlu: a compact English stemmer.
//
// English follows the inflectional steps of Porter2 (1a, 1b, 1c, the removal of -ly and of a final e);
// the derivational steps are left out on purpose: "operation" and "operator" are different things to
// ask about. Words with other letters are their own stem.
#include <cstdint>

#include "core/nlu/text.hpp"

namespace pgops::nlu {
namespace {

bool is_vowel(std::string_view w, std::size_t i) {
  switch (w[i]) {
    case 'a':
    case 'e':
    case 'i':
    case 'o':
    case 'u': return true;
    case 'y': return i > 0 && !is_vowel(w, i - 1);
    default: return false;
  }
}

bool has_vowel(std::string_view w) {
  for (std::size_t i = 0; i < w.size(); ++i) {
    if (is_vowel(w, i)) return true;
  }
  return false;
}

bool ends(std::string_view w, std::string_view tail) {
  return w.size() > tail.size() && w.substr(w.size() - tail.size()) == tail;
}

bool short_syllable(std::string_view w) {
  const std::size_t n = w.size();
  if (n < 3) return n == 2 && is_vowel(w, 0) && !is_vowel(w, 1);
  const char last = w[n - 1];
  return !is_vowel(w, n - 3) && is_vowel(w, n - 2) && !is_vowel(w, n - 1) && last != 'w' && last != 'x' && last != 'y';
}

// After -ed or -ing has gone: restore the e of "stored", undouble "dropped".
void repair(std::string& w) {
  const std::size_t n = w.size();
  if (ends(w, "at") || ends(w, "bl") || ends(w, "iz")) {
    w.push_back('e');
  } else if (n >= 3 && w[n - 1] == w[n - 2] && std::string_view("bdfgmnprt").find(w[n - 1]) != std::string_view::npos) {
    w.pop_back();
  } else if (short_syllable(w) && n <= 3) {
    w.push_back('e');
  }
}

std::string english(std::string w) {
  if (w.size() <= 2) return w;
  // 1a
  if (ends(w, "sses")) {
    w.resize(w.size() - 2);
  } else if (ends(w, "ies") || ends(w, "ied")) {
    w.resize(w.size() - (w.size() > 4 ? 2 : 1));
  } else if (w.back() == 's' && !ends(w, "us") && !ends(w, "ss") && !ends(w, "is") && w.size() > 2) {
    w.pop_back();
  } else if (w == "cis") {
    w = "ci";
  }
  // 1b
  if (ends(w, "eed")) {
    if (w.size() > 4) w.pop_back();
  } else if (ends(w, "ed") && has_vowel(std::string_view(w).substr(0, w.size() - 2))) {
    w.resize(w.size() - 2);
    repair(w);
  } else if (ends(w, "ing") && w.size() > 5 && has_vowel(std::string_view(w).substr(0, w.size() - 3))) {
    w.resize(w.size() - 3);
    repair(w);
  }
  // 1c
  if (w.size() > 2 && w.back() == 'y' && !is_vowel(w, w.size() - 2)) w.back() = 'i';
  // -ly, then a final e
  if (ends(w, "li") && w.size() > 5) w.resize(w.size() - 2);
  if (w.size() > 3 && w.back() == 'e') w.pop_back();
  return w;
}

}  // namespace

std::string stem(std::string_view word) {
  if (word.empty()) return {};
  for (const char c : word) {
    if (static_cast<unsigned char>(c) >= 128) return std::string(word);
  }
  return english(std::string(word));
}

}  // namespace pgops::nlu
