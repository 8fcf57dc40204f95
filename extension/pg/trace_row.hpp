// extension/pg: a trace on its way from the backend to the trace writer: rows in the form of the tables, ready to be
// inserted without another look into the document. Free of postgres.h.
//
// Vocabulary: a *row image* is the row of ops.trace_store followed by its rows of ops.tool_call_store. It consists
// of a head and of cells, one per column in the order of kTraceColumns and kToolCallColumns. Everything in it is
// aligned to 8 bytes, as it must lie in memory for the server to use the values where they are.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/json.hpp"

namespace pgops::pg {

enum class CellType : std::uint8_t { text, uuid, timestamptz, float8, int4, text_array, jsonb };

struct TraceColumn {
  const char* name;
  CellType type;
};

inline constexpr std::array<TraceColumn, 15> kTraceColumns = {{{"tenant_id", CellType::text},
                                                               {"trace_id", CellType::uuid},
                                                               {"parent_trace_id", CellType::uuid},
                                                               {"plan_id", CellType::text},
                                                               {"started_at", CellType::timestamptz},
                                                               {"duration_ms", CellType::float8},
                                                               {"actor_role", CellType::text},
                                                               {"actor_label", CellType::text},
                                                               {"intent", CellType::text},
                                                               {"route", CellType::text},
                                                               {"status", CellType::text},
                                                               {"error_code", CellType::text},
                                                               {"severity", CellType::text},
                                                               {"tools", CellType::text_array},
                                                               {"doc", CellType::jsonb}}};

inline constexpr std::array<TraceColumn, 11> kToolCallColumns = {{{"tenant_id", CellType::text},
                                                                  {"trace_id", CellType::uuid},
                                                                  {"tool_call_id", CellType::uuid},
                                                                  {"plan_id", CellType::text},
                                                                  {"position", CellType::int4},
                                                                  {"started_at", CellType::timestamptz},
                                                                  {"tool", CellType::text},
                                                                  {"status", CellType::text},
                                                                  {"error_code", CellType::text},
                                                                  {"duration_ms", CellType::float8},
                                                                  {"doc", CellType::jsonb}}};

struct RowImageHead {
  std::uint32_t tool_calls;
  std::uint32_t unused;
};

// size < 0: NULL. The value's bytes follow, filled up to 8: a datum by value, or what a datum points to.
struct RowImageCell {
  std::int32_t size;
  std::int32_t unused;
};

struct TraceKey {
  std::string_view tenant;
  std::array<std::uint8_t, 16> trace_id;
};

// Appends the row image of a trace document to an empty string. Throws pg::Error for what no row can hold: a
// parent_trace_id that is no uuid (22P02), U+0000 in a text (22P05), a number beyond numeric (22003). What only the
// table refuses (no status, a document that is no object) becomes a row that it will refuse.
void append_row_image(std::string& out, const TraceKey& key, const Json& document);

}  // namespace pgops::pg
