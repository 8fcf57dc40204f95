// extension/pg/executor: see cost.hpp. The hooks are the planner's own for statistics from elsewhere; they stand
// while one estimate is made. They run deep inside the server, where no C++ exception may pass.
#include "extension/pg/executor/cost.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_statistic.h"
#include "nodes/params.h"
#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"
#include "optimizer/plancat.h"
#include "tcop/tcopprot.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"
}

namespace pgops::pg::executor {

namespace {

bool blind = false;
bool hooks_installed = false;
get_relation_stats_hook_type next_relation_hook = nullptr;
get_index_stats_hook_type next_index_hook = nullptr;
get_relation_info_hook_type next_info_hook = nullptr;

// The row of pg_statistic with all of its slots empty; false where there is none.
bool show_without_values(Oid relation, AttrNumber column, bool inherited, VariableStatData* out) {
  HeapTuple kept =
      SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(relation), Int16GetDatum(column), BoolGetDatum(inherited));
  out->statsTuple = nullptr;
  if (!HeapTupleIsValid(kept)) return true;  // nor is the server to look
  HeapTuple copy = heap_copytuple(kept);
  ReleaseSysCache(kept);
  auto* form = reinterpret_cast<Form_pg_statistic>(GETSTRUCT(copy));
  int16* const kinds[] = {&form->stakind1, &form->stakind2, &form->stakind3, &form->stakind4, &form->stakind5};
  for (int16* kind : kinds) *kind = 0;
  out->statsTuple = copy;
  out->freefunc = heap_freetuple;
  out->acl_ok = true;
  return true;
}

bool on_relation_stats(PlannerInfo* root, RangeTblEntry* entry, AttrNumber column, VariableStatData* out) {
  if (blind) return show_without_values(entry->relid, column, entry->inh, out);
  return next_relation_hook != nullptr && next_relation_hook(root, entry, column, out);
}

bool on_index_stats(PlannerInfo* root, Oid index, AttrNumber column, VariableStatData* out) {
  if (blind) return show_without_values(index, column, false, out);
  return next_index_hook != nullptr && next_index_hook(root, index, column, out);
}

void on_relation_info(PlannerInfo* root, Oid relation, bool inherits, RelOptInfo* info) {
  if (next_info_hook != nullptr) next_info_hook(root, relation, inherits, info);
  if (blind) info->statlist = NIL;
}

void install_hooks() {
  if (hooks_installed) return;
  next_relation_hook = get_relation_stats_hook;
  get_relation_stats_hook = on_relation_stats;
  next_index_hook = get_index_stats_hook;
  get_index_stats_hook = on_index_stats;
  next_info_hook = get_relation_info_hook;
  get_relation_info_hook = on_relation_info;
  hooks_installed = true;
}

struct Blind {
  Blind() { blind = true; }
  ~Blind() { blind = false; }
  Blind(const Blind&) = delete;
  Blind& operator=(const Blind&) = delete;
};

}  // namespace

double cost_without_values(const PlannedStmt* plan, const Query* query, const char* sql, ParamListInfo params) {
  if (plan->relationOids == NIL) return plan->planTree->total_cost;
  install_hooks();
  const Blind while_planned;
  return call([=] {
    auto* copy = static_cast<Query*>(copyObjectImpl(query));
    return pg_plan_query(copy, sql, CURSOR_OPT_PARALLEL_OK, params)->planTree->total_cost;
  });
}

}  // namespace pgops::pg::executor
