// core/present: from a result to a text with its facts, and to blocks. Where no summary is written or none
// holds, the sentence is made from the shape (sentence.cpp).
#include "core/present/writer.hpp"

#include <algorithm>

#include "core/present/format.hpp"

namespace pgops::present {

std::string Writer::spoken(std::string name) {
  for (char& c : name) c = c == '_' ? ' ' : c;
  return name;
}

Rendered Writer::run() {
  out_.title = title();
  if (!from_entries()) from_shape();
  block();
  if (p_.as_of_) {
    Value as_of = p_.as_of_->value(result_, args_);
    if (as_of.defined && !as_of.json.is_null()) out_.as_of = std::move(as_of);
  }
  return std::move(out_);
}

void Writer::author(std::string_view text) {
  if (text.empty()) return;
  const std::size_t begin = out_.text.size();
  out_.text += text;
  out_.author.push_back({begin, out_.text.size()});
}

void Writer::fact(const Value& value, std::string_view format) {
  Fact f;
  f.value = value.json;
  f.source = value.source;
  f.ref = context_.ref;
  if (value.source.fn == "share") {
    f.format = "percent";
  } else if (value.source.fn != "count" && !value.source.column.empty()) {  // a cell or an argument
    Style style = p_.style_of(value.source.column);
    f.unit = std::move(style.unit);
    f.format = std::move(style.format);
    if (value.source.fn == "avg" && f.format.empty()) f.format = "decimal";
  }
  if (f.format.empty()) f.format = format;
  f.begin = out_.text.size();
  out_.text += format_value(f.value, f.unit, f.format, context_.locale);
  f.end = out_.text.size();
  out_.facts.push_back(std::move(f));
}

bool Writer::from_entries() {
  for (const Present::Entry& entry : p_.entries_) {
    if (entry.when && !entry.when->truth(result_, args_)) continue;
    const auto* pieces = pick(entry.text);
    if (pieces == nullptr) continue;
    std::vector<Value> values;
    bool defined = true;
    for (const Present::Piece& piece : *pieces) {
      if (!piece.value) continue;
      values.push_back(piece.value->value(result_, args_));
      defined = defined && values.back().defined;
    }
    if (!defined) continue;
    std::size_t next = 0;
    for (const Present::Piece& piece : *pieces) {
      if (piece.value) {
        fact(values[next++]);
      } else {
        author(piece.literal);
      }
    }
    out_.severity = entry.severity;
    return true;
  }
  return false;
}

std::string Writer::title() const {
  const std::string* own = pick(p_.title_);
  return own != nullptr ? *own : context_.title;
}

std::string Writer::label(const std::string& column) const {
  const auto it = p_.columns_.find(column);
  const std::string* own = it == p_.columns_.end() ? nullptr : pick(it->second.title);
  return own != nullptr ? *own : spoken(column);
}

Value Writer::cell(std::size_t row, const std::string& column) const {
  return evaluate({"$.rows[" + std::to_string(row) + "]." + column, "", "", column}, result_, args_);
}

Json Writer::described_columns() const {
  Json described = Json::array();
  for (const Json& column : result_["columns"].items()) {
    Json d = column;
    const auto it = p_.columns_.find(column["name"].text());
    if (it != p_.columns_.end()) {
      if (!it->second.unit.empty()) d.set("unit", it->second.unit);
      if (!it->second.format.empty()) d.set("format", it->second.format);
    }
    d.set("title", label(column["name"].text()));
    described.push_back(std::move(d));
  }
  return described;
}

std::string_view Writer::block_type() const {
  if (!p_.block_.empty()) return p_.block_;
  switch (shape_) {
    case Shape::nothing: return {};
    case Shape::value: return "number";
    case Shape::series: return "timeseries";
    case Shape::categories: return "chart";
    case Shape::row:
    case Shape::rows: return "table";
  }
  return "table";
}

void Writer::block() {
  const std::string_view type = block_type();
  if (type.empty()) return;
  const Json::Array& columns = result_["columns"].items();
  const Json::Array& rows = result_["rows"].items();
  Json b = Json::object({{"type", type}, {"title", title()}, {"ref", context_.ref}});
  b.set("columns", described_columns());
  if (type == "number" && !rows.empty() && !columns.empty()) {
    const std::string& name = columns[0]["name"].text();
    b.set("value", cell(0, name).json);
    const Style style = p_.style_of(name);
    if (!style.unit.empty()) b.set("unit", style.unit);
    if (!style.format.empty()) b.set("format", style.format);
  } else {
    if ((type == "timeseries" || type == "chart") && columns.size() > 1) {
      b.set("x", columns[0]["name"]);
      Json y = Json::array();
      for (std::size_t c = 1; c < columns.size(); ++c) y.push_back(columns[c]["name"]);
      b.set("y", std::move(y));
    }
    Json shown = Json::array();
    shown.reserve(std::min(rows.size(), context_.block_rows));
    for (std::size_t i = 0; i < rows.size() && i < context_.block_rows; ++i) shown.push_back(rows[i]);
    b.set("rows", std::move(shown));
  }
  b.set("row_count", result_["row_count"]);
  b.set("truncated", Json(result_["truncated"].as_bool() || rows.size() > context_.block_rows));
  out_.blocks.push_back(std::move(b));
}

Style Present::style_of(std::string_view column) const {
  const auto it = columns_.find(column);
  return it == columns_.end() ? Style{} : Style{it->second.unit, it->second.format};
}

Rendered Present::render(const Json& result, const Json& args, const Context& context) const {
  return Writer(*this, result, args, context).run();
}

}  // namespace pgops::present
