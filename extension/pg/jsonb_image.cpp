// extension/pg: jsonb's binary form. See jsonb_image.hpp.
//
// The form is that of utils/jsonb.h: a container is a header, one entry word per key and value, then their bytes;
// keys are in the order of (length, bytes); every 32nd entry holds an end offset instead of a length; numbers and
// containers are aligned to 4 bytes within the datum. Of two equal keys the last one counts.
// A number is in the form of numeric (utils/adt/numeric.c): decimal digits in groups of four, without leading and
// trailing zero groups.
#include "extension/pg/door.hpp"
#include "extension/pg/jsonb_image.hpp"

#include "extension/pg/function.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace pgops::pg {

namespace {

constexpr int kMaxDepth = 1000;

// numeric.c keeps these to itself.
constexpr int kDecimalDigits = 4;
constexpr unsigned kNumericShort = 0x8000;
constexpr unsigned kShortSign = 0x2000;
constexpr unsigned kShortScaleShift = 7;
constexpr int kShortScaleMax = 63;
constexpr unsigned kShortWeightSign = 0x0040;
constexpr unsigned kShortWeightMask = 0x003F;
constexpr int kShortWeightMin = -64;
constexpr int kShortWeightMax = 63;
constexpr unsigned kLongNegative = 0x4000;
constexpr int kLongScaleMax = 0x3FFF;
constexpr int kLongWeightMin = -32768;
constexpr int kLongWeightMax = 32767;
constexpr std::int64_t kExponentMax = INT_MAX / 2;

[[noreturn]] void too_large(const char* what) {
  throw Error::make("54000", std::string(what) + " exceeds what jsonb can hold");
}

void put32(std::string& out, std::size_t at, std::uint32_t value) { std::memcpy(out.data() + at, &value, 4); }

void pad(std::string& out) { out.resize((out.size() + 3) & ~std::size_t{3}, '\0'); }

bool plain_ascii(std::string_view text) noexcept {
  constexpr std::uint64_t kHigh = 0x8080808080808080U;
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    // A zero byte borrows from its high bit.
    if (((word | (word - kOnes)) & kHigh) != 0) return false;
  }
  for (; i < text.size(); i++) {
    if (static_cast<signed char>(text[i]) <= 0) return false;
  }
  return true;
}

struct Decimal {
  std::string_view token;
  bool negative = false;
  std::string_view whole;     // digits before the point
  std::string_view fraction;  // and after it
  std::int64_t exponent = 0;
};

Decimal read_decimal(std::string_view token) {
  const auto digits = [&token] {
    std::size_t n = 0;
    while (n < token.size() && token[n] >= '0' && token[n] <= '9') n++;
    const std::string_view found = token.substr(0, n);
    token.remove_prefix(n);
    return found;
  };
  Decimal out;
  if (!token.empty() && token.front() == '-') {
    out.negative = true;
    token.remove_prefix(1);
  }
  out.whole = digits();
  if (!token.empty() && token.front() == '.') {
    token.remove_prefix(1);
    out.fraction = digits();
  }
  if (token.empty()) return out;
  token.remove_prefix(1);  // e
  bool down = false;
  if (!token.empty() && (token.front() == '-' || token.front() == '+')) {
    down = token.front() == '-';
    token.remove_prefix(1);
  }
  for (const char c : digits()) {
    if (out.exponent < kExponentMax * 2) out.exponent = out.exponent * 10 + (c - '0');
  }
  if (down) out.exponent = -out.exponent;
  return out;
}

[[noreturn]] void overflow() { throw Error::make("22003", "value overflows numeric format"); }

