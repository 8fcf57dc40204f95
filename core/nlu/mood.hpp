// core/nlu: what a question asks besides what is: what will be ("future"), what could or should be
// ("modal"), whether it is so of all ("universal"), what was said before it ("reference"), and periods whose
// bounds are said in a way that the calendar does not read ("bounded"). They are aspects: a tool answers them only if
// one of its examples asks the same way (a bounded period none), because the figure of what is recorded is no answer to
// "how many will there be?" or "do we need?". Requests that are merely polite ("could you show me", "which ones can I
// see") ask nothing more.
#pragma once

#include <vector>

#include "core/nlu/analysis.hpp"

namespace pgops::nlu {

// Every token of the analysis has its owner already; the aspects found here take function words.
std::vector<Aspect> moods(const Analysis& analysis, const Calendar& calendar);

}  // namespace pgops::nlu
