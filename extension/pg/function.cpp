// extension/pg: reading arguments and building results of SQL-callable functions. See function.hpp.
#include "extension/pg/function.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/jsonb.h"
#include "utils/tuplestore.h"
#include "utils/uuid.h"
}

namespace pgops::pg {

ErrorObserver error_observer = nullptr;

namespace {

std::string text_of(Datum value) {
  text* detoasted = call([=] { return DatumGetTextPP(value); });
  return {VARDATA_ANY(detoasted), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(detoasted))};
}

}  // namespace

std::optional<std::string> Args::text(int n) const {
  if (is_null(n)) return std::nullopt;
  return text_of(fcinfo_->args[n].value);
}

std::optional<std::string> Args::name(int n) const {
  if (is_null(n)) return std::nullopt;
  return std::string(NameStr(*DatumGetName(fcinfo_->args[n].value)));
}

std::optional<std::string> Args::jsonb(int n) const {
  if (is_null(n)) return std::nullopt;
  const Datum value = fcinfo_->args[n].value;
  char* out = call([=] {
    Jsonb* jb = DatumGetJsonbP(value);
    return JsonbToCString(nullptr, &jb->root, VARSIZE(jb));
  });
  return std::string(out);
}

std::optional<std::string> Args::uuid(int n) const {
  if (is_null(n)) return std::nullopt;
  const Datum value = fcinfo_->args[n].value;
  char* out = call([=] { return DatumGetCString(DirectFunctionCall1(uuid_out, value)); });
  return std::string(out);
}

std::optional<std::int32_t> Args::int4(int n) const {
  if (is_null(n)) return std::nullopt;
  return DatumGetInt32(fcinfo_->args[n].value);
}

std::optional<std::int64_t> Args::int8(int n) const {
  if (is_null(n)) return std::nullopt;
  return DatumGetInt64(fcinfo_->args[n].value);
}

std::optional<bool> Args::boolean(int n) const {
  if (is_null(n)) return std::nullopt;
  return DatumGetBool(fcinfo_->args[n].value);
}

std::optional<std::uint32_t> Args::oid(int n) const {
  if (is_null(n)) return std::nullopt;
  return DatumGetObjectId(fcinfo_->args[n].value);
}

std::optional<std::vector<std::optional<std::string>>> Args::text_array(int n) const {
  if (is_null(n)) return std::nullopt;
  const Datum value = fcinfo_->args[n].value;
  Datum* elements = nullptr;
  bool* nulls = nullptr;
  int length = 0;
  call([&] {
    ArrayType* array = DatumGetArrayTypeP(value);
    deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &length);
  });
  std::vector<std::optional<std::string>> out;
  out.reserve(static_cast<std::size_t>(length));
  for (int i = 0; i < length; i++) {
    if (nulls[i]) {
      out.emplace_back(std::nullopt);
    } else {
      out.emplace_back(text_of(elements[i]));
    }
  }
  return out;
}

std::string Args::required_text(int n, const char* what) const {
  auto value = text(n);
  if (!value) {
    raise_sqlstate("22004", std::string("argument \"") + what + "\" must not be NULL", {},
                   std::string("Pass a value for \"") + what + "\".");
  }
  return *std::move(value);
}

std::string Args::required_jsonb(int n, const char* what) const {
  auto value = jsonb(n);
  if (!value) {
    raise_sqlstate("22004", std::string("argument \"") + what + "\" must not be NULL", {},
                   std::string("Pass a JSON value for \"") + what + "\".");
  }
  return *std::move(value);
}

Datum Args::null() noexcept {
  fcinfo_->isnull = true;
  return static_cast<Datum>(0);
}

Datum Args::ret_text(std::string_view value) const {
  return call([=] { return PointerGetDatum(cstring_to_text_with_len(value.data(), static_cast<int>(value.size()))); });
}

Datum Args::ret_jsonb(std::string_view json_text) const {
  const std::string terminated(json_text);
  const char* chars = terminated.c_str();
  return call([=] { return DirectFunctionCall1(jsonb_in, CStringGetDatum(chars)); });
}

Datum Args::ret_text_array(std::span<const std::string> values) const {
  const std::string* first = values.data();
  const int count = static_cast<int>(values.size());
  return call([=] {
    auto* elements = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(count + 1)));
    for (int i = 0; i < count; i++) {
      elements[i] = PointerGetDatum(cstring_to_text_with_len(first[i].data(), static_cast<int>(first[i].size())));
    }
    return PointerGetDatum(construct_array(elements, count, TEXTOID, -1, false, TYPALIGN_INT));
  });
}

Datum Args::ret_oid_array(std::span<const std::uint32_t> values) const {
  const std::uint32_t* first = values.data();
  const int count = static_cast<int>(values.size());
  return call([=] {
    auto* elements = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(count + 1)));
    for (int i = 0; i < count; i++) elements[i] = ObjectIdGetDatum(first[i]);
    return PointerGetDatum(construct_array(elements, count, OIDOID, sizeof(Oid), true, TYPALIGN_INT));
  });
}

Datum Args::ret_uuid(std::string_view canonical) const {
  const std::string terminated(canonical);
  const char* chars = terminated.c_str();
  return call([=] { return DirectFunctionCall1(uuid_in, CStringGetDatum(chars)); });
}

void Args::begin_rows() {
  FunctionCallInfo fcinfo = fcinfo_;
  attribute_input_ = call([=] {
    // SETOF a scalar type has no row type of its own: the executor's expected one is used.
    const bool composite = get_call_result_type(fcinfo, nullptr, nullptr) == TYPEFUNC_COMPOSITE;
    InitMaterializedSRF(fcinfo, composite ? 0 : MAT_SRF_USE_EXPECTED_DESC);
    auto* rsinfo = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    return static_cast<void*>(TupleDescGetAttInMetadata(rsinfo->setDesc));
  });
}

void Args::row(std::span<const std::optional<std::string>> values) {
  auto* rsinfo = reinterpret_cast<ReturnSetInfo*>(fcinfo_->resultinfo);
  const auto columns = static_cast<std::size_t>(rsinfo->setDesc->natts);
  if (values.size() != columns) {
    throw Failure{{Code::internal_error, "a set-returning function produced a row of another width", {}, {}}};
  }
  std::vector<char*> chars(columns, nullptr);
  for (std::size_t i = 0; i < columns; i++) {
    if (values[i]) chars[i] = const_cast<char*>(values[i]->c_str());
  }
  char** data = chars.data();
  auto* meta = static_cast<AttInMetadata*>(attribute_input_);
  call([=] {
    HeapTuple tuple = BuildTupleFromCStrings(meta, data);
    tuplestore_puttuple(rsinfo->setResult, tuple);
    heap_freetuple(tuple);
  });
}

Datum Args::end_rows() noexcept { return static_cast<Datum>(0); }

}  // namespace pgops::pg
