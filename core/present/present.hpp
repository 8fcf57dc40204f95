// core/present: how a tool speaks about its result.
//
// {"summary":[{"when":"row_count = 0","text":"...","severity":"attention"},...],
//  "columns":{"wait":{"unit":"s","format":"duration","title":"..."}},"block":"table","title":"...",
//  "nouns":{"en":["session","sessions"],"ko":["세션","개"]},"as_of":"max(updated_at)","recount":true}
// The first summary entry whose `when` holds (none = always) and whose values all exist speaks. text
// and title are a string or {"en":...,"ko":...}. Values stand in braces: "{max(wait)}"; "{{" is a brace.
// A value touches neither digits nor another value: "1{n}" would make a figure that no cell holds.
// nouns say what a row is (singular and plural; Korean: noun and counter) where no summary is written; as_of
// is the moment of the data, where they are older than the statement that reads them. recount: where nothing was
// found, the call may be made again without its optional arguments, to say whether there is anything at all.
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
  std::string title;
  bool titled = false;         // the text begins with the title
  std::optional<Value> as_of;  // of the data, as the tool says
};

// How the values of a column or argument are written.
struct Style {
  std::string unit;
  std::string format;
};

// A column or argument that a spec mentions, and where.
struct Mention {
  std::string path;  // "present.summary[0].text"
  std::string name;
  bool argument = false;
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
    std::size_t block_rows = 100;    // rows a table block carries
    std::vector<std::string> given;  // arguments the question gave; said where nothing was found
  };
  Rendered render(const Json& result, const Json& args, const Context& context) const;

  Style style_of(std::string_view column) const;
  bool recount() const { return recount_; }
  // Everything the expressions read, in the order of the spec.
  const std::vector<Mention>& mentions() const { return mentions_; }

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
  std::map<std::string, std::vector<std::string>> nouns_;  // by locale: two words
  std::optional<Expression> as_of_;
  bool recount_ = false;
  std::vector<Mention> mentions_;
};

}  // namespace pgops::present
