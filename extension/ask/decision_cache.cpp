// extension/ask: the cache of planner decisions. See decision_cache.hpp.
#include "extension/ask/decision_cache.hpp"

#include <algorithm>
#include <iterator>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace pgops::ask {

namespace {

constexpr std::size_t kMaxDecisions = 256;
constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxBytesOfOne = kMaxBytes / 8;

struct Kept {
  std::string key;
  std::weak_ptr<const registry::Snapshot> snapshot;
  Rights::Answers answers;  // the tools belong to the snapshot
  Routed routed;
  std::size_t bytes = 0;
};

// The most recently used first; the map's keys lie in the list's nodes.
struct Cache {
  std::list<Kept> kept;
  std::unordered_map<std::string_view, std::list<Kept>::iterator> by_key;
  std::size_t bytes = 0;

  void drop(std::list<Kept>::iterator one) {
    bytes -= one->bytes;
    by_key.erase(one->key);
    kept.erase(one);
  }
};

Cache& cache() {
  static auto* one = new Cache();
  return *one;
}

// No text of the server holds a NUL.
std::string key_of(const Request& request) {
  const Options& options = request.options;
  std::string key;
  key.reserve(request.identity.tenant.size() + request.question.size() + options.timezone.size() +
              options.locale.size() + 4);
  key += request.identity.tenant;
  key += '\0';
  key += may_write(request) ? '1' : '0';
  key += options.locale;
  key += '\0';
  key += options.timezone;
  key += '\0';
  key += request.question;
  return key;
}

std::size_t bytes_of(const Json& value) {
  std::size_t sum = sizeof(Json);
  if (value.is_string() || value.is_number()) sum += value.text().capacity();
  for (const Json& item : value.items()) sum += bytes_of(item);
  for (const auto& [name, member] : value.members()) sum += sizeof name + name.capacity() + bytes_of(member);
  return sum;
}

std::size_t bytes_of(const Kept& one) {
  const Routed& routed = one.routed;
  std::size_t sum = sizeof(Kept) + 2 * one.key.size() + one.answers.size() * sizeof(one.answers[0]) +
                    routed.reason.size() + routed.intent.size();
  for (const Period& period : routed.intervals) {
    sum += sizeof period + period.text.size() + period.bounds.size() * 2 * sizeof(std::string);
  }
  if (routed.plan) sum += bytes_of(*routed.plan);
  if (routed.refusal) sum += routed.refusal->message.size();
  for (const planner::Option& option : routed.options) {
    sum += sizeof option + option.label.size() + bytes_of(option.plan);
  }
  for (const std::string& action : routed.next_actions) sum += sizeof action + action.size();
  for (const std::string& note : routed.notes) sum += sizeof note + note.size();
  return sum + bytes_of(routed.clarification) + bytes_of(routed.direct_answer) + bytes_of(*routed.explain);
}

}  // namespace

bool may_write(const Request& request) noexcept {
  return request.options.allow_write && request.identity.access >= tenancy::Access::operator_;
}

bool Rights::may_use(const registry::Tool& tool) {
  const bool usable = registry::usable(tool, *identity_).ok();
  answers_.emplace_back(&tool, usable);
  return usable;
}

const Routed* known_decision(const Request& request) {
  Cache& all = cache();
  const auto found = all.by_key.find(key_of(request));
  if (found == all.by_key.end()) return nullptr;
  const auto one = found->second;
  if (one->snapshot.lock() != request.snapshot) return nullptr;
  for (const auto& [tool, usable] : one->answers) {
    if (registry::usable(*tool, request.identity).ok() != usable) return nullptr;
  }
  all.kept.splice(all.kept.begin(), all.kept, one);
  return &one->routed;
}

void remember_decision(const Request& request, const Routed& routed, Rights rights) {
  Cache& all = cache();
  Kept made{key_of(request), request.snapshot, std::move(rights).answers(), routed, 0};
  made.bytes = bytes_of(made);
  if (made.bytes > kMaxBytesOfOne) return;
  if (const auto before = all.by_key.find(made.key); before != all.by_key.end()) all.drop(before->second);
  for (auto one = all.kept.begin(); one != all.kept.end();) {
    const auto next = std::next(one);
    if (one->snapshot.expired()) all.drop(one);
    one = next;
  }
  while (!all.kept.empty() && (all.kept.size() >= kMaxDecisions || all.bytes + made.bytes > kMaxBytes)) {
    all.drop(std::prev(all.kept.end()));
  }
  all.bytes += made.bytes;
  all.kept.push_front(std::move(made));
  all.by_key.emplace(all.kept.front().key, all.kept.begin());
}

}  // namespace pgops::ask
