// extension/pg/executor: leaving a statement that looks at no interrupt.
//
// Some functions of the server (translate, normalize, xpath and more) compute for hours without looking whether they
// were cancelled or their process was told to end. Such an executor would keep a processor, its locks and its snapshot,
// and even the server could not be stopped. SIGKILL would restart the server. So an executor that was told to
// terminate and has not looked for kPatience ends itself from the signal handler, at an instant when it is plainly
// computing: no lock held, no critical section, and the processor is in code that changes no shared structure.
#pragma once

namespace pgops::pg::executor {

// Installs the handler of SIGTERM; once, in an executor.
void prepare_for_stuck_statements();

}  // namespace pgops::pg::executor
