// extension/pg: definition of our settings. Each one's description says unit and reason; the
// reference page of the documentation is checked against pg_settings.
#include "extension/pg/door.hpp"
#include "extension/pg/guc.hpp"

#include <climits>

extern "C" {
#include "utils/guc.h"
}

namespace pgops::pg::guc {

char* databases = nullptr;
int max_executors = 8;
char* worker_socket = nullptr;
int shared_memory_kb = 32 * 1024;
bool enabled = true;
int executor_idle_timeout_ms = 60 * 1000;
int executor_memory_kb = 256 * 1024;
int trace_retention_minutes = 30 * 24 * 60;
int payload_retention_minutes = 7 * 24 * 60;
bool require_trace = false;
char* inspector_url = nullptr;
char* tenant = nullptr;
int request_timeout_ms = 60 * 1000;
int max_calls = 32;
int max_replans = 2;
char* default_planner = nullptr;
char* locale = nullptr;
bool progress = false;
int text_width = 100;

namespace {

constexpr int kMaxRequestTimeoutMs = 3600 * 1000;
int system_request_timeout_ms = 60 * 1000;

// A value from a configuration file, the command line or a superuser's ALTER SYSTEM is the system's; a
// session, a role or a database may only go below it.
bool check_request_timeout(int* value, void** /*extra*/, GucSource source) {
  if (source <= PGC_S_ARGV) {
    // Also called when a reload finds a session's own value in front of the file's.
    system_request_timeout_ms = *value;
    return true;
  }
  if (*value > system_request_timeout_ms) {
    GUC_check_errdetail("pg_ops.request_timeout may only be lowered; the system's value is %d ms.",
                        system_request_timeout_ms);
    return false;
  }
  return true;
}

bool check_one_of(char** value, const char* const* allowed, const char* what) {
  for (const char* const* candidate = allowed; *candidate != nullptr; candidate++) {
    if (strcmp(*value, *candidate) == 0) return true;
  }
  GUC_check_errdetail("%s", what);
  return false;
}

bool check_planner(char** value, void** /*extra*/, GucSource /*source*/) {
  static const char* const allowed[] = {"capability", nullptr};
  return check_one_of(value, allowed, "The planners of this version are: capability.");
}

bool check_locale(char** value, void** /*extra*/, GucSource /*source*/) {
  static const char* const allowed[] = {"en", "ko", nullptr};
  return check_one_of(value, allowed, "The locales of answers are: en, ko.");
}

bool check_socket(char** value, void** /*extra*/, GucSource /*source*/) {
  if (strlen(*value) > 107) {
    GUC_check_errdetail("A Unix socket path has at most 107 bytes.");
    return false;
  }
  return true;
}

}  // namespace

int request_timeout_limit_ms() noexcept { return std::min(request_timeout_ms, system_request_timeout_ms); }

void define_all() {
  call([] {
    DefineCustomStringVariable("pg_ops.databases", "Databases in which the scheduler runs, separated by commas.",
                               "Executors and the trace writer start in any database with its first request.",
                               &databases, "postgres", PGC_POSTMASTER, GUC_LIST_INPUT, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("pg_ops.max_executors", "Executor processes per database.",
                            "Each takes one slot of max_worker_processes while it runs.", &max_executors, 8, 1, 64,
                            PGC_POSTMASTER, 0, nullptr, nullptr, nullptr);
    DefineCustomStringVariable("pg_ops.worker_socket", "Path of the sidecar's Unix socket.",
                               "Never settable by a user: whoever owns the socket sees tool calls.", &worker_socket,
                               "/run/pg_ops/worker.sock", PGC_POSTMASTER, GUC_SUPERUSER_ONLY, check_socket, nullptr,
                               nullptr);
    DefineCustomIntVariable("pg_ops.shared_memory", "Upper bound of the shared memory of pg_ops.",
                            "Divided among tasks and trace tickets of all databases.", &shared_memory_kb, 32 * 1024,
                            8 * 1024, 4 * 1024 * 1024, PGC_POSTMASTER, GUC_UNIT_KB, nullptr, nullptr, nullptr);

    DefineCustomBoolVariable("pg_ops.enabled", "Answer requests at all.",
                             "Off refuses every request at once: the kill switch.", &enabled, true, PGC_SIGHUP, 0,
                             nullptr, nullptr, nullptr);
    DefineCustomIntVariable("pg_ops.executor_idle_timeout", "An executor without work exits after this time.", nullptr,
                            &executor_idle_timeout_ms, 60 * 1000, 100, INT_MAX, PGC_SIGHUP, GUC_UNIT_MS, nullptr,
                            nullptr, nullptr);
    DefineCustomIntVariable("pg_ops.executor_memory", "Memory one executor may allocate.",
                            "A statement that needs more ends with a clean out-of-memory error.", &executor_memory_kb,
                            256 * 1024, 32 * 1024, INT_MAX, PGC_SIGHUP, GUC_UNIT_KB, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("pg_ops.trace_retention", "Traces older than this are dropped.", "0 keeps them forever.",
                            &trace_retention_minutes, 30 * 24 * 60, 0, INT_MAX, PGC_SIGHUP, GUC_UNIT_MIN, nullptr,
                            nullptr, nullptr);
    DefineCustomIntVariable("pg_ops.payload_retention",
                            "Recorded arguments and results older than this are removed from traces.",
                            "0 keeps them as long as the trace.", &payload_retention_minutes, 7 * 24 * 60, 0, INT_MAX,
                            PGC_SIGHUP, GUC_UNIT_MIN, nullptr, nullptr, nullptr);
    DefineCustomBoolVariable("pg_ops.require_trace", "An answer whose trace cannot be stored is an error.", nullptr,
                             &require_trace, false, PGC_SIGHUP, 0, nullptr, nullptr, nullptr);
    DefineCustomStringVariable("pg_ops.inspector_url", "Base address of the inspector, for links in answers.", nullptr,
                               &inspector_url, "", PGC_SIGHUP, 0, nullptr, nullptr, nullptr);

    DefineCustomStringVariable("pg_ops.tenant", "The current tenant.",
                               "Set by ops.set_tenant() for the transaction; never set it by hand.", &tenant, "",
                               PGC_SUSET, GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE, nullptr, nullptr, nullptr);

    DefineCustomIntVariable("pg_ops.request_timeout", "Whole-request deadline.",
                            "A session may lower the system's value, never raise it.", &request_timeout_ms, 60 * 1000,
                            1, kMaxRequestTimeoutMs, PGC_USERSET, GUC_UNIT_MS, check_request_timeout, nullptr, nullptr);
    DefineCustomIntVariable("pg_ops.max_calls", "Tool calls one plan may contain.", nullptr, &max_calls, 32, 1, 256,
                            PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("pg_ops.max_replans", "Times one request may be planned again.", nullptr, &max_replans, 2,
                            0, 10, PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomStringVariable("pg_ops.default_planner", "The planner used when a request names none.", nullptr,
                               &default_planner, "capability", PGC_USERSET, 0, check_planner, nullptr, nullptr);
    DefineCustomStringVariable("pg_ops.locale", "Language of answers: en or ko.", nullptr, &locale, "en", PGC_USERSET,
                               0, check_locale, nullptr, nullptr);
    DefineCustomBoolVariable("pg_ops.progress", "Tell the client what a request of more than 2 s is doing.",
                             "In NOTICE messages, for people at a terminal.", &progress, false, PGC_USERSET, 0, nullptr,
                             nullptr, nullptr);
    DefineCustomIntVariable("pg_ops.text_width", "Columns that ops.ask_text() and ops.to_text() may take.",
                            "The server cannot see how wide the terminal is.", &text_width, 100, 40, 1000, PGC_USERSET,
                            0, nullptr, nullptr, nullptr);
    MarkGUCPrefixReserved("pg_ops");
  });
}

}  // namespace pgops::pg::guc
