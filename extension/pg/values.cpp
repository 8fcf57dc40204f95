// extension/pg: time, time zones, lock waits. See values.hpp.
#include "extension/pg/door.hpp"
#include "extension/pg/values.hpp"

#include <deque>
#include <set>

extern "C" {
#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "commands/extension.h"
#include "pgtime.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
}

namespace pgops::pg {

namespace {

// Runs f in a subtransaction and turns what the server says into a value; cancels go on.
template <class F>
Status attempt(Code code, F&& f) {
  try {
    subtransaction([&] { call(f); });
  } catch (const Error& error) {
    if (error.is_cancel()) throw;
    return pgops::Error{code, error.message, error.detail, error.hint};
  }
  return Unit{};
}

constexpr std::int64_t kEpochDifferenceUs =
    std::int64_t{POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE} * SECS_PER_DAY * USECS_PER_SEC;

}  // namespace

Result<std::int64_t> parse_timestamptz(std::string_view text) {
  const std::string copy(text);
  const char* chars = copy.c_str();
  std::int64_t value = 0;
  std::int64_t* into = &value;
  const Status status = attempt(Code::tool_bad_request, [=] {
    const Datum parsed =
        DirectFunctionCall3(timestamptz_in, CStringGetDatum(chars), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
    const TimestampTz stamp = DatumGetTimestampTz(parsed);
    if (TIMESTAMP_NOT_FINITE(stamp)) {
      ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the time must be finite")));
    }
    *into = stamp + kEpochDifferenceUs;
  });
  if (!status) return status.error();
  return value;
}

Json json_of(const JsonbImage& image) {
  // A copy, because a string's bytes need not be aligned.
  const char* bytes = image.bytes.data();
  const std::size_t size = image.bytes.size();
  const char* text = call([=] {
    auto* value = static_cast<Jsonb*>(palloc(size));
    memcpy(value, bytes, size);
    return const_cast<const char*>(JsonbToCString(nullptr, &value->root, static_cast<int>(size)));
  });
  auto parsed = Json::parse(text);
  return parsed ? *std::move(parsed) : Json();
}

std::optional<std::string> canonical_timezone(const std::string& name) {
  if (name.empty() || name.size() > 255) return std::nullopt;
  const char* chars = name.c_str();
  const char* canonical = call([=]() -> const char* {
    pg_tz* zone = pg_tzset(chars);
    return zone != nullptr && pg_tz_acceptable(zone) ? pg_get_timezone_name(zone) : nullptr;
  });
  if (canonical == nullptr) return std::nullopt;
  return canonical;
}

std::string session_timezone() { return pg_get_timezone_name(::session_timezone); }

bool waits_for_us(std::int32_t pid) {
  constexpr std::size_t kMaxProcesses = 32;
  std::deque<std::int32_t> open = {pid};
  std::set<std::int32_t> seen = {pid};
  while (!open.empty() && seen.size() <= kMaxProcesses) {
    const std::int32_t waiter = open.front();
    open.pop_front();
    int count = 0;
    Datum* blockers = nullptr;
    call([&] {
      ArrayType* array = DatumGetArrayTypeP(DirectFunctionCall1(pg_blocking_pids, Int32GetDatum(waiter)));
      deconstruct_array(array, INT4OID, 4, true, TYPALIGN_INT, &blockers, nullptr, &count);
    });
    for (int i = 0; i < count; i++) {
      const std::int32_t blocker = DatumGetInt32(blockers[i]);
      if (blocker == MyProcPid) return true;
      if (seen.insert(blocker).second) open.push_back(blocker);
    }
  }
  return false;
}

std::string server_version() { return setting("server_version"); }

std::string setting(const char* name) {
  const char* value = call([=] { return GetConfigOption(name, true, false); });
  return value == nullptr ? std::string() : std::string(value);
}

std::string database_name() {
  const char* name = call([] { return static_cast<const char*>(get_database_name(MyDatabaseId)); });
  return name == nullptr ? std::string() : std::string(name);
}

bool database_exists(std::uint32_t oid) {
  return call([=] { return SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(oid)); });
}

}  // namespace pgops::pg
