// extension/pg/executor: see stuck.hpp.
//
// "Plainly computing": the program counter is in the server's program or in libxml2, outside memory management,
// hash tables, resource owners, buffers and error handling. Never in libc: malloc may be half way. Between two
// looks at interrupts such moments pass in nanoseconds, while a stuck statement has spent seconds elsewhere; where
// the moment is not right, the timer asks again. From there the process leaves the ordinary way: proc_exit() rolls
// back and gives up everything it holds. Another machine than these two never leaves like this.
#include "extension/pg/executor/stuck.hpp"

#include "extension/pg/door.hpp"

#include <link.h>
#include <signal.h>
#include <time.h>
#include <ucontext.h>

extern "C" {
#include "nodes/memnodes.h"
#include "storage/bufmgr.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "utils/catcache.h"
#include "utils/elog.h"
#include "utils/hsearch.h"
#include "utils/resowner.h"
}

namespace pgops::pg::executor {

namespace {

constexpr time_t kPatience = 4;
constexpr long kAgainNs = 20'000'000;

struct Range {
  std::uintptr_t begin;
  std::uintptr_t end;
  bool holds(std::uintptr_t at) const { return at >= begin && at < end; }
};

constexpr int kMaxRanges = 32;
Range computing[kMaxRanges];
int computing_count = 0;
Range managing[kMaxRanges];
int managing_count = 0;
timer_t asking;
bool has_timer = false;
volatile sig_atomic_t told = 0;
struct timespec told_at;
void (*ordinary_handler)(int) = nullptr;

int note_code(dl_phdr_info* object, size_t /*size*/, void* /*argument*/) {
  const char* name = object->dlpi_name;
  const bool program = name == nullptr || name[0] == '\0';
  if (!program && strstr(name, "/libxml2.so") == nullptr) return 0;
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const auto& part = object->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0 || computing_count == kMaxRanges) continue;
    const std::uintptr_t begin = object->dlpi_addr + part.p_vaddr;
    computing[computing_count++] = {begin, begin + part.p_memsz};
  }
  return 0;
}

// A file's functions lie side by side: from the first to a page behind the last of those we can name.
void note_managing(std::initializer_list<const void*> functions) {
  if (managing_count == kMaxRanges) return;
  Range range = {UINTPTR_MAX, 0};
  for (const void* function : functions) {
    const auto at = reinterpret_cast<std::uintptr_t>(function);
    range.begin = std::min(range.begin, at);
    range.end = std::max(range.end, at + 8192);
  }
  managing[managing_count++] = range;
}

template <class... F>
void note_file(F*... functions) {
  note_managing({reinterpret_cast<const void*>(functions)...});
}

void note_context(MemoryContext context) {
  const MemoryContextMethods* m = context->methods;
  note_file(m->alloc, m->free_p, m->realloc, m->reset, m->delete_context, m->get_chunk_space, m->is_empty);
}

void note_managing_code() {
  note_context(TopMemoryContext);
  MemoryContext generation = GenerationContextCreate(TopMemoryContext, "pg_ops probe", ALLOCSET_SMALL_SIZES);
  note_context(generation);
  MemoryContextDelete(generation);
  MemoryContext slab = SlabContextCreate(TopMemoryContext, "pg_ops probe", SLAB_DEFAULT_BLOCK_SIZE, 64);
  note_context(slab);
  MemoryContextDelete(slab);
  note_file(palloc, pfree, repalloc, MemoryContextAlloc, MemoryContextReset, MemoryContextDelete, MemoryContextCreate,
            MemoryContextSetParent, MemoryContextAllocHuge);
  note_file(hash_create, hash_destroy, hash_search, hash_search_with_hash_value, hash_seq_init, hash_seq_search);
  note_file(ResourceOwnerCreate, ResourceOwnerRelease, ResourceOwnerDelete, ResourceOwnerNewParent);
  note_file(ReadBuffer, ReadBufferExtended, ReleaseBuffer, IncrBufferRefCount, MarkBufferDirty, LockBuffer);
  note_file(LWLockAcquire, LWLockConditionalAcquire, LWLockRelease, LWLockReleaseAll, LWLockUpdateVar);
  note_file(errstart, errfinish, errmsg, errcode, EmitErrorReport, CopyErrorData, FlushErrorState, ReThrowError);
  note_file(SearchCatCache, SearchCatCacheList, ReleaseCatCache, CatCacheInvalidate, ResetCatalogCaches);
}

std::uintptr_t program_counter(const void* context) {
  const auto* at = static_cast<const ucontext_t*>(context);
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(at->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return at->uc_mcontext.pc;
#else
  (void)at;
  return 0;
#endif
}

bool plainly_computing(std::uintptr_t at) {
  if (InterruptHoldoffCount != 0 || CritSectionCount != 0 || proc_exit_inprogress) return false;
  for (int i = 0; i < managing_count; i++) {
    if (managing[i].holds(at)) return false;
  }
  for (int i = 0; i < computing_count; i++) {
    if (computing[i].holds(at)) return true;
  }
  return false;
}

void ask_again_later() {
  if (!has_timer) return;
  const itimerspec when = {{0, kAgainNs}, {kPatience, 0}};
  (void)timer_settime(asking, 0, &when, nullptr);
}

void on_terminate(int signal_number, siginfo_t* /*info*/, void* context) {
  const int saved_errno = errno;
  if (told == 0) {
    told = 1;
    (void)clock_gettime(CLOCK_MONOTONIC, &told_at);
    ask_again_later();
    ordinary_handler(signal_number);
  } else {
    timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    // The server clears ProcDiePending when it looks; then the process is on its way out.
    if (now.tv_sec - told_at.tv_sec >= kPatience && ProcDiePending && plainly_computing(program_counter(context))) {
      ereport(FATAL, (errcode(ERRCODE_ADMIN_SHUTDOWN),
                      errmsg("terminating pg_ops executor because its statement does not react")));
    }
  }
  errno = saved_errno;
}

}  // namespace

void prepare_for_stuck_statements() {
  (void)dl_iterate_phdr(note_code, nullptr);
  call([] { note_managing_code(); });
  sigevent event = {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGTERM;
  has_timer = timer_create(CLOCK_MONOTONIC, &event, &asking) == 0;
  struct sigaction old = {};
  struct sigaction ours = {};
  ours.sa_sigaction = on_terminate;
  ours.sa_flags = SA_SIGINFO | SA_RESTART;
  (void)sigemptyset(&ours.sa_mask);
  (void)sigaction(SIGTERM, nullptr, &old);
  ordinary_handler = old.sa_handler;
  (void)sigaction(SIGTERM, &ours, nullptr);
}

}  // namespace pgops::pg::executor
