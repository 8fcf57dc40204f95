// extension/pg: row images into the leaf partitions. See trace_store.hpp and trace_row.hpp.
//
// Two ways. *Direct*: the partition and its indexes are opened, constraints and partition bounds checked by the
// server's own functions, rows inserted many at a time; no statement is planned or run. *By statement*: an INSERT per
// row, for a partition that somebody has given anything that only the executor does: triggers (foreign keys and
// deferrable constraints have them), rules, other columns, generated columns, row-level security beyond ours.
//
// Rights and privileges: the direct way asks for INSERT as the executor does, and takes over from row-level security
// only what it has seen to say yes to every row: a permissive policy for this role that is the constant true, and no
// restrictive one.
//
// What is known of a partition (compiled constraints, slots) is kept from batch to batch, until the relation cache, or
// a function of a constraint, says that something has changed. After any error everything is forgotten.
#include "extension/pg/door.hpp"
#include "extension/pg/trace_row.hpp"
#include "extension/pg/trace_store.hpp"

extern "C" {
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "nodes/makefuncs.h"
#include "rewrite/rowsecurity.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
}

namespace pgops::pg::trace_store {

namespace {

constexpr int kRowsAtOnce = 32;
constexpr int kMaxColumns = static_cast<int>(kTraceColumns.size());
constexpr std::size_t kMaxTargets = 6;

// A partition and what is kept of it. Plain data: errors of the server pass over it.
struct Target {
  const TraceColumn* columns = nullptr;
  int column_count = 0;
  const char* name = nullptr;  // in `memory`
  Oid relation = InvalidOid;
  bool direct = false;
  MemoryContext memory = nullptr;
  EState* estate = nullptr;
  ResultRelInfo* info = nullptr;
  TupleTableSlot* slots[kRowsAtOnce] = {};
  int used = 0;  // slots filled
  SPIPlanPtr statement = nullptr;
};

// Set by the server's invalidation callbacks, at any moment: plain data, looked at once the locks are held.
Oid watched[2 * kMaxTargets];
std::size_t watched_count = 0;
bool outdated = false;

void relation_changed(Datum /*arg*/, Oid relation) {
  if (relation == InvalidOid) outdated = true;
  for (std::size_t i = 0; i < watched_count; i++) outdated = outdated || watched[i] == relation;
}

void function_changed(Datum /*arg*/, int /*cache*/, uint32 /*hash*/) { outdated = true; }

void watch() {
  static bool watching = false;
  if (watching) return;
  CacheRegisterRelcacheCallback(relation_changed, Datum{0});
  CacheRegisterSyscacheCallback(PROCOID, function_changed, Datum{0});
  watching = true;
}

struct Pair {
  Target traces;
  Target tool_calls;
};

std::map<std::string, Pair>& pairs() {
  static std::map<std::string, Pair> kept;
  return kept;
}

Oid type_of(CellType type) {
  switch (type) {
    case CellType::text: return TEXTOID;
    case CellType::uuid: return UUIDOID;
    case CellType::timestamptz: return TIMESTAMPTZOID;
    case CellType::float8: return FLOAT8OID;
    case CellType::int4: return INT4OID;
    case CellType::text_array: return TEXTARRAYOID;
    case CellType::jsonb: return JSONBOID;
  }
  return InvalidOid;
}

bool by_value(CellType type) {
  return type == CellType::timestamptz || type == CellType::float8 || type == CellType::int4;
}

// ---- row images --------------------------------------------------------------------------------

struct Reader {
  const char* at;
  const char* end;
};

[[noreturn]] void malformed() { ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("malformed trace ticket"))); }

void read_bytes(Reader& reader, void* to, std::size_t size) {
  if (static_cast<std::size_t>(reader.end - reader.at) < size) malformed();
  memcpy(to, reader.at, size);
  reader.at += size;
}

