// extension/pg/analysis: see types.hpp. All of this runs inside the exit door.
#include "extension/pg/analysis/types.hpp"

#include "guard/classification.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_range.h"
#include "catalog/pg_type.h"
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
  const TypeCacheEntry* entry = lookup_type_cache(type, TYPECACHE_EQ_OPR | TYPECACHE_CMP_PROC | TYPECACHE_HASH_PROC);
  if (OidIsValid(entry->eq_opr)) add(facts, get_opcode(entry->eq_opr), Origin::type);
  add(facts, entry->cmp_proc, Origin::type);
  add(facts, entry->hash_proc, Origin::type);
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

}  // namespace pgops::pg::analysis
