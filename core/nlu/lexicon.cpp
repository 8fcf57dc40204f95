// core/nlu: lookup in the closed word lists, see lexicon.hpp.
//
// Phrases are compared by stem, the longest first; within one length concepts win over aspects and
// aspects over function words, so that "maintenance record" is one thing although "record" is a filler.
#include "core/nlu/lexicon.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

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
    for (const Row& row : kAspectRows) add(row, PhraseKind::aspect);
    for (const Row& row : kFunctionRows) add(row, PhraseKind::function);
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

bool in_list(std::string_view list, std::string_view word) {
  bool hit = false;
  each_part(list, '|', [&](std::string_view w) { hit = hit || w == word; });
  return hit;
}

template <std::size_t N>
std::optional<int> index_in(const std::string_view (&lists)[N], std::string_view word) {
  for (std::size_t i = 0; i < N; ++i) {
    if (in_list(lists[i], word)) return static_cast<int>(i);
  }
  return std::nullopt;
}

bool words_match(const std::vector<Token>& tokens, std::size_t at, std::string_view phrase, std::size_t& length) {
  std::size_t i = at;
  bool ok = true;
  each_part(phrase, ' ', [&](std::string_view word) {
    ok = ok && i < tokens.size() && tokens[i].norm == word;
    ++i;
  });
  length = i - at;
  return ok;
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
  for (const UnitRow& row : kUnitRows) {
    if (in_list(row.words, norm)) return row.info;
  }
  return std::nullopt;
}

bool is_unit_word(std::string_view norm) { return unit_info(norm).has_value(); }

std::optional<std::int64_t> number_word(std::string_view norm) {
  for (std::size_t i = 0; i < std::size(kNumberWords); ++i) {
    if (kNumberWords[i] == norm) return static_cast<std::int64_t>(i);
  }
  if (norm == "fifteen") return 15;
  if (norm == "twenty") return 20;
  if (norm == "thirty") return 30;
  if (norm == "fifty") return 50;
  if (norm == "hundred") return 100;
  return std::nullopt;
}

std::optional<int> month_number(std::string_view norm) {
  const auto i = index_in(kMonths, norm);
  return i ? std::optional<int>(*i + 1) : std::nullopt;
}

std::optional<int> weekday_number(std::string_view norm) {
  const auto i = index_in(kWeekdays, norm);
  return i ? std::optional<int>(*i + 1) : std::nullopt;
}

bool is_time_word(std::string_view norm) {
  const auto unit = unit_info(norm);
  return in_list(kTimeWords, norm) || month_number(norm) || weekday_number(norm) ||
         (unit && unit->dimension == "duration" && norm.size() > 2);
}

std::optional<ActionVerb> action_verb(std::string_view norm) {
  for (const ActionVerb& verb : kActionVerbs) {
    if (verb.verb == norm) return verb;
  }
  return std::nullopt;
}

bool is_polite_prefix(const std::vector<Token>& tokens, std::size_t at, std::size_t& length) {
  length = 0;
  for (const std::string_view phrase : kPolitePrefixes) {
    std::size_t n = 0;
    if (words_match(tokens, at, phrase, n) && n > length) length = n;
  }
  return length > 0;
}

bool is_help(const std::vector<Token>& tokens) {
  std::vector<Token> words;
  for (const Token& token : tokens) {
    if (token.kind != TokenKind::symbol) words.push_back(token);
  }
  if (words.empty()) {
    return tokens.size() == 1 && tokens[0].norm == "?";
  }
  for (const std::string_view phrase : kHelpQuestions) {
    std::size_t n = 0;
    if (words_match(words, 0, phrase, n) && n == words.size()) return true;
  }
  return false;
}

}  // namespace pgops::nlu
