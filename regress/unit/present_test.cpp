// Unit: expressions, exact figures, formats, sentences, grounding and composition.
#include <gtest/gtest.h>

#include "core/compose.hpp"
#include "core/ground/ground.hpp"
#include "core/present/exact.hpp"
#include "core/present/format.hpp"
#include "core/present/present.hpp"

namespace pgops::present {
namespace {

Json json(std::string_view text) {
  auto r = Json::parse(text);
  EXPECT_TRUE(r.ok()) << text;
  return r ? std::move(r).value() : Json();
}

const char* const kLocks = R"({"columns":[{"name":"pid","type":"integer"},{"name":"blocker_pid","type":"integer"},
  {"name":"wait","type":"numeric"}],"rows":[{"pid":11,"blocker_pid":7,"wait":312.5},{"pid":12,"blocker_pid":7,"wait":20},
  {"pid":13,"blocker_pid":11,"wait":null}],"row_count":3,"truncated":false})";
const char* const kNone = R"({"columns":[{"name":"pid","type":"integer"}],"rows":[],"row_count":0,"truncated":false})";

std::string eval(std::string_view text, const char* result = kLocks) {
  SyntaxError error;
  const auto e = Expression::parse(text, error);
  if (!e) return "error at " + std::to_string(error.position) + ": " + error.message;
  const Value v = e->value(json(result), json(R"({"limit":5})"));
  return v.defined ? v.json.dump() : "undefined";
}

TEST(Expression, ReadsPathsAndAggregates) {
  EXPECT_EQ(eval("row_count"), "3");
  EXPECT_EQ(eval("count()"), "3");
  EXPECT_EQ(eval("count(wait)"), "2");
  EXPECT_EQ(eval("sum(wait)"), "332.5");
  EXPECT_EQ(eval("max(wait)"), "312.5");
  EXPECT_EQ(eval("min(wait)"), "20");
  EXPECT_EQ(eval("avg(wait)"), "166.25");
  EXPECT_EQ(eval("first(pid)"), "11");
  EXPECT_EQ(eval("rows[1].blocker_pid"), "7");
  EXPECT_EQ(eval("args.limit"), "5");
  EXPECT_EQ(eval("share(pid, blocker_pid)"), "144");
  EXPECT_EQ(eval("rows[9].pid"), "undefined");
  EXPECT_EQ(eval("sum(nothing)"), "0");
  EXPECT_EQ(eval("max(nothing)"), "undefined");
}

TEST(Expression, ComparesExactly) {
  EXPECT_EQ(eval("row_count = 3 and not truncated"), "true");
  EXPECT_EQ(eval("max(wait) > 312.49 and (min(wait) <= 20 or false)"), "true");
  EXPECT_EQ(eval("rows[0].pid != 11"), "false");
  EXPECT_EQ(eval("max(nothing) > 1"), "false");
  EXPECT_EQ(eval("rows[2].wait = null"), "true");
  EXPECT_EQ(eval("rows[9].wait = null"), "false");
  EXPECT_EQ(eval("args.host = null and args.limit != null"), "true");
  EXPECT_EQ(eval("args.host != null or args.host > 1"), "false");
  EXPECT_EQ(eval("12345678901234567890123.1 < 12345678901234567890123.2"), "true");
}

TEST(Expression, NamesThePlaceOfAMistake) {
  EXPECT_EQ(eval("row_count ="), "error at 11: an expression is missing");
  EXPECT_EQ(eval("system('x')"), "error at 0: unknown function \"system\"");
  EXPECT_NE(eval("wait > 3").find("max(wait)"), std::string::npos);
  EXPECT_NE(eval("rows[0]").find("column"), std::string::npos);
  EXPECT_NE(eval("sum(wait").find("missing )"), std::string::npos);
  EXPECT_NE(eval("1 = 1 2").find("unexpected text"), std::string::npos);
  EXPECT_NE(eval(std::string(500, '(')).find("deeply"), std::string::npos);
  std::string nots;
  for (int i = 0; i < 200; ++i) nots += "not ";
  EXPECT_NE(eval(nots + "true").find("deeply"), std::string::npos);
  EXPECT_NE(eval(std::string(5000, 'a')).find("too long"), std::string::npos);
}

