// Unit: the text form of answers: widths, cutting, tables that do not fit, bars, and what must not reach a terminal.
#include <gtest/gtest.h>

#include "core/text/answer.hpp"
#include "core/text/bars.hpp"
#include "core/text/width.hpp"

namespace pgops::text {
namespace {

Json json(std::string_view text) {
  auto r = Json::parse(text);
  EXPECT_TRUE(r.ok()) << text;
  return r ? std::move(r).value() : Json();
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

std::size_t widest(const std::vector<std::string>& lines) {
  std::size_t width = 0;
  for (const std::string& line : lines) width = std::max(width, display_width(line));
  return width;
}

TEST(Width, IsThatOfATerminal) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("세션"), 4U);
  EXPECT_EQ(display_width("ＡＢ"), 4U);
  EXPECT_EQ(display_width("e\xCC\x81"), 1U) << "combining acute";
  EXPECT_EQ(display_width("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB"), 2U) << "conjoining Jamo make one syllable";
  EXPECT_EQ(display_width("\xF0\x9F\x90\x98"), 2U) << "an elephant";
}

TEST(Width, CutsBetweenCharacters) {
  EXPECT_EQ(cut_to_width("abcdef", 6, "…"), "abcdef");
  EXPECT_EQ(cut_to_width("abcdefg", 6, "…"), "abcde…");
  EXPECT_EQ(cut_to_width("abcdefg", 6, "..."), "abc...");
  EXPECT_EQ(cut_to_width("세션목록", 6, "…"), "세션…") << "half a syllable does not fit";
  EXPECT_EQ(pad("세션", 6, true), "  세션");
}

TEST(Width, WrapsAtSpaces) {
  EXPECT_EQ(joined(wrap("one two three four", 9, "  ")), "one two\n  three\n  four\n");
  EXPECT_EQ(joined(wrap("one two", 0, "")), "one two\n");
  EXPECT_EQ(joined(wrap("abcdefghijkl", 5, "")), "abcde\nfghij\nkl\n");
  EXPECT_EQ(joined(wrap("세션이 막혔습니다", 8, "")), "세션이\n막혔습니\n다\n");
  EXPECT_EQ(joined(wrap("", 5, "")), "\n");
}

TEST(Printable, ShowsWhatWouldSteer) {
  EXPECT_EQ(printable("a\x1B[31m\tb\n"), "a\\x1B[31m b\\n");
  EXPECT_EQ(printable("a\xE2\x80\xAE"
                      "b\xE2\x80\xA8"
                      "c"),
            "a\\u202Eb\\u2028c");
  EXPECT_EQ(printable("\xFF"), "?");
  EXPECT_EQ(printable("세션 é 🐘"), "세션 é 🐘");
}

Form form(std::size_t width = 100) {
  Form f;
  f.width = width;
  return f;
}

const char* const kChart = R"({"type":"chart","title":"Orders","ref":1,"columns":[{"name":"status"},{"name":"orders"}],
  "rows":[{"status":"paid","orders":200},{"status":"open","orders":100},{"status":"lost","orders":1},{"status":null,"orders":0}]})";

TEST(Table, OfAChartHasBars) {
  EXPECT_EQ(joined(render_table(json(kChart), form(30))),
            " status | orders\n--------+--------\n paid   |    200 | ███████████\n open   |    100 | █████▌\n"
            " lost   |      1 | ▏\n        |      0 |\n");
  Form ascii = form(30);
  ascii.unicode = false;
  EXPECT_NE(joined(render_table(json(kChart), ascii)).find(" open   |    100 | ######\n"), std::string::npos);
  EXPECT_EQ(joined(render_table(json(kChart), form(20))).find("█"), std::string::npos) << "no room";
}

TEST(Table, OfATimeSeriesHasASparkline) {
  const Json block = json(R"({"type":"timeseries","columns":[{"name":"day"},{"name":"events"}],
    "rows":[{"day":"2026-03-12","events":8},{"day":"2026-03-11","events":null},{"day":"2026-03-10","events":1}]})");
  const std::string text = joined(render_table(block, form()));
  EXPECT_EQ(text.substr(0, text.find('\n')), " events ▁ █") << text;
}

TEST(Table, WritesUnitsAndFormats) {
  const Json block = json(
      R"({"type":"table","columns":[{"name":"size","format":"bytes"},{"name":"wait","unit":"s","format":"duration"},
    {"name":"hit","unit":"%","format":"percent","title":"Hits"},{"name":"n","format":"thousands"},{"name":"plain"}],
    "rows":[{"size":1610612736,"wait":185,"hit":99.46,"n":1234567,"plain":1234567}]})");
  EXPECT_EQ(joined(render_table(block, form())),
            "   size |      wait |   Hits |         n |   plain\n--------+-----------+--------+-----------+---------\n"
            " 1.5 GB | 3 min 5 s | 99.5 % | 1,234,567 | 1234567\n");
  Form korean = form();
  korean.korean = true;
  EXPECT_NE(joined(render_table(block, korean)).find("3분 5초 | 99.5%"), std::string::npos);
}

