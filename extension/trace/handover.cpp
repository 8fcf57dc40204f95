// extension/trace: the caller's side of a ticket. See handover.hpp and ring.hpp.
//
// A process holds at most one ticket it is answerable for (`held`): a slot it waits on, or a pinned
// segment not yet attached to a slot. Every way out gives it up: return and exceptions by HeldGuard and Handover,
// FATAL by the process-exit callback. Between claim() and publish() nothing can fail or be interrupted.
#include "extension/trace/handover.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "extension/pg/error.hpp"
#include "extension/pg/memory.hpp"
#include "extension/pg/sync.hpp"
#include "extension/pg/trace_row.hpp"
#include "extension/runtime/patience.hpp"
#include "extension/runtime/shared.hpp"
#include "extension/trace/days.hpp"
#include "extension/trace/shared.hpp"

namespace pgops::trace {

namespace {

constexpr std::int64_t kLookForWriterUs = 50'000;

struct Held {
  int database_index = -1;
  int slot = -1;              // waited for
  std::uint32_t segment = 0;  // pinned, belongs to no ticket yet
  bool waiting_for_slot = false;
};
Held held;

// The last trace this process handed in. A request that is cancelled while it waits for its group commit
// comes again by hand_over_no_wait; it is on its way already.
TraceId handed_in{};

void give_up_held() noexcept {
  if (held.database_index < 0) return;
  Ring ring = ring_of(held.database_index);
  if (held.slot >= 0) {
    const auto slot = static_cast<std::uint32_t>(held.slot);
    held.slot = -1;
    if (ring.leave(slot) == Ring::Left::was_done) {
      ring.release(slot);
      announce_free_slot(held.database_index);
    }
  }
  if (held.waiting_for_slot) {
    held.waiting_for_slot = false;
    ring.waiting_for_slot().fetch_sub(1);
  }
  if (held.segment != 0) {
    const std::uint32_t segment = held.segment;
    held.segment = 0;
    pg::unpin_segment(segment);
  }
}

struct HeldGuard {
  explicit HeldGuard(int database_index) noexcept {
    give_up_held();
    held.database_index = database_index;
  }
  ~HeldGuard() {
    if (!kept_) give_up_held();
  }
  void keep() noexcept { kept_ = true; }  // somebody else gives it up
  HeldGuard(const HeldGuard&) = delete;
  HeldGuard& operator=(const HeldGuard&) = delete;