// One row: values point into the image.
void read_row(Reader& reader, const TraceColumn* columns, int count, Datum* values, bool* nulls) {
  for (int i = 0; i < count; i++) {
    RowImageCell cell;
    read_bytes(reader, &cell, sizeof cell);
    nulls[i] = cell.size < 0;
    values[i] = Datum{0};
    if (cell.size < 0) continue;
    const auto size = static_cast<std::size_t>(cell.size);
    if (static_cast<std::size_t>(reader.end - reader.at) < size) malformed();
    const CellType type = columns[i].type;
    if (by_value(type)) {
      if (size != sizeof(Datum)) malformed();
      memcpy(&values[i], reader.at, sizeof(Datum));
    } else {
      const bool fits = type == CellType::uuid
                            ? size == 16
                            : size >= VARHDRSZ && VARATT_IS_4B_U(reader.at) && VARSIZE_4B(reader.at) == size;
      if (!fits) malformed();
      values[i] = PointerGetDatum(reader.at);
    }
    const std::size_t padded = (size + 7) & ~std::size_t{7};
    reader.at += std::min(padded, static_cast<std::size_t>(reader.end - reader.at));
  }
}

// ---- what a partition is -----------------------------------------------------------------------

bool columns_are_ours(TupleDesc columns, const Target& target) {
  if (columns->natts != target.column_count) return false;
  for (int i = 0; i < columns->natts; i++) {
    Form_pg_attribute column = TupleDescAttr(columns, i);
    if (column->attisdropped || column->attgenerated != '\0' || column->attidentity != '\0') return false;
    if (column->atttypid != type_of(target.columns[i].type)) return false;
    if (strcmp(NameStr(column->attname), target.columns[i].name) != 0) return false;
  }
  return true;
}

bool is_true(Expr* expression) {
  if (expression == nullptr || !IsA(expression, Const)) return false;
  auto* constant = reinterpret_cast<Const*>(expression);
  return constant->consttype == BOOLOID && !constant->constisnull && DatumGetBool(constant->constvalue);
}

bool names_role(ArrayType* roles, Oid role) {
  auto* oids = reinterpret_cast<Oid*>(ARR_DATA_PTR(roles));
  for (int i = 0; i < ARR_DIMS(roles)[0]; i++) {
    if (oids[i] == role || oids[i] == ACL_ID_PUBLIC) return true;
  }
  return false;
}

bool policies_say_yes(Relation relation) {
  if (!relation->rd_rel->relrowsecurity) return true;
  if (relation->rd_rsdesc == nullptr) return false;
  bool yes = false;
  ListCell* cell = nullptr;
  foreach (cell, relation->rd_rsdesc->policies) {
    auto* policy = static_cast<RowSecurityPolicy*>(lfirst(cell));
    if (!policy->permissive) return false;
    if (policy->polcmd != '*' && policy->polcmd != 'a') continue;
    Expr* check = policy->with_check_qual != nullptr ? policy->with_check_qual : policy->qual;
    yes = yes || (names_role(policy->roles, GetUserId()) && is_true(check));
  }
  return yes;
}

bool needs_the_executor(Relation relation, const Target& target) {
  const TupleConstr* constraints = RelationGetDescr(relation)->constr;
  return relation->rd_rel->relkind != RELKIND_RELATION || relation->trigdesc != nullptr ||
         relation->rd_rel->relhastriggers || relation->rd_rules != nullptr ||
         (constraints != nullptr && constraints->has_generated_stored) ||
         !columns_are_ours(RelationGetDescr(relation), target) || !policies_say_yes(relation);
}

