// extension/pg/analysis: see allowed.hpp.
#include "extension/pg/analysis/allowed.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/regproc.h"
#include "utils/syscache.h"
}

namespace pgops::pg::analysis {

namespace {

// Columns of ops.allowed_function_store; its primary key is the first three.
constexpr AttrNumber kOwner = 4;
constexpr AttrNumber kDigest = 5;
constexpr AttrNumber kTraits = 6;

// Names are spelled as under search_path = pg_catalog and quoted only where they must be. An error in between
// aborts a (sub)transaction, which puts both back.
struct Spelling {
  int nest = 0;
};

Spelling begin_spelling() {
  Spelling spelling;
  if (quote_all_identifiers) {
    spelling.nest = NewGUCNestLevel();
    (void)set_config_option("quote_all_identifiers", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                            false);
  }
  auto* path = static_cast<OverrideSearchPath*>(palloc0(sizeof(OverrideSearchPath)));
  path->schemas = list_make1_oid(PG_CATALOG_NAMESPACE);
  PushOverrideSearchPath(path);
  return spelling;
}

void end_spelling(const Spelling& spelling) {
  PopOverrideSearchPath();
  if (spelling.nest != 0) AtEOXact_GUC(true, spelling.nest);
}

const char* sha256_text(const char* input) {
  const Datum hash = DirectFunctionCall1(sha256_bytea, PointerGetDatum(cstring_to_text(input)));
  return TextDatumGetCString(DirectFunctionCall2(binary_encode, hash, CStringGetTextDatum("hex")));
}

// The text that a function of the server, called with the OID, returns; "" for NULL.
const char* told(PGFunction teller, Oid function) {
  LOCAL_FCINFO(call_info, 1);
  InitFunctionCallInfoData(*call_info, nullptr, 1, InvalidOid, nullptr, nullptr);
  call_info->args[0].value = ObjectIdGetDatum(function);
  call_info->args[0].isnull = false;
  const Datum value = teller(call_info);
  return call_info->isnull ? "" : TextDatumGetCString(value);
}

const char* column_text(HeapTuple tuple, AttrNumber column, Oid output) {
  bool null = false;
  const Datum value = SysCacheGetAttr(PROCOID, tuple, column, &null);
  return null ? "" : OidOutputFunctionCall(output, value);
}

void add_hashed(StringInfo out, const char* key, const char* value) {
  appendStringInfo(out, "%s %.32s\n", key, value[0] == '\0' ? "-" : sha256_text(value));
}

const char* function_name(Oid function) { return OidIsValid(function) ? format_procedure_qualified(function) : "-"; }

const char* aggregate_text(Oid aggregate) {
  HeapTuple tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggregate));
  if (!HeapTupleIsValid(tuple)) return "";
  const auto* form = reinterpret_cast<Form_pg_aggregate>(GETSTRUCT(tuple));
  StringInfoData out;
  initStringInfo(&out);
  for (const Oid step : {form->aggtransfn, form->aggfinalfn, form->aggcombinefn, form->aggserialfn, form->aggdeserialfn,
                         form->aggmtransfn, form->aggminvtransfn, form->aggmfinalfn}) {
    appendStringInfo(&out, "%s ", function_name(step));
  }
  appendStringInfo(&out, "%c %d %s %c%c%c%c ", form->aggkind, form->aggnumdirectargs,
                   format_type_be(form->aggtranstype), form->aggfinalmodify, form->aggmfinalmodify,
                   form->aggfinalextra ? 'x' : '-', form->aggmfinalextra ? 'x' : '-');
  if (OidIsValid(form->aggsortop)) appendStringInfoString(&out, function_name(get_opcode(form->aggsortop)));
  for (const AttrNumber column : {Anum_pg_aggregate_agginitval, Anum_pg_aggregate_aggminitval}) {
    bool null = false;
    const Datum value = SysCacheGetAttr(AGGFNOID, tuple, column, &null);
    appendStringInfo(&out, " %s", null ? "" : TextDatumGetCString(value));
  }
  ReleaseSysCache(tuple);
  return out.data;
}

const char* language_name(Oid language) {
  HeapTuple tuple = SearchSysCache1(LANGOID, ObjectIdGetDatum(language));
  if (!HeapTupleIsValid(tuple)) return "-";
  const char* name = pstrdup(NameStr(reinterpret_cast<Form_pg_language>(GETSTRUCT(tuple))->lanname));
  ReleaseSysCache(tuple);
  return name;
}

