// extension/trace: where the tables of trace tickets lie in shared memory: one per database entry of
// extension/runtime, all of the same size. Free of postgres.h.
#pragma once

#include <cstdint>

#include "extension/pg/sync.hpp"
#include "extension/trace/ring.hpp"

namespace pgops::trace {

// Registers the part of shared memory; from _PG_init, after the settings are defined.
void register_shared();

// Precondition of the rest: the library was preloaded.
Ring ring_of(int database_index) noexcept;
// Broadcast when a slot was freed while somebody waits for one.
pg::ConditionVariable& slot_freed(int database_index) noexcept;
// Requests of this database come one at a time, as the trace writer sees it.
bool requests_come_alone(int database_index) noexcept;
// To be called after freeing a slot.
void announce_free_slot(int database_index) noexcept;

}  // namespace pgops::trace
