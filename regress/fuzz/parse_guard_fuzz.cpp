// regress/fuzz: libFuzzer over the parse guard. Looks for crashes, and for verdicts that contradict each other:
//
//   shape     what is allowed parses as exactly one SELECT, without INTO, locking clause, data-modifying statement
//             or a function of a short list of our own at any depth (found by a walk of its own over the tree)
//   report    a refusal has a rule, a message and a place inside the text; a verdict is the same twice
//   layout    white space and comments around and between tokens change neither verdict nor rule
//   deparse   the statement written anew from its tree gets the same verdict
// A broken invariant prints the statement and aborts, which libFuzzer stores as a finding.
#include <pg_query.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "guard/lexer.hpp"
#include "guard/parse_guard.h"
#include "regress/fuzz/sql_mutator.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

using pgops::Json;

constexpr std::size_t kMaxText = 34'000;    // a little more than the guard takes
constexpr std::size_t kMaxDeparse = 1'200;  // the deparser of libpg_query recurses without a check

// Never allowed under any name a parser can give them; kept apart from the guard's own data on purpose.
constexpr std::string_view kForbidden[] = {"pg_sleep",
                                           "set_config",
                                           "lo_import",
                                           "lo_create",
                                           "lo_unlink",
                                           "pg_read_file",
                                           "pg_ls_dir",
                                           "query_to_xml",
                                           "table_to_xml",
                                           "nextval",
                                           "setval",
                                           "pg_notify",
                                           "pg_advisory_lock",
                                           "ts_stat",
                                           "txid_current",
                                           "pg_stat_reset",
                                           "pg_terminate_backend",
                                           "pg_export_snapshot",
                                           "database_to_xml"};
constexpr std::string_view kForbiddenNodes[] = {"IntoClause", "intoClause", "LockingClause", "InsertStmt",
                                                "UpdateStmt", "DeleteStmt", "MergeStmt"};

struct Free {
  void operator()(opsguard_result* result) const { opsguard_free(result); }
};
using Verdict = std::unique_ptr<opsguard_result, Free>;

Verdict check(std::string_view text) { return Verdict(opsguard_check(text.data(), text.size(), 0)); }

// Printed at the end: what the executions were worth.
struct Counts {
  std::size_t texts = 0;
  std::size_t allowed = 0;
  std::size_t compared = 0;
  std::size_t deparsed = 0;
  ~Counts() {
    std::fprintf(stderr, "fuzz: %zu texts, %zu allowed, %zu compared, %zu deparsed\n", texts, allowed, compared,
                 deparsed);
  }
};
Counts counts;

[[noreturn]] void broken(const char* invariant, std::string_view text, std::string_view other = {}) {
  std::fprintf(stderr, "broken invariant: %s\n--- statement\n%.*s\n", invariant, static_cast<int>(text.size()),
               text.data());
  if (!other.empty()) std::fprintf(stderr, "--- and\n%.*s\n", static_cast<int>(other.size()), other.data());
  std::abort();
}

bool same_text(const char* a, const char* b) {
  return (a == nullptr) == (b == nullptr) && (a == nullptr || std::strcmp(a, b) == 0);
}

// Bounds count bytes, comments and operators, and change with the layout.
bool is_bound(const opsguard_result& verdict) {
  if (verdict.rule == nullptr) return false;
  const std::string_view rule = verdict.rule;
  return rule == "too_long" || rule == "too_complex" || rule == "not_text";
}

void check_report(const opsguard_result& verdict, std::string_view text) {
  if (verdict.allowed != 0) {
    if (verdict.rule != nullptr) broken("an allowed statement has no rule", text);
    return;
  }
  if (verdict.rule == nullptr || verdict.message == nullptr) broken("a refusal has a rule and a message", text);
  if (verdict.offset < -1 || verdict.offset > static_cast<int>(text.size()))
    broken("the place is inside the text", text);
}

struct Parsed {
  explicit Parsed(const std::string& text) : result(pg_query_parse(text.c_str())) {}
  ~Parsed() { pg_query_free_parse_result(result); }
  Parsed(const Parsed&) = delete;
  Parsed& operator=(const Parsed&) = delete;
  bool good() const { return result.error == nullptr; }
  PgQueryParseResult result;
};

void check_function_name(const Json& call, std::string_view text) {
  const auto& parts = call["funcname"].items();
  if (parts.empty()) return;
  const auto text_of = [](const Json& part) {
    const Json& string = part["String"];
    return std::string(string["str"].string_or(string["sval"].string_or("")));
  };
  const std::string name = text_of(parts.back());
  if (name.empty()) broken("a function has a name", text);
  // name, schema.name or database.schema.name
  const bool catalog = parts.size() == 1 || text_of(parts[parts.size() - 2]) == "pg_catalog";
  for (const std::string_view forbidden : kForbidden) {
    if (catalog && name == forbidden) broken("no forbidden function in what is allowed", text);
  }
}

