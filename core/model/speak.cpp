// core/model: frames in words, see speak.hpp.
#include "core/model/speak.hpp"

#include <algorithm>

#include "core/model/sql.hpp"

namespace pgops::model {
namespace {

constexpr int kListed = 5;

// Text inside a present part: a brace would begin a value.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '{' || c == '}') out.push_back(c);
    out.push_back(c);
  }
  return out;
}

class Speaker {
 public:
  Speaker(const Frame& f, const Model& m, bool korean) : f_(f), m_(m), ko_(korean) {}

  std::string label() const {
    std::string out;
    switch (f_.ask) {
      case Ask::count: out = ko_ ? noun(false) + " 수" : "number of " + noun(true); break;
      case Ask::exists: out = ko_ ? noun(false) + " 유무" : "whether there are " + noun(true); break;
      case Ask::rows: out = rows_label(); break;
      case Ask::values: out = ko_ ? dim(f_.of) + " 목록" : dim_plural(f_.of) + " of " + noun(true); break;
      case Ask::distinct: out = ko_ ? dim(f_.of) + " 수" : "number of different " + dim_plural(f_.of); break;
      case Ask::share: out = ko_ ? noun(false) + " 비율" : "share of " + noun(true) + scope(f_.part); break;
      default: out = figure_name(); break;
    }
    out += scope(f_.filters);
    if (!f_.group_by.empty()) out += (ko_ ? ", " : ", per ") + group_name() + (ko_ ? "별" : "");
    if (!f_.having_op.empty()) out += " (" + f_.having_op + " " + f_.having_value + ")";
    if (f_.limit && !f_.group_by.empty()) {
      out += ko_ ? (f_.descending ? ", 상위" : ", 하위") : (f_.descending ? ", the most" : ", the fewest");
    }
    return out;
  }

  Json present() {
    if (f_.ask == Ask::rows) {
      rows();
    } else if (f_.ask == Ask::values) {
      value_list();
    } else if (!f_.group_by.empty()) {
      grouped();
    } else {
      figure();
    }
    columns();
    Json out = Json::object();
    out.set("title", capital(label()));
    out.set("summary", std::move(entries_));
    out.set("columns", std::move(columns_));
    if (f_.ask == Ask::count || f_.ask == Ask::exists) {
      if (f_.group_by.empty()) out.set("block", "number");
    }
    if (f_.group_by.size() == 1 && f_.group_by.front().dimension == kNone) out.set("block", "timeseries");
    return out;
  }

 private:
  static std::string capital(std::string text) {
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
    return text;
  }
  static std::string plural_of(const std::string& word) {
    if (word.ends_with("s") || word.ends_with("x")) return word + "es";
    if (word.size() > 2 && word.ends_with("y") &&
        std::string_view("aeiou").find(word[word.size() - 2]) == std::string_view::npos)
      return word.substr(0, word.size() - 1) + "ies";
    return word + "s";
  }

  std::string noun(bool many) const { return plain(ko_ ? m_.nouns.say(true) : many ? m_.plural_en : m_.nouns.en); }
  // What one value of a dimension is called: of a key, the thing itself.
  std::string dim(std::size_t d) const {
    const Dimension& one = m_.dimensions[d];
    if (one.key && one.link != kNone) return plain(m_.links[one.link].nouns.say(ko_));
    if (one.key) return noun(false);
    return plain(one.words.say(ko_));
  }
  std::string dim_plural(std::size_t d) const { return plural_of(dim(d)); }

  std::string said(const Filter& f, const Json& v) const {
    if (f.dimension != kNone) {
      for (const Value& value : m_.dimensions[f.dimension].values) {
        if (value.value == v && v.text() != value.words.en) return plain(value.words.say(ko_));
      }
    }
    return plain(v.is_bool() ? (v.as_bool() ? "true" : "false") : v.text());
  }

  std::string list(const Filter& f) const {
    std::string out;
    for (std::size_t i = 0; i < f.values.size(); ++i) {
      if (i > 0) out += i + 1 < f.values.size() ? ", " : ko_ ? ", " : " or ";
      out += said(f, f.values[i]);
    }
    return out;
  }

