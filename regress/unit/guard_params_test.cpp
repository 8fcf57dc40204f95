// Named parameters: what is a parameter and what only looks like one, and positions in the user's text.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "guard/params.hpp"

namespace pgops::guard {
namespace {

std::string sql_of(std::string_view text) {
  const Rewritten r = rewrite_params(text);
  return r.ok ? r.sql : "refused: " + r.rule;
}

TEST(Params, NamesBecomeNumbersInOrderOfAppearance) {
  const Rewritten r = rewrite_params("SELECT :b, :a, :b + :c_2");
  ASSERT_TRUE(r.ok);
  EXPECT_EQ(r.sql, "SELECT $1, $2, $1 + $3");
  EXPECT_EQ(r.names, (std::vector<std::string>{"b", "a", "c_2"}));
  ASSERT_EQ(r.uses.size(), 4U);
  EXPECT_EQ(r.uses[2].index, 0U);
  EXPECT_EQ(r.uses[2].position, 16);
}

TEST(Params, CastsAndAssignmentsAreNot) {
  EXPECT_EQ(sql_of("SELECT a::int, :a::text, f(x := :x, y=>:y)"), "SELECT a::int, $1::text, f(x := $2, y=>$3)");
  EXPECT_EQ(sql_of("SELECT 1:::a"), "SELECT 1::$1");
}

TEST(Params, LiteralsCommentsAndQuotedNamesAreNot) {
  for (const char* sql : {"SELECT ':a'",
                          "SELECT 'it'':s'",
                          "SELECT E'\\':a'",
                          "SELECT e'x\\\\', 1",
                          "SELECT U&':a'",
                          "SELECT \":a\"",
                          "SELECT \"x\"\":a\"",
                          "SELECT U&\":a\"",
                          "SELECT $$ :a $$",
                          "SELECT $x$ :a $$ :b $x$",
                          "-- :a\nSELECT 1",
                          "/* :a /* :b */ :c */ SELECT 1",
                          "SELECT B':a'",
                          "SELECT x':a'",
                          "SELECT N':a'",
                          "SELECT E'a'\n  '\\':b'",
                          "SELECT E'a' -- c\n '\\':b'",
                          "SELECT 'open :a",
                          "SELECT /* open :a",
                          "SELECT $a$ open :a"}) {
    EXPECT_EQ(sql_of(sql), sql);
  }
  EXPECT_EQ(sql_of("SELECT E'\\\\', :a, 'x'"), "SELECT E'\\\\', $1, 'x'");
  EXPECT_EQ(sql_of("SELECT '\\', :a, 'x'"), "SELECT '\\', $1, 'x'");  // standard_conforming_strings
  EXPECT_EQ(sql_of("SELECT 'a' '\\', :a"), "SELECT 'a' '\\', $1");
  EXPECT_EQ(sql_of("SELECT a$b$:c $b$ FROM t"), "SELECT a$b$ $1 $b$ FROM t");  // a$b$ is an identifier
}

TEST(Params, ASliceIsNotButAParenthesizedBoundIs) {
  EXPECT_EQ(sql_of("SELECT a[1:n], a[:n], a[(:n):m], a[f(:n)]"), "SELECT a[1:n], a[:n], a[($1):m], a[f($1)]");
  EXPECT_EQ(sql_of("SELECT ARRAY[:n]"), "SELECT ARRAY[:n]");
  EXPECT_EQ(sql_of("SELECT (a[1:2])[1], :x"), "SELECT (a[1:2])[1], $1");
  EXPECT_EQ(sql_of("SELECT ']', :x, a[']':b]"), "SELECT ']', $1, a[']':b]");
}

TEST(Params, NeverGlueToWhatStandsBefore) {
  EXPECT_EQ(sql_of("SELECT a:n"), "SELECT a $1");
  EXPECT_EQ(sql_of("SELECT 1:n"), "SELECT 1 $1");
  EXPECT_EQ(sql_of("SELECT x=:n,-:n,'a'||:n"), "SELECT x=$1,-$1,'a'||$1");
}

TEST(Params, NumberedParametersAreRefused) {
  const Rewritten r = rewrite_params("SELECT '\xED\x95\x9C', $1");
  EXPECT_FALSE(r.ok);
  EXPECT_EQ(r.rule, "positional_parameter");
  EXPECT_EQ(r.position, 13);
  EXPECT_FALSE(r.hint.empty());
}

TEST(Params, BadNamesAreRefusedWithTheirPlace) {
  for (const char* sql : {"SELECT :Name", "SELECT :\"a\"", "SELECT :'a'", "SELECT : a", "SELECT :1", "SELECT :_a",
                          "SELECT :a$b", "SELECT :\xC3\xA9", "SELECT :"}) {
    const Rewritten r = rewrite_params(sql);
    EXPECT_FALSE(r.ok) << sql;
    EXPECT_EQ(r.rule, "parameter_name") << sql;
    EXPECT_EQ(r.position, 8) << sql;
  }
  EXPECT_EQ(sql_of("SELECT :" + std::string(63, 'a')), "SELECT $1");
  EXPECT_EQ(sql_of("SELECT :" + std::string(64, 'a')), "refused: parameter_name");
}

TEST(Params, PositionsLeadBackToTheUsersText) {
  const std::string user = "SELECT :long_name, '\xED\x95\x9C', :b, wrong";
  const Rewritten r = rewrite_params(user);
  ASSERT_TRUE(r.ok);
  const auto user_char = [&](std::string_view what) { return PositionMap::character_of(user, user.find(what)); };
  EXPECT_EQ(r.map.user_position(r.sql.find("SELECT")), 1);
  EXPECT_EQ(r.map.user_position(r.sql.find("$1")), user_char(":long_name"));
  EXPECT_EQ(r.map.user_position(r.sql.find("$2")), user_char(":b"));
  EXPECT_EQ(r.map.user_position(r.sql.find("wrong")), user_char("wrong"));
  EXPECT_EQ(r.map.user_position_of_character(r.sql, PositionMap::character_of(r.sql, r.sql.find("wrong"))),
            user_char("wrong"));
  EXPECT_EQ(r.map.user_position_of_character(r.sql, 0), 0);
}

TEST(Params, HugeAndHostileTextIsAnsweredAtOnce) {
  EXPECT_EQ(sql_of(std::string(1 << 20, ':')), "refused: too_long");
  std::string many = "SELECT 0";
  for (int i = 0; many.size() < 32000; ++i) many += ",:p" + std::to_string(i);
  const Rewritten r = rewrite_params(many);
  EXPECT_TRUE(r.ok);
  EXPECT_GT(r.names.size(), 4000U);
  EXPECT_EQ(sql_of(std::string("SELECT '\0:a', :b", 17)), std::string("SELECT '\0:a', $1", 17));
}

}  // namespace
}  // namespace pgops::guard