// Appends a numeric with its length word; out.size() is aligned.
void append_numeric(std::string& out, std::string_view token) {
  const Decimal number = read_decimal(token);
  if (number.exponent >= kExponentMax || number.exponent <= -kExponentMax) overflow();
  const auto count = static_cast<std::int64_t>(number.whole.size() + number.fraction.size());
  const auto digit = [&number](std::int64_t i) -> unsigned {
    if (i < 0) return 0;
    auto at = static_cast<std::size_t>(i);
    if (at < number.whole.size()) return static_cast<unsigned>(number.whole[at] - '0');
    at -= number.whole.size();
    return at < number.fraction.size() ? static_cast<unsigned>(number.fraction[at] - '0') : 0;
  };
  const std::int64_t scale =
      std::max<std::int64_t>(0, static_cast<std::int64_t>(number.fraction.size()) - number.exponent);
  // The power of ten of the first digit, then of ten thousand of the group that holds it.
  const std::int64_t first = static_cast<std::int64_t>(number.whole.size()) - 1 + number.exponent;
  std::int64_t weight = first >= 0 ? first / kDecimalDigits : -((-first - 1) / kDecimalDigits + 1);
  const std::int64_t offset = (weight + 1) * kDecimalDigits - (first + 1);
  std::int64_t groups = (count + offset + kDecimalDigits - 1) / kDecimalDigits;
  const auto group = [&digit, offset](std::int64_t g) -> std::uint16_t {
    const std::int64_t at = g * kDecimalDigits - offset;
    return static_cast<std::uint16_t>(digit(at) * 1000 + digit(at + 1) * 100 + digit(at + 2) * 10 + digit(at + 3));
  };
  std::int64_t begin = 0;
  while (begin < groups && group(begin) == 0) {
    begin++;
    weight--;
  }
  while (groups > begin && group(groups - 1) == 0) groups--;
  const bool zero = groups == begin;
  if (zero) weight = 0;
  const bool negative = number.negative && !zero;
  if (weight < kLongWeightMin || weight > kLongWeightMax || scale > kLongScaleMax) overflow();
  const std::size_t start = out.size();
  out.resize(start + VARHDRSZ);
  const auto put16 = [&out](unsigned value) {
    const auto word = static_cast<std::uint16_t>(value);
    out.append(reinterpret_cast<const char*>(&word), 2);
  };
  const auto scale_bits = static_cast<unsigned>(scale);
  const auto weight_bits = static_cast<unsigned>(static_cast<std::int32_t>(weight));
  if (scale <= kShortScaleMax && weight >= kShortWeightMin && weight <= kShortWeightMax) {
    put16(kNumericShort | (negative ? kShortSign : 0U) | (scale_bits << kShortScaleShift) |
          (weight < 0 ? kShortWeightSign : 0U) | (weight_bits & kShortWeightMask));
  } else {
    put16((negative ? kLongNegative : 0U) | scale_bits);
    put16(weight_bits);
  }
  for (std::int64_t g = begin; g < groups; g++) put16(group(g));
  SET_VARSIZE(out.data() + start, out.size() - start);
}

class Writer {
 public:
  Writer(std::string& out, std::string_view without) : out_(out), without_(without) {}

  // Appends the value's bytes and returns its entry word.
  std::uint32_t value(const Json& json, int depth) {
    const std::size_t start = out_.size();
    switch (json.kind()) {
      case Json::Kind::null: return JENTRY_ISNULL;
      case Json::Kind::boolean: return json.as_bool() ? JENTRY_ISBOOL_TRUE : JENTRY_ISBOOL_FALSE;
      case Json::Kind::string: append_clean_text(out_, json.text()); return JENTRY_ISSTRING | length_since(start);
      case Json::Kind::number:
        pad(out_);
        append_numeric(out_, json.text());
        return JENTRY_ISNUMERIC | length_since(start);
      case Json::Kind::array: array(json, depth); return JENTRY_ISCONTAINER | length_since(start);
      case Json::Kind::object: object(json, depth); return JENTRY_ISCONTAINER | length_since(start);
    }
    return JENTRY_ISNULL;
  }

  // A scalar by itself is an array of one that says so.
  void scalar(const Json& json) {
    Entries entries(*this, 1, 1, JB_FARRAY | JB_FSCALAR);
    entries.add(value(json, 1));
  }

 private:
  // The entry words of one container, in front of its bytes.
  class Entries {
   public:
    Entries(Writer& writer, std::size_t count, std::size_t words, std::uint32_t flags) : out_(writer.out_) {
      if (count > JB_CMASK) too_large("the number of elements");
      pad(out_);
      at_ = out_.size();
      out_.resize(at_ + 4 + words * 4);
      put32(out_, at_, static_cast<std::uint32_t>(count) | flags);
    }
    void add(std::uint32_t entry) {
      total_ += JBE_OFFLENFLD(entry);
      if (total_ > JENTRY_OFFLENMASK) too_large("the total size of elements");
      if (index_ % JB_OFFSET_STRIDE == 0) {
        entry = (entry & JENTRY_TYPEMASK) | static_cast<std::uint32_t>(total_) | JENTRY_HAS_OFF;
      }
      put32(out_, at_ + 4 + std::size_t{index_} * 4, entry);
      index_++;
    }

