// extension/ask: bounds on what a trace stores, whatever was asked.
//
// Applied to the finished trace document, after masking. A part beyond its bound is *abridged*: replaced by
//   {"omitted": true, "bytes": N, "digest": "sha256:...", "first": "..."}
// where bytes and digest are those of the part's canonical text (for arguments: their args_digest) and `first` is
// how that text begins. The answer keeps its summary and loses facts and blocks; any other text is cut. The
// caller's own envelope is never abridged.
#pragma once

#include <cstddef>

#include "core/json.hpp"

namespace pgops::ask {

inline constexpr std::size_t kMaxRecordedArgs = std::size_t{64} << 10;   // of one call; option params; one text
inline constexpr std::size_t kMaxRecordedPart = std::size_t{256} << 10;  // plan, validated_plan, options, a result
inline constexpr std::size_t kMaxRecordedAnswer = std::size_t{1} << 20;  // answer and each of its blocks together

void abridge(Json& document);

}  // namespace pgops::ask
