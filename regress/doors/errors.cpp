// Test library of the two error doors: errors of every kind through C++ frames.
#include "regress/doors/probe.hpp"

#include "extension/pg/spi.hpp"

extern "C" {
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
PG_MODULE_MAGIC;
}

namespace pg = pgops::pg;
using doors::Counted;
using doors::deep;

namespace doors {

void report_everything() {
  ErrorContextCallback callback;
  callback.callback = [](void*) { errcontext_msg("probe context"); };
  callback.arg = nullptr;
  callback.previous = error_context_stack;
  error_context_stack = &callback;
  ereport(
      ERROR,
      (errcode(MAKE_SQLSTATE('Q', 'Q', '0', '4', '2')), errmsg_internal("probe message 100%%"),
       errdetail_internal("Probe detail."), errdetail_log("Probe detail of the log."), errhint("Probe hint."),
       err_generic_string(PG_DIAG_SCHEMA_NAME, "probe_schema"), err_generic_string(PG_DIAG_TABLE_NAME, "probe_table"),
       err_generic_string(PG_DIAG_COLUMN_NAME, "probe_column"), err_generic_string(PG_DIAG_DATATYPE_NAME, "probe_type"),
       err_generic_string(PG_DIAG_CONSTRAINT_NAME, "probe_constraint")));
  pg_unreachable();
}

}  // namespace doors

PGOPS_FUNCTION(doors_live) { return args.ret_int8(Counted::live); }
PGOPS_FUNCTION(doors_made) { return args.ret_int8(Counted::made); }

// The whole way: exit door, four C++ frames, entry door.
PGOPS_FUNCTION(doors_raise_all) {
  deep<4>([] { pg::call([] { doors::report_everything(); }); });
  return args.ret_void();
}

// The same with a catch and a rethrow by C++ code in between.
PGOPS_FUNCTION(doors_rethrow) {
  try {
    deep<2>([] { pg::call([] { doors::report_everything(); }); });
  } catch (const pg::Error& error) {
    const Counted counted;
    const pg::Error copy = error;
    throw copy;
  }
  return args.ret_void();
}

// An error with this message and SQLSTATE of the server; an optional second argument hides the statement.
PGOPS_FUNCTION(doors_raise) {
  const std::string message = args.required_text(0, "message");
  const std::string state = args.required_text(1, "sqlstate");
  const bool hidden = args.boolean(2).value_or(false);
  const char* chars = message.c_str();
  const char* code = state.c_str();
  pg::call([=] {
    ereport(ERROR, (errcode(MAKE_SQLSTATE(code[0], code[1], code[2], code[3], code[4])), errmsg_internal("%s", chars),
                    errhidestmt(hidden)));
  });
  return args.ret_void();
}

namespace {

struct Foreign {
  std::string text = "a type that nobody knows";
};

void throw_kind(const std::string& kind) {
  if (kind == "bad_alloc") throw std::bad_alloc();
  if (kind == "huge_new") {
    volatile std::size_t size = std::size_t{1} << 62;
    static_cast<void>(std::make_unique<char[]>(size));
  }
  if (kind == "length_error") static_cast<void>(std::string().append(std::string().max_size() + 1, 'x'));
  if (kind == "int") throw 42;
  if (kind == "struct") throw Foreign();
  if (kind == "pointer") throw "a pointer";
  if (kind == "std") throw std::runtime_error("something of the standard library");
  if (kind == "empty") throw pg::Error();
  if (kind.starts_with("failure:")) {
    const auto code = pgops::code_from_name(kind.substr(8));
    if (!code) throw std::runtime_error("no such code");
    throw pgops::Failure{{*code, "a failure of ours", "It has a detail.", "It has a hint."}};
  }
}

}  // namespace

// A C++ exception of the named kind in C++ frames.
PGOPS_FUNCTION(doors_throw) {
  const std::string kind = args.required_text(0, "kind");
  deep<3>([&] { throw_kind(kind); });
  return args.ret_void();
}

