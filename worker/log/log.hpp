// worker/log: one line per event, for machines first.
//
// An event is a sentence and attributes under OpenTelemetry's names where they exist (trace_id) and
// under pg_ops.* where they do not. Format json: one object per line; text: the same, readable. Values
// of attributes are escaped, so nothing from outside can forge a line. Secrets never come here: whoever
// logs text from outside masks it first. A log that cannot be written never stops the worker.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/error.hpp"
#include "worker/config/config.hpp"

namespace pgops::worker::log {

using Value = std::variant<std::string_view, std::int64_t, double>;
using Attributes = std::vector<std::pair<std::string_view, Value>>;

// Opens the sink; also reopens it, for rotated files. On an error the old one stays.
Status configure(const LogConfig& config);
// Is an event of this level written at all? Ask before building attributes on a hot path.
bool enabled(LogLevel level) noexcept;
void event(LogLevel level, std::string_view sentence, const Attributes& attributes = {});
// Writes out what is buffered.
void flush();

// The line, without its end, as event() writes it; `time` is seconds since 1970.
std::string format_line(LogFormat format, double time, LogLevel level, std::string_view sentence,
                        const Attributes& attributes);

}  // namespace pgops::worker::log