// The words for a trait that changed, in the order of the lines.
struct TraitName {
  const char* key;
  const char* words;
};
constexpr TraitName kTraitNames[] = {{"language", "its language"},         {"kind", "its kind"},
                                     {"rights", "its rights (SECURITY)"},  {"volatility", "its volatility"},
                                     {"strict", "what it does with NULL"}, {"leakproof", "LEAKPROOF"},
                                     {"result", "its result type"},        {"arguments", "its arguments"},
                                     {"settings", "its settings (SET)"},   {"body", "its body"},
                                     {"support", "its support function"},  {"aggregate", "its steps as an aggregate"}};

// Volatility, STRICT and LEAKPROOF decide when and over which rows the server calls it.
const char* traits_of(Oid function, HeapTuple tuple) {
  const auto* form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfo(&out, "language %s\nkind %c\nrights %s\nvolatility %c\nstrict %d\nleakproof %d\n",
                   language_name(form->prolang), form->prokind, form->prosecdef ? "definer" : "invoker",
                   form->provolatile, form->proisstrict, form->proleakproof);
  add_hashed(&out, "result", psprintf("%s %d", told(pg_get_function_result, function), form->proretset));
  add_hashed(&out, "arguments", told(pg_get_function_arguments, function));
  add_hashed(&out, "settings", column_text(tuple, Anum_pg_proc_proconfig, F_ARRAY_OUT));
  add_hashed(&out, "body",
             psprintf("%s\n%s\n%s", column_text(tuple, Anum_pg_proc_prosrc, F_TEXTOUT),
                      column_text(tuple, Anum_pg_proc_probin, F_TEXTOUT), told(pg_get_function_sqlbody, function)));
  add_hashed(&out, "support", OidIsValid(form->prosupport) ? function_name(form->prosupport) : "");
  add_hashed(&out, "aggregate", aggregate_text(function));
  return out.data;
}

struct PlainIdentity {
  const char* schema = nullptr;  // nullptr: there is no such function
  const char* name = nullptr;
  const char* arguments = nullptr;
  const char* owner = nullptr;
  const char* traits = nullptr;
  const char* digest = nullptr;
};

const char* arguments_of(const FormData_pg_proc* form) {
  StringInfoData out;
  initStringInfo(&out);
  for (int i = 0; i < form->pronargs; i++) {
    appendStringInfo(&out, "%s%s", i == 0 ? "" : ",", format_type_be(form->proargtypes.values[i]));
  }
  return out.data;
}

PlainIdentity read_identity(Oid function) {
  PlainIdentity out;
  HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
  if (!HeapTupleIsValid(tuple)) return out;
  const auto* form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
  const Spelling spelling = begin_spelling();
  out.schema = get_namespace_name(form->pronamespace);
  out.name = pstrdup(NameStr(form->proname));
  out.arguments = arguments_of(form);
  out.owner = GetUserNameFromId(form->proowner, true);
  out.traits = traits_of(function, tuple);
  out.digest = psprintf("sha256:%s", sha256_text(out.traits));
  end_spelling(spelling);
  ReleaseSysCache(tuple);
  if (out.owner == nullptr) out.owner = "";
  return out;
}

void add_words(StringInfo out, const char* words) { appendStringInfo(out, "%s%s", out->len == 0 ? "" : ", ", words); }

// Both are lines of the same keys in the same order, unless another version of pg_ops wrote the entry.
void add_differences(StringInfo out, const char* was, const char* is) {
  for (const TraitName& trait : kTraitNames) {
    const std::size_t was_length = strcspn(was, "\n");
    const std::size_t is_length = strcspn(is, "\n");
    if (was_length != is_length || strncmp(was, is, is_length) != 0) {
      const bool known = strncmp(was, trait.key, strlen(trait.key)) == 0;
      add_words(out, known ? trait.words : "how it was recorded");
      if (!known) return;
    }
    was += was_length + (was[was_length] == '\n' ? 1 : 0);
    is += is_length + (is[is_length] == '\n' ? 1 : 0);
  }
}

