// The classification tables: lookups, and what must never be classified otherwise.
#include <gtest/gtest.h>

#include "guard/classification.hpp"

namespace pgops::guard {
namespace {

TEST(Classification, FindsByOid) {
  ASSERT_TRUE(classify_function(870).has_value());  // lower(text)
  EXPECT_EQ(classify_function(870)->cls, Class::all);
  ASSERT_TRUE(classify_function(2078).has_value());  // set_config
  EXPECT_EQ(classify_function(2078)->cls, Class::never);
  ASSERT_TRUE(classify_function(2561).has_value());  // pg_blocking_pids
  EXPECT_EQ(classify_function(2561)->cls, Class::monitor);
}

TEST(Classification, WhatIsUnknownHasNoClass) {
  EXPECT_FALSE(classify_function(0).has_value());
  EXPECT_FALSE(classify_function(9999).has_value());
  EXPECT_FALSE(classify_function(4294967295U).has_value());
  EXPECT_FALSE(classify_relation("pg_catalog.nothing").has_value());
  EXPECT_FALSE(classify_relation("").has_value());
  EXPECT_FALSE(classify_initdb_function("nothing()").has_value());
}

TEST(Classification, NamesAreRefusedOnlyWhereNoOverloadIsForAll) {
  EXPECT_TRUE(refused_name("pg_sleep").has_value());
  EXPECT_TRUE(refused_name("lo_import").has_value());
  EXPECT_FALSE(refused_name("ts_rewrite").has_value());  // (tsquery, tsquery, tsquery) is harmless
  EXPECT_FALSE(refused_name("age").has_value());         // (timestamptz) is harmless
  EXPECT_FALSE(refused_name("lower").has_value());
  EXPECT_FALSE(refused_name("PG_SLEEP").has_value());  // the parser has folded case already
}

TEST(Classification, RelationsWithSecretsAreForNobody) {
  for (const char* name : {"pg_catalog.pg_authid", "pg_catalog.pg_shadow", "pg_catalog.pg_user_mapping",
                           "pg_catalog.pg_subscription", "pg_catalog.pg_stats", "pg_catalog.pg_largeobject"}) {
    ASSERT_TRUE(classify_relation(name).has_value()) << name;
    EXPECT_EQ(classify_relation(name)->cls, Class::never) << name;
  }
}

TEST(Classification, EveryReasonIsASentence) {
  for (const char* group : {"settings", "takes_sql", "lock", "wait", "statistics", "secrets", "any_type_input"}) {
    EXPECT_NE(group_reason(group), group_reason("no such group")) << group;
  }
}

}  // namespace
}  // namespace pgops::guard
