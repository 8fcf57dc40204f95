// extension/pg: where refusals become visible while the statement that was refused fails. Free of postgres.h.
//
// Three places, because a raised error leaves nothing behind: errors of ours as they leave a SQL function
// (also when a subtransaction of the caller's swallows them later), the server's own refusal to execute a
// function (seen by an error callback around the start of every plan), and its refusal of the schema, which
// comes during parsing and is seen where the error is sent. Observers touch no catalog: the transaction may
// be failing. Cost without an error: one stack entry per started plan.
#pragma once

#include <cstdint>
#include <string>

#include "extension/pg/error.hpp"

namespace pgops::pg {

struct Denial {
  std::string function;  // the function of ours that was called; empty: to be found in `message`
  std::string message;
  std::uint32_t actor = 0;  // the session's user after SET ROLE
  std::uint32_t login = 0;  // the role that logged in
  std::string tenant;       // in force at the time; may be empty
  std::string statement;    // what the client sent
};
// Neither throws nor raises; called at any moment, also while an error is being reported.
using DenialObserver = void (*)(const Denial& denial) noexcept;

// From _PG_init.
void install_denial_hooks(DenialObserver observer);

// Who is asking, as `Denial` has it.
void fill_identity(Denial& denial) noexcept;

}  // namespace pgops::pg
