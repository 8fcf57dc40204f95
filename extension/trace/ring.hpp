// extension/trace: the table of trace tickets that backends and the trace writer share. Header-only and
// free of PostgreSQL, so that it is tested with plain threads (regress/unit/trace_ring_test.cpp).
//
// Vocabulary: a *ticket* is one trace on its way to disk; its *caller* may wait for the outcome
// (kWaited) or have left it (an *orphan*: cancelled, terminated, or in no need of an answer).
//
//   free -> filling -> ready -> writing -> done -> free       with a caller waiting
//   free -> filling -> ready -> writing ---------> free       orphan
//
// Invariants:
// - All that decides who may touch a slot is in the one word `state`; every change of it is a CAS or a
//   store by the only process that may make it. Nothing is locked, so nobody can die holding a lock.
// - filling and done belong to the caller, writing to the writer. A ready slot is never given back
//   without having been written or refused: a caller that leaves only drops kWaited.
// - A slot is freed once, by the caller when it waits, else by the writer.
// - The writer is one process per ring. What it left in `writing` when it died becomes ready again,
//   marked `recovered`: it may have been committed already, so a duplicate key then means stored.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

namespace pgops::trace {

enum class SlotState : std::uint32_t { free, filling, ready, writing, done };
inline constexpr std::uint32_t kWaited = 0x100;

// Row images (extension/pg/trace_row) up to this size travel in the slot, larger ones in a segment of dynamic shared
// memory.
inline constexpr std::size_t kInlineBytes = 12 * 1024;
inline constexpr std::size_t kMaxTenantBytes = 63;

struct Verdict {
  bool durable = false;
  char sqlstate[6] = "";
  char message[190] = "";

  void set(bool ok, std::string_view state, std::string_view text) noexcept {
    durable = ok;
    copy(sqlstate, sizeof sqlstate, state);
    copy(message, sizeof message, text);
  }

 private:
  // Cuts at a UTF-8 character boundary.
  static void copy(char* to, std::size_t room, std::string_view from) noexcept {
    std::size_t n = from.size() < room ? from.size() : room - 1;
    while (n > 0 && n < from.size() && (static_cast<unsigned char>(from[n]) & 0xC0) == 0x80) n--;
    std::memcpy(to, from.data(), n);
    to[n] = '\0';
  }
};

struct Slot {
  std::atomic<std::uint32_t> state;
  std::uint32_t database;  // where it belongs; a table of tickets may pass to another database
  std::int32_t caller;     // process number and id of the caller, whose latch is set at `done`
  std::int32_t caller_pid;
  std::int64_t ready_us;  // when it was handed over, in microseconds of the server's clock
  std::uint32_t size;     // bytes of the row image
  std::uint32_t segment;  // handle of the segment that holds it; 0 = inline
  bool recovered;
  std::array<std::uint8_t, 16> trace_id;
  Verdict verdict;
  alignas(8) char payload[kInlineBytes];
};

// What the writer publishes about itself. Written by the writer, read by anybody.
struct WriterState {
  std::atomic<std::int32_t> pid;      // 0: none
  std::atomic<std::int32_t> process;  // process number, valid while pid != 0
  std::atomic<std::uint32_t> asleep;  // 1: somebody must set its latch after making a slot ready
  // Set while callers come one at a time: then the next one announces its ticket, so that the writer is awake when the
  // ticket comes. Many callers wake each other's writer anyway, and an early one would only store smaller batches.
  std::atomic<std::uint32_t> alone;
  std::atomic<std::int64_t> expects_until_us;  // an announced ticket should be ready by then
  std::atomic<std::uint64_t> written;
  std::atomic<std::uint64_t> failed;
  std::atomic<std::uint64_t> dropped;  // handed over without waiting while every slot was taken
  std::atomic<std::uint64_t> batches;
  // A sequence lock over last_error: odd while it is being written.
  std::atomic<std::uint32_t> error_version;
  std::array<std::atomic<char>, 200> last_error;
};

class Ring {
 public:
  enum class Finished : std::uint8_t { caller_waits, freed };
  enum class Left : std::uint8_t { orphaned, was_done };

