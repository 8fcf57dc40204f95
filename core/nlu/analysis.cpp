// core/nlu: gives every token its one owner, see analysis.hpp.
//
// Function words that could be names are treated as names when they are written as one: "US" or "Will"
// inside a sentence of ordinary case is a content word.
#include "core/nlu/analysis.hpp"

#include <algorithm>

#include "core/nlu/lexicon.hpp"
#include "core/nlu/mood.hpp"
#include "core/nlu/spans.hpp"

namespace pgops::nlu {
namespace {

class Analyser {
 public:
  Analyser(std::string_view text, const Calendar& calendar) : calendar_(calendar) {
    a_.text = std::string(text);
    a_.tokens = tokenise(text);
    a_.roles.assign(a_.tokens.size(), Role::symbol);
    a_.zone_known = calendar.zone_known();
    std::size_t words = 0;
    std::size_t capitals = 0;
    for (const Token& t : a_.tokens) {
      if (t.kind != TokenKind::word) continue;
      ++words;
      capitals += t.capital ? 1 : 0;
    }
    // A question in title case or capitals says nothing by its capitals.
    case_means_ = words == 0 || capitals * 2 <= words || words <= 2;
  }

  Analysis run() {
    a_.help = is_help(a_.tokens);
    find_action();
    std::size_t at = 0;
    while (at < a_.tokens.size()) at = step(at);
    find_listing();
    find_negated();
    find_groups();
    find_count_head();
    for (Aspect& mood : moods(a_, calendar_)) a_.aspects.push_back(std::move(mood));
    return std::move(a_);
  }

 private:
  const Token& token(std::size_t i) const { return a_.tokens[i]; }

  void own(std::size_t first, std::size_t last, Role role) {
    for (std::size_t i = first; i < last; ++i) a_.roles[i] = role;
  }

  void find_action() {
    for (std::size_t i = 0; i < a_.tokens.size(); ++i) {
      if (!is_korean_action(a_.tokens, i)) continue;
      a_.action = token(i).norm;
      return;
    }
    std::size_t at = 0;
    for (std::size_t n = 0; at < a_.tokens.size() && is_polite_prefix(a_.tokens, at, n);) at += n;
    while (at < a_.tokens.size() && token(at).kind == TokenKind::symbol) ++at;
    if (at >= a_.tokens.size()) return;
    const auto verb = action_verb(token(at).norm);
    if (!verb) {
      // "can I get rid of it?" asks whether.
      const bool asks = at >= 2 && is_any(norm(at - 1), "|i|we|");
      if (!asks && light_verb(at)) a_.action = token(at).norm;
      return;
    }
    // "run a health check" is a question.
    static constexpr std::string_view kChecks = "|check|checkup|checks|report|diagnosis|diagnostics|overview|";
    const bool check = verb->verb == "run" && std::any_of(a_.tokens.begin(), a_.tokens.end(),
                                                          [](const Token& t) { return listed(t.norm, kChecks); });
    if (check) return;
    if (verb->also_noun && at == 0 && !object_follows(at + 1)) return;
    a_.action = std::string(verb->verb);
  }

  // "do a checkpoint", "get vacuum going", "get rid of", "make web-01 active": not "get a list", "make a table of".
  bool light_verb(std::size_t at) const {
    static constexpr std::string_view kReports =
        "|list|report|overview|table|summary|chart|graph|count|ranking|comparison|breakdown|statistic|statistics|number|";
    const std::string_view verb = norm(at);
    if (verb == "do") return is_any(norm(at + 1), "|a|an|") && !is_any(norm(at + 2), kReports);
    if (verb == "make") return !is_any(norm(at + 1), kReports) && !is_any(norm(at + 2), kReports);
    if (verb != "get") return false;
    if (norm(at + 1) == "rid") return true;
    for (std::size_t i = at + 2; i < a_.tokens.size() && i < at + 7; ++i) {
      const bool ends =
          i + 1 == a_.tokens.size() || token(i + 1).kind == TokenKind::symbol || is_any(norm(i + 1), "|of|again|now|");
      if (ends && is_any(norm(i), "|going|out|started|running|back|down|up|off|")) return true;
    }
    return false;
  }