// The same, thrown inside the exit door's lambda; afterwards another server error must find its way.
PGOPS_FUNCTION(doors_throw_inside_exit) {
  const std::string kind = args.required_text(0, "kind");
  sigjmp_buf* const stack = PG_exception_stack;
  ErrorContextCallback* const context = error_context_stack;
  bool caught = false;
  try {
    const std::string* what = &kind;
    pg::call([=] { throw_kind(*what); });
  } catch (...) {
    caught = true;
  }
  if (!caught) return args.ret_text("nothing was thrown");
  if (PG_exception_stack != stack || error_context_stack != context)
    return args.ret_text("the stacks were not restored");
  deep<2>([] { pg::call([] { doors::report_everything(); }); });
  return args.ret_void();
}

// A std::exception handler between a wait and the entry door must not stop a cancel.
PGOPS_FUNCTION(doors_wait) {
  const std::string seconds = args.required_text(0, "seconds");
  std::string swallowed;
  try {
    const Counted counted;
    deep<3>([&] {
      try {
        const char* chars = seconds.c_str();
        pg::call([=] { DirectFunctionCall1(pg_sleep, DirectFunctionCall1(float8in, CStringGetDatum(chars))); });
      } catch (const std::exception& error) {
        swallowed = error.what();
      }
    });
  } catch (const std::exception& error) {
    swallowed = error.what();
  }
  return args.ret_text(swallowed.empty() ? "slept" : swallowed);
}

// Interrupts noticed by C++ code that computes without calling the server.
PGOPS_FUNCTION(doors_spin) {
  const Counted counted;
  for (;;) {
    try {
      pg::check_interrupts();
    } catch (const std::exception&) {
      return args.ret_text("swallowed");
    }
  }
}

namespace {

void* no_memory(MemoryContext, Size) { return nullptr; }

// A memory context that refuses every allocation.
MemoryContext exhausted_context() {
  static MemoryContextMethods methods;
  return pg::call([] {
    MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "doors exhausted", ALLOCSET_SMALL_SIZES);
    methods = *context->methods;
    methods.alloc = no_memory;
    context->methods = &methods;
    return context;
  });
}

}  // namespace

// The exit door cannot copy the error because the caller's memory context is exhausted.
PGOPS_FUNCTION(doors_copy_failure) {
  const std::string state = args.required_text(0, "sqlstate");
  const char* code = state.c_str();
  MemoryContext before = CurrentMemoryContext;
  MemoryContext exhausted = exhausted_context();
  MemoryContextSwitchTo(exhausted);
  try {
    deep<2>([=] {
      pg::call([=] {
        ereport(ERROR, (errcode(MAKE_SQLSTATE(code[0], code[1], code[2], code[3], code[4])),
                        errmsg_internal("an error that cannot be copied")));
      });
    });
  } catch (...) {
    MemoryContextSwitchTo(before);
    throw;
  }
  return args.ret_void();
}

// SPI -> PL/pgSQL -> this function -> SPI ..., `depth` times; doors.step() stands in between and says what becomes of
// the error at the bottom.
PGOPS_FUNCTION(doors_descend) {
  const std::int32_t depth = args.int4(0).value_or(0);
  const std::string mode = args.required_text(1, "mode");
  const Counted counted;
  if (depth == 0) {
    deep<2>([] { pg::call([] { doors::report_everything(); }); });
  }
  const auto rows = pg::spi::query("SELECT doors.step($1, $2)", {pg::spi::int4(depth - 1), pg::spi::text(mode)},
                                   pg::spi::Access::write);
  return args.ret_text(rows.rows.at(0).at(0).value_or("NULL"));
}

// n errors, each thrown through C++ frames, caught and rolled back; every one must be the one expected.
PGOPS_FUNCTION(doors_catch_many) {
  const std::int64_t rounds = args.int8(0).value_or(0);
  std::int64_t caught = 0;
  for (std::int64_t i = 0; i < rounds; i++) {
    try {
      pg::subtransaction([] { deep<4>([] { pg::call([] { doors::report_everything(); }); }); });
    } catch (const pg::Error& error) {
      if (error.sqlstate == "QQ042" && error.constraint_name == "probe_constraint") caught++;
    }
  }
  return args.ret_int8(caught);
}
