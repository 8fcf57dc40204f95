// extension/pg: SPI. See spi.hpp.
#include "extension/pg/door.hpp"
#include "extension/pg/spi.hpp"

#include "extension/pg/memory.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
}

namespace pgops::pg::spi {

namespace {

Oid type_oid(Type type) noexcept {
  switch (type) {
    case Type::text: return TEXTOID;
    case Type::name: return NAMEOID;
    case Type::int4: return INT4OID;
    case Type::int8: return INT8OID;
    case Type::boolean: return BOOLOID;
    case Type::jsonb: return JSONBOID;
    case Type::uuid: return UUIDOID;
    case Type::timestamptz: return TIMESTAMPTZOID;
    case Type::oid: return OIDOID;
    case Type::text_array: return TEXTARRAYOID;
  }
  return InvalidOid;
}

constexpr std::size_t kMaxParams = 32;

// Keyed by the literal's address: statements are string literals, so equal address = equal text.
std::unordered_map<const char*, SPIPlanPtr>& plans() {
  static auto* map = new std::unordered_map<const char*, SPIPlanPtr>();
  return *map;
}

struct SpiConnection {
  SpiConnection() {
    call([] {
      if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
    });
  }
  ~SpiConnection() { SPI_finish(); }
};

struct SnapshotScope {
  explicit SnapshotScope(bool wanted) : pushed(wanted) {
    if (pushed) call([] { PushActiveSnapshot(GetLatestSnapshot()); });
  }
  ~SnapshotScope() {
    if (pushed) PopActiveSnapshot();
  }
  bool pushed;
};

}  // namespace

Rows query(const char* statement, std::initializer_list<Param> params, Access access, long limit) {
  if (params.size() > kMaxParams) throw Failure{{Code::internal_error, "too many parameters for a statement", {}, {}}};
  const bool read = access == Access::read;
  SnapshotScope snapshot(read);
  SpiConnection connection;

  Oid types[kMaxParams] = {};
  const char* texts[kMaxParams] = {};
  int count = 0;
  for (const Param& param : params) {
    types[count] = type_oid(param.type);
    texts[count] = param.value ? param.value->c_str() : nullptr;
    count++;
  }

  SPIPlanPtr plan = nullptr;
  if (auto found = plans().find(statement); found != plans().end()) {
    plan = found->second;
  } else {
    Oid* type_list = types;
    plan = call([=] {
      SPIPlanPtr made = SPI_prepare(statement, count, type_list);
      if (made == nullptr) elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
      SPI_keepplan(made);
      return made;
    });
    plans().emplace(statement, plan);
  }

  Oid* type_list = types;
  const char** text_list = texts;
  call([=] {
    Datum values[kMaxParams];
    char nulls[kMaxParams + 1];
    for (int i = 0; i < count; i++) {
      nulls[i] = text_list[i] == nullptr ? 'n' : ' ';
      values[i] = static_cast<Datum>(0);
      if (text_list[i] != nullptr) {
        Oid input = InvalidOid;
        Oid io_param = InvalidOid;
        getTypeInputInfo(type_list[i], &input, &io_param);
        values[i] = OidInputFunctionCall(input, const_cast<char*>(text_list[i]), io_param, -1);
      }
    }
    const int code = SPI_execute_plan(plan, values, nulls, read, limit);
    if (code < 0) elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(code));
  });

  Rows out;
  out.processed = SPI_processed;
  if (SPI_tuptable == nullptr) return out;
  SPITupleTable* table = SPI_tuptable;
  const int width = table->tupdesc->natts;
  for (int i = 0; i < width; i++) out.columns.emplace_back(NameStr(TupleDescAttr(table->tupdesc, i)->attname));
  out.rows.reserve(table->numvals);
  for (std::uint64_t r = 0; r < table->numvals; r++) {
    Row row;
    row.reserve(static_cast<std::size_t>(width));
    HeapTuple tuple = table->vals[r];
    for (int c = 1; c <= width; c++) {
      const char* value = call([=] { return static_cast<const char*>(SPI_getvalue(tuple, table->tupdesc, c)); });
      if (value == nullptr) {
        row.emplace_back(std::nullopt);
      } else {
        row.emplace_back(std::string(value));
      }
    }
    out.rows.push_back(std::move(row));
  }
  return out;
}

OwnerScope::OwnerScope() : guc_level_(0), user_(0), security_context_(0) {
  const std::uint32_t owner = role_oid("ops_owner");
  if (owner == InvalidOid) {
    raise_sqlstate("42704", "INTERNAL_ERROR: role ops_owner does not exist", {},
                   "Reinstall the extension: DROP EXTENSION pg_ops; CREATE EXTENSION pg_ops.");
  }
  guc_level_ = NewGUCNestLevel();
  const int level = guc_level_;
  try {
    call([] {
      const struct {
        const char* name;
        const char* value;
      } pins[] = {{"search_path", "pg_catalog, pg_temp"}, {"row_security", "on"},
                  {"standard_conforming_strings", "on"},  {"DateStyle", "ISO, YMD"},
                  {"IntervalStyle", "iso_8601"},          {"bytea_output", "hex"}};
      for (const auto& pin : pins) {
        // Setting a value that is in force already would still push a stack entry and run hooks.
        const char* now = GetConfigOption(pin.name, true, false);
        if (now != nullptr && strcmp(now, pin.value) == 0) continue;
        (void)set_config_option(pin.name, pin.value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
      }
    });
  } catch (...) {
    AtEOXact_GUC(false, level);
    throw;
  }
  Oid user = InvalidOid;
  GetUserIdAndSecContext(&user, &security_context_);
  user_ = user;
  SetUserIdAndSecContext(owner, security_context_ | SECURITY_LOCAL_USERID_CHANGE);
}

OwnerScope::~OwnerScope() {
  SetUserIdAndSecContext(user_, security_context_);
  AtEOXact_GUC(true, guc_level_);
}

}  // namespace pgops::pg::spi