  // "drop the table", "restart web-01", "vacuum table t": something to act upon is named.
  bool object_follows(std::size_t i) const {
    if (i >= a_.tokens.size()) return true;
    static constexpr std::string_view kDeterminers =
        "|the|a|an|all|this|that|these|those|my|our|every|each|it|them|any|everything|pid|session|table|database|db|user|role|"
        "index|server|service|schema|backend|ci|event|events|tables|sessions|into|in|up|from|to|on|off|over|now|immediately|";
    if (token(i).kind != TokenKind::word) return token(i).kind != TokenKind::symbol;
    return listed(token(i).norm, kDeterminers);
  }

  bool is_name(std::size_t i) const {
    const Token& t = token(i);
    if (t.kind != TokenKind::word || !case_means_ || !t.capital || t.norm == "i") return false;
    static constexpr std::string_view kSpeltAsAcronym = "|us|it|am|or|in|me|no|is|as|at|on|who|may|will|can|";
    if (t.all_caps) return listed(t.norm, kSpeltAsAcronym);
    return !t.sentence_start;
  }

  std::size_t step(std::size_t at) {
    if (auto r = recognise(a_.tokens, at, calendar_)) {
      Span& s = r->span;
      s.text = a_.text.substr(s.begin, s.end - s.begin);
      if (s.type == "identifier" || s.type == "quoted") s.parts = part_concepts(token(at));
      own(s.first, s.last, Role::span);
      if (!r->aspect.empty()) a_.aspects.push_back({r->aspect, s.first, s.last, {}});
      const std::size_t next = s.last;
      a_.spans.push_back(std::move(s));
      return next;
    }
    if (token(at).kind == TokenKind::symbol) return at + 1;
    if (attached(at)) return at + 1;
    if (time_adverb(at)) return at + 1;
    if (const std::size_t n = match_place(a_.tokens, at); n > 0 && !sized()) {
      own(at, at + n, Role::function);
      for (const std::string& c : concepts_of_name(token(at + n - 1).norm)) a_.places.push_back(c);
      return at + n;
    }
    if (const std::size_t n = plain_words(at); n > 0) {
      own(at, at + n, Role::function);
      return at + n;
    }
    const bool name = is_name(at);
    if (const auto phrase = match_phrase(a_.tokens, at);
        phrase && !(name && phrase->kind == PhraseKind::function && phrase->tokens == 1)) {
      const std::size_t last = at + phrase->tokens;
      if (phrase->kind == PhraseKind::function) {
        own(at, last, Role::function);
      } else if (phrase->kind == PhraseKind::aspect) {
        own(at, last, Role::aspect);
        a_.aspects.push_back({phrase->name, at, last, {}});
      } else {
        add_word(phrase->name, at, last, false);
      }
      return last;
    }
    if (token(at).norm == "by" && ranks(at + 1)) {
      // What a frequency is ranked by goes without saying; a size or a duration has to be known.
      const std::string& measure = token(at + 1).norm;
      const std::size_t n = measure == "count" || measure == "number" || measure == "frequency" ? 2 : 1;
      own(at, at + n, Role::function);
      return at + n;
    }
    if (token(at).norm == "by" && at + 1 < a_.tokens.size() && groupable(at + 1)) {
      own(at, at + 1, Role::aspect);
      a_.aspects.push_back({"group", at, at + 1, {}});
      return at + 1;
    }
    add_word(token(at).stem, at, at + 1, name);
    return at + 1;
  }

  std::string_view norm(std::size_t i) const { return i < a_.tokens.size() ? std::string_view(token(i).norm) : ""; }
  static bool is_any(std::string_view word, std::string_view list) { return !word.empty() && listed(word, list); }

