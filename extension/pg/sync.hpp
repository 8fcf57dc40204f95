// extension/pg: what processes share: named shared memory, locks, condition variables, latches.
// Free of postgres.h, so that capability folders can lay out their own structures.
//
// Rules: shared memory holds plain data only; nothing that can ereport runs while an LwGuard is held
// (except through the exit door with the guard released first); sleeping waits always go through
// wait functions here, which process interrupts by throwing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace pgops::pg {

// ---- shared memory -----------------------------------------------------------------------------
// A part is registered from _PG_init; `init` runs once, in the process that creates the segment.
struct SharedPart {
  const char* name;            // static
  std::size_t (*size)();       // called after the settings are known
  void (*init)(void* memory);  // memory arrives zeroed
  void** pointer;              // set in every process
};
void register_shared_part(const SharedPart& part);
// Installs the hooks; call once from _PG_init after all parts are registered.
void install_shared_memory_hooks();
bool shared_memory_ready() noexcept;

// ---- locks -------------------------------------------------------------------------------------
inline constexpr int kMaxDatabases = 8;
// One tranche of lightweight locks: 0 = database table; then two per database.
inline constexpr int kLockDatabases = 0;
constexpr int lock_tasks(int database_index) noexcept { return 1 + 2 * database_index; }
constexpr int lock_traces(int database_index) noexcept { return 2 + 2 * database_index; }
inline constexpr int kLockCount = 1 + 2 * kMaxDatabases;

class LwGuard {
 public:
  explicit LwGuard(int lock, bool exclusive = true);
  ~LwGuard();
  void release() noexcept;
  LwGuard(const LwGuard&) = delete;
  LwGuard& operator=(const LwGuard&) = delete;

 private:
  void* lock_;
};

// ---- processes and latches ---------------------------------------------------------------------
// A process is addressed by its slot in the server's process array; valid only together with its pid.
struct ProcessRef {
  std::int32_t procno = -1;
  std::int32_t pid = 0;
};
ProcessRef this_process() noexcept;
// Wakes the process in that slot; waking a slot that has a new owner is harmless (a spurious wake-up).
void wake(ProcessRef process) noexcept;
// Sends a signal if the pid is still alive; never fails.
void signal_process(std::int32_t pid, int signal) noexcept;
bool process_alive(std::int32_t pid) noexcept;

enum class WaitReason : std::uint8_t { executor, worker, trace, idle, startup };

// Waits for this process's latch or the timeout (ms; -1 = for ever) and resets the latch. Processes
// interrupts (throws on cancel). Leaves the process when the postmaster died. True = latch was set.
bool wait_latch(long timeout_ms, WaitReason reason);
// The same, waiting for a socket as well. `want_write` adds writability. Result bits: 1 latch, 2 readable, 4 writable.
int wait_latch_or_socket(int socket, bool want_write, long timeout_ms, WaitReason reason);
void reset_latch() noexcept;

// ---- condition variables -----------------------------------------------------------------------
struct alignas(8) ConditionVariable {
  std::byte opaque[16];
};
void cv_init(ConditionVariable& cv) noexcept;
void cv_broadcast(ConditionVariable& cv) noexcept;
void cv_signal(ConditionVariable& cv) noexcept;
// Prepare, check the condition, sleep, ..., cancel. Sleep throws on interrupts (after cancelling).
void cv_prepare(ConditionVariable& cv);
// True when the timeout passed.
bool cv_timed_sleep(ConditionVariable& cv, long timeout_ms, WaitReason reason);
void cv_cancel() noexcept;

// ---- dynamic shared memory ---------------------------------------------------------------------
// For payloads that do not fit inline. A handle is valid while some process maps it or it is pinned.
struct Segment {
  void* segment = nullptr;  // opaque
  std::uint32_t handle = 0;
  char* data = nullptr;
  std::size_t size = 0;
};
// Not tied to a resource owner: the holder detaches it, process exit does otherwise. Throws when no
// segment is to be had. attach returns an empty Segment when the handle is gone.
Segment create_segment(std::size_t size);
Segment attach_segment(std::uint32_t handle);
void detach_segment(Segment& segment) noexcept;
void pin_segment(const Segment& segment);
void unpin_segment(std::uint32_t handle) noexcept;

// ---- process exit ------------------------------------------------------------------------------
// Runs on every way out of the process that runs exit handlers (error, FATAL, SIGTERM, normal end), while
// shared memory is still attached. The callback neither throws nor ereports.
void at_process_exit(void (*callback)());

// Microseconds on a monotonic clock shared by all processes of the machine.
std::int64_t monotonic_us() noexcept;
// Microseconds since 1970-01-01 UTC.
std::int64_t wall_clock_us() noexcept;
// For an id: cryptographically strong (pg_strong_random), drawn in advance for several ids.
std::pair<std::uint64_t, std::uint64_t> random_pair();

}  // namespace pgops::pg
