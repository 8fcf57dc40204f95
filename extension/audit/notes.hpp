// extension/audit: what a failing statement leaves for the log. Free of postgres.h.
//
// Vocabulary: a *note* is a JSON object about something refused: an attempt ("denied", for the audit log) or
// a statement of SQL ("refusal", for ops.guard_refusals). The statement that was refused is rolled back, so
// the note goes through shared memory to the trace writer process, which stores it in its own transaction.
// The queue is small and nobody waits for it: a note that finds it full is counted (ops.health()) and lost.
//
// Invariants: a slot is in one of three states, changed by CAS or by its only owner; filling cannot fail or be
// interrupted. free -> filling (noter) -> ready -> free (writer, after its commit: a note may be stored twice
// after a crash, and carries an id by which the second time is seen).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"

namespace pgops::audit {

// From _PG_init: the shared memory, and the hooks that notice refusals.
void register_shared();

// A statement that the guard refused.
struct Refusal {
  std::string door;  // tool, query, check_sql, publish
  std::string tool;  // name of the tool, empty elsewhere
  std::string tenant;
  std::string rule;
  std::string error_code;  // SQL_BLOCKED, TENANT_MISMATCH
  std::string message;
  std::string hint;
  std::string digest;    // SHA-256 of the statement, 64 hex digits
  std::string trace_id;  // empty: there is none
};
void note_refusal(const Refusal& refusal) noexcept;

// At the commit of this transaction the writer looks for rows to seal. Inside a transaction.
void wake_sealer_at_commit();

struct QueueHealth {
  std::uint32_t waiting = 0;
  std::uint64_t dropped = 0;  // since the server started
  std::uint64_t stored = 0;
  std::uint64_t failures = 0;  // steps of the writer that failed
  std::int64_t last_position = 0;
};
QueueHealth health(int database_index) noexcept;

// ---- for the writer process only -----------------------------------------------------------------
struct Taken {
  std::vector<std::uint32_t> slots;
  std::vector<Json> notes;
};
// What is ready now, at most all of it; stays where it is until forget().
Taken take(int database_index);
void forget(int database_index, const Taken& taken) noexcept;
bool any_ready(int database_index) noexcept;
// Whether rows were committed since the last call.
bool claim_wish(int database_index) noexcept;
void publish(int database_index, std::uint64_t stored, bool failed, std::int64_t last_position) noexcept;

}  // namespace pgops::audit
