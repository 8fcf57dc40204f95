// extension/pg: rows out of a trace document. See trace_row.hpp.
//
// Runs in the backend that asked, so that the one trace writer is left with nothing but inserting.
#include "extension/pg/door.hpp"
#include "extension/pg/trace_row.hpp"

#include <charconv>
#include <chrono>

#include "core/uuid7.hpp"
#include "extension/pg/jsonb_image.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/timestamp.h"
}

namespace pgops::pg {

namespace {

constexpr std::int64_t kUnixToServerUs = std::int64_t{POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE} * USECS_PER_DAY;

constexpr double kFarMs = 1e12;

// As ->> : the text of a string, the literal of anything else, nothing for null and for what is not there.
std::optional<std::string> text_of(const Json& value) {
  if (value.is_null()) return std::nullopt;
  if (value.is_string()) return value.text();
  return value.dump();
}
std::optional<std::string> text_of(const Json& holder, std::string_view key) { return text_of(holder[key]); }
std::optional<std::string> text_of(const Json& holder, std::string_view outer, std::string_view key) {
  return text_of(holder[outer][key]);
}
template <class... Rest>
std::optional<std::string> first_of(std::optional<std::string> value, Rest... rest) {
  if constexpr (sizeof...(rest) > 0) {
    if (!value) return first_of(std::move(rest)...);
  }
  return value;
}

std::optional<double> float_of(const Json& value) {
  const auto text = text_of(value);
  if (!text) return std::nullopt;
  double out = 0;
  const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), out);
  if (problem != std::errc() || end != text->data() + text->size()) {
    throw Error::make("22P02", "invalid duration in a trace document");
  }
  return out;
}

// "2026-11-23T03:29:37.939238+00:00", with or without the fraction and with Z: the form that requests have.
std::optional<std::int64_t> unix_us_of(std::string_view text) {
  const auto number = [&text](std::size_t at, std::size_t digits) -> int {
    int out = 0;
    for (std::size_t i = at; i < at + digits; i++) {
      if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
      out = out * 10 + (text[i] - '0');
    }
    return out;
  };
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != ' ')) return std::nullopt;
  if (text[13] != ':' || text[16] != ':') return std::nullopt;
  const int year = number(0, 4);
  const int month = number(5, 2);
  const int day = number(8, 2);
  const int hour = number(11, 2);
  const int minute = number(14, 2);
  const int second = number(17, 2);
  if (year < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (month < 1 || day < 1 || !date.ok()) return std::nullopt;
  std::int64_t micros = 0;
  std::size_t at = 19;
  if (at < text.size() && text[at] == '.') {
    at++;
    std::int64_t unit = 100'000;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; at++, unit /= 10) micros += (text[at] - '0') * unit;
  }
  const std::string_view zone = text.substr(at);
  if (zone != "Z" && zone != "+00:00" && zone != "+00") return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  return ((days * 24 + hour) * 60 + minute) * 60 * 1'000'000 + std::int64_t{second} * 1'000'000 + micros;
}

class Image {
 public:
  explicit Image(std::string& out) : out_(out) {}

  void null() { (void)begin(-1); }
  void uuid(const std::array<std::uint8_t, 16>& id) {
    (void)begin(16);
    out_.append(reinterpret_cast<const char*>(id.data()), id.size());
  }
  void uuid(const std::optional<std::string>& text) {
    if (!text) return null();
    const auto id = Uuid::parse(*text);
    if (!id) throw Error::make("22P02", "invalid input syntax for type uuid in a trace document");
    uuid(id->bytes);
  }
  void int8(std::int64_t value) {
    (void)begin(8);
    out_.append(reinterpret_cast<const char*>(&value), 8);
  }
  void float8(const std::optional<double>& value) {
    if (!value) return null();
    (void)begin(8);
    out_.append(reinterpret_cast<const char*>(&*value), 8);
  }
  void text(const std::optional<std::string>& value) {
    if (!value) return null();
    text(std::string_view(*value));
  }
  void text(std::string_view value) {
    const std::size_t head = begin(0);
    varlena(value);
    end(head);
  }
  void jsonb(const Json& value, std::string_view without = {}) {
    const std::size_t head = begin(0);
    append_jsonb(out_, value, without);
    end(head);
  }
  // As construct_array() makes it.
  void texts(const std::vector<std::string>& values) {
    const std::size_t head = begin(0);
    const std::size_t start = out_.size();
    const bool empty = values.empty();
    ArrayType shape = {};
    shape.ndim = empty ? 0 : 1;
    shape.elemtype = TEXTOID;
    out_.append(reinterpret_cast<const char*>(&shape), sizeof shape);
    if (!empty) {
      const std::int32_t bounds[2] = {static_cast<std::int32_t>(values.size()), 1};
      out_.append(reinterpret_cast<const char*>(bounds), sizeof bounds);
      out_.resize(start + ARR_OVERHEAD_NONULLS(1), '\0');
      for (const std::string& value : values) {
        varlena(value);
        out_.resize((out_.size() + 3) & ~std::size_t{3}, '\0');
      }
    }
    SET_VARSIZE(out_.data() + start, out_.size() - start);
    end(head);
  }

