// extension/trace: one group commit: tickets in, a verdict for each out. Free of postgres.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "extension/pg/sync.hpp"
#include "extension/pg/trace_store.hpp"
#include "extension/trace/days.hpp"
#include "extension/trace/maintenance.hpp"
#include "extension/trace/ring.hpp"

namespace pgops::trace {

class Batch {
 public:
  Batch(Ring& ring, int database_index, Maintenance& maintenance)
      : ring_(ring), database_index_(database_index), maintenance_(maintenance) {}

  // Takes what is ready, up to a limit of bytes. False when nothing was.
  bool collect();
  // Stores it and tells every caller. Never throws; afterwards every collected ticket is decided, or
  // ready again (then true is returned: somebody held a lock, or the writer was cancelled).
  bool store() noexcept;

 private:
  struct Ticket {
    std::uint32_t slot = 0;
    pg::trace_store::Row row;
    pg::Segment segment;
    Day day = 0;
    bool decided = false;
  };
  struct Problem {
    std::string sqlstate;
    std::string message;
    bool of_row = false;   // the row's own fault: the others may succeed
    bool passing = false;  // a lock or a cancel: to be tried again
  };

  void open(Ticket& ticket);
  // False when a lock was in the way.
  bool prepare_partitions();
  void insert_all();
  void insert_one_by_one();
  template <class F>
  bool attempt(F&& f, Problem& problem) noexcept;
  void decide(Ticket& ticket, bool durable, std::string_view sqlstate, std::string_view message) noexcept;
  void decide_rest(const Problem& problem) noexcept;
  void put_back_rest() noexcept;
  void close() noexcept;
  void note_failure(std::string_view sqlstate, std::string_view message) noexcept;

  Ring& ring_;
  int database_index_;
  Maintenance& maintenance_;
  std::vector<Ticket> tickets_;
  std::vector<pg::trace_store::Row> rows_;
  std::map<Day, std::string> known_days_;  // partitions that exist, and their suffixes
  std::uint32_t lone_ = 0;                 // batches of one ticket in a row
  std::uint32_t first_ = 0;                // where the next collect() begins to look
  std::uint64_t unreported_ = 0;           // failures since the last WARNING
  std::int64_t last_report_us_ = 0;
};

}  // namespace pgops::trace
