// core/present: where figures come from: cells, counts and exact aggregates over the rows of a result.
//
// NULL cells are left out of sum, max, min, avg and count(column), as in SQL; a cell that is not a
// number makes sum and avg undefined rather than wrong. max and min of texts are defined for moments only, and moments
// compare as such.
#include <charconv>

#include "core/decimal.hpp"
#include "core/present/exact.hpp"
#include "core/present/expression.hpp"
#include "core/present/moment.hpp"

namespace pgops::present {
namespace {

Value undefined(const Source& source) { return {Json(), false, source}; }

std::optional<Exact> number_of(const Json& cell) {
  return cell.is_number() || cell.is_string() ? Exact::parse(cell.text()) : std::nullopt;
}

struct Sum {
  Exact total;
  std::int64_t count = 0;
  bool exact = true;
};

Sum sum_of(const Json& result, std::string_view column) {
  Sum out;
  for (const Json& row : result["rows"].items()) {
    const Json* c = row.find(column);
    if (c == nullptr || c->is_null()) continue;
    const auto n = number_of(*c);
    if (!n) {
      out.exact = false;
      return out;
    }
    out.total = out.total + *n;
    ++out.count;
  }
  return out;
}

Value extreme(const Source& source, const Json& result, std::string_view column, int sign) {
  const Json* best = nullptr;
  std::optional<Exact> best_number;
  std::optional<std::int64_t> best_moment;
  for (const Json& row : result["rows"].items()) {
    const Json* c = row.find(column);
    if (c == nullptr || c->is_null()) continue;
    const auto n = number_of(*c);
    const auto m = !n && c->is_string() ? moment_us(c->text()) : std::nullopt;
    if (!n && !m) return undefined(source);
    if (best != nullptr && n.has_value() != best_number.has_value()) return undefined(source);
    const int order = best == nullptr     ? sign
                      : n                 ? n->compare(*best_number)
                      : *m > *best_moment ? 1
                      : *m < *best_moment ? -1
                                          : 0;
    if (order * sign > 0) {
      best = c;
      best_number = n;
      best_moment = m;
    }
  }
  if (best == nullptr) return undefined(source);
  return {*best, true, source};
}

Value aggregate(const Source& source, const Json& result, std::string_view column) {
  if (source.fn == "count") {
    std::int64_t n = 0;
    for (const Json& row : result["rows"].items()) n += row[column].is_null() ? 0 : 1;
    return {n, true, source};
  }
  if (source.fn == "max") return extreme(source, result, column, 1);
  if (source.fn == "min") return extreme(source, result, column, -1);
  const Sum sum = sum_of(result, column);
  if (!sum.exact) return undefined(source);
  if (source.fn == "sum") return {Json::number(sum.total.text()), true, source};
  if (source.fn == "avg") {
    if (sum.count == 0) return undefined(source);
    return {Json::number(*Exact::ratio(sum.total, Exact(sum.count), 6)), true, source};
  }
  if (source.fn == "share" && source.of.rfind("$.rows[*].", 0) == 0) {
    const Sum whole = sum_of(result, std::string_view(source.of).substr(10));
    if (!whole.exact || whole.total.is_zero()) return undefined(source);
    return {Json::number(*Exact::ratio(sum.total.times(100), whole.total, 1)), true, source};
  }
  return undefined(source);
}

// -1 0 1, nullopt when the two cannot be compared.
std::optional<int> order_of(const Json& a, const Json& b) {
  const auto x = Decimal::parse(a.text());
  const auto y = Decimal::parse(b.text());
  if ((a.is_number() || b.is_number()) && x && y) return *x < *y ? -1 : *y < *x ? 1 : 0;
  if (a.is_string() && b.is_string()) {
    const auto at = moment_us(a.text());
    const auto then = at ? moment_us(b.text()) : std::nullopt;
    if (then) return *at < *then ? -1 : *then < *at ? 1 : 0;
    const int c = a.text().compare(b.text());
    return c < 0 ? -1 : c > 0 ? 1 : 0;
  }
  if (a.kind() == b.kind() && (a.is_null() || a.is_bool())) return a.as_bool() == b.as_bool() ? 0 : 1;
  return std::nullopt;
}

bool holds(const std::string& op, std::optional<int> order) {
  if (!order) return op == "!=";
  if (op == "=") return *order == 0;
  if (op == "!=") return *order != 0;
  if (op == "<") return *order < 0;
  if (op == "<=") return *order <= 0;
  if (op == ">") return *order > 0;
  return *order >= 0;
}

}  // namespace

Value evaluate(const Source& source, const Json& result, const Json& args) {
  const std::string_view path = source.path;
  const auto starts = [&](std::string_view head) { return path.substr(0, head.size()) == head; };
  if (path == "$.row_count" || path == "$.truncated") {
    const Json* v = result.find(path.substr(2));
    return v == nullptr ? undefined(source) : Value{*v, true, source};
  }
  if (starts("$.args.")) {
    const Json& v = args[path.substr(7)];
    return v.is_null() ? undefined(source) : Value{v, true, source};
  }
  if (starts("$.rows[*].")) return aggregate(source, result, path.substr(10));
  const std::size_t end = path.find("].");
  if (!starts("$.rows[") || end == std::string_view::npos) return undefined(source);
  std::size_t row = 0;
  const char* stop = path.data() + end;
  if (std::from_chars(path.data() + 7, stop, row).ptr != stop) return undefined(source);
  const Json::Array& rows = result["rows"].items();
  const Json* cell = row < rows.size() ? rows[row].find(path.substr(end + 2)) : nullptr;
  return cell == nullptr ? undefined(source) : Value{*cell, true, source};
}

Value Expression::at(std::size_t index, const Json& result, const Json& args) const {
  const Node& n = nodes_[index];
  const auto truth_of = [&](std::size_t node) { return at(node, result, args).json.as_bool(); };
  switch (n.kind) {
    case Kind::literal: return {n.literal, true, {}};
    case Kind::source: return evaluate(n.source, result, args);
    case Kind::compare: {
      const Value a = at(n.left, result, args);
      const Value b = at(n.right, result, args);
      // An argument that was not given is null, and may be asked about; a cell that does not exist may not.
      const auto known = [](const Value& v) { return v.defined || v.source.path.rfind("$.args.", 0) == 0; };
      if (!known(a) || !known(b)) return {Json(false), true, {}};
      return {Json(holds(n.op, order_of(a.json, b.json))), true, {}};
    }
    case Kind::negate: return {Json(!truth_of(n.left)), true, {}};
    case Kind::both: return {Json(truth_of(n.left) && truth_of(n.right)), true, {}};
    case Kind::either: return {Json(truth_of(n.left) || truth_of(n.right)), true, {}};
  }
  return {};
}

Value Expression::value(const Json& result, const Json& args) const { return at(root_, result, args); }
bool Expression::truth(const Json& result, const Json& args) const { return at(root_, result, args).json.as_bool(); }

}  // namespace pgops::present
