// extension/pg: the two error doors. Everything that crosses between PostgreSQL's longjmp world and C++
// exceptions goes through one of them.
//
//   exit door   pg::call(f)   C++ calls PostgreSQL. An ereport(ERROR) inside f becomes a thrown pg::Error.
//   entry door  pg::entry(f)  PostgreSQL calls C++. Anything thrown inside f becomes an ereport(ERROR),
//                             raised only after every C++ scope has been left.
//
// The forbidden pattern: a std::string (or anything with a destructor) alive in a frame that PostgreSQL
// longjmps over. Hence f of the exit door holds only trivially destructible locals, and captures by
// reference what it must fill in. A caught pg::Error is rethrown, or f ran inside pg::subtransaction():
// otherwise the transaction's state (locks, buffers, snapshots) is undefined.
#pragma once

#include "extension/pg/postgres.hpp"

#include "extension/pg/error.hpp"

#include <setjmp.h>

extern "C" {
#include "utils/resowner.h"
}

namespace pgops::pg {

namespace detail {

// What an error leaves behind and the exit door puts back.
struct SavedState {
  sigjmp_buf* exception_stack = PG_exception_stack;
  ErrorContextCallback* context_stack = error_context_stack;
  MemoryContext memory = CurrentMemoryContext;
  // errfinish() zeroes these; an LWLock held across the call still counts on them.
  uint32 interrupt_holdoff = InterruptHoldoffCount;
  uint32 cancel_holdoff = QueryCancelHoldoffCount;

  void restore_stacks() const noexcept {
    PG_exception_stack = exception_stack;
    error_context_stack = context_stack;
  }
};

// Copies the server's current error and throws it. Precondition: stacks restored.
[[noreturn]] void throw_current_error(const SavedState& saved);

struct Captured;
// Copies the exception being handled into server memory; never throws, never ereports.
Captured* capture_current_exception() noexcept;
// Raises what capture_current_exception() returned.
[[noreturn]] void raise_captured(Captured* error);

struct SubtransactionFrame {
  MemoryContext memory;
  ResourceOwner owner;
};
SubtransactionFrame begin_subtransaction();
void release_subtransaction(const SubtransactionFrame& frame);
void rollback_subtransaction(const SubtransactionFrame& frame) noexcept;

}  // namespace detail

// The exit door. 12 ns when nothing fails.
template <class F>
auto call(F&& f) -> std::invoke_result_t<F&> {
  using R = std::invoke_result_t<F&>;
  static_assert(std::is_void_v<R> || std::is_trivially_destructible_v<R>, "the exit door returns plain values only");
  // Restores on the ordinary way out and when f throws a C++ exception of its own.
  struct Guard {
    detail::SavedState saved;
    ~Guard() { saved.restore_stacks(); }
  } guard;
  sigjmp_buf landing;
  if (sigsetjmp(landing, 0) == 0) {
    PG_exception_stack = &landing;
    return f();
  }
  guard.saved.restore_stacks();
  detail::throw_current_error(guard.saved);
}

// The entry door. F returns Datum (or void for worker mains and callbacks). Its captures must be
// trivially destructible: they live in the frame that the final ereport leaves.
template <class F>
auto entry(F&& f) -> std::invoke_result_t<F&> {
  static_assert(std::is_trivially_destructible_v<std::remove_cvref_t<F>>,
                "the entry door's captures stay in the frame that the error leaves");
  detail::Captured* error = nullptr;
  try {
    return f();
  } catch (...) {
    error = detail::capture_current_exception();
  }
  detail::raise_captured(error);
}

// Runs f inside an internal subtransaction; on any exception the subtransaction is rolled back and the
// exception goes on. After that, catching it is safe. A release that fails is rolled back as well; a rollback
// that fails ends the session.
template <class F>
auto subtransaction(F&& f) -> std::invoke_result_t<F&> {
  using R = std::invoke_result_t<F&>;
  struct Guard {
    const detail::SubtransactionFrame frame = detail::begin_subtransaction();
    bool done = false;
    ~Guard() {
      if (!done) detail::rollback_subtransaction(frame);
    }
  } guard;
  if constexpr (std::is_void_v<R>) {
    f();
    detail::release_subtransaction(guard.frame);
    guard.done = true;
  } else {
    R result = f();
    detail::release_subtransaction(guard.frame);
    guard.done = true;
    return result;
  }
}

}  // namespace pgops::pg
