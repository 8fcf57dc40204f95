// core: the JSON value: construction, access, copy, destruction, equality. The parser is
// json_parse.cpp, the writer json_dump.cpp.
//
// A value built by code may be nested without bound (only parse() has limits), so every walk here uses
// its own stack on the heap, or recurses to a fixed depth and then changes over to one.
#include "core/json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <new>

#include "core/decimal.hpp"

namespace pgops {
namespace {

constexpr unsigned kRecursionLimit = 64;
// Above this many members, lookups in bulk go through a sorted index.
constexpr std::size_t kLinearMembers = 16;

const std::string kEmptyText;
const Json::Array kEmptyArray;
const Json::Object kEmptyObject;
const Json kNull;

using Index = std::vector<const Json::Member*>;

Index sorted_index(const Json::Object& members) {
  Index index;
  index.reserve(members.size());
  for (const auto& member : members) index.push_back(&member);
  std::sort(index.begin(), index.end(), [](auto* a, auto* b) { return a->first < b->first; });
  return index;
}

bool equal_scalars(const Json& a, const Json& b) {
  switch (a.kind()) {
    case Json::Kind::boolean: return a.as_bool() == b.as_bool();
    case Json::Kind::string: return a.text() == b.text();
    case Json::Kind::number: return a.text() == b.text() || Decimal::parse(a.text()) == Decimal::parse(b.text());
    default: return true;
  }
}

}  // namespace

Json::Json(bool value) noexcept : kind_(Kind::boolean), bool_(value) {}
Json::Json(std::string value) : kind_(Kind::string), store_(std::move(value)) {}
Json::Json(std::string_view value) : kind_(Kind::string), store_(std::string(value)) {}
Json::Json(const char* value) {
  if (value == nullptr) return;
  kind_ = Kind::string;
  store_ = std::string(value);
}
Json::Json(int value) : kind_(Kind::number), store_(std::to_string(value)) {}
Json::Json(std::int64_t value) : kind_(Kind::number), store_(std::to_string(value)) {}
Json::Json(std::uint64_t value) : kind_(Kind::number), store_(std::to_string(value)) {}

Json::Json(const Json& other) {
  struct Task {
    const Json* from;
    Json* to;
  };
  std::vector<Task> stack;
  const auto copy_one = [&stack](const Json& from, Json& to) {
    to.bool_ = from.bool_;
    if (from.kind_ == Kind::array || from.kind_ == Kind::object) {
      stack.push_back({&from, &to});
    } else {
      to.store_ = std::get<std::string>(from.store_);
      to.kind_ = from.kind_;
    }
  };
  copy_one(other, *this);
  while (!stack.empty()) {
    const Task task = stack.back();
    stack.pop_back();
    // Sized before it is filled: pointers to children on the stack stay valid.
    if (task.from->kind_ == Kind::array) {
      const Array& from = task.from->items();
      task.to->kind_ = Kind::array;
      Array& to = task.to->store_.emplace<Array>(from.size());
      for (std::size_t i = 0; i < from.size(); ++i) copy_one(from[i], to[i]);
    } else {
      const Object& from = task.from->members();
      task.to->kind_ = Kind::object;
      Object& to = task.to->store_.emplace<Object>(from.size());
      for (std::size_t i = 0; i < from.size(); ++i) {
        to[i].first = from[i].first;
        copy_one(from[i].second, to[i].second);
      }
    }
  }
}

Json::Json(Json&& other) noexcept
    : kind_(std::exchange(other.kind_, Kind::null)), bool_(other.bool_), store_(std::move(other.store_)) {
  other.store_.emplace<std::string>();
}

Json& Json::operator=(const Json& other) {
  if (this != &other) *this = Json(other);
  return *this;
}

Json& Json::operator=(Json&& other) noexcept {
  // Through a local value: `other` may be a part of *this.
  Json value(std::move(other));
  std::swap(kind_, value.kind_);
  std::swap(bool_, value.bool_);
  store_.swap(value.store_);
  return *this;
}

Json::~Json() {
  if (kind_ == Kind::array || kind_ == Kind::object) release(*this, 0);
}

// Empties every container below `node`, so that the members' own destructors find nothing to descend
// into. Ordinary documents take the recursive way, which allocates nothing.
void Json::release(Json& node, unsigned depth) {
  const auto is_container = [](const Json& json) { return json.kind_ == Kind::array || json.kind_ == Kind::object; };
  if (depth < kRecursionLimit) {
    if (auto* items = std::get_if<Array>(&node.store_)) {
      for (Json& item : *items) {
        if (is_container(item)) release(item, depth + 1);
      }
      items->clear();
    } else if (auto* members = std::get_if<Object>(&node.store_)) {
      for (Member& member : *members) {
        if (is_container(member.second)) release(member.second, depth + 1);
      }
      members->clear();
    }
    return;
  }
  try {
    std::vector<Json> pending;
    const auto take_children = [&pending, &is_container](Json& from) {
      if (auto* items = std::get_if<Array>(&from.store_)) {
        for (Json& item : *items) {
          if (is_container(item)) pending.push_back(std::move(item));
        }
        items->clear();
      } else if (auto* members = std::get_if<Object>(&from.store_)) {
        for (Member& member : *members) {
          if (is_container(member.second)) pending.push_back(std::move(member.second));
        }
        members->clear();
      }
    };
    take_children(node);
    while (!pending.empty()) {
      Json next = std::move(pending.back());
      pending.pop_back();
      take_children(next);
    }
  } catch (const std::bad_alloc&) {
    // Out of memory while freeing: the destructors descend by themselves, as far as the stack reaches.
  }
}

Json Json::array() {
  Json out;
  out.items();
  return out;
}

Json Json::array(std::initializer_list<Json> items) {
  Json out = array();
  out.items().assign(items.begin(), items.end());
  return out;
}

Json Json::object() {
  Json out;
  out.members();
  return out;
}

Json Json::object(std::initializer_list<std::pair<const char*, Json>> members) {
  Json out = object();
  for (const auto& [key, value] : members) out.set(key, value);
  return out;
}

Json Json::number(std::string_view text) {
  Json out;
  if (!is_number_token(text)) return out;
  out.kind_ = Kind::number;
  out.store_ = std::string(text);
  return out;
}

Json Json::number(double value) {
  if (!std::isfinite(value)) return {};
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return number(std::string_view(buffer.data(), static_cast<std::size_t>(end - buffer.data())));
}

Json Json::millis(double value) {
  if (!std::isfinite(value)) return {};
  std::array<char, 400> buffer{};  // 1.8e308 has 309 digits
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, 3).ptr;
  return number(std::string_view(buffer.data(), static_cast<std::size_t>(end - buffer.data())));
}