  static std::size_t bytes(std::uint32_t slots) noexcept { return sizeof(Header) + slots * sizeof(Slot); }

  // Lays a ring out in zeroed or stale memory, aligned for Slot.
  static void create(void* memory, std::uint32_t slots) noexcept {
    auto* header = new (memory) Header{};
    header->slots = slots;
    auto* first = reinterpret_cast<Slot*>(header + 1);
    for (std::uint32_t i = 0; i < slots; i++) {
      auto* slot = new (first + i) Slot;
      slot->state.store(word(SlotState::free), std::memory_order_relaxed);
      slot->segment = 0;
      slot->recovered = false;
    }
  }

  explicit Ring(void* memory) noexcept
      : header_(static_cast<Header*>(memory)), slots_(reinterpret_cast<Slot*>(header_ + 1)) {}

  std::uint32_t size() const noexcept { return header_->slots; }
  Slot& slot(std::uint32_t i) noexcept { return slots_[i]; }
  WriterState& writer() noexcept { return header_->writer; }
  // Callers that found every slot taken and sleep until one is freed.
  std::atomic<std::uint32_t>& waiting_for_slot() noexcept { return header_->waiting_for_slot; }

  // Caller: free -> filling. Returns the slot's number, -1 when all are taken. `hint` spreads callers.
  int claim(std::uint32_t hint) noexcept {
    for (std::uint32_t n = 0; n < header_->slots; n++) {
      const std::uint32_t i = (hint + n) % header_->slots;
      std::uint32_t expected = word(SlotState::free);
      if (slots_[i].state.load(std::memory_order_relaxed) == expected &&
          slots_[i].state.compare_exchange_strong(expected, word(SlotState::filling), std::memory_order_acquire)) {
        slots_[i].segment = 0;
        slots_[i].recovered = false;
        return static_cast<int>(i);
      }
    }
    return -1;
  }

  // Caller: filling -> ready. True when the writer sleeps and its latch must be set.
  bool publish(std::uint32_t i, bool waited) noexcept {
    slots_[i].state.store(word(SlotState::ready) | (waited ? kWaited : 0), std::memory_order_seq_cst);
    return wake_needed();
  }

  // Caller: a ticket will be ready soon. True when the writer's latch must be set.
  bool announce(std::int64_t until_us) noexcept {
    WriterState& writer = header_->writer;
    if (writer.alone.load(std::memory_order_relaxed) == 0 || writer.asleep.load(std::memory_order_relaxed) == 0) {
      return false;
    }
    writer.expects_until_us.store(until_us, std::memory_order_relaxed);
    return wake_needed();
  }

  // True once for each time the writer fell asleep.
  bool wake_needed() noexcept {
    return header_->writer.asleep.load(std::memory_order_seq_cst) != 0 &&
           header_->writer.asleep.exchange(0, std::memory_order_seq_cst) != 0;
  }

  bool is_done(std::uint32_t i) const noexcept {
    return slots_[i].state.load(std::memory_order_acquire) == (word(SlotState::done) | kWaited);
  }

  // Caller: gives back a slot in filling or done.
  void release(std::uint32_t i) noexcept { slots_[i].state.store(word(SlotState::free), std::memory_order_seq_cst); }

  // Caller: stops waiting. was_done: the verdict can be read, and release() is due.
  Left leave(std::uint32_t i) noexcept {
    std::uint32_t now = slots_[i].state.load(std::memory_order_acquire);
    for (;;) {
      if (state_of(now) == SlotState::done) return Left::was_done;
      if (slots_[i].state.compare_exchange_weak(now, now & ~kWaited, std::memory_order_acq_rel)) return Left::orphaned;
    }
  }

  // Writer: ready -> writing; false when the slot is in another state.
  bool take(std::uint32_t i) noexcept {
    std::uint32_t now = slots_[i].state.load(std::memory_order_acquire);
    while (state_of(now) == SlotState::ready) {
      const std::uint32_t next = word(SlotState::writing) | (now & kWaited);
      if (slots_[i].state.compare_exchange_weak(now, next, std::memory_order_acq_rel)) return true;
    }
    return false;
  }

