// core/nlu: lookup in the closed word lists, see lexicon.hpp.
//
// Phrases are compared by stem, the longest first; within one length concepts win over aspects and
// aspects over function words, so that "maintenance record" is one thing although "record" is a filler.
#include "core/nlu/lexicon.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

namespace pgops::nlu {
namespace {

struct Row {
  std::string_view name;
  std::string_view phrases;
};
struct UnitRow {
  std::string_view words;
  UnitInfo info;
};

#include "core/nlu/lexicon_data.inc"
#include "core/nlu/lexicon_korean.inc"

template <class F>
void each_part(std::string_view text, char separator, F f) {
  std::size_t from = 0;
  while (from <= text.size()) {
    const std::size_t to = std::min(text.find(separator, from), text.size());
    if (to > from) f(text.substr(from, to - from));
    from = to + 1;
  }
}

struct Entry {
  std::vector<std::string> stems;
  PhraseKind kind = PhraseKind::function;
  std::string name;
};

// Entries by first stem, longest first.
class Tables {
 public:
  static const Tables& get() {
    static const Tables tables;
    return tables;
  }

  const std::vector<Entry>* starting_with(const std::string& first) const {
    const auto it = entries_.find(first);
    return it == entries_.end() ? nullptr : &it->second;
  }

 private:
  Tables() {
    for (const Row& row : kConceptRows) add(row, PhraseKind::concept_name);
    for (const Row& row : kKoreanConceptRows) add(row, PhraseKind::concept_name);
    for (const Row& row : kAspectRows) add(row, PhraseKind::aspect);
    for (const Row& row : kKoreanAspectRows) add(row, PhraseKind::aspect);
    for (const Row& row : kFunctionRows) add(row, PhraseKind::function);
    for (const Row& row : kKoreanFunctionRows) add(row, PhraseKind::function);
    for (auto& [first, list] : entries_) {
      std::stable_sort(list.begin(), list.end(),
                       [](const Entry& a, const Entry& b) { return a.stems.size() > b.stems.size(); });
    }
  }

  void add(const Row& row, PhraseKind kind) {
    each_part(row.phrases, '|', [&](std::string_view phrase) {
      Entry entry;
      entry.kind = kind;
      entry.name = std::string(row.name);
      each_part(phrase, ' ', [&](std::string_view word) { entry.stems.push_back(stem(word)); });
      entries_[entry.stems.front()].push_back(std::move(entry));
    });
  }

  std::unordered_map<std::string, std::vector<Entry>> entries_;
};

// Every Korean word of the lists: they are not cut.
class KoreanWords {
 public:
  static bool has(std::string_view word) {
    static const KoreanWords words;
    return words.set_.count(word) != 0;
  }

 private:
  KoreanWords() {
    const auto add = [this](std::string_view list) {
      each_part(list, '|', [this](std::string_view phrase) {
        each_part(phrase, ' ', [this](std::string_view word) {
          if (static_cast<unsigned char>(word[0]) >= 128) set_.insert(word);
        });
      });
    };
    for (const Row& row : kKoreanConceptRows) add(row.phrases);
    for (const Row& row : kKoreanAspectRows) add(row.phrases);
    for (const Row& row : kKoreanFunctionRows) add(row.phrases);
    for (const std::string_view list : {kKoreanWords, kKoreanTimeWords, kKoreanActions, kKoreanActionWords}) add(list);
    for (const std::string_view phrase : kHelpQuestions) add(phrase);
  }
  std::unordered_set<std::string_view> set_;
};

bool in_list(std::string_view list, std::string_view word) {
  bool hit = false;
  each_part(list, '|', [&](std::string_view w) { hit = hit || w == word; });
  return hit;
}

// What the lists say of a single word, by word: every token of every question asks several of them.
struct WordFacts {
  const UnitInfo* unit = nullptr;
  int month = 0;    // 1..12
  int weekday = 0;  // 1 = Monday
  std::optional<std::int64_t> number;
  bool time = false;
};

class WordTable {
 public:
  static const WordFacts& of(std::string_view norm) {
    static const WordTable table;
    static const WordFacts nothing;
    const auto it = table.facts_.find(norm);
    return it == table.facts_.end() ? nothing : it->second;
  }

 private:
  WordTable() {
    for (const UnitRow& row : kUnitRows) {
      each_part(row.words, '|', [&](std::string_view w) {
        if (facts_[w].unit == nullptr) facts_[w].unit = &row.info;
      });
    }
    for (std::size_t i = 0; i < std::size(kMonths); ++i) {
      each_part(kMonths[i], '|', [&](std::string_view w) { facts_[w].month = static_cast<int>(i) + 1; });
    }
    for (std::size_t i = 0; i < std::size(kWeekdays); ++i) {
      each_part(kWeekdays[i], '|', [&](std::string_view w) { facts_[w].weekday = static_cast<int>(i) + 1; });
    }
    each_part(kTimeWords, '|', [&](std::string_view w) { facts_[w].time = true; });
    each_part(kKoreanTimeWords, '|', [&](std::string_view w) { facts_[w].time = true; });
    static constexpr std::string_view kKoreanNumbers[] = {"한|하나", "두|둘", "세|셋|석", "네|넷|넉", "다섯", "여섯",
                                                          "일곱",    "여덟",  "아홉",     "열",       "열한", "열두"};
    for (std::size_t i = 0; i < std::size(kKoreanNumbers); ++i) {
      each_part(kKoreanNumbers[i], '|',
                [&](std::string_view w) { facts_[w].number = static_cast<std::int64_t>(i) + 1; });
    }
    for (std::size_t i = 0; i < std::size(kNumberWords); ++i) {
      facts_[kNumberWords[i]].number = static_cast<std::int64_t>(i);
    }
    facts_["fifteen"].number = 15;
    facts_["twenty"].number = 20;
    facts_["thirty"].number = 30;
    facts_["fifty"].number = 50;
    facts_["hundred"].number = 100;
  }

