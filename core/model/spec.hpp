// core/model: a model as published: a relation with the words people use for it.
//
// Vocabulary: a *model* says of one table what a row is called (nouns), by what rows are told apart
// (dimensions), what is measured (measures), and which other model a row belongs to (links, many rows to
// one). Inherited dimensions come from a link's model and keep their name where the model has none of it.
// A *phrase* is a way to say something, as stems. Nothing in a spec is ever SQL: names are identifiers,
// quoted when a statement is made, and values are bound.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json.hpp"
#include "core/schema.hpp"

namespace pgops::model {

using Phrase = std::vector<std::string>;

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

enum class Type : std::uint8_t { unknown, text, integer, number, boolean, date, timestamp, timestamptz };

// How something is called, for matching and for saying it again.
struct Words {
  std::vector<Phrase> phrases;
  std::string en;  // for answers; never empty after reading
  std::string ko;  // empty: en is used
  const std::string& say(bool korean) const { return korean && !ko.empty() ? ko : en; }
};

struct Value {
  Json value;
  Words words;
};

struct Dimension {
  std::string name;
  std::string column;
  std::size_t link = kNone;  // index into links
  Type type = Type::unknown;
  Words words;
  std::vector<Value> values;         // enumerated; others are unknown values unless looked up
  bool sample = false;               // values are looked up in the table
  std::string resolver;              // values are looked up by this resolver
  std::vector<std::string> aliases;  // columns with other names of the same value
  bool who = false;                  // "who" asks for it
  bool where = false;
  bool key = false;             // one value is one row of its model
  bool kinds = false;           // its values are nouns: "how many servers"
  std::vector<Phrase> missing;  // "unresolved": has no value
  std::vector<Phrase> present;  // "resolved": has one
  std::string domain;           // the model and dimension it is looked up as
  std::string domain_dimension;

  bool looked_up() const { return sample || !resolver.empty(); }
  bool temporal() const { return type == Type::date || type == Type::timestamp || type == Type::timestamptz; }
};

struct Measure {
  std::string name;
  std::string column;    // or
  std::string from, to;  // the seconds from one column to another
  Words words;
  std::string unit;  // of the values, for answers and comparisons: "EUR", "s", "%"
  std::vector<std::pair<std::string, std::string>> unit_by;  // value of `requires` -> unit
  std::vector<std::string> aggregates;                       // sum avg min max that make sense
  std::string fallback;                                      // what "the cost of ..." means: sum, avg; empty: ask
  std::string required;                                      // a dimension that must be narrowed to one value
  std::vector<Phrase> high;                                  // "most expensive"
  std::vector<Phrase> low;
  bool allows(std::string_view aggregate) const;
};

// Words that mean several filters at once ("under way"). Moments in them may be "now".
struct Term {
  std::string name;
  Words words;
  Json filters;
};

struct Link {
  std::string name;
  std::string model;
  std::vector<std::pair<std::string, std::string>> on;  // own column, the other's column
  // Known after bind():
  std::string schema, table;
  Words nouns;
  std::size_t key = kNone;  // the dimension that names one row of the other model
};

struct Model {
  std::string name;
  int version = 0;
  std::string title;
  std::string description;
  std::string schema, table;
  Words nouns;
  std::string plural_en;                 // "events"
  std::size_t time = kNone;              // the dimension that "yesterday" is about
  bool future = false;                   // rows may lie after now
  std::vector<std::string> shown_names;  // dimensions of a list, as the spec names them
  std::vector<std::size_t> shown;        // known after bind()
  std::vector<Dimension> dimensions;
  std::vector<Measure> measures;
  std::vector<Link> links;
  std::vector<Term> terms;
  std::vector<std::string> examples;

  std::size_t dimension(std::string_view name) const;  // kNone when there is none
  std::size_t measure(std::string_view name) const;
  std::size_t key() const;  // the own dimension that names one row; kNone
};

// What a model could not do without the others: filled by bind().
using FindModel = std::function<const Model*(std::string_view name)>;

// Fills what can be read, lists all that is wrong. `name` is the asset's.
Model read_model(std::string_view name, const Json& spec, std::vector<Problem>& problems);
// Takes over dimensions from the models of its links. Problems: a link to a model that is not there.
void bind(Model& model, const FindModel& find, std::vector<Problem>& problems);

// Filters of a term with "now" replaced.
Json at_moment(const Json& filters, std::string_view now);
// "shop.event_log", "\"My schema\".\"t\"": schema and table; false when it is no such name.
bool parse_relation(std::string_view text, std::string& schema, std::string& table);
Phrase phrase_of(std::string_view text);
Type type_of(std::string_view sql_type);  // as format_type() prints it
std::string_view to_string(Type type);

}  // namespace pgops::model
