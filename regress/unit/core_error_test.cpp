// Unit: the table of error codes is complete, consistent and safe to show.
#include "core/error.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace pgops {
namespace {

TEST(ErrorCodes, EveryNameReadsBackAsItsCode) {
  std::set<std::string_view> names;
  for (const CodeInfo& row : all_codes()) {
    EXPECT_EQ(code_from_name(row.name), row.code);
    EXPECT_EQ(to_string(row.code), row.name);
    EXPECT_EQ(&info(row.code), &row);
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
  }
  EXPECT_EQ(names.size(), 24U);
  EXPECT_FALSE(code_from_name("tool_timeout"));
  EXPECT_FALSE(code_from_name(""));
}

TEST(ErrorCodes, SqlstatesStayClearOfCancelAndConnectionClasses) {
  const std::set<std::string_view> allowed{"42501", "22023", "XX000", "OP001", "OP002", "OP003", "OP004"};
  for (const CodeInfo& row : all_codes()) {
    EXPECT_TRUE(allowed.contains(row.sqlstate)) << row.name << " " << row.sqlstate;
    EXPECT_NE(row.sqlstate, "57014");
    EXPECT_NE(row.sqlstate.substr(0, 2), "08");
    EXPECT_GE(row.http_status, 400) << row.name;
    EXPECT_LE(row.http_status, 599) << row.name;
  }
}

TEST(ErrorCodes, EveryRowSpeaksBothLanguagesAndHasARunbook) {
  for (const CodeInfo& row : all_codes()) {
    EXPECT_FALSE(row.user_message.empty()) << row.name;
    EXPECT_EQ(row.user_message.back(), '.') << row.name;
    EXPECT_FALSE(row.runbook.empty()) << row.name;
    bool hangul = false;
    for (const char c : row.user_message_ko) hangul = hangul || static_cast<unsigned char>(c) >= 0xEA;
    EXPECT_TRUE(hangul) << row.name;
    EXPECT_EQ(row.user_message.find("ops."), std::string_view::npos) << "a user message names an object: " << row.name;
  }
}

TEST(ErrorCodes, AValueOutsideTheEnumerationIsAnInternalError) {
  EXPECT_EQ(info(static_cast<Code>(200)).code, Code::internal_error);
}

TEST(ErrorCodes, SeveritiesHaveTheirNames) {
  EXPECT_EQ(to_string(Severity::info), "info");
  EXPECT_EQ(to_string(Severity::warning), "warning");
  EXPECT_EQ(to_string(Severity::error), "error");
  EXPECT_EQ(to_string(Severity::critical), "critical");
}

TEST(Result, HoldsAValueOrAnError) {
  const Result<std::string> good(std::string("x"));
  const Result<std::string> bad(Error{Code::tool_error, "no", "", ""});
  EXPECT_TRUE(good.ok());
  EXPECT_EQ(*good, "x");
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::tool_error);
}

}  // namespace
}  // namespace pgops