void check_shape(const std::string& text) {
  const Parsed parsed(text);
  if (!parsed.good()) broken("what is allowed parses", text);
  pgops::JsonLimits limits;
  limits.max_depth = 20'000;
  limits.jsonb_safe = false;
  const auto tree = Json::parse(parsed.result.parse_tree, limits);
  if (!tree) broken("the tree is JSON", text, tree.error().message);
  const Json& statements = (*tree)["stmts"];
  if (statements.size() != 1) broken("what is allowed is one statement", text);
  const Json& statement = statements.items()[0]["stmt"];
  if (statement.size() != 1 || statement.find("SelectStmt") == nullptr) broken("what is allowed is a SELECT", text);
  std::vector<const Json*> open = {&statement};
  while (!open.empty()) {
    const Json& node = *open.back();
    open.pop_back();
    for (const Json& item : node.items()) open.push_back(&item);
    for (const auto& [name, member] : node.members()) {
      for (const std::string_view forbidden : kForbiddenNodes) {
        if (name == forbidden && !member.is_null()) broken("no INTO, lock or change in what is allowed", text);
      }
      if (name == "FuncCall") check_function_name(member, text);
      open.push_back(&member);
    }
  }
}

void same_verdict(const opsguard_result& verdict, std::string_view text, const std::string& other,
                  const char* invariant, bool same_rule = true) {
  const Verdict second = check(other);
  if (second == nullptr || is_bound(*second)) return;
  counts.compared++;
  if (second->allowed != verdict.allowed) broken(invariant, text, other);
  if (same_rule && !same_text(second->rule, verdict.rule)) broken(invariant, text, other);
}

// White space alone between two tokens, in another form; a line break stays one, because it joins strings.
std::string respaced(std::string_view text) {
  std::string out;
  pgops::guard::Lexer lexer(text);
  for (auto token = lexer.next(); token.kind != pgops::guard::TokenKind::end; token = lexer.next()) {
    const std::string_view part = text.substr(token.begin, token.end - token.begin);
    const bool blank =
        token.kind == pgops::guard::TokenKind::space && part.find_first_not_of(" \t\n\r\f") == std::string_view::npos;
    if (!blank) {
      out += part;
    } else {
      out += part.find_first_of("\n\r") == std::string_view::npos ? "\t  " : " \n ";
    }
  }
  return out;
}

void check_layout(const opsguard_result& verdict, const std::string& text) {
  if (is_bound(verdict)) return;
  same_verdict(verdict, text, "/* a */\n" + text, "a comment before changes nothing");
  same_verdict(verdict, text, respaced(text), "other white space changes nothing");
  if (verdict.allowed != 0) {
    same_verdict(verdict, text, text + "\n-- end", "a comment behind changes nothing");
    same_verdict(verdict, text, text + "\n;", "a semicolon behind changes nothing");
    const Verdict two = check(text + "\n; SELECT 1");
    // Behind a semicolon of its own an allowed statement may end in a comment only.
    if (two != nullptr && two->allowed != 0) broken("two statements are never allowed", text);
  }
}

void check_deparsed(const opsguard_result& verdict, const std::string& text) {
  if (is_bound(verdict) || text.size() > kMaxDeparse) return;
  PgQueryProtobufParseResult tree = pg_query_parse_protobuf(text.c_str());
  if (tree.error == nullptr) {
    PgQueryDeparseResult deparsed = pg_query_deparse_protobuf(tree.parse_tree);
    if (deparsed.error == nullptr && deparsed.query != nullptr) {
      const std::string again = deparsed.query;
      // Only where the deparser kept the meaning; it has gaps of its own.
      PgQueryFingerprintResult a = pg_query_fingerprint(text.c_str());
      PgQueryFingerprintResult b = pg_query_fingerprint(again.c_str());
      const bool same =
          a.error == nullptr && b.error == nullptr && std::strcmp(a.fingerprint_str, b.fingerprint_str) == 0;
      pg_query_free_fingerprint_result(a);
      pg_query_free_fingerprint_result(b);
      if (same) counts.deparsed++;
      if (same) same_verdict(verdict, text, again, "the statement written anew gets the same verdict", false);
    }
    pg_query_free_deparse_result(deparsed);
  }
  pg_query_free_protobuf_parse_result(tree);
}

std::size_t give(const std::string& text, std::uint8_t* data, std::size_t max_size) {
  const std::size_t size = std::min(text.size(), max_size);
  std::memcpy(data, text.data(), size);
  return size;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned int seed) {
  pgops::fuzz::SqlMutator mutator(seed);
  if (seed % 16 == 0) return LLVMFuzzerMutate(data, size, max_size);
  return give(mutator.mutate({reinterpret_cast<const char*>(data), size}), data, max_size);
}

extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* left, std::size_t left_size,
                                                 const std::uint8_t* right, std::size_t right_size, std::uint8_t* out,
                                                 std::size_t max_size, unsigned int seed) {
  pgops::fuzz::SqlMutator mutator(seed);
  return give(mutator.cross({reinterpret_cast<const char*>(left), left_size},
                            {reinterpret_cast<const char*>(right), right_size}),
              out, max_size);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > kMaxText) return -1;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Verdict verdict = check(text);
  if (verdict == nullptr) broken("there is memory", text);
  counts.texts++;
  counts.allowed += verdict->allowed != 0 ? 1 : 0;
  check_report(*verdict, text);
  if (verdict->allowed != 0) check_shape(text);
  // The rest costs several times as much; which texts it is done for follows from the text.
  const std::size_t number = std::hash<std::string>{}(text);
  if (verdict->allowed != 0 || number % 4 == 0) check_layout(*verdict, text);
  if (verdict->allowed != 0 || number % 8 == 1) check_deparsed(*verdict, text);
  if (number % 64 == 2) same_verdict(*verdict, text, text, "a verdict is the same twice");
  return 0;
}
