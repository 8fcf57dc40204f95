// core: the hash chain over the audit log: its canonical form, its digests, and the judgement of a chain.
//
// Vocabulary: a *row* is one audit entry as a list of fields; a *seal* gives it a position in the chain.
// Canonical form: every field as a netstring (length in bytes, ":", the bytes, ","), NULL as "-,". No
// escaping, no ambiguity: another language needs five lines for it (docs/security/audit.md).
//   row_digest   = sha256(netstrings of "pg_ops audit row 1" and the row's fields)
//   chain_digest = sha256(netstrings of "pg_ops audit seal 1", position, sealed_at, row_digest and the
//                  chain_digest of the position before; the first one has "" there)
// Digests are "sha256:" and 64 hex digits.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgops::audit_chain {

using Field = std::optional<std::string>;

std::string row_digest(std::span<const Field> fields);
std::string chain_digest(std::int64_t position, std::string_view sealed_at, std::string_view row_digest,
                         std::string_view previous_chain_digest);

struct Seal {
  std::int64_t position = 0;
  std::string sealed_at;
  std::string row_digest;
  std::string chain_digest;
};

enum class Break : std::uint8_t {
  position_missing,   // a seal is gone, or the chain does not begin at 1
  position_repeated,  // seals were made to share a position
  row_deleted,        // there is a seal and no row
  row_changed,        // the row is not what was sealed
  seal_changed,       // position, time, row_digest or order are not what was sealed
};
std::string_view to_string(Break kind) noexcept;  // "ROW_CHANGED"

struct Finding {
  Break kind = Break::row_changed;
  std::int64_t position = 0;
  std::string message;
};

// Judges seals one after the other, in the order of position. One change gives one finding, not a cascade:
// a seal is compared with the stored digest before it.
class Checker {
 public:
  // `row`: the fields of the sealed row; nullptr when there is none.
  void seal(const Seal& seal, const std::vector<Field>* row);

  const std::vector<Finding>& findings() const noexcept { return findings_; }
  void forget_findings() { findings_.clear(); }
  std::int64_t position() const noexcept { return position_; }        // of the last seal, 0: none
  const std::string& head() const noexcept { return head_; }          // its chain_digest
  std::int64_t sealed_rows() const noexcept { return sealed_rows_; }  // seals seen

 private:
  void find(Break kind, std::int64_t position, std::string message);

  std::vector<Finding> findings_;
  std::int64_t position_ = 0;
  std::int64_t sealed_rows_ = 0;
  std::string head_;
};

}  // namespace pgops::audit_chain