  std::unordered_map<std::string_view, WordFacts> facts_;
};

// `word_at(i)` is the i-th word there is, empty beyond the last. True when the phrase stands at `at`, with its
// number of words.
template <class WordAt>
bool words_match(WordAt word_at, std::size_t at, std::string_view phrase, std::size_t& length) {
  length = 0;
  for (std::size_t from = 0; from < phrase.size(); ++length) {
    const std::size_t to = std::min(phrase.find(' ', from), phrase.size());
    if (word_at(at + length) != phrase.substr(from, to - from)) return false;
    from = to + 1;
  }
  return true;
}

}  // namespace

std::optional<Phrase> match_phrase(const std::vector<Token>& tokens, std::size_t at) {
  const std::vector<Entry>* entries = Tables::get().starting_with(tokens[at].stem);
  if (entries == nullptr) return std::nullopt;
  for (const Entry& entry : *entries) {
    const std::size_t n = entry.stems.size();
    if (at + n > tokens.size()) continue;
    bool hit = true;
    for (std::size_t i = 0; i < n && hit; ++i) {
      hit = tokens[at + i].kind == TokenKind::word && tokens[at + i].stem == entry.stems[i];
    }
    if (hit) return Phrase{entry.kind, entry.name, n};
  }
  return std::nullopt;
}

std::size_t match_place(const std::vector<Token>& tokens, std::size_t at) {
  if (at + 2 >= tokens.size() || tokens[at + 2].kind != TokenKind::word) return 0;
  const bool hit = in_list(kPlacePrepositions, tokens[at].norm) && in_list(kPlaceDeterminers, tokens[at + 1].norm) &&
                   in_list(kPlaces, tokens[at + 2].norm);
  return hit ? 3 : 0;
}

std::optional<UnitInfo> unit_info(std::string_view norm) {
  const UnitInfo* unit = WordTable::of(norm).unit;
  return unit == nullptr ? std::nullopt : std::optional<UnitInfo>(*unit);
}

bool is_unit_word(std::string_view norm) { return WordTable::of(norm).unit != nullptr; }

std::optional<std::int64_t> number_word(std::string_view norm) { return WordTable::of(norm).number; }

std::optional<int> month_number(std::string_view norm) {
  const int month = WordTable::of(norm).month;
  return month != 0 ? std::optional<int>(month) : std::nullopt;
}

std::optional<int> weekday_number(std::string_view norm) {
  const int weekday = WordTable::of(norm).weekday;
  return weekday != 0 ? std::optional<int>(weekday) : std::nullopt;
}

bool is_time_word(std::string_view norm) {
  const WordFacts& facts = WordTable::of(norm);
  return facts.time || facts.month != 0 || facts.weekday != 0 ||
         (facts.unit != nullptr && facts.unit->dimension == "duration" && norm.size() > 2);
}

std::optional<ActionVerb> action_verb(std::string_view norm) {
  for (const ActionVerb& verb : kActionVerbs) {
    if (verb.verb == norm) return verb;
  }
  return std::nullopt;
}

const std::set<std::string>& shipped_words() {
  static const std::set<std::string> words = [] {
    std::set<std::string> out;
    const auto add = [&](std::string_view list) {
      each_part(list, '|', [&](std::string_view phrase) {
        each_part(phrase, ' ', [&](std::string_view word) {
          if (static_cast<unsigned char>(word[0]) < 128) out.emplace(word);
        });
      });
    };
    for (const Row& row : kConceptRows) add(row.phrases);
    for (const Row& row : kAspectRows) add(row.phrases);
    for (const Row& row : kFunctionRows) add(row.phrases);
    for (const UnitRow& row : kUnitRows) add(row.words);
    for (const std::string_view list : kMonths) add(list);
    for (const std::string_view list : kWeekdays) add(list);
    add(kTimeWords);
    return out;
  }();
  return words;
}

bool is_korean_word(std::string_view word) { return KoreanWords::has(word); }

bool is_korean_action(const std::vector<Token>& tokens, std::size_t at) {
  if (tokens[at].kind != TokenKind::word) return false;
  if (listed(tokens[at].norm, kKoreanActionWords)) return true;
  return listed(tokens[at].norm, kKoreanActions) && at + 1 < tokens.size() &&
         listed(tokens[at + 1].norm, kKoreanOrders);
}

bool is_polite_prefix(const std::vector<Token>& tokens, std::size_t at, std::size_t& length) {
  const auto word_at = [&](std::size_t i) {
    return i < tokens.size() ? std::string_view(tokens[i].norm) : std::string_view();
  };
  length = 0;
  for (const std::string_view phrase : kPolitePrefixes) {
    std::size_t n = 0;
    if (words_match(word_at, at, phrase, n) && n > length) length = n;
  }
  return length > 0;
}

bool is_help(const std::vector<Token>& tokens) {
  std::vector<std::string_view> words;
  words.reserve(tokens.size());
  for (const Token& token : tokens) {
    if (token.kind != TokenKind::symbol) words.push_back(token.norm);
  }
  if (words.empty()) {
    return tokens.size() == 1 && tokens[0].norm == "?";
  }
  const auto word_at = [&](std::size_t i) { return i < words.size() ? words[i] : std::string_view(); };
  for (const std::string_view phrase : kHelpQuestions) {
    std::size_t n = 0;
    if (words_match(word_at, 0, phrase, n) && n == words.size()) return true;
  }
  return false;
}

}  // namespace pgops::nlu