// Opens the partition; what was kept of it is made anew where needed.
Relation open_target(Target& target) {
  RangeVar* name = makeRangeVar(const_cast<char*>("ops"), const_cast<char*>(target.name), -1);
  Relation relation = table_openrv(name, RowExclusiveLock);
  if (!relation->rd_rel->relispartition) {
    ereport(ERROR, (errcode(ERRCODE_DUPLICATE_TABLE),
                    errmsg("relation ops.%s exists and is not a partition of ours", target.name)));
  }
  if (target.relation != InvalidOid) {
    outdated = outdated || target.relation != RelationGetRelid(relation);
    return relation;
  }
  target.relation = RelationGetRelid(relation);
  watched[watched_count++] = target.relation;
  target.direct = !needs_the_executor(relation, target);
  if (!target.direct) return relation;
  MemoryContext previous = MemoryContextSwitchTo(target.memory);
  target.estate = CreateExecutorState();
  target.info = makeNode(ResultRelInfo);
  InitResultRelInfo(target.info, relation, 0, nullptr, 0);
  // A copy belongs to no resource owner: the slots outlive the transaction.
  TupleDesc columns = CreateTupleDescCopy(RelationGetDescr(relation));
  for (TupleTableSlot*& slot : target.slots) slot = MakeSingleTupleTableSlot(columns, &TTSOpsHeapTuple);
  MemoryContextSwitchTo(previous);
  return relation;
}

// ---- the direct way ----------------------------------------------------------------------------

void flush(Target& target, Relation relation) {
  if (target.used == 0) return;
  table_multi_insert(relation, target.slots, target.used, GetCurrentCommandId(true), 0, nullptr);
  for (int i = 0; i < target.used; i++) {
    if (target.info->ri_NumIndices > 0) {
      List* recheck = ExecInsertIndexTuples(target.info, target.slots[i], target.estate, false, false, nullptr, NIL);
      list_free(recheck);
    }
    ExecClearTuple(target.slots[i]);
    ResetPerTupleExprContext(target.estate);
  }
  target.used = 0;
}

void add_row(Target& target, Relation relation, Reader& reader) {
  TupleTableSlot* slot = target.slots[target.used];
  ExecClearTuple(slot);
  read_row(reader, target.columns, target.column_count, slot->tts_values, slot->tts_isnull);
  ExecStoreVirtualTuple(slot);
  slot->tts_tableOid = target.relation;
  ExecConstraints(target.info, slot, target.estate);
  ExecPartitionCheck(target.info, slot, target.estate, true);
  ResetPerTupleExprContext(target.estate);
  if (++target.used == kRowsAtOnce) flush(target, relation);
}

void begin_direct(Target& target, Relation relation) {
  const AclResult rights = pg_class_aclcheck(target.relation, GetUserId(), ACL_INSERT);
  if (rights != ACLCHECK_OK) aclcheck_error(rights, OBJECT_TABLE, target.name);
  target.info->ri_RelationDesc = relation;
  target.used = 0;
  ExecOpenIndices(target.info, false);
}

void end_direct(Target& target, Relation relation) {
  flush(target, relation);
  ExecCloseIndices(target.info);
  target.info->ri_NumIndices = 0;
  target.info->ri_IndexRelationDescs = nullptr;
  target.info->ri_IndexRelationInfo = nullptr;
  target.info->ri_RelationDesc = nullptr;
}

// ---- by statement ------------------------------------------------------------------------------

void insert_by_statement(Target& target, Reader& reader) {
  Datum values[kMaxColumns];
  bool nulls[kMaxColumns];
  char null_flags[kMaxColumns + 1];
  read_row(reader, target.columns, target.column_count, values, nulls);
  for (int i = 0; i < target.column_count; i++) null_flags[i] = nulls[i] ? 'n' : ' ';
  null_flags[target.column_count] = '\0';
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  if (target.statement == nullptr) {
    StringInfoData text;
    initStringInfo(&text);
    appendStringInfo(&text, "INSERT INTO ops.%s (", target.name);
    for (int i = 0; i < target.column_count; i++) {
      appendStringInfo(&text, "%s%s", i == 0 ? "" : ", ", target.columns[i].name);
    }
    appendStringInfoString(&text, ") VALUES (");
    Oid types[kMaxColumns];
    for (int i = 0; i < target.column_count; i++) {
      appendStringInfo(&text, "%s$%d", i == 0 ? "" : ", ", i + 1);
      types[i] = type_of(target.columns[i].type);
    }
    appendStringInfoChar(&text, ')');
    SPIPlanPtr made = SPI_prepare(text.data, target.column_count, types);
    if (made == nullptr) elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
    SPI_keepplan(made);
    target.statement = made;
  }
  const int code = SPI_execute_plan(target.statement, values, null_flags, false, 0);
  if (code < 0) elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(code));
  SPI_finish();
}