 private:
  bool kept_ = false;
};

// The trace in the form of the tables, in memory that is used again. Throws what append_row_image() throws.
std::string_view row_image(std::string_view tenant, const Uuid& trace_id, const Json& document) {
  constexpr std::size_t kKeepBytes = std::size_t{64} << 10;
  static std::string buffer;
  if (buffer.capacity() > kKeepBytes) std::string().swap(buffer);
  buffer.clear();
  pg::append_row_image(buffer, {tenant.substr(0, kMaxTenantBytes), trace_id.bytes}, document);
  return buffer;
}

// A pinned segment that holds the row image; belongs to `held` until a ticket takes it over.
std::uint32_t store_in_segment(std::string_view text) {
  pg::Segment segment = pg::create_segment(text.size());
  std::memcpy(segment.data, text.data(), text.size());
  const std::uint32_t handle = segment.handle;
  pg::pin_segment(segment);
  pg::detach_segment(segment);
  return handle;
}

// Fills and publishes a claimed slot. Cannot fail.
void hand_in(Ring& ring, std::uint32_t number, const Uuid& trace_id, std::string_view image, bool waited) noexcept {
  Slot& slot = ring.slot(number);
  const pg::ProcessRef self = pg::this_process();
  slot.database = pg::database_oid();
  slot.caller = self.procno;
  slot.caller_pid = self.pid;
  slot.ready_us = pg::monotonic_us();
  slot.size = static_cast<std::uint32_t>(image.size());
  slot.segment = held.segment;
  slot.trace_id = trace_id.bytes;
  slot.verdict.set(false, "", "");
  if (held.segment == 0) std::memcpy(slot.payload, image.data(), image.size());
  held.segment = 0;
  if (waited) held.slot = static_cast<int>(number);
  handed_in = trace_id.bytes;
  WriterState& writer = ring.writer();
  if (ring.publish(number, waited)) pg::wake({writer.process.load(), writer.pid.load()});
}

int claim_within(Ring& ring, int database_index, std::int64_t deadline_us) {
  const auto hint = static_cast<std::uint32_t>(pg::this_process().procno);
  int slot = ring.claim(hint);
  if (slot >= 0) return slot;
  held.waiting_for_slot = true;
  ring.waiting_for_slot().fetch_add(1);
  pg::ConditionVariable& freed = slot_freed(database_index);
  pg::cv_prepare(freed);
  while ((slot = ring.claim(hint)) < 0) {
    const std::int64_t left = deadline_us - pg::monotonic_us();
    if (left <= 0) break;
    pg::cv_timed_sleep(freed, static_cast<long>(left / 1000 + 1), pg::WaitReason::trace);
  }
  pg::cv_cancel();
  held.waiting_for_slot = false;
  ring.waiting_for_slot().fetch_sub(1);
  return slot;
}

Outcome refused(std::string_view sqlstate, std::string_view message) {
  return {false, std::string(sqlstate), std::string(message)};
}

bool writer_runs(int database_index) noexcept { return runtime::shared->databases[database_index].writer.pid != 0; }

}  // namespace

void announce() noexcept {
  constexpr std::int64_t kSoonUs = 250;
  const int index = runtime::shared == nullptr ? -1 : runtime::find_database(pg::database_oid());
  if (index < 0) return;
  Ring ring = ring_of(index);
  if (ring.announce(pg::monotonic_us() + kSoonUs)) {
    pg::wake({ring.writer().process.load(), ring.writer().pid.load()});
  }
}

Handover::Handover(std::string_view tenant, const Uuid& trace_id, const Json& document, std::chrono::milliseconds wait)
    : begun_us_(pg::monotonic_us()), deadline_us_(begun_us_ + std::max<std::int64_t>(wait.count(), 0) * 1000) {
  if (pg::is_standby()) {
    refused_ = refused("25006", "traces cannot be stored on a standby");
    return;
  }
  const int index = runtime::enter_database();
  pg::at_process_exit(give_up_held);
  HeldGuard guard(index);
  Ring ring = ring_of(index);
  std::string_view image;
  try {
    image = row_image(tenant, trace_id, document);
    if (image.size() > kInlineBytes) held.segment = store_in_segment(image);
  } catch (const pg::Error& error) {
    if (error.is_cancel()) throw;
    refused_ = refused(error.sqlstate, error.message);
    return;
  }
  // Asked for before the wait for a slot: without a writer no slot would ever become free.
  runtime::want_writer(index);
  slot_ = claim_within(ring, index, deadline_us_);
  if (slot_ < 0) {
    refused_ = refused("53400", "every trace ticket is taken");
    return;
  }
  hand_in(ring, static_cast<std::uint32_t>(slot_), trace_id, image, true);
  database_index_ = index;
  guard.keep();
}

Handover::~Handover() {
  if (database_index_ >= 0) give_up_held();
}

Outcome Handover::outcome() {
  if (slot_ < 0) return refused_;
  const int index = database_index_;
  Ring ring = ring_of(index);
  const auto number = static_cast<std::uint32_t>(slot_);
  constexpr std::int64_t kAwakeUs = 300;
  static runtime::Patience patience;
  if (requests_come_alone(index) && writer_runs(index)) {
    (void)patience.await(kAwakeUs, [&] { return ring.is_done(number); });
  }
  while (!ring.is_done(number)) {
    const std::int64_t now = pg::monotonic_us();
    if (now >= deadline_us_) return refused("57014", "the trace was not stored in time; it may be stored later");
    std::int64_t pause = deadline_us_ - now;
    if (!writer_runs(index)) {
      if (runtime::shared->databases[index].start_failed_us > begun_us_ || runtime::launcher_missing(begun_us_)) {
        return refused("53400", "the trace writer could not be started; it may be stored later");
      }
      runtime::want_writer(index);
      pause = std::min(pause, kLookForWriterUs);
    }
    pg::wait_latch(static_cast<long>(pause / 1000 + 1), pg::WaitReason::trace);
  }
  const Verdict& verdict = ring.slot(number).verdict;
  return {verdict.durable, verdict.sqlstate, verdict.message};  // the destructor frees the slot
}

void hand_over_no_wait(std::string_view tenant, const Uuid& trace_id, const Json& document) noexcept {
  try {
    // No catalog access: the transaction may be aborting. Whoever asked has entered the database before.
    if (runtime::shared == nullptr || pg::is_standby() || handed_in == trace_id.bytes) return;
    const int index = runtime::find_database(pg::database_oid());
    if (index < 0) return;
    pg::at_process_exit(give_up_held);
    const HeldGuard guard(index);
    Ring ring = ring_of(index);
    const std::string_view image = row_image(tenant, trace_id, document);
    if (image.size() > kInlineBytes) held.segment = store_in_segment(image);
    runtime::want_writer(index);
    const int slot = ring.claim(static_cast<std::uint32_t>(pg::this_process().procno));
    if (slot < 0) {
      ring.writer().dropped.fetch_add(1);
      return;
    }
    hand_in(ring, static_cast<std::uint32_t>(slot), trace_id, image, false);
  } catch (...) {
    // The request has failed already; its own error matters more than its trace.
  }
}

WriterHealth health(int database_index) {
  WriterHealth out;
  Ring ring = ring_of(database_index);
  WriterState& writer = ring.writer();
  const Ring::Counts counts = ring.counts();
  out.pid = writer.pid.load();
  out.running = out.pid != 0;
  out.queued = counts.queued;
  out.slots = ring.size();
  out.slots_taken = counts.taken;
  if (counts.oldest_us != 0) {
    out.oldest_age_ms = static_cast<double>(std::max<std::int64_t>(0, pg::monotonic_us() - counts.oldest_us)) / 1000.0;
  }
  out.written = writer.written.load();
  out.failed = writer.failed.load();
  out.dropped = writer.dropped.load();
  out.batches = writer.batches.load();
  std::array<char, 200> text{};
  if (ring.last_error(text)) out.last_error = text.data();
  return out;
}

}  // namespace pgops::trace
