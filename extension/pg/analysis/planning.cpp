// extension/pg/analysis: see planning.hpp.
#include "extension/pg/analysis/planning.hpp"

#include "extension/pg/analysis/gate.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_index.h"
#include "catalog/pg_statistic_ext.h"
#include "nodes/params.h"
#include "nodes/plannodes.h"
#include "tcop/tcopprot.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"
}

namespace pgops::pg::analysis {

namespace {

bool has_value(int cache, Oid object, std::initializer_list<AttrNumber> columns) {
  HeapTuple tuple = SearchSysCache1(cache, ObjectIdGetDatum(object));
  if (!HeapTupleIsValid(tuple)) return false;
  bool found = false;
  for (const AttrNumber column : columns) found = found || !heap_attisnull(tuple, column, nullptr);
  ReleaseSysCache(tuple);
  return found;
}

}  // namespace

bool has_planner_expressions(Oid relation_oid) {
  Relation relation = relation_open(relation_oid, AccessShareLock);
  // Of children and partitions the planner reads constraints as well.
  bool found = relation->rd_rel->relhassubclass || relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
  ListCell* cell;
  foreach (cell, RelationGetIndexList(relation)) {
    found = found || has_value(INDEXRELID, lfirst_oid(cell), {Anum_pg_index_indexprs, Anum_pg_index_indpred});
  }
  foreach (cell, RelationGetStatExtList(relation)) {
    found = found || has_value(STATEXTOID, lfirst_oid(cell), {Anum_pg_statistic_ext_stxexprs});
  }
  relation_close(relation, AccessShareLock);
  return found;
}

void try_plan(const Query* query, const char* sql) {
  const Gate gate(GateMode::verdict);
  try {
    subtransaction([&] {
      call([=] {
        (void)pg_plan_query(static_cast<Query*>(copyObjectImpl(query)), sql, CURSOR_OPT_PARALLEL_OK, nullptr);
      });
    });
  } catch (const Error& error) {
    if (gate_refused() || error.is_cancel() || error.sqlstate.starts_with("53")) throw;
  }
}

}  // namespace pgops::pg::analysis
