// guard: see parse_guard.h. Bounds first, then libpg_query, then the walk over its JSON.
#include "guard/parse_guard.h"

#include <pg_query.h>

#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "guard/lexer.hpp"
#include "guard/tree_walk.hpp"

namespace pgops::guard {
namespace {

constexpr std::size_t kMaxOperatorLength = 63;  // NAMEDATALEN - 1
constexpr int kMaxComments = 256;

// The result and what it points into.
struct ResultStorage : opsguard_result {
  Refusal refusal;
  TreeFacts facts;
  std::vector<const char*> relation_items;
  std::vector<const char*> function_items;
};

opsguard_names expose(const std::vector<std::string>& names, std::vector<const char*>& items) {
  items.reserve(names.size());
  for (const std::string& name : names) items.push_back(name.c_str());
  return {items.size(), items.data()};
}

// Offset of the first byte that is no UTF-8 (RFC 3629: no overlong forms, no surrogates), -1 if none.
int first_invalid_byte(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned lead = byte(i);
    const unsigned second = byte(i + 1);
    std::size_t length = 1;
    bool good = lead < 0x80;
    if (lead >= 0xC2 && lead <= 0xDF) {
      length = 2;
      good = true;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      length = 3;
      good = !(lead == 0xE0 && second < 0xA0) && !(lead == 0xED && second > 0x9F);
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      length = 4;
      good = !(lead == 0xF0 && second < 0x90) && !(lead == 0xF4 && second > 0x8F);
    }
    for (std::size_t k = 1; k < length; ++k) good = good && (byte(i + k) & 0xC0U) == 0x80U;
    if (!good) return static_cast<int>(i);
    i += length;
  }
  return -1;
}

// Everything that must hold before libpg_query sees the text.
Refusal check_bounds(std::string_view sql) {
  if (sql.size() > OPSGUARD_MAX_BYTES)
    return {"too_long", "the statement is longer than 32 kB", "Move parts of it into a view.", -1};
  const std::size_t nul = sql.find('\0');
  if (nul != std::string_view::npos)
    return {"not_text", "the statement contains a NUL byte", nullptr, static_cast<int>(nul)};
  const int invalid = first_invalid_byte(sql);
  if (invalid >= 0) return {"not_text", "the statement is not valid UTF-8", nullptr, invalid};
  // The scanner of PostgreSQL reads a run of operator characters again for each `/*` or operator in it:
  // 32 kB of "/*/*/*" or "+++" take a second. Hence the bounds on comments and on the length of a run.
  Lexer lexer(sql);
  std::size_t operator_bytes = 0;
  int comments = 0;
  for (Token t = lexer.next(); t.kind != TokenKind::end; t = lexer.next()) {
    const int place = static_cast<int>(t.begin);
    if (t.kind == TokenKind::op) {
      operator_bytes += t.end - t.begin;
      if (t.end - t.begin > kMaxOperatorLength) return {"too_complex", "an operator is too long", nullptr, place};
      if (operator_bytes > OPSGUARD_MAX_OPERATORS)
        return {"too_complex", "the statement has too many operators", "Use a list (IN, ANY) or a view.", place};
    } else if (t.kind == TokenKind::space && sql[t.begin] == '/') {
      for (std::size_t at = t.begin; at < t.end; at += 2) {
        at = sql.find("/*", at);
        if (at >= t.end) break;
        if (++comments > kMaxComments) return {"too_complex", "the statement has too many comments", nullptr, place};
      }
    }
  }
  return {};
}

int byte_of_character(std::string_view text, int character) {  // 1-based
  int seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U && ++seen == character) return static_cast<int>(i);
  }
  return static_cast<int>(text.size());
}

Refusal check(std::string_view sql, int flags, TreeFacts& facts) {
  if (Refusal bounds = check_bounds(sql); bounds.rule != nullptr) return bounds;
  const std::string terminated(sql);
  struct Parsed {
    PgQueryParseResult result;
    ~Parsed() { pg_query_free_parse_result(result); }
  } parsed{pg_query_parse(terminated.c_str())};
  if (parsed.result.error != nullptr) {
    const PgQueryError& error = *parsed.result.error;
    const int offset = error.cursorpos > 0 ? byte_of_character(sql, error.cursorpos) : -1;
    if (error.message != nullptr &&
        std::string_view(error.message).starts_with("memory exhausted")) {  // the grammar's own stack
      return {"too_complex", "the statement is nested too deeply", "Move parts of it into a view.", offset};
    }
    return {"syntax_error", error.message != nullptr ? error.message : "syntax error", nullptr, offset};
  }
  if (parsed.result.parse_tree == nullptr) return {"syntax_error", "the statement cannot be parsed", nullptr, -1};
  return walk_tree(parsed.result.parse_tree, (flags & OPSGUARD_ALLOW_MONITOR) != 0, facts);
}

}  // namespace
}  // namespace pgops::guard

extern "C" opsguard_result* opsguard_check(const char* sql, size_t length, int flags) {
  using namespace pgops::guard;
  try {
    auto* storage = new ResultStorage{};
    try {
      storage->refusal = check({sql, length}, flags, storage->facts);
      opsguard_result& r = *storage;
      r.allowed = storage->refusal.rule == nullptr ? 1 : 0;
      r.rule = storage->refusal.rule;
      r.message = storage->refusal.message.c_str();
      r.hint = storage->refusal.hint;
      r.offset = storage->refusal.offset;
      r.relations = expose(storage->facts.relations, storage->relation_items);
      r.functions = expose(storage->facts.functions, storage->function_items);
      r.parameters = storage->facts.parameters;
      return &r;
    } catch (...) {
      delete storage;
      throw;
    }
  } catch (...) {
    return nullptr;
  }
}

extern "C" void opsguard_free(opsguard_result* result) { delete static_cast<pgops::guard::ResultStorage*>(result); }
