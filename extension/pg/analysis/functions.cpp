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

}  // namespace

FunctionInfo function_info(Oid function) {
  const PlainInfo plain = call([=] { return read_info(function); });
  if (!plain.found || plain.schema == nullptr) return {};
  return {true, plain.compiled, plain.schema, plain.name, plain.arguments, plain.owner == nullptr ? "" : plain.owner};
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

bool is_own_statistics(const FunctionInfo& info) noexcept {
  return info.found && info.compiled && info.schema == "ops" && info.arguments.empty() &&
         (info.name == "_column_widths" || info.name == "_statement_statistics");
}

}  // namespace pgops::pg::analysis