bool Json::as_bool(bool fallback) const noexcept { return kind_ == Kind::boolean ? bool_ : fallback; }

const std::string& Json::text() const noexcept {
  const auto* text = std::get_if<std::string>(&store_);
  return text != nullptr ? *text : kEmptyText;
}

std::string_view Json::string_or(std::string_view fallback) const noexcept {
  return kind_ == Kind::string ? std::string_view(text()) : fallback;
}

std::optional<std::int64_t> Json::as_int() const noexcept {
  if (kind_ != Kind::number) return std::nullopt;
  const std::string& token = text();
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (error == std::errc{} && end == token.data() + token.size()) return value;
  if (token.size() > 4096) return std::nullopt;  // nothing a person or a schema means by an integer
  const auto decimal = Decimal::parse(token);
  return decimal ? decimal->to_int64() : std::nullopt;
}

std::optional<double> Json::as_double() const noexcept {
  if (kind_ != Kind::number) return std::nullopt;
  const std::string& token = text();
  double value = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (error == std::errc::result_out_of_range) {
    const auto decimal = Decimal::parse(token);
    if (decimal && decimal->magnitude() < 0) return 0.0;
    return std::nullopt;
  }
  if (error != std::errc{} || end != token.data() + token.size()) return std::nullopt;
  return value;
}

const Json::Array& Json::items() const noexcept {
  const auto* items = std::get_if<Array>(&store_);
  return items != nullptr ? *items : kEmptyArray;
}

Json::Array& Json::items() {
  if (kind_ != Kind::array) *this = Json();
  if (kind_ == Kind::null) {
    store_.emplace<Array>();
    kind_ = Kind::array;
  }
  return std::get<Array>(store_);
}

const Json::Object& Json::members() const noexcept {
  const auto* members = std::get_if<Object>(&store_);
  return members != nullptr ? *members : kEmptyObject;
}

Json::Object& Json::members() {
  if (kind_ != Kind::object) *this = Json();
  if (kind_ == Kind::null) {
    store_.emplace<Object>();
    kind_ = Kind::object;
  }
  return std::get<Object>(store_);
}

std::size_t Json::size() const noexcept {
  if (kind_ == Kind::array) return items().size();
  return kind_ == Kind::object ? members().size() : 0;
}

const Json* Json::find(std::string_view key) const noexcept {
  for (const Member& member : members()) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}

Json* Json::find(std::string_view key) noexcept { return const_cast<Json*>(static_cast<const Json&>(*this).find(key)); }

const Json& Json::operator[](std::string_view key) const noexcept {
  const Json* found = find(key);
  return found != nullptr ? *found : kNull;
}

Json& Json::set(std::string_view key, Json value) {
  if (Json* found = find(key)) {
    *found = std::move(value);
    return *found;
  }
  Object& object = members();
  object.emplace_back(std::string(key), std::move(value));
  return object.back().second;
}

bool Json::erase(std::string_view key) {
  if (kind_ != Kind::object) return false;
  Object& object = members();
  const auto at = std::find_if(object.begin(), object.end(), [key](const Member& m) { return m.first == key; });
  if (at == object.end()) return false;
  object.erase(at);
  return true;
}

Json& Json::push_back(Json value) {
  Array& array = items();
  array.push_back(std::move(value));
  return array.back();
}

bool Json::operator==(const Json& other) const {
  if (kind_ != other.kind_ || size() != other.size()) return false;
  if (kind_ != Kind::array && kind_ != Kind::object) return equal_scalars(*this, other);
  std::vector<std::pair<const Json*, const Json*>> stack{{this, &other}};
  while (!stack.empty()) {
    const auto [a, b] = stack.back();
    stack.pop_back();
    if (a->kind_ != b->kind_) return false;
    if (a->size() != b->size()) return false;
    if (a->kind_ == Kind::array) {
      for (std::size_t i = 0; i < a->size(); ++i) stack.emplace_back(&a->items()[i], &b->items()[i]);
    } else if (a->kind_ == Kind::object) {
      if (a->size() <= kLinearMembers) {
        for (const Member& member : a->members()) {
          const Json* found = b->find(member.first);
          if (found == nullptr) return false;
          stack.emplace_back(&member.second, found);
        }
      } else {
        const Index left = sorted_index(a->members());
        const Index right = sorted_index(b->members());
        for (std::size_t i = 0; i < left.size(); ++i) {
          if (left[i]->first != right[i]->first) return false;
          stack.emplace_back(&left[i]->second, &right[i]->second);
        }
      }
    } else if (!equal_scalars(*a, *b)) {
      return false;
    }
  }
  return true;
}

}  // namespace pgops
