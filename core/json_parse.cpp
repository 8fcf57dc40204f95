// core: the JSON reader: RFC 8259, iterative, bounded, positions in every error.
//
// Written out rather than taken from a library for two properties none of the packaged ones has
// together: a number is never read as a double (nlohmann's SAX reader refuses 1e400, which numeric and
// jsonb hold well), and limits, duplicate keys and \u0000 are reported with their byte position.
// regress/unit compares it with nlohmann's verdict on random and mutated texts.
#include <algorithm>
#include <cstring>

#include "core/decimal.hpp"
#include "core/json.hpp"
#include "core/utf8.hpp"

namespace pgops {

struct Json::Parser {
  // A container being filled. Its address is stable: only the innermost one grows.
  struct Frame {
    Json* node;
    bool is_object;
  };

  std::string_view text;
  JsonLimits limits;
  std::size_t at = 0;
  std::size_t values = 0;
  std::vector<Frame> frames;
  const char* problem = nullptr;

  bool fail(const char* message) {
    problem = message;
    return false;
  }

  void skip_space() {
    while (at < text.size()) {
      const char c = text[at];
      if (c != ' ' && c != '\n' && c != '\t' && c != '\r') return;
      ++at;
    }
  }

  bool literal(std::string_view word) {
    if (text.substr(at, word.size()) != word) return fail("invalid literal in JSON");
    at += word.size();
    return true;
  }

  bool number(Json& into) {
    const std::size_t start = at;
    bool plain = true;
    while (at < text.size()) {
      const char c = text[at];
      if (c >= '0' && c <= '9') {
        ++at;
      } else if (c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E') {
        if (at != start) plain = false;
        ++at;
      } else {
        break;
      }
    }
    const std::string_view token = text.substr(start, at - start);
    if (!is_number_token(token)) {
      at = start;
      return fail("invalid number in JSON");
    }
    if (limits.jsonb_safe && !(plain && token.size() < 1000) && !fits_numeric(token)) {
      at = start;
      return fail("number in JSON is out of range");
    }
    into.make_text(Kind::number, token);
    return true;
  }

  static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  }

  bool four_hex(std::uint32_t& unit) {
    if (text.size() - at < 4) return fail("invalid escape in JSON string");
    unit = 0;
    for (int i = 0; i < 4; ++i) {
      const int digit = hex_digit(text[at]);
      if (digit < 0) return fail("invalid escape in JSON string");
      unit = unit * 16 + static_cast<std::uint32_t>(digit);
      ++at;
    }
    return true;
  }

  // After the backslash.
  bool escape(std::string& out) {
    if (at >= text.size()) return fail("unterminated string in JSON");
    switch (text[at++]) {
      case '"': out.push_back('"'); return true;
      case '\\': out.push_back('\\'); return true;
      case '/': out.push_back('/'); return true;
      case 'b': out.push_back('\b'); return true;
      case 'f': out.push_back('\f'); return true;
      case 'n': out.push_back('\n'); return true;
      case 'r': out.push_back('\r'); return true;
      case 't': out.push_back('\t'); return true;
      case 'u': break;
      default: --at; return fail("invalid escape in JSON string");
    }
    std::uint32_t unit = 0;
    if (!four_hex(unit)) return false;
    if (unit == 0 && limits.jsonb_safe) return fail("\\u0000 in JSON string");
    if (unit >= 0xDC00 && unit <= 0xDFFF) return fail("unpaired surrogate in JSON string");
    if (unit >= 0xD800 && unit <= 0xDBFF) {
      std::uint32_t low = 0;
      if (text.substr(at, 2) != "\\u") return fail("unpaired surrogate in JSON string");
      at += 2;
      if (!four_hex(low)) return false;
      if (low < 0xDC00 || low > 0xDFFF) return fail("unpaired surrogate in JSON string");
      unit = 0x10000 + ((unit - 0xD800) << 10U) + (low - 0xDC00);
    }
    append_utf8(out, unit);
    return true;
  }

