// extension/runtime: the launcher, the only static worker. Connected to no database.
#pragma once

namespace pgops::runtime {

// Starts what is wanted, supervises what does not react. Ends the process when asked to stop; the
// postmaster then starts it again, unless the server shuts down.
void run_launcher();

// ops.stop_workers(): ends this database's workers and waits until they are gone (bounded).
// Returns how many were stopped.
int stop_workers(int database_index);

}  // namespace pgops::runtime
