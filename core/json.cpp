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

Json::Json(const char* value) : none_() {
  if (value != nullptr) make_text(Kind::string, value);
}
Json::Json(int value) : kind_(Kind::number), text_(std::to_string(value)) {}
Json::Json(std::int64_t value) : kind_(Kind::number), text_(std::to_string(value)) {}
Json::Json(std::uint64_t value) : kind_(Kind::number), text_(std::to_string(value)) {}

// A value that is a null while its copy fails half-way is destroyed as what it is by then.
Json::Json(const Json& other) : none_() {
  try {
    copy(other, 0);
  } catch (...) {
    this->~Json();
    throw;
  }
}

// Into a null.
void Json::copy(const Json& other, unsigned depth) {
  bool_ = other.bool_;
  if (other.holds_text()) {
    make_text(other.kind_, other.text_);
  } else if (!other.is_container()) {
    kind_ = other.kind_;
  } else if (depth >= kRecursionLimit) {
    copy_iteratively(other);
  } else if (other.kind_ == Kind::array) {
    make_container(Kind::array);
    items_.reserve(other.items_.size());
    for (const Json& item : other.items_) items_.emplace_back().copy(item, depth + 1);
  } else {
    make_container(Kind::object);
    members_.reserve(other.members_.size());
    for (const Member& member : other.members_) {
      members_.emplace_back(member.first, Json()).second.copy(member.second, depth + 1);
    }
  }
}

void Json::copy_iteratively(const Json& other) {
  struct Task {
    const Json* from;
    Json* to;
  };
  std::vector<Task> stack;
  const auto copy_one = [&stack](const Json& from, Json& to) {
    if (from.is_container()) {
      to.make_container(from.kind_);
      stack.push_back({&from, &to});
    } else {
      to.copy(from, 0);
    }
  };
  copy_one(other, *this);
  while (!stack.empty()) {
    const Task task = stack.back();
    stack.pop_back();
    // Sized before it is filled: pointers to children on the stack stay valid.
    if (task.from->kind_ == Kind::array) {
      const Array& from = task.from->items_;
      Array& to = task.to->items_;
      to.resize(from.size());
      for (std::size_t i = 0; i < from.size(); ++i) copy_one(from[i], to[i]);
    } else {
      const Object& from = task.from->members_;
      Object& to = task.to->members_;
      to.resize(from.size());
      for (std::size_t i = 0; i < from.size(); ++i) {
        to[i].first = from[i].first;
        copy_one(from[i].second, to[i].second);
      }
    }
  }
}

Json& Json::operator=(const Json& other) {
  if (this != &other) *this = Json(other);
  return *this;
}

Json& Json::operator=(Json&& other) noexcept {
  // Through local values: `other` may be a part of *this, and *this must not die with its old value.
  Json value(std::move(other));
  Json old(std::move(*this));
  take(value);
  return *this;
}

// Ends the container and leaves null. Ordinary documents take the recursive way, which allocates nothing.
void Json::drop_container(unsigned depth) noexcept {
  if (depth >= kRecursionLimit) drop_iteratively();
  if (kind_ == Kind::array) {
    for (Json& item : items_) {
      if (item.is_container()) item.drop_container(depth + 1);
    }
    items_.~vector();
  } else if (kind_ == Kind::object) {
    for (Member& member : members_) {
      if (member.second.is_container()) member.second.drop_container(depth + 1);
    }
    members_.~vector();
  }
  kind_ = Kind::null;
}

// Empties every container below, so that the members' own destructors find nothing to descend into.
void Json::drop_iteratively() noexcept {
  try {
    std::vector<Json> pending;
    const auto take_children = [&pending](Json& from) {
      if (from.kind_ == Kind::array) {
        for (Json& item : from.items_) {
          if (item.is_container()) pending.push_back(std::move(item));
        }
        from.items_.clear();
      } else if (from.kind_ == Kind::object) {
        for (Member& member : from.members_) {
          if (member.second.is_container()) pending.push_back(std::move(member.second));
        }
        from.members_.clear();
      }
    };
    take_children(*this);
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
  out.make_container(Kind::array);
  return out;
}

Json Json::array(std::initializer_list<Json> items) {
  Json out = array();
  out.items().assign(items.begin(), items.end());
  return out;
}

Json Json::object() {
  Json out;
  out.make_container(Kind::object);
  return out;
}

Json Json::object(std::initializer_list<MemberInit> members) {
  Json out = object();
  out.members_.reserve(members.size() + 2);
  for (const MemberInit& member : members) out.set(member.key, std::move(member.value));
  return out;
}

Json Json::number(std::string_view text) {
  Json out;
  if (!is_number_token(text)) return out;
  out.make_text(Kind::number, text);
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

const std::string& Json::text() const noexcept { return holds_text() ? text_ : kEmptyText; }

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

const Json::Array& Json::items() const noexcept { return kind_ == Kind::array ? items_ : kEmptyArray; }

Json::Array& Json::items() {
  if (kind_ != Kind::array) {
    *this = Json();
    make_container(Kind::array);
  }
  return items_;
}

const Json::Object& Json::members() const noexcept { return kind_ == Kind::object ? members_ : kEmptyObject; }

Json::Object& Json::members() {
  if (kind_ != Kind::object) {
    *this = Json();
    make_container(Kind::object);
  }
  return members_;
}

void Json::reserve(std::size_t count) {
  if (kind_ == Kind::array) items_.reserve(count);
  if (kind_ == Kind::object) members_.reserve(count);
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
  return add(key, std::move(value));
}

Json& Json::add(std::string_view key, Json value) {
  constexpr std::size_t kFirstMembers = 4;
  Object& object = members();
  if (object.capacity() == 0) object.reserve(kFirstMembers);
  return object.emplace_back(std::string(key), std::move(value)).second;
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
