// extension/pg: background workers. See bgworker.hpp.
#include "extension/pg/door.hpp"
#include "extension/pg/bgworker.hpp"

#include <signal.h>

extern "C" {
#include "libpq/pqsignal.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/backend_status.h"
#include "utils/guc.h"
}

namespace pgops::pg {

namespace {

constexpr const char* kLibrary = "pg_ops";

void fill(BackgroundWorker& worker, const char* function, const char* name, const char* type) {
  memset(&worker, 0, sizeof(worker));
  strlcpy(worker.bgw_name, name, BGW_MAXLEN);
  strlcpy(worker.bgw_type, type, BGW_MAXLEN);
  strlcpy(worker.bgw_library_name, kLibrary, BGW_MAXLEN);
  strlcpy(worker.bgw_function_name, function, BGW_MAXLEN);
}

volatile sig_atomic_t stop_flag = 0;

void stop_at_once(SIGNAL_ARGS) {
  (void)postgres_signal_arg;
  const int saved_errno = errno;
  stop_flag = 1;
  // A task in progress is ended like a terminated backend at its next interrupt check.
  InterruptPending = true;
  ProcDiePending = true;
  SetLatch(MyLatch);
  errno = saved_errno;
}

void stop_when_done(SIGNAL_ARGS) {
  (void)postgres_signal_arg;
  const int saved_errno = errno;
  stop_flag = 1;
  SetLatch(MyLatch);
  errno = saved_errno;
}

}  // namespace

void register_static_worker(const char* function, const char* name) {
  call([=] {
    BackgroundWorker worker;
    fill(worker, function, name, name);
    worker.bgw_flags = BGWORKER_SHMEM_ACCESS;
    worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
    worker.bgw_restart_time = 1;
    RegisterBackgroundWorker(&worker);
  });
}

WorkerHandle::~WorkerHandle() {
  if (handle_ != nullptr) pfree(handle_);
}

WorkerHandle::State WorkerHandle::state(std::int32_t* pid) const {
  pid_t found = 0;
  pid_t* out = &found;
  auto* handle = static_cast<BackgroundWorkerHandle*>(handle_);
  const BgwHandleStatus status = call([=] { return GetBackgroundWorkerPid(handle, out); });
  if (pid != nullptr) *pid = found;
  switch (status) {
    case BGWH_STARTED: return State::started;
    case BGWH_NOT_YET_STARTED: return State::not_yet_started;
    case BGWH_STOPPED:
    case BGWH_POSTMASTER_DIED: return State::stopped;
  }
  return State::stopped;
}

std::unique_ptr<WorkerHandle> start_dynamic_worker(const char* function, const char* name, const char* type,
                                                   std::int32_t argument) {
  BackgroundWorkerHandle* handle = call([=]() -> BackgroundWorkerHandle* {
    BackgroundWorker worker;
    fill(worker, function, name, type);
    worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
    worker.bgw_restart_time = BGW_NEVER_RESTART;
    worker.bgw_main_arg = Int32GetDatum(argument);
    worker.bgw_notify_pid = MyProcPid;
    BackgroundWorkerHandle* made = nullptr;
    const MemoryContext previous = MemoryContextSwitchTo(TopMemoryContext);
    const bool registered = RegisterDynamicBackgroundWorker(&worker, &made);
    MemoryContextSwitchTo(previous);
    return registered ? made : nullptr;
  });
  if (handle == nullptr) return nullptr;
  return std::make_unique<WorkerHandle>(handle);
}

void begin_worker(StopMode mode) {
  pqsignal(SIGHUP, SignalHandlerForConfigReload);
  pqsignal(SIGTERM, mode == StopMode::at_once ? stop_at_once : stop_when_done);
  BackgroundWorkerUnblockSignals();
}

void connect_worker(std::uint32_t database, std::uint32_t role) {
  call([=] { BackgroundWorkerInitializeConnectionByOid(database, role, 0); });
}

bool stop_requested() noexcept { return stop_flag != 0; }

bool reload_if_asked() {
  if (ConfigReloadPending == 0) return false;
  ConfigReloadPending = 0;
  call([] { ProcessConfigFile(PGC_SIGHUP); });
  return true;
}

void report_activity(const char* text) noexcept { pgstat_report_activity(STATE_RUNNING, text); }

void report_idle() noexcept { pgstat_report_activity(STATE_IDLE, nullptr); }

void set_application_name(const char* name) {
  call([=] { SetConfigOption("application_name", name, PGC_USERSET, PGC_S_OVERRIDE); });
}

void exit_process(int code) {
  proc_exit(code);
  pg_unreachable();
}

bool binary_upgrade() noexcept { return IsBinaryUpgrade; }

}  // namespace pgops::pg
