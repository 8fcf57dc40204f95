// extension/audit: judges the chain in batches, then what is not sealed yet. See verify.hpp.
#include "extension/audit/verify.hpp"

#include <algorithm>

#include "core/audit_chain.hpp"
#include "extension/audit/columns.hpp"
#include "extension/pg/error.hpp"
#include "extension/pg/memory.hpp"
#include "extension/pg/spi.hpp"

namespace pgops::audit {

namespace {

constexpr std::size_t kMaxFindings = 1000;
constexpr const char* kSuperuserHint =
    "Only a superuser can do that. Compare the head with the server log and restore the rows from a backup.";

constexpr const char* kSeals =
    "SELECT s.chain_position, " PGOPS_AUDIT_TIME("s.sealed_at")
    ", s.row_digest, s.chain_digest, s.audited_tenant, s.audit_id,"
    " a.audit_id IS NOT NULL, s.sealed_at - a.at > '1 hour'::pg_catalog.interval,"
    " " PGOPS_AUDIT_FIELDS
    " FROM ops.audit_seal_store s"
    " LEFT JOIN ops.audit_store a ON a.tenant_id = s.audited_tenant AND a.audit_id = s.audit_id"
    " WHERE s.chain_position > $1 ORDER BY s.chain_position LIMIT 1000";
constexpr int kFirstField = 8;

constexpr const char* kUnsealed =
    "SELECT a.tenant_id, a.audit_id, " PGOPS_AUDIT_TIME("a.at")
    ", pg_catalog.clock_timestamp() - a.at > '1 minute'::pg_catalog.interval, pg_catalog.count(*) OVER ()"
    " FROM ops.audit_store a WHERE NOT EXISTS (SELECT 1 FROM ops.audit_seal_store s"
    " WHERE s.audit_id = a.audit_id AND s.audited_tenant = a.tenant_id) ORDER BY a.at, a.audit_id LIMIT 100";

struct Judge {
  std::optional<std::int64_t> known_position;
  const std::optional<std::string>& known_digest;
  audit_chain::Checker checker;
  std::vector<VerifyRow> rows;
  std::size_t more = 0;
  bool known_seen = false;

  void add(VerifyRow row) {
    if (rows.size() < kMaxFindings) {
      rows.push_back(std::move(row));
    } else {
      more++;
    }
  }

  void seal(const pg::spi::Row& row) {
    const audit_chain::Seal seal{std::stoll(row[0].value_or("0")), row[1].value_or(""), row[2].value_or(""),
                                 row[3].value_or("")};
    const bool present = row[6] == "t";
    const std::vector<audit_chain::Field> fields(row.begin() + kFirstField, row.end());
    checker.seal(seal, present ? &fields : nullptr);
    for (const audit_chain::Finding& finding : checker.findings()) {
      const bool of_row = finding.kind != audit_chain::Break::position_missing;
      add({"error", std::string(audit_chain::to_string(finding.kind)), std::to_string(finding.position),
           of_row ? row[4] : std::nullopt, of_row ? row[5] : std::nullopt, finding.message, kSuperuserHint});
    }
    checker.forget_findings();
    if (present && row[7] == "t") {
      add({"warning", "SEALED_LATE", row[0], row[4], row[5],
           "the row says it was written more than an hour before it was sealed",
           "A long transaction, a time without a trace writer, or a row that somebody with superuser rights put in."});
    }
    if (known_position == seal.position) {
      known_seen = true;
      if (known_digest && *known_digest != seal.chain_digest) {
        add({"error", "HEAD_MISMATCH", row[0], std::nullopt, std::nullopt,
             "the chain is not the one whose head was noted", kSuperuserHint});
      }
    }
  }
};

}  // namespace

std::vector<VerifyRow> verify(std::optional<std::int64_t> known_position,
                              const std::optional<std::string>& known_digest) {
  const pg::spi::OwnerScope owner;
  Judge judge{known_position, known_digest, {}, {}, 0, false};
  std::int64_t last = -1;
  for (;;) {
    const pg::MemoryScope memory("pg_ops verify_audit");
    const auto batch = pg::spi::query(kSeals, {pg::spi::int8(last)});
    for (const auto& row : batch.rows) judge.seal(row);
    if (batch.empty()) break;
    last = std::stoll(batch.rows.back()[0].value_or("0"));
    pg::check_interrupts();
  }
  const audit_chain::Checker& chain = judge.checker;
  if (known_position && !judge.known_seen) {
    judge.add({"error", "HEAD_MISMATCH", std::to_string(*known_position), std::nullopt, std::nullopt,
               "the chain ends before the position that was noted", kSuperuserHint});
  }
  const auto unsealed = pg::spi::query(kUnsealed);
  for (const auto& row : unsealed.rows) {
    const bool late = row[3] == "t";
    judge.add({late ? "warning" : "info", "UNSEALED", std::nullopt, row[0], row[1],
               "written at " + row[2].value_or("?") + " and not sealed yet",
               late ? "The trace writer seals: see ops.health(), component audit." : ""});
  }
  const std::string tail = unsealed.empty() ? "0" : unsealed.rows[0][4].value_or("0");
  std::string summary = std::to_string(chain.sealed_rows()) + " rows sealed, " + tail + " not yet";
  summary += chain.position() == 0 ? "; no head" : "; head " + chain.head();
  if (judge.more > 0) summary += "; " + std::to_string(judge.more) + " findings left out";
  std::vector<VerifyRow> out;
  out.push_back({"info", "HEAD", std::to_string(chain.position()), std::nullopt, std::nullopt, summary,
                 "Keep position and head elsewhere: the server log has each one."});
  std::move(judge.rows.begin(), judge.rows.end(), std::back_inserter(out));
  return out;
}

}  // namespace pgops::audit