 private:
  // Every cell begins at a multiple of 8.
  std::size_t begin(std::int32_t size) {
    out_.resize((out_.size() + 7) & ~std::size_t{7}, '\0');
    const std::size_t head = out_.size();
    const RowImageCell cell = {size, 0};
    out_.append(reinterpret_cast<const char*>(&cell), sizeof cell);
    return head;
  }
  void end(std::size_t head) {
    const RowImageCell cell = {static_cast<std::int32_t>(out_.size() - head - sizeof(RowImageCell)), 0};
    std::memcpy(out_.data() + head, &cell, sizeof cell);
  }
  void varlena(std::string_view value) {
    const std::size_t start = out_.size();
    out_.resize(start + VARHDRSZ);
    append_clean_text(out_, value);
    SET_VARSIZE(out_.data() + start, out_.size() - start);
  }

  std::string& out_;
};

// Names of the tools called, in order of first call.
std::vector<std::string> tools_of(const Json::Array& calls) {
  std::vector<std::string> out;
  for (const Json& call : calls) {
    auto tool = text_of(call, "tool");
    if (tool && std::find(out.begin(), out.end(), *tool) == out.end()) out.push_back(*std::move(tool));
  }
  return out;
}

void append_call(Image& image, const TraceKey& key, const Json& call, const std::string& plan_id, std::int64_t position,
                 std::int64_t trace_started) {
  const double start_ms = float_of(call["start_ms"]).value_or(0);
  if (!(std::abs(start_ms) < kFarMs)) throw Error::make("22008", "a time in the trace document is out of range");
  image.text(key.tenant);
  image.uuid(key.trace_id);
  image.uuid(text_of(call, "tool_call_id"));
  image.text(first_of(text_of(call, "plan_id"), std::optional<std::string>(plan_id)));
  image.int8(position);
  image.int8(trace_started + static_cast<std::int64_t>(std::llround(start_ms * 1000)));
  image.text(text_of(call, "tool"));
  image.text(text_of(call, "status"));
  image.text(text_of(call, "error_code"));
  image.float8(float_of(call["duration_ms"]));
  image.jsonb(call);
}

}  // namespace

void append_row_image(std::string& out, const TraceKey& key, const Json& document) {
  const Json& list = document["tool_calls"];
  const Json::Array& calls = list.items();
  const RowImageHead head = {static_cast<std::uint32_t>(calls.size()), 0};
  out.append(reinterpret_cast<const char*>(&head), sizeof head);
  std::int64_t id_ms = 0;
  for (std::size_t i = 0; i < 6; i++) id_ms = (id_ms << 8) | key.trace_id[i];
  const auto plan_id = text_of(document, "plan_id");
  const std::int64_t started_us = unix_us_of(document["started_at"].string_or("")).value_or(id_ms * 1000);
  const std::int64_t started = started_us - kUnixToServerUs;
  Image image(out);
  image.text(key.tenant);
  image.uuid(key.trace_id);
  image.uuid(text_of(document, "parent_trace_id"));
  image.text(plan_id);
  image.int8(started);
  image.float8(float_of(document["duration_ms"]));
  image.text(first_of(text_of(document, "actor_role"), text_of(document, "actor", "role")));
  image.text(text_of(document, "actor", "label"));
  image.text(text_of(document, "intent"));
  image.text(text_of(document, "route"));
  image.text(text_of(document, "status"));
  image.text(text_of(document, "error", "code"));
  image.text(first_of(text_of(document, "error", "severity"), text_of(document, "answer", "severity")));
  image.texts(tools_of(calls));
  image.jsonb(document, "tool_calls");
  const std::string of_calls = plan_id.value_or(Uuid{key.trace_id}.to_string());
  for (std::size_t i = 0; i < calls.size(); i++) {
    append_call(image, key, calls[i], of_calls, static_cast<std::int64_t>(i) + 1, started);
  }
  out.resize((out.size() + 7) & ~std::size_t{7}, '\0');
}

}  // namespace pgops::pg
