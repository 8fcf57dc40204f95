// worker/lint: texts with places in them, and the statements of tools inside them. Pure: no files, no guard.
//
// A place is a line and a column, both from 1. Lines end with LF, CR LF or a lone CR; columns count characters
// (Unicode code points; a byte that is no UTF-8 counts as one), a byte order mark none.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgops::worker::lint {

struct Place {
  std::size_t line = 1;
  std::size_t column = 1;
};

class Source {
 public:
  explicit Source(std::string text);

  // Without the byte order mark.
  std::string_view text() const noexcept { return std::string_view(text_).substr(begin_); }
  // Of a byte of text(); one beyond its end is the end.
  Place place(std::size_t byte) const;

 private:
  std::string text_;
  std::size_t begin_ = 0;
  std::vector<std::size_t> lines_;  // where each begins, in text()
};

// One statement of a tool, as the server would get it, and where its bytes come from.
struct Statement {
  std::string sql;
  bool monitor = false;                               // the tool runs as ops_stats
  std::optional<std::vector<std::string>> arguments;  // declared by an input_schema

  // Byte of the source's text() for a byte of sql.
  std::size_t source_byte(std::size_t byte) const noexcept;

  struct Segment {
    std::size_t sql;
    std::size_t source;
  };
  std::vector<Segment> segments;  // ascending; bytes between two of them belong to the first
  bool verbatim = true;           // bytes after a segment's first advance one by one in the source as well
};

// The text between semicolons that stand outside of literals, quoted names and comments; parts without any
// token are left out.
std::vector<Statement> split_sql(std::string_view text);

// Every {"sql": {"query": "..."}} of a JSON document at any depth: tool specs, lists and exports of them.
struct JsonStatements {
  std::vector<Statement> statements;
  std::string problem;  // not empty: no JSON, at byte `problem_at`
  std::size_t problem_at = 0;
};
JsonStatements find_in_json(std::string_view text);

}  // namespace pgops::worker::lint
