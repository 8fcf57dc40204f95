// extension/pg/analysis: see gate.hpp. The state is plain data of this process: the hooks run deep inside the
// server, where no C++ exception may pass.
//
// A hook that says "needed" keeps the planner from inlining a function in SQL and puts the server's wrapper
// around each call, which announces begin and end: so what an allowed function calls is told from what the
// statement calls. Functions in SQL that nobody calls (an index over shop.normalize(name)) disturb nobody.
#include "extension/pg/analysis/gate.hpp"

#include "extension/pg/analysis/functions.hpp"
#include "guard/classification.hpp"

extern "C" {
#include "catalog/objectaccess.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "utils/regproc.h"
#include "utils/syscache.h"
}

namespace pgops::pg::analysis {

namespace {

struct State {
  bool standing;
  GateMode mode;
  const Oid* allowed;
  std::size_t allowed_count;
  int inside;  // calls of allowed functions under way
  bool refused;
};

State state = {};
bool hooks_installed = false;
object_access_hook_type next_access_hook = nullptr;
needs_fmgr_hook_type next_needs_hook = nullptr;
fmgr_hook_type next_call_hook = nullptr;

[[noreturn]] void refuse(Oid function) {
  state.refused = true;
  const char* name = format_procedure_qualified(function);
  if (state.mode == GateMode::literals) {
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("a literal calls function %s while the statement is analysed", name)));
  }
  ereport(
      ERROR,
      (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
       errmsg("function %s was not allowed by an administrator, and an index, a constraint or a type calls it", name),
       errhint("Read its body, then: SELECT ops.allow_function('%s', 'why');", name)));
}

bool is_compiled(Oid function) {
  HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
  if (!HeapTupleIsValid(tuple)) return false;
  const Oid language = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->prolang;
  ReleaseSysCache(tuple);
  return language == INTERNALlanguageId || language == ClanguageId;
}

bool guarded(Oid function) { return function >= guard::kFirstUserOid && !is_compiled(function); }

bool may_run(Oid function) {
  for (std::size_t i = 0; i < state.allowed_count; i++) {
    if (state.allowed[i] == function) return true;
  }
  return is_allowed_in_server(function);
}

void on_access(ObjectAccessType access, Oid class_id, Oid object, int sub_id, void* argument) {
  if (next_access_hook != nullptr) next_access_hook(access, class_id, object, sub_id, argument);
  if (!state.standing || state.mode != GateMode::literals) return;
  if (access != OAT_FUNCTION_EXECUTE || class_id != ProcedureRelationId) return;
  if (state.inside > 0) return;
  if (object >= guard::kFirstUserOid) {
    if (!is_allowed_in_server(object)) refuse(object);
    return;
  }
  const auto classified = guard::classify_function(object);
  if (!classified || classified->cls != guard::Class::all) refuse(object);
}

// Also while no gate stands: what is looked up now (a comparison in the type cache) may be called later.
bool on_lookup(Oid function) {
  if (next_needs_hook != nullptr && next_needs_hook(function)) return true;
  return guarded(function);
}

void on_call(FmgrHookEventType event, FmgrInfo* called, Datum* argument) {
  if (next_call_hook != nullptr) next_call_hook(event, called, argument);
  if (!state.standing) return;
  if (event != FHET_START) {
    if (state.inside > 0) state.inside--;
    return;
  }
  if (state.inside == 0 && guarded(called->fn_oid) && !may_run(called->fn_oid)) refuse(called->fn_oid);
  state.inside++;
}

void install_hooks() {
  if (hooks_installed) return;
  next_access_hook = object_access_hook;
  object_access_hook = on_access;
  next_needs_hook = needs_fmgr_hook;
  needs_fmgr_hook = on_lookup;
  next_call_hook = fmgr_hook;
  fmgr_hook = on_call;
  hooks_installed = true;
}

}  // namespace

Gate::Gate(GateMode mode, const std::vector<Oid>& allowed) {
  install_hooks();
  state = {true, mode, allowed.data(), allowed.size(), 0, false};
}

Gate::~Gate() {
  state.standing = false;
  state.inside = 0;
}

bool gate_refused() noexcept { return state.refused; }

}  // namespace pgops::pg::analysis
