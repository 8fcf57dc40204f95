// core/model: a frame as one SELECT.
//
// Only identifiers of the model reach the text, always quoted; every value is a parameter. The statement goes
// through the same guard and executor as a tool's: nothing here is trusted to be safe.
#pragma once

#include <string>

#include "core/model/frame.hpp"

namespace pgops::model {

struct Statement {
  std::string sql;             // with :p1, :p2 ...
  Json args = Json::object();  // their values
  Json types = Json::object();
};

Statement to_sql(const Frame& frame, const Model& model);
// Touches every column and relation a frame could use, returns no row: what publication checks, and where the
// types of columns come from. Its columns are dimensions and measures by name.
std::string probe_sql(const Model& model);
// The different values of a dimension with their other names, or those that match: columns value, label, aliases.
// Texts are bound as p1 (a list, folded); without them all values up to a limit.
std::string values_sql(const Model& model, std::size_t dimension, bool by_text, std::int64_t limit);

std::string quote_identifier(std::string_view name);
// The name of the result's column that holds the figure; empty for rows and values.
std::string figure_column(const Frame& frame, const Model& model);

}  // namespace pgops::model
