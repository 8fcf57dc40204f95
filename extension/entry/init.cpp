// extension/entry: _PG_init. A flat list of what is registered while the server preloads the library.
#include "extension/pg/function.hpp"

#include "extension/audit/notes.hpp"
#include "extension/pg/bgworker.hpp"
#include "extension/pg/guc.hpp"
#include "extension/pg/sync.hpp"
#include "extension/runtime/shared.hpp"
#include "extension/trace/shared.hpp"

extern "C" {
PG_MODULE_MAGIC;
void _PG_init(void);
}

void _PG_init(void) {
  pgops::pg::entry([] {
    // Loaded later (by a function call in a server that does not preload us): functions that need no
    // shared memory work; the others say what is missing.
    if (!process_shared_preload_libraries_in_progress) return;
    pgops::pg::guc::define_all();
    pgops::runtime::register_shared();
    pgops::trace::register_shared();
    pgops::audit::register_shared();
    pgops::pg::install_shared_memory_hooks();
    if (!pgops::pg::binary_upgrade()) pgops::pg::register_static_worker("pgops_launcher_main", "pg_ops launcher");
  });
}
