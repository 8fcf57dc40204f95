// core/planner: agreement of aspects, in both directions.
//
// Question -> tool: every aspect asked for must be one the tool's examples ask for. Tool -> question:
// what nearly all of the tool's examples have (core) must be asked for, or the tool answers something
// narrower. Opposites (most and least, latest and oldest) are different kinds, never neighbours.
#include "core/planner/agreement.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace pgops::planner {
namespace {

// Superlatives that say the same of a figure.
constexpr std::array<std::array<std::string_view, 2>, 9> kSameKind = {{
    {"top", "max"},
    {"max", "largest"},
    {"top", "largest"},
    {"bottom", "min"},
    {"min", "smallest"},
    {"bottom", "smallest"},
    {"longest", "oldest"},
    {"longest", "max"},
    {"top", "longest"},
}};

bool same_kind(std::string_view a, std::string_view b) {
  return a == b || std::any_of(kSameKind.begin(), kSameKind.end(), [&](const auto& pair) {
           return (pair[0] == a && pair[1] == b) || (pair[0] == b && pair[1] == a);
         });
}

bool has_kind(const std::set<std::string>& kinds, const std::string& wanted) {
  return std::any_of(kinds.begin(), kinds.end(), [&](const std::string& k) { return same_kind(k, wanted); });
}

class Judge {
 public:
  Judge(const nlu::Analysis& a, const nlu::Filling& f, const retrieval::Profile& p,
        const std::set<std::string>& concepts)
      : a_(a), filling_(f), p_(p), concepts_(concepts), asked_(a.aspect_names()) {}

  Agreement run() {
    for (const std::string& aspect : asked_) asked(aspect);
    groups();
    count_head();
    for (const std::string& aspect : p_.core_aspects) core(aspect);
    for (const std::string& key : p_.core_keys) core_key(key);
    for (const std::string& c : p_.core_concepts) core_concept(c);
    bare();
    return std::move(out_);
  }

 private:
  bool asks(const std::string& aspect) const { return asked_.count(aspect) != 0; }
  bool tool(const std::string& aspect) const { return p_.aspects.count(aspect) != 0; }
  bool core_has(const std::string& aspect) const { return p_.core_aspects.count(aspect) != 0; }
  void conflict(const std::string& text) { out_.conflicts.push_back(text); }

  bool tool_selects() const {
    return std::any_of(p_.aspects.begin(), p_.aspects.end(),
                       [](const std::string& s) { return nlu::is_superlative(s); }) ||
           std::any_of(p_.keys.begin(), p_.keys.end(), [](const std::string& k) { return k.rfind("limit:", 0) == 0; });
  }

  // A tool of plans and forecasts speaks of the future in whatever form it is asked.
  bool plans() const {
    static const std::array<std::string, 7> kPlanning = {
        nlu::stem("planned"), nlu::stem("scheduled"), nlu::stem("upcoming"), nlu::stem("forecast"),
        nlu::stem("due"),     nlu::stem("calendar"),  nlu::stem("booked")};
    return std::any_of(kPlanning.begin(), kPlanning.end(),
                       [&](const std::string& word) { return p_.vocabulary.count(word) != 0; });
  }

  void asked(const std::string& aspect) {
    if (nlu::is_superlative(aspect)) {
      if (!has_kind(p_.aspects, aspect) && p_.vocabulary.count(aspect) == 0) conflict("asks for: " + aspect);
    } else if (aspect == "count") {
      const bool by_group = asks("group") && tool("group");
      if (!tool("count") && !by_group && !(p_.counts_rows && !tool_selects())) conflict("asks for: count");
    } else if (aspect == "distinct" || aspect == "average" || aspect == "sum" || aspect == "trend" ||
               aspect == "compare" || aspect == "why" || aspect == "who" || aspect == "where" || aspect == "group") {
      if (!tool(aspect)) conflict("asks for: " + aspect);
    } else if (aspect == "future") {
      if (!tool("future") && !plans()) conflict("asks for: future");
    } else if (aspect == "modal") {
      if (!tool("modal")) conflict("asks for: what could or should be");
    } else if (aspect == "universal") {
      if (!tool("universal")) conflict("asks for: whether all");
    } else if (aspect == "bounded") {
      conflict("asks for: a period said in another way");
    } else if (aspect == "first_n") {
      // "first five" of an order that only the tool knows; of a tool of the latest it is the wrong end.
      if (!tool("first_n") && !tool("oldest")) conflict("asks for: first");
    } else if (aspect == "when") {
      if (!tool("when") && !tool("latest") && !tool("oldest")) conflict("asks for: when");
    } else if (aspect == "list") {
      if (core_has("count") && !tool("group") && !tool("list")) conflict("asks for: list");
    }
  }

