// unit: a simulated world around a run: executors, jsonpath, timers, a caller; all from one seed.
//
// Time is virtual: events wait in a queue ordered by time. Executors are slow, lose answers, repeat
// them, answer after a cancel, and forget to say that they started or say it twice; timers go off
// early or late; paths yield nothing, one or many
// values; strays of every kind arrive. The world has no expectations: those are run_oracle.hpp.
#pragma once

#include <queue>
#include <string>
#include <vector>

#include "regress/unit/run_oracle.hpp"

namespace pgops::run::simulation {

// splitmix64: the same numbers on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(next() % n); }
  bool chance(std::uint32_t percent) { return below(100) < percent; }
  Micros between(Micros low, Micros high) {
    return low + static_cast<Micros>(next() % static_cast<std::uint64_t>(high - low + 1));
  }

 private:
  std::uint64_t state_;
};

// What kind of world this seed is; percentages unless said otherwise.
struct Weather {
  explicit Weather(Random& r) {
    const auto sometimes = [&r](std::uint32_t worst) { return r.chance(50) ? 0 : r.below(worst + 1); };
    fail = sometimes(60);
    lost = sometimes(20);
    duplicate = sometimes(40);
    after_cancel = sometimes(80);
    silent_start = sometimes(60);
    missing = sometimes(30);
    stray = sometimes(30);
    fallback = sometimes(30);
    own_timeout = r.below(101);
    early = r.chance(80) ? 0 : r.below(50);
    late = r.chance(70) ? 0 : r.between(1, 30'000);
    latency = Micros{1} << (4 + r.below(17));  // 16 us to 1 s
  }
  std::uint32_t fail, lost, duplicate, after_cancel, silent_start, missing, stray, fallback, own_timeout, early;
  Micros late, latency;
};

inline Plan random_plan(Random& r) {
  const std::uint32_t sizes[] = {1, 4, 12, 32};
  const std::uint32_t n = 1 + r.below(sizes[r.below(4)]);
  const std::uint32_t density = r.below(4);  // dependencies per call, at most
  std::vector<std::uint32_t> order(n);       // dependencies go against this order: no cycles
  for (std::uint32_t i = 0; i < n; ++i) {
    order[i] = i;
    std::swap(order[i], order[r.below(i + 1)]);
  }
  std::vector<Json> calls(n);
  const auto name = [](std::uint32_t i) { return "c" + std::to_string(i); };
  for (std::uint32_t at = 0; at < n; ++at) {
    Json args = Json::object(), depends_on = Json::array();
    for (std::uint32_t k = at == 0 ? 0 : r.below(density + 1); k > 0; --k) {
      const std::string target = name(order[r.below(at)]);
      if (r.chance(60)) depends_on.push_back(target);
      if (r.chance(50)) {
        args.set("r" + std::to_string(args.size()), Json::object({{"$ref", target}, {"path", "$.rows[*].x"}}));
      }
    }
    Json call = Json::object({{"id", name(order[at])}, {"tool", "t"}, {"args", args}, {"depends_on", depends_on}});
    if (r.chance(30)) call.set("on_error", "continue");
    calls[order[at]] = std::move(call);
  }
  Json document = Json::object();
  Json list = Json::array();
  list.items() = std::move(calls);
  document.set("calls", std::move(list));
  auto plan = parse_plan(document);
  if (!plan) throw Violation{"random plans are valid: " + plan.error().message};
  return *std::move(plan);
}

class World {
 public:
  explicit World(std::uint64_t seed)
      : random_(seed), weather_(random_), run_(make()), oracle_(run_, settings_, weather_.late) {}

