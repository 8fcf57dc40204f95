// The audit chain: what its digests cover, and that each kind of tampering is found where it was done.
#include "core/audit_chain.hpp"

#include <gtest/gtest.h>

#include "core/digest.hpp"

namespace {

using namespace pgops::audit_chain;

struct Chain {
  std::vector<std::vector<Field>> rows;
  std::vector<Seal> seals;

  explicit Chain(int length) {
    std::string head;
    for (int i = 1; i <= length; i++) {
      rows.push_back({"acme", "row " + std::to_string(i), std::nullopt});
      Seal seal{i, "2026-01-01T00:00:00.000000Z", row_digest(rows.back()), ""};
      seal.chain_digest = chain_digest(i, seal.sealed_at, seal.row_digest, head);
      head = seal.chain_digest;
      seals.push_back(seal);
    }
  }

  std::vector<std::pair<std::string, std::int64_t>> judge() const {
    Checker checker;
    for (std::size_t i = 0; i < seals.size(); i++) checker.seal(seals[i], rows[i].empty() ? nullptr : &rows[i]);
    std::vector<std::pair<std::string, std::int64_t>> out;
    for (const Finding& f : checker.findings()) out.emplace_back(std::string(to_string(f.kind)), f.position);
    return out;
  }
};
using Found = std::vector<std::pair<std::string, std::int64_t>>;

TEST(AuditChain, CanonicalFormIsNetstrings) {
  const std::vector<Field> fields{"a", std::nullopt, "", "\xC3\xA4,"};
  EXPECT_EQ(row_digest(fields), "sha256:" + pgops::sha256_hex("18:pg_ops audit row 1,1:a,-,0:,3:\xC3\xA4,,"));
  EXPECT_EQ(chain_digest(7, "t", "r", "p"), "sha256:" + pgops::sha256_hex("19:pg_ops audit seal 1,1:7,1:t,1:r,1:p,"));
}

TEST(AuditChain, FieldsCannotFlowIntoEachOther) {
  EXPECT_NE(row_digest(std::vector<Field>{"ab", "c"}), row_digest(std::vector<Field>{"a", "bc"}));
  EXPECT_NE(row_digest(std::vector<Field>{std::nullopt}), row_digest(std::vector<Field>{""}));
  EXPECT_NE(row_digest(std::vector<Field>{"-,"}), row_digest(std::vector<Field>{std::nullopt}));
}

TEST(AuditChain, AnUntouchedChainHasNoFinding) {
  EXPECT_TRUE(Chain(0).judge().empty());
  EXPECT_TRUE(Chain(50).judge().empty());
}

TEST(AuditChain, AChangedRowIsFoundAtItsPosition) {
  Chain chain(5);
  chain.rows[2][1] = "another";
  EXPECT_EQ(chain.judge(), (Found{{"ROW_CHANGED", 3}}));
}

TEST(AuditChain, ADeletedRowIsFound) {
  Chain chain(5);
  chain.rows[4].clear();
  EXPECT_EQ(chain.judge(), (Found{{"ROW_DELETED", 5}}));
}

TEST(AuditChain, ADeletedSealIsAGap) {
  Chain chain(5);
  chain.rows.erase(chain.rows.begin() + 1);
  chain.seals.erase(chain.seals.begin() + 1);
  EXPECT_EQ(chain.judge(), (Found{{"POSITION_MISSING", 2}}));
}

TEST(AuditChain, ADeletedSealIsFoundWhenTheRestIsRenumbered) {
  Chain chain(5);
  chain.rows.erase(chain.rows.begin() + 1);
  chain.seals.erase(chain.seals.begin() + 1);
  for (std::size_t i = 0; i < chain.seals.size(); i++) chain.seals[i].position = static_cast<std::int64_t>(i) + 1;
  EXPECT_EQ(chain.judge(), (Found{{"SEAL_CHANGED", 2}, {"SEAL_CHANGED", 3}, {"SEAL_CHANGED", 4}}));
}

TEST(AuditChain, AnInsertedSealIsFound) {
  Chain chain(3);
  const std::vector<Field> forged{"acme", "forged", std::nullopt};
  Seal seal{2, "2026-01-01T00:00:00.000000Z", row_digest(forged), ""};
  seal.chain_digest = chain_digest(2, seal.sealed_at, seal.row_digest, chain.seals[0].chain_digest);
  chain.rows.insert(chain.rows.begin() + 1, forged);
  chain.seals.insert(chain.seals.begin() + 1, seal);
  chain.seals[2].position = 3;
  chain.seals[3].position = 4;
  // The forged seal itself fits; what followed no longer does.
  EXPECT_EQ(chain.judge(), (Found{{"SEAL_CHANGED", 3}, {"SEAL_CHANGED", 4}}));
}

TEST(AuditChain, ReorderedRowsAreFound) {
  Chain chain(4);
  std::swap(chain.rows[1], chain.rows[2]);
  EXPECT_EQ(chain.judge(), (Found{{"ROW_CHANGED", 2}, {"ROW_CHANGED", 3}}));
  Chain seals(4);
  std::swap(seals.rows[1], seals.rows[2]);
  std::swap(seals.seals[1], seals.seals[2]);
  std::swap(seals.seals[1].position, seals.seals[2].position);
  EXPECT_EQ(seals.judge(), (Found{{"SEAL_CHANGED", 2}, {"SEAL_CHANGED", 3}, {"SEAL_CHANGED", 4}}));
}

}  // namespace