  // How many tokens at `at` say nothing here although they are no function words elsewhere.
  std::size_t plain_words(std::size_t at) {
    if (at == particle_) return 1;
    // "break the orders down by": the verb announces the grouping that "by" makes.
    static constexpr std::string_view kTakenApart = "|break|split|group|divide|separate|slice|";
    static constexpr std::string_view kMayPrecede = "|you|please|to|and|me|we|i|can|could|then|just|now|also|lets|";
    if (is_any(norm(at), kTakenApart) &&
        (at == 0 || is_any(norm(at - 1), kMayPrecede) || token(at - 1).kind == TokenKind::symbol)) {
      for (std::size_t i = at + 2; i < a_.tokens.size() && i <= at + 9 && token(i).kind != TokenKind::symbol; ++i) {
        if (norm(i) != "by") continue;
        if (is_any(norm(i - 1), "|down|up|")) particle_ = i - 1;
        return is_any(norm(at + 1), "|down|up|") ? 2 : 1;
      }
    }
    // "the CI whose status is ...": whose asks nothing after the noun it belongs to.
    if (norm(at) == "whose" && at > 0 && (a_.roles[at - 1] == Role::word || a_.roles[at - 1] == Role::span)) return 1;
    // "list every table": all of them; "count ... of every table" is a grouping.
    static constexpr std::string_view kListing = "|list|show|display|print|me|names|enumerate|view|fetch|get|";
    if (at == 0 || !is_any(norm(at), "|every|each|") || counts()) return 0;
    const bool listed =
        is_any(norm(at - 1), kListing) || (at > 1 && norm(at - 1) == "of" && is_any(norm(at - 2), "|list|names|"));
    if (listed) return 1;
    return 0;
  }

  bool counts() const {
    return std::any_of(a_.tokens.begin(), a_.tokens.end(), [](const Token& t) {
      return is_any(t.norm, "|many|number|numbers|count|counts|total|totals|average|sum|share|much|");
    });
  }

  // "top tables by size": the measure of a ranking, not a grouping.
  bool ranks(std::size_t i) const {
    if (i >= a_.tokens.size()) return false;
    static constexpr std::string_view kMeasures = "|size|number|count|frequency|duration|length|age|space|volume|load|";
    const bool ranked =
        a_.has("top") || a_.has("bottom") || a_.has("largest") || a_.has("smallest") || a_.has("max") || a_.has("min");
    return ranked && listed(token(i).norm, kMeasures);
  }

  // "the size of the database", "the cache hit ratio of our db": there the place is what is asked about.
  bool sized() const {
    static constexpr std::string_view kMeasured = "|size|cache hit|large|healthy|status|type|";
    return !a_.words.empty() && listed(a_.words.back().concept_name, kMeasured);
  }

  bool groupable(std::size_t i) const { return token(i).kind == TokenKind::word && !is_name(i); }

  // Korean particles and endings. Those that restrict or put together and were not taken by a recogniser stay
  // to be explained: 부터, 까지, 보다 (than), 이나 (or).
  bool attached(std::size_t at) {
    static constexpr std::string_view kGroups = "|별|마다|당|씩|";
    static constexpr std::string_view kOther =
        "|부터|부터의|까지|까지의|까지는|보다|처럼|이나|나|이거나|거나|으로부터|로부터|이랑|랑|";
    static constexpr std::string_view kLater = "|할|될|할까|할까요|될까|될까요|";
    const Token& t = token(at);
    const bool spaced_group = t.norm == "별" && at > 0;
    if (!t.suffix && !spaced_group) return false;
    if (listed(t.norm, kGroups)) {
      own(at, at + 1, Role::aspect);
      a_.aspects.push_back({"group", at, at + 1, targets_before(at)});
    } else if (listed(t.norm, kLater)) {
      own(at, at + 1, Role::aspect);
      a_.aspects.push_back({"future", at, at + 1, {}});
    } else if (listed(t.norm, kOther)) {
      add_word(t.stem, at, at + 1, false);
    } else {
      own(at, at + 1, Role::function);
    }
    return true;
  }

  // "유형별", "유형과 상태별", "일별": what stands before, as concepts or units of time.
  std::vector<std::string> targets_before(std::size_t at) const {
    static constexpr std::string_view kUnits = "|시간|일|주|월|년|연도|분기|분|요일|";
    static const std::map<std::string, std::string, std::less<>> kUnitNames = {
        {"시간", "hour"}, {"일", "day"},       {"주", "week"},   {"월", "month"},    {"년", "year"},
        {"연도", "year"}, {"분기", "quarter"}, {"분", "minute"}, {"요일", "weekday"}};
    std::vector<std::string> out;
    for (std::size_t i = at; i > 0;) {
      --i;
      const Word* w = word_at(i);
      if (w == nullptr) break;
      out.insert(out.begin(), listed(token(i).norm, kUnits) && w->first == i
                                  ? "time:" + kUnitNames.find(token(i).norm)->second
                                  : w->concept_name);
      i = w->first;
      if (i == 0 || !(is_any(token(i - 1).norm, "|와|과|및|,|·|그리고|하고|"))) break;
      --i;
    }
    return out;
  }

