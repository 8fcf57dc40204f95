// core/ground: see ground.hpp. A token may be covered by several adjoining spans together ("1" of a fact, " %" of
// its format); a byte of it outside all of them is what must never leave.
#include "core/ground/ground.hpp"

#include <algorithm>

#include "core/present/format.hpp"

namespace pgops::ground {
namespace {

using present::Fact;
using present::TextSpan;

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

Error broken(std::string message) { return {Code::internal_error, std::move(message), "", ""}; }

// Would the figure read as another one together with what stands beside it?
bool touches(std::string_view text, std::size_t begin, std::size_t end) {
  if (begin >= end) return false;
  const auto at = [text](std::size_t i) { return i < text.size() ? text[i] : ' '; };
  if (digit(text[begin]) && begin > 0) {
    const char before = at(begin - 1);
    const char other = begin > 1 ? at(begin - 2) : ' ';
    if (digit(before)) return true;
    if ((before == '.' || before == ',') && digit(other)) return true;
    if ((before == '-' || before == '+') && !digit(other) && !letter(other)) return true;
  }
  if (digit(text[end - 1])) {
    if (digit(at(end))) return true;
    if ((at(end) == '.' || at(end) == ',') && digit(at(end + 1))) return true;
  }
  return false;
}

Status check_fact(std::string_view text, const Fact& f, const std::vector<Referenced>& references,
                  std::string_view locale) {
  if (f.begin > f.end || f.end > text.size()) return broken("a fact lies outside the text");
  if (f.ref < 1 || static_cast<std::size_t>(f.ref) > references.size())
    return broken("a fact names a reference that does not exist");
  const Referenced& r = references[static_cast<std::size_t>(f.ref) - 1];
  if (r.result == nullptr || r.args == nullptr) return broken("a fact names a reference without a result");
  const present::Value again = present::evaluate(f.source, *r.result, *r.args);
  if (!again.defined || !(again.json == f.value)) return broken("a fact is not what its source says: " + f.source.path);
  if (text.substr(f.begin, f.end - f.begin) != present::format_value(f.value, f.unit, f.format, locale))
    return broken("a fact is written differently from its format: " + f.source.path);
  if (touches(text, f.begin, f.end)) return broken("a fact touches other digits: " + f.source.path);
  return Unit{};
}

Status check_text_block(const Json& block, const std::vector<Referenced>& references, std::string_view locale) {
  std::vector<Fact> facts;
  std::vector<TextSpan> allowed;
  for (const Json& one : block["facts"].items()) {
    const auto begin = static_cast<std::size_t>(one["begin"].as_int().value_or(-1));
    const auto end = static_cast<std::size_t>(one["end"].as_int().value_or(-1));
    const std::string_view from = one["from"].string_or("");
    if (from == "question" || from == "author") {
      allowed.push_back({begin, end});
      continue;
    }
    Fact f;
    f.value = one["value"];
    f.unit = std::string(one["unit"].string_or(""));
    f.format = std::string(one["format"].string_or(""));
    f.ref = static_cast<int>(one["ref"].as_int().value_or(0));
    f.source = {std::string(one["path"].string_or("")), std::string(one["fn"].string_or("")),
                std::string(one["of"].string_or("")), ""};
    f.begin = begin;
    f.end = end;
    facts.push_back(std::move(f));
  }
  return check(block["text"].string_or(""), facts, allowed, references, locale);
}

}  // namespace

Status check(std::string_view text, const std::vector<Fact>& facts, const std::vector<TextSpan>& allowed,
             const std::vector<Referenced>& references, std::string_view locale) {
  std::vector<bool> covered(text.size(), false);
  const auto cover = [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) covered[i] = true;
  };
  for (const Fact& f : facts) {
    if (Status ok = check_fact(text, f, references, locale); !ok) return ok;
    cover(f.begin, f.end);
  }
  for (const TextSpan& s : allowed) {
    if (s.begin > s.end || s.end > text.size()) return broken("an allowed span lies outside the text");
    cover(s.begin, s.end);
  }
  // Quotation marks inside a value are data: a document cut in the middle would pair with the next one's.
  std::string own_quotes(text);
  for (std::size_t i = 0; i < own_quotes.size(); ++i) {
    const char c = own_quotes[i];
    if (!covered[i]) continue;
    if (c == '"' || c == '\'' || c == '`') own_quotes[i] = ' ';
    // The typographic ones (E2 80 98, 99, 9C, 9D) become an ellipsis (E2 80 A6).
    const bool typographic = c == '\x98' || c == '\x99' || c == '\x9C' || c == '\x9D';
    if (typographic && i > 1 && own_quotes[i - 1] == '\x80' && own_quotes[i - 2] == '\xE2') own_quotes[i] = '\xA6';
  }
  for (const TextSpan& token : tokens_to_cover(own_quotes)) {
    for (std::size_t i = token.begin; i < token.end; ++i) {
      if (!covered[i])
        return broken("the text says \"" + std::string(text.substr(token.begin, token.end - token.begin)) +
                      "\" without a source");
    }
  }
  return Unit{};
}

Status check_block(const Json& block, const std::vector<Referenced>& references, std::string_view locale) {
  const std::string_view type = block["type"].string_or("");
  if (type == "text" || type == "markdown") return check_text_block(block, references, locale);
  if (type != "number" && type != "table" && type != "timeseries" && type != "chart")
    return broken("a block of type \"" + std::string(type) + "\" cannot be checked");
  const std::int64_t ref = block["ref"].as_int().value_or(0);
  if (ref < 1 || static_cast<std::size_t>(ref) > references.size() ||
      references[static_cast<std::size_t>(ref) - 1].result == nullptr)
    return broken("a block names a reference that does not exist");
  const Json& result = *references[static_cast<std::size_t>(ref) - 1].result;
  const Json::Array& rows = result["rows"].items();
  if (!(block["row_count"] == result["row_count"])) return broken("a block counts other rows than its reference");
  if (const Json* value = block.find("value"); value != nullptr) {
    const Json& column = result["columns"].size() > 0 ? result["columns"].items()[0]["name"] : Json();
    if (rows.empty() || !(*value == rows[0][column.text()]))
      return broken("a block shows a value that its reference does not have");
  }
  const Json::Array& shown = block["rows"].items();
  if (shown.size() > rows.size()) return broken("a block shows more rows than its reference has");
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (!(shown[i] == rows[i])) return broken("a block shows a row that its reference does not have");
  }
  return Unit{};
}

}  // namespace pgops::ground