TEST(Exact, AddsWithoutRounding) {
  const auto sum = [](const char* a, const char* b) { return (*Exact::parse(a) + *Exact::parse(b)).text(); };
  EXPECT_EQ(sum("0.1", "0.2"), "0.3");
  EXPECT_EQ(sum("99999999999999999999999999999999999999", "1"), "100000000000000000000000000000000000000");
  EXPECT_EQ(sum("-1.50", "1.5"), "0.00");
  EXPECT_EQ(sum("-3", "5.25"), "2.25");
  EXPECT_EQ(sum("1e3", "-1e-3"), "999.999");
  EXPECT_FALSE(Exact::parse("1e200000").has_value());
  EXPECT_EQ(Exact::ratio(Exact(2), Exact(3), 2), "0.67");
  EXPECT_EQ(Exact::ratio(Exact(-1), Exact(2), 0), "-1");
  EXPECT_EQ(Exact::ratio(Exact(0), Exact(7), 2), "0");
  EXPECT_EQ(Exact::ratio(Exact(1), Exact(0), 2), std::nullopt);
}

TEST(Exact, AgreesWithIntegersOverManyRandomPairs) {
  std::uint64_t seed = 42;
  const auto next = [&] {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::int64_t>(seed >> 34) - (std::int64_t{1} << 29);
  };
  for (int i = 0; i < 20000; ++i) {
    const std::int64_t a = next();
    const std::int64_t b = next();
    ASSERT_EQ((Exact(a) + Exact(b)).text(), std::to_string(a + b));
    ASSERT_EQ(Exact(a).compare(Exact(b)), a < b ? -1 : a > b ? 1 : 0);
    if (b != 0) {
      const std::int64_t q = (2 * std::abs(a) + std::abs(b)) / (2 * std::abs(b));
      ASSERT_EQ(Exact::ratio(Exact(a), Exact(b), 0), std::to_string((a < 0) != (b < 0) ? -q : q));
    }
  }
}

TEST(Format, WritesUnitsForPeople) {
  EXPECT_EQ(format_value(json("312.5"), "s", "duration", "en"), "5 min 13 s");
  EXPECT_EQ(format_value(json("20"), "s", "duration", "en"), "20 s");
  EXPECT_EQ(format_value(json("0.0042"), "s", "duration", "en"), "0.004 s");
  EXPECT_EQ(format_value(json("1500"), "ms", "duration", "en"), "1.5 s");
  EXPECT_EQ(format_value(json("\"1 day 02:03:04.5\""), "", "duration", "en"), "1 d 2 h");
  EXPECT_EQ(format_value(json("\"00:05:00\""), "", "duration", "en"), "5 min");
  EXPECT_EQ(format_value(json("8192"), "", "bytes", "en"), "8 kB");
  EXPECT_EQ(format_value(json("1610612736"), "B", "bytes", "en"), "1.5 GB");
  EXPECT_EQ(format_value(json("99.456"), "", "percent", "en"), "99.5 %");
  EXPECT_EQ(format_value(json("1e100000"), "", "", "en"), "1e100000");
  EXPECT_EQ(format_value(json("\"NaN\""), "s", "duration", "en"), "NaN s");
  EXPECT_EQ(format_value(Json(), "", "", "ko"), "없음");
  EXPECT_EQ(format_value(json("\"2026-03-11T15:30:00.12+09:00\""), "", "datetime", "en"), "2026-03-11 15:30:00+09:00");
  EXPECT_LE(format_value(Json(std::string(1000, 'x')), "", "", "en").size(), 90U);
}

const char* const kSpec = R"({"title":{"en":"Blocking","ko":"잠금"},"summary":[
  {"when":"row_count = 0","text":{"en":"No session is blocked.","ko":"막힌 세션이 없습니다."}},
  {"text":"{row_count} sessions are blocked (more than 2); the oldest has waited {max(wait)} behind pid {rows[0].blocker_pid}.",
   "severity":"attention"}],"columns":{"wait":{"unit":"s","format":"duration"}},"block":"table"})";

TEST(Present, TheFirstEntryThatHoldsSpeaks) {
  const auto p = Present::compile(json(kSpec));
  ASSERT_TRUE(p.ok());
  const Rendered r = p->render(json(kLocks), Json::object(), {});
  EXPECT_EQ(r.text, "3 sessions are blocked (more than 2); the oldest has waited 5 min 13 s behind pid 7.");
  EXPECT_EQ(r.severity, "attention");
  ASSERT_EQ(r.facts.size(), 3U);
  EXPECT_EQ(r.text.substr(r.facts[1].begin, r.facts[1].end - r.facts[1].begin), "5 min 13 s");
  EXPECT_EQ(r.facts[1].source.fn, "max");
  EXPECT_EQ(p->render(json(kNone), Json::object(), {}).text, "No session is blocked.");
  Present::Context korean;
  korean.locale = "ko";
  EXPECT_EQ(p->render(json(kNone), Json::object(), korean).text, "막힌 세션이 없습니다.");
}

TEST(Present, ArgumentsHaveUnitsAsColumnsHave) {
  const auto p = Present::compile(json(R"({"summary":[{"text":"None waited {args.least} or longer."}],
    "columns":{"least":{"unit":"s","format":"duration"}}})"));
  ASSERT_TRUE(p) << p.error().detail;
  EXPECT_EQ(p->render(json(kNone), json(R"({"least":90})"), {}).text, "None waited 1 min 30 s or longer.");
}

