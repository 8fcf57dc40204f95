// extension/entry: main functions of the launcher and the executors.
#include "extension/pg/function.hpp"

#include "extension/runtime/executor_loop.hpp"
#include "extension/runtime/launcher.hpp"

extern "C" {
PGDLLEXPORT void pgops_launcher_main(Datum argument);
PGDLLEXPORT void pgops_executor_main(Datum argument);
}

void pgops_launcher_main(Datum /*argument*/) {
  pgops::pg::entry([] { pgops::runtime::run_launcher(); });
}

void pgops_executor_main(Datum argument) {
  pgops::pg::entry([argument] { pgops::runtime::run_executor(DatumGetInt32(argument)); });
}
