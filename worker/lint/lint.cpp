// worker/lint: judging the statements of one text. See lint.hpp.
#include "worker/lint/lint.hpp"

#include <algorithm>
#include <memory>
#include <new>

#include "core/utf8.hpp"
#include "guard/lexer.hpp"
#include "guard/params.hpp"
#include "guard/parse_guard.h"

namespace pgops::worker::lint {
namespace {

struct FreeResult {
  void operator()(opsguard_result* result) const { opsguard_free(result); }
};

struct Verdict {
  std::string rule;  // empty: allowed
  std::string message;
  std::string hint;
  int position = 0;  // 1-based character of the statement; 0 without a place
};

Verdict refuse(std::string rule, std::string message, std::string hint, int position) {
  return {std::move(rule), std::move(message), std::move(hint), position};
}

Verdict judge(const Statement& statement) {
  const guard::Rewritten text = guard::rewrite_params(statement.sql);
  if (!text.ok) return refuse(text.rule, text.message, text.hint, text.position);
  const std::unique_ptr<opsguard_result, FreeResult> result(
      opsguard_check(text.sql.data(), text.sql.size(), statement.monitor ? OPSGUARD_ALLOW_MONITOR : 0));
  if (result == nullptr) throw std::bad_alloc();
  if (result->allowed == 0) {
    const int position = result->offset < 0 ? 0 : text.map.user_position(static_cast<std::size_t>(result->offset));
    return refuse(result->rule, result->message, result->hint == nullptr ? "" : result->hint, position);
  }
  if (!statement.arguments) return {};
  for (const guard::ParamUse& use : text.uses) {
    const std::string& name = text.names[use.index];
    const auto& declared = *statement.arguments;
    if (std::find(declared.begin(), declared.end(), name) != declared.end()) continue;
    return refuse("parameter_undeclared", "parameter :" + name + " is not declared",
                  "Add it to the properties of input_schema.", use.position);
  }
  return {};
}

std::size_t byte_of_character(std::string_view text, int character) {
  int seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U && ++seen == character) return i;
  }
  return text.size();
}

// The token at or after a byte: a place inside white space is that of what follows it.
guard::Token token_at(std::string_view sql, std::size_t byte) {
  guard::Lexer lexer(sql);
  guard::Token last;
  for (guard::Token t = lexer.next(); t.kind != guard::TokenKind::end; t = lexer.next()) {
    if (t.kind == guard::TokenKind::space && t.terminated) continue;
    last = t;
    if (t.end > byte) break;
  }
  if (last.begin < byte && byte < last.end) last.begin = byte;  // a bad byte inside of a literal
  return last;
}

// One line without control characters: texts of the parser quote the statement, which may be anything.
std::string one_line(std::string_view text) {
  constexpr std::size_t kMaxMessageBytes = 500;
  const std::string_view shown = utf8_truncate(text, kMaxMessageBytes);
  std::string out(shown);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return shown.size() < text.size() ? out + "..." : out;
}

void add(Report& report, Finding finding) {
  finding.message = one_line(finding.message);
  report.findings.push_back(std::move(finding));
  report.stopped = report.findings.size() >= kMaxFindings;
}

void lint_statement(const Statement& statement, const Source& source, const std::string& name, Report& report) {
  if (report.stopped) return;
  ++report.statements;
  const Verdict verdict = judge(statement);
  if (verdict.rule.empty()) return;
  Finding finding;
  finding.file = name;
  finding.rule = verdict.rule;
  finding.message = verdict.message;
  finding.hint = verdict.hint;
  // Too long to be looked into: its beginning is its place.
  const std::string_view sql =
      std::string_view(statement.sql).substr(0, std::min<std::size_t>(statement.sql.size(), OPSGUARD_MAX_BYTES));
  const guard::Token token = token_at(sql, byte_of_character(sql, std::max(verdict.position, 1)));
  finding.begin = source.place(statement.source_byte(token.begin));
  finding.end = source.place(statement.source_byte(token.end));
  add(report, std::move(finding));
}

}  // namespace

void lint_text(std::string text, const std::string& name, bool json, bool monitor, Report& report) {
  ++report.files;
  const Source source(std::move(text));
  const std::size_t before = report.statements;
  if (json) {
    const JsonStatements found = find_in_json(source.text());
    if (!found.problem.empty()) {
      const Place place = source.place(found.problem_at);
      add(report, {name, place, place, "json_syntax", found.problem, {}});
      return;
    }
    for (Statement statement : found.statements) {
      statement.monitor = statement.monitor || monitor;
      lint_statement(statement, source, name, report);
    }
    return;
  }
  for (Statement& statement : split_sql(source.text())) {
    statement.monitor = monitor;
    lint_statement(statement, source, name, report);
  }
  if (report.statements == before && !report.stopped) {
    add(report, {name, {}, {}, "empty_statement", "the file holds no statement", "Remove it, or write the statement."});
  }
}

const std::vector<Rule>& known_rules() {
  static const std::vector<Rule> rules = {
      {"empty_statement", "There is no statement.", "Write one SELECT, VALUES or TABLE statement."},
      {"function_monitor", "A function that shows other sessions, sizes or settings.",
       "Only tools of tenant system that run as ops_stats may call it: lint those with --monitor."},
      {"function_never", "A function that no tool may call.", "No list of allowed functions changes that."},
      {"json_syntax", "The file is no JSON that pg_ops reads.", "Correct it; member names may not occur twice."},
      {"locking_clause", "FOR UPDATE, FOR SHARE and the like.", "Tools read; remove the clause."},
      {"modifying_cte", "WITH contains INSERT, UPDATE or DELETE.", "Tools read; remove it."},
      {"node_not_allowed", "A construct that is not allowed in tools.", "Write the statement without it."},
      {"not_text", "The statement is no UTF-8, or contains a NUL byte.", "Save the file as UTF-8."},
      {"parameter_name", "A colon without a parameter's name after it.",
       "Names are a lower-case letter, then lower-case letters, digits and underscores, at most 63."},
      {"parameter_undeclared", "A parameter that input_schema does not declare.", "Add it to its properties."},
      {"positional_parameter", "Parameters are named, not numbered.", "Write :name instead of $1."},
      {"select_into", "SELECT INTO makes a table.", "Tools read; remove INTO."},
      {"several_statements", "There is more than one statement.", "Make a tool of each."},
      {"statement_kind", "Only SELECT, VALUES and TABLE are allowed.", "Tools read; nothing else runs in them."},
      {"syntax_error", "The statement cannot be parsed.", "The grammar is that of PostgreSQL 15."},
      {"too_complex", "The statement is nested too deeply or has too many operators.", "Move parts of it into a view."},
      {"too_long", "The statement is longer than 32 kB.", "Move parts of it into a view."},
  };
  return rules;
}

}  // namespace pgops::worker::lint
