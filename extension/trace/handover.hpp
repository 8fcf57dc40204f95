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

#include "core/json.hpp"
#include "core/uuid7.hpp"

namespace pgops::trace {

struct Outcome {
  bool durable = false;  // true: on disk, whatever happens now
  std::string sqlstate;  // why not, when not
  std::string message;   // internal: for the log and the WARNING
};

// Says that a trace will be handed over in some ten microseconds: its document is still to be made.
void announce() noexcept;

// A trace on its way. The constructor hands the document over, and the caller may do other work before it asks for
// the outcome. At most one exists at a time in a process; one that is destroyed unasked leaves the trace to the writer.
class Handover {
 public:
  // The outcome is not durable after `wait` from now: not yet, it may still be stored. Throws only what interrupts
  // the caller (cancel); runs inside a transaction.
  Handover(std::string_view tenant, const Uuid& trace_id, const Json& document, std::chrono::milliseconds wait);
  ~Handover();
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;
  // It was handed in: the writer has it, whatever becomes of the wait.
  bool under_way() const noexcept { return slot_ >= 0; }
  // Waits for the group commit. Throws what interrupts the caller.
  Outcome outcome();

 private:
  std::int64_t begun_us_;
  std::int64_t deadline_us_;
  int database_index_ = -1;
  int slot_ = -1;
  Outcome refused_;  // where no slot was filled
};

// The same without waiting for anything, for ways out that must not fail or block: also while a
// transaction is being aborted. The trace is lost (and counted) when every slot is taken. Does nothing for
// the trace that was handed over last: it is on its way, whatever interrupted the wait.
void hand_over_no_wait(std::string_view tenant, const Uuid& trace_id, const Json& document) noexcept;

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
