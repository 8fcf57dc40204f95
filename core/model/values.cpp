// core/model: matching texts with stored values, see values.hpp.
#include "core/model/values.hpp"

#include <algorithm>
#include <map>

#include "core/nlu/text.hpp"

namespace pgops::model {
namespace {

std::u32string points(std::string_view text) {
  std::u32string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const std::size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    char32_t point = n == 1 ? c : c & (0xFFU >> (n + 1));
    for (std::size_t k = 1; k < n && i + k < text.size(); ++k)
      point = (point << 6U) | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
    out.push_back(point);
    i += n;
  }
  return out;
}

// Optimal string alignment, given up above `limit`.
std::size_t distance(const std::u32string& a, const std::u32string& b, std::size_t limit) {
  if (a.size() > b.size() + limit || b.size() > a.size() + limit) return limit + 1;
  std::vector<std::size_t> before2(b.size() + 1), before(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) before[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({before[j] + 1, row[j - 1] + 1, before[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before2[j - 2] + 1);
    }
    before2.swap(before);
    before.swap(row);
  }
  return before[b.size()];
}

bool digits_differ(const std::string& a, const std::string& b) {
  const auto digits = [](const std::string& s) {
    std::string out;
    std::copy_if(s.begin(), s.end(), std::back_inserter(out), [](char c) { return c >= '0' && c <= '9'; });
    return out;
  };
  return digits(a) != digits(b);
}

}  // namespace

std::string folded(std::string_view text) {
  std::string out = nlu::normalise(text);
  for (char& c : out) {
    if (c == '-' || c == '_') c = ' ';
  }
  return out;
}

// A first word alone stands for a value ("Santiago" for "Santiago de Chile") unless it says something by itself: "new
// servers" are not those of New York.
constexpr std::string_view kNoPrefixes =
    "|new|old|big|top|low|high|hot|all|any|own|main|next|last|first|second|great|little|small|large|good|bad|free|open|"
    "north|south|east|west|central|";

nlu::LookupAnswer match_value(std::string_view text, const std::vector<StoredValue>& values) {
  const std::string wanted = folded(text);
  const std::u32string letters = points(wanted);
  const std::size_t allowed = letters.size() >= 9 ? 2 : letters.size() >= 5 ? 1 : 0;
  std::map<nlu::MatchKind, std::vector<nlu::LookupCandidate>> found;
  for (const StoredValue& v : values) {
    const std::string label = folded(v.label);
    std::optional<nlu::MatchKind> kind;
    if (label == wanted) {
      kind = nlu::MatchKind::exact;
    } else if (std::any_of(v.aliases.begin(), v.aliases.end(),
                           [&](const std::string& alias) { return folded(alias) == wanted; })) {
      kind = nlu::MatchKind::alias;
    } else if (label.size() > wanted.size() && label.starts_with(wanted) && label[wanted.size()] == ' ' &&
               letters.size() >= 2 && !nlu::listed(wanted, kNoPrefixes)) {
      kind = nlu::MatchKind::prefix;
    } else if (allowed > 0 && !digits_differ(label, wanted) && distance(letters, points(label), allowed) <= allowed) {
      kind = nlu::MatchKind::fuzzy;
    }
    if (kind) found[*kind].push_back({v.value, v.label, *kind});
  }
  nlu::LookupAnswer out;
  if (found.empty()) return out;
  out.candidates = std::move(found.begin()->second);
  std::sort(out.candidates.begin(), out.candidates.end(),
            [](const auto& a, const auto& b) { return a.label < b.label; });
  if (out.candidates.size() > kMaxCandidates) {
    out.candidates.resize(kMaxCandidates);
    out.more = true;
  }
  return out;
}

}  // namespace pgops::model
