// extension/audit: audit rows of acts done in C++. Free of postgres.h.
#pragma once

namespace pgops::audit {

// ops.stop_workers(). Wakes no process: the one that seals has just been stopped, so that the database can be
// dropped; the row is sealed when the next one starts.
void record_stop_workers(int stopped);

}  // namespace pgops::audit
