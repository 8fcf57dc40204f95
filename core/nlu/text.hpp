// core/nlu: a question as tokens that remember where they stood.
//
// Vocabulary: `text` is the original spelling, `norm` its NFKC case-folded form without apostrophes,
// `stem` the English stem. A Korean word is several tokens: the
// word and its particles and endings (see hangul.hpp). Positions are byte offsets into the
// original, half-open. An *identifier* is a protected word (security_alert, web-01, 10.0.0.1): it is
// never split for meaning, only for comparison (`parts`). Tokenising never fails: bytes that are not
// UTF-8 end a token.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgops::nlu {

enum class TokenKind : std::uint8_t { word, number, date, clock, identifier, quoted, symbol };

struct Token {
  TokenKind kind = TokenKind::word;
  std::string text;
  std::string norm;
  std::string stem;
  std::size_t begin = 0;
  std::size_t end = 0;
  bool capital = false;            // first letter upper case
  bool all_caps = false;           // two letters or more, all upper case
  bool sentence_start = false;     // first word of a sentence
  bool suffix = false;             // Korean: a particle or ending of the token before it
  std::vector<std::string> parts;  // stems of an identifier's words
};

// NFKC and case folding; bytes that are not UTF-8 become U+FFFD.
std::string normalise(std::string_view text);

std::vector<Token> tokenise(std::string_view text);

// The stem of a normalised word (see the head of stem.cpp).
std::string stem(std::string_view word);

// Whether `list` ("|a|b|c|") has `word` between two bars.
bool listed(std::string_view word, std::string_view list) noexcept;

// Share of the letters of `text` that are Hangul, 0..1, and of those in no Latin script.
double hangul_share(std::string_view text);
double non_latin_share(std::string_view text);

}  // namespace pgops::nlu
