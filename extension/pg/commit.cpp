// extension/pg: the transaction callback behind at_commit(). See commit.hpp.
#include "extension/pg/door.hpp"
#include "extension/pg/commit.hpp"

extern "C" {
#include "access/xact.h"
}

namespace pgops::pg {

namespace {

void (*before_commit)() = nullptr;
void (*after_commit)() noexcept = nullptr;
bool wanted = false;
bool registered = false;

void on_transaction(XactEvent event, void* /*argument*/) {
  if (!wanted) return;
  switch (event) {
    case XACT_EVENT_PRE_COMMIT: entry([] { before_commit(); }); break;
    case XACT_EVENT_COMMIT:
      wanted = false;
      after_commit();
      break;
    // A prepared transaction is committed by another process: the writer finds its rows at its next look.
    case XACT_EVENT_ABORT:
    case XACT_EVENT_PREPARE: wanted = false; break;
    default: break;
  }
}

}  // namespace

void at_commit(void (*before)(), void (*after)() noexcept) {
  before_commit = before;
  after_commit = after;
  if (!registered) {
    call([] { RegisterXactCallback(on_transaction, nullptr); });
    registered = true;
  }
  wanted = true;
}

}  // namespace pgops::pg
