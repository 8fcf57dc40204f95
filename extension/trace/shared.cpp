// extension/trace: layout of the ticket tables. See shared.hpp.
#include "extension/trace/shared.hpp"

#include <algorithm>
#include <cstddef>

#include "extension/pg/guc.hpp"

namespace pgops::trace {

namespace {

struct alignas(64) Head {
  pg::ConditionVariable freed[pg::kMaxDatabases];
  std::uint32_t slots;
};

Head* head = nullptr;
void* memory_of_part = nullptr;

// Half of pg_ops.shared_memory; the tasks of the executors have the other half.
std::uint32_t slots_per_database() {
  const auto budget = static_cast<std::size_t>(pg::guc::shared_memory_kb) * 1024 / 2;
  const std::size_t count = budget / pg::kMaxDatabases / sizeof(Slot);
  return static_cast<std::uint32_t>(std::clamp<std::size_t>(count, 32, 1024));
}

std::size_t stride(std::uint32_t slots) { return (Ring::bytes(slots) + 63) / 64 * 64; }

std::size_t part_size() { return 64 + sizeof(Head) + pg::kMaxDatabases * stride(slots_per_database()); }

// The server aligns to less than a cache line.
std::byte* aligned(void* memory) {
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  return static_cast<std::byte*>(memory) + (64 - address % 64) % 64;
}

void init_part(void* memory) {
  auto* made = reinterpret_cast<Head*>(aligned(memory));
  made->slots = slots_per_database();
  for (int d = 0; d < pg::kMaxDatabases; d++) {
    pg::cv_init(made->freed[d]);
    Ring::create(reinterpret_cast<std::byte*>(made + 1) + static_cast<std::size_t>(d) * stride(made->slots),
                 made->slots);
  }
}

Head& shared_head() noexcept {
  if (head == nullptr) head = reinterpret_cast<Head*>(aligned(memory_of_part));
  return *head;
}

}  // namespace

void register_shared() { pg::register_shared_part({"pg_ops traces", part_size, init_part, &memory_of_part}); }

Ring ring_of(int database_index) noexcept {
  Head& top = shared_head();
  return Ring(reinterpret_cast<std::byte*>(&top + 1) + static_cast<std::size_t>(database_index) * stride(top.slots));
}

pg::ConditionVariable& slot_freed(int database_index) noexcept { return shared_head().freed[database_index]; }

bool requests_come_alone(int database_index) noexcept {
  return ring_of(database_index).writer().alone.load(std::memory_order_relaxed) != 0;
}

void announce_free_slot(int database_index) noexcept {
  if (ring_of(database_index).waiting_for_slot().load(std::memory_order_seq_cst) != 0) {
    pg::cv_broadcast(slot_freed(database_index));
  }
}

}  // namespace pgops::trace
