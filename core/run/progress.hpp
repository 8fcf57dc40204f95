// core/run: what a long request is doing, in one line for a person who waits.
#pragma once

#include <string>

#include "core/run/run.hpp"

namespace pgops::run {

// "2 of 5 calls done, waiting for host_info (3.2 s)"; the time is that of the call. At most three calls are named.
std::string progress_text(const Run& run, Micros now, bool korean);

// When to speak, counted from the beginning of the request: after 2 s, every 2 s up to 10 s, every 5 s up to a
// minute, then every 15 s. The first moment after `elapsed`.
Micros next_progress(Micros elapsed);

}  // namespace pgops::run