  std::string one(const Filter& f) const {
    const std::string name = f.measure != kNone ? plain(m_.measures[f.measure].words.say(ko_)) : dim(f.dimension);
    const std::string unit =
        f.measure != kNone && !m_.measures[f.measure].unit.empty() ? " " + plain(m_.measures[f.measure].unit) : "";
    if (f.op == "=" || f.op == "in") return name + " " + list(f);
    if (f.op == "<>" || f.op == "not in") return ko_ ? name + " " + list(f) + " 제외" : name + " other than " + list(f);
    if (f.op == "missing") return ko_ ? name + " 없음" : "no " + name;
    if (f.op == "present") return ko_ ? name + " 있음" : "a " + name;
    if (f.op == "within") {
      std::string out = name;
      if (!f.since.empty()) out += (ko_ ? " " : " from ") + moment(f.since);
      if (!f.until.empty()) out += (ko_ ? " ~ " : " until ") + moment(f.until);
      return out;
    }
    if (f.op == "between")
      return name + (ko_ ? " " : " between ") + said(f, f.values[0]) + (ko_ ? "~" : " and ") + said(f, f.values[1]) +
             unit;
    return name + " " + f.op + " " + said(f, f.values.front()) + unit;
  }

  // "2026-11-23T09:00:00+09:00" as people write it.
  static std::string moment(const std::string& iso) {
    std::string out = iso.substr(0, 16);
    std::replace(out.begin(), out.end(), 'T', ' ');
    return out.ends_with(" 00:00") ? out.substr(0, 10) : out;
  }

  // " with severity critical and location Busan"
  std::string scope(const std::vector<Filter>& filters) const {
    if (filters.empty()) return {};
    std::string out = ko_ ? " (" : " with ";
    for (std::size_t i = 0; i < filters.size(); ++i) {
      if (i > 0) out += ko_ ? ", " : i + 1 < filters.size() ? ", " : " and ";
      out += one(filters[i]);
    }
    return ko_ ? out + ")" : out;
  }

  std::string group_name() const {
    std::string out;
    for (const Group& g : f_.group_by)
      out += (out.empty() ? "" : ko_ ? ", " : " and ") + (g.dimension != kNone ? dim(g.dimension) : unit(g.unit));
    return out;
  }
  std::string unit(const std::string& name) const {
    if (!ko_) return name;
    return name == "hour"      ? "시간"
           : name == "day"     ? "일"
           : name == "week"    ? "주"
           : name == "month"   ? "월"
           : name == "quarter" ? "분기"
                               : "연도";
  }

  std::string figure_name() const {
    const std::string name = plain(m_.measures[f_.of].words.say(ko_));
    switch (f_.ask) {
      case Ask::sum: return (ko_ ? "총 " : "total ") + name;
      case Ask::avg: return (ko_ ? "평균 " : "average ") + name;
      case Ask::min: return (ko_ ? "최저 " : "lowest ") + name;
      default: return (ko_ ? "최고 " : "highest ") + name;
    }
  }

  std::string rows_label() const {
    if (f_.limit && f_.order_by == "time") {
      return ko_ ? (f_.descending ? "최근 " : "가장 오래된 ") + noun(false)
                 : (f_.descending ? "latest " : "earliest ") + noun(*f_.limit != 1);
    }
    if (f_.limit && !f_.extra.empty()) {
      const std::string name = plain(m_.measures[f_.extra.front()].words.say(ko_));
      return ko_ ? name + (f_.descending ? " 최고 " : " 최저 ") + noun(false)
                 : noun(*f_.limit != 1) + " with the " + (f_.descending ? "highest " : "lowest ") + name;
    }
    if (!f_.attributes.empty()) {
      std::string out;
      for (const std::size_t d : f_.attributes) {
        if (!m_.dimensions[d].key) out += (out.empty() ? "" : ", ") + dim(d);
      }
      if (!out.empty()) return ko_ ? noun(false) + " " + out : out + " of " + noun(true);
    }
    return ko_ ? noun(false) + " 목록" : noun(true);
  }

  void entry(const std::string& when, const std::string& text) {
    Json e = Json::object();
    if (!when.empty()) e.set("when", when);
    e.set("text", text);
    entries_.push_back(std::move(e));
  }

  static std::string cell(int row, const std::string& column) {
    return "{rows[" + std::to_string(row) + "]." + column + "}";
  }

