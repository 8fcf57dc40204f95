// core/ground: see ground.hpp. A token may be covered by several adjoining spans together
// ("1" of a fact, " %" of its format); a digit outside all of them is what must never leave.
#include "core/ground/ground.hpp"

#include <algorithm>

#include "core/present/format.hpp"

namespace pgops::ground {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
// ASCII only: a Korean particle written onto a figure is not part of it.
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool inner(char c) {
  return c == '_' || c == '.' || c == ':' || c == '-' || c == '/' || c == ',' || c == '@' || c == '+';
}

Error broken(std::string message) { return {Code::internal_error, std::move(message), "", ""}; }

}  // namespace

std::vector<present::TextSpan> tokens_to_cover(std::string_view text) {
  std::vector<present::TextSpan> out;
  std::size_t i = 0;
  while (i < text.size()) {
    if (text[i] == '"') {
      const std::size_t end = text.find('"', i + 1);
      if (end == std::string_view::npos) {
        ++i;
        continue;
      }
      out.push_back({i + 1, end});
      i = end + 1;
      continue;
    }
    if (!digit(text[i]) && !letter(text[i]) && text[i] != '_') {
      ++i;
      continue;
    }
    const std::size_t from = i;
    bool counts = false;
    while (i < text.size()) {
      const char c = text[i];
      const bool joins =
          inner(c) && i + 1 < text.size() && (digit(text[i + 1]) || letter(text[i + 1]) || text[i + 1] == '_');
      if (!digit(c) && !letter(c) && c != '_' && !joins) break;
      counts = counts || digit(c) || c == '_';
      ++i;
    }
    if (counts) out.push_back({from, i});
  }
  return out;
}

Status check(std::string_view summary, const std::vector<present::Fact>& facts,
             const std::vector<present::TextSpan>& allowed, const std::vector<Referenced>& references,
             std::string_view locale) {
  std::vector<bool> covered(summary.size(), false);
  const auto cover = [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) covered[i] = true;
  };
  for (const present::Fact& f : facts) {
    if (f.begin > f.end || f.end > summary.size()) return broken("a fact lies outside the summary");
    if (f.ref < 1 || static_cast<std::size_t>(f.ref) > references.size())
      return broken("a fact names a reference that does not exist");
    const Referenced& r = references[static_cast<std::size_t>(f.ref) - 1];
    if (r.result == nullptr || r.args == nullptr) return broken("a fact names a reference without a result");
    const present::Value again = present::evaluate(f.source, *r.result, *r.args);
    if (!again.defined || !(again.json == f.value))
      return broken("a fact is not what its source says: " + f.source.path);
    const std::string text = present::format_value(f.value, f.unit, f.format, locale);
    if (summary.substr(f.begin, f.end - f.begin) != text)
      return broken("a fact is written differently from its format: " + f.source.path);
    cover(f.begin, f.end);
  }
  for (const present::TextSpan& s : allowed) {
    if (s.begin > s.end || s.end > summary.size()) return broken("an allowed span lies outside the summary");
    cover(s.begin, s.end);
  }
  // Quotation marks inside a value are data: a document cut in the middle would pair with the next one's.
  std::string own_quotes(summary);
  for (std::size_t i = 0; i < own_quotes.size(); ++i) {
    if (covered[i] && own_quotes[i] == '"') own_quotes[i] = '\'';
  }
  for (const present::TextSpan& token : tokens_to_cover(own_quotes)) {
    for (std::size_t i = token.begin; i < token.end; ++i) {
      if (!covered[i])
        return broken("the summary says \"" + std::string(summary.substr(token.begin, token.end - token.begin)) +
                      "\" without a source");
    }
  }
  return Unit{};
}

}  // namespace pgops::ground