void compare(HeapTuple tuple, TupleDesc row, const PlainIdentity& function, AllowState& state) {
  bool null[3] = {};
  const Datum owner = heap_getattr(tuple, kOwner, row, &null[0]);
  const Datum digest = heap_getattr(tuple, kDigest, row, &null[1]);
  const Datum traits = heap_getattr(tuple, kTraits, row, &null[2]);
  state.listed = true;
  if (null[0] || null[1] || null[2]) return;
  const char* was_owner = NameStr(*DatumGetName(owner));
  const bool same_owner = strcmp(was_owner, function.owner) == 0;
  const bool same_traits = strcmp(TextDatumGetCString(digest), function.digest) == 0;
  state.allowed = same_owner && same_traits;
  if (state.allowed) return;
  StringInfoData changed;
  initStringInfo(&changed);
  if (!same_traits) add_differences(&changed, TextDatumGetCString(traits), function.traits);
  if (!same_owner) add_words(&changed, psprintf("its owner (now %s, was %s)", function.owner, was_owner));
  state.changed = changed.data;
}

std::string plain(const char* text) { return text == nullptr ? std::string() : std::string(text); }

}  // namespace

AllowState allow_state_in_server(Oid function) {
  AllowState state;
  const PlainIdentity identity = read_identity(function);
  if (identity.schema == nullptr) return state;
  const Oid ops = get_namespace_oid("ops", true);
  const Oid store = OidIsValid(ops) ? get_relname_relid("allowed_function_store", ops) : InvalidOid;
  const Oid index = OidIsValid(ops) ? get_relname_relid("allowed_function_store_pkey", ops) : InvalidOid;
  if (!OidIsValid(store) || !OidIsValid(index)) return state;
  ScanKeyData keys[3];
  ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(identity.schema));
  ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(identity.name));
  ScanKeyInit(&keys[2], 3, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(identity.arguments));
  keys[2].sk_collation = C_COLLATION_OID;
  Relation table = table_open(store, AccessShareLock);
  SysScanDesc scan = systable_beginscan(table, index, true, nullptr, 3, keys);
  HeapTuple tuple;
  while (HeapTupleIsValid(tuple = systable_getnext(scan))) compare(tuple, RelationGetDescr(table), identity, state);
  systable_endscan(scan);
  table_close(table, AccessShareLock);
  return state;
}

std::optional<FunctionIdentity> function_identity(Oid function) {
  const PlainIdentity found = call([=] { return read_identity(function); });
  if (found.schema == nullptr) return std::nullopt;
  return FunctionIdentity{plain(found.schema), plain(found.name),   plain(found.arguments),
                          plain(found.owner),  plain(found.traits), plain(found.digest)};
}

Oid find_function(const std::string& schema, const std::string& name, const std::string& arguments) {
  const char* schema_text = schema.c_str();
  const char* name_text = name.c_str();
  const char* arguments_text = arguments.c_str();
  return call([=] {
    Oid found = InvalidOid;
    const Oid schema_oid = get_namespace_oid(schema_text, true);
    CatCList* list = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name_text));
    const Spelling spelling = begin_spelling();
    for (int i = 0; i < list->n_members; i++) {
      const auto* form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(&list->members[i]->tuple));
      if (form->pronamespace == schema_oid && strcmp(arguments_of(form), arguments_text) == 0) found = form->oid;
    }
    end_spelling(spelling);
    ReleaseCatCacheList(list);
    return found;
  });
}

std::string allow_statement(Oid function) {
  return call([=] {
    const Spelling spelling = begin_spelling();
    const char* statement =
        psprintf("SELECT ops.allow_function(%s, 'why');", quote_literal_cstr(format_procedure_qualified(function)));
    end_spelling(spelling);
    return statement;
  });
}

std::string disallow_statement(const std::string& schema, const std::string& name, const std::string& arguments) {
  const char* schema_text = schema.c_str();
  const char* name_text = name.c_str();
  const char* arguments_text = arguments.c_str();
  return call([=] {
    const Spelling spelling = begin_spelling();
    const char* entry = psprintf("%s(%s)", quote_qualified_identifier(schema_text, name_text), arguments_text);
    end_spelling(spelling);
    return static_cast<const char*>(
        psprintf("SELECT ops.disallow_function(signature => %s);", quote_literal_cstr(entry)));
  });
}

}  // namespace pgops::pg::analysis
