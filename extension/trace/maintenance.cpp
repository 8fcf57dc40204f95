// extension/trace: partitions and retention. See maintenance.hpp.
#include "extension/trace/maintenance.hpp"

#include <algorithm>
#include <optional>

#include "extension/pg/error.hpp"
#include "extension/pg/guc.hpp"
#include "extension/pg/sync.hpp"
#include "extension/pg/trace_store.hpp"

namespace pgops::trace {

namespace {

namespace store = pg::trace_store;

constexpr Day kDaysAhead = 3;
constexpr Day kDaysAllowed = 30;  // a trace id further from today has no honest clock behind it
constexpr std::int64_t kLookEveryUs = 3600LL * 1000 * 1000;
constexpr std::int64_t kRetryUs = 60LL * 1000 * 1000;
constexpr int kLockTimeoutMs = 100;
constexpr std::uint32_t kBlocksPerStep = 64;
constexpr std::int64_t kDayUs = kDayMs * 1000;

// A transaction that is rolled back unless committed.
class Transaction {
 public:
  Transaction() {
    try {
      store::begin_statements();
    } catch (...) {
      store::rollback();
      throw;
    }
  }
  ~Transaction() {
    if (open_) store::rollback();
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit() {
    store::commit();
    open_ = false;
  }

 private:
  bool open_ = true;
};

store::Partition partition_of(Day day) { return {suffix_of(day), bound_of(day), bound_of(day + 1)}; }

void create(Day day) {
  Transaction transaction;
  store::ensure_partition(partition_of(day));
  transaction.commit();
}

std::optional<Day> day_of_partition(const std::string& name) {
  const auto day = day_of_name(name, kTracePrefix);
  return day ? day : day_of_name(name, kToolCallPrefix);
}

}  // namespace

void Maintenance::prepare_days() {
  const Day today = day_of_us(pg::wall_clock_us());
  for (Day day = today - 1; day <= today + kDaysAhead; day++) create(day);
}

void Maintenance::prepare_day(Day day) {
  const Day today = day_of_us(pg::wall_clock_us());
  if (day < today - kDaysAllowed || day > today + kDaysAllowed) {
    pg::raise_sqlstate("23514", "the time in the trace id is too far from today");
  }
  create(day);
}

std::int64_t Maintenance::due_in_ms() const noexcept {
  if (!to_drop_.empty() || !to_remove_.empty()) return 0;
  if (seen_retention_ != pg::guc::trace_retention_minutes ||
      seen_payload_retention_ != pg::guc::payload_retention_minutes) {
    return 0;  // a reload changed them
  }
  return std::max<std::int64_t>(0, (next_look_us_ - pg::monotonic_us()) / 1000);
}

void Maintenance::step() noexcept {
  try {
    if (!to_drop_.empty()) return drop_next();
    if (!to_remove_.empty()) return remove_next();
    look();
  } catch (const pg::Error& error) {
    to_drop_.clear();
    to_remove_.clear();
    next_look_us_ = pg::monotonic_us() + kRetryUs;
    // A lock that somebody holds on an old partition is ordinary; the next look comes in a minute.
    if (error.sqlstate != "55P03" && !error.is_cancel()) {
      pg::report(pg::LogLevel::warning, "trace maintenance failed: " + error.message, error.detail, error.hint);
    }
  } catch (...) {
    to_drop_.clear();
    to_remove_.clear();
    next_look_us_ = pg::monotonic_us() + kRetryUs;
  }
}

void Maintenance::look() {
  next_look_us_ = pg::monotonic_us() + kLookEveryUs;
  seen_retention_ = pg::guc::trace_retention_minutes;
  seen_payload_retention_ = pg::guc::payload_retention_minutes;
  prepare_days();
  const std::int64_t now = pg::wall_clock_us();
  const std::int64_t keep_us = std::int64_t{seen_retention_} * 60 * 1000 * 1000;
  const std::int64_t keep_payload_us = std::int64_t{seen_payload_retention_} * 60 * 1000 * 1000;
  Transaction transaction;
  for (const std::string& name : store::partition_names()) {
    const auto day = day_of_partition(name);
    if (!day) continue;
    // A partition is old when its youngest possible row is.
    const std::int64_t age = now - (std::int64_t{*day} + 1) * kDayUs;
    if (keep_us > 0 && age > keep_us) {
      to_drop_.push_back(name);
    } else if (keep_payload_us > 0 && age > keep_payload_us && !store::payload_removed(name)) {
      to_remove_.push_back({name, day_of_name(name, kToolCallPrefix).has_value(), 0, store::blocks_of(name)});
    }
  }
  transaction.commit();
}

void Maintenance::drop_next() {
  Transaction transaction;
  store::set_lock_timeout(kLockTimeoutMs);
  store::drop_partition(to_drop_.front());
  transaction.commit();
  to_drop_.pop_front();
}

void Maintenance::remove_next() {
  Removal& removal = to_remove_.front();
  Transaction transaction;
  store::set_lock_timeout(kLockTimeoutMs);
  const std::uint32_t last = std::min(removal.blocks, removal.next_block + kBlocksPerStep);
  if (removal.next_block < last) store::remove_payload(removal.name, removal.tool_calls, removal.next_block, last);
  if (last == removal.blocks) store::mark_payload_removed(removal.name);
  transaction.commit();
  removal.next_block = last;
  if (last == removal.blocks) to_remove_.pop_front();
}

}  // namespace pgops::trace
