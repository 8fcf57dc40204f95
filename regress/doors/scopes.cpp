// Test library of the two error doors: what must be as before after an error: transaction, role, settings,
// memory context, interrupts.
#include "regress/doors/probe.hpp"

#include "extension/pg/memory.hpp"
#include "extension/pg/spi.hpp"

extern "C" {
#include "access/xact.h"
#include "storage/lwlock.h"
#include "utils/guc.h"
#include "utils/resowner.h"
}

namespace pg = pgops::pg;
using doors::Counted;
using doors::deep;

namespace {

void fail() {
  pg::call([] { doors::report_everything(); });
}

void note(const char* text) {
  pg::spi::query("INSERT INTO doors.note VALUES ($1)", {pg::spi::text(text)}, pg::spi::Access::write);
}

std::string state() {
  const auto rows = pg::spi::query("SELECT current_user || ' ' || pg_catalog.current_setting('search_path')");
  return rows.rows.at(0).at(0).value_or("");
}

}  // namespace

// A row before, a row and an error inside a subtransaction, a row after. Nested when asked.
PGOPS_FUNCTION(doors_subtransaction) {
  const bool nested = args.boolean(0).value_or(false);
  const Counted counted;
  MemoryContext memory = CurrentMemoryContext;
  ResourceOwner owner = CurrentResourceOwner;
  std::string sqlstate = "none";
  note("before");
  try {
    pg::subtransaction([&] {
      note("inside");
      if (nested) {
        try {
          pg::subtransaction([] {
            note("innermost");
            fail();
          });
        } catch (const pg::Error&) {
          note("inside, after the innermost");
        }
      }
      deep<2>([] { fail(); });
    });
  } catch (const pg::Error& error) {
    sqlstate = error.sqlstate;
  }
  note("after");
  if (CurrentMemoryContext != memory) sqlstate += " memory context not restored";
  if (CurrentResourceOwner != owner) sqlstate += " resource owner not restored";
  return args.ret_text(sqlstate);
}

// A subtransaction that succeeds, and one left by an exception of C++.
PGOPS_FUNCTION(doors_subtransaction_other_ways) {
  const std::string result = pg::subtransaction([] { return std::to_string(GetCurrentTransactionNestLevel()); });
  pg::subtransaction([] { note("kept"); });
  int caught = 0;
  try {
    pg::subtransaction([] {
      note("dropped");
      throw 7;
    });
  } catch (int number) {
    caught = number;
  }
  return args.ret_text(result + " " + std::to_string(caught) + " " + std::to_string(GetCurrentTransactionNestLevel()));
}

// Waits inside a subtransaction; the code after it follows the contract: a cancel is never a result.
PGOPS_FUNCTION(doors_subtransaction_wait) {
  note("before");
  try {
    pg::subtransaction([] {
      note("inside");
      pg::spi::query("SELECT pg_catalog.pg_sleep(600)", {}, pg::spi::Access::write);
    });
  } catch (const pg::Error& error) {
    if (error.is_cancel()) throw;
    return args.ret_text("a cancel became " + error.sqlstate);
  }
  return args.ret_text("slept");
}

namespace {

// When set, the next (sub)transaction event of this kind fails once.
bool fail_release = false;
bool fail_rollback = false;

void on_subtransaction(SubXactEvent event, SubTransactionId, SubTransactionId, void*) {
  const bool fails =
      (event == SUBXACT_EVENT_PRE_COMMIT_SUB && fail_release) || (event == SUBXACT_EVENT_ABORT_SUB && fail_rollback);
  if (!fails) return;
  fail_release = false;
  fail_rollback = false;
  elog(ERROR, "a callback refuses");
}

}  // namespace

// A subtransaction whose end fails, 'release' or 'rollback'.
PGOPS_FUNCTION(doors_subtransaction_end_fails) {
  const std::string which = args.required_text(0, "which");
  static bool registered = false;
  if (!registered) {
    pg::call([] { RegisterSubXactCallback(on_subtransaction, nullptr); });
    registered = true;
  }
  std::string seen = "none";
  const int level = GetCurrentTransactionNestLevel();
  try {
    pg::subtransaction([&] {
      note("inside");
      (which == "release" ? fail_release : fail_rollback) = true;
      if (which == "rollback") fail();
    });
  } catch (const pg::Error& error) {
    seen = error.message;
  }
  const int now = GetCurrentTransactionNestLevel();
  if (now != level) return args.ret_text("still at level " + std::to_string(now - level));
  note("after");
  return args.ret_text(seen);
}

