// extension/trace: how a backend gives its trace to the writer process. Free of postgres.h.
//
// The trace is stored by another process in a transaction of its own: it survives the caller's ROLLBACK,
// works in READ ONLY transactions, and takes nothing from the caller's transaction.
// What was handed over is written even when the caller is cancelled or terminated while it waits.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/uuid7.hpp"

namespace pgops::trace {

struct Outcome {
  bool durable = false;  // true: on disk, whatever happens now
  std::string sqlstate;  // why not, when not
  std::string message;   // internal: for the log and the WARNING
};

// Hands a trace document (a JSON object in the server's encoding) over and waits for its group commit, at
// most `wait`. Not durable after `wait` means: not yet, it may still be stored. Throws only what
// interrupts the caller (cancel); runs inside a transaction.
Outcome hand_over(std::string_view tenant, const Uuid& trace_id, std::string_view document,
                  std::chrono::milliseconds wait);

// The same without waiting for anything, for ways out that must not fail or block: also while a
// transaction is being aborted. The trace is lost (and counted) when every slot is taken. Does nothing for
// the trace that was handed over last: it is on its way, whatever interrupted the wait.
void hand_over_no_wait(std::string_view tenant, const Uuid& trace_id, std::string_view document) noexcept;

struct WriterHealth {
  bool running = false;
  std::int32_t pid = 0;
  std::uint32_t queued = 0;  // handed over, not decided yet
  std::uint32_t slots = 0;
  std::uint32_t slots_taken = 0;
  double oldest_age_ms = 0;   // of the queued ones
  std::uint64_t written = 0;  // since the server started
  std::uint64_t failed = 0;   // refused, with a status to their callers
  std::uint64_t dropped = 0;  // see hand_over_no_wait
  std::uint64_t batches = 0;
  std::string last_error;
};

// Of the database entry with this index (extension/runtime).
WriterHealth health(int database_index);

}  // namespace pgops::trace
