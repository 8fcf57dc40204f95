// extension/pg: what a SQL-callable function of ours is made of. Used by extension/entry (and by
// extension/pg itself); includes postgres.h.
//
//   PGOPS_FUNCTION(pgops_name) { ... body with `args` ... return args.text("x"); }
//
// declares the V1 function, wraps the body in the entry door, and hands it an Args that reads arguments
// and builds results through the exit door.
#pragma once

#include "core/json.hpp"
#include "extension/pg/door.hpp"
#include "extension/pg/jsonb_image.hpp"

namespace pgops::pg {

class Args {
 public:
  explicit Args(FunctionCallInfo fcinfo) noexcept : fcinfo_(fcinfo) {}

  FunctionCallInfo raw() const noexcept { return fcinfo_; }
  int count() const noexcept { return fcinfo_->nargs; }
  bool is_null(int n) const noexcept { return n >= fcinfo_->nargs || fcinfo_->args[n].isnull; }

  // Arguments; nullopt for NULL.
  std::optional<std::string> text(int n) const;   // text, and anything binary-compatible with it
  std::optional<std::string> name(int n) const;   // type name
  std::optional<std::string> jsonb(int n) const;  // as JSON text
  std::optional<std::string> uuid(int n) const;   // canonical lower-case text
  std::optional<std::int32_t> int4(int n) const;
  std::optional<std::int64_t> int8(int n) const;
  std::optional<bool> boolean(int n) const;
  std::optional<std::uint32_t> oid(int n) const;
  std::optional<std::vector<std::optional<std::string>>> text_array(int n) const;
  // The same, raising 22004 naming the argument when NULL.
  std::string required_text(int n, const char* what) const;
  std::string required_jsonb(int n, const char* what) const;

  // Results.
  Datum null() noexcept;
  Datum ret_text(std::string_view value) const;
  Datum ret_jsonb(std::string_view json_text) const;
  Datum ret_image(const JsonbImage& image) const;
  Datum ret_json(const Json& value) const;  // as jsonb, without the way through text; in jsonb_image.cpp
  Datum ret_text_array(std::span<const std::string> values) const;
  Datum ret_oid_array(std::span<const std::uint32_t> values) const;
  Datum ret_uuid(std::string_view canonical) const;
  Datum ret_bool(bool value) const noexcept { return BoolGetDatum(value); }
  Datum ret_int4(std::int32_t value) const noexcept { return Int32GetDatum(value); }
  Datum ret_int8(std::int64_t value) const noexcept { return Int64GetDatum(value); }
  Datum ret_void() const noexcept { return static_cast<Datum>(0); }

  // Set-returning functions in materialise mode: call once, then row() for each row; values as text,
  // converted by the column types' input functions. Returns what the function must return.
  void begin_rows();
  void row(std::span<const std::optional<std::string>> values);
  Datum end_rows() noexcept;

 private:
  FunctionCallInfo fcinfo_;
  void* attribute_input_ = nullptr;
};

// Whoever wants to see errors on their way out of our functions (denials.cpp); nullptr: nobody.
using ErrorObserver = void (*)(const char* symbol, const Error& error) noexcept;
extern ErrorObserver error_observer;

// Runs the body; what it throws is shown under the function's name.
template <class F>
Datum observed(const char* symbol, F&& f) {
  try {
    return f();
  } catch (const Error& error) {
    if (error_observer != nullptr) error_observer(symbol, error);
    throw;
  } catch (const Failure& failure) {
    if (error_observer != nullptr) error_observer(symbol, Error::from(failure.error));
    throw;
  }
}

}  // namespace pgops::pg

#define PGOPS_FUNCTION(symbol)                                                                          \
  static Datum symbol##_body(pgops::pg::Args args);                                                     \
  extern "C" {                                                                                          \
  PG_FUNCTION_INFO_V1(symbol);                                                                          \
  Datum symbol(PG_FUNCTION_ARGS) {                                                                      \
    return pgops::pg::entry([fcinfo] {                                                                  \
      return pgops::pg::observed(#symbol, [fcinfo] { return symbol##_body(pgops::pg::Args(fcinfo)); }); \
    });                                                                                                 \
  }                                                                                                     \
  }                                                                                                     \
  static Datum symbol##_body([[maybe_unused]] pgops::pg::Args args)
