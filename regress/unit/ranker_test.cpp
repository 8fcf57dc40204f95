// Unit: the trained ranker: the same whatever the order of registration, sums to one, better than chance on what
// it learned, refused where it would cost too much.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/retrieval/index.hpp"

namespace pgops::retrieval {
namespace {

RegistrySnapshot tools() {
  RegistrySnapshot out;
  const std::vector<std::pair<const char*, std::vector<std::string>>> all = {
      {"orders", {"how many orders are open?", "open orders", "orders that wait", "what was ordered and is not sent?"}},
      {"stock", {"how many pieces are left?", "stock of the warehouse", "what is in stock?", "pieces on the shelves"}},
      {"returns", {"how many orders came back?", "returned orders", "what was sent back?", "orders sent back to us"}}};
  for (const auto& [name, examples] : all) {
    ToolDoc doc;
    doc.name = name;
    doc.examples = examples;
    out.push_back(doc);
  }
  return out;
}

std::vector<Scored> ask(const Index& index, std::vector<std::string> words) {
  return index.retrieve(words, {}, 3, [](const Entry&) { return true; });
}

TEST(Ranker, LearnsFromExamplesAndNotFromTheirOrder) {
  RegistrySnapshot snapshot = tools();
  Index one = Index::build(snapshot);
  ASSERT_TRUE(one.train_ranker(1'000'000'000));
  std::reverse(snapshot.begin(), snapshot.end());
  Index other = Index::build(snapshot);
  ASSERT_TRUE(other.train_ranker(1'000'000'000));
  const auto a = ask(one, {"which", "orders", "were", "sent", "back"});
  const auto b = ask(other, {"which", "orders", "were", "sent", "back"});
  ASSERT_EQ(a.size(), 3U);
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].entry, b[i].entry);
    EXPECT_EQ(a[i].ranker, b[i].ranker);
    sum += a[i].ranker;
  }
  EXPECT_NEAR(sum, 1.0, 1e-5);
  EXPECT_EQ(one.entries()[a[0].entry].doc.name, "returns");
  EXPECT_GT(a[0].ranker, 0.5);
}

TEST(Ranker, ACostlyRegistryKeepsTheCosine) {
  Index index = Index::build(tools());
  EXPECT_FALSE(index.train_ranker(10));
  const auto ranked = ask(index, {"returned", "orders"});
  ASSERT_FALSE(ranked.empty());
  EXPECT_EQ(ranked[0].ranker, 0.0);
  EXPECT_EQ(ranked[0].score, ranked[0].cosine);
  Index none = Index::build({});
  EXPECT_FALSE(none.train_ranker(1'000'000'000));
}

}  // namespace
}  // namespace pgops::retrieval
