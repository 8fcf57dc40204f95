// extension/pg/analysis: functions outside the classification. See functions.hpp.
#include "extension/pg/analysis/functions.hpp"

#include "extension/pg/analysis/analysis.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
}

namespace pgops::pg::analysis {

namespace {

struct PlainInfo {
  bool found = false;
  bool compiled = false;
  const char* schema = nullptr;
  const char* name = nullptr;
  const char* arguments = nullptr;
  const char* owner = nullptr;
};

PlainInfo read_info(Oid function) {
  PlainInfo info;
  HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
  if (!HeapTupleIsValid(tuple)) return info;
  const auto* form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
  StringInfoData arguments;
  initStringInfo(&arguments);
  for (int i = 0; i < form->pronargs; i++) {
    appendStringInfo(&arguments, "%s%s", i == 0 ? "" : ",", format_type_be(form->proargtypes.values[i]));
  }
  info.found = true;
  info.compiled = form->prolang == INTERNALlanguageId || form->prolang == ClanguageId;
  info.schema = get_namespace_name(form->pronamespace);
  info.name = pstrdup(NameStr(form->proname));
  info.arguments = arguments.data;
  info.owner = GetUserNameFromId(form->proowner, true);
  ReleaseSysCache(tuple);
  return info;
}

// Everything that decides what a call does and with whose rights, one line each.
const char* digest_text(Oid function) {
  HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
  if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for function %u", function);
  const auto* form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
  StringInfoData all;
  initStringInfo(&all);
  HeapTuple language = SearchSysCache1(LANGOID, ObjectIdGetDatum(form->prolang));
  appendStringInfo(
      &all, "language %s\n",
      HeapTupleIsValid(language) ? NameStr(reinterpret_cast<Form_pg_language>(GETSTRUCT(language))->lanname) : "");
  if (HeapTupleIsValid(language)) ReleaseSysCache(language);
  appendStringInfo(&all, "definer %d kind %c volatility %c strict %d set %d\n", form->prosecdef, form->prokind,
                   form->provolatile, form->proisstrict, form->proretset);
  appendStringInfo(&all, "returns %s\n", format_type_be(form->prorettype));
  for (const AttrNumber column : {Anum_pg_proc_prosrc, Anum_pg_proc_probin, Anum_pg_proc_prosqlbody,
                                  Anum_pg_proc_proargdefaults, Anum_pg_proc_proconfig}) {
    bool null = false;
    const Datum value = SysCacheGetAttr(PROCOID, tuple, column, &null);
    Oid output = InvalidOid;
    bool varlena = false;
    getTypeOutputInfo(column == Anum_pg_proc_proconfig ? TEXTARRAYOID : TEXTOID, &output, &varlena);
    appendStringInfo(&all, "%d %s\n", column, null ? "" : OidOutputFunctionCall(output, value));
  }
  ReleaseSysCache(tuple);
  return all.data;
}

const char* digest_of(Oid function) {
  const Datum bytes = PointerGetDatum(cstring_to_text(digest_text(function)));
  const Datum hash = DirectFunctionCall1(sha256_bytea, bytes);
  return psprintf("sha256:%s",
                  TextDatumGetCString(DirectFunctionCall2(binary_encode, hash, CStringGetTextDatum("hex"))));
}

// Column numbers of ops.allowed_functions and its primary key (fn_schema, fn_name, fn_args).
constexpr AttrNumber kOwner = 4;
constexpr AttrNumber kDigest = 5;

bool read_allowed(const char* schema, const char* name, const char* arguments, const char* owner, Oid function) {
  const Oid ops = get_namespace_oid("ops", true);
  const Oid store = OidIsValid(ops) ? get_relname_relid("allowed_functions", ops) : InvalidOid;
  const Oid index = OidIsValid(ops) ? get_relname_relid("allowed_functions_pkey", ops) : InvalidOid;
  if (!OidIsValid(store) || !OidIsValid(index)) return false;
  ScanKeyData keys[3];
  ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(schema));
  ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(name));
  ScanKeyInit(&keys[2], 3, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(arguments));
  keys[2].sk_collation = C_COLLATION_OID;
  Relation table = table_open(store, AccessShareLock);
  SysScanDesc scan = systable_beginscan(table, index, true, nullptr, 3, keys);
  bool allowed = false;
  HeapTuple tuple;
  while (HeapTupleIsValid(tuple = systable_getnext(scan))) {
    bool null_owner = false;
    bool null_digest = false;
    const Datum stored_owner = heap_getattr(tuple, kOwner, RelationGetDescr(table), &null_owner);
    const Datum stored_digest = heap_getattr(tuple, kDigest, RelationGetDescr(table), &null_digest);
    allowed = !null_owner && !null_digest && strcmp(NameStr(*DatumGetName(stored_owner)), owner) == 0 &&
              strcmp(TextDatumGetCString(stored_digest), digest_of(function)) == 0;
  }
  systable_endscan(scan);
  table_close(table, AccessShareLock);
  return allowed;
}

}  // namespace

