// extension/runtime: the life of a background-worker process of ours inside its slot.
#pragma once

#include <cstdint>

#include "extension/runtime/shared.hpp"

namespace pgops::runtime {

struct WorkerIdentity {
  int database_index;
  int slot;
};

// Argument of a dynamic worker: which slot it takes.
constexpr std::int32_t worker_argument(int database_index, int slot) noexcept { return database_index * 1000 + slot; }
constexpr WorkerIdentity worker_identity(std::int32_t argument) noexcept { return {argument / 1000, argument % 1000}; }

// Takes the slot (registering its release on every way out of the process), connects to the database as
// the kind's role, and is ready. Ends the process when the slot is not its own or the connection fails.
WorkerIdentity begin_worker_process(std::int32_t argument, WorkerKind kind);

}  // namespace pgops::runtime