  // Writer: puts a slot back that it took (writing -> ready).
  void put_back(std::uint32_t i) noexcept {
    std::uint32_t now = slots_[i].state.load(std::memory_order_acquire);
    while (!slots_[i].state.compare_exchange_weak(now, word(SlotState::ready) | (now & kWaited),
                                                  std::memory_order_acq_rel)) {
    }
  }

  // Writer: the ticket is decided; its verdict is filled in, and what it held outside is given back.
  Finished finish(std::uint32_t i) noexcept {
    std::uint32_t now = slots_[i].state.load(std::memory_order_acquire);
    for (;;) {
      const bool waited = (now & kWaited) != 0;
      const std::uint32_t next = waited ? (word(SlotState::done) | kWaited) : word(SlotState::free);
      if (slots_[i].state.compare_exchange_weak(now, next, std::memory_order_seq_cst)) {
        return waited ? Finished::caller_waits : Finished::freed;
      }
    }
  }

  // A new writer, before its first batch.
  std::uint32_t recover() noexcept {
    std::uint32_t found = 0;
    for (std::uint32_t i = 0; i < header_->slots; i++) {
      if (state_of(slots_[i].state.load(std::memory_order_acquire)) != SlotState::writing) continue;
      slots_[i].recovered = true;
      put_back(i);
      found++;
    }
    return found;
  }

  bool any_ready() const noexcept {
    for (std::uint32_t i = 0; i < header_->slots; i++) {
      if (state_of(slots_[i].state.load(std::memory_order_seq_cst)) == SlotState::ready) return true;
    }
    return false;
  }

  struct Counts {
    std::uint32_t taken = 0;     // not free
    std::uint32_t queued = 0;    // ready or being written
    std::int64_t oldest_us = 0;  // ready_us of the oldest queued one; 0 = none
  };
  Counts counts() const noexcept {
    Counts out;
    for (std::uint32_t i = 0; i < header_->slots; i++) {
      const SlotState state = state_of(slots_[i].state.load(std::memory_order_acquire));
      if (state != SlotState::free) out.taken++;
      if (state != SlotState::ready && state != SlotState::writing) continue;
      out.queued++;
      const std::int64_t since = slots_[i].ready_us;  // may be a later ticket's by now: a statistic
      if (out.oldest_us == 0 || since < out.oldest_us) out.oldest_us = since;
    }
    return out;
  }

  // Writer only.
  void set_last_error(std::string_view text) noexcept {
    WriterState& w = header_->writer;
    w.error_version.fetch_add(1, std::memory_order_acq_rel);
    std::size_t n = 0;
    for (; n < text.size() && n + 1 < w.last_error.size(); n++) {
      w.last_error[n].store(text[n], std::memory_order_release);
    }
    w.last_error[n].store('\0', std::memory_order_release);
    w.error_version.fetch_add(1, std::memory_order_release);
  }
  // Fills `out` with a zero-terminated copy; false when the writer kept writing.
  bool last_error(std::array<char, 200>& out) const noexcept {
    const WriterState& w = header_->writer;
    for (int attempt = 0; attempt < 100; attempt++) {
      const std::uint32_t before = w.error_version.load(std::memory_order_acquire);
      for (std::size_t n = 0; n < out.size(); n++) out[n] = w.last_error[n].load(std::memory_order_acquire);
      if ((before & 1) == 0 && w.error_version.load(std::memory_order_relaxed) == before) return true;
    }
    out[0] = '\0';
    return false;
  }

 private:
  struct alignas(64) Header {
    std::uint32_t slots;
    std::atomic<std::uint32_t> waiting_for_slot;
    WriterState writer;
  };

  static constexpr std::uint32_t word(SlotState state) noexcept { return static_cast<std::uint32_t>(state); }
  static constexpr SlotState state_of(std::uint32_t value) noexcept { return static_cast<SlotState>(value & 0xFF); }

  Header* header_;
  Slot* slots_;
};

static_assert(std::atomic<std::uint32_t>::is_always_lock_free && std::atomic<std::uint64_t>::is_always_lock_free,
              "shared memory holds no locks of the C++ library");

}  // namespace pgops::trace
