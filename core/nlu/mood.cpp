// core/nlu: moods, see mood.hpp.
#include "core/nlu/mood.hpp"

#include <algorithm>

namespace pgops::nlu {
namespace {

bool is_any(std::string_view word, std::string_view list) { return !word.empty() && listed(word, list); }

// "known to be down" is down.
constexpr std::string_view kKnown =
    "|known|reported|seen|observed|detected|noticed|recorded|registered|listed|documented|appear|appears|happen|happens|";

class Moods {
 public:
  Moods(const Analysis& a, const Calendar& calendar) : a_(a), calendar_(calendar) {}

  std::vector<Aspect> run() {
    for (const Span& s : a_.spans) {
      const bool starts_later =
          s.type == "time" && s.since_us && (*s.since_us > calendar_.now_us() || s.key.rfind("next:", 0) == 0);
      const bool moment_later = s.type == "time_point" && s.since_us && *s.since_us > calendar_.now_us();
      if (starts_later || moment_later) add("future", s.first, s.last);
      if (s.type == "time" && half_said(s)) add("bounded", s.first, s.last);
    }
    // "are all hosts up?" is not answered by the hosts that are.
    if (is_any(function_word(0), "|is|are|was|were|do|does|did|has|have|") &&
        is_any(function_word(1), "|all|every|each|")) {
      add("universal", 1, 2);
    }
    for (std::size_t i = 0; i < a_.tokens.size(); ++i) {
      if (a_.roles[i] != Role::function) continue;
      word_at(i);
      if (refers_back(i)) add("reference", i, i + 1);
    }
    return std::move(out_);
  }

 private:
  // Empty beyond either end and for what is no function word.
  std::string_view function_word(std::size_t i) const {
    return i < a_.tokens.size() && a_.roles[i] == Role::function ? std::string_view(a_.tokens[i].norm)
                                                                 : std::string_view();
  }
  void add(const char* name, std::size_t first, std::size_t last) { out_.push_back({name, first, last, {}}); }

  void word_at(std::size_t i) {
    const std::string_view word = a_.tokens[i].norm;
    const std::string_view next = function_word(i + 1);
    if (word == "will" || word == "shall") {
      if (next != "you" || !request(i)) add("future", i, i + 1);
    } else if (word == "going" && next == "to") {
      add("future", i, i + 2);
    } else if (word == "to" && next == "be" && !is_any(before(i), kKnown)) {
      add("future", i, i + 2);  // "the hosts to be replaced", "are to be", "about to be", "yet to be"
    } else if (is_any(word, "|have|has|had|") && next == "to") {
      add("modal", i, i + 2);
    } else if (is_any(word, "|should|might|") || (word == "may" && !request(i))) {
      add("modal", i, i + 1);
    } else if (is_any(word, "|can|could|would|")) {
      if (!request(i) && !(word != "would" && next == "be" && !a_.has("count"))) add("modal", i, i + 1);
    } else if (is_any(word, "|need|want|") && wished(i)) {
      add("modal", i, i + 1);
    }
  }

  // "those", "them", "this server": of something that this question does not name before. "This database" is the
  // one that is asked.
  bool refers_back(std::size_t i) const {
    static constexpr std::string_view kPronouns = "|it|they|them|its|their|he|she|him|her|those|these|";
    static constexpr std::string_view kPointing = "|this|that|these|those|이|그|저|해당|";
    static constexpr std::string_view kHere =
        "|database|db|server|instance|cluster|system|tenant|company|organisation|organization|machine|account|"
        "데이터베이스|디비|서버|시스템|인스턴스|클러스터|";
    const std::string_view word = a_.tokens[i].norm;
    const bool pointing = is_any(word, kPointing) && !a_.tokens[i].suffix;
    if (!pointing && !is_any(word, kPronouns)) return false;
    for (const Word& w : a_.words) {
      if (w.first < i) return false;
    }
    for (const Span& s : a_.spans) {
      if (s.first < i && (s.type == "identifier" || s.type == "quoted")) return false;
    }
    if (!pointing) return true;
    const bool noun = i + 1 < a_.tokens.size() && a_.roles[i + 1] == Role::word;
    if (noun) return !is_any(a_.tokens[i + 1].norm, kHere) && !is_any(a_.tokens[i + 1].norm, "|week|month|");
    return word == "those" || word == "these";
  }

  std::string_view before(std::size_t i) const { return i == 0 ? std::string_view() : function_word(i - 1); }

  // "up to last week", "as of March", "from Monday on": the words beside the phrase make another period of it.
  bool half_said(const Span& s) const {
    if (s.first > 0 && is_any(function_word(s.first - 1), "|to|as|into|")) return true;
    return a_.tokens[s.first].norm == "from" && function_word(s.last) == "on";
  }

  // "could you ..." where a sentence begins; "... can I see", "... could you show" where it ends.
  bool request(std::size_t i) const {
    static constexpr std::string_view kPeople = "|you|i|we|me|us|someone|anyone|anybody|somebody|please|";
    static constexpr std::string_view kGiving =
        "|tell|give|show|display|fetch|find|see|know|look|check|view|return|print|present|retrieve|provide|list|count|"
        "name|answer|help|report|say|pull|bring|";
    const std::string_view next = function_word(i + 1);
    if (next == "like" || before(i) == "you") return true;
    if (!is_any(next, kPeople)) return false;
    const bool begins = i == 0 || a_.roles[i - 1] == Role::symbol ||
                        is_any(before(i), "|please|hi|hello|hey|ok|okay|well|so|and|then|thanks|");
    if (begins) return true;
    for (std::size_t k = i + 1; k < a_.tokens.size() && k <= i + 3; ++k) {
      if (is_any(a_.tokens[k].norm, kGiving)) return true;
    }
    return false;
  }

  // "do we need", "does it want": not "I need the list of ...".
  bool wished(std::size_t i) const {
    if (i < 2) return false;
    return is_any(function_word(i - 1), "|i|we|you|they|it|he|she|") &&
           is_any(a_.tokens[i - 2].norm, "|do|does|did|will|would|should|") &&
           !(function_word(i + 1) == "to" && i + 2 < a_.tokens.size() && a_.roles[i + 2] == Role::function);
  }

  const Analysis& a_;
  const Calendar& calendar_;
  std::vector<Aspect> out_;
};

}  // namespace

std::vector<Aspect> moods(const Analysis& analysis, const Calendar& calendar) {
  return Moods(analysis, calendar).run();
}

}  // namespace pgops::nlu
