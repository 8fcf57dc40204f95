// extension/pg: our settings. The default of each lives on its variable; context, unit and range in
// guc.cpp. Free of postgres.h.
#pragma once

namespace pgops::pg::guc {

// postmaster
extern char* databases;       // comma-separated; where the scheduler runs
extern int max_executors;     // per database
extern char* worker_socket;   // path of the sidecar's Unix socket
extern int shared_memory_kb;  // upper bound of our shared memory
// sighup
extern bool enabled;                  // kill switch
extern int executor_idle_timeout_ms;  // an idle executor exits after this
extern int executor_memory_kb;        // address space an executor may add for one task
extern int trace_retention_minutes;
extern int payload_retention_minutes;
extern bool require_trace;
extern char* inspector_url;
// superuser, set by the extension only
extern char* tenant;
// user
extern int request_timeout_ms;  // 0 = the system's
extern int max_calls;
extern int max_replans;
extern char* default_planner;
extern char* locale;
extern bool progress;
extern int text_width;  // columns

// The system's request timeout: what the configuration files say; a session may only lower it.
int request_timeout_limit_ms() noexcept;

// Defines all of them; call once from _PG_init while preloading.
void define_all();

}  // namespace pgops::pg::guc