  // "hourly" groups by the hour.
  bool time_adverb(std::size_t at) {
    static const std::map<std::string, std::string, std::less<>> kAdverbs = {
        {"hourly", "hour"}, {"daily", "day"},   {"weekly", "week"}, {"monthly", "month"},
        {"yearly", "year"}, {"매시간", "hour"}, {"매일", "day"},    {"매주", "week"},
        {"매월", "month"},  {"매달", "month"},  {"매년", "year"}};
    const auto it = kAdverbs.find(token(at).norm);
    if (it == kAdverbs.end()) return false;
    own(at, at + 1, Role::aspect);
    a_.aspects.push_back({"group", at, at + 1, {"time:" + it->second}});
    return true;
  }

  void add_word(const std::string& concept_name, std::size_t first, std::size_t last, bool name) {
    Word w;
    w.concept_name = concept_name;
    w.first = first;
    w.last = last;
    w.text = a_.text.substr(token(first).begin, token(last - 1).end - token(first).begin);
    w.time_word = last == first + 1 && is_time_word(token(first).norm);
    w.proper = name;
    own(first, last, Role::word);
    a_.words.push_back(std::move(w));
  }

  static std::vector<std::string> part_concepts(const Token& t) {
    std::string joined;
    for (const std::string& part : t.parts) joined += (joined.empty() ? "" : " ") + part;
    return concepts_of_name(joined);
  }

  const Word* word_at(std::size_t i) const {
    for (const Word& w : a_.words) {
      if (i >= w.first && i < w.last) return &w;
    }
    return nullptr;
  }

  bool is_hangul(std::size_t i) const {
    return i < a_.tokens.size() && static_cast<unsigned char>(token(i).norm[0]) >= 0xEA;
  }

  // "show the events": rows are wanted, where nothing else is asked for.
  void find_listing() {
    if (!a_.aspects.empty()) return;
    static constexpr std::string_view kVerbs =
        "|show|display|print|which|give|get|fetch|view|see|보여|보여줘|보여줘요|보여줄래|보여주세요|보여주십시오|나열|나열해줘|뽑아|뽑아줘|어떤|"
        "찾아|찾아줘|찾아주세요|조회|조회해줘|출력|표시|알려줘|알려주세요|알려|";
    for (std::size_t i = 0; i < a_.tokens.size(); ++i) {
      if (a_.roles[i] != Role::function || !listed(token(i).norm, kVerbs)) continue;
      a_.aspects.push_back({"list", i, i + 1, {}});
      return;
    }
  }

  // A negation means nothing without what it negates.
  void find_negated() {
    for (Span& s : a_.spans) {
      if (s.type != "negation") continue;
      const Word* negated = nullptr;
      if (is_hangul(s.first)) {  // behind what it negates
        for (std::size_t i = s.first; i > 0 && i + 4 > s.first && negated == nullptr;) negated = word_at(--i);
      }
      for (std::size_t i = s.last; i < a_.tokens.size() && i < s.last + 5 && negated == nullptr; ++i) {
        negated = word_at(i);
      }
      if (negated == nullptr) continue;
      s.key = "neg:" + negated->concept_name;
      s.negates = static_cast<std::size_t>(negated - a_.words.data());
    }
  }