// ---- both --------------------------------------------------------------------------------------

// The rows of one table out of all images: the first row of each, or all that follow it.
void insert_into(Target& target, Relation relation, const Row* rows, std::size_t count, bool tool_calls) {
  bool begun = false;
  for (std::size_t i = 0; i < count; i++) {
    Reader reader = {rows[i].image, rows[i].image + rows[i].size};
    RowImageHead head;
    read_bytes(reader, &head, sizeof head);
    std::uint32_t left = 1;
    if (tool_calls) {
      Datum values[kMaxColumns];
      bool nulls[kMaxColumns];
      left = head.tool_calls;
      if (left > 0) read_row(reader, kTraceColumns.data(), static_cast<int>(kTraceColumns.size()), values, nulls);
    }
    for (; left > 0; left--) {
      if (!target.direct) {
        insert_by_statement(target, reader);
        continue;
      }
      if (!begun) begin_direct(target, relation);
      begun = true;
      add_row(target, relation, reader);
    }
  }
  if (begun) end_direct(target, relation);
}

void name_target(Target& target, const char* prefix, const char* suffix, const TraceColumn* columns, int count) {
  target.memory = AllocSetContextCreate(TopMemoryContext, "pg_ops trace partition", ALLOCSET_SMALL_SIZES);
  MemoryContext previous = MemoryContextSwitchTo(target.memory);
  target.name = psprintf("%s%s", prefix, suffix);
  MemoryContextSwitchTo(previous);
  target.columns = columns;
  target.column_count = count;
}

Pair& pair_for(const std::string& suffix) {
  const auto found = pairs().find(suffix);
  if (found != pairs().end()) return found->second;
  // Yesterday's are of no use for long.
  if (pairs().size() >= kMaxTargets) forget_partitions();
  Pair& made = pairs()[suffix];
  const char* text = suffix.c_str();
  call([&made, text] {
    watch();
    name_target(made.traces, "trace_p", text, kTraceColumns.data(), static_cast<int>(kTraceColumns.size()));
    name_target(made.tool_calls, "tool_call_p", text, kToolCallColumns.data(),
                static_cast<int>(kToolCallColumns.size()));
  });
  return made;
}

void close_kept(Target& target) noexcept {
  if (target.statement != nullptr) (void)SPI_freeplan(target.statement);
  if (target.memory != nullptr) MemoryContextDelete(target.memory);
  target = Target{};
}

}  // namespace

void insert(const std::string& suffix, std::span<const Row> rows) {
  const Row* first = rows.data();
  const std::size_t count = rows.size();
  // Locks first: they bring the invalidations that decide whether what is kept still holds. What is made anew under
  // the locks serves this batch, whatever else has changed meanwhile.
  for (int attempt = 0;; attempt++) {
    Pair& pair = pair_for(suffix);
    const bool stored = call([&pair, first, count, attempt] {
      Relation traces = open_target(pair.traces);
      Relation tool_calls = open_target(pair.tool_calls);
      if (outdated && attempt == 0) {
        table_close(tool_calls, NoLock);
        table_close(traces, NoLock);
        return false;
      }
      insert_into(pair.traces, traces, first, count, false);
      insert_into(pair.tool_calls, tool_calls, first, count, true);
      table_close(tool_calls, NoLock);
      table_close(traces, NoLock);
      return true;
    });
    if (stored) return;
    forget_partitions();
  }
}

void forget_partitions() noexcept {
  for (auto& [suffix, pair] : pairs()) {
    close_kept(pair.traces);
    close_kept(pair.tool_calls);
  }
  pairs().clear();
  watched_count = 0;
  outdated = false;
}

}  // namespace pgops::pg::trace_store
