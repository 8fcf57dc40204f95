// extension/pg/analysis: the gate, which holds while a statement is analysed, planned and run. Includes postgres.h.
//
// The walk finds what a statement calls; the gate sees what is called. The server asks an extension's hook
// before it looks up a function outside its own library, whoever calls it: expressions, index expressions and
// constraints folded by the planner, casts that JSON functions find by themselves, comparisons of an operator
// class. Compiled functions pass, a superuser installed them; others pass when an administrator allowed them as they
// are at the call; what those call in turn must be allowed as well.
#pragma once

#include "extension/pg/door.hpp"

namespace pgops::pg::analysis {

enum class GateMode : std::uint8_t {
  literals,  // analysis, before any verdict: functions of class `all` and allowed ones
  verdict,   // planning and execution
};

// One at a time; not nested. Opens on every way out, errors included.
class Gate {
 public:
  explicit Gate(GateMode mode);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
};

// Whether the last gate refused a function: the error is a judgement.
bool gate_refused() noexcept;

struct GateRefusal {
  const char* object;  // the function; valid until the next gate
  const char* remedy;  // the statement that allows it
};
GateRefusal gate_refusal() noexcept;

// Grows when a change of a function, operator, cast or constraint becomes visible to this process: what no lock holds
// still between the verdict and the moment when the executor has looked everything up. Counts from the first gate on.
std::uint64_t definition_moment() noexcept;

}  // namespace pgops::pg::analysis
