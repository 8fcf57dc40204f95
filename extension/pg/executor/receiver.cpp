// extension/pg/executor: rows to JSON. See receiver.hpp.
//
// Values keep their exact text: numeric with all digits, never through a double. What JSON cannot say is
// a string: NaN and infinities, bytea (hex), intervals, ranges, network and every other type in its
// output form; times in ISO 8601.
#include "extension/pg/executor/receiver.hpp"

extern "C" {
#include "access/detoast.h"
#include "catalog/pg_type.h"
#include "utils/date.h"
#include "miscadmin.h"
#include "utils/datetime.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/typcache.h"
}

namespace pgops::pg::executor {

namespace {

Encoding encoding_of(Oid type) {
  const Oid base = getBaseType(type);
  switch (base) {
    case BOOLOID: return Encoding::boolean;
    case INT2OID:
    case INT4OID:
    case INT8OID:
    case OIDOID: return Encoding::integer;
    case FLOAT4OID:
    case FLOAT8OID: return Encoding::real;
    case NUMERICOID: return Encoding::numeric;
    case JSONOID: return Encoding::json;
    case JSONBOID: return Encoding::jsonb;
    case DATEOID: return Encoding::date;
    case TIMESTAMPOID: return Encoding::timestamp;
    case TIMESTAMPTZOID: return Encoding::timestamptz;
    default: break;
  }
  if (OidIsValid(get_element_type(base)) && base != INT2VECTOROID && base != OIDVECTOROID) return Encoding::array;
  if (type_is_rowtype(base)) return Encoding::composite;
  return Encoding::text;
}

// NaN and infinities have no number in JSON.
bool plain_number(const char* text) {
  const char first = text[0] == '-' ? text[1] : text[0];
  return first >= '0' && first <= '9';
}

void append_number(StringInfo out, const char* text) {
  if (plain_number(text)) {
    appendStringInfoString(out, text);
  } else {
    escape_json(out, text);
  }
}

void append_text_datum(StringInfo out, Datum value) {
  text* chars = DatumGetTextPP(value);
  char* copy = text_to_cstring(chars);
  appendStringInfoString(out, copy);
  pfree(copy);
}

void append_value(StringInfo out, const ColumnEncoder& column, Datum value) {
  char buffer[MAXDATELEN + 1];
  switch (column.encoding) {
    case Encoding::boolean: appendStringInfoString(out, DatumGetBool(value) ? "true" : "false"); return;
    case Encoding::integer: appendStringInfoString(out, OidOutputFunctionCall(column.output, value)); return;
    case Encoding::real:
    case Encoding::numeric: append_number(out, OidOutputFunctionCall(column.output, value)); return;
    case Encoding::json: {
      // Through jsonb: what jsonb cannot hold is an error here, and duplicate keys are settled as jsonb does.
      Datum binary = DirectFunctionCall1(jsonb_in, CStringGetDatum(TextDatumGetCString(value)));
      Jsonb* parsed = DatumGetJsonbP(binary);
      (void)JsonbToCString(out, &parsed->root, VARSIZE(parsed));
      return;
    }
    case Encoding::jsonb: {
      Jsonb* binary = DatumGetJsonbP(value);
      (void)JsonbToCString(out, &binary->root, VARSIZE(binary));
      return;
    }
    case Encoding::date: escape_json(out, JsonEncodeDateTime(buffer, value, DATEOID, nullptr)); return;
    case Encoding::timestamp: escape_json(out, JsonEncodeDateTime(buffer, value, TIMESTAMPOID, nullptr)); return;
    case Encoding::timestamptz: escape_json(out, JsonEncodeDateTime(buffer, value, TIMESTAMPTZOID, nullptr)); return;
    case Encoding::array: append_text_datum(out, OidFunctionCall1(F_ARRAY_TO_JSON_ANYARRAY, value)); return;
    case Encoding::composite: append_text_datum(out, OidFunctionCall1(F_ROW_TO_JSON_RECORD, value)); return;
    case Encoding::text: escape_json(out, OidOutputFunctionCall(column.output, value)); return;
  }
}

void startup(DestReceiver* self, int /*operation*/, TupleDesc row_type) {
  auto* receiver = reinterpret_cast<Receiver*>(self);
  receiver->width = row_type->natts;
  receiver->columns = static_cast<ColumnEncoder*>(
      palloc0(sizeof(ColumnEncoder) * static_cast<Size>(row_type->natts > 0 ? row_type->natts : 1)));
  for (int i = 0; i < row_type->natts; i++) {
    const FormData_pg_attribute* attribute = TupleDescAttr(row_type, i);
    ColumnEncoder* column = &receiver->columns[i];
    column->type = attribute->atttypid;
    column->encoding = encoding_of(attribute->atttypid);
    getTypeOutputInfo(attribute->atttypid, &column->output, &column->varlena);
    StringInfoData key;
    initStringInfo(&key);
    escape_json(&key, NameStr(attribute->attname));
    appendStringInfoChar(&key, ':');
    column->key = key.data;
  }
}

bool receive(TupleTableSlot* slot, DestReceiver* self) {
  auto* receiver = reinterpret_cast<Receiver*>(self);
  if (receiver->row_count >= receiver->max_rows) {
    receiver->truncated = true;
    return false;
  }
  slot_getallattrs(slot);
  // Sizes first, before anything is detoasted: one cell of a gigabyte is refused without touching it.
  int64 bytes = receiver->rows.len;
  for (int i = 0; i < receiver->width; i++) {
    if (!slot->tts_isnull[i] && receiver->columns[i].varlena &&
        TupleDescAttr(slot->tts_tupleDescriptor, i)->attlen == -1) {
      bytes += static_cast<int64>(toast_raw_datum_size(slot->tts_values[i]));
    }
  }
  if (bytes > receiver->max_bytes) {
    receiver->too_large = true;
    return false;
  }
  StringInfo out = &receiver->rows;
  appendStringInfoString(out, receiver->row_count == 0 ? "{" : ",{");
  MemoryContext per_row = AllocSetContextCreate(CurrentMemoryContext, "pg_ops row", ALLOCSET_SMALL_SIZES);
  MemoryContext previous = MemoryContextSwitchTo(per_row);
  for (int i = 0; i < receiver->width; i++) {
    if (i > 0) appendStringInfoChar(out, ',');
    appendStringInfoString(out, receiver->columns[i].key);
    if (slot->tts_isnull[i]) {
      appendStringInfoString(out, "null");
    } else {
      append_value(out, receiver->columns[i], slot->tts_values[i]);
    }
    if (out->len > receiver->max_bytes) {
      receiver->too_large = true;
      break;
    }
  }
  MemoryContextSwitchTo(previous);
  MemoryContextDelete(per_row);
  appendStringInfoChar(out, '}');
  receiver->row_count++;
  return !receiver->too_large;
}

void shutdown(DestReceiver* /*self*/) {}
void destroy(DestReceiver* /*self*/) {}

}  // namespace

Receiver* make_receiver(int64 max_rows, int64 max_bytes) {
  auto* receiver = static_cast<Receiver*>(palloc0(sizeof(Receiver)));
  receiver->pub.receiveSlot = receive;
  receiver->pub.rStartup = startup;
  receiver->pub.rShutdown = shutdown;
  receiver->pub.rDestroy = destroy;
  receiver->pub.mydest = DestNone;
  receiver->max_rows = max_rows;
  receiver->max_bytes = max_bytes;
  initStringInfo(&receiver->rows);
  return receiver;
}

void append_columns(StringInfo out, TupleDesc row_type) {
  appendStringInfoChar(out, '[');
  for (int i = 0; i < row_type->natts; i++) {
    const FormData_pg_attribute* attribute = TupleDescAttr(row_type, i);
    for (int j = 0; j < i; j++) {
      if (namestrcmp(const_cast<Name>(&TupleDescAttr(row_type, j)->attname), NameStr(attribute->attname)) == 0) {
        ereport(ERROR, (errcode(ERRCODE_DUPLICATE_COLUMN),
                        errmsg("column name \"%s\" occurs more than once in the result", NameStr(attribute->attname)),
                        errhint("Give each result column a name of its own with AS.")));
      }
    }
    appendStringInfoString(out, i == 0 ? "{\"name\":" : ",{\"name\":");
    escape_json(out, NameStr(attribute->attname));
    appendStringInfoString(out, ",\"type\":");
    escape_json(out, format_type_with_typemod(attribute->atttypid, attribute->atttypmod));
    appendStringInfoChar(out, '}');
  }
  appendStringInfoChar(out, ']');
}

}  // namespace pgops::pg::executor