// Role and settings inside and after a scope that an error ends. `which`: role, guc, owner.
PGOPS_FUNCTION(doors_scope) {
  const std::string which = args.required_text(0, "which");
  const std::string before = state();
  MemoryContext memory = CurrentMemoryContext;
  std::string inside;
  try {
    pg::subtransaction([&] {
      const Counted counted;
      const pg::MemoryScope scratch("doors scratch");
      if (which == "role") {
        const pg::RoleScope role(pg::role_oid("doors_other"));
        inside = state();
        deep<2>([] { fail(); });
      } else if (which == "guc") {
        pg::GucScope settings;
        settings.set("search_path", "doors, pg_temp");
        inside = state();
        deep<2>([] { fail(); });
      } else {
        const pg::spi::OwnerScope owner;
        inside = state();
        deep<2>([] { fail(); });
      }
    });
  } catch (const pg::Error&) {
    if (CurrentMemoryContext != memory) return args.ret_text("memory context not restored");
  }
  const std::string after = state();
  return args.ret_text(inside + " | " + (after == before ? "restored" : after));
}

// The same scopes, the error leaving the function: the caller's EXCEPTION block looks at the state.
PGOPS_FUNCTION(doors_scope_leaving) {
  const pg::RoleScope role(pg::role_oid("doors_other"));
  pg::GucScope settings;
  settings.set("search_path", "doors, pg_temp");
  const pg::MemoryScope scratch("doors scratch");
  deep<2>([] { fail(); });
  return args.ret_void();
}

// A setting that the server refuses inside a GucScope.
PGOPS_FUNCTION(doors_bad_setting) {
  pg::GucScope settings;
  settings.set("search_path", "doors");
  settings.set("work_mem", "not a number");
  return args.ret_void();
}

namespace {

LWLock* probe_lock() {
  static LWLock lock;
  static bool made = false;
  if (!made) {
    pg::call([] { LWLockInitialize(&lock, LWLockNewTrancheId()); });
    made = true;
  }
  return &lock;
}

struct LockScope {
  explicit LockScope(LWLock* wanted) : lock(wanted) {
    pg::call([this] { LWLockAcquire(lock, LW_EXCLUSIVE); });
  }
  ~LockScope() { LWLockRelease(lock); }
  LWLock* lock;
};

}  // namespace

// Interrupts held off before, inside after a caught error, and after the lock was released.
PGOPS_FUNCTION(doors_lwlock) {
  std::string seen = std::to_string(InterruptHoldoffCount);
  {
    const LockScope lock(probe_lock());
    try {
      pg::call([] { doors::report_everything(); });  // touches nothing: no subtransaction needed
    } catch (const pg::Error&) {
    }
    seen += " " + std::to_string(InterruptHoldoffCount) + (LWLockHeldByMe(lock.lock) ? " held" : " lost");
  }
  seen += " " + std::to_string(InterruptHoldoffCount) + (LWLockHeldByMe(probe_lock()) ? " held" : " released");
  return args.ret_text(seen);
}

// An error that leaves the function while interrupts are held off: with a scope, or by hand.
PGOPS_FUNCTION(doors_leave_held) {
  if (args.required_text(0, "how") == "scope") {
    const LockScope lock(probe_lock());
    fail();
  }
  LWLock* lock = probe_lock();
  pg::call([=] { LWLockAcquire(lock, LW_EXCLUSIVE); });
  fail();
  return args.ret_void();
}

PGOPS_FUNCTION(doors_held) {
  return args.ret_text(std::to_string(InterruptHoldoffCount) + " " + std::to_string(QueryCancelHoldoffCount) +
                       (LWLockHeldByMe(probe_lock()) ? " held" : " free"));
}

// Messages below ERROR with C++ objects alive.
PGOPS_FUNCTION(doors_report) {
  const Counted counted;
  pg::report(pg::LogLevel::notice, "a notice of 100%s", "Its detail.", "Its hint.");
  return args.ret_int8(Counted::live);
}