  // Runs to the end, strays after the finish included. Throws Violation.
  void play() {
    const Micros begin = random_.between(0, 1000);
    push(begin, Started{});
    if (random_.chance(10)) push(random_.between(0, settings_.deadline), CancelRequested{});
    if (random_.chance(2)) push(0, CancelRequested{});
    for (int steps = 0; !queue_.empty(); ++steps) {
      require(steps < 100'000, "a run comes to an end");
      const Item item = queue_.top();
      queue_.pop();
      if (dropped(item)) continue;
      step(item);
      if (!oracle_.finished() && random_.chance(weather_.stray)) step(Item{item.at, 0, stray()});
    }
    oracle_.at_the_end();
  }

  const Run& run() const { return run_; }
  const std::string& trace() const { return trace_; }

 private:
  struct Item {
    Micros at;
    std::uint64_t sequence;
    Event event;
    bool operator<(const Item& other) const { return at != other.at ? at > other.at : sequence > other.sequence; }
  };

  Run make() {
    Plan plan = random_plan(random_);
    settings_.deadline =
        random_.chance(5) ? random_.between(0, 500) : random_.between(1000, 20 * weather_.latency + 1000);
    const std::uint32_t widths[] = {1, 2, 8, 32};
    settings_.max_parallel = widths[random_.below(4)];
    settings_.fail_rather_than_degrade = random_.chance(10);
    settings_.timeout_grace = random_.chance(50) ? 0 : random_.between(1, 20'000);
    settings_.seed = random_.next();
    std::vector<CallSettings> calls(plan.calls.size());
    for (std::size_t i = 0; i < calls.size(); ++i) {
      calls[i].tool_call_id = "id" + std::to_string(i);
      calls[i].tool = "t";
      if (random_.chance(60)) calls[i].policy.timeout = random_.between(1, 3 * weather_.latency);
    }
    return Run(std::move(plan), std::move(calls), settings_);
  }

  void push(Micros at, Event event) { queue_.push(Item{at, sequence_++, std::move(event)}); }

  // A disarmed timer goes off now and then all the same; so do answers of cancelled work.
  bool dropped(const Item& item) {
    if (const auto* timer = std::get_if<TimerFired>(&item.event)) {
      return !oracle_.armed(timer->timer) && !random_.chance(weather_.after_cancel);
    }
    if (const auto* answer = std::get_if<CallFinished>(&item.event)) {
      return !oracle_.working(answer->call) && !random_.chance(weather_.after_cancel);
    }
    return false;
  }

  void step(const Item& item) {
    now_ = item.at;
    oracle_.before(item.event, now_);
    const std::vector<Action> actions = run_.on(item.event, now_);
    oracle_.after(actions);
    trace_ += std::to_string(now_) + " e" + std::to_string(item.event.index());
    for (const Action& action : actions) std::visit([this](const auto& a) { obey(a); }, action);
    trace_ += '\n';
  }

  void note(const char* what, std::uint64_t a, std::uint64_t b = 0) {
    ((((trace_ += ' ') += what) += std::to_string(a)) += ',') += std::to_string(b);
  }

  void obey(const Resolve& action) {
    note("resolve", action.call, action.sites.size());
    if (random_.chance(weather_.lost)) return;
    Resolved answer{action.call, {}};
    for (std::size_t n = 0; n < action.sites.size(); ++n) {
      SiteValue value;
      if (random_.chance(weather_.missing)) {
        if (random_.chance(30)) value.error = Error{Code::plan_invalid, "bad path", "", ""};
      } else {
        for (std::uint32_t k = 1 + random_.below(3); k > 0; --k) value.values.emplace_back(static_cast<int>(k));
      }
      answer.sites.push_back(std::move(value));
    }
    const Micros at = now_ + (random_.chance(70) ? 0 : random_.between(0, weather_.latency));
    if (random_.chance(weather_.duplicate)) push(at + 1, answer);
    push(at, std::move(answer));
  }

  void obey(const Dispatch& action) {
    note("dispatch", action.call, static_cast<std::uint64_t>(action.timeout));
    const Micros start = now_ + (random_.chance(60) ? 0 : random_.between(0, weather_.latency));
    if (!random_.chance(weather_.silent_start)) {
      // The word of it may come later than the start, and name a time before the dispatch.
      const Micros told = start + (random_.chance(70) ? 0 : random_.between(0, weather_.latency));
      CallStarted started{action.call, action.attempt};
      if (told > start || random_.chance(30)) started.at = start - (random_.chance(10) ? 50 : 0);
      push(told, started);
      if (random_.chance(weather_.duplicate)) {
        push(start + random_.between(0, weather_.latency), CallStarted{action.call, action.attempt});
      }
    }
    Micros end = start + random_.between(0, weather_.latency);
    Outcome outcome = result();
    if (end - start > action.timeout && random_.chance(weather_.own_timeout)) {
      end = start + action.timeout;
      outcome = failure(Code::tool_timeout);
    } else if (random_.chance(weather_.lost)) {
      return;
    }
    push(end, CallFinished{action.call, action.attempt, std::move(outcome)});
    if (random_.chance(weather_.duplicate)) {
      push(end + random_.between(0, weather_.latency), CallFinished{action.call, action.attempt, result()});
    }
  }

  void obey(const ArmTimer& action) {
    note("arm", action.timer, static_cast<std::uint64_t>(action.at));
    Micros off = weather_.late > 0 ? random_.between(0, weather_.late) : 0;
    if (random_.chance(weather_.early)) off = -random_.between(1, weather_.latency);
    push(std::max(now_, action.at + off), TimerFired{action.timer});
  }
  void obey(const DisarmTimer& action) { note("disarm", action.timer); }
  void obey(const CancelCall& action) { note("cancel", action.call, static_cast<std::uint64_t>(action.reason)); }
  void obey(const CallEnded& action) {
    const CallRecord& record = run_.record(action.call);
    note(std::string(to_string(record.status)).c_str(), action.call,
         record.error ? static_cast<std::uint64_t>(record.error->code) : 99);
  }
  void obey(const Finish& action) { note("finish", static_cast<std::uint64_t>(action.status)); }

  static Outcome failure(Code code) {
    Failed failed;
    failed.error.code = code;
    failed.error.message = "simulated";
    return failed;
  }
  Outcome result() {
    if (random_.chance(weather_.fail)) {
      const Code codes[] = {Code::tool_error,   Code::upstream_unavailable, Code::tool_timeout,
                            Code::overloaded,   Code::internal_error,       Code::cancelled,
                            Code::plan_invalid, Code::request_timeout};
      return failure(codes[random_.below(8)]);
    }
    Succeeded well;
    well.row_count = random_.below(100);
    well.truncated = random_.chance(5);
    if (random_.chance(weather_.fallback)) well.fallback_for = Code::tool_error;
    return well;
  }
  Event stray() {
    const auto any = static_cast<CallIndex>(random_.below(static_cast<std::uint32_t>(run_.size()) + 3));
    switch (random_.below(5)) {
      case 0: return TimerFired{random_.below(4) == 0 ? 0 : 1'000'000 + any};
      case 1: return CallStarted{any, 2};
      case 2: return CallFinished{any, random_.below(2) * 2, result()};
      case 3: {
        if (any < run_.size() && !run_.plan().calls[any].refs.empty()) return Started{};
        return Resolved{any, {}};
      }
      default: return Started{};
    }
  }

  Random random_;
  Weather weather_;
  RunSettings settings_;
  Run run_;
  Oracle oracle_;
  std::priority_queue<Item> queue_;
  std::uint64_t sequence_ = 0;
  Micros now_ = 0;
  std::string trace_;
};

}  // namespace pgops::run::simulation
