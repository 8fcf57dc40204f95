// core: a JSON value whose numbers keep their source text.
//
// Results of tools travel as text and jsonb, never as doubles: numeric(38) and 1e300 must come out as
// they went in. Objects keep insertion order and refuse duplicate keys on parsing (PostgreSQL's jsonb
// would silently keep the last). Parsing has bounds on depth and size and never recurses, and neither
// do destruction, copying, comparison and dump().
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace pgops {

struct JsonLimits {
  std::size_t max_bytes = std::size_t{64} << 20;
  std::size_t max_depth = 200;
  // Values of every kind together: "1,1,1,..." takes 24 times its text in memory.
  std::size_t max_values = std::size_t{4} << 20;
  // Refuse what jsonb cannot hold: \u0000, numbers beyond numeric's range (131072 digits before,
  // 16383 after the point).
  bool jsonb_safe = true;
};

class Json {
 public:
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() noexcept : none_() {}  // null
  Json(std::nullptr_t) noexcept : none_() {}
  Json(bool value) noexcept : kind_(Kind::boolean), bool_(value), none_() {}
  Json(std::string value) noexcept : kind_(Kind::string), text_(std::move(value)) {}
  Json(std::string_view value) : kind_(Kind::string), text_(value) {}
  Json(const char* value);
  Json(int value);
  Json(std::int64_t value);
  Json(std::uint64_t value);
  Json(const Json& other);
  Json(Json&& other) noexcept : none_() { take(other); }
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  ~Json() {
    if (holds_text()) {
      text_.~basic_string();
    } else if (is_container()) {
      drop_container(0);
    }
  }

  struct MemberInit;
  static Json array();
  static Json array(std::initializer_list<Json> items);
  static Json object();
  static Json object(std::initializer_list<MemberInit> members);
  // `text` must be a JSON number token ("12", "-0.5e3"); anything else becomes null.
  static Json number(std::string_view text);
  // Shortest form that reads back; not finite -> null. For our own measurements (milliseconds) only.
  static Json number(double value);
  // Milliseconds with three decimals.
  static Json millis(double value);

  // Errors: TOOL_ERROR with the byte position in `detail`.
  static Result<Json> parse(std::string_view text, const JsonLimits& limits = {});

  Kind kind() const noexcept { return kind_; }
  bool is_null() const noexcept { return kind_ == Kind::null; }
  bool is_bool() const noexcept { return kind_ == Kind::boolean; }
  bool is_number() const noexcept { return kind_ == Kind::number; }
  bool is_string() const noexcept { return kind_ == Kind::string; }
  bool is_array() const noexcept { return kind_ == Kind::array; }
  bool is_object() const noexcept { return kind_ == Kind::object; }

  bool as_bool(bool fallback = false) const noexcept;
  // The text of a string, or the source text of a number; empty otherwise.
  const std::string& text() const noexcept;
  std::string_view string_or(std::string_view fallback) const noexcept;
  // An integer number (also "3.0" and "1e2") inside int64; nullopt otherwise.
  std::optional<std::int64_t> as_int() const noexcept;
  std::optional<double> as_double() const noexcept;  // for judging and formatting only

  const Array& items() const noexcept;     // empty unless array
  Array& items();                          // turns null into an array
  const Object& members() const noexcept;  // empty unless object
  Object& members();
  std::size_t size() const noexcept;  // elements or members; 0 for scalars

  const Json* find(std::string_view key) const noexcept;  // nullptr when absent or not an object
  Json* find(std::string_view key) noexcept;
  const Json& operator[](std::string_view key) const noexcept;  // a static null when absent
  Json& set(std::string_view key,
            Json value);  // replaces or appends; turns null into an object; returns the stored value
  // Appends without looking: the object must not have the member yet. For documents of a known layout.
  Json& add(std::string_view key, Json value);
  void reserve(std::size_t count);  // of an array or an object
  bool erase(std::string_view key);
  Json& push_back(Json value);

  std::string dump() const;  // compact, no spaces
  void dump_to(std::string& out) const;
  // RFC 8785-like form for digests: members sorted by key (UTF-8 bytes), numbers as their source text.
  std::string canonical() const;

  // Structural equality: members in any order; numbers are equal when they are the same decimal (1.0 = 1e0).
  bool operator==(const Json& other) const;

 private:
  struct Parser;
  bool holds_text() const noexcept { return kind_ == Kind::number || kind_ == Kind::string; }
  bool is_container() const noexcept { return kind_ >= Kind::array; }
  void drop_container(unsigned depth) noexcept;
  void drop_iteratively() noexcept;
  void copy(const Json& other, unsigned depth);
  void copy_iteratively(const Json& other);
  void make_text(Kind kind, std::string_view text) {  // of a null only
    new (&text_) std::string(text);
    kind_ = kind;
  }
  void make_container(Kind kind) noexcept {  // of a null only
    if (kind == Kind::array) {
      new (&items_) Array();
    } else {
      new (&members_) Object();
    }
    kind_ = kind;
  }
  void take(Json& other) noexcept {  // into a null; leaves null
    bool_ = other.bool_;
    kind_ = std::exchange(other.kind_, Kind::null);
    if (holds_text()) {
      new (&text_) std::string(std::move(other.text_));
      other.text_.~basic_string();
    } else if (kind_ == Kind::array) {
      new (&items_) Array(std::move(other.items_));
      other.items_.~vector();
    } else if (kind_ == Kind::object) {
      new (&members_) Object(std::move(other.members_));
      other.members_.~vector();
    }
  }

  Kind kind_ = Kind::null;
  bool bool_ = false;
  // The member that kind_ implies lives: text of numbers and strings, elements, members; none else.
  union {
    char none_;
    std::string text_;
    Array items_;
    Object members_;
  };
};

// A member as Json::object({{"key", value}, ...}) takes it: the value is moved on, not copied.
struct Json::MemberInit {
  const char* key;
  mutable Json value;
};

// Appends `text` as a JSON string literal, quotes included; bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);
// True when `text` is well-formed UTF-8 without U+0000.
bool valid_utf8(std::string_view text) noexcept;

}  // namespace pgops
