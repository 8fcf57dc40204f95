// core: the JSON writer: compact and canonical forms. Recursive to a fixed depth, then with an explicit stack.
#include <algorithm>
#include <array>

#include "core/json.hpp"
#include "core/utf8.hpp"

namespace pgops {
namespace {

// A container being written; `order` is filled only for canonical output.
struct Frame {
  const Json* node;
  std::size_t next = 0;
  std::vector<const Json::Member*> order;
};

void append_scalar(std::string& out, const Json& value) {
  switch (value.kind()) {
    case Json::Kind::boolean: out += value.as_bool() ? "true" : "false"; break;
    case Json::Kind::number: out += value.text(); break;
    case Json::Kind::string: append_json_string(out, value.text()); break;
    default: out += "null"; break;
  }
}

void write(std::string& out, const Json& root, bool canonical) {
  std::vector<Frame> stack;
  const auto begin = [&](const Json& value) {
    if (!value.is_array() && !value.is_object()) {
      append_scalar(out, value);
      return;
    }
    out.push_back(value.is_array() ? '[' : '{');
    Frame& frame = stack.emplace_back(Frame{&value, 0, {}});
    if (canonical && value.is_object()) {
      frame.order.reserve(value.size());
      for (const auto& member : value.members()) frame.order.push_back(&member);
      std::sort(frame.order.begin(), frame.order.end(), [](auto* a, auto* b) { return a->first < b->first; });
    }
  };
  begin(root);
  while (!stack.empty()) {
    Frame& frame = stack.back();
    const Json& node = *frame.node;
    if (frame.next == node.size()) {
      out.push_back(node.is_array() ? ']' : '}');
      stack.pop_back();
      continue;
    }
    if (frame.next != 0) out.push_back(',');
    const std::size_t at = frame.next++;
    if (node.is_array()) {
      begin(node.items()[at]);
    } else {
      const Json::Member& member = canonical ? *frame.order[at] : node.members()[at];
      append_json_string(out, member.first);
      out.push_back(':');
      begin(member.second);
    }
  }
}

// The compact form of ordinary documents: no frames to keep.
void write_compact(std::string& out, const Json& value, unsigned depth) {
  constexpr unsigned kRecursionLimit = 64;
  if (value.is_array()) {
    if (depth == kRecursionLimit) return write(out, value, false);
    char before = '[';
    for (const Json& item : value.items()) {
      out.push_back(before);
      before = ',';
      write_compact(out, item, depth + 1);
    }
    out += value.size() == 0 ? "[]" : "]";
  } else if (value.is_object()) {
    if (depth == kRecursionLimit) return write(out, value, false);
    char before = '{';
    for (const auto& [key, member] : value.members()) {
      out.push_back(before);
      before = ',';
      append_json_string(out, key);
      out.push_back(':');
      write_compact(out, member, depth + 1);
    }
    out += value.size() == 0 ? "{}" : "}";
  } else {
    append_scalar(out, value);
  }
}

// Bytes that stand for themselves inside a string.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x80; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

}  // namespace

void Json::dump_to(std::string& out) const { write_compact(out, *this, 0); }

std::string Json::dump() const {
  std::string out;
  dump_to(out);
  return out;
}

std::string Json::canonical() const {
  std::string out;
  write(out, *this, true);
  return out;
}

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out.push_back('"');
  std::size_t run = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (kPlain[c]) {
      ++at;
      continue;
    }
    const std::size_t length = utf8_length_at(text, at);
    if (length > 1) {
      at += length;
      continue;
    }
    out.append(text, run, at - run);
    run = ++at;
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (c >= 0x80) {
          out += "\xEF\xBF\xBD";
        } else {
          out += "\\u00";
          out.push_back(kHex[c >> 4U]);
          out.push_back(kHex[c & 15U]);
        }
    }
  }
  out.append(text, run);
  out.push_back('"');
}

}  // namespace pgops
