// core/present: writes one result: sentence, facts, block. Internal to the folder; see present.hpp.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/present/present.hpp"
#include "core/present/shape.hpp"

namespace pgops::present {

class Writer {
 public:
  Writer(const Present& p, const Json& result, const Json& args, const Present::Context& context)
      : p_(p),
        result_(result),
        args_(args),
        context_(context),
        korean_(context.locale.substr(0, 2) == "ko"),
        shape_(shape_of(result)) {}

  Rendered run();

 private:
  static std::string spoken(std::string name);  // "event_type" -> "event type"
  // Of a text by locale: the wanted one, else any.
  template <class T>
  const T* pick(const std::map<std::string, T>& by_locale) const {
    auto it = by_locale.find(korean_ ? "ko" : "en");
    if (it == by_locale.end()) it = by_locale.begin();
    return it == by_locale.end() ? nullptr : &it->second;
  }

  void author(std::string_view text);
  void plain(std::string_view en, std::string_view ko) { out_.text += korean_ ? ko : en; }
  // `format`: where the author gave the column none.
  void fact(const Value& value, std::string_view format = {});

  std::string title() const;
  std::string label(const std::string& column) const;
  Value cell(std::size_t row, const std::string& column) const;
  Value row_count() const { return evaluate({"$.row_count", "", "", ""}, result_, args_); }
  const std::string& column(std::size_t index) const { return result_["columns"].items()[index]["name"].text(); }

  bool from_entries();
  void from_shape();
  void nothing();
  void value();
  void series();
  void categories();
  void rows();
  void row(std::size_t index, bool labelled);
  void lead();     // "Title: "
  void counted();  // "3 events", "3 rows"
  void cell_of(std::size_t row, const std::string& column);
  std::string_view time_format() const;

  std::string_view block_type() const;
  Json described_columns() const;
  void block();

  const Present& p_;
  const Json& result_;
  const Json& args_;
  const Present::Context& context_;
  bool korean_;
  Shape shape_;
  Rendered out_;
};

}  // namespace pgops::present
