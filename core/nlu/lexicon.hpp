// core/nlu: the closed word lists, as data (lexicon_data.inc), and how to look words up in them.
//
// Vocabulary: a *function* word carries no meaning of its own and may stay unexplained; an *aspect*
// word says what is asked about the things named (count, latest, distinct...) and must agree with the
// tool; a *concept* is a name shared by synonyms. Everything else is a content word and must be known
// to the tool that answers. The tables are immutable and built on first use.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/nlu/text.hpp"

namespace pgops::nlu {

enum class PhraseKind : std::uint8_t { function, aspect, concept_name };

struct Phrase {
  PhraseKind kind = PhraseKind::function;
  std::string name;        // aspect or concept; empty for function words
  std::size_t tokens = 0;  // how many tokens it covers
};

// The longest phrase of the tables that begins at tokens[at]; nullopt: a content word.
std::optional<Phrase> match_phrase(const std::vector<Token>& tokens, std::size_t at);

// The number of tokens of a place that holds everything ("in our database"), 0 when there is none.
std::size_t match_place(const std::vector<Token>& tokens, std::size_t at);

bool is_unit_word(std::string_view norm);

struct UnitInfo {
  std::string_view dimension;  // "duration" (base s), "bytes" (base byte), "percent"
  // Multiplier to the base unit, as a rational: num / den.
  std::int64_t num = 1;
  std::int64_t den = 1;
  std::string_view calendar;  // "second".."year" for durations
};
std::optional<UnitInfo> unit_info(std::string_view norm);

std::optional<std::int64_t> number_word(std::string_view norm);
std::optional<int> month_number(std::string_view norm);    // 1..12
std::optional<int> weekday_number(std::string_view norm);  // 1 = Monday .. 7
// Words of time that no rule explained ("recently", "morning"): they must not pass as vocabulary noise.
bool is_time_word(std::string_view norm);

struct ActionVerb {
  std::string_view verb;
  bool also_noun;  // at the start it counts only before a determiner or a named object
};
std::optional<ActionVerb> action_verb(std::string_view norm);
// Every Latin word of the shipped lists, in order.
const std::set<std::string>& shipped_words();
// Of the shipped lists: written so, it is one word and is not cut.
bool is_korean_word(std::string_view word);
// "삭제해줘", "재시작 해주세요", "지워줘": tokens[at] names an act, and the next one tells to do it.
bool is_korean_action(const std::vector<Token>& tokens, std::size_t at);
bool is_polite_prefix(const std::vector<Token>& tokens, std::size_t at, std::size_t& length);

bool is_help(const std::vector<Token>& tokens);

}  // namespace pgops::nlu
