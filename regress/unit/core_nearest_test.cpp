// Unit: suggestions for misspelt names.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/nearest.hpp"

namespace pgops {
namespace {

using Names = std::vector<std::string_view>;

TEST(Nearest, SuggestsOnlyWhatIsClose) {
  EXPECT_EQ(nearest_name("timeout_sm", Names{"tenant", "timeout_ms", "timezone"}), "timeout_ms");
  EXPECT_EQ(nearest_name("tenatn", Names{"tenant"}), "tenant");
  EXPECT_EQ(nearest_name("planer", Names{"planner", "params"}), "planner");
  EXPECT_EQ(nearest_name("xyz", Names{"tenant", "planner"}), "");
  EXPECT_EQ(nearest_name("", Names{"a"}), "");
  EXPECT_EQ(nearest_name("a", Names{}), "");
}

TEST(Nearest, HostileNamesCostNothing) {
  const std::string huge(1 << 20, 'a');
  EXPECT_EQ(nearest_name(huge, Names{"aaaa"}), "");
  EXPECT_EQ(nearest_name("aaaa", Names{huge}), "");
}

TEST(Nearest, PhrasesTheHint) {
  EXPECT_EQ(nearest_hint("limt", Names{"limit", "since"}), "Did you mean \"limit\"?");
  EXPECT_EQ(nearest_hint("zzzzz", Names{"limit", "since"}), "Known names: limit, since.");
}

}  // namespace
}  // namespace pgops