  void figure() {
    const std::string column = figure_column(f_, m_);
    const std::string value = cell(0, column);
    const std::string where = scope(f_.filters);
    const std::string path = "rows[0]." + column;
    if (f_.ask == Ask::count || f_.ask == Ask::exists) {
      const bool yes = f_.ask == Ask::exists;
      const std::string none = ko_ ? (yes ? "아니요, " : "") + noun(false) + where + " 없음: "
                                   : (yes ? "No, there are no " : "No ") + noun(true) + where + "; ";
      if (!f_.filters.empty() || !f_.since.empty() || !f_.until.empty()) {
        entry(path + " = 0 and rows[0].any_at_all = true",
              ko_ ? none + "조건에 맞는 것이 없습니다." : none + "others exist, none matched.");
      }
      entry(path + " = 0", ko_ ? (yes ? "아니요, " : "") + noun(false) + where + "이(가) 없습니다. 데이터가 없습니다."
                               : (yes ? "No, there are no " : "No ") + noun(true) + "; there is no data at all.");
      if (ko_) {
        entry("", (yes ? "예, " : "") + noun(false) + where + " " + value + "건.");
      } else {
        entry(path + " = 1", (yes ? "Yes, " : "") + value + " " + noun(false) + where + ".");
        entry("", (yes ? "Yes, " : "") + value + " " + noun(true) + where + ".");
      }
    } else if (f_.ask == Ask::distinct) {
      if (ko_) {
        entry("", dim(f_.of) + where + " " + value + "개.");
      } else {
        entry(path + " = 1", value + " " + dim(f_.of) + of_rows(where) + ".");
        entry("", value + " different " + dim_plural(f_.of) + of_rows(where) + ".");
      }
    } else if (f_.ask == Ask::share) {
      entry("rows[0].total = 0",
            ko_ ? "조건에 맞는 " + noun(false) + "이(가) 없습니다." : "There are no " + noun(true) + where + ".");
      entry("", ko_ ? noun(false) + where + " " + cell(0, "total") + "건 중 " + cell(0, "part") + "건(" + value + "%)" +
                          scope(f_.part) + "."
                    : value + " %: " + cell(0, "part") + " of " + cell(0, "total") + " " + noun(true) + where +
                          " have" + scope(f_.part).substr(5) + ".");
    } else {
      entry(path + " = null",
            ko_ ? "조건에 맞는 " + noun(false) + "이(가) 없어 값이 없습니다."
                : "There is no " + plain(m_.measures[f_.of].words.en) + " of " + noun(true) + where + ".");
      entry("", capital(figure_name()) + (ko_ ? where : of_rows(where)) + ": " + value + ".");
    }
  }

  std::string of_rows(const std::string& where) const { return " of " + noun(true) + where; }

  // Each row in a few words, the first ones only.
  void listed(const std::string& head, const std::vector<std::string>& cells) {
    for (int n = 1; n <= kListed + 1; ++n) {
      std::string text = head;
      const int shown = std::min(n, kListed);
      for (int i = 0; i < shown; ++i) {
        text += i == 0 ? "" : "; ";
        for (std::size_t c = 0; c < cells.size(); ++c) text += (c == 0 ? "" : " ") + cell(i, cells[c]);
      }
      entry(n <= kListed ? "row_count = " + std::to_string(n) : "", text + (n <= kListed ? "." : "; ..."));
    }
  }

  void nothing() {
    const std::string where = scope(f_.filters);
    entry("row_count = 0",
          ko_ ? "조건에 맞는 " + noun(false) + "이(가) 없습니다." : "No " + noun(true) + where + " found.");
  }

  void value_list() {
    nothing();
    const std::string where = scope(f_.filters);
    const std::string& column = m_.dimensions[f_.of].name;
    if (ko_) {
      listed(dim(f_.of) + where + " {row_count}개: ", {column});
    } else {
      entry("row_count = 1", "{row_count} " + dim(f_.of) + of_rows(where) + ": " + cell(0, column) + ".");
      listed("{row_count} " + dim_plural(f_.of) + of_rows(where) + ": ", {column});
    }
  }

  void grouped() {
    nothing();
    std::vector<std::string> cells;
    for (const Group& g : f_.group_by) cells.push_back(g.dimension != kNone ? m_.dimensions[g.dimension].name : g.unit);
    const std::string figure = figure_column(f_, m_);
    if (f_.limit && *f_.limit == 1 && cells.size() == 1) {
      const std::string most = ko_ ? (f_.descending ? "가장 많음" : "가장 적음") : f_.descending ? "Most" : "Fewest";
      const bool counts = f_.ask == Ask::count || f_.ask == Ask::distinct;
      entry("", ko_ ? label() + ": " + cell(0, cells[0]) + " (" + cell(0, figure) + ")."
                    : (counts ? most + " " + (f_.ask == Ask::count ? noun(true) : dim_plural(f_.of)) + scope(f_.filters)
                              : capital(figure_name()) + of_rows(scope(f_.filters))) +
                          ": " + cell(0, cells[0]) + " with " + cell(0, figure) + ".");
      return;
    }
    cells.push_back(figure);
    listed(capital(label()) + ": ", cells);
  }

