// extension/audit: ops.verify_audit(). Free of postgres.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pgops::audit {

struct VerifyRow {
  std::string severity;  // info, warning, error
  std::string code;
  std::optional<std::string> position;
  std::optional<std::string> tenant;
  std::optional<std::string> audit_id;
  std::string message;
  std::string hint;
};

// Reads the whole chain as ops_owner; the caller's right to do so has been checked. `known_*`: a head noted
// earlier (from the server log), to be found in the chain as it was.
std::vector<VerifyRow> verify(std::optional<std::int64_t> known_position,
                              const std::optional<std::string>& known_digest);

}  // namespace pgops::audit