  // From the opening quote to behind the closing one.
  bool string(std::string& out) {
    ++at;
    for (;;) {
      const std::size_t run = at;
      while (at < text.size()) {
        const auto c = static_cast<unsigned char>(text[at]);
        if (c == '"' || c == '\\' || c < 0x20) break;
        if (c < 0x80) {
          ++at;
          continue;
        }
        const std::size_t length = utf8_length_at(text, at);
        if (length == 0) return fail("invalid UTF-8 in JSON");
        at += length;
      }
      out.append(text, run, at - run);
      if (at >= text.size()) return fail("unterminated string in JSON");
      const char c = text[at];
      if (c == '"') {
        ++at;
        return true;
      }
      if (c != '\\') return fail("control character in JSON string");
      ++at;
      if (!escape(out)) return false;
    }
  }

  bool key(std::string& out) {
    skip_space();
    if (at >= text.size() || text[at] != '"') return fail("expected a member name in JSON");
    if (!string(out)) return false;
    skip_space();
    if (at >= text.size() || text[at] != ':') return fail("expected a colon in JSON");
    ++at;
    return true;
  }

  bool unique_keys(const Object& members) {
    if (members.size() <= 12) {
      for (std::size_t i = 1; i < members.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
          if (members[i].first == members[j].first) return fail("duplicate member name in JSON");
        }
      }
      return true;
    }
    std::vector<std::string_view> keys;
    keys.reserve(members.size());
    for (const Member& member : members) keys.push_back(member.first);
    std::sort(keys.begin(), keys.end());
    if (std::adjacent_find(keys.begin(), keys.end()) != keys.end()) return fail("duplicate member name in JSON");
    return true;
  }

  bool open(Json& into, bool is_object) {
    if (frames.size() >= limits.max_depth) return fail("JSON is nested too deeply");
    ++at;
    frames.push_back({&into, is_object});
    into.make_container(is_object ? Kind::object : Kind::array);
    return true;
  }

  bool close() {
    const Frame frame = frames.back();
    if (frame.is_object && !unique_keys(frame.node->members_)) return false;
    ++at;
    frames.pop_back();
    return true;
  }

  // The next place for a value inside the innermost container.
  Json* slot(const Frame& frame) {
    if (!frame.is_object) return &frame.node->items_.emplace_back();
    std::string name;
    if (!key(name)) return nullptr;
    return &frame.node->members_.emplace_back(std::move(name), Json()).second;
  }

  // One value; a container is only opened.
  bool begin_value(Json& into) {
    skip_space();
    if (at >= text.size()) return fail("JSON ends unexpectedly");
    if (++values > limits.max_values) return fail("JSON has too many values");
    switch (text[at]) {
      case '{': return open(into, true);
      case '[': return open(into, false);
      case '"': into.make_text(Kind::string, {}); return string(into.text_);
      case 't':
        into.kind_ = Kind::boolean;
        into.bool_ = true;
        return literal("true");
      case 'f': into.kind_ = Kind::boolean; return literal("false");
      case 'n': return literal("null");
      default: return number(into);
    }
  }

  bool document(Json& root) {
    if (text.size() > limits.max_bytes) return fail("JSON text is too large");
    if (!begin_value(root)) return false;
    while (!frames.empty()) {
      const Frame frame = frames.back();
      const char closing = frame.is_object ? '}' : ']';
      const bool first = frame.node->size() == 0;
      skip_space();
      if (at >= text.size()) return fail("JSON ends unexpectedly");
      if (text[at] == closing) {
        if (!close()) return false;
        continue;
      }
      if (!first) {
        if (text[at] != ',') return fail("expected a comma or the end of a container in JSON");
        ++at;
      }
      Json* into = slot(frame);
      if (into == nullptr || !begin_value(*into)) return false;
    }
    skip_space();
    return at == text.size() || fail("text after the end of JSON");
  }
};

Result<Json> Json::parse(std::string_view text, const JsonLimits& limits) {
  Parser parser{.text = text, .limits = limits, .at = 0, .values = 0, .frames = {}, .problem = nullptr};
  Json root;
  if (parser.document(root)) return root;
  return Error{Code::tool_error, parser.problem, "Near byte " + std::to_string(parser.at) + ".", ""};
}

}  // namespace pgops
