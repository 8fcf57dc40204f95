// extension/pg: shared memory, locks, latches, condition variables. See sync.hpp.
#include "extension/pg/door.hpp"
#include "extension/pg/sync.hpp"

#include <signal.h>
#include <time.h>

extern "C" {
#include "storage/condition_variable.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/shmem.h"
#include "utils/resowner.h"
#include "utils/wait_event.h"
}

namespace pgops::pg {

namespace {

constexpr const char* kTranche = "pg_ops";
constexpr int kMaxParts = 8;
SharedPart parts[kMaxParts];
int part_count = 0;
LWLockPadded* locks = nullptr;
shmem_request_hook_type previous_request_hook = nullptr;
shmem_startup_hook_type previous_startup_hook = nullptr;

// Both hooks are called by the server directly; registration copies only plain data, and what they call
// ereports FATAL at start, which is right.
void request_hook() {
  if (previous_request_hook != nullptr) previous_request_hook();
  for (int i = 0; i < part_count; i++) RequestAddinShmemSpace(MAXALIGN(parts[i].size()));
  RequestNamedLWLockTranche(kTranche, kLockCount);
}

void startup_hook() {
  if (previous_startup_hook != nullptr) previous_startup_hook();
  LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
  for (int i = 0; i < part_count; i++) {
    bool found = false;
    const Size size = parts[i].size();
    void* memory = ShmemInitStruct(parts[i].name, size, &found);
    if (!found) {
      memset(memory, 0, size);
      parts[i].init(memory);
    }
    *parts[i].pointer = memory;
  }
  locks = GetNamedLWLockTranche(kTranche);
  LWLockRelease(AddinShmemInitLock);
}

uint32 wait_event(WaitReason reason) noexcept {
  switch (reason) {
    case WaitReason::executor:
    case WaitReason::worker:
    case WaitReason::trace:
    case WaitReason::idle:
    case WaitReason::startup: return PG_WAIT_EXTENSION;
  }
  return PG_WAIT_EXTENSION;
}

constexpr int kMaxExitCallbacks = 8;
void (*exit_callbacks[kMaxExitCallbacks])();
int exit_callback_count = 0;

void run_exit_callback(int /*code*/, Datum arg) { exit_callbacks[DatumGetInt32(arg)](); }

::ConditionVariable* native(ConditionVariable& cv) noexcept {
  return reinterpret_cast<::ConditionVariable*>(cv.opaque);
}
static_assert(sizeof(::ConditionVariable) <= sizeof(ConditionVariable));

}  // namespace

void register_shared_part(const SharedPart& part) {
  if (part_count == kMaxParts) throw Failure{{Code::internal_error, "too many parts of shared memory", {}, {}}};
  parts[part_count++] = part;
}

void install_shared_memory_hooks() {
  previous_request_hook = shmem_request_hook;
  shmem_request_hook = request_hook;
  previous_startup_hook = shmem_startup_hook;
  shmem_startup_hook = startup_hook;
}

bool shared_memory_ready() noexcept { return locks != nullptr; }

LwGuard::LwGuard(int lock, bool exclusive) : lock_(&locks[lock].lock) {
  LWLockAcquire(static_cast<LWLock*>(lock_), exclusive ? LW_EXCLUSIVE : LW_SHARED);
}

LwGuard::~LwGuard() { release(); }

void LwGuard::release() noexcept {
  if (lock_ != nullptr) LWLockRelease(static_cast<LWLock*>(lock_));
  lock_ = nullptr;
}

ProcessRef this_process() noexcept { return {MyProc == nullptr ? -1 : MyProc->pgprocno, MyProcPid}; }

void wake(ProcessRef process) noexcept {
  if (process.procno < 0 || process.pid == 0) return;
  SetLatch(&GetPGProcByNumber(process.procno)->procLatch);
}

void signal_process(std::int32_t pid, int signal) noexcept {
  if (pid > 0) (void)kill(pid, signal);
}

bool process_alive(std::int32_t pid) noexcept { return pid > 0 && kill(pid, 0) == 0; }

void reset_latch() noexcept { ResetLatch(MyLatch); }

bool wait_latch(long timeout_ms, WaitReason reason) {
  const int events = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | (timeout_ms >= 0 ? WL_TIMEOUT : 0);
  const uint32 event = wait_event(reason);
  const int got = call([=] {
    const int result = WaitLatch(MyLatch, events, timeout_ms, event);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
    return result;
  });
  return (got & WL_LATCH_SET) != 0;
}

int wait_latch_or_socket(int socket, bool want_write, long timeout_ms, WaitReason reason) {
  const int events = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | WL_SOCKET_READABLE | (want_write ? WL_SOCKET_WRITEABLE : 0) |
                     (timeout_ms >= 0 ? WL_TIMEOUT : 0);
  const uint32 event = wait_event(reason);
  const int got = call([=] {
    const int result = WaitLatchOrSocket(MyLatch, events, socket, timeout_ms, event);
    if ((result & WL_LATCH_SET) != 0) ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
    return result;
  });
  return ((got & WL_LATCH_SET) != 0 ? 1 : 0) | ((got & WL_SOCKET_READABLE) != 0 ? 2 : 0) |
         ((got & WL_SOCKET_WRITEABLE) != 0 ? 4 : 0);
}

void cv_init(ConditionVariable& cv) noexcept { ConditionVariableInit(native(cv)); }
void cv_broadcast(ConditionVariable& cv) noexcept { ConditionVariableBroadcast(native(cv)); }
void cv_signal(ConditionVariable& cv) noexcept { ConditionVariableSignal(native(cv)); }

void cv_prepare(ConditionVariable& cv) {
  ::ConditionVariable* variable = native(cv);
  call([=] { ConditionVariablePrepareToSleep(variable); });
}

bool cv_timed_sleep(ConditionVariable& cv, long timeout_ms, WaitReason reason) {
  ::ConditionVariable* variable = native(cv);
  const uint32 event = wait_event(reason);
  try {
    return call([=] { return ConditionVariableTimedSleep(variable, timeout_ms, event); });
  } catch (...) {
    ConditionVariableCancelSleep();
    throw;
  }
}

void cv_cancel() noexcept { ConditionVariableCancelSleep(); }

Segment create_segment(std::size_t size) {
  Segment out;
  // With a resource owner at hand the mapping would go with the (sub)transaction, and a segment that
  // could not be made would be reported as a leak at its end.
  const ResourceOwner owner = CurrentResourceOwner;
  CurrentResourceOwner = nullptr;
  dsm_segment* segment = nullptr;
  try {
    segment = call([=] { return dsm_create(size, 0); });
  } catch (...) {
    CurrentResourceOwner = owner;
    throw;
  }
  CurrentResourceOwner = owner;
  out.segment = segment;
  out.handle = dsm_segment_handle(segment);
  out.data = static_cast<char*>(dsm_segment_address(segment));
  out.size = size;
  return out;
}

Segment attach_segment(std::uint32_t handle) {
  Segment out;
  auto* segment = call([=] {
    dsm_segment* found = dsm_attach(handle);
    if (found != nullptr) dsm_pin_mapping(found);
    return found;
  });
  if (segment == nullptr) return out;
  out.segment = segment;
  out.handle = handle;
  out.data = static_cast<char*>(dsm_segment_address(segment));
  out.size = dsm_segment_map_length(segment);
  return out;
}

void detach_segment(Segment& segment) noexcept {
  if (segment.segment != nullptr) dsm_detach(static_cast<dsm_segment*>(segment.segment));
  segment = Segment{};
}

void pin_segment(const Segment& segment) {
  auto* native_segment = static_cast<dsm_segment*>(segment.segment);
  call([=] { dsm_pin_segment(native_segment); });
}

void unpin_segment(std::uint32_t handle) noexcept { dsm_unpin_segment(handle); }

void at_process_exit(void (*callback)()) {
  for (int i = 0; i < exit_callback_count; i++) {
    if (exit_callbacks[i] == callback) return;
  }
  if (exit_callback_count == kMaxExitCallbacks) {
    throw Failure{{Code::internal_error, "too many process exit callbacks", {}, {}}};
  }
  exit_callbacks[exit_callback_count] = callback;
  const int index = exit_callback_count++;
  call([=] { before_shmem_exit(run_exit_callback, Int32GetDatum(index)); });
}

std::int64_t monotonic_us() noexcept {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000000 + now.tv_nsec / 1000;
}

std::int64_t wall_clock_us() noexcept {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1000000 + now.tv_nsec / 1000;
}

std::pair<std::uint64_t, std::uint64_t> random_pair() {
  // Drawn for the process that uses it: a child forked in between would repeat its parent's ids.
  static std::pair<std::uint64_t, std::uint64_t> drawn[32];
  static std::size_t left = 0;
  static int owner = 0;
  if (left == 0 || owner != MyProcPid) {
    if (!pg_strong_random(drawn, sizeof(drawn))) {
      throw Failure{{Code::internal_error, "could not generate random bytes", {}, {}}};
    }
    left = std::size(drawn);
    owner = MyProcPid;
  }
  return std::exchange(drawn[--left], {});
}

}  // namespace pgops::pg
