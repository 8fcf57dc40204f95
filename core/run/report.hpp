// core/run: a run's records as the JSON pieces of an answer envelope and of a trace document.
//
// Times are milliseconds since ReportOptions::origin. `parallel` and the execution groups come from
// measured overlap, never from the plan: a group is a maximal set of calls whose intervals of work
// overlap one after another; a call nobody worked on belongs to none (execution_group null).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/json.hpp"
#include "core/run/run.hpp"

namespace pgops::run {

struct Group {
  Micros start = 0;
  Micros end = 0;
  std::vector<CallIndex> calls;  // by start of work
  bool parallel() const noexcept { return calls.size() > 1; }
};

// Overlap is of open intervals: a call that starts the moment another ends does not overlap it.
std::vector<Group> execution_groups(const Run& run);

struct ReportOptions {
  std::optional<Micros> origin;  // zero of all times; none = when the run began
  bool internal_texts = false;   // full error texts in `message` (operators)
  bool korean = false;           // locale of the texts that replace them
};

// Everything below is computed once and consistent with itself. The run must have finished.
class Report {
 public:
  Report(const Run& run, const ReportOptions& options);

  Json tool_calls() const;  // envelope
  Json execution_groups() const;
  Json failed_tools() const;  // error, timeout, cancelled
  Json skipped_tools() const;
  const char* strategy() const;  // dag when the plan has dependencies, else by measured overlap
  Json error() const;            // envelope `error`; null unless failed or cancelled

  // Trace document: envelope fields and args, internal_error, attempts_detail, queue_ms.
  Json trace_tool_calls() const;
  // [{span_id, parent, name, call, tool_call_id, attempt, start_ms, end_ms, duration_ms, status}]:
  // per call one span, below it queue, resolve and every attempt; ids are unique within the run.
  Json spans() const;

 private:
  Json tool_call(CallIndex index) const;
  Json ms(Micros at) const;
  std::string message_of(CallIndex index) const;

  const Run& run_;
  ReportOptions options_;
  Micros origin_;
  std::vector<Group> groups_;
  std::vector<std::optional<std::uint32_t>> group_of_;
};

}  // namespace pgops::run
