// extension/audit: the queue of notes in shared memory. See notes.hpp.
#include "extension/audit/notes.hpp"

#include <atomic>
#include <cstring>
#include <new>

#include "core/digest.hpp"
#include "core/utf8.hpp"
#include "core/uuid7.hpp"
#include "extension/pg/commit.hpp"
#include "extension/pg/denials.hpp"
#include "extension/pg/error.hpp"
#include "extension/pg/memory.hpp"
#include "extension/pg/sync.hpp"
#include "extension/runtime/shared.hpp"

namespace pgops::audit {

namespace {

constexpr std::uint32_t kSlots = 64;
constexpr std::size_t kNoteBytes = 2048;
constexpr std::size_t kMaxText = 400;

enum class State : std::uint32_t { free, filling, ready };

struct Slot {
  std::atomic<State> state;
  std::uint32_t database;  // an entry may pass to another database
  std::uint32_t size;
  char text[kNoteBytes];
};

struct Queue {
  std::atomic<std::uint32_t> wish;  // 1: rows were committed
  std::atomic<std::uint64_t> dropped;
  std::atomic<std::uint64_t> stored;
  std::atomic<std::uint64_t> failures;
  std::atomic<std::int64_t> last_position;
  Slot slots[kSlots];
};

Queue* queues = nullptr;  // one per database entry

std::size_t part_size() { return sizeof(Queue) * pg::kMaxDatabases; }
void init_part(void* memory) {
  for (int d = 0; d < pg::kMaxDatabases; d++) {
    auto* queue = new (static_cast<Queue*>(memory) + d) Queue{};
    for (Slot& slot : queue->slots) slot.state.store(State::free);
  }
}

void wake_writer(int database_index) noexcept { pg::wake(runtime::shared->databases[database_index].writer); }

std::string fresh_id() {
  const auto [high, low] = pg::random_pair();
  return make_uuid7(pg::wall_clock_us() / 1000, high, low).to_string();
}

std::string_view cut(std::string_view text) { return utf8_truncate(text, kMaxText); }

Json about(const pg::Denial& who, const char* what) {
  Json note = Json::object();
  note.set("note", what);
  note.set("id", fresh_id());
  note.set("at_us", pg::wall_clock_us());
  note.set("actor", static_cast<std::int64_t>(who.actor));
  note.set("login", static_cast<std::int64_t>(who.login));
  return note;
}

// No catalog access, no error, no wait: the transaction may be failing.
void put(const Json& note, int index) {
  const std::string text = note.dump();
  Queue& queue = queues[index];
  if (text.size() <= kNoteBytes) {
    for (Slot& slot : queue.slots) {
      State expected = State::free;
      if (slot.state.load(std::memory_order_relaxed) != State::free ||
          !slot.state.compare_exchange_strong(expected, State::filling, std::memory_order_acquire)) {
        continue;
      }
      slot.database = pg::database_oid();
      slot.size = static_cast<std::uint32_t>(text.size());
      std::memcpy(slot.text, text.data(), text.size());
      slot.state.store(State::ready, std::memory_order_release);
      if (!runtime::shared->databases[index].stopped) runtime::want_writer(index);
      wake_writer(index);
      return;
    }
  }
  queue.dropped.fetch_add(1);
}

int entry_index(bool may_claim) {
  if (runtime::shared == nullptr || queues == nullptr || pg::is_standby()) return -1;
  const int known = runtime::find_database(pg::database_oid());
  return known >= 0 || !may_claim ? known : runtime::enter_database();
}

void on_denial(const pg::Denial& denial) noexcept {
  try {
    // An error of the server's is being reported: no catalog may be read, so no entry claimed.
    const int index = entry_index(!denial.function.empty() && denial.function != "schema_ops");
    if (index < 0) return;
    Json note = about(denial, "denied");
    note.set("function", cut(denial.function));
    note.set("message", cut(denial.message));
    note.set("tenant", cut(denial.tenant));
    note.set("statement", denial.statement.empty() ? Json() : Json("sha256:" + sha256_hex(denial.statement)));
    put(note, index);
  } catch (...) {
    // The statement fails with its own error, which matters more than its note.
  }
}

// The process that commits rows: between PRE_COMMIT, where a writer may be asked for, and COMMIT, where
// nothing may fail and only the latch is set.
void before_commit() {
  int index = -1;
  try {
    index = entry_index(true);
  } catch (const Failure&) {
    // As many databases are served as can be: the act stands, its row waits for a writer.
    return;
  } catch (const pg::Error& error) {
    if (error.from_server) throw;
    return;
  }
  if (index >= 0 && !runtime::shared->databases[index].stopped) runtime::want_writer(index);
}
void after_commit() noexcept {
  const int index = runtime::find_database(pg::database_oid());
  if (index < 0) return;
  queues[index].wish.store(1, std::memory_order_seq_cst);
  wake_writer(index);
}

}  // namespace

void register_shared() {
  pg::register_shared_part({"pg_ops audit", part_size, init_part, reinterpret_cast<void**>(&queues)});
  pg::install_denial_hooks(on_denial);
}

void note_refusal(const Refusal& refusal) noexcept {
  try {
    const int index = entry_index(false);
    if (index < 0) return;
    pg::Denial who;
    pg::fill_identity(who);
    Json note = about(who, "refusal");
    note.set("door", cut(refusal.door));
    note.set("tool", cut(refusal.tool));
    note.set("tenant", cut(refusal.tenant));
    note.set("rule", cut(refusal.rule));
    note.set("code", cut(refusal.error_code));
    note.set("message", cut(refusal.message));
    note.set("hint", cut(refusal.hint));
    note.set("statement", refusal.digest.empty() ? Json() : Json("sha256:" + refusal.digest));
    note.set("trace_id", refusal.trace_id.empty() ? Json() : Json(refusal.trace_id));
    put(note, index);
  } catch (...) {
    // The refusal itself reaches the caller; only its entry in the list is missing.
  }
}

void wake_sealer_at_commit() {
  if (runtime::shared == nullptr || queues == nullptr || pg::is_standby()) return;
  pg::at_commit(before_commit, after_commit);
}

QueueHealth health(int database_index) noexcept {
  QueueHealth out;
  Queue& queue = queues[database_index];
  for (const Slot& slot : queue.slots) out.waiting += slot.state.load() == State::ready ? 1U : 0U;
  out.dropped = queue.dropped.load();
  out.stored = queue.stored.load();
  out.failures = queue.failures.load();
  out.last_position = queue.last_position.load();
  return out;
}

Taken take(int database_index) {
  Taken out;
  Queue& queue = queues[database_index];
  for (std::uint32_t i = 0; i < kSlots; i++) {
    Slot& slot = queue.slots[i];
    if (slot.state.load(std::memory_order_acquire) != State::ready) continue;
    out.slots.push_back(i);
    if (slot.database != pg::database_oid()) continue;
    auto note = Json::parse({slot.text, slot.size});
    if (note) out.notes.push_back(*std::move(note));
  }
  return out;
}

void forget(int database_index, const Taken& taken) noexcept {
  for (const std::uint32_t i : taken.slots) {
    queues[database_index].slots[i].state.store(State::free, std::memory_order_release);
  }
}

bool any_ready(int database_index) noexcept {
  for (const Slot& slot : queues[database_index].slots) {
    if (slot.state.load(std::memory_order_acquire) == State::ready) return true;
  }
  return false;
}

bool claim_wish(int database_index) noexcept {
  return queues[database_index].wish.exchange(0, std::memory_order_seq_cst) != 0;
}

void publish(int database_index, std::uint64_t stored, bool failed, std::int64_t last_position) noexcept {
  Queue& queue = queues[database_index];
  queue.stored.fetch_add(stored);
  if (failed) queue.failures.fetch_add(1);
  if (last_position > 0) queue.last_position.store(last_position);
}

}  // namespace pgops::audit