   private:
    std::string& out_;
    std::size_t at_ = 0;
    std::size_t total_ = 0;
    std::uint32_t index_ = 0;
  };

  std::uint32_t length_since(std::size_t start) const {
    const std::size_t length = out_.size() - start;
    if (length > JENTRY_OFFLENMASK) too_large("the size of a value");
    return static_cast<std::uint32_t>(length);
  }

  static void check_depth(int depth) {
    if (depth > kMaxDepth) throw Error::make("54001", "the document is nested too deeply");
  }

  void array(const Json& json, int depth) {
    check_depth(depth);
    Entries entries(*this, json.size(), json.size(), JB_FARRAY);
    for (const Json& item : json.items()) entries.add(value(item, depth + 1));
  }

  void object(const Json& json, int depth) {
    check_depth(depth);
    // The members in order of their keys; the list of an enclosing object stays below on the same stack.
    const std::size_t floor = members_.size();
    for (const Json::Member& member : json.members()) {
      if (depth > 1 || without_.empty() || member.first != without_) members_.push_back(&member);
    }
    const auto begin = members_.begin() + static_cast<std::ptrdiff_t>(floor);
    const auto before = [](const Json::Member* a, const Json::Member* b) {
      if (a->first.size() != b->first.size()) return a->first.size() < b->first.size();
      const int order = std::memcmp(a->first.data(), b->first.data(), a->first.size());
      return order != 0 ? order < 0 : a < b;  // of equal keys the last one comes last
    };
    std::sort(begin, members_.end(), before);
    std::size_t kept = floor;
    for (std::size_t i = floor; i < members_.size(); i++) {
      const bool shadowed = i + 1 < members_.size() && members_[i]->first == members_[i + 1]->first;
      if (!shadowed) members_[kept++] = members_[i];
    }
    members_.resize(kept);
    const std::size_t count = kept - floor;
    Entries entries(*this, count, count * 2, JB_FOBJECT);
    for (std::size_t i = floor; i < kept; i++) {
      const std::size_t start = out_.size();
      append_clean_text(out_, members_[i]->first);
      entries.add(JENTRY_ISSTRING | length_since(start));
    }
    for (std::size_t i = floor; i < kept; i++) entries.add(value(members_[i]->second, depth + 1));
    members_.resize(floor);
  }

  std::string& out_;
  std::string_view without_;  // of the outermost object
  std::vector<const Json::Member*> members_;
};

}  // namespace

void append_clean_text(std::string& out, std::string_view text) {
  if (plain_ascii(text) || valid_utf8(text)) {
    out.append(text);
    return;
  }
  if (text.find('\0') != std::string_view::npos) {
    throw Error::make("22P05", "unsupported Unicode escape sequence", "\\u0000 cannot be converted to text.");
  }
  std::string quoted;
  append_json_string(quoted, text);
  const auto cleaned = Json::parse(quoted);
  if (!cleaned) throw Error::make("22P02", "invalid string: " + cleaned.error().message);
  out.append(cleaned->text());
}

void append_jsonb(std::string& out, const Json& value, std::string_view without) {
  const std::size_t start = out.size();
  out.resize(start + VARHDRSZ);
  Writer writer(out, without);
  if (value.is_array() || value.is_object()) {
    (void)writer.value(value, 1);
  } else {
    writer.scalar(value);
  }
  SET_VARSIZE(out.data() + start, out.size() - start);
}

JsonbImage jsonb_image(const Json& value) {
  JsonbImage out;
  append_jsonb(out.bytes, value);
  return out;
}

Datum Args::ret_json(const Json& value) const { return ret_image(jsonb_image(value)); }

Datum Args::ret_image(const JsonbImage& image) const {
  const char* bytes = image.bytes.data();
  const std::size_t size = image.bytes.size();
  return call([=] {
    void* out = palloc(size);
    memcpy(out, bytes, size);
    return PointerGetDatum(out);
  });
}

}  // namespace pgops::pg
