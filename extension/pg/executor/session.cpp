// extension/pg/executor: pinned settings, transaction and reset of an executor. See session.hpp.
#include "extension/pg/executor/session.hpp"

#include "extension/pg/executor/stuck.hpp"
#include "extension/pg/guc.hpp"

#include <signal.h>
#include <sys/resource.h>

extern "C" {
#include "access/parallel.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "commands/async.h"
#include "commands/prepare.h"
#include "commands/sequence.h"
#include "libpq/pqsignal.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"
}

namespace pgops::pg::executor {

namespace {

const volatile std::uint64_t* cancel_source = nullptr;
volatile sig_atomic_t in_task = 0;
volatile std::uint64_t current_task = 0;
volatile sig_atomic_t last_reason = 0;

// SIGINT comes from the statement timer (this process itself), from a caller that gave up on a task, or
// from an administrator. A caller's late signal can hit the next task: the id it left says which it meant.
void on_interrupt(SIGNAL_ARGS) {
  (void)postgres_signal_arg;
  const int saved_errno = errno;
  if (in_task != 0) {
    const std::uint64_t meant = cancel_source == nullptr ? 0 : *cancel_source;
    CancelReason reason = CancelReason::none;
    if (get_timeout_indicator(STATEMENT_TIMEOUT, false)) {
      reason = CancelReason::timer;
    } else if (meant == current_task) {
      reason = CancelReason::caller;
    } else if (meant == 0) {
      reason = CancelReason::administrator;
    }
    if (reason != CancelReason::none) {
      last_reason = static_cast<sig_atomic_t>(reason);
      InterruptPending = true;
      QueryCancelPending = true;
      SetLatch(MyLatch);
    }
  }
  errno = saved_errno;
}

// A cancel that came after the task was taken and before it counted as running was for nobody then.
void honour_early_cancel() noexcept {
  if (cancel_source == nullptr || *cancel_source != current_task) return;
  last_reason = static_cast<sig_atomic_t>(CancelReason::caller);
  InterruptPending = true;
  QueryCancelPending = true;
}

struct Pin {
  const char* name;
  const char* value;
};

// ALTER ROLE / ALTER DATABASE ... SET and postgresql.conf reach background workers too. These decide what
// a statement means or what it may use up, so they are not left to anybody.
constexpr Pin kPins[] = {
    {"search_path", "pg_catalog"},
    {"row_security", "on"},
    {"standard_conforming_strings", "on"},
    {"escape_string_warning", "off"},
    {"backslash_quote", "safe_encoding"},
    {"transform_null_equals", "off"},
    {"array_nulls", "on"},
    {"default_transaction_read_only", "on"},
    {"default_transaction_isolation", "read committed"},
    {"DateStyle", "ISO, YMD"},
    {"IntervalStyle", "iso_8601"},
    {"bytea_output", "hex"},
    {"extra_float_digits", "1"},
    {"lc_messages", "C"},
    {"xmloption", "content"},
    {"xmlbinary", "base64"},
    {"jit", "off"},
    {"statement_timeout", "0"},
    {"lock_timeout", "0"},
    {"idle_in_transaction_session_timeout", "0"},
    {"idle_session_timeout", "0"},
    // Parallel workers are no children of this process: its memory limit would not bind them.
    {"max_parallel_workers_per_gather", "0"},
    {"temp_file_limit", "1048576"},
    {"work_mem", "16384"},
    {"hash_mem_multiplier", "2"},
    {"check_function_bodies", "on"},
    {"session_replication_role", "origin"},
    {"synchronize_seqscans", "on"},
    {"constraint_exclusion", "partition"},
    {"log_min_duration_statement", "-1"},
    {"log_statement", "none"},
    {"log_duration", "off"},
    {"log_min_error_statement", "panic"},
    {"debug_print_parse", "off"},
    {"debug_print_rewritten", "off"},
    {"debug_print_plan", "off"},
};

void limit_memory() {
  // RLIMIT_DATA counts private writable memory: what the process has now is the base line.
  std::int64_t used_kb = 0;
  if (FILE* status = fopen("/proc/self/status", "r"); status != nullptr) {
    char line[256];
    while (fgets(line, sizeof(line), status) != nullptr) {
      long value = 0;
      if (sscanf(line, "VmData: %ld kB", &value) == 1) used_kb = value;
    }
    (void)fclose(status);
  }
  if (used_kb == 0) return;
  const auto limit = static_cast<rlim_t>(used_kb + guc::executor_memory_kb) * 1024;
  rlimit bounds = {limit, limit};
  (void)setrlimit(RLIMIT_DATA, &bounds);
}

void reset_session() {
  LockReleaseAll(USER_LOCKMETHOD, true);
  PortalHashTableDeleteAll();
  DropAllPreparedStatements();
  Async_UnlistenAll();
  ResetSequenceCaches();
  Oid temporary = InvalidOid;
  Oid temporary_toast = InvalidOid;
  GetTempNamespaceState(&temporary, &temporary_toast);
  // READ ONLY under SECURITY_RESTRICTED_OPERATION cannot make one; should it ever exist, start afresh.
  if (OidIsValid(temporary)) proc_exit(1);
}

void begin(const char* label, int timeout, const char* tenant, const char* zone, Oid run_as, std::int64_t now_us) {
  call([=] {
    pgstat_report_activity(STATE_RUNNING, label);
    SetCurrentStatementStartTimestamp();
    StartTransactionCommand();
    in_task = 1;
    honour_early_cancel();
    enable_timeout_after(STATEMENT_TIMEOUT, timeout);
    XactReadOnly = true;
    XactIsoLevel = XACT_READ_COMMITTED;
    if (now_us != 0) {
      constexpr std::int64_t kUnixToPostgres =
          std::int64_t{POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE} * SECS_PER_DAY * USECS_PER_SEC;
      // The one way to set now() is that of parallel workers, and it asserts that it runs in one. Nothing that can
      // fail stands between the two assignments.
      const int number = ParallelWorkerNumber;
      ParallelWorkerNumber = 0;
      SetParallelStartTimestamps(now_us - kUnixToPostgres, now_us - kUnixToPostgres);
      ParallelWorkerNumber = number;
    }
    (void)set_config_option("pg_ops.tenant", tenant, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
    // Most callers live where the server does: then there is nothing to set, nor to reset.
    if (zone != nullptr && strcmp(zone, pg_get_timezone_name(session_timezone)) != 0) {
      (void)set_config_option("TimeZone", zone, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
    }
    SetUserIdAndSecContext(run_as, SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
    PushActiveSnapshot(GetTransactionSnapshot());
  });
}

void end() noexcept {
  // Cancels that come from now on are for nobody.
  in_task = 0;
  try {
    call([] {
      disable_timeout(STATEMENT_TIMEOUT, false);
      QueryCancelPending = false;
      AbortCurrentTransaction();
      QueryCancelPending = false;
      reset_session();
      pgstat_report_stat(false);
      pgstat_report_activity(STATE_IDLE, nullptr);
    });
  } catch (...) {
    // A session that cannot be reset must not serve anybody again; exit code 1 is a stop, not a crash.
    proc_exit(1);
  }
  current_task = 0;
}

}  // namespace

void set_cancel_source(const volatile std::uint64_t* cancel_task_id) noexcept { cancel_source = cancel_task_id; }

CancelReason cancel_reason() noexcept { return static_cast<CancelReason>(last_reason); }

void prepare_process() {
  pqsignal(SIGINT, on_interrupt);
  prepare_for_stuck_statements();
  call([] {
    for (const Pin& pin : kPins) {
      // As a session's own setting: `reset_val` in pg_settings goes on showing what the server's other sessions get.
      (void)set_config_option(pin.name, pin.value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SET, true, 0, false);
    }
  });
  limit_memory();
}

TaskTransaction::TaskTransaction(const Request& request, std::uint64_t task_id) {
  current_task = task_id;
  last_reason = 0;
  QueryCancelPending = false;
  const int timeout = static_cast<int>(std::clamp<std::int64_t>(request.timeout_ms, 1, INT_MAX / 2));
  const char* label = request.label.c_str();
  const char* tenant = request.tenant.c_str();
  const char* zone = request.timezone.empty() ? nullptr : request.timezone.c_str();
  const Oid run_as = request.run_as;
  const std::int64_t now_us = request.now_us;
  try {
    begin(label, timeout, tenant, zone, run_as, now_us);
  } catch (...) {
    end();
    throw;
  }
}

TaskTransaction::~TaskTransaction() { end(); }

}  // namespace pgops::pg::executor
