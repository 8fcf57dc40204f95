// extension/audit: what the trace writer process does for the audit log: it stores notes, looks for changed
// settings, and seals committed rows into the hash chain. In small steps. Free of postgres.h.
#pragma once

#include <cstdint>
#include <string>

namespace pgops::audit {

class Sealer {
 public:
  explicit Sealer(int database_index) : database_index_(database_index) {}

  void settings_may_have_changed() noexcept { look_at_settings_ = true; }
  // Milliseconds until there is something to do; 0 = now.
  std::int64_t due_in_ms() noexcept;
  // Has been due for a while: to be done even if there are traces to store.
  bool overdue() noexcept;
  // One round. Never throws: what failed is reported and tried again later.
  void step() noexcept;

 private:
  void store_notes();
  void store_setting_changes();
  // At most one batch; true when there may be more.
  bool seal();
  bool round() noexcept;
  void fail(const std::string& sqlstate, const std::string& message) noexcept;

  int database_index_;
  bool pending_ = true;  // the first round looks at everything an earlier process left
  bool look_at_settings_ = true;
  std::string seen_xmin_ = "0";  // rows written by older transactions are sealed
  std::int64_t not_before_us_ = 0;
  std::int64_t next_look_us_ = 0;
  std::int64_t due_since_us_ = 0;
  std::int64_t last_report_us_ = 0;
  std::int64_t position_ = 0;
};

}  // namespace pgops::audit
