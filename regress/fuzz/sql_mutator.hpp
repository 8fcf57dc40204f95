// regress/fuzz: texts of SQL for libFuzzer: made from a small grammar, or by changing the tokens of another text.
//
// Deterministic: everything follows from the seed. Texts are valid often, nearly valid mostly, and at times
// anything at all (unbalanced, half a character, very deep).
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace pgops::fuzz {

class SqlMutator {
 public:
  explicit SqlMutator(std::uint32_t seed) : random_(seed) {}

  std::string select(int depth);
  std::string expression(int depth);
  // One to five changes on the level of tokens.
  std::string mutate(std::string_view text);
  std::string cross(std::string_view left, std::string_view right);

  // Tokens without any claim to be right: words, quoted things, numbers, runs of operators, white space.
  static std::vector<std::string> tokens(std::string_view text);

 private:
  std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }
  bool chance(unsigned percent) { return random_() % 100 < percent; }
  template <std::size_t N>
  std::string pick(const char* const (&list)[N]) {
    return list[below(N)];
  }
  // Of the first `clean` entries when the text is to be one that may pass.
  template <std::size_t N>
  std::string pick(const char* const (&list)[N], std::size_t clean) {
    return list[below(clean_ ? clean : N)];
  }
  std::string from_item(int depth);
  std::string statement();
  std::string scrap(int depth);
  void change(std::vector<std::string>& parts);

  std::minstd_rand random_;
  bool clean_ = false;
};

}  // namespace pgops::fuzz