  void groups() {
    for (const nlu::Aspect& aspect : a_.aspects) {
      if (aspect.name != "group" || !tool("group")) continue;
      const bool any = std::any_of(aspect.targets.begin(), aspect.targets.end(),
                                   [&](const std::string& t) { return p_.group_targets.count(t) != 0; });
      for (const std::string& target : aspect.targets) {
        const bool known = p_.group_targets.count(target) != 0 ||
                           (p_.group_targets.empty() && p_.open_group && p_.vocabulary.count(target) != 0) ||
                           (any && p_.core_concepts.count(target) != 0);  // "per-severity event counts"
        if (!known) conflict("groups by: " + target);
      }
    }
  }

  void count_head() {
    if (!a_.count_head || !asks("count")) return;
    const nlu::Word& head = *a_.count_head;
    bool argument = true;
    for (std::size_t i = head.first; i < head.last; ++i) argument = argument && filling_.token_used[i];
    if (argument) return;
    const bool known = p_.count_heads.count(head.concept_name) != 0 ||
                       (p_.count_heads.empty() && !p_.counts_argument && p_.vocabulary.count(head.concept_name) != 0) ||
                       (p_.counts_rows && p_.vocabulary.count(head.concept_name) != 0 && p_.count_heads.empty());
    if (!known) conflict("counts: " + head.concept_name);
  }

  void core(const std::string& aspect) {
    if (asks(aspect)) return;
    if (nlu::is_superlative(aspect)) {
      if (!has_kind(a_.superlatives(), aspect)) conflict("tool answers only: " + aspect);
    } else if (aspect == "distinct") {
      // "how many event types" counts different ones anyway; a list does not.
      if (asks("count") && a_.count_head && p_.count_heads.count(a_.count_head->concept_name) != 0) {
        ++out_.soft;
      } else {
        conflict("tool answers only: distinct");
      }
    } else if (aspect == "group" || aspect == "average" || aspect == "sum" || aspect == "trend" ||
               aspect == "compare" || aspect == "why") {
      conflict("tool answers only: " + aspect);
    } else if (aspect != "count" && aspect != "list" && aspect != "exist") {
      ++out_.soft;
    }
  }

  void core_key(const std::string& key) {
    const bool harmless = key.rfind("limit:", 0) == 0 || key.rfind("number:", 0) == 0 || key.rfind("ident:", 0) == 0;
    const bool said = std::any_of(a_.spans.begin(), a_.spans.end(), [&](const nlu::Span& s) { return s.key == key; });
    if (said) return;
    if (harmless) {
      ++out_.soft;
    } else {
      conflict("tool answers only: " + key);
    }
  }

  void core_concept(const std::string& c) {
    if (concepts_.count(c) != 0) return;
    // What happens most often is a kind of thing, said or not.
    if (c == "type" && (asks("top") || asks("bottom"))) {
      ++out_.soft;
      return;
    }
    conflict("tool is about: " + c);
  }

  // Neither a count nor anything else is asked: a tool that only counts does not answer that.
  void bare() {
    const bool any =
        std::any_of(asked_.begin(), asked_.end(), [](const std::string& s) { return s != "when" && s != "list"; });
    const bool noun_alone = asked_.empty() && !a_.words.empty() && a_.words.front().first == 0;
    if (noun_alone && p_.bare_example) return;
    if (!any && core_has("count") && !core_has("group") && !core_has("list")) conflict("tool answers only: count");
  }

  const nlu::Analysis& a_;
  const nlu::Filling& filling_;
  const retrieval::Profile& p_;
  const std::set<std::string>& concepts_;
  std::set<std::string> asked_;
  Agreement out_;
};

}  // namespace

Agreement agree(const nlu::Analysis& analysis, const nlu::Filling& filling, const retrieval::Profile& profile,
                const std::set<std::string>& concepts) {
  return Judge(analysis, filling, profile, concepts).run();
}

}  // namespace pgops::planner
