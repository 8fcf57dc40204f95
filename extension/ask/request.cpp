// extension/ask: stage log and names. See request.hpp.
#include "extension/ask/request.hpp"

#include <utility>

#include "extension/pg/sync.hpp"

namespace pgops::ask {

std::string_view to_string(Entry entry) noexcept {
  switch (entry) {
    case Entry::ask: return "ask";
    case Entry::plan: return "plan";
    case Entry::run_plan: return "run_plan";
    case Entry::call_tool: return "call_tool";
    case Entry::test_tool: return "test_tool";
    case Entry::query: return "query";
  }
  return "ask";
}

std::string_view to_string(Route route) noexcept {
  switch (route) {
    case Route::direct: return "direct";
    case Route::plan: return "plan";
    case Route::reject: return "reject";
  }
  return "reject";
}

void StageLog::begin(const char* stage) {
  begun_us_ = pg::monotonic_us();
  constexpr std::size_t kMembers = 6;
  current_ = Json::object();
  current_.reserve(kMembers);
  current_.add("stage", Json(stage));
  current_.add("status", Json("ok"));
  current_.add("start_ms", Json::millis(static_cast<double>(begun_us_ - origin_us_) / 1000.0));
  current_.add("warnings", Json::array());
  current_.add("errors", Json::array());
}

void StageLog::warn(std::string text) {
  if (current_["status"].text() == "ok") current_.set("status", Json("warning"));
  current_.find("warnings")->push_back(Json(std::move(text)));
}

void StageLog::fail(const Error& error) {
  current_.set("status", Json("error"));
  Json entry = Json::object();
  entry.set("code", Json(pgops::to_string(error.code)));
  entry.set("message", Json(error.message));
  current_.find("errors")->push_back(std::move(entry));
}

void StageLog::end() {
  if (!current_.is_object()) return;
  current_.add("duration_ms", Json::millis(static_cast<double>(pg::monotonic_us() - begun_us_) / 1000.0));
  stages_.push_back(std::exchange(current_, Json()));
}

void StageLog::skip(const char* stage, const std::string& reason) {
  Json entry = Json::object();
  entry.set("stage", Json(stage));
  entry.set("status", Json("skipped"));
  entry.set("reason", Json(reason));
  stages_.push_back(std::move(entry));
}

}  // namespace pgops::ask
