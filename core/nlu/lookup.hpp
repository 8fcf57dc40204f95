// core/nlu: what the data know: the one callback through which a question is compared with stored values.
//
// Vocabulary: a *domain* is a resolver, or one dimension of a model; a *candidate* is a stored value that
// a text may mean. The function behind it runs under the caller's tenant and rights. Its answers are input
// of the decision: each is asked for once, kept in the order of asking, and written to the trace, so that
// the same answers give the same decision and a decision that asked nothing depends on no data.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/json.hpp"

namespace pgops::nlu {

enum class MatchKind : std::uint8_t { exact, alias, prefix, fuzzy };
std::string_view to_string(MatchKind kind) noexcept;

struct LookupDomain {
  enum class Kind : std::uint8_t { resolver, model };
  Kind kind = Kind::resolver;
  std::string asset;      // name of the resolver or model
  std::string dimension;  // of a model

  bool operator<(const LookupDomain& o) const {
    return std::tie(kind, asset, dimension) < std::tie(o.kind, o.asset, o.dimension);
  }
  bool operator==(const LookupDomain& o) const = default;
};

struct LookupQuery {
  LookupDomain domain;
  std::string text;  // normalised (nlu::normalise), without quotes and Korean particles; never empty
};

struct LookupCandidate {
  Json value;         // what the argument or filter takes
  std::string label;  // as people call it
  MatchKind kind = MatchKind::exact;
};

struct LookupAnswer {
  std::vector<LookupCandidate> candidates;  // best kind first, then by label; at most a few
  bool more = false;                        // there were more than are listed
  std::string problem;                      // not empty: the data could not be asked; no candidates

  // The candidates of the best kind there is.
  std::vector<LookupCandidate> best() const;
};

// Answers as many as are asked, in their order. Many at once: each call costs a round trip.
using LookupFunction = std::function<std::vector<LookupAnswer>(const std::vector<LookupQuery>&)>;

// Of one decision. Not for use by two threads at once.
class Lookup {
 public:
  Lookup() = default;
  explicit Lookup(LookupFunction function) : function_(std::move(function)) {}

  // Without a function every answer is empty, and nothing is recorded.
  bool available() const noexcept { return static_cast<bool>(function_); }
  // Asks for what is not known yet in one call, at most kMaxTexts in all; what is beyond has no candidates.
  void prepare(const std::vector<LookupQuery>& queries);
  const LookupAnswer& find(const LookupQuery& query);

  std::size_t size() const noexcept { return asked_.size(); }
  // [{"resolver"|"model","dimension","text","candidates":[{"value","label","kind"}]}], in order of asking.
  Json to_json() const;

  static constexpr std::size_t kMaxTexts = 400;

 private:
  using Key = std::pair<LookupDomain, std::string>;
  LookupFunction function_;
  std::map<Key, LookupAnswer> known_;
  std::vector<Key> asked_;
};

}  // namespace pgops::nlu
