// extension/trace: the trace writer, one background process per database. Free of postgres.h.
#pragma once

#include <cstdint>

namespace pgops::trace {

// The life of the writer process; returns when it was asked to stop and everything handed over is decided.
void run_writer(std::int32_t argument);

}  // namespace pgops::trace
