// core/run: progress in words, see progress.hpp.
#include "core/run/progress.hpp"

namespace pgops::run {
namespace {

constexpr Micros kSecond = 1'000'000;
constexpr std::size_t kNamed = 3;

std::string seconds(Micros us) {
  const Micros tenths = us < 0 ? 0 : us / (kSecond / 10);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

}  // namespace

std::string progress_text(const Run& run, Micros now, bool korean) {
  std::size_t done = 0;
  std::size_t waiting = 0;
  std::string names;
  for (CallIndex call = 0; call < run.size(); ++call) {
    const CallRecord& record = run.record(call);
    if (record.status != CallStatus::pending) {
      ++done;
      continue;
    }
    if (record.attempts.empty()) continue;  // waits for another call
    if (++waiting > kNamed) continue;
    const Micros since = record.attempts.back().dispatched;
    names += (names.empty() ? "" : ", ") + run.settings_of(call).tool + " (" + seconds(now - since) +
             (korean ? "초)" : " s)");
  }
  const std::string more = waiting > kNamed ? std::to_string(waiting - kNamed) : std::string();
  const std::string of = std::to_string(run.size());
  const std::string ended = std::to_string(done);
  if (korean) {
    std::string out = "호출 " + of + "개 중 " + ended + "개 완료";
    if (!names.empty()) out += ", 대기 중: " + names;
    return more.empty() ? out : out + " 외 " + more + "개";
  }
  std::string out = ended + " of " + of + (run.size() == 1 ? " call done" : " calls done");
  if (!names.empty()) out += ", waiting for " + names;
  return more.empty() ? out : out + " and " + more + " more";
}

Micros next_progress(Micros elapsed) {
  const auto step = [elapsed](Micros from, Micros every) { return from + ((elapsed - from) / every + 1) * every; };
  if (elapsed < 2 * kSecond) return 2 * kSecond;
  if (elapsed < 10 * kSecond) return step(2 * kSecond, 2 * kSecond);
  if (elapsed < 60 * kSecond) return step(10 * kSecond, 5 * kSecond);
  return step(60 * kSecond, 15 * kSecond);
}

}  // namespace pgops::run
