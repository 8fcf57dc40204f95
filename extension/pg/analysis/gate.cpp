// extension/pg/analysis: see gate.hpp. The state is plain data of this process: the hooks run deep inside the
// server, where no C++ exception may pass.
//
// A hook that says "needed" keeps the planner from inlining a function in SQL and puts the server's wrapper
// around each call, which announces begin and end: so what an allowed function calls is told from what the
// statement calls. Functions in SQL that nobody calls (an index over shop.normalize(name)) disturb nobody.
//
// A function may be replaced after the verdict, by its owner and in the middle of a statement. So every call of a
// function outside the server's library is matched with the list, unless one was since the last message about any
// function, relation or role; and again when such a message came in while it was matched. From there to the
// place where a language reads the body nothing takes messages.
#include "extension/pg/analysis/gate.hpp"

#include "extension/pg/analysis/allowed.hpp"
#include "guard/classification.hpp"

extern "C" {
#include "catalog/objectaccess.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/regproc.h"
#include "utils/syscache.h"
}

namespace pgops::pg::analysis {

namespace {

constexpr int kMaxKnown = 64;

struct State {
  bool standing;
  GateMode mode;
  int inside;              // calls of allowed functions under way
  std::uint64_t known_at;  // the moment that `known` belongs to
  bool refused;
  char object[512];  // what was refused, and the statement that would allow it; cut when longer
  char remedy[1024];
  int known_count;  // functions found to be allowed
  Oid known[kMaxKnown];
};

State state = {};
bool hooks_installed = false;
std::uint64_t moment = 0;       // messages about functions, relations and roles that this process has taken
std::uint64_t definitions = 0;  // messages about functions, operators, casts and constraints
object_access_hook_type next_access_hook = nullptr;
needs_fmgr_hook_type next_needs_hook = nullptr;
fmgr_hook_type next_call_hook = nullptr;

[[noreturn]] void refuse(Oid function) {
  state.refused = true;
  const char* name = format_procedure_qualified(function);
  const char* remedy = psprintf("SELECT ops.allow_function(%s, 'why');", quote_literal_cstr(name));
  const AllowState known = allow_state_in_server(function);
  if (state.mode == GateMode::literals) {
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("a literal calls function %s while the statement is analysed", name)));
  }
  strlcpy(state.object, name, sizeof(state.object));
  strlcpy(state.remedy, remedy, sizeof(state.remedy));
  const char* caller = state.inside > 0 ? "an allowed function" : "an index, a constraint or a type";
  if (known.changed != nullptr) {
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("function %s has changed since an administrator allowed it: %s; %s calls it", name,
                           known.changed, caller),
                    errhint("Read it again, then: %s", remedy)));
  }
  ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                  errmsg("function %s was not allowed by an administrator, and %s calls it", name, caller),
                  errhint("Read its body, then: %s", remedy)));
}

bool is_compiled(Oid function) {
  HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
  if (!HeapTupleIsValid(tuple)) return false;
  const Oid language = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->prolang;
  ReleaseSysCache(tuple);
  return language == INTERNALlanguageId || language == ClanguageId;
}

bool guarded(Oid function) { return function >= guard::kFirstUserOid && !is_compiled(function); }

bool is_known(Oid function) {
  for (int i = 0; state.known_at == moment && i < state.known_count; i++) {
    if (state.known[i] == function) return true;
  }
  return false;
}

// Asked at every call.
bool is_allowed(Oid function) {
  if (is_known(function)) return true;
  std::uint64_t begun;
  do {
    begun = moment;
    if (!allow_state_in_server(function).allowed) return false;
  } while (begun != moment);
  if (state.known_at != moment) state.known_count = 0;
  state.known_at = moment;
  if (state.known_count < kMaxKnown) state.known[state.known_count++] = function;
  return true;
}

void on_catalog_change(Datum /*argument*/, int cache, uint32 /*hash*/) {
  if (cache == PROCOID || cache == AUTHOID) moment++;
  if (cache != AUTHOID) definitions++;
}

void on_relation_change(Datum /*argument*/, Oid /*relation*/) { moment++; }

void on_access(ObjectAccessType access, Oid class_id, Oid object, int sub_id, void* argument) {
  if (next_access_hook != nullptr) next_access_hook(access, class_id, object, sub_id, argument);
  if (!state.standing || state.mode != GateMode::literals) return;
  if (access != OAT_FUNCTION_EXECUTE || class_id != ProcedureRelationId) return;
  if (state.inside > 0) return;
  if (object >= guard::kFirstUserOid) {
    if (!is_allowed(object)) refuse(object);
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
  if (guarded(called->fn_oid) && !is_allowed(called->fn_oid)) refuse(called->fn_oid);
  state.inside++;
}

void install_hooks() {
  if (hooks_installed) return;
  call([] {
    for (const int cache : {PROCOID, AUTHOID, OPEROID, CASTSOURCETARGET, CONSTROID}) {
      CacheRegisterSyscacheCallback(cache, on_catalog_change, static_cast<Datum>(0));
    }
    CacheRegisterRelcacheCallback(on_relation_change, static_cast<Datum>(0));
  });
  next_access_hook = object_access_hook;
  object_access_hook = on_access;
  next_needs_hook = needs_fmgr_hook;
  needs_fmgr_hook = on_lookup;
  next_call_hook = fmgr_hook;
  fmgr_hook = on_call;
  hooks_installed = true;
}

}  // namespace

Gate::Gate(GateMode mode) {
  install_hooks();
  state = {true, mode, 0, 0, false, {}, {}, 0, {}};
}

Gate::~Gate() {
  state.standing = false;
  state.inside = 0;
}

bool gate_refused() noexcept { return state.refused; }

GateRefusal gate_refusal() noexcept { return {state.object, state.remedy}; }

std::uint64_t definition_moment() noexcept { return definitions; }

}  // namespace pgops::pg::analysis