TEST(Present, WithoutASummaryTheShapeSpeaks) {
  const auto p = Present::compile(Json());
  ASSERT_TRUE(p.ok());
  Present::Context c;
  c.title = "Events";
  const auto text = [&](const char* result) { return p->render(json(result), Json::object(), c).text; };
  EXPECT_EQ(text(kNone), "Events: nothing found.");
  EXPECT_EQ(text(R"({"columns":[{"name":"n"}],"rows":[{"n":42}],"row_count":1,"truncated":false})"), "Events: 42.");
  EXPECT_EQ(
      text(
          R"({"columns":[{"name":"event_type"},{"name":"n"}],"rows":[{"event_type":"login","n":4}],"row_count":1,"truncated":false})"),
      "Events: event type login, n 4.");
  EXPECT_EQ(text(kLocks), "Events: 3 rows: 11, 7, 312.5; 12, 7, 20; 13, 11, none.");
}

TEST(Present, NamesEveryProblemAtOnce) {
  const auto problems = Present::problems(
      json(R"({"sumary":1,"block":"pie","summary":[{"text":"{sum(}"},{"when":"x","text":"a } b","severity":"bad"},
    {"text":"{row_count = 1}"},{}],"columns":{"a":{"format":"roman","colour":"red"}}})"));
  EXPECT_GE(problems.size(), 8U);
  const auto compiled = Present::compile(json(R"({"summary":[{"text":"{nope"}]})"));
  ASSERT_FALSE(compiled.ok());
  EXPECT_NE(compiled.error().detail.find("present.summary[0].text, position 0"), std::string::npos);
}

TEST(Ground, QuotationMarksOfValuesAreData) {
  // Cut after 60 characters or so, each document has an odd number of quotation marks.
  const Json result = json(
      R"({"columns":[{"name":"d"},{"name":"e"}],"rows":[{"d":{"some_key":"a long text of forty letters or more","x":[1,2,3,4,5,6,7,8,9,10]},"e":{"other_key":"a long text of forty letters or more","x":[1,2,3,4,5,6,7,8,9,10]}}],"row_count":1,"truncated":false})");
  const Json args = Json::object();
  const Rendered r = Present::compile(Json::object())->render(result, args, {});
  ASSERT_NE(r.text.find("some_key"), std::string::npos);
  const std::vector<ground::Referenced> refs = {{&result, &args}};
  EXPECT_TRUE(ground::check(r.text, r.facts, r.author, refs, "en").ok()) << r.text;
  EXPECT_FALSE(ground::check(r.text + " As \"he\" said.", r.facts, r.author, refs, "en").ok());
}

TEST(Ground, RefusesWhatNoFactCarries) {
  const Json result = json(kLocks);
  const Json args = Json::object();
  const auto p = Present::compile(json(kSpec));
  const Rendered r = p->render(result, args, {});
  const std::vector<ground::Referenced> refs = {{&result, &args}};
  EXPECT_TRUE(ground::check(r.text, r.facts, r.author, refs, "en").ok());
  EXPECT_FALSE(ground::check(r.text + " Also 9.", r.facts, r.author, refs, "en").ok());
  EXPECT_FALSE(ground::check(r.text + " On web_01.", r.facts, r.author, refs, "en").ok());
  EXPECT_FALSE(ground::check(r.text + " As \"he\" said.", r.facts, r.author, refs, "en").ok());
  EXPECT_TRUE(ground::check(r.text + " Fine.", r.facts, r.author, refs, "en").ok());
  auto changed = r.facts;
  changed[0].value = Json(4);
  EXPECT_FALSE(ground::check(r.text, changed, r.author, refs, "en").ok());
  auto reformatted = r.facts;
  reformatted[1].format = "";
  EXPECT_FALSE(ground::check(r.text, reformatted, r.author, refs, "en").ok());
  auto other_ref = r.facts;
  other_ref[0].ref = 2;
  EXPECT_FALSE(ground::check(r.text, other_ref, r.author, refs, "en").ok());
}

TEST(Ground, FindsTokensThatNeedASource) {
  const auto tokens = [](std::string_view text) {
    std::string out;
    for (const auto& s : ground::tokens_to_cover(text)) out += std::string(text.substr(s.begin, s.end - s.begin)) + "|";
    return out;
  };
  EXPECT_EQ(tokens("On 2026-03-11 at 15:30 web-01 sent 3.5 MB, said \"yes\"; a_b."),
            "2026-03-11|15:30|web-01|3.5|yes|a_b|");
  EXPECT_EQ(tokens("no figures here."), "");
  EXPECT_EQ(tokens("\"unterminated 5"), "5|");
}

