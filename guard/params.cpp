// guard: see params.hpp. One pass with the lexer; a stack of open brackets tells `[a:b]` from `(:a)`.
#include "guard/params.hpp"

#include <algorithm>
#include <unordered_map>

#include "guard/lexer.hpp"
#include "guard/parse_guard.h"

namespace pgops::guard {
namespace {

constexpr std::size_t kMaxNameLength = 63;

bool valid_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > kMaxNameLength || name[0] < 'a' || name[0] > 'z') return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

// Characters up to a byte offset, for offsets that only grow: a text of n parameters stays linear.
class CharacterCounter {
 public:
  explicit CharacterCounter(std::string_view text) : text_(text) {}
  int position(std::size_t offset) noexcept {
    for (; offset_ < std::min(offset, text_.size()); ++offset_) {
      if ((static_cast<unsigned char>(text_[offset_]) & 0xC0U) != 0x80U) ++characters_;
    }
    return characters_;
  }

 private:
  std::string_view text_;
  std::size_t offset_ = 0;
  int characters_ = 1;
};

Rewritten refuse(Rewritten&& r, std::string_view text, std::size_t offset, std::string rule, std::string message,
                 std::string hint) {
  r.ok = false;
  r.rule = std::move(rule);
  r.message = std::move(message);
  r.hint = std::move(hint);
  r.position = PositionMap::character_of(text, offset);
  return std::move(r);
}

}  // namespace

void PositionMap::add(std::size_t out, std::size_t user) { segments_.push_back({out, user}); }

int PositionMap::character_of(std::string_view text, std::size_t offset) noexcept {
  int characters = 1;
  for (std::size_t i = 0; i < std::min(offset, text.size()); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) ++characters;
  }
  return characters;
}

int PositionMap::user_position(std::size_t out_offset) const noexcept {
  auto after = std::upper_bound(segments_.begin(), segments_.end(), out_offset,
                                [](std::size_t offset, const Segment& s) { return offset < s.out; });
  if (after == segments_.begin()) return character_of(user_text_, out_offset);
  const Segment& segment = *std::prev(after);
  std::size_t user = segment.user + (out_offset - segment.out);
  // A position inside `$12` belongs to its `:name`, not to what follows it.
  if (after != segments_.end()) user = std::min(user, after->user);
  return character_of(user_text_, user);
}

int PositionMap::user_position_of_character(std::string_view rewritten, int character) const noexcept {
  if (character <= 0) return 0;
  std::size_t offset = 0;
  int seen = 0;
  for (; offset < rewritten.size(); ++offset) {
    if ((static_cast<unsigned char>(rewritten[offset]) & 0xC0U) != 0x80U && ++seen == character) break;
  }
  return user_position(offset);
}

Rewritten rewrite_params(std::string_view text) {
  Rewritten r;
  r.map = PositionMap(text);
  if (text.size() > OPSGUARD_MAX_BYTES) {
    return refuse(std::move(r), text, 0, "too_long", "the statement is longer than 32 kB",
                  "Move parts of it into a view.");
  }
  r.sql.reserve(text.size() + 16);
  std::string brackets;
  CharacterCounter characters(text);
  std::unordered_map<std::string_view, std::size_t> index_of;
  Lexer lexer(text);
  for (Token t = lexer.next(); t.kind != TokenKind::end; t = lexer.next()) {
    const std::string_view piece = text.substr(t.begin, t.end - t.begin);
    if (t.kind == TokenKind::open) {
      brackets.push_back(piece[0]);
    } else if (t.kind == TokenKind::close) {
      if (!brackets.empty()) brackets.pop_back();
    } else if (t.kind == TokenKind::parameter) {
      return refuse(std::move(r), text, t.begin, "positional_parameter", "parameters are named, not numbered",
                    "Write :name and declare the name in input_schema.");
    }
    if (t.kind != TokenKind::colon || (!brackets.empty() && brackets.back() == '[')) {
      r.sql.append(piece);
      continue;
    }

    std::size_t end = t.end;
    while (end < text.size() && is_identifier_part(text[end])) ++end;
    const std::string_view name = text.substr(t.end, end - t.end);
    if (!valid_name(name)) {
      return refuse(std::move(r), text, t.begin, "parameter_name", "a parameter name is expected after the colon",
                    "Names are written directly after the colon, without quotes: a lower-case letter, then lower-case "
                    "letters, digits and underscores, at most 63.");
    }
    const auto [known, first_use] = index_of.try_emplace(name, r.names.size());
    const std::size_t index = known->second;
    if (first_use) r.names.emplace_back(name);
    r.uses.push_back({index, characters.position(t.begin)});

    // `a:n` must not turn into the identifier a$1.
    if (!r.sql.empty() && is_identifier_part(r.sql.back())) r.sql.push_back(' ');
    r.map.add(r.sql.size(), t.begin);
    r.sql.append("$").append(std::to_string(index + 1));
    r.map.add(r.sql.size(), end);
    lexer = Lexer(text, end);
  }
  r.ok = true;
  return r;
}

}  // namespace pgops::guard
