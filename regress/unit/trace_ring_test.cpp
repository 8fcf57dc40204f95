// regress/unit: the ticket table of traces under concurrent callers, leavers and writer deaths.
#include "extension/trace/ring.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

using pgops::trace::Ring;
using pgops::trace::Slot;

struct Memory {
  explicit Memory(std::uint32_t slots)
      : bytes(static_cast<unsigned char*>(::operator new (Ring::bytes(slots), std::align_val_t{64}))) {
    std::memset(bytes, 0xAB, Ring::bytes(slots));  // stale memory must not matter
    Ring::create(bytes, slots);
  }
  ~Memory() { ::operator delete (bytes, std::align_val_t{64}); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  unsigned char* bytes;
};

void fill(Slot& slot, std::uint32_t number) {
  slot.size = sizeof number;
  std::memcpy(slot.payload, &number, sizeof number);
}
std::uint32_t number_of(const Slot& slot) {
  std::uint32_t number = 0;
  std::memcpy(&number, slot.payload, sizeof number);
  return number;
}

TEST(TraceRing, AnAnnouncementWakesASleepingWriterOfLoneCallersOnce) {
  Memory memory(2);
  Ring ring(memory.bytes);
  EXPECT_FALSE(ring.announce(10)) << "the writer is awake";
  ring.writer().asleep.store(1);
  EXPECT_FALSE(ring.announce(20)) << "callers come in crowds";
  EXPECT_EQ(ring.writer().expects_until_us.load(), 0);
  ring.writer().alone.store(1);
  EXPECT_TRUE(ring.announce(30));
  EXPECT_EQ(ring.writer().expects_until_us.load(), 30);
  EXPECT_FALSE(ring.announce(40)) << "it is being woken";
  const auto n = static_cast<std::uint32_t>(ring.claim(0));
  EXPECT_FALSE(ring.publish(n, true)) << "nor does the ticket wake it again";
  ring.writer().asleep.store(1);
  EXPECT_TRUE(ring.any_ready()) << "which it looks for before it sleeps";
}

TEST(TraceRing, WaitedTicketIsFreedByItsCallerOnly) {
  Memory memory(2);
  Ring ring(memory.bytes);
  const int i = ring.claim(0);
  ASSERT_GE(i, 0);
  const auto n = static_cast<std::uint32_t>(i);
  EXPECT_FALSE(ring.take(n)) << "a slot being filled is not the writer's";
  EXPECT_FALSE(ring.publish(n, true)) << "the writer is awake";
  EXPECT_TRUE(ring.take(n));
  EXPECT_FALSE(ring.take(n));
  ring.slot(n).verdict.set(true, "00000", "");
  EXPECT_EQ(ring.finish(n), Ring::Finished::caller_waits);
  EXPECT_TRUE(ring.is_done(n));
  EXPECT_EQ(ring.counts().taken, 1U);
  ring.release(n);
  EXPECT_EQ(ring.counts().taken, 0U);
}

TEST(TraceRing, LeavingKeepsTheTicketAndTheWriterFreesIt) {
  Memory memory(1);
  Ring ring(memory.bytes);
  const auto n = static_cast<std::uint32_t>(ring.claim(7));
  ring.publish(n, true);
  EXPECT_EQ(ring.claim(0), -1) << "full";
  EXPECT_EQ(ring.leave(n), Ring::Left::orphaned);
  EXPECT_EQ(ring.claim(0), -1) << "what was handed over stays until it is written";
  ASSERT_TRUE(ring.take(n));
  EXPECT_EQ(ring.finish(n), Ring::Finished::freed);
  EXPECT_GE(ring.claim(0), 0);
}

TEST(TraceRing, LeavingAfterTheVerdictHandsTheSlotToTheCaller) {
  Memory memory(1);
  Ring ring(memory.bytes);
  const auto n = static_cast<std::uint32_t>(ring.claim(0));
  ring.publish(n, true);
  ring.take(n);
  EXPECT_EQ(ring.finish(n), Ring::Finished::caller_waits);
  EXPECT_EQ(ring.leave(n), Ring::Left::was_done);
  ring.release(n);
  EXPECT_EQ(ring.counts().taken, 0U);
}

TEST(TraceRing, WhatADeadWriterHeldIsReadyAgainAndMarked) {
  Memory memory(3);
  Ring ring(memory.bytes);
  const auto waited = static_cast<std::uint32_t>(ring.claim(0));
  ring.publish(waited, true);
  const auto orphan = static_cast<std::uint32_t>(ring.claim(1));
  ring.publish(orphan, false);
  const auto untouched = static_cast<std::uint32_t>(ring.claim(2));
  ring.publish(untouched, true);
  ring.take(waited);
  ring.take(orphan);
  EXPECT_EQ(ring.recover(), 2U);
  EXPECT_TRUE(ring.slot(waited).recovered);
  EXPECT_FALSE(ring.slot(untouched).recovered);
  for (const std::uint32_t n : {waited, orphan, untouched}) ASSERT_TRUE(ring.take(n));
  EXPECT_EQ(ring.finish(waited), Ring::Finished::caller_waits);
  EXPECT_EQ(ring.finish(orphan), Ring::Finished::freed);
}

TEST(TraceRing, MessagesAreCutBetweenCharacters) {
  pgops::trace::Verdict verdict;
  std::string text;
  while (text.size() < 300) text += "한";
  verdict.set(false, "53100", text);
  const std::string kept(verdict.message);
  EXPECT_EQ(kept.size() % 3, 0U);
  EXPECT_EQ(text.substr(0, kept.size()), kept);
  EXPECT_STREQ(verdict.sqlstate, "53100");
}

// Every number handed over is written exactly once; every waiting caller gets its own verdict; callers
// that leave at a random moment lose nothing; the writer "dies" (loses what it took) now and then.
TEST(TraceRing, ConcurrentCallersLeaversAndWriterDeathsLoseAndMixNothing) {
  constexpr std::uint32_t kCallers = 6;
  constexpr std::uint32_t kEach = 4000;
  Memory memory(8);
  Ring ring(memory.bytes);
  std::atomic<std::uint32_t> running{kCallers};
  std::atomic<std::uint32_t> mixed{0};
  std::vector<std::thread> callers;
  for (std::uint32_t c = 0; c < kCallers; c++) {
    callers.emplace_back([&, c] {
      std::uint32_t random = c * 2654435761U + 1;
      for (std::uint32_t k = 0; k < kEach; k++) {
        random = random * 1664525U + 1013904223U;
        const std::uint32_t number = c * kEach + k;
        int i = -1;
        while ((i = ring.claim(random >> 8)) < 0) std::this_thread::yield();
        const auto n = static_cast<std::uint32_t>(i);
        fill(ring.slot(n), number);
        const bool waited = (random >> 20) % 4 != 0;
        ring.publish(n, waited);
        if (!waited) continue;
        std::uint32_t patience = (random >> 24) % 3 == 0 ? (random >> 16) % 50 : 1000000000U;
        bool done = false;
        while (!(done = ring.is_done(n)) && patience-- > 0) std::this_thread::yield();
        if (!done && ring.leave(n) == Ring::Left::orphaned) continue;
        if (std::to_string(number) != ring.slot(n).verdict.message) mixed++;
        ring.release(n);
      }
      running--;
    });
  }
  std::vector<std::uint32_t> written(kCallers * kEach, 0);
  std::uint32_t random = 99;
  std::uint64_t total = 0;
  for (;;) {
    const bool last = running.load() == 0;
    std::vector<std::uint32_t> batch;
    for (std::uint32_t i = 0; i < ring.size(); i++) {
      if (ring.take(i)) batch.push_back(i);
    }
    random = random * 1664525U + 1013904223U;
    if ((random >> 16) % 10 == 0) {  // killed before the commit
      EXPECT_EQ(ring.recover(), batch.size());
      continue;
    }
    for (const std::uint32_t i : batch) {
      const std::uint32_t number = number_of(ring.slot(i));
      written[number]++;
      total++;
      ring.slot(i).verdict.set(true, "00000", std::to_string(number));
      ring.finish(i);
    }
    if (last && batch.empty()) break;
    if (batch.empty()) std::this_thread::yield();
  }
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(total, written.size());
  EXPECT_EQ(std::set<std::uint32_t>(written.begin(), written.end()), std::set<std::uint32_t>{1U});
  EXPECT_EQ(mixed.load(), 0U);
  EXPECT_EQ(ring.counts().taken, 0U);
}

}  // namespace
