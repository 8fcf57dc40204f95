// Unit: shapes of results, the sentences and blocks made from them in English and Korean, and how a spec that
// would make a figure is refused.
#include <gtest/gtest.h>

#include "core/compose.hpp"
#include "core/present/format.hpp"
#include "core/present/moment.hpp"
#include "core/present/present.hpp"
#include "core/present/shape.hpp"

namespace pgops::present {
namespace {

Json json(std::string_view text) {
  auto r = Json::parse(text);
  EXPECT_TRUE(r.ok()) << text;
  return r ? std::move(r).value() : Json();
}

// {"a","b"} and rows as arrays -> a result.
Json table(std::vector<std::string> names, std::string_view rows_text, bool truncated = false) {
  Json columns = Json::array();
  for (const std::string& name : names) columns.push_back(Json::object({{"name", name}}));
  Json rows = Json::array();
  const Json cells = json(rows_text);
  for (const Json& line : cells.items()) {
    Json row = Json::object();
    for (std::size_t i = 0; i < names.size(); ++i) row.set(names[i], line.items()[i]);
    rows.push_back(std::move(row));
  }
  const auto count = static_cast<std::int64_t>(rows.size());
  return Json::object({{"columns", columns}, {"rows", rows}, {"row_count", count}, {"truncated", truncated}});
}

const Json kByStatus = table({"status", "orders"}, R"([["paid",2],["open",1]])");
const Json kPerDay =
    table({"day", "events"},
          R"([["2026-03-10T00:00:00+09:00",7],["2026-03-11T00:00:00+09:00",12],["2026-03-12T00:00:00+09:00",3]])");

TEST(Shape, IsReadOffColumnsAndCells) {
  EXPECT_EQ(shape_of(table({"n"}, "[]")), Shape::nothing);
  EXPECT_EQ(shape_of(table({"n"}, "[[1]]")), Shape::value);
  EXPECT_EQ(shape_of(table({"a", "b"}, "[[1,2]]")), Shape::row);
  EXPECT_EQ(shape_of(kByStatus), Shape::categories);
  EXPECT_EQ(shape_of(kPerDay), Shape::series);
  EXPECT_EQ(shape_of(table({"status", "n"}, R"([["paid",2],["paid",1]])")), Shape::rows) << "a group occurs once";
  EXPECT_EQ(shape_of(table({"name", "pid"}, R"([["psql",211],["app",212]])")), Shape::rows) << "a pid is no quantity";
  EXPECT_EQ(shape_of(table({"event_id", "at"}, R"([[1,"2026-03-10"],[2,"2026-03-11"]])")), Shape::rows);
  EXPECT_EQ(shape_of(table({"at", "message"}, R"([["2026-03-10","a"],["2026-03-11","b"]])")), Shape::rows);
  EXPECT_EQ(shape_of(table({"at", "n"}, R"([["2026-03-10",1],["2026-03-10",2]])")), Shape::rows)
      << "a moment occurs once";
  EXPECT_EQ(shape_of(table({"at", "n"}, R"([["2026-03-10",1],["2026-03-12",2],["2026-03-11",2]])")), Shape::rows);
  EXPECT_EQ(shape_of(table({"at", "a", "b"}, R"([["2026-03-11",1,null],["2026-03-10",2,5]])")), Shape::series);
}

TEST(Shape, OfASeriesSurvivesAChangeOfTheClock) {
  EXPECT_EQ(shape_of(table({"hour", "n"}, R"([["2026-10-25T02:00:00+02:00",1],["2026-10-25T02:00:00+01:00",2]])")),
            Shape::series);
}

TEST(Moment, ComparesAcrossOffsets) {
  EXPECT_EQ(moment_us("1970-01-02"), 86'400'000'000);
  EXPECT_EQ(moment_us("1970-01-01T09:00:00.5+09:00"), 500'000);
  EXPECT_EQ(moment_us("1970-01-01 00:00:00-00:30"), 1'800'000'000);
  EXPECT_EQ(moment_us("1970-01-01T00:00:00Z"), 0);
  for (const char* none : {"", "2026", "2026-13-01", "2026-02-30", "2026-03-11x", "2026-03-11T25:99:00", "infinity",
                           "10000-01-01", "2026-03-11T10:00:00+9", "2026-03-11T"}) {
    EXPECT_FALSE(moment_us(none).has_value()) << none;
  }
  const Source latest{"$.rows[*].at", "max", "", "at"};
  const Json two = table({"at"}, R"([["2026-10-25T02:30:00+02:00"],["2026-10-25T02:00:00+01:00"]])");
  EXPECT_EQ(evaluate(latest, two, Json()).json.text(), "2026-10-25T02:00:00+01:00");
}

Rendered render(const Json& result, const char* spec = "{}", const char* locale = "en", const char* args = "{}",
                std::vector<std::string> given = {}) {
  const auto p = Present::compile(json(spec));
  EXPECT_TRUE(p.ok()) << p.error().detail;
  return p->render(result, json(args), {"Orders", "list", locale, 1, 100, std::move(given)});
}

TEST(Sentence, SaysTheFigureFirst) {
  EXPECT_EQ(render(kByStatus).text, "Orders: paid 2, open 1.");
  EXPECT_EQ(render(kPerDay).text,
            "Orders: 3 points, 2026-03-10 to 2026-03-12; highest 12 (2026-03-11), lowest 3 (2026-03-12).");
  EXPECT_EQ(render(kPerDay, "{}", "ko").text,
            "Orders: 3개 값, 2026-03-10 ~ 2026-03-12; 최고 12 (2026-03-11), 최저 3 (2026-03-12).");
  EXPECT_EQ(render(table({"s", "n"}, R"([["a",9],["b",8],["c",7],["d",6],["e",5],[null,4]])")).text,
            "Orders: a 9, b 8, c 7, d 6, e 5, ... (6 in all).");
  EXPECT_EQ(render(table({"s", "n"}, R"([["a",9],["b",8]])", true)).text,
            "Orders: the first 2 rows of more: a, 9; b, 8.");
}

const char* const kNouns = R"({"nouns":{"en":["order","orders"],"ko":["주문","건"]}})";

TEST(Sentence, KnowsOneAndMany) {
  EXPECT_EQ(render(table({"n"}, "[[1]]"), kNouns).text, "1 order.");
  EXPECT_EQ(render(table({"n"}, "[[0]]"), kNouns).text, "0 orders.");
  EXPECT_EQ(render(table({"n"}, "[[42]]"), kNouns, "ko").text, "주문 42건.");
  EXPECT_EQ(render(table({"n"}, "[[null]]"), kNouns).text, "Orders: none.");
  EXPECT_EQ(render(table({"id"}, "[[1],[2]]"), kNouns).text, "Orders: 2 orders: 1; 2.");
  EXPECT_EQ(render(table({"id"}, "[[1],[2]]"), kNouns, "ko").text, "Orders: 주문 2건: 1; 2.");
}

TEST(Sentence, SaysWhatWasLookedForInVain) {
  EXPECT_EQ(render(table({"n"}, "[]")).text, "Orders: nothing found.");
  EXPECT_EQ(render(table({"n"}, "[]"), "{}", "en", R"({"status":"paid","over":90,"limit":5})", {"status", "over"}).text,
            "Orders: nothing found for status = paid, over = 90.");
  EXPECT_EQ(render(table({"n"}, "[]"), R"({"columns":{"over":{"unit":"s","format":"duration","title":"longer than"}}})",
                   "ko", R"({"over":90})", {"over"})
                .text,
            "Orders: 다음 조건에 해당하는 결과가 없습니다: longer than = 1분 30초.");
}

TEST(Block, FollowsTheShape) {
  const auto type = [](const Json& result, const char* spec = "{}") {
    const Rendered r = render(result, spec);
    return r.blocks.empty() ? std::string() : r.blocks[0]["type"].text();
  };
  EXPECT_EQ(type(table({"n"}, "[]")), "");
  EXPECT_EQ(type(table({"n"}, "[[1]]")), "number");
  EXPECT_EQ(type(kByStatus), "chart");
  EXPECT_EQ(type(kPerDay), "timeseries");
  EXPECT_EQ(type(table({"a", "b"}, "[[1,2]]")), "table");
  EXPECT_EQ(type(kPerDay, R"({"block":"table"})"), "table");
  const Rendered chart = render(kByStatus);
  EXPECT_EQ(chart.blocks[0]["x"].text(), "status");
  EXPECT_EQ(chart.blocks[0]["y"].dump(), R"(["orders"])");
}

TEST(Spec, RefusesTextsThatMakeFigures) {
  const auto fine = [](const std::string& text) {
    return Present::problems(Json::object({{"summary", Json::array({Json::object({{"text", text}})})}})).empty();
  };
  for (const char* good : {"{row_count} rows", "web-{row_count}", "({row_count})", "{row_count}, {row_count}",
                           "{row_count}.", "{row_count}ms", "v{row_count}", "a - {row_count}", "{row_count}%"}) {
    EXPECT_TRUE(fine(good)) << good;
  }
  for (const char* bad : {"1{row_count}", "{row_count}0", "{row_count}.5", "{row_count}{row_count}", "0.{row_count}",
                          "{row_count},000", "is -{row_count}", "{nothing}", "{rows[0].n + 1}"}) {
    EXPECT_FALSE(fine(bad)) << bad;
  }
}

TEST(Spec, NamesWhatItReads) {
  const auto p = Present::compile(json(
      R"j({"summary":[{"when":"max(wait) > args.limit","text":"{rows[0].\"host name\"} {share(part, whole)}"}],"as_of":"max(at)"})j"));
  ASSERT_TRUE(p.ok()) << p.error().detail;
  std::string names;
  for (const Mention& m : p->mentions()) names += m.path + (m.argument ? " args." : " ") + m.name + "\n";
  EXPECT_EQ(names,
            "present.summary[0].when wait\npresent.summary[0].when args.limit\npresent.summary[0].text host name\n"
            "present.summary[0].text part\npresent.summary[0].text whole\npresent.as_of at\n");
  EXPECT_FALSE(Present::problems(json(R"({"nouns":{"en":["one"]},"as_of":"row_count = 1","locale":"de"})")).size() < 3);
  EXPECT_FALSE(Present::problems(json(R"({"title":{"de":"Sperren"}})")).empty());
}

TEST(Format, KoreanHasItsOwnUnits) {
  EXPECT_EQ(format_value(json("312.5"), "s", "duration", "ko"), "5분 13초");
  EXPECT_EQ(format_value(json("90061"), "s", "duration", "ko"), "1일 1시간");
  EXPECT_EQ(format_value(json("99.456"), "", "percent", "ko"), "99.5%");
  EXPECT_EQ(format_value(json("-312.5"), "s", "duration", "en"), "-5 min 13 s");
  EXPECT_EQ(format_value(json("59.97"), "s", "duration", "en"), "1 min");
  EXPECT_EQ(format_value(json("-8192"), "", "bytes", "en"), "-8 kB");
  EXPECT_EQ(format_value(json("1234567.5"), "", "thousands", "en"), "1,234,567.5");
  EXPECT_EQ(format_value(json("\"2026-03-11T15:30:00+09:00\""), "", "date", "en"), "2026-03-11");
}

compose::CallOutcome outcome(const char* tool, const Json& result) {
  compose::CallOutcome c;
  c.tool = tool;
  c.tool_call_id = "id";
  c.title = std::string("What ") + tool + " knows. And more.";
  c.status = "success";
  c.result = std::make_shared<const Json>(result);
  return c;
}

TEST(Compose, SeveralAnswersStandUnderTheirTitles) {
  compose::Input in;
  in.calls = {outcome("a", kByStatus), outcome("b", table({"n"}, "[[7]]"))};
  in.calls[0].present = json(R"j({"summary":[{"text":"{sum(orders)} orders.","severity":"attention"}]})j");
  in.calls[1].present = json(R"({"summary":[{"text":"{rows[0].n} it is.","severity":"critical"}]})");
  const compose::Answer a = compose::compose(in);
  ASSERT_TRUE(a.grounded.ok()) << a.grounded.error().message;
  EXPECT_EQ(a.summary, "What a knows: 3 orders.\nWhat b knows: 7 it is.");
  EXPECT_EQ(a.severity, "critical");
}

TEST(Compose, SaysWhatTheAnswerIsLimitedTo) {
  compose::Input in;
  in.calls = {outcome("a", kByStatus)};
  in.calls[0].args = json(R"({"severity":"critical","limit":2,"since":"2026-03-11T00:00:00+09:00","over":90,"top":9})");
  in.calls[0].given = {"severity", "limit", "since"};
  in.calls[0].limit = "limit";
  in.calls[0].defaulted = {"over", "top"};
  in.calls[0].present = json(
      R"({"summary":[{"text":"{row_count} groups of the top {args.top}."}],"columns":{"over":{"unit":"s","format":"duration"}}})");
  in.intervals = {{"2026-03-11 00:00 to 2026-03-12 00:00 Asia/Seoul", {{"2026-03-11T00:00:00+09:00", 0, 16}}}};
  const compose::Answer a = compose::compose(in);
  ASSERT_TRUE(a.grounded.ok()) << a.grounded.error().message;
  EXPECT_EQ(a.summary,
            "2 groups of the top 9. Applied: severity = critical. Assumed by default: over = 1 min 30 s."
            " Period: 2026-03-11 00:00 to 2026-03-12 00:00 Asia/Seoul.");
  in.locale = "ko";
  EXPECT_NE(compose::compose(in).summary.find("적용: severity = critical. 기본값 사용: over = 1분 30초. 기간: "),
            std::string::npos)
      << compose::compose(in).summary;
}

TEST(Compose, ABoundThatWasNotReachedIsNotSaid) {
  compose::Input in;
  in.calls = {outcome("a", kByStatus)};
  in.calls[0].args = json(R"({"limit":5})");
  in.calls[0].limit = "limit";
  in.calls[0].defaulted = {"limit"};
  EXPECT_EQ(compose::compose(in).summary, "What a knows: paid 2, open 1.");
  in.calls[0].args = json(R"({"limit":2})");
  EXPECT_EQ(compose::compose(in).summary, "What a knows: paid 2, open 1. Assumed by default: limit = 2.");
}

TEST(Compose, SaysWhetherThereIsAnythingWithoutTheFilter) {
  compose::Input in;
  in.calls = {outcome("a", table({"n"}, "[]"))};
  in.calls[0].args = json(R"({"status":"lost","limit":2})");
  in.calls[0].given = {"status"};
  in.calls[0].defaulted = {"limit"};
  in.calls[0].limit = "limit";
  in.calls[0].unfiltered = std::make_shared<const Json>(kByStatus);
  in.calls[0].unfiltered_args = json(R"({"limit":2})");
  const compose::Answer a = compose::compose(in);
  ASSERT_TRUE(a.grounded.ok()) << a.grounded.error().message;
  EXPECT_EQ(a.summary, "What a knows: nothing found for status = lost. Without the filter: at least 2.");
  EXPECT_EQ(a.references.size(), 2U);
  in.locale = "ko";
  EXPECT_NE(compose::compose(in).summary.find("조건 없이는: 2 이상."), std::string::npos);
  in.calls[0].unfiltered = std::make_shared<const Json>(table({"n"}, "[[0]]"));
  in.locale = "en";
  EXPECT_EQ(compose::compose(in).summary, "What a knows: nothing found for status = lost. Without the filter: 0.");
}

TEST(Compose, SaysHowOldTheDataAreWhereTheToolKnows) {
  compose::Input in;
  in.calls = {outcome("a", table({"n", "read_at"}, R"([[5,"2026-03-11T15:30:00+09:00"]])"))};
  in.calls[0].present = json(R"j({"summary":[{"text":"{rows[0].n} disks."}],"as_of":"max(read_at)"})j");
  const compose::Answer a = compose::compose(in);
  ASSERT_TRUE(a.grounded.ok()) << a.grounded.error().message;
  EXPECT_EQ(a.summary, "5 disks. Data as of 2026-03-11 15:30:00+09:00.");
}

TEST(Compose, EveryGeneratedSentenceIsGrounded) {
  for (const char* locale : {"en", "ko"}) {
    for (const Json& result :
         {kByStatus, kPerDay, table({"n"}, "[]"), table({"n"}, "[[3]]"), table({"a", "b"}, "[[1,2]]"),
          table({"a"}, R"([["two"],["3"]])"), table({"a"}, R"([["x"],["y"]])", true)}) {
      for (const char* spec : {"{}", kNouns}) {
        compose::Input in;
        in.locale = locale;
        in.calls = {outcome("a", result), outcome("b", result)};
        in.calls[0].present = json(spec);
        in.calls[0].args = json(R"({"kind":"x-1","limit":10})");
        in.calls[0].given = {"kind"};
        in.calls[0].defaulted = {"limit"};
        const compose::Answer a = compose::compose(in);
        EXPECT_TRUE(a.grounded.ok()) << a.grounded.error().message << " in " << a.summary;
      }
    }
  }
}

}  // namespace
}  // namespace pgops::present
