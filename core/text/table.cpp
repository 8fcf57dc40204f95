// core/text: laying out tables, see table.hpp.
#include "core/text/table.hpp"

#include <algorithm>
#include <cmath>

#include "core/present/format.hpp"
#include "core/present/moment.hpp"
#include "core/text/bars.hpp"
#include "core/text/width.hpp"

namespace pgops::text {
namespace {

constexpr std::size_t kMaxCell = 60;  // columns a text may take even where there is room
constexpr std::size_t kMinText = 8;   // a cut text shows at least so much
constexpr std::size_t kMaxBar = 30;
constexpr std::size_t kMinBar = 8;
constexpr std::size_t kFewRows = 5;    // written one value a line where they are too wide
constexpr std::size_t kMaxLines = 60;  // of such rows

struct Column {
  std::string head;
  std::vector<std::string> cells;
  bool numeric = true;
  bool fixed = true;  // figures and moments: never cut
  std::size_t width = 0;
};

// What the moments of a column need to tell them apart: all at midnight, all at full minutes, all in one zone.
struct Moments {
  bool all = true;
  bool any = false;
  bool midnight = true;
  bool minutes = true;
  std::string_view zone;  // "+09:00", where it is one

  void see(const Json& value) {
    if (value.is_null() || !all) return;
    const std::string_view t = value.is_string() ? std::string_view(value.text()) : std::string_view();
    if (t.size() < 19 || !present::moment_us(t)) {
      all = false;
      return;
    }
    const std::string_view own = t.substr(std::min(t.find_first_of("+-Z", 19), t.size()));
    all = !any || own == zone;
    any = true;
    zone = own;
    midnight = midnight && t.substr(11, 8) == "00:00:00";
    minutes = minutes && t.substr(17, 2) == "00";
  }
  // "2026-03-11T15:30:00.5+09:00" in a column without the author's format.
  std::string text(std::string out) const {
    if (midnight) return out.substr(0, 10);
    out[10] = ' ';
    return out.substr(0, minutes ? 16 : 19);
  }
};

// The author's title where there is one, else the column's own name.
std::string head_of(const Json& column) {
  const std::string_view name = column["name"].string_or("");
  const std::string_view title = column["title"].string_or("");
  std::string spoken(name);
  std::replace(spoken.begin(), spoken.end(), '_', ' ');
  return printable(title.empty() || title == spoken ? name : title);
}

class Layout {
 public:
  Layout(const Json& block, const Form& form) : block_(block), form_(form), type_(block["type"].string_or("table")) {
    const Json::Array& rows = block["rows"].items();
    shown_ = std::min(form.max_rows, rows.size());
    for (const Json& described : block["columns"].items()) {
      Column column;
      column.head = cut_to_width(head_of(described), kMaxCell, form.ellipsis());
      column.width = display_width(column.head);
      const std::string name(described["name"].string_or(""));
      Moments moments;
      for (std::size_t r = 0; r < shown_; ++r) moments.see(rows[r][name]);
      const bool plain = described["format"].string_or("").empty() && described["unit"].string_or("").empty();
      const bool times = moments.all && moments.any;
      for (std::size_t r = 0; r < shown_; ++r) {
        const Json& value = rows[r][name];
        if (!value.is_number() && !value.is_null()) column.numeric = false;
        column.cells.push_back(times && plain && value.is_string() ? moments.text(value.text())
                                                                   : cell_text(value, described, form));
      }
      column.fixed = column.numeric || times;
      for (std::string& cell : column.cells) {
        if (!column.fixed) cell = cut_to_width(cell, kMaxCell, form.ellipsis());
        column.width = std::max(column.width, display_width(cell));
      }
      columns_.push_back(std::move(column));
    }
  }

  std::vector<std::string> run() {
    if (columns_.empty() || shown_ == 0) return {};
    sparklines();
    if (total() > form_.width) shrink();
    if (total() > form_.width && shown_ <= kFewRows && shown_ * columns_.size() <= kMaxLines) {
      one_value_a_line();
    } else {
      leave_out();
      table();
    }
    if (block_["rows"].size() > shown_) {
      const std::string more = std::to_string(block_["rows"].size() - shown_);
      out_.push_back(form_.korean ? "... 외 " + more + "행" : "... and " + more + " more rows");
    }
    if (!left_out_.empty()) {
      out_.push_back((form_.korean ? "표시하지 않은 열: " : "columns not shown: ") + left_out_);
    }
    return std::move(out_);
  }

 private:
  std::size_t total() const {
    std::size_t sum = 0;
    for (const Column& c : columns_) sum += c.width + 3;
    return sum - 1;  // " a | b" and the last dash of the rule below the heading
  }

  // The widest texts give way first; figures and headings of figures do not.
  void shrink() {
    while (total() > form_.width) {
      Column* widest = nullptr;
      for (Column& c : columns_) {
        if (!c.fixed && c.width > kMinText && (widest == nullptr || c.width > widest->width)) widest = &c;
      }
      if (widest == nullptr) return;
      const std::size_t over = total() - form_.width;
      widest->width = std::max(kMinText, widest->width - std::min(over, std::max<std::size_t>(1, widest->width / 8)));
    }
  }