  void rows() {
    nothing();
    // One thing is named by its cell.
    std::vector<Filter> other = f_.filters;
    std::erase_if(other, [this](const Filter& f) {
      return f.dimension != kNone && m_.dimensions[f.dimension].key && f.op == "=";
    });
    const std::string where = scope(other);
    std::vector<std::string> names;
    for (const std::size_t d : f_.attributes) names.push_back(m_.dimensions[d].name);
    for (const std::size_t i : f_.extra) names.push_back(m_.measures[i].name);
    if (!names.empty()) {
      std::string text;
      for (const std::size_t d : f_.attributes) {
        const bool key = m_.dimensions[d].key;
        text += (text.empty() ? ""
                 : key        ? ", "
                              : ", ") +
                (key && text.empty() ? "" : dim(d) + " ") + cell(0, m_.dimensions[d].name);
      }
      for (const std::size_t i : f_.extra)
        text += (text.empty() ? "" : ", ") + plain(m_.measures[i].words.say(ko_)) + " " + cell(0, m_.measures[i].name);
      entry("row_count = 1", capital(rows_label()) + (ko_ ? ": " : ": ") + text + ".");
    }
    if (f_.limit && *f_.limit == 1 && names.empty()) {
      std::string text;
      for (const std::size_t d : m_.shown) text += (text.empty() ? "" : ", ") + cell(0, m_.dimensions[d].name);
      if (!text.empty()) entry("row_count = 1", capital(rows_label()) + where + ": " + text + ".");
    }
    entry("row_count = 1", ko_ ? noun(false) + where + " {row_count}건." : "{row_count} " + noun(false) + where + ".");
    entry("truncated = true",
          ko_ ? noun(false) + where + " {row_count}건 이상." : "At least {row_count} " + noun(true) + where + ".");
    entry("", ko_ ? noun(false) + where + " {row_count}건." : "{row_count} " + noun(true) + where + ".");
  }

  std::string unit_of(std::size_t measure) const {
    const Measure& m = m_.measures[measure];
    for (const Filter& f : f_.filters) {
      if (f.dimension == kNone || m.required.empty() || m_.dimension(m.required) != f.dimension || f.op != "=")
        continue;
      for (const auto& [value, unit] : m.unit_by) {
        if (f.values.front().text() == value) return unit;
      }
    }
    return m.unit;
  }

  void column(const std::string& name, const std::string& title, std::size_t measure) {
    Json c = Json::object({{"title", title}});
    if (measure != kNone) {
      const std::string unit = unit_of(measure);
      const bool duration = !m_.measures[measure].from.empty() || unit == "s";
      if (!unit.empty()) c.set("unit", unit);
      c.set("format", duration ? "duration" : "decimal");
    }
    columns_.set(name, std::move(c));
  }

  void columns() {
    for (const Group& g : f_.group_by) {
      if (g.dimension != kNone) column(m_.dimensions[g.dimension].name, dim(g.dimension), kNone);
    }
    const std::string figure = figure_column(f_, m_);
    if (aggregates(f_.ask)) column(figure, figure_name(), f_.of);
    if (f_.ask == Ask::values) column(m_.dimensions[f_.of].name, dim(f_.of), kNone);
    if (f_.ask != Ask::rows) return;
    const std::vector<std::size_t>& shown = f_.attributes.empty() ? m_.shown : f_.attributes;
    for (const std::size_t d : shown) column(m_.dimensions[d].name, dim(d), kNone);
    for (const std::size_t i : f_.extra) column(m_.measures[i].name, plain(m_.measures[i].words.say(ko_)), i);
  }

  const Frame& f_;
  const Model& m_;
  bool ko_;
  Json entries_ = Json::array();
  Json columns_ = Json::object();
};

}  // namespace

std::string label(const Frame& frame, const Model& model, bool korean) { return Speaker(frame, model, korean).label(); }

Json present(const Frame& frame, const Model& model, bool korean) { return Speaker(frame, model, korean).present(); }

}  // namespace pgops::model
