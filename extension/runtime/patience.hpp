// extension/runtime: waiting awake for what will come sooner than it takes to fall asleep and be woken (30 to 60 us on
// a core that has gone idle). Free of PostgreSQL.
//
// Only for a process that has nobody beside it: many have better use for the processors. What does not come in time,
// because it takes long or because other work has the processors, is waited for awake less and less often: a wait
// that was in vain costs its limit and is paid for by the next ones, which sleep at once. It does not give way while
// it lasts (sched_yield): on a busy machine that means to wait for somebody's whole time slice.
#pragma once

#include <algorithm>
#include <cstdint>

#include "extension/pg/sync.hpp"

namespace pgops::runtime {

class Patience {
 public:
  // For at most so many microseconds; true: done() said so.
  template <class Done>
  bool await(std::int64_t limit_us, Done&& done) {
    if (sleeps_left_ > 0) {
      sleeps_left_--;
      return done();
    }
    const std::int64_t until = pg::monotonic_us() + limit_us;
    do {
      if (done()) {
        in_vain_ = 0;
        return true;
      }
      pause();
    } while (pg::monotonic_us() < until);
    in_vain_ = std::min(2 * in_vain_ + kFirst, kMost);
    sleeps_left_ = in_vain_;
    return done();
  }

 private:
  static constexpr int kFirst = 4;
  static constexpr int kMost = 1000;

  static void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  int in_vain_ = 0;      // how many waits are to sleep after one in vain
  int sleeps_left_ = 0;  // how many still are
};

}  // namespace pgops::runtime
