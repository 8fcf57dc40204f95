// worker/lint: see source.hpp.
#include "worker/lint/source.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "core/json.hpp"
#include "core/utf8.hpp"
#include "guard/lexer.hpp"

namespace pgops::worker::lint {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool has_token(std::string_view text) {
  guard::Lexer lexer(text);
  for (guard::Token t = lexer.next(); t.kind != guard::TokenKind::end; t = lexer.next()) {
    if (t.kind != guard::TokenKind::space || !t.terminated) return true;
  }
  return false;
}

Statement piece(std::string_view text, std::size_t begin, std::size_t end) {
  Statement statement;
  statement.sql = std::string(text.substr(begin, end - begin));
  statement.segments = {{0, begin}};
  return statement;
}

// The places of string literals of a JSON text that is known to be well formed, in order: the byte after the
// opening quote of each.
std::vector<std::size_t> string_places(std::string_view text) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '"') continue;
    places.push_back(++i);
    while (i < text.size() && text[i] != '"') i += text[i] == '\\' ? 2 : 1;
  }
  return places;
}

// Where each character of a string literal begins in the source. `at` is the byte after the opening quote.
std::vector<Statement::Segment> decode_places(std::string_view text, std::size_t at) {
  std::vector<Statement::Segment> segments;
  std::size_t decoded = 0;
  const auto hex = [&](std::size_t i) {
    return static_cast<std::uint32_t>(std::strtoul(std::string(text.substr(i, 4)).c_str(), nullptr, 16));
  };
  while (at < text.size() && text[at] != '"') {
    segments.push_back({decoded, at});
    if (text[at] != '\\') {
      const std::size_t length = std::max<std::size_t>(utf8_length_at(text, at), 1);
      at += length;
      decoded += length;
    } else if (at + 5 < text.size() && text[at + 1] == 'u') {
      const std::uint32_t unit = hex(at + 2);
      const bool pair = unit >= 0xD800 && unit < 0xDC00;
      decoded += pair ? 4U : unit < 0x80 ? 1U : unit < 0x800 ? 2U : 3U;
      at += pair ? 12 : 6;
    } else {
      decoded += 1;
      at += 2;
    }
  }
  segments.push_back({decoded, at});
  return segments;
}

class JsonWalk {
 public:
  JsonWalk(std::string_view text, std::vector<Statement>& found)
      : text_(text), places_(string_places(text)), found_(found) {}

  // Recursion: the parser allows 200 levels. `owner` is the object that holds `value` as its member `key`.
  void visit(const Json& value, std::string_view key, const Json* owner, const Json* grand_owner,
             std::string_view owner_key) {
    if (value.is_string()) {
      const std::size_t place = places_[strings_++];
      if (key == "query" && owner_key == "sql" && grand_owner != nullptr) take(value, place, *grand_owner);
      return;
    }
    for (const Json& item : value.items()) visit(item, {}, nullptr, nullptr, {});
    for (const auto& [name, member] : value.members()) {
      ++strings_;
      visit(member, name, &value, owner, key);
    }
  }

 private:
  void take(const Json& value, std::size_t place, const Json& tool) {
    Statement statement;
    statement.sql = value.text();
    statement.verbatim = false;
    statement.segments = decode_places(text_, place);
    statement.monitor = tool["run_as"].string_or("") == "ops_stats";
    if (const Json& schema = tool["input_schema"]; schema.is_object()) {
      statement.arguments.emplace();
      for (const auto& [name, property] : schema["properties"].members()) statement.arguments->push_back(name);
    }
    found_.push_back(std::move(statement));
  }

  std::string_view text_;
  std::vector<std::size_t> places_;
  std::vector<Statement>& found_;
  std::size_t strings_ = 0;
};

}  // namespace

Source::Source(std::string text) : text_(std::move(text)) {
  if (text_.starts_with(kByteOrderMark)) begin_ = kByteOrderMark.size();
  const std::string_view rest = this->text();
  lines_.push_back(0);
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '\n' || (rest[i] == '\r' && (i + 1 == rest.size() || rest[i + 1] != '\n'))) lines_.push_back(i + 1);
  }
}

Place Source::place(std::size_t byte) const {
  byte = std::min(byte, text().size());
  const auto next = std::upper_bound(lines_.begin(), lines_.end(), byte);
  const std::size_t begin = *std::prev(next);
  return {static_cast<std::size_t>(next - lines_.begin()), utf8_count(text().substr(begin, byte - begin)) + 1};
}

std::size_t Statement::source_byte(std::size_t byte) const noexcept {
  const auto after = std::upper_bound(segments.begin(), segments.end(), byte,
                                      [](std::size_t b, const Segment& s) { return b < s.sql; });
  const Segment& segment = after == segments.begin() ? segments.front() : *std::prev(after);
  return segment.source + (verbatim ? byte - segment.sql : 0);
}

std::vector<Statement> split_sql(std::string_view text) {
  std::vector<Statement> statements;
  std::size_t begin = 0;
  const auto take = [&](std::size_t end) {
    if (has_token(text.substr(begin, end - begin))) statements.push_back(piece(text, begin, end));
  };
  guard::Lexer lexer(text);
  for (guard::Token t = lexer.next(); t.kind != guard::TokenKind::end; t = lexer.next()) {
    if (t.kind != guard::TokenKind::semicolon) continue;
    take(t.begin);
    begin = t.end;
  }
  take(text.size());
  return statements;
}

JsonStatements find_in_json(std::string_view text) {
  JsonStatements out;
  const auto parsed = Json::parse(text);
  if (!parsed) {
    out.problem = parsed.error().message;
    const std::string& where = parsed.error().detail;  // "Near byte 12."
    const std::size_t digit = where.find_first_of("0123456789");
    if (digit != std::string::npos) out.problem_at = std::strtoul(where.c_str() + digit, nullptr, 10);
    return out;
  }
  JsonWalk(text, out.statements).visit(*parsed, {}, nullptr, nullptr, {});
  return out;
}

}  // namespace pgops::worker::lint
