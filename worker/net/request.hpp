// worker/net: what a call is asked to do, and how it ended. Plain values; see http_call.hpp for the doing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/error.hpp"
#include "core/protocol.hpp"
#include "worker/net/budget.hpp"

namespace pgops::worker {

// The id is of one attempt, unique among the running calls of one connection; max_bytes counts the body
// after decompression.
using HttpRequest = protocol::HttpCall;
using protocol::Timing;

struct HttpOutcome {
  std::optional<Error> error;  // none: success
  int status = 0;              // 0: no answer was received
  std::optional<std::int64_t> retry_after_ms;
  std::string address;  // connected to; empty when there was no connection
  std::string content_type;
  std::string body;  // checked JSON, verbatim; empty when the upstream sent none
  std::int64_t bytes = 0;
  Timing timing;
  Budget::Lease lease;  // accounts for `body` until it is handed over
};

}  // namespace pgops::worker
