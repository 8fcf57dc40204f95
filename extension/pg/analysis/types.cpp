// extension/pg/analysis: see types.hpp. All of this runs inside the exit door.
#include "extension/pg/analysis/types.hpp"

#include "guard/classification.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/nbtree.h"
#include "access/table.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_range.h"
#include "catalog/pg_type.h"
#include "parser/parse_coerce.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"
}

namespace pgops::pg::analysis {

namespace {

void add(Facts& facts, Oid function, Origin origin) {
  if (OidIsValid(function)) facts.functions.push({function, -1, origin, false});
}

void add_range(Facts& facts, Oid range) {
  HeapTuple tuple = SearchSysCache1(RANGETYPE, ObjectIdGetDatum(range));
  if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for range type %u", range);
  const auto* form = reinterpret_cast<Form_pg_range>(GETSTRUCT(tuple));
  add_type(facts, form->rngsubtype);
  const Oid family = get_opclass_family(form->rngsubopc);
  const Oid input = get_opclass_input_type(form->rngsubopc);
  add(facts, get_opfamily_proc(family, input, input, BTORDER_PROC), Origin::type);
  add(facts, form->rngcanonical, Origin::type);
  add(facts, form->rngsubdiff, Origin::type);
  ReleaseSysCache(tuple);
}

List* domain_checks(Oid domain) {
  List* expressions = NIL;
  ScanKeyData key;
  ScanKeyInit(&key, Anum_pg_constraint_contypid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(domain));
  Relation constraints = table_open(ConstraintRelationId, AccessShareLock);
  SysScanDesc scan = systable_beginscan(constraints, ConstraintTypidIndexId, true, nullptr, 1, &key);
  HeapTuple tuple;
  while (HeapTupleIsValid(tuple = systable_getnext(scan))) {
    bool null = false;
    const Datum tree = heap_getattr(tuple, Anum_pg_constraint_conbin, RelationGetDescr(constraints), &null);
    if (!null) expressions = lappend(expressions, stringToNode(TextDatumGetCString(tree)));
  }
  systable_endscan(scan);
  table_close(constraints, AccessShareLock);
  return expressions;
}

void add_attributes(Facts& facts, Oid composite) {
  TupleDesc row = lookup_rowtype_tupdesc_copy(composite, -1);
  for (int i = 0; i < row->natts; i++) {
    if (!TupleDescAttr(row, i)->attisdropped) add_type(facts, TupleDescAttr(row, i)->atttypid);
  }
}

}  // namespace

void add_type(Facts& facts, Oid type) {
  // The one built-in type whose input and output are not for all: it names roles.
  if (type == REGROLEOID || type == REGROLEARRAYOID) facts.functions.push({F_REGROLEOUT, -1, Origin::call, false});
  if (type < guard::kFirstUserOid) return;
  for (const Oid known : facts.types) {
    if (known == type) return;
  }
  facts.types.push(type);
}

List* expand_type(Facts& facts, Oid type) {
  check_stack_depth();
  HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
  if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for type %u", type);
  const FormData_pg_type form = *reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple));
  ReleaseSysCache(tuple);
  if (OidIsValid(form.typelem)) add_type(facts, form.typelem);
  switch (form.typtype) {
    case TYPTYPE_DOMAIN: add_type(facts, form.typbasetype); return domain_checks(type);
    case TYPTYPE_COMPOSITE: add_attributes(facts, type); break;
    case TYPTYPE_RANGE: add_range(facts, type); break;
    case TYPTYPE_MULTIRANGE: add_type(facts, get_multirange_range(type)); break;
    default: break;
  }
  // Comparing rows and arrays uses the default operators of their elements.
  const TypeCacheEntry* entry = lookup_type_cache(
      type, TYPECACHE_EQ_OPR | TYPECACHE_CMP_PROC | TYPECACHE_HASH_PROC | TYPECACHE_HASH_EXTENDED_PROC);
  if (OidIsValid(entry->eq_opr)) add(facts, get_opcode(entry->eq_opr), Origin::type);
  add(facts, entry->cmp_proc, Origin::type);
  add(facts, entry->hash_proc, Origin::type);
  add(facts, entry->hash_extended_proc, Origin::type);
  // JSON functions, and the encoding of results, write a value through a cast to json where there is one.
  Oid to_json = InvalidOid;
  const bool scalar = !type_is_rowtype(type) && !OidIsValid(get_element_type(type)) && form.typtype != TYPTYPE_DOMAIN;
  if (scalar && find_coercion_pathway(JSONOID, type, COERCION_EXPLICIT, &to_json) == COERCION_PATH_FUNC)
    add(facts, to_json, Origin::type);
  add(facts, form.typinput, Origin::type);
  add(facts, form.typoutput, Origin::type);
  add(facts, form.typsubscript, Origin::type);
  return NIL;
}

void add_aggregate(Facts& facts, Oid aggregate) {
  if (aggregate < guard::kFirstUserOid) return;
  HeapTuple tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggregate));
  if (!HeapTupleIsValid(tuple)) return;  // a window function
  const FormData_pg_aggregate form = *reinterpret_cast<Form_pg_aggregate>(GETSTRUCT(tuple));
  ReleaseSysCache(tuple);
  for (const Oid step : {form.aggtransfn, form.aggfinalfn, form.aggcombinefn, form.aggserialfn, form.aggdeserialfn,
                         form.aggmtransfn, form.aggminvtransfn, form.aggmfinalfn}) {
    add(facts, step, Origin::support);
  }
  if (OidIsValid(form.aggsortop)) add(facts, get_opcode(form.aggsortop), Origin::support);
  add_type(facts, form.aggtranstype);
}

List* missing_arguments(Oid function, int given) {
  if (function < guard::kFirstUserOid) return NIL;
  HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
  if (!HeapTupleIsValid(tuple)) return NIL;
  List* expressions = NIL;
  if (reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->pronargs > given) {
    bool null = false;
    const Datum tree = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proargdefaults, &null);
    if (!null) expressions = castNode(List, stringToNode(TextDatumGetCString(tree)));
  }
  ReleaseSysCache(tuple);
  return expressions;
}

}  // namespace pgops::pg::analysis
