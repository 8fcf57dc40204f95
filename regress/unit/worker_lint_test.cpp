// lint: where statements begin and end, where their places are in the file, and the three formats.
#include <gtest/gtest.h>

#include "core/json.hpp"
#include "worker/lint/lint.hpp"

namespace pgops::worker::lint {
namespace {

Report lint(std::string text, bool json = false, bool monitor = false) {
  Report report;
  lint_text(std::move(text), json ? "t.json" : "t.sql", json, monitor, report);
  return report;
}

// "line:column rule", one a finding.
std::string findings(const Report& report) {
  std::string out;
  for (const Finding& f : report.findings) {
    out +=
        (out.empty() ? "" : ", ") + std::to_string(f.begin.line) + ":" + std::to_string(f.begin.column) + " " + f.rule;
  }
  return out;
}
std::string of_sql(std::string text) { return findings(lint(std::move(text))); }
std::string of_json(std::string text) { return findings(lint(std::move(text), true)); }

TEST(Lint, StatementsAreJudgedEachForItself) {
  EXPECT_EQ(of_sql("SELECT 1"), "");
  EXPECT_EQ(of_sql("SELECT :a, :b::int; TABLE shop.orders;\nVALUES (1)\n;;\n"), "");
  EXPECT_EQ(lint("SELECT 1; SELECT 2;").statements, 2U);
  EXPECT_EQ(of_sql("SELECT 1; DROP TABLE x; SELECT pg_sleep(1);"), "1:11 statement_kind, 1:32 function_never");
}

TEST(Lint, SemicolonsInsideOfThingsSplitNothing) {
  for (const char* sql : {"SELECT ';'", "SELECT E'\\';'", "SELECT $$;$$", "SELECT $x$;$$;$x$", "SELECT \";\" FROM a.b",
                          "SELECT 1 -- ;", "SELECT /* ; /* ; */ ; */ 1", "SELECT 'a'\n  ';'"}) {
    const Report report = lint(sql);
    EXPECT_EQ(report.statements, 1U) << sql;
    EXPECT_EQ(findings(report), "") << sql;
  }
}

TEST(Lint, PlacesAreLinesAndCharacters) {
  EXPECT_EQ(of_sql("-- first\nSELECT 1,\n  pg_sleep(1)"), "3:3 function_never");
  EXPECT_EQ(of_sql("SELECT 'é日本🙂', pg_sleep(1)"), "1:16 function_never");
  EXPECT_EQ(of_sql("SELECT 1;\r\n\r\nSELECT\r\n lo_create(0)"), "4:2 function_never");
  EXPECT_EQ(of_sql("SELECT 1;\rSELECT lo_create(0)"), "2:8 function_never");
  EXPECT_EQ(of_sql("\xEF\xBB\xBFSELECT lo_create(0)"), "1:8 function_never");
  EXPECT_EQ(of_sql("SELECT :long_name, lo_create(:b)"), "1:20 function_never");
  // Of a statement, not of the comment before it.
  EXPECT_EQ(of_sql("SELECT 1;\n\n-- about\n/* it */ DELETE FROM x"), "4:10 statement_kind");
}

TEST(Lint, ParametersAreThoseOfTools) {
  EXPECT_EQ(of_sql("SELECT $1"), "1:8 positional_parameter");
  EXPECT_EQ(of_sql("SELECT\n :1"), "2:2 parameter_name");
  EXPECT_EQ(of_sql("SELECT a[1:2], :n, ':x', b::text FROM s.t"), "");
}

TEST(Lint, WhatIsNoText) {
  EXPECT_EQ(of_sql("SELECT 1;\nSELECT '\xFF'"), "2:9 not_text");
  EXPECT_EQ(of_sql(std::string("SELECT \0 1", 10)), "1:8 not_text");
  EXPECT_EQ(of_sql("\xFF\xFES\0E\0"), "1:1 not_text");  // UTF-16, cut by the literal
  EXPECT_EQ(of_sql(""), "1:1 empty_statement");
  EXPECT_EQ(of_sql("  \n-- nothing\n;"), "1:1 empty_statement");
  EXPECT_EQ(of_sql("SELECT 'open"), "1:8 syntax_error");
  EXPECT_EQ(of_sql("SELECT 1; /* open"), "1:11 syntax_error");
  EXPECT_EQ(of_sql("SELECT 1;\nSELECT '" + std::string(40000, 'x') + "'"), "2:1 too_long");
  std::string sum = "SELECT 1";
  for (int i = 0; i < 4100; ++i) sum += "+1";
  EXPECT_EQ(findings(lint(sum)), "1:8009 too_complex");
}

TEST(Lint, MessagesAreOneShortLine) {
  const Report report = lint("SELECT 'a\n\x1b[31m" + std::string(2000, 'b'));
  ASSERT_EQ(report.findings.size(), 1U);
  const std::string& message = report.findings[0].message;
  EXPECT_LE(message.size(), 503U);
  EXPECT_EQ(message.find_first_of("\n\x1b"), std::string::npos);
}

TEST(Lint, ClassMonitorNeedsTheFlagOrTheRole) {
  EXPECT_EQ(of_sql("SELECT pg_database_size('x')"), "1:8 function_monitor");
  EXPECT_EQ(findings(lint("SELECT pg_database_size('x')", false, true)), "");
  EXPECT_EQ(of_json("{\"run_as\": \"ops_stats\", \"sql\": {\"query\": \"SELECT pg_database_size('x')\"}}"), "");
  EXPECT_EQ(of_json("{\"sql\": {\"query\": \"SELECT pg_database_size('x')\"}, \"run_as\": \"ops_tool\"}"),
            "1:27 function_monitor");
  EXPECT_EQ(findings(lint("SELECT pg_sleep(1)", false, true)), "1:8 function_never");
}

TEST(Lint, JsonAtAnyDepthWithPlacesInTheFile) {
  const std::string text =
      "{\"query\": \"DROP 1\", \"sql\": \"DROP 2\", \"x\": [{\"spec\": {\"type\": \"sql\",\n"
      "  \"sql\": {\"query\": \"SELECT \\\"a\\\",\\n \\u00e9\\ud83d\\ude42, pg_sleep(1)\"}}}, {\"sql\": {\"query\": 3}}]}";
  const Report report = lint(text, true);
  EXPECT_EQ(report.statements, 1U);
  ASSERT_EQ(findings(report).substr(0, 2), "2:");
  const std::size_t line = text.find('\n') + 1;
  EXPECT_EQ(report.findings[0].begin.column, text.find("pg_sleep") - line + 1);
  EXPECT_EQ(report.findings[0].end.column, text.find("(1)") - line + 1);
  EXPECT_EQ(of_json("[1, {\"a\": \"\\u00e9\\\\\\\"\"}]"), "");
  EXPECT_EQ(of_json(R"j({"sql": {"query": "SELECT 1; SELECT 2"}})j"), "1:30 several_statements");
  EXPECT_EQ(of_json(R"j({"sql": {"query": ""}})j"), "1:20 empty_statement");
}

TEST(Lint, DeclaredArgumentsAreCompared) {
  EXPECT_EQ(of_json(R"j({"input_schema": {"properties": {"a": {}}}, "sql": {"query": "SELECT :a, :b"}})j"),
            "1:74 parameter_undeclared");
  EXPECT_EQ(of_json(R"j({"input_schema": null, "sql": {"query": "SELECT :a, :b"}})j"), "");
}

TEST(Lint, BrokenJsonHasAPlace) {
  EXPECT_EQ(of_json("{\n \"a\": }"), "2:7 json_syntax");
  EXPECT_EQ(of_json(""), "1:1 json_syntax");
  EXPECT_EQ(of_json(R"j({"a": 1, "a": 2})j").substr(2), "16 json_syntax");
}

TEST(Lint, StopsAtTooManyFindings) {
  std::string text;
  for (int i = 0; i < 10'100; ++i) text += "x;\n";
  const Report report = lint(text);
  EXPECT_EQ(report.findings.size(), kMaxFindings);
  EXPECT_TRUE(report.stopped);
}

TEST(Lint, EveryRuleOfAFindingIsDescribed) {
  const Report report = lint(
      "DROP x; SELECT pg_sleep(1); SELECT $1; SELECT 1 FOR UPDATE; SELECT 1 INTO x; "
      "WITH a AS (DELETE FROM b) SELECT 1; SELECT (; SELECT :1; SELECT '\xFF'; SELECT pg_database_size('')");
  EXPECT_EQ(report.findings.size(), 10U);
  for (const Finding& f : report.findings) {
    bool known = false;
    for (const Rule& rule : known_rules()) known = known || f.rule == rule.id;
    EXPECT_TRUE(known) << f.rule;
  }
  const auto sarif = Json::parse(as_sarif(report));
  ASSERT_TRUE(sarif);
  const Json& run = (*sarif)["runs"].items()[0];
  const auto& rules = run["tool"]["driver"]["rules"].items();
  for (const Json& result : run["results"].items()) {
    const auto index = static_cast<std::size_t>(result["ruleIndex"].as_int().value_or(-1));
    ASSERT_LT(index, rules.size());
    EXPECT_EQ(rules[index]["id"].text(), result["ruleId"].text());
  }
}

TEST(Lint, FormatsAreTextJsonAndSarif) {
  const Report report = lint("SELECT\n pg_sleep(1)");
  EXPECT_EQ(
      as_text(report),
      "t.sql:2:2: error function_never: function pg_sleep is not allowed: it waits\n1 finding in 1 statement of 1 file\n");
  const auto json = Json::parse(as_json(report));
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["findings"].items()[0]["end_column"].as_int(), 10);
  EXPECT_EQ(uri_of("./a b/é#%.sql"), "a%20b/%C3%A9%23%25.sql");
  EXPECT_EQ(uri_of("/usr/x.sql"), "file:///usr/x.sql");
}

}  // namespace
}  // namespace pgops::worker::lint
