// core/nlu: a Korean word (eojeol) cut into its stem and what is attached to it.
//
// Vocabulary: a *suffix* is a particle, an ending of a copula or of 하다 / 되다, or a counter; it is cut off where
// the sound rule allows it (은, 이, 을 after a final consonant; 는, 가, 를 after a vowel) and at least two
// syllables, or a word of the shipped lists, are left. Cutting goes on until nothing more comes off, so that a
// name is cut the same way wherever it stands. What is no word of the lists and has no suffix stays whole.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace pgops::nlu {

// What stands immediately before, without a space.
enum class Before : std::uint8_t { nothing, number, other };

struct HangulPiece {
  std::size_t begin = 0;  // bytes of the run
  std::size_t end = 0;
  bool suffix = false;
};

bool is_hangul_syllable(char32_t c) noexcept;

// `run` is NFC, Hangul syllables only, not empty.
std::vector<HangulPiece> split_hangul(std::string_view run, Before before);

}  // namespace pgops::nlu