FunctionInfo function_info(Oid function) {
  const PlainInfo plain = call([=] { return read_info(function); });
  if (!plain.found || plain.schema == nullptr) return {};
  return {true, plain.compiled, plain.schema, plain.name, plain.arguments, plain.owner == nullptr ? "" : plain.owner};
}

bool is_allowed_function(Oid function, const FunctionInfo& info) {
  if (!info.found) return false;
  const char* schema = info.schema.c_str();
  const char* name = info.name.c_str();
  const char* arguments = info.arguments.c_str();
  const char* owner = info.owner.c_str();
  return call([=] { return read_allowed(schema, name, arguments, owner, function); });
}

bool is_allowed_in_server(Oid function) {
  const PlainInfo info = read_info(function);
  return info.found && info.schema != nullptr && info.owner != nullptr &&
         read_allowed(info.schema, info.name, info.arguments, info.owner, function);
}

std::optional<guard::Classified> classify(Oid function, const FunctionInfo& info) {
  if (function < guard::kFirstInitdbOid) return guard::classify_function(function);
  if (function >= guard::kFirstUserOid) return std::nullopt;
  // Numbered by initdb: found by name.
  return guard::classify_initdb_function(info.schema == "pg_catalog" ? info.signature()
                                                                     : info.schema + "." + info.signature());
}

namespace {

std::optional<std::string> class_name(const std::optional<guard::Classified>& classified) {
  if (!classified) return std::nullopt;
  switch (classified->cls) {
    case guard::Class::all: return "all";
    case guard::Class::monitor: return "monitor";
    case guard::Class::never: break;
  }
  return "never";
}

}  // namespace

std::optional<std::string> function_class(Oid function) {
  return class_name(classify(function, function_info(function)));
}

std::optional<std::string> relation_class(Oid relation) {
  const char* schema = nullptr;
  const char* name = nullptr;
  call([&] {
    name = get_rel_name(relation);
    schema = name == nullptr ? nullptr : get_namespace_name(get_rel_namespace(relation));
  });
  if (name == nullptr || schema == nullptr || relation >= guard::kFirstUserOid) return std::nullopt;
  return class_name(guard::classify_relation(std::string(schema) + "." + name));
}

bool is_range_constructor(Oid function) {
  return call([=] {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple)) return false;
    const auto* form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
    bool found = false;
    if (form->prolang == INTERNALlanguageId && !form->prosecdef &&
        (type_is_range(form->prorettype) || type_is_multirange(form->prorettype))) {
      bool null = false;
      const char* symbol = TextDatumGetCString(SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &null));
      found = strncmp(symbol, "range_constructor", 17) == 0 || strncmp(symbol, "multirange_constructor", 22) == 0;
    }
    ReleaseSysCache(tuple);
    return found;
  });
}

bool is_current_tenant(const FunctionInfo& info) noexcept {
  return info.found && info.compiled && info.schema == "ops" && info.name == "current_tenant" && info.arguments.empty();
}

std::string function_digest(Oid function) {
  return call([=] { return digest_of(function); });
}

}  // namespace pgops::pg::analysis
