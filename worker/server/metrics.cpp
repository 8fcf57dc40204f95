// worker/server: see metrics.hpp.
#include "worker/server/metrics.hpp"

#include <unistd.h>

#include "core/version.hpp"

namespace pgops::worker {

void Metrics::call_ended(std::optional<Code> code, double total_ms, std::int64_t bytes) noexcept {
  --calls_running_;
  call_ms_total_ += total_ms;
  body_bytes_total_ += bytes;
  if (code)
    ++by_code_[static_cast<std::size_t>(*code)];
  else
    ++ok_total_;
}

void Metrics::call_cancelled() noexcept {
  --calls_running_;
  ++by_code_[static_cast<std::size_t>(Code::cancelled)];
}

double Metrics::uptime_s() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
}

Json Metrics::report() const {
  Json calls = Json::object({{"OK", Json(ok_total_)}});
  for (const CodeInfo& info : all_codes())
    if (const std::int64_t count = by_code_[static_cast<std::size_t>(info.code)]; count > 0)
      calls.set(info.name, Json(count));
  return Json::object({{"state", Json(stopping_ ? "stopping" : "running")},
                       {"worker", Json(kVersion)},
                       {"protocol", Json(static_cast<int>(kProtocolVersion))},
                       {"instance", Json(instance_)},
                       {"pid", Json(static_cast<std::int64_t>(::getpid()))},
                       {"uptime_s", Json::millis(uptime_s())},
                       {"connections", Json(connections_)},
                       {"connections_total", Json(connections_total_)},
                       {"connections_refused_total", Json(refused_total_)},
                       {"calls_running", Json(calls_running_)},
                       {"calls_total", std::move(calls)},
                       {"call_ms_total", Json::millis(call_ms_total_)},
                       {"body_bytes_total", Json(body_bytes_total_)},
                       {"buffered_bytes", Json(buffered_bytes_)}});
}

std::string Metrics::prometheus() const {
  std::string text;
  const auto family = [&](const char* name, const char* type, const char* help) {
    text += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
  };
  const auto plain = [&](const char* name, const char* type, const char* help, const std::string& value) {
    family(name, type, help);
    text += std::string(name) + " " + value + "\n";
  };
  plain("pg_ops_worker_uptime_seconds", "gauge", "Seconds since the worker started.", Json::millis(uptime_s()).dump());
  plain("pg_ops_worker_connections", "gauge", "Backends connected now.", std::to_string(connections_));
  plain("pg_ops_worker_connections_total", "counter", "Backends that connected.", std::to_string(connections_total_));
  plain("pg_ops_worker_connections_refused_total", "counter", "Connections that were refused.",
        std::to_string(refused_total_));
  plain("pg_ops_worker_calls_running", "gauge", "Calls under way.", std::to_string(calls_running_));
  family("pg_ops_worker_calls_total", "counter", "Calls that ended, by code.");
  text += "pg_ops_worker_calls_total{code=\"OK\"} " + std::to_string(ok_total_) + "\n";
  for (const CodeInfo& info : all_codes())
    if (const std::int64_t count = by_code_[static_cast<std::size_t>(info.code)]; count > 0)
      text += "pg_ops_worker_calls_total{code=\"" + std::string(info.name) + "\"} " + std::to_string(count) + "\n";
  plain("pg_ops_worker_call_seconds_total", "counter", "Seconds that calls took.",
        Json::millis(call_ms_total_ / 1'000.0).dump());
  plain("pg_ops_worker_body_bytes_total", "counter", "Bytes of bodies handed over, after decompression.",
        std::to_string(body_bytes_total_));
  plain("pg_ops_worker_buffered_bytes", "gauge", "Bytes of bodies received and not yet handed over.",
        std::to_string(buffered_bytes_));
  return text;
}

}  // namespace pgops::worker
