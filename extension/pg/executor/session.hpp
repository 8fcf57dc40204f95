// extension/pg/executor: the session of an executor: pinned settings, the task's transaction, the reset.
// Includes postgres.h.
#pragma once

#include "extension/pg/door.hpp"

#include "extension/pg/executor/statement.hpp"

namespace pgops::pg::executor {

// The transaction of one task: READ ONLY, READ COMMITTED, tenant, time zone and role set, timer running.
// Its end is always a rollback, a session reset and a silenced timer, whatever happened.
class TaskTransaction {
 public:
  TaskTransaction(const Request& request, std::uint64_t task_id);
  ~TaskTransaction();
  TaskTransaction(const TaskTransaction&) = delete;
  TaskTransaction& operator=(const TaskTransaction&) = delete;
};

// Why a 57014 came: asked before the transaction ends.
enum class CancelReason : std::uint8_t { none, timer, caller, administrator };
CancelReason cancel_reason() noexcept;

}  // namespace pgops::pg::executor
