// extension/pg/executor: the receiver of a tool's rows: encodes each value as JSON, under a row and a
// byte cap. Includes postgres.h; used by the executor only. C in style: it is called from inside the
// server's executor and must hold nothing that a longjmp could skip.
#pragma once

#include "extension/pg/postgres.hpp"

extern "C" {
#include "lib/stringinfo.h"
#include "tcop/dest.h"
}

namespace pgops::pg::executor {

enum class Encoding : std::uint8_t {
  boolean,
  integer,
  real,
  numeric,
  json,
  jsonb,
  date,
  timestamp,
  timestamptz,
  array,
  composite,
  text
};

struct ColumnEncoder {
  Encoding encoding;
  Oid type;
  Oid output;
  bool varlena;
  char* key;  // `"name":`, escaped
};

struct Receiver {
  DestReceiver pub;
  StringInfoData rows;
  ColumnEncoder* columns;
  int width;
  int64 max_rows;
  int64 max_bytes;
  int64 row_count;
  bool truncated;
  bool too_large;
};

// In the current memory context, which must outlive the execution.
Receiver* make_receiver(int64 max_rows, int64 max_bytes);
// `[{"name":..,"type":..},..]` of a row type; ereports when a name occurs twice.
void append_columns(StringInfo out, TupleDesc row_type);

}  // namespace pgops::pg::executor
