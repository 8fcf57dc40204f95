// core/nlu: remembering and recording what the data were asked, see lookup.hpp.
#include "core/nlu/lookup.hpp"

#include <algorithm>
#include <set>

namespace pgops::nlu {

std::string_view to_string(MatchKind kind) noexcept {
  switch (kind) {
    case MatchKind::exact: return "exact";
    case MatchKind::alias: return "alias";
    case MatchKind::prefix: return "prefix";
    case MatchKind::fuzzy: return "fuzzy";
  }
  return "fuzzy";
}

std::vector<LookupCandidate> LookupAnswer::best() const {
  std::vector<LookupCandidate> out;
  if (candidates.empty()) return out;
  const auto first = std::min_element(candidates.begin(), candidates.end(),
                                      [](const auto& a, const auto& b) { return a.kind < b.kind; });
  std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(out),
               [&](const LookupCandidate& c) { return c.kind == first->kind; });
  return out;
}

void Lookup::prepare(const std::vector<LookupQuery>& queries) {
  if (!available()) return;
  std::vector<LookupQuery> fresh;
  std::set<Key> seen;
  for (const LookupQuery& q : queries) {
    Key key{q.domain, q.text};
    if (q.text.empty() || known_.count(key) != 0 || !seen.insert(std::move(key)).second) continue;
    if (asked_.size() + fresh.size() >= kMaxTexts) break;
    fresh.push_back(q);
  }
  if (fresh.empty()) return;
  std::vector<LookupAnswer> answers = function_(fresh);
  answers.resize(fresh.size());
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    Key key{fresh[i].domain, fresh[i].text};
    asked_.push_back(key);
    known_.emplace(std::move(key), std::move(answers[i]));
  }
}

const LookupAnswer& Lookup::find(const LookupQuery& query) {
  static const LookupAnswer kNothing;
  const Key key{query.domain, query.text};
  if (known_.count(key) == 0) prepare({query});
  const auto it = known_.find(key);
  return it == known_.end() ? kNothing : it->second;
}

Json Lookup::to_json() const {
  Json out = Json::array();
  for (const Key& key : asked_) {
    const LookupAnswer& answer = known_.at(key);
    const bool model = key.first.kind == LookupDomain::Kind::model;
    Json item = Json::object({{model ? "model" : "resolver", key.first.asset}});
    if (model) item.set("dimension", key.first.dimension);
    item.set("text", key.second);
    Json list = Json::array();
    for (const LookupCandidate& c : answer.candidates) {
      Json one = Json::object({{"label", c.label}, {"kind", std::string(to_string(c.kind))}});
      one.set("value", c.value);
      list.push_back(std::move(one));
    }
    item.set("candidates", std::move(list));
    if (answer.more) item.set("more", true);
    if (!answer.problem.empty()) item.set("problem", answer.problem);
    out.push_back(std::move(item));
  }
  return out;
}

}  // namespace pgops::nlu