compose::CallOutcome outcome(const char* tool, const char* status, const char* result = kNone) {
  compose::CallOutcome c;
  c.tool = tool;
  c.tool_call_id = "id";
  c.title = std::string("What ") + tool + " knows";
  c.status = status;
  c.result = std::make_shared<const Json>(json(result));
  return c;
}

TEST(Compose, TheMomentsOfAPeriodAreFacts) {
  compose::Input in;
  in.calls = {outcome("locks", "success", kLocks)};
  in.calls[0].present = json(kSpec);
  in.calls[0].args = json(R"({"since":"2026-03-11T00:00:00+09:00"})");
  in.intervals = {{"2026-03-11 00:00 to 2026-03-12 00:00 Asia/Seoul",
                   {{"2026-03-11T00:00:00+09:00", 0, 16}, {"2026-03-12T00:00:00+09:00", 20, 36}}}};
  const compose::Answer a = compose::compose(in);
  ASSERT_TRUE(a.grounded.ok()) << a.grounded.error().message;
  EXPECT_NE(a.summary.find("Period: 2026-03-11 00:00 to 2026-03-12 00:00 Asia/Seoul."), std::string::npos) << a.summary;
  bool taken = false;
  bool asked = false;
  for (const Json& f : a.facts.items()) {
    const auto begin = static_cast<std::size_t>(*f["begin"].as_int());
    const std::string text = a.summary.substr(begin, static_cast<std::size_t>(*f["end"].as_int()) - begin);
    // The tool took the beginning; the end is only in the question.
    if (f["path"].text() == "$.args.since") taken = text == "2026-03-11 00:00" && f["ref"].as_int() == 1;
    if (f["from"].text() == "question") asked = text == "2026-03-12 00:00" && f["ref"].is_null();
  }
  EXPECT_TRUE(taken) << a.facts.dump();
  EXPECT_TRUE(asked) << a.facts.dump();
}

TEST(Compose, SaysWhatIsMissingAndStaysGrounded) {
  compose::Input in;
  in.calls = {outcome("locks", "success", kLocks), outcome("api2", "timeout"), outcome("later", "skipped")};
  in.calls[0].present = json(kSpec);
  in.calls[0].args = json(R"({"limit":10})");
  in.calls[0].defaulted = {"limit"};
  in.calls[1].error_code = "TOOL_TIMEOUT";
  in.calls[2].because_of = "api2";
  in.intervals = {{"2026-03-11 00:00 to 2026-03-12 00:00 Asia/Seoul", {}}};
  const compose::Answer a = compose::compose(in);
  ASSERT_TRUE(a.grounded.ok()) << a.grounded.error().message;
  EXPECT_FALSE(a.complete);
  EXPECT_TRUE(a.any);
  EXPECT_EQ(a.severity, "attention");
  EXPECT_EQ(a.references.size(), 1U);
  EXPECT_EQ(a.facts.size(), 4U);
  EXPECT_NE(a.summary.find("Assumed by default: limit = 10."), std::string::npos) << a.summary;
  EXPECT_NE(a.summary.find("Period: 2026-03-11 00:00"), std::string::npos);
  EXPECT_NE(a.fallback_text.find("Missing: What api2 knows: "), std::string::npos);
  EXPECT_NE(a.fallback_text.find("because api2 did not end well"), std::string::npos);
  in.locale = "ko";
  const compose::Answer korean = compose::compose(in);
  EXPECT_TRUE(korean.grounded.ok());
  EXPECT_NE(korean.fallback_text.find("누락"), std::string::npos);
}

TEST(Compose, AllFailedGivesNoReference) {
  compose::Input in;
  in.calls = {outcome("a", "error")};
  in.calls[0].error_code = "UPSTREAM_UNAVAILABLE";
  const compose::Answer a = compose::compose(in);
  EXPECT_FALSE(a.any);
  EXPECT_TRUE(a.grounded.ok());
  EXPECT_EQ(a.references.size(), 0U);
  EXPECT_FALSE(a.fallback_text.empty());
}

TEST(Compose, CellsMaySayAnything) {
  compose::Input in;
  in.calls = {outcome(
      "t", "success",
      R"json({"columns":[{"name":"v"}],"rows":[{"v":"99 \"red\" web_01 {row_count}\n2026-01-01"},{"v":null}],"row_count":2,"truncated":true})json")};
  const compose::Answer a = compose::compose(in);
  EXPECT_TRUE(a.grounded.ok()) << a.grounded.error().message;
  EXPECT_NE(a.summary.find("the first 2 rows of more"), std::string::npos) << a.summary;
}

}  // namespace
}  // namespace pgops::present