TEST(Table, WritesMomentsAsShortAsTheyDiffer) {
  const auto block = [](const char* a, const char* b) {
    return Json::object({{"type", "table"},
                         {"columns", Json::array({Json::object({{"name", "at"}}), Json::object({{"name", "x"}})})},
                         {"rows", Json::array({Json::object({{"at", a}, {"x", "text"}}), Json::object({{"at", b}})})}});
  };
  const auto first = [&](const char* a, const char* b) { return render_table(block(a, b), form())[2]; };
  EXPECT_EQ(first("2026-03-11T00:00:00+09:00", "2026-03-12T00:00:00+09:00"), " 2026-03-11 | text");
  EXPECT_EQ(first("2026-03-11T10:05:00+09:00", "2026-03-12T00:00:00+09:00"), " 2026-03-11 10:05 | text");
  EXPECT_EQ(first("2026-03-11T10:05:07.5+09:00", "2026-03-12T00:00:00+09:00"), " 2026-03-11 10:05:07 | text");
  EXPECT_EQ(first("2026-03-11T10:05:00+09:00", "2026-03-12T00:00:00+08:00"), " 2026-03-11T10:05:00+09:00 | text")
      << "two zones";
}

Json wide(std::size_t columns, std::size_t rows, const std::string& cell) {
  Json block = Json::object({{"type", "table"}, {"columns", Json::array()}, {"rows", Json::array()}});
  for (std::size_t c = 0; c < columns; ++c)
    block.find("columns")->push_back(Json::object({{"name", "c" + std::to_string(c)}}));
  for (std::size_t r = 0; r < rows; ++r) {
    Json row = Json::object();
    for (std::size_t c = 0; c < columns; ++c) row.set("c" + std::to_string(c), c == 0 ? Json(1234567890) : Json(cell));
    block.find("rows")->push_back(std::move(row));
  }
  return block;
}

TEST(Table, FitsWhateverItHolds) {
  const std::string text = "a rather long text that says the same again and again";
  for (const std::size_t width : {40U, 80U, 120U}) {
    for (const std::size_t columns : {1U, 2U, 4U, 9U, 30U}) {
      for (const std::size_t rows : {1U, 3U, 20U}) {
        for (const std::string& cell : {text, std::string("짧지 않은 한국어 문장이 여러 번 반복되는 값입니다")}) {
          const auto lines = render_table(wide(columns, rows, cell), form(width));
          // The line that names the columns left out may be longer: a name is worth more than a straight edge.
          std::vector<std::string> body;
          for (const std::string& line : lines) {
            if (!line.starts_with("columns not shown")) body.push_back(line);
          }
          EXPECT_LE(widest(body), width) << columns << "x" << rows << "\n" << joined(lines);
          EXPECT_NE(joined(lines).find("1234567890"), std::string::npos) << "figures are never cut";
        }
      }
    }
  }
  EXPECT_NE(joined(render_table(wide(30, 20, text), form(80))).find("columns not shown: "), std::string::npos);
}

TEST(Bars, SurviveOddValues) {
  EXPECT_EQ(bar(5, 0, 10, true), "");
  EXPECT_EQ(bar(-5, 10, 10, false), "-----");
  EXPECT_EQ(bar(1e308, 1e308, 3, true), "███");
  const Json five(5);
  const Json text("x");
  EXPECT_EQ(sparkline({&five, &five, &text}, 10, true), "▅▅ ");
  EXPECT_EQ(sparkline({&text}, 10, true), "");
  EXPECT_EQ(sparkline({}, 10, true), "");
}

const char* const kAnswer =
    R"({"locale":"en","status":"success","route":"plan","duration_ms":4.2,"trace_id":"t","answer":{
  "summary":"Three things are wrong with the server and all of them need somebody.","severity":"critical","blocks":[
  {"type":"number","title":"Orders","ref":1,"value":1500,"unit":"ms","format":"duration"}]},
  "references":[{"ref":1,"tool":"orders","args":{"limit":5},"row_count":1,"truncated":false,"as_of":"2026-03-11T15:30:00.123456+09:00"},
  {"ref":2,"tool":"other","args":{},"row_count":7,"truncated":true,"as_of":null}]})";

TEST(Answer, SaysSeverityFiguresAndReferences) {
  EXPECT_EQ(
      joined(to_text(json(kAnswer), form())),
      "[critical] Three things are wrong with the server and all of them need somebody.\n\n[1] Orders: 1.5 s\n\n"
      "References\n  [1] orders (limit=5), 1 row, as of 2026-03-11 15:30:00+09:00\n  [2] other, 7 rows, truncated\n\n"
      "-- success, 4.2 ms, trace t\n");
}

TEST(Answer, WrapsWhereAWidthWasAskedFor) {
  Form narrow = form(40);
  narrow.wrap = true;
  EXPECT_LE(widest(to_text(json(kAnswer), narrow)), 40U);
  EXPECT_GT(widest(to_text(json(kAnswer), form(40))), 40U) << "a sentence stays one line otherwise";
}

TEST(Answer, SpeaksKorean) {
  Json answer = json(kAnswer);
  answer.set("locale", Json("ko"));
  const std::string text = joined(to_text(answer, form()));
  EXPECT_NE(text.find("[심각] "), std::string::npos);
  EXPECT_NE(text.find("출처\n  [1] orders (limit=5), 1행, 2026-03-11 15:30:00+09:00 기준"), std::string::npos) << text;
}

TEST(Answer, TakesAnythingAtAll) {
  for (const char* odd :
       {"null", "[]", "5", "{}", R"({"answer":5})", R"({"answer":{"blocks":{"a":1}}})",
        R"({"answer":{"blocks":[{"type":"timeseries","columns":[5,{"name":7}],"rows":[3,null,[],4]}]}})",
        R"({"references":{"a":1},"error":{"code":3},"duration_ms":[],"locale":7})",
        R"({"references":[{"ref":{},"as_of":"2026-03-11T1"}]})"}) {
    EXPECT_FALSE(to_text(json(odd), form(40)).empty()) << odd;
  }
}

}  // namespace
}  // namespace pgops::text
