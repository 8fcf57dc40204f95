// extension/entry: main of the trace writer process.
#include "extension/pg/function.hpp"

#include "extension/trace/writer.hpp"

extern "C" void pgops_trace_writer_main(Datum argument);

extern "C" void pgops_trace_writer_main(Datum argument) {
  pgops::pg::entry([argument] { pgops::trace::run_writer(DatumGetInt32(argument)); });
}
