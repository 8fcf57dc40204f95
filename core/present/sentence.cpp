// core/present: sentences made from the shape of a result. Every cell shown is a fact; titles, labels and
// nouns are the author's text. The figure that was asked for comes first, what surrounds it after.
#include <algorithm>

#include "core/present/moment.hpp"
#include "core/present/writer.hpp"

namespace pgops::present {
namespace {

constexpr std::size_t kShownColumns = 6;
constexpr std::size_t kShownRows = 5;
constexpr std::size_t kShownCategories = 5;

}  // namespace

void Writer::from_shape() {
  switch (shape_) {
    case Shape::nothing: nothing(); break;
    case Shape::value: value(); break;
    case Shape::row:
      lead();
      row(0, true);
      out_.text += ".";
      break;
    case Shape::series: series(); break;
    case Shape::categories:
      // Of a part of the groups nothing is said about the whole.
      result_["truncated"].as_bool() ? rows() : categories();
      break;
    case Shape::rows: rows(); break;
  }
}

void Writer::lead() {
  author(title());
  if (!title().empty()) out_.text += ": ";
  out_.titled = true;
}

// A moment without the author's format is written for people; everything else as it is.
void Writer::cell_of(std::size_t index, const std::string& name) {
  const Value v = cell(index, name);
  const bool stamp = v.json.is_string() && v.json.text().size() > 10 && moment_us(v.json.text());
  fact(v, stamp ? "datetime" : "");
}

void Writer::counted() {
  const auto it = p_.nouns_.find(korean_ ? "ko" : "en");
  const bool one = result_["row_count"].as_int() == 1;
  if (korean_) {
    if (it != p_.nouns_.end()) author(it->second[0] + " ");
    fact(row_count());
    it == p_.nouns_.end() ? author("행") : author(it->second[1]);
    return;
  }
  fact(row_count());
  out_.text += " ";
  it == p_.nouns_.end() ? author(one ? "row" : "rows") : author(one ? it->second[0] : it->second[1]);
}

// "Orders: nothing found for status = paid."
void Writer::nothing() {
  lead();
  std::vector<std::string> filters;
  for (const std::string& name : context_.given) {
    const Json& value = args_[name];
    if (value.is_string() || value.is_number() || value.is_bool()) filters.push_back(name);
  }
  if (filters.empty()) {
    plain("nothing found.", "결과가 없습니다.");
    return;
  }
  plain("nothing found for ", "다음 조건에 해당하는 결과가 없습니다: ");
  for (std::size_t i = 0; i < filters.size(); ++i) {
    if (i > 0) out_.text += ", ";
    author(label(filters[i]));
    out_.text += " = ";
    fact(evaluate({"$.args." + filters[i], "", "", filters[i]}, result_, args_), "short");
  }
  out_.text += ".";
}

void Writer::value() {
  const std::string& name = column(0);
  const auto it = p_.nouns_.find(korean_ ? "ko" : "en");
  const Value v = cell(0, name);
  if (it == p_.nouns_.end() || !v.json.is_number()) {
    lead();
    cell_of(0, name);
  } else if (korean_) {
    author(it->second[0] + " ");
    fact(v);
    author(it->second[1]);
  } else {
    fact(v);
    out_.text += " ";
    author(v.json.text() == "1" ? it->second[0] : it->second[1]);
  }
  out_.text += ".";
}

std::string_view Writer::time_format() const {
  for (const Json& one : result_["rows"].items()) {
    const std::string& text = one[column(0)].text();
    if (text.size() > 10 && text.compare(11, 8, "00:00:00") != 0) return "minute";
  }
  return "date";
}

// "Events per hour: 24 points from 2026-11-22 00:00 to 2026-11-22 23:00; highest 12 (2026-11-22 05:00), ..."
void Writer::series() {
  lead();
  const std::string& when = column(0);
  const std::string& what = column(1);
  const std::string_view format = time_format();
  const std::size_t count = result_["rows"].size();
  const bool cut = result_["truncated"].as_bool();
  if (cut) author(korean_ ? "처음 " : "the first ");
  fact(row_count());
  plain(cut ? " points of more, " : " points, ", cut ? "개 값(더 있음), " : "개 값, ");
  fact(cell(0, when), format);
  plain(" to ", " ~ ");
  fact(cell(count - 1, when), format);
  const std::size_t high = extreme_row(result_, what, 1);
  const std::size_t low = extreme_row(result_, what, -1);
  if (high < count && low < count) {
    out_.text += "; ";
    if (result_["columns"].size() > 2) {
      author(label(what));
      out_.text += " ";
    }
    const auto mark = [&](std::string_view en, std::string_view ko, std::size_t at) {
      plain(en, ko);
      fact(cell(at, what));
      out_.text += " (";
      fact(cell(at, when), format);
      out_.text += ")";
    };
    mark("highest ", "최고 ", high);
    if (low != high) mark(", lowest ", ", 최저 ", low);
  }
  out_.text += ".";
}

// "Orders by status: paid 2, open 1."
void Writer::categories() {
  lead();
  const std::size_t count = result_["rows"].size();
  for (std::size_t i = 0; i < std::min(count, kShownCategories); ++i) {
    if (i > 0) out_.text += ", ";
    cell_of(i, column(0));
    out_.text += " ";
    fact(cell(i, column(1)));
  }
  if (count > kShownCategories) {
    plain(", ... (", ", ... (총 ");
    fact(row_count());
    plain(" in all)", "개)");
  }
  out_.text += ".";
}

void Writer::rows() {
  lead();
  const std::size_t count = result_["rows"].size();
  const bool cut = result_["truncated"].as_bool();
  if (cut) author(korean_ ? "처음 " : "the first ");
  counted();
  plain(cut ? " of more: " : ": ", cut ? "(더 있음): " : ": ");
  for (std::size_t i = 0; i < std::min(count, kShownRows); ++i) {
    if (i > 0) out_.text += "; ";
    row(i, false);
  }
  out_.text += count > kShownRows ? "; ..." : ".";
}

void Writer::row(std::size_t index, bool labelled) {
  const std::size_t columns = result_["columns"].size();
  for (std::size_t c = 0; c < std::min(columns, kShownColumns); ++c) {
    if (c > 0) out_.text += ", ";
    if (labelled) {
      author(label(column(c)));
      out_.text += " ";
    }
    cell_of(index, column(c));
  }
}

}  // namespace pgops::present
