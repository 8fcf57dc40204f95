// core/present: how a tool speaks about its result.
//
// {"summary":[{"when":"row_count = 0","text":"...","severity":"attention"},...],
//  "columns":{"wait":{"unit":"s","format":"duration","title":"..."}},"block":"table","title":"..."}
// The first summary entry whose `when` holds (none = always) and whose values all exist speaks. text
// and title are a string or {"en":...,"ko":...}. Values stand in braces: "{max(wait)}"; "{{" is a brace.
// Vocabulary: a *fact* is a figure in the text with where it comes from; everything else in the text is
// the author's, and is marked so.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/present/expression.hpp"

namespace pgops::present {

struct Problem {
  std::string path;  // "present.summary[0].text"
  std::size_t position = 0;
  std::string message;
};

struct Fact {
  Json value;
  std::string unit;
  std::string format;
  int ref = 1;  // number of the reference, from 1
  Source source;
  std::size_t begin = 0;  // bytes of the text
  std::size_t end = 0;
};

struct TextSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct Rendered {
  std::string text;
  std::string severity = "info";  // info | attention | critical
  std::vector<Fact> facts;
  std::vector<TextSpan> author;  // what the tool's author wrote: template text and title
  std::vector<Json> blocks;
};

class Present {
 public:
  // null and {} are fine: sentences are then made from the shape. Error: PLAN_INVALID with one problem
  // a line in `detail`.
  static Result<Present> compile(const Json& spec);
  static std::vector<Problem> problems(const Json& spec);

  struct Context {
    std::string title;  // of the tool, when the spec has none
    std::string intent;
    std::string locale = "en";
    int ref = 1;
    std::size_t block_rows = 100;  // rows a table block carries
  };
  Rendered render(const Json& result, const Json& args, const Context& context) const;

 private:
  struct Piece {
    std::string literal;
    std::optional<Expression> value;
  };
  struct Entry {
    std::optional<Expression> when;
    std::map<std::string, std::vector<Piece>> text;  // by locale
    std::string severity = "info";
  };
  struct Column {
    std::string unit;
    std::string format;
    std::map<std::string, std::string> title;
  };
  friend class Compiler;
  friend class Writer;
  std::vector<Entry> entries_;
  std::map<std::string, Column, std::less<>> columns_;
  std::string block_;
  std::map<std::string, std::string> title_;
};

}  // namespace pgops::present
