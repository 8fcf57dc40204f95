// extension/health: the state of every part of pg_ops, as rows.
#pragma once

#include <string>
#include <vector>

namespace pgops::health {

struct Component {
  std::string component;
  std::string state;   // ok | warning | error
  std::string detail;  // what is so, with figures
  std::string hint;    // what to do; empty when ok
};

// Never throws for a part that is down; waits at most about two seconds (for the sidecar).
std::vector<Component> report();

struct WorkerRow {
  std::string database;
  std::string kind;
  std::string state;
  std::int32_t pid;
  std::uint32_t generation;
  std::string run_as;  // empty when idle
  std::uint32_t tasks_done;
  std::int64_t started_wall_us;
  double busy_ms;  // 0 when idle
  bool cancelled;
};
// Of all databases of the server.
std::vector<WorkerRow> workers();

struct Claims {
  int tasks_used = 0;
  int tasks_queued = 0;
  int executors = 0;
  int executors_busy = 0;
  std::uint64_t tasks_total = 0;
  std::uint64_t tasks_cancelled = 0;
  std::uint64_t workers_lost = 0;
  std::uint64_t start_failures = 0;
};
// Of this database; zeros when it has no entry yet.
Claims claims();

}  // namespace pgops::health
