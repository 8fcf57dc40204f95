// core/present: from a result to a text with its facts, and to blocks.
//
// Without a summary that speaks, the sentence is made from the shape: nothing, one value, one row,
// several rows. Every cell shown is a fact; column names and titles are the author's text.
#include "core/present/format.hpp"
#include "core/present/present.hpp"

namespace pgops::present {
namespace {

constexpr std::size_t kShownColumns = 6;
constexpr std::size_t kShownRows = 5;

template <class T>
const T* pick(const std::map<std::string, T>& by_locale, const std::string& locale) {
  const std::string wanted = locale.substr(0, 2) == "ko" ? "ko" : "en";
  auto it = by_locale.find(wanted);
  if (it == by_locale.end()) it = by_locale.begin();
  return it == by_locale.end() ? nullptr : &it->second;
}

std::string spoken(std::string name) {
  for (char& c : name) c = c == '_' ? ' ' : c;
  return name;
}

}  // namespace

class Writer {
 public:
  Writer(const Present& p, const Json& result, const Json& args, const Present::Context& context)
      : p_(p), result_(result), args_(args), context_(context), korean_(context.locale.substr(0, 2) == "ko") {}

  Rendered run() {
    if (!from_entries()) from_shape();
    block();
    return std::move(out_);
  }

 private:
  void author(std::string_view text) {
    if (text.empty()) return;
    const std::size_t begin = out_.text.size();
    out_.text += text;
    out_.author.push_back({begin, out_.text.size()});
  }
  void plain(std::string_view en, std::string_view ko) { out_.text += korean_ ? ko : en; }

  void fact(const Value& value) {
    Fact f;
    f.value = value.json;
    f.source = value.source;
    f.ref = context_.ref;
    if (value.source.fn == "share") {
      f.format = "percent";
    } else if (value.source.fn != "count" && !value.source.column.empty()) {  // a cell or an argument
      const auto it = p_.columns_.find(value.source.column);
      if (it != p_.columns_.end()) {
        f.unit = it->second.unit;
        f.format = it->second.format;
      }
      if (value.source.fn == "avg" && f.format.empty()) f.format = "decimal";
    }
    f.begin = out_.text.size();
    out_.text += format_value(f.value, f.unit, f.format, context_.locale);
    f.end = out_.text.size();
    out_.facts.push_back(std::move(f));
  }

  bool from_entries() {
    for (const Present::Entry& entry : p_.entries_) {
      if (entry.when && !entry.when->truth(result_, args_)) continue;
      const auto* pieces = pick(entry.text, context_.locale);
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

  std::string title() const {
    const std::string* own = pick(p_.title_, context_.locale);
    return own != nullptr ? *own : context_.title;
  }

  Value cell(std::size_t row, const std::string& column) const {
    return evaluate({"$.rows[" + std::to_string(row) + "]." + column, "", "", column}, result_, args_);
  }
  Value row_count() const { return evaluate({"$.row_count", "", "", ""}, result_, args_); }

  std::string label(const std::string& column) const {
    const auto it = p_.columns_.find(column);
    const std::string* own = it == p_.columns_.end() ? nullptr : pick(it->second.title, context_.locale);
    return own != nullptr ? *own : spoken(column);
  }

  void from_shape() {
    const Json::Array& columns = result_["columns"].items();
    const std::size_t rows = result_["rows"].size();
    author(title());
    if (!title().empty()) out_.text += ": ";
    if (rows == 0 || columns.empty()) {
      plain("nothing found.", "결과가 없습니다.");
      return;
    }
    if (rows == 1 && columns.size() == 1) {
      fact(cell(0, columns[0]["name"].text()));
      out_.text += ".";
      return;
    }
    if (rows == 1) {
      row(0, true);
      out_.text += ".";
      return;
    }
    if (result_["truncated"].as_bool()) plain("the first ", "처음 ");
    fact(row_count());
    plain(result_["truncated"].as_bool() ? " rows of more: " : " rows: ",
          result_["truncated"].as_bool() ? "행(더 있음): " : "행: ");
    for (std::size_t i = 0; i < rows && i < kShownRows; ++i) {
      if (i > 0) out_.text += "; ";
      row(i, false);
    }
    out_.text += rows > kShownRows ? "; ..." : ".";
  }

  void row(std::size_t index, bool labelled) {
    const Json::Array& columns = result_["columns"].items();
    for (std::size_t c = 0; c < columns.size() && c < kShownColumns; ++c) {
      if (c > 0) out_.text += ", ";
      const std::string& name = columns[c]["name"].text();
      if (labelled) {
        author(label(name));
        out_.text += " ";
      }
      fact(cell(index, name));
    }
  }

  void block() {
    const Json::Array& columns = result_["columns"].items();
    const std::size_t rows = result_["rows"].size();
    std::string type = p_.block_;
    if (type.empty() && rows == 1 && columns.size() == 1) type = "number";
    if (type.empty() && rows > 0) type = "table";
    if (type.empty()) return;
    Json b = Json::object({{"type", type}, {"title", title()}, {"ref", context_.ref}});
    Json described = Json::array();
    for (const Json& column : columns) {
      Json d = column;
      const auto it = p_.columns_.find(column["name"].text());
      if (it != p_.columns_.end()) {
        if (!it->second.unit.empty()) d.set("unit", it->second.unit);
        if (!it->second.format.empty()) d.set("format", it->second.format);
      }
      d.set("title", label(column["name"].text()));
      described.push_back(std::move(d));
    }
    b.set("columns", std::move(described));
    if (type == "number" && rows > 0 && !columns.empty()) {
      b.set("value", cell(0, columns[0]["name"].text()).json);
    } else {
      Json shown = Json::array();
      for (std::size_t i = 0; i < rows && i < context_.block_rows; ++i) shown.push_back(result_["rows"].items()[i]);
      b.set("rows", std::move(shown));
    }
    b.set("row_count", result_["row_count"]);
    b.set("truncated", Json(result_["truncated"].as_bool() || rows > context_.block_rows));
    out_.blocks.push_back(std::move(b));
  }

  const Present& p_;
  const Json& result_;
  const Json& args_;
  const Present::Context& context_;
  bool korean_;
  Rendered out_;
};

Rendered Present::render(const Json& result, const Json& args, const Context& context) const {
  return Writer(*this, result, args, context).run();
}

}  // namespace pgops::present
