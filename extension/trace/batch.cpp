// extension/trace: the group commit. See batch.hpp.
//
// First all rows in one transaction. If that fails by the fault of a row (bad document, constraint, a
// trigger of somebody's), once more with a subtransaction for each; if by the fault of the system (disk
// full), all are refused with that status. What passes (a lock somebody holds) leaves the tickets queued.
// No verdict before the commit.
#include "extension/trace/batch.hpp"

#include <algorithm>
#include <array>
#include <exception>

#include "extension/pg/error.hpp"
#include "extension/pg/memory.hpp"
#include "extension/pg/trace_store.hpp"
#include "extension/trace/shared.hpp"

namespace pgops::trace {

namespace {

namespace store = pg::trace_store;

constexpr std::size_t kBatchBytes = 16 * 1024 * 1024;
constexpr std::int64_t kReportEveryUs = 60LL * 1000 * 1000;

// Classes of errors that the next row would meet as well.
bool of_system(std::string_view sqlstate) noexcept {
  static constexpr std::array<std::string_view, 8> kClasses = {"08", "25", "40", "53", "55", "57", "58", "F0"};
  for (const std::string_view known : kClasses) {
    if (sqlstate.substr(0, 2) == known) return true;
  }
  return false;
}

// What passes by itself: query_canceled, lock_not_available, serialization_failure, deadlock_detected.
bool passes(std::string_view sqlstate) noexcept {
  return sqlstate == "57014" || sqlstate == "55P03" || sqlstate == "40001" || sqlstate == "40P01";
}

}  // namespace

template <class F>
bool Batch::attempt(F&& f, Problem& problem) noexcept {
  try {
    f();
    return true;
  } catch (const pg::Error& error) {
    problem = {error.sqlstate, error.message, !of_system(error.sqlstate), passes(error.sqlstate)};
  } catch (const Failure& failure) {
    problem = {"XX000", failure.error.message, false, false};
  } catch (const std::exception& error) {
    problem = {"53200", error.what(), false, false};
  } catch (...) {
    problem = {"XX000", "unknown exception", false, false};
  }
  return false;
}

bool Batch::collect() {
  std::size_t bytes = 0;
  const std::uint32_t slots = ring_.size();
  std::uint32_t next = first_;
  for (std::uint32_t n = 0; n < slots && bytes < kBatchBytes; n++) {
    const std::uint32_t i = (first_ + n) % slots;
    next = i + 1;
    if (!ring_.take(i)) continue;
    Ticket ticket;
    ticket.slot = i;
    bytes += ring_.slot(i).size;
    tickets_.push_back(std::move(ticket));
  }
  if (bytes >= kBatchBytes) first_ = next % slots;
  return !tickets_.empty();
}

void Batch::open(Ticket& ticket) {
  const Slot& slot = ring_.slot(ticket.slot);
  if (slot.database != pg::database_oid()) {
    return decide(ticket, false, "55000", "the trace belongs to a database whose writer has gone");
  }
  ticket.day = day_of(slot.trace_id);
  if (slot.segment == 0) {
    ticket.row = {slot.payload, slot.size};
    return;
  }
  Problem problem;
  if (!attempt([&] { ticket.segment = pg::attach_segment(slot.segment); }, problem)) {
    return decide(ticket, false, problem.sqlstate, problem.message);
  }
  if (ticket.segment.data == nullptr || ticket.segment.size < slot.size) {
    return decide(ticket, false, "58P01", "the segment that held the trace is gone");
  }
  ticket.row = {ticket.segment.data, slot.size};
}

bool Batch::prepare_partitions() {
  constexpr std::size_t kDaysKept = 8;
  if (known_days_.size() > kDaysKept) known_days_.clear();
  for (Ticket& ticket : tickets_) {
    if (ticket.decided || known_days_.count(ticket.day) != 0) continue;
    Problem problem;
    if (attempt([&] { maintenance_.prepare_day(ticket.day); }, problem)) {
      known_days_[ticket.day] = suffix_of(ticket.day);
    } else if (problem.passing) {
      return false;
    } else {
      decide(ticket, false, problem.sqlstate, problem.message);
    }
  }
  return true;
}

void Batch::insert_all() {
  bool begun = false;
  for (const auto& [day, suffix] : known_days_) {
    rows_.clear();
    for (const Ticket& ticket : tickets_) {
      if (!ticket.decided && ticket.day == day) rows_.push_back(ticket.row);
    }
    if (rows_.empty()) continue;
    if (!begun) store::begin();
    begun = true;
    store::insert(suffix, rows_);
  }
  if (begun) store::commit();
}

void Batch::insert_one_by_one() {
  std::vector<Ticket*> stored;
  store::begin();
  for (Ticket& ticket : tickets_) {
    if (ticket.decided) continue;
    const Slot& slot = ring_.slot(ticket.slot);
    store::begin_row();
    Problem problem;
    if (attempt([&] { store::insert(known_days_[ticket.day], {&ticket.row, 1}); }, problem)) {
      store::end_row();
      stored.push_back(&ticket);
      continue;
    }
    store::rollback_row();
    if (!problem.of_row) {
      store::rollback();
      pg::raise_sqlstate(problem.sqlstate, problem.message);
    }
    // Only our own earlier attempt can have stored this id: that writer died after its commit.
    const bool stored_before = slot.recovered && problem.sqlstate == "23505";
    decide(ticket, stored_before, problem.sqlstate, problem.message);
  }
  store::commit();
  for (Ticket* ticket : stored) decide(*ticket, true, "00000", "");
}

bool Batch::store() noexcept {
  constexpr std::uint32_t kInARow = 4;
  lone_ = tickets_.size() == 1 ? std::min(lone_ + 1, kInARow) : 0;
  ring_.writer().alone.store(lone_ == kInARow ? 1 : 0, std::memory_order_relaxed);
  Problem problem;
  bool put_back = false;
  for (Ticket& ticket : tickets_) open(ticket);
  if (!prepare_partitions()) {
    put_back = true;
  } else if (attempt([&] { insert_all(); }, problem)) {
    for (Ticket& ticket : tickets_) {
      if (!ticket.decided) decide(ticket, true, "00000", "");
    }
  } else {
    pg::trace_store::rollback();
    // A partition may have been dropped, or the extension made anew, since it was looked at.
    known_days_.clear();
    if (problem.passing) {
      put_back = true;
    } else if (!problem.of_row) {
      decide_rest(problem);
    } else if (!prepare_partitions()) {
      put_back = true;
    } else if (!attempt([&] { insert_one_by_one(); }, problem)) {
      pg::trace_store::rollback();
      put_back = problem.passing;
      if (!put_back) decide_rest(problem);
    }
  }
  if (put_back) put_back_rest();
  close();
  return put_back;
}

void Batch::decide(Ticket& ticket, bool durable, std::string_view sqlstate, std::string_view message) noexcept {
  Slot& slot = ring_.slot(ticket.slot);
  slot.verdict.set(durable, sqlstate, message);
  ticket.decided = true;
  const std::uint32_t segment = slot.segment;
  slot.segment = 0;
  pg::detach_segment(ticket.segment);
  if (segment != 0) pg::unpin_segment(segment);
  // Read before the slot can pass to somebody else.
  const pg::ProcessRef caller{slot.caller, slot.caller_pid};
  if (durable) {
    ring_.writer().written.fetch_add(1);
  } else {
    note_failure(sqlstate, message);
  }
  if (ring_.finish(ticket.slot) == Ring::Finished::caller_waits) {
    pg::wake(caller);
  } else {
    announce_free_slot(database_index_);
  }
}

void Batch::decide_rest(const Problem& problem) noexcept {
  for (Ticket& ticket : tickets_) {
    if (!ticket.decided) decide(ticket, false, problem.sqlstate, problem.message);
  }
}

void Batch::put_back_rest() noexcept {
  for (Ticket& ticket : tickets_) {
    if (ticket.decided) continue;
    pg::detach_segment(ticket.segment);
    ring_.put_back(ticket.slot);
  }
}

void Batch::close() noexcept { tickets_.clear(); }

// One WARNING a minute at most, whatever mixture of good and bad traces there is.
void Batch::note_failure(std::string_view sqlstate, std::string_view message) noexcept {
  ring_.writer().failed.fetch_add(1);
  const std::string text = std::string(sqlstate) + ": " + std::string(message);
  ring_.set_last_error(text);
  unreported_++;
  const std::int64_t now = pg::monotonic_us();
  if (last_report_us_ != 0 && now - last_report_us_ < kReportEveryUs) return;
  pg::report(
      pg::LogLevel::warning, "a trace could not be stored: " + text,
      unreported_ > 1 ? std::to_string(unreported_) + " traces since the last message of this kind." : std::string());
  last_report_us_ = now;
  unreported_ = 0;
}

}  // namespace pgops::trace
