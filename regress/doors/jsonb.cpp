// Test library: jsonb values that our code builds without the server, against those that jsonb_in builds.
#include "regress/doors/probe.hpp"

#include <random>

#include "core/json.hpp"
#include "extension/pg/jsonb_image.hpp"
#include "extension/pg/trace_row.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace pg = pgops::pg;
using pgops::Json;

namespace {

bool same_as_server(const Json& value) {
  const pg::JsonbImage image = pg::jsonb_image(value);
  const std::string text = value.dump();
  const char* chars = text.c_str();
  const char* bytes = image.bytes.data();
  const std::size_t size = image.bytes.size();
  return pg::call([=] {
    void* expected = DatumGetPointer(DirectFunctionCall1(jsonb_in, CStringGetDatum(chars)));
    const bool same = VARSIZE(expected) == size && memcmp(expected, bytes, size) == 0;
    pfree(expected);
    return same;
  });
}

Json parsed(const std::string& text) {
  pgops::JsonLimits limits;
  limits.jsonb_safe = false;
  auto value = Json::parse(text, limits);
  if (!value) pg::raise_sqlstate("22023", "no JSON: " + value.error().message);
  return *std::move(value);
}

// Documents of every shape, numbers of every length among them.
class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}
  Json value(int depth) {
    switch (upto(depth > 5 ? 4 : 6)) {
      case 0: return Json();
      case 1: return Json(upto(1) == 1);
      case 2: return Json(text());
      case 3: [[fallthrough]];
      case 4: return Json::number(number());
      case 5: {
        Json out = Json::array();
        for (std::size_t n = upto(upto(9) == 0 ? 70 : 5); n > 0; n--) out.push_back(value(depth + 1));
        return out;
      }
      default: {
        Json out = Json::object();
        for (std::size_t n = upto(upto(9) == 0 ? 70 : 5); n > 0; n--) out.set(text(), value(depth + 1));
        return out;
      }
    }
  }

 private:
  std::size_t upto(std::size_t limit) { return random_() % (limit + 1); }
  std::string text() {
    static const char* kPieces[] = {"a",    "B",      "key",    "\"",         "\\", "\n",
                                    "\x01", "\u00e9", "\ud55c", "\U0001F600", " ",  "zz"};
    std::string out;
    for (std::size_t n = upto(4); n > 0; n--) out += kPieces[upto(std::size(kPieces) - 1)];
    return out;
  }
  std::string digits(std::size_t count) {
    std::string out;
    while (out.size() < count) out += upto(2) == 0 ? '0' : static_cast<char>('0' + upto(9));
    return out;
  }
  std::string number() {
    std::string out = upto(2) == 0 ? "-" : "";
    const std::size_t length = upto(9) == 0 ? upto(400) : upto(9);
    out += upto(2) == 0 || length == 0 ? "0" : std::string(1, static_cast<char>('1' + upto(8))) + digits(length - 1);
    if (upto(1) == 0) out += "." + digits(1 + (upto(9) == 0 ? upto(200) : upto(7)));
    if (upto(3) == 0)
      out += std::string(upto(1) == 0 ? "e" : "E") + (upto(1) == 0 ? "-" : "+") + std::to_string(upto(300));
    return out;
  }
  std::mt19937_64 random_;
};

}  // namespace

PGOPS_FUNCTION(doors_same_jsonb) { return args.ret_bool(same_as_server(parsed(args.required_text(0, "text")))); }

// The text of the first random document that comes out differently; NULL when none does.
PGOPS_FUNCTION(doors_different_jsonb) {
  Maker maker(static_cast<std::uint64_t>(args.int8(1).value_or(0)));
  for (std::int64_t round = args.int8(0).value_or(0); round > 0; round--) {
    const Json value = maker.value(0);
    if (!same_as_server(value)) return args.ret_text(value.dump());
    pg::check_interrupts();
  }
  return args.null();
}

PGOPS_FUNCTION(doors_jsonb_image) { return args.ret_json(parsed(args.required_text(0, "text"))); }

// A string of these bytes, whatever they are.
PGOPS_FUNCTION(doors_jsonb_string) {
  const auto hex = args.required_text(0, "hex");
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return args.ret_json(Json(bytes));
}

// Size of the row image of a trace document, or the error it raises.
PGOPS_FUNCTION(doors_row_image) {
  std::string image;
  pg::append_row_image(image, {"acme", {1, 2, 3}}, parsed(args.required_text(0, "document")));
  return args.ret_int8(static_cast<std::int64_t>(image.size()));
}
