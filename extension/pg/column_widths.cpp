// extension/pg: scanning pg_statistic. See column_widths.hpp.
#include "extension/pg/column_widths.hpp"

#include "extension/pg/door.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_statistic.h"
}

namespace pgops::pg {

namespace {

struct Scan {
  Relation catalog;
  SysScanDesc scan;
};

// False at the end. Plain data only: this runs inside the exit door.
bool next(const Scan& scan, ColumnWidth* out) {
  for (;;) {
    HeapTuple tuple = systable_getnext(scan.scan);
    if (!HeapTupleIsValid(tuple)) return false;
    const auto* form = reinterpret_cast<Form_pg_statistic>(GETSTRUCT(tuple));
    if (form->stainherit) continue;
    out->relation = form->starelid;
    out->attribute = form->staattnum;
    out->width = form->stawidth;
    out->null_fraction = form->stanullfrac;
    return true;
  }
}

}  // namespace

std::vector<ColumnWidth> column_widths() {
  const Scan scan = call([] {
    Relation catalog = table_open(StatisticRelationId, AccessShareLock);
    return Scan{catalog, systable_beginscan(catalog, InvalidOid, false, nullptr, 0, nullptr)};
  });
  std::vector<ColumnWidth> out;
  ColumnWidth one;
  while (call([&] { return next(scan, &one); })) out.push_back(one);
  call([&] {
    systable_endscan(scan.scan);
    table_close(scan.catalog, AccessShareLock);
  });
  return out;
}

}  // namespace pgops::pg
