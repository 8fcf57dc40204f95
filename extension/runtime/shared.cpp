// extension/runtime: layout and claiming of the shared structure. See shared.hpp.
#include "extension/runtime/shared.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/version.hpp"
#include "extension/pg/error.hpp"
#include "extension/pg/guc.hpp"
#include "extension/pg/memory.hpp"
#include "extension/pg/values.hpp"

namespace pgops::runtime {

Shared* shared = nullptr;

namespace {

// The postmaster starts the launcher again after a second; a launcher that never was has found no slot.
constexpr std::int64_t kLauncherRestartUs = 3'000'000;
constexpr std::int64_t kLauncherStartUs = 300'000;

// Half of the budget goes to tasks; the rest is the trace tickets'.
int tasks_per_database() {
  const auto budget = static_cast<std::size_t>(pg::guc::shared_memory_kb) * 1024 / 2;
  const auto count = budget / sizeof(Task) / pg::kMaxDatabases;
  return static_cast<int>(std::clamp<std::size_t>(count, 48, 4096));
}

std::size_t shared_size() {
  const auto tasks = static_cast<std::size_t>(tasks_per_database()) * pg::kMaxDatabases;
  return sizeof(Shared) + tasks * sizeof(Task);
}

void init_shared(void* memory) {
  auto* made = static_cast<Shared*>(memory);
  made->version = kShmemVersion;
  made->tasks_per_database = tasks_per_database();
  made->task_count = made->tasks_per_database * pg::kMaxDatabases;
  made->next_task_id = 1;
  for (int d = 0; d < pg::kMaxDatabases; d++) {
    made->first_task[d] = d * made->tasks_per_database;
    DatabaseEntry& entry = made->databases[d];
    entry.queue_head = entry.queue_tail = -1;
    for (WorkerSlot& slot : entry.slots) slot.task = -1;
  }
  for (int t = 0; t < made->task_count; t++) {
    made->tasks[t].slot = made->tasks[t].next = -1;
    made->tasks[t].database_index = t / made->tasks_per_database;
  }
}

// Databases that were dropped by force leave their entries behind.
void release_dropped() {
  for (int d = 0; d < pg::kMaxDatabases; d++) {
    const std::uint32_t database = shared->databases[d].database;
    if (database != 0 && !pg::database_exists(database)) release_entry(d, database);
  }
}

int find_or_claim(std::uint32_t database) {
  pg::LwGuard guard(pg::kLockDatabases);
  const int index = find_database(database);
  if (index >= 0) return index;
  for (int d = 0; d < pg::kMaxDatabases; d++) {
    if (shared->databases[d].database != 0) continue;
    shared->databases[d].database = database;
    return d;
  }
  return -1;
}

}  // namespace

void register_shared() {
  pg::register_shared_part({"pg_ops runtime", shared_size, init_shared, reinterpret_cast<void**>(&shared)});
}

int find_database(std::uint32_t database) noexcept {
  for (int d = 0; d < pg::kMaxDatabases; d++) {
    if (shared->databases[d].database == database) return d;
  }
  return -1;
}

int enter_database() {
  if (shared == nullptr) {
    pg::raise_sqlstate("55000", "INTERNAL_ERROR: pg_ops is not preloaded", {},
                       "Add pg_ops to shared_preload_libraries in postgresql.conf and restart the server.");
  }
  const std::uint32_t database = pg::database_oid();
  const std::uint32_t executor = pg::role_oid("ops_executor");
  const std::uint32_t writer = pg::role_oid("ops_writer");
  const std::uint32_t owner = pg::role_oid("ops_owner");
  if (executor == 0 || writer == 0 || owner == 0) {
    pg::raise_sqlstate(
        "42704", "INTERNAL_ERROR: a role of pg_ops is missing", {},
        "Create the extension again: its script makes the roles ops_executor, ops_writer and ops_owner.");
  }
  int index = find_database(database);
  if (index < 0) index = find_or_claim(database);
  if (index < 0) {
    release_dropped();
    index = find_or_claim(database);
  }
  if (index < 0) {
    pg::raise(Code::overloaded, "this server serves as many databases as it can", {},
              "Call ops.stop_workers() in a database that no longer needs pg_ops.");
  }
  DatabaseEntry& entry = shared->databases[index];
  if (entry.executor_role != executor || entry.writer_role != writer || entry.owner_role != owner || entry.stopped) {
    pg::LwGuard guard(pg::lock_tasks(index));
    entry.executor_role = executor;
    entry.writer_role = writer;
    entry.owner_role = owner;
    entry.stopped = false;
  }
  return index;
}

void release_entry(int index, std::uint32_t database) {
  DatabaseEntry& entry = shared->databases[index];
  pg::LwGuard databases(pg::kLockDatabases);
  pg::LwGuard guard(pg::lock_tasks(index));
  if (entry.database != database) return;
  for (const WorkerSlot& slot : entry.slots) {
    if (slot.state != WorkerState::empty) return;
  }
  const int begin = shared->first_task[index];
  for (int t = begin; t < begin + shared->tasks_per_database; t++) {
    if (shared->tasks[t].state != TaskState::free) return;
  }
  entry.database = 0;
}

void wake_launcher() noexcept { pg::wake(shared->launcher); }

bool launcher_missing(std::int64_t since_us) noexcept {
  if (shared->launcher.pid != 0) return false;
  return pg::monotonic_us() - since_us > (shared->launcher_seen ? kLauncherRestartUs : kLauncherStartUs);
}

void want_writer(int database_index) {
  DatabaseEntry& entry = shared->databases[database_index];
  if (entry.writer.pid != 0) return;
  {
    pg::LwGuard guard(pg::lock_tasks(database_index));
    int free_slot = -1;
    for (int s = 0; s < kMaxWorkerSlots; s++) {
      const WorkerSlot& slot = entry.slots[s];
      if (slot.kind == WorkerKind::writer && slot.state != WorkerState::empty && slot.state != WorkerState::lost)
        return;
      if (slot.state == WorkerState::empty && free_slot < 0) free_slot = s;
    }
    if (free_slot < 0) return;
    entry.slots[free_slot].kind = WorkerKind::writer;
    entry.slots[free_slot].state = WorkerState::wanted;
  }
  wake_launcher();
}

}  // namespace pgops::runtime
