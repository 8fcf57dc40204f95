// core: digests and judgement of the audit chain. See audit_chain.hpp.
#include "core/audit_chain.hpp"

#include <utility>

#include "core/digest.hpp"

namespace pgops::audit_chain {

namespace {

void append(std::string& out, std::string_view value) {
  out += std::to_string(value.size());
  out += ':';
  out += value;
  out += ',';
}

}  // namespace

std::string row_digest(std::span<const Field> fields) {
  std::string text;
  append(text, "pg_ops audit row 1");
  for (const Field& field : fields) {
    if (field) {
      append(text, *field);
    } else {
      text += "-,";
    }
  }
  return "sha256:" + sha256_hex(text);
}

std::string chain_digest(std::int64_t position, std::string_view sealed_at, std::string_view row,
                         std::string_view previous_chain_digest) {
  std::string text;
  append(text, "pg_ops audit seal 1");
  append(text, std::to_string(position));
  append(text, sealed_at);
  append(text, row);
  append(text, previous_chain_digest);
  return "sha256:" + sha256_hex(text);
}

std::string_view to_string(Break kind) noexcept {
  switch (kind) {
    case Break::position_missing: return "POSITION_MISSING";
    case Break::position_repeated: return "POSITION_REPEATED";
    case Break::row_deleted: return "ROW_DELETED";
    case Break::row_changed: return "ROW_CHANGED";
    case Break::seal_changed: return "SEAL_CHANGED";
  }
  return "";
}

void Checker::find(Break kind, std::int64_t position, std::string message) {
  findings_.push_back({kind, position, std::move(message)});
}

void Checker::seal(const Seal& seal, const std::vector<Field>* row) {
  const std::int64_t expected = position_ + 1;
  sealed_rows_++;
  if (seal.position < expected) {
    find(Break::position_repeated, seal.position, "the position is taken twice");
  } else if (seal.position > expected) {
    const std::int64_t last = seal.position - 1;
    find(Break::position_missing, expected,
         expected == last
             ? "the seal at this position is gone"
             : "the seals at positions " + std::to_string(expected) + " to " + std::to_string(last) + " are gone");
  } else if (chain_digest(seal.position, seal.sealed_at, seal.row_digest, head_) != seal.chain_digest) {
    find(Break::seal_changed, seal.position, "the seal is not the one that followed its predecessor");
  }
  if (row == nullptr) {
    find(Break::row_deleted, seal.position, "the sealed row is gone");
  } else if (row_digest(*row) != seal.row_digest) {
    find(Break::row_changed, seal.position, "the row is not as it was sealed");
  }
  position_ = seal.position;
  head_ = seal.chain_digest;
}

}  // namespace pgops::audit_chain
