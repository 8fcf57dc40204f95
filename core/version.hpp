// core: the four version numbers that are compared at run time.
//
// The SQL script, the shared library, shared memory and the worker protocol each carry a version; a
// mismatch (library preloaded before an upgrade, old worker) is refused with a sentence, never guessed.
// kVersion equals pg_ops.control, META.json and the name of the assembled script: `make lint` checks it.
#pragma once

#include <cstdint>
#include <string_view>

namespace pgops {

inline constexpr std::string_view kVersion = "0.1.0";
inline constexpr std::uint32_t kProtocolVersion = 1;
inline constexpr std::uint32_t kShmemVersion = 1;

}  // namespace pgops
