// core/nlu: a question taken apart: spans, aspects, content words.
//
// Vocabulary: a *span* is a recognised part with a typed value (time, limit, comparison, quantity,
// number, quoted, identifier, negation); its `key` says the same thing independent of spelling and of
// now. An *aspect* says what is asked (count, latest, group...). A content *word* has a concept, shared
// by synonyms. Every token is owned by exactly one of: function word, span, aspect, content word,
// symbol; that is what makes "nothing may be left unexplained" checkable.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "core/nlu/calendar.hpp"
#include "core/nlu/text.hpp"

namespace pgops::nlu {

enum class Role : std::uint8_t { function, symbol, span, aspect, word };

struct Span {
  std::string type;  // time time_point limit comparison quantity number quoted identifier negation
  std::string key;
  Json value;
  std::size_t begin = 0;  // byte offsets in the original
  std::size_t end = 0;
  std::string text;
  std::size_t first = 0;  // tokens, half-open
  std::size_t last = 0;
  std::string number;         // decimal text of limit, number, quantity, comparison
  std::string op;             // comparison: > >= < <= = between
  std::string dimension;      // quantity, comparison: duration bytes percent, or empty
  std::int64_t unit_num = 1;  // multiplier of `number` to the dimension's base unit
  std::int64_t unit_den = 1;
  std::optional<std::int64_t> since_us;
  std::optional<std::int64_t> until_us;
  std::vector<std::string> parts;  // identifier: concepts of its words
  // negation: the word it negates, an index into Analysis::words.
  std::optional<std::size_t> negates;
};

struct Aspect {
  std::string name;
  std::size_t first = 0;
  std::size_t last = 0;
  std::vector<std::string> targets;  // group: concepts; time units as "time:day"
};

struct Word {
  std::string concept_name;
  std::size_t first = 0;
  std::size_t last = 0;
  std::string text;
  bool time_word = false;  // a word of time that no rule explained
  bool proper = false;     // capitalised inside the sentence
};

struct Analysis {
  std::string text;
  std::vector<Token> tokens;
  std::vector<Role> roles;  // one per token
  std::vector<Span> spans;
  std::vector<Aspect> aspects;
  std::vector<Word> words;
  // What is counted: the last noun after "how many", before "count"; token index by concept.
  std::optional<Word> count_head;
  std::vector<std::string> places;  // concepts of "in our database", which need no explanation
  bool help = false;
  std::optional<std::string> action;  // the administrative verb
  bool zone_known = true;

  bool has(std::string_view aspect) const;
  std::set<std::string> aspect_names() const;
  // The kinds of superlative (top, latest, ...), see is_superlative().
  std::set<std::string> superlatives() const;
};

bool is_superlative(std::string_view aspect);

Analysis analyse(std::string_view text, const Calendar& calendar);

// The words of a name or a capability ("ci_count", "db.locks") as concepts.
std::vector<std::string> concepts_of_name(std::string_view name);

// The question with its spans replaced by markers: what retrieval compares. `enum_marker(first, last)`
// is not known here; words stay as they are.
std::vector<std::string> delexicalised(const Analysis& analysis);

// Spans, aspects and words for the trace.
Json to_json(const Span& span);
Json spans_json(const Analysis& analysis);

}  // namespace pgops::nlu