  void leave_out() {
    while (columns_.size() > 1 && total() > form_.width) {
      left_out_ = columns_.back().head + (left_out_.empty() ? "" : ", ") + left_out_;
      columns_.pop_back();
    }
  }

  std::string fitted(const Column& c, const std::string& text) const {
    return pad(cut_to_width(text, c.width, form_.ellipsis()), c.width, c.numeric);
  }

  void table() {
    const std::vector<std::string> bars = bars_of_first_measure();
    std::string head;
    std::string rule;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      head += (c == 0 ? " " : " | ") + fitted(columns_[c], columns_[c].head);
      rule += (c == 0 ? "-" : "-+-") + std::string(columns_[c].width, '-');
    }
    head.resize(head.find_last_not_of(' ') + 1);
    out_.push_back(head);
    out_.push_back(rule + "-");
    for (std::size_t r = 0; r < shown_; ++r) {
      std::string line;
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        line += (c == 0 ? " " : " | ") + fitted(columns_[c], columns_[c].cells[r]);
      }
      if (!bars.empty()) line += " | " + bars[r];
      line.resize(line.find_last_not_of(' ') + 1);
      out_.push_back(std::move(line));
    }
  }

  std::vector<std::string> bars_of_first_measure() const {
    if ((type_ != "chart" && type_ != "timeseries") || columns_.size() != 2 || !columns_[1].numeric || shown_ < 2)
      return {};
    if (total() + 2 + kMinBar > form_.width) return {};
    const std::size_t room = std::min(kMaxBar, form_.width - total() - 2);
    const std::string name(block_["columns"].items()[1]["name"].string_or(""));
    double largest = 0;
    for (std::size_t r = 0; r < shown_; ++r) {
      const auto value = block_["rows"].items()[r][name].as_double();
      if (value && std::isfinite(*value)) largest = std::max(largest, std::abs(*value));
    }
    if (!(largest > 0)) return {};
    std::vector<std::string> bars;
    for (std::size_t r = 0; r < shown_; ++r) {
      bars.push_back(bar(block_["rows"].items()[r][name].as_double().value_or(0), largest, room, form_.unicode));
    }
    return bars;
  }

  // Of a time series, oldest first: "events ▁▃█▂".
  void sparklines() {
    const Json::Array& rows = block_["rows"].items();
    if (type_ != "timeseries" || rows.size() < 3) return;
    const Json::Array& described = block_["columns"].items();
    const std::string when(described[0]["name"].string_or(""));
    const bool newest_first = rows.front()[when].text() > rows.back()[when].text();
    std::size_t head = 0;
    for (std::size_t c = 1; c < columns_.size(); ++c) head = std::max(head, display_width(columns_[c].head));
    if (head + kMinBar + 2 > form_.width) return;
    for (std::size_t c = 1; c < columns_.size(); ++c) {
      const std::string name(described[c]["name"].string_or(""));
      std::vector<const Json*> cells;
      for (const Json& row : rows) cells.push_back(&row[name]);
      if (newest_first) std::reverse(cells.begin(), cells.end());
      const std::string line = sparkline(cells, form_.width - head - 2, form_.unicode);
      if (!line.empty()) out_.push_back(" " + pad(columns_[c].head, head, false) + " " + line);
    }
    if (!out_.empty()) out_.emplace_back();
  }

  void one_value_a_line() {
    std::size_t head = 0;
    for (const Column& c : columns_) head = std::max(head, display_width(c.head));
    head = std::min(head, form_.width / 3);
    const std::size_t room = form_.width - std::min(form_.width - kMinText, head + 4);
    for (std::size_t r = 0; r < shown_; ++r) {
      if (r > 0) out_.emplace_back();
      for (const Column& c : columns_) {
        const std::string value = c.fixed ? c.cells[r] : cut_to_width(c.cells[r], room, form_.ellipsis());
        out_.push_back(" " + pad(cut_to_width(c.head, head, form_.ellipsis()), head, false) + " | " + value);
      }
    }
  }

  const Json& block_;
  const Form& form_;
  std::string_view type_;
  std::size_t shown_ = 0;
  std::vector<Column> columns_;
  std::vector<std::string> out_;
  std::string left_out_;
};

}  // namespace

std::string cell_text(const Json& value, const Json& column, const Form& form) {
  if (value.is_null()) return {};
  const std::string_view format = column["format"].string_or("");
  const std::string_view unit = column["unit"].string_or("");
  if (format.empty() && unit.empty()) {
    return printable(value.is_string() || value.is_number() ? value.text() : value.dump());
  }
  return printable(present::format_value(value, unit, format.empty() ? "text" : format, form.korean ? "ko" : "en"));
}

std::vector<std::string> render_table(const Json& block, const Form& form) { return Layout(block, form).run(); }

}  // namespace pgops::text