  void find_groups() {
    for (Aspect& aspect : a_.aspects) {
      if (aspect.name != "group" || !aspect.targets.empty()) continue;
      // "distribution of CIs" says what is distributed; by what follows "by", "per", "each"...
      static constexpr std::string_view kBehind = "|기준|기준으로|따라|따른|단위|분포|";
      if (listed(token(aspect.last - 1).norm, kBehind)) {
        std::size_t at = aspect.first;
        while (at > 0 && a_.roles[at - 1] == Role::function) --at;
        aspect.targets = targets_before(at);
        continue;
      }
      static constexpr std::string_view kBefore = "|by|per|each|every|to|into|각|각각|";
      if (!listed(token(aspect.last - 1).norm, kBefore)) continue;
      for (std::size_t i = aspect.last; i < a_.tokens.size();) {
        const Word* w = word_at(i);
        if (w == nullptr) {
          const bool joins = a_.roles[i] == Role::function || token(i).norm == ",";
          const bool stops = token(i).norm == "in" || token(i).norm == "for" || token(i).norm == "of" ||
                             token(i).norm == "is" || token(i).norm == "are" || token(i).norm == "do" ||
                             token(i).norm == "have" || token(i).norm == "did";
          if (!joins || stops) break;
          ++i;
          continue;
        }
        const auto unit = w->last == w->first + 1 ? unit_info(token(w->first).norm) : std::nullopt;
        aspect.targets.push_back(unit && !unit->calendar.empty() ? "time:" + std::string(unit->calendar)
                                                                 : w->concept_name);
        i = w->last;
      }
    }
  }

  void find_count_head() {
    for (const Aspect& aspect : a_.aspects) {
      if (aspect.name != "count") continue;
      const Word* head = nullptr;
      if (is_hangul(aspect.first)) {
        head = korean_count_head(aspect);
        if (head == nullptr) continue;
        a_.count_head = *head;
        return;
      }
      std::size_t i = aspect.last;
      while (i < a_.tokens.size() && head == nullptr && skippable(i)) ++i;
      for (; i < a_.tokens.size(); ++i) {
        const Word* w = word_at(i);
        if (w != nullptr) {
          head = w;
        } else if (a_.roles[i] != Role::span || !named(i)) {
          break;
        }
      }
      if (head == nullptr && aspect.first > 0) head = word_at(aspect.first - 1);
      if (head != nullptr) {
        a_.count_head = *head;
        return;
      }
    }
  }

  // "이벤트는 몇 건", "이벤트 수": before; "총 이벤트", "몇 개의 이벤트": behind.
  const Word* korean_count_head(const Aspect& aspect) const {
    const auto behind = [&]() -> const Word* {
      for (std::size_t i = aspect.last; i < a_.tokens.size() && i < aspect.last + 4; ++i) {
        if (const Word* w = word_at(i)) return w;
      }
      return nullptr;
    };
    const bool leads = is_any(norm(aspect.first), "|총|모두|전부|") || is_any(norm(aspect.last), "|의|");
    if (leads) {
      if (const Word* w = behind()) return w;
    }
    for (std::size_t i = aspect.first; i > 0;) {
      --i;
      if (const Word* w = word_at(i)) return w;
      if (a_.roles[i] == Role::symbol) break;
    }
    return behind();
  }

  bool skippable(std::size_t i) const {
    return token(i).norm == "of" || token(i).norm == "the" || token(i).norm == "our" || token(i).norm == "all" ||
           token(i).norm == "my" || token(i).norm == "distinct" || token(i).norm == "different" ||
           token(i).norm == "unique" || token(i).norm == "number" || token(i).norm == "total";
  }

  bool named(std::size_t i) const {
    return token(i).kind == TokenKind::identifier || token(i).kind == TokenKind::quoted;
  }

  const Calendar& calendar_;
  Analysis a_;
  bool case_means_ = true;
  std::size_t particle_ = std::string::npos;  // of a verb of grouping: "down" in "break ... down by"
};

}  // namespace

bool is_superlative(std::string_view aspect) {
  static constexpr std::string_view kKinds =
      "|top|bottom|latest|oldest|largest|smallest|longest|shortest|max|min|slowest|fastest|";
  return listed(aspect, kKinds);
}

bool Analysis::has(std::string_view aspect) const {
  return std::any_of(aspects.begin(), aspects.end(), [&](const Aspect& a) { return a.name == aspect; });
}

std::set<std::string> Analysis::aspect_names() const {
  std::set<std::string> out;
  for (const Aspect& a : aspects) out.insert(a.name);
  return out;
}

std::set<std::string> Analysis::superlatives() const {
  std::set<std::string> out;
  for (const Aspect& a : aspects) {
    if (is_superlative(a.name)) out.insert(a.name);
  }
  return out;
}

Analysis analyse(std::string_view text, const Calendar& calendar) { return Analyser(text, calendar).run(); }

}  // namespace pgops::nlu
