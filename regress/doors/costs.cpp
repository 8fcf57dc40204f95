// Test library of the two error doors: what passing a door costs, for bench/doors. Returns nanoseconds per
// round. The `server_` measurements are PG_TRY alone, to compare with.
#include "regress/doors/probe.hpp"

#include <chrono>

namespace pg = pgops::pg;
using doors::Counted;

namespace {

extern "C" [[gnu::noinline]] Datum doors_costs_callee(bool fails) {
  return pg::entry([fails]() -> Datum {
    if (fails) pg::raise_sqlstate("22023", "a plain error");
    return static_cast<Datum>(1);
  });
}

[[noreturn]] void plain_error() {
  ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION), errmsg_internal("a plain error")));
  pg_unreachable();
}

volatile std::int64_t sink = 0;

[[gnu::noinline]] void server_try(bool fails) {
  MemoryContext const before = CurrentMemoryContext;
  PG_TRY();
  {
    if (fails) plain_error();
    sink = sink + 1;
  }
  PG_CATCH();
  {
    MemoryContextSwitchTo(before);
    FreeErrorData(CopyErrorData());
    FlushErrorState();
  }
  PG_END_TRY();
}

template <class F>
double nanoseconds(std::int64_t rounds, F&& round) {
  const auto start = std::chrono::steady_clock::now();
  for (std::int64_t i = 0; i < rounds; i++) {
    round();
    if (i % 1024 == 0) pg::check_interrupts();
  }
  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
  return elapsed.count() / static_cast<double>(rounds);
}

double measure(const std::string& what, std::int64_t rounds) {
  if (what == "exit") {
    return nanoseconds(rounds, [] { sink = sink + pg::call([] { return sink + 1; }); });
  }
  if (what == "entry") {
    return nanoseconds(rounds, [] { sink = sink + static_cast<std::int64_t>(doors_costs_callee(false)); });
  }
  if (what == "exit_error") {
    return nanoseconds(rounds, [] {
      try {
        pg::call([] { plain_error(); });
      } catch (const pg::Error&) {
      }
    });
  }
  if (what == "round_error") {  // thrown in C++, out through the entry door, in through the exit door
    return nanoseconds(rounds, [] {
      try {
        pg::call([] { return doors_costs_callee(true); });
      } catch (const pg::Error&) {
      }
    });
  }
  if (what == "subtransaction") {
    return nanoseconds(rounds, [] { pg::subtransaction([] { sink = sink + 1; }); });
  }
  if (what == "subtransaction_error") {
    return nanoseconds(rounds, [] {
      try {
        pg::subtransaction([] {
          const Counted counted;
          pg::call([] { plain_error(); });
        });
      } catch (const pg::Error&) {
      }
    });
  }
  if (what == "server_try") return nanoseconds(rounds, [] { server_try(false); });
  if (what == "server_error") return nanoseconds(rounds, [] { server_try(true); });
  throw std::runtime_error("unknown measurement");
}

}  // namespace

PGOPS_FUNCTION(doors_cost) {
  const double value = measure(args.required_text(0, "what"), args.int8(1).value_or(1));
  return pg::call([=] { return Float8GetDatum(value); });
}
