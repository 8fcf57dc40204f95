// core/model: the frame: what is asked of a model, in a closed form that is the call's arguments.
//
//   {"measure": {"name": "count" | "exists" | "rows" | "values" | "distinct" | "sum" | "avg" | "min" | "max"
//                        | "share", "of": dimension, measure or list of dimensions, "filters": [..share..]},
//    "filters": [{"dimension", "op", "value" | "values" | "since","until"} or {"measure","op","value"}],
//    "group_by": [dimension | "time:day"], "having": {"op","value"},
//    "order": {"by": "measure" | "group" | "time" | NAME, "direction": "asc"|"desc"}, "limit": n,
//    "interval": {"since","until"}}
// Read strictly against the model: what is not known is refused with the nearest name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/model/spec.hpp"

namespace pgops::model {

enum class Ask : std::uint8_t { count, exists, rows, values, distinct, sum, avg, min, max, share };
std::string_view to_string(Ask ask);
inline bool aggregates(Ask ask) { return ask == Ask::sum || ask == Ask::avg || ask == Ask::min || ask == Ask::max; }

struct Filter {
  std::size_t dimension = kNone;  // or
  std::size_t measure = kNone;
  std::string op;  // = <> in "not in" < <= > >= between missing present within
  std::vector<Json> values;
  std::string since, until;  // within: half-open
  bool operator==(const Filter&) const = default;
};

struct Group {
  std::size_t dimension = kNone;  // or
  std::string unit;               // of time: hour day week month quarter year
  bool operator==(const Group&) const = default;
};

struct Frame {
  Ask ask = Ask::count;
  std::size_t of = kNone;               // distinct, values: a dimension; sum avg min max: a measure
  std::vector<std::size_t> attributes;  // rows: the dimensions asked for; empty: those of a list
  std::vector<std::size_t> extra;       // rows: measures shown beside them
  std::vector<Filter> part;             // share
  std::vector<Filter> filters;
  std::vector<Group> group_by;
  std::string having_op;
  std::string having_value;
  std::string order_by;  // measure group time, or a dimension's or measure's name
  bool descending = true;
  std::optional<std::int64_t> limit;
  std::string since, until;
};

constexpr std::int64_t kMaxLimit = 1000;

Json to_json(const Frame& frame, const Model& model);
// Error: TOOL_BAD_REQUEST naming the place; `message` is fit for the caller.
Result<Frame> parse_frame(const Json& args, const Model& model);

}  // namespace pgops::model
