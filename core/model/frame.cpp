// core/model: frames as JSON, both ways; see frame.hpp.
#include "core/model/frame.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "core/nearest.hpp"

namespace pgops::model {
namespace {

constexpr std::array<std::string_view, 10> kAsks = {"count", "exists", "rows", "values", "distinct",
                                                    "sum",   "avg",    "min",  "max",    "share"};
constexpr std::array<std::string_view, 11> kOps = {
    "=", "<>", "in", "not in", "<", "<=", ">", ">=", "between", "missing", "present"};
constexpr std::array<std::string_view, 6> kCompare = {"=", "<>", "<", "<=", ">", ">="};
constexpr std::array<std::string_view, 6> kUnits = {"hour", "day", "week", "month", "quarter", "year"};
constexpr std::size_t kMaxValues = 100;
constexpr std::size_t kMaxFilters = 20;

template <class List>
bool contains(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

class FrameReader {
 public:
  FrameReader(const Json& in, const Model& model) : in_(in), m_(model) {}

  Result<Frame> run() {
    static constexpr std::string_view kKeys[] = {"measure", "filters", "group_by", "having",
                                                 "order",   "limit",   "interval"};
    if (!in_.is_object()) return bad("$", "a frame is an object");
    known("$", in_, kKeys);
    measure(in_["measure"]);
    f_.filters = filters("$.filters", in_["filters"]);
    groups(in_["group_by"]);
    having(in_["having"]);
    order(in_["order"]);
    limit(in_["limit"]);
    interval(in_["interval"]);
    if (!failed_) agree();
    if (failed_) return *failed_;
    return std::move(f_);
  }

 private:
  Error bad(const std::string& place, const std::string& message, std::string hint = {}) {
    if (!failed_) failed_ = Error{Code::tool_bad_request, place + ": " + message, {}, std::move(hint)};
    return *failed_;
  }

  void known(const std::string& place, const Json& object, std::span<const std::string_view> keys) {
    for (const auto& [key, value] : object.members()) {
      if (!contains(keys, key)) bad(place, "unknown key " + quoted(key), nearest_hint(key, keys));
    }
  }

  static std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(out, text.size() <= 80 ? text : text.substr(0, 77));
    return out;
  }

  std::size_t dimension(const std::string& place, const Json& name) {
    const std::size_t d = name.is_string() ? m_.dimension(name.text()) : kNone;
    if (d == kNone) {
      std::vector<std::string_view> names;
      for (const Dimension& one : m_.dimensions) names.push_back(one.name);
      bad(place, "model " + m_.name + " has no dimension " + quoted(name.text()), nearest_hint(name.text(), names));
    }
    return d;
  }

  std::size_t measure_name(const std::string& place, const Json& name) {
    const std::size_t i = name.is_string() ? m_.measure(name.text()) : kNone;
    if (i == kNone) {
      std::vector<std::string_view> names;
      for (const Measure& one : m_.measures) names.push_back(one.name);
      bad(place, "model " + m_.name + " has no measure " + quoted(name.text()),
          names.empty() ? "It only counts." : nearest_hint(name.text(), names));
    }
    return i;
  }

  void measure(const Json& in) {
    static constexpr std::string_view kKeys[] = {"name", "of", "filters"};
    if (!in.is_object()) {
      bad("$.measure", "must be an object such as {\"name\": \"count\"}");
      return;
    }
    known("$.measure", in, kKeys);
    const std::string& name = in["name"].text();
    const auto at = std::find(kAsks.begin(), kAsks.end(), name);
    if (at == kAsks.end()) {
      bad("$.measure.name", "unknown measure " + quoted(name), nearest_hint(name, kAsks));
      return;
    }
    f_.ask = static_cast<Ask>(at - kAsks.begin());
    const Json& of = in["of"];
    if (f_.ask == Ask::rows) {
      for (const Json& one : of.items()) {
        if (const std::size_t i = one.is_string() ? m_.measure(one.text()) : kNone;
            i != kNone && m_.dimension(one.text()) == kNone) {
          f_.extra.push_back(i);
        } else {
          f_.attributes.push_back(dimension("$.measure.of", one));
        }
      }
      if (!of.is_null() && !of.is_array()) bad("$.measure.of", "must be a list of dimensions");
    } else if (f_.ask == Ask::values || f_.ask == Ask::distinct) {
      f_.of = dimension("$.measure.of", of);
    } else if (aggregates(f_.ask)) {
      f_.of = measure_name("$.measure.of", of);
    } else if (!of.is_null()) {
      bad("$.measure.of", "does not go with " + name);
    }
    if (f_.ask == Ask::share) {
      f_.part = filters("$.measure.filters", in["filters"]);
      if (f_.part.empty()) bad("$.measure.filters", "must say what the share is of");
    } else if (!in["filters"].is_null()) {
      bad("$.measure.filters", "goes with share only");
    }
  }

  std::vector<Filter> filters(const std::string& place, const Json& in) {
    std::vector<Filter> out;
    if (!in.is_null() && (!in.is_array() || in.size() > kMaxFilters)) {
      bad(place, "must be a list of at most " + std::to_string(kMaxFilters) + " filters");
      return out;
    }
    for (std::size_t i = 0; i < in.size(); ++i) {
      out.push_back(filter(place + "[" + std::to_string(i) + "]", in.items()[i]));
    }
    return out;
  }

  Filter filter(const std::string& place, const Json& in) {
    static constexpr std::string_view kKeys[] = {"dimension", "measure", "op", "value", "values", "since", "until"};
    Filter out;
    if (!in.is_object()) {
      bad(place, "must be an object with dimension, op and value");
      return out;
    }
    known(place, in, kKeys);
    out.op = in["op"].text();
    if (!in["measure"].is_null()) {
      out.measure = measure_name(place + ".measure", in["measure"]);
      if (!contains(kCompare, out.op) && out.op != "between")
        bad(place + ".op", "must compare: = <> < <= > >= between");
    } else {
      out.dimension = dimension(place + ".dimension", in["dimension"]);
    }
    if (out.op == "within") {
      if (failed_) return out;
      if (!m_.dimensions[out.dimension].temporal()) bad(place + ".op", "goes with a dimension of time only");
      out.since = moment(place + ".since", in["since"]);
      out.until = moment(place + ".until", in["until"]);
      if (out.since.empty() && out.until.empty()) bad(place, "needs since or until");
      return out;
    }
    if (!contains(kOps, out.op)) {
      bad(place + ".op", "unknown operator " + quoted(out.op), nearest_hint(out.op, kOps));
    } else if (out.op == "in" || out.op == "not in") {
      out.values = in["values"].items();
      if (out.values.empty() || out.values.size() > kMaxValues) bad(place + ".values", "must be a list of values");
    } else if (out.op == "between") {
      out.values = in["values"].items();
      if (out.values.size() != 2) bad(place + ".values", "must be two values");
    } else if (out.op != "missing" && out.op != "present") {
      out.values = {in["value"]};
    }
    for (const Json& v : out.values) {
      if (v.is_null() || v.is_array() || v.is_object()) bad(place, "a value must be a string, a number or a boolean");
      if (out.measure != kNone && !v.is_number()) bad(place, "a measure is compared with a number");
    }
    return out;
  }

  std::string moment(const std::string& place, const Json& in) {
    if (in.is_null()) return {};
    const std::string& text = in.text();
    const bool looks = in.is_string() && text.size() >= 10 && text.size() <= 40 && text[4] == '-';
    if (!looks) bad(place, "must be a moment in ISO 8601");
    return text;
  }

  void groups(const Json& in) {
    if (!in.is_null() && (!in.is_array() || in.size() > 3)) bad("$.group_by", "must be a list of at most 3 dimensions");
    for (std::size_t i = 0; i < in.size() && !failed_; ++i) {
      const Json& one = in.items()[i];
      const std::string place = "$.group_by[" + std::to_string(i) + "]";
      Group g;
      if (one.text().starts_with("time:")) {
        g.unit = one.text().substr(5);
        if (!contains(kUnits, g.unit)) bad(place, "unknown unit of time", nearest_hint(g.unit, kUnits));
        if (m_.time == kNone) bad(place, "model " + m_.name + " has no time");
      } else {
        g.dimension = dimension(place, one);
      }
      f_.group_by.push_back(std::move(g));
    }
  }

  void having(const Json& in) {
    static constexpr std::string_view kKeys[] = {"op", "value"};
    if (in.is_null()) return;
    known("$.having", in, kKeys);
    f_.having_op = in["op"].text();
    f_.having_value = in["value"].text();
    if (!contains(kCompare, f_.having_op) || !in["value"].is_number()) bad("$.having", "needs an op and a number");
  }

  void order(const Json& in) {
    static constexpr std::string_view kKeys[] = {"by", "direction"};
    if (in.is_null()) return;
    known("$.order", in, kKeys);
    f_.order_by = in["by"].text();
    const bool fixed = f_.order_by == "measure" || f_.order_by == "group" || f_.order_by == "time";
    if (!fixed && m_.dimension(f_.order_by) == kNone && m_.measure(f_.order_by) == kNone)
      bad("$.order.by", "must be measure, group, time, or the name of a dimension or measure");
    const std::string_view direction = in["direction"].string_or("desc");
    if (direction != "asc" && direction != "desc") bad("$.order.direction", "must be asc or desc");
    f_.descending = direction == "desc";
  }

  void limit(const Json& in) {
    if (in.is_null()) return;
    const auto n = in.is_number() ? in.as_int() : std::nullopt;
    if (!n || *n < 1 || *n > kMaxLimit) {
      bad("$.limit", "must be from 1 to " + std::to_string(kMaxLimit));
      return;
    }
    f_.limit = *n;
  }

  void interval(const Json& in) {
    static constexpr std::string_view kKeys[] = {"since", "until"};
    if (in.is_null()) return;
    known("$.interval", in, kKeys);
    f_.since = moment("$.interval.since", in["since"]);
    f_.until = moment("$.interval.until", in["until"]);
    if (f_.since.empty() && f_.until.empty()) bad("$.interval", "needs since or until");
    if (m_.time == kNone) bad("$.interval", "model " + m_.name + " has no time");
  }

  // Parts that do not go together.
  void agree() {
    const bool grouped = !f_.group_by.empty();
    if (grouped && (f_.ask == Ask::rows || f_.ask == Ask::values || f_.ask == Ask::exists || f_.ask == Ask::share))
      bad("$.group_by", "does not go with measure " + std::string(to_string(f_.ask)));
    if (!f_.having_op.empty() && !grouped) bad("$.having", "needs group_by");
    if (f_.order_by == "time" && m_.time == kNone) bad("$.order.by", "model " + m_.name + " has no time");
    if (f_.order_by == "time" && f_.ask != Ask::rows) bad("$.order.by", "time orders rows only");
    const bool rows = f_.ask == Ask::rows;
    const bool named =
        !f_.order_by.empty() && f_.order_by != "measure" && f_.order_by != "group" && f_.order_by != "time";
    if (named && !rows) bad("$.order.by", "only rows are ordered by a name; others by measure or group");
    if (rows && (f_.order_by == "measure" || f_.order_by == "group"))
      bad("$.order.by", "rows are ordered by time or a name");
    if (aggregates(f_.ask)) {
      const Measure& m = m_.measures[f_.of];
      if (!m.allows(to_string(f_.ask)))
        bad("$.measure", "the " + std::string(to_string(f_.ask)) + " of " + m.name + " makes no sense",
            "The model allows other aggregates of it.");
      if (!m.required.empty() && !narrowed(m_.dimension(m.required)))
        bad("$.measure", "needs a filter on one value of " + m.required + ", or it grouped by");
    }
  }

  bool narrowed(std::size_t dimension) const {
    const bool filtered = std::any_of(f_.filters.begin(), f_.filters.end(),
                                      [&](const Filter& f) { return f.dimension == dimension && f.op == "="; });
    return filtered || std::any_of(f_.group_by.begin(), f_.group_by.end(),
                                   [&](const Group& g) { return g.dimension == dimension; });
  }

  const Json& in_;
  const Model& m_;
  Frame f_;
  std::optional<Error> failed_;
};

Json filter_json(const Filter& f, const Model& m) {
  Json out = Json::object();
  if (f.measure != kNone) {
    out.set("measure", m.measures[f.measure].name);
  } else {
    out.set("dimension", m.dimensions[f.dimension].name);
  }
  out.set("op", f.op);
  if (f.op == "within") {
    if (!f.since.empty()) out.set("since", f.since);
    if (!f.until.empty()) out.set("until", f.until);
  } else if (f.op == "in" || f.op == "not in" || f.op == "between") {
    Json list = Json::array();
    for (const Json& v : f.values) list.push_back(v);
    out.set("values", std::move(list));
  } else if (f.op != "missing" && f.op != "present") {
    out.set("value", f.values.front());
  }
  return out;
}

Json filters_json(const std::vector<Filter>& filters, const Model& m) {
  Json out = Json::array();
  for (const Filter& f : filters) out.push_back(filter_json(f, m));
  return out;
}

}  // namespace

std::string_view to_string(Ask ask) { return kAsks[static_cast<std::size_t>(ask)]; }

Json to_json(const Frame& f, const Model& m) {
  Json measure = Json::object({{"name", std::string(to_string(f.ask))}});
  if (f.ask == Ask::rows && (!f.attributes.empty() || !f.extra.empty())) {
    Json of = Json::array();
    for (const std::size_t d : f.attributes) of.push_back(m.dimensions[d].name);
    for (const std::size_t i : f.extra) of.push_back(m.measures[i].name);
    measure.set("of", std::move(of));
  } else if (f.ask == Ask::values || f.ask == Ask::distinct) {
    measure.set("of", m.dimensions[f.of].name);
  } else if (aggregates(f.ask)) {
    measure.set("of", m.measures[f.of].name);
  }
  if (!f.part.empty()) measure.set("filters", filters_json(f.part, m));
  Json out = Json::object();
  out.set("measure", std::move(measure));
  if (!f.filters.empty()) out.set("filters", filters_json(f.filters, m));
  if (!f.group_by.empty()) {
    Json list = Json::array();
    for (const Group& g : f.group_by)
      list.push_back(g.dimension != kNone ? m.dimensions[g.dimension].name : "time:" + g.unit);
    out.set("group_by", std::move(list));
  }
  if (!f.having_op.empty()) {
    Json having = Json::object({{"op", f.having_op}});
    having.set("value", Json::number(f.having_value));
    out.set("having", std::move(having));
  }
  if (!f.order_by.empty())
    out.set("order", Json::object({{"by", f.order_by}, {"direction", f.descending ? "desc" : "asc"}}));
  if (f.limit) out.set("limit", *f.limit);
  if (!f.since.empty() || !f.until.empty()) {
    Json interval = Json::object();
    if (!f.since.empty()) interval.set("since", f.since);
    if (!f.until.empty()) interval.set("until", f.until);
    out.set("interval", std::move(interval));
  }
  return out;
}

Result<Frame> parse_frame(const Json& args, const Model& model) { return FrameReader(args, model).run(); }

}  // namespace pgops::model
