// extension/pg: jsonpath with bounds. See values.hpp.
//
// A path comes from a plan or a tool, its work is not bounded by its length: "$.**.**.**" multiplies items, a
// filter inside a filter multiplies comparisons. The server only looks for interrupts meanwhile, so a timer of
// ours interrupts it, and a limit on this process's memory makes the server say "out of memory" where it would
// go on until the kernel ends somebody. Both are lifted again whatever happens.
#include "extension/pg/door.hpp"
#include "extension/pg/values.hpp"

#include <csignal>
#include <cstdio>
#include <sys/resource.h>

extern "C" {
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/jsonpath.h"
#include "utils/memutils.h"
#include "utils/timeout.h"
}

namespace pgops::pg {

namespace {

constexpr int kMaxPathMs = 1000;
constexpr rlim_t kMaxPathBytes = rlim_t{512} << 20;

volatile sig_atomic_t path_ran_out = 0;

void on_path_timeout() {
  if (QueryCancelPending) return;  // somebody else wants the statement to end
  path_ran_out = 1;
  InterruptPending = true;
  QueryCancelPending = true;
  SetLatch(MyLatch);
}

class PathTimer {
 public:
  PathTimer() {
    static const TimeoutId id = call([] { return RegisterTimeout(USER_TIMEOUT, on_path_timeout); });
    id_ = id;
    path_ran_out = 0;
    enable_timeout_after(id_, kMaxPathMs);
  }
  ~PathTimer() {
    disable_timeout(id_, false);
    if (path_ran_out != 0) QueryCancelPending = false;  // ours, too late to be noticed
  }
  PathTimer(const PathTimer&) = delete;
  PathTimer& operator=(const PathTimer&) = delete;

 private:
  TimeoutId id_;
};

// RLIMIT_DATA counts private writable memory, so what the process has now is added.
class PathMemory {
 public:
  PathMemory() {
    rlim_t used = 0;
    if (FILE* status = std::fopen("/proc/self/statm", "r"); status != nullptr) {
      unsigned long data_pages = 0;
      if (std::fscanf(status, "%*u %*u %*u %*u %*u %lu", &data_pages) == 1) used = data_pages * rlim_t{4096};
      (void)std::fclose(status);
    }
    if (used == 0 || getrlimit(RLIMIT_DATA, &before_) != 0) return;
    rlimit bounded = before_;
    bounded.rlim_cur = std::min(before_.rlim_cur, used + kMaxPathBytes);
    limited_ = setrlimit(RLIMIT_DATA, &bounded) == 0;
  }
  ~PathMemory() {
    if (limited_) (void)setrlimit(RLIMIT_DATA, &before_);
  }
  PathMemory(const PathMemory&) = delete;
  PathMemory& operator=(const PathMemory&) = delete;

 private:
  rlimit before_ = {};
  bool limited_ = false;
};

class PathContext {
 public:
  PathContext()
      : context_(call(
            [] { return AllocSetContextCreate(CurrentMemoryContext, "pg_ops jsonpath", ALLOCSET_DEFAULT_SIZES); })) {}
  ~PathContext() { MemoryContextDelete(context_); }
  PathContext(const PathContext&) = delete;
  PathContext& operator=(const PathContext&) = delete;
  MemoryContext get() const noexcept { return context_; }

 private:
  MemoryContext context_;
};

struct Items {
  char** texts = nullptr;
  int count = 0;
};

void evaluate(const char* document, const char* path, MemoryContext memory, Items* into) {
  MemoryContext previous = MemoryContextSwitchTo(memory);
  Datum parsed = DirectFunctionCall1(jsonb_in, CStringGetDatum(document));
  Datum compiled = DirectFunctionCall1(jsonpath_in, CStringGetDatum(path));
  Datum vars = DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"));
  Datum array = DirectFunctionCall4(jsonb_path_query_array, parsed, compiled, vars, BoolGetDatum(false));
  Jsonb* list = DatumGetJsonbP(array);
  into->count = static_cast<int>(JB_ROOT_COUNT(list));
  into->texts = static_cast<char**>(palloc0(sizeof(char*) * static_cast<Size>(into->count + 1)));
  // One pass: fetching the n-th element of a container again and again would be quadratic.
  JsonbIterator* iterator = JsonbIteratorInit(&list->root);
  JsonbValue element;
  int at = 0;
  for (JsonbIteratorToken token = JsonbIteratorNext(&iterator, &element, true); token != WJB_DONE;
       token = JsonbIteratorNext(&iterator, &element, true)) {
    if (token != WJB_ELEM) continue;
    CHECK_FOR_INTERRUPTS();
    Jsonb* one = JsonbValueToJsonb(&element);
    into->texts[at++] = JsonbToCString(nullptr, &one->root, VARSIZE(one));
  }
  MemoryContextSwitchTo(previous);
}

}  // namespace

Status check_jsonpath(std::string_view path) {
  const std::string text(path);
  const char* chars = text.c_str();
  try {
    subtransaction([&] { call([=] { (void)DirectFunctionCall1(jsonpath_in, CStringGetDatum(chars)); }); });
  } catch (const Error& error) {
    if (error.is_cancel()) throw;
    return pgops::Error{Code::plan_invalid, error.message, error.detail, error.hint};
  }
  return Unit{};
}

Result<std::vector<std::string>> query_jsonpath(std::string_view json, std::string_view path) {
  const std::string document(json);
  const std::string expression(path);
  const char* document_chars = document.c_str();
  const char* path_chars = expression.c_str();
  const PathContext memory;
  MemoryContext context = memory.get();
  Items items;
  Items* into = &items;
  try {
    const PathMemory bounded;
    const PathTimer timed;
    subtransaction([&] { call([=] { evaluate(document_chars, path_chars, context, into); }); });
  } catch (const Error& error) {
    if (error.is_cancel() && path_ran_out == 0) throw;
    if (error.is_cancel() || error.sqlstate == "53200") {
      return pgops::Error{Code::plan_invalid,
                          "the path takes too long or needs too much memory for this document",
                          {},
                          "Name the way to the value instead of searching for it with .** or nested filters."};
    }
    return pgops::Error{Code::plan_invalid, error.message, error.detail, error.hint};
  }
  std::vector<std::string> found;
  found.reserve(static_cast<std::size_t>(items.count));
  for (int i = 0; i < items.count; i++) found.emplace_back(items.texts[i]);
  return found;
}

}  // namespace pgops::pg
