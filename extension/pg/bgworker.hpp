// extension/pg: background workers: registration, connection, signals. Free of postgres.h.
#pragma once

#include <cstdint>
#include <memory>

namespace pgops::pg {

// The static launcher; call from _PG_init. `function` is a symbol of our library.
void register_static_worker(const char* function, const char* name);

// A dynamic worker with a database connection. The handle is opaque; destroying it only forgets it.
class WorkerHandle {
 public:
  enum class State : std::uint8_t { not_yet_started, started, stopped };
  State state(std::int32_t* pid) const;
  ~WorkerHandle();
  explicit WorkerHandle(void* handle) noexcept : handle_(handle) {}
  WorkerHandle(const WorkerHandle&) = delete;
  WorkerHandle& operator=(const WorkerHandle&) = delete;

 private:
  void* handle_;
};
// nullptr: no slot of max_worker_processes is free.
std::unique_ptr<WorkerHandle> start_dynamic_worker(const char* function, const char* name, const char* type,
                                                   std::int32_t argument);

// ---- inside a worker ---------------------------------------------------------------------------
// How SIGTERM ends this worker: `at_once` ends a running statement like a terminated backend; with
// `finish_first` only stop_requested() turns true and the loop decides.
enum class StopMode : std::uint8_t { at_once, finish_first };
// Installs the handlers and unblocks signals.
void begin_worker(StopMode mode);
// Connects to the database as the role; ends the process when that is impossible.
void connect_worker(std::uint32_t database, std::uint32_t role);
bool stop_requested() noexcept;
// Re-reads the configuration when SIGHUP came: then true.
bool reload_if_asked();
// What pg_stat_activity shows.
void report_activity(const char* text) noexcept;
void report_idle() noexcept;
void set_application_name(const char* name);
// Leaves the process with this exit code (1: the postmaster counts it as a stop, not a crash).
[[noreturn]] void exit_process(int code);
bool binary_upgrade() noexcept;

}  // namespace pgops::pg
