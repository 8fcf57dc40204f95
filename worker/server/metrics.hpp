// worker/server: counters of this process, as the status operation and the status endpoint show them.
// Loop thread only.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "core/error.hpp"
#include "core/json.hpp"

namespace pgops::worker {

class Metrics {
 public:
  explicit Metrics(std::string instance) : instance_(std::move(instance)) {}

  void connection_opened() noexcept { ++connections_, ++connections_total_; }
  void connection_closed() noexcept { --connections_; }
  void connection_refused() noexcept { ++refused_total_; }
  void call_started() noexcept { ++calls_running_; }
  // nullopt: success.
  void call_ended(std::optional<Code> code, double total_ms, std::int64_t bytes) noexcept;
  void call_cancelled() noexcept;
  void set_buffered(std::int64_t bytes) noexcept { buffered_bytes_ = bytes; }
  void set_stopping() noexcept { stopping_ = true; }

  const std::string& instance() const noexcept { return instance_; }
  int connections() const noexcept { return connections_; }
  int calls_running() const noexcept { return calls_running_; }
  Json report() const;             // an object
  std::string prometheus() const;  // text exposition format 0.0.4

 private:
  double uptime_s() const;

  std::string instance_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  int connections_ = 0;
  int calls_running_ = 0;
  std::int64_t connections_total_ = 0;
  std::int64_t refused_total_ = 0;
  std::int64_t ok_total_ = 0;
  std::array<std::int64_t, 64> by_code_{};  // indexed by Code
  double call_ms_total_ = 0;
  std::int64_t body_bytes_total_ = 0;
  std::int64_t buffered_bytes_ = 0;
  bool stopping_ = false;
};

}  // namespace pgops::worker
