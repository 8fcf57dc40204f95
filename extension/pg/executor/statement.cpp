// extension/pg/executor: the wire form of requests and responses between backend and executor.
//
// Both ends are the same library on the same machine: fields in order, numbers as they lie in memory, texts
// behind their length. A reader that comes to an end too early, or not to the end, refuses the message.
#include "extension/pg/executor/statement.hpp"

#include <cstring>

namespace pgops::pg::executor {

namespace {

class Writer {
 public:
  explicit Writer(std::size_t bytes) { out_.reserve(bytes); }
  template <class Number>
  void number(Number value) {
    char bytes[sizeof(Number)];
    std::memcpy(bytes, &value, sizeof(Number));
    out_.append(bytes, sizeof(Number));
  }
  void text(std::string_view value) {
    number(static_cast<std::uint64_t>(value.size()));
    out_.append(value);
  }
  void json(const Json& value) { text(value.is_null() ? std::string() : value.dump()); }
  std::string finish() && { return std::move(out_); }

 private:
  std::string out_;
};

class Reader {
 public:
  explicit Reader(std::string_view in) noexcept : in_(in) {}
  template <class Number>
  void number(Number& value) {
    if (in_.size() < sizeof(Number)) return fail();
    std::memcpy(&value, in_.data(), sizeof(Number));
    in_.remove_prefix(sizeof(Number));
  }
  void flag(bool& value) {
    std::uint8_t byte = 0;
    number(byte);
    value = byte != 0;
  }
  void text(std::string& value) {
    std::uint64_t size = 0;
    number(size);
    if (size > in_.size()) return fail();
    value.assign(in_.data(), static_cast<std::size_t>(size));
    in_.remove_prefix(static_cast<std::size_t>(size));
  }
  void json(Json& value) {
    std::string source;
    text(source);
    if (source.empty()) return;
    auto parsed = Json::parse(source);
    if (!parsed) return fail();
    value = *std::move(parsed);
  }
  bool complete() const noexcept { return ok_ && in_.empty(); }

 private:
  void fail() noexcept {
    ok_ = false;
    in_ = {};
  }
  std::string_view in_;
  bool ok_ = true;
};

pgops::Error malformed() {
  return {Code::internal_error, "a message between backend and executor is malformed", {}, {}};
}

}  // namespace

std::string Request::encode() const {
  constexpr std::size_t kFixed = 256;
  Writer out(kFixed + sql.size() + args.size());
  out.number(kind);
  out.json(parameter_types);
  out.text(tenant);
  out.number(run_as);
  out.number(static_cast<std::uint8_t>(monitor));
  out.number(timeout_ms);
  out.number(max_rows);
  out.number(max_bytes);
  out.number(static_cast<std::uint8_t>(max_cost.has_value()));
  out.number(max_cost.value_or(0));
  out.text(timezone);
  out.number(now_us);
  out.text(label);
  out.text(sql);
  out.text(args);
  return std::move(out).finish();
}

Result<Request> Request::decode(std::string_view text) {
  Reader in(text);
  Request out;
  bool has_cost = false;
  double cost = 0;
  in.number(out.kind);
  in.json(out.parameter_types);
  in.text(out.tenant);
  in.number(out.run_as);
  in.flag(out.monitor);
  in.number(out.timeout_ms);
  in.number(out.max_rows);
  in.number(out.max_bytes);
  in.flag(has_cost);
  in.number(cost);
  in.text(out.timezone);
  in.number(out.now_us);
  in.text(out.label);
  in.text(out.sql);
  in.text(out.args);
  if (!in.complete() || out.kind > TaskKind::probe) return malformed();
  if (has_cost) out.max_cost = cost;
  return out;
}

std::string Response::encode() const {
  constexpr std::size_t kFixed = 256;
  Writer out(kFixed + result.size() + error.message.size() + error.detail.size() + error.hint.size());
  out.number(static_cast<std::uint8_t>(ok));
  if (!ok) {
    out.text(to_string(error.code));
    out.text(error.message);
    out.text(error.detail);
    out.text(error.hint);
    out.text(sqlstate);
    out.text(rule);
    out.text(object);
    out.text(remedy);
    out.number(position);
  }
  out.number(row_count);
  out.number(static_cast<std::uint8_t>(truncated));
  out.number(bytes);
  out.number(analyse_ms);
  out.number(plan_ms);
  out.number(execute_ms);
  out.json(details);
  out.text(result);
  return std::move(out).finish();
}

Result<Response> Response::decode(std::string_view text) {
  Reader in(text);
  Response out;
  in.flag(out.ok);
  if (!out.ok) {
    std::string code;
    in.text(code);
    out.error.code = code_from_name(code).value_or(Code::internal_error);
    in.text(out.error.message);
    in.text(out.error.detail);
    in.text(out.error.hint);
    in.text(out.sqlstate);
    in.text(out.rule);
    in.text(out.object);
    in.text(out.remedy);
    in.number(out.position);
  }
  in.number(out.row_count);
  in.flag(out.truncated);
  in.number(out.bytes);
  in.number(out.analyse_ms);
  in.number(out.plan_ms);
  in.number(out.execute_ms);
  in.json(out.details);
  in.text(out.result);
  if (!in.complete()) return malformed();
  return out;
}

}  // namespace pgops::pg::executor
