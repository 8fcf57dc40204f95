// extension/trace: what the writer does between batches: partitions ahead of time, retention of traces
// and of payloads. In small steps, so that no trace waits long. Free of postgres.h.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "extension/trace/days.hpp"

namespace pgops::trace {

class Maintenance {
 public:
  // Partitions of yesterday (a clock may step back) to some days ahead. Throws pg::Error.
  void prepare_days();
  // The partition of one day, if it lies near enough to today: throws pg::Error, 23514 if it does not.
  void prepare_day(Day day);

  // Milliseconds until there is something to do; 0 = now.
  std::int64_t due_in_ms() const noexcept;
  // One small step. Never throws: a failed step is reported and tried again later.
  void step() noexcept;

 private:
  struct Removal {
    std::string name;
    bool tool_calls = false;
    std::uint32_t next_block = 0;
    std::uint32_t blocks = 0;
  };
  void look();
  void drop_next();
  void remove_next();

  std::int64_t next_look_us_ = 0;
  int seen_retention_ = -1;  // minutes, as of the last look
  int seen_payload_retention_ = -1;
  std::deque<std::string> to_drop_;
  std::deque<Removal> to_remove_;
};

}  // namespace pgops::trace
