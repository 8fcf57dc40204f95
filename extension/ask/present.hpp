// extension/ask: fifth stage: the answer envelope, and the trace document around it.
#pragma once

#include <optional>
#include <string>

#include "extension/ask/recount.hpp"
#include "extension/ask/request.hpp"

namespace pgops::ask {

// What the stages produced; absent parts were not reached.
struct Outcome {
  const Routed* routed = nullptr;
  const Validated* validated = nullptr;
  const Executed* executed = nullptr;
  const Recounted* recounted = nullptr;
  Composed* composed = nullptr;  // envelope() takes the answer out of it
  std::optional<Error> failure;  // a stage said no: the request failed with it
  bool cancelled = false;        // the caller's own cancel ended it
};

// The envelope as callers get it: every key always there.
Json envelope(const Request& request, const Outcome& outcome);
// The envelope plus what only the trace keeps: stages, plans, spans, attempts, internal texts.
Json trace_document(const Request& request, const Outcome& outcome, Json envelope);

// Microseconds since 1970 as ISO 8601 in UTC with six decimals.
std::string iso_utc(std::int64_t wall_us);

}  // namespace pgops::ask
