// core/model: a question as items: what the model's words, the grammar's and the data's make of its tokens.
//
// Vocabulary: an *item* covers tokens that belong together and says what they may mean. A *value* item has
// *choices*, one for each dimension or stored value it may be. Every token is covered by exactly one item;
// what nobody explains is an item of kind unknown and keeps its reading from being complete.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "core/model/spec.hpp"
#include "core/nlu/analysis.hpp"
#include "core/nlu/lookup.hpp"

namespace pgops::model {

enum class Kind : std::uint8_t {
  noun,       // of the model
  link_noun,  // index: link
  dimension,  // choices: dimensions
  value,      // choices: dimension and value
  term,       // index: term
  measure,    // index: measure
  high,       // index: measure: "most expensive"
  low,
  present,  // index: dimension: "resolved"
  missing,
  aspect,  // name
  span,    // index: of analysis.spans
  unit,    // name: hour, day, ...
  function,
  symbol,
  unknown,
};

struct Choice {
  std::size_t dimension = kNone;
  Json value;
  std::string label;
  nlu::MatchKind match = nlu::MatchKind::exact;
  bool looked_up = false;
  bool operator==(const Choice& o) const { return dimension == o.dimension && value == o.value; }
};

struct Item {
  Kind kind = Kind::unknown;
  std::size_t first = 0;  // tokens, half-open
  std::size_t last = 0;
  std::size_t index = kNone;
  std::string name;
  std::vector<Choice> choices;
  bool used = false;
};

// The words of a model by their first stem. Made once for a model.
class Vocabulary {
 public:
  explicit Vocabulary(const Model& model);
  struct Entry {
    Phrase phrase;
    Kind kind = Kind::unknown;
    std::size_t index = kNone;  // noun: none; value: dimension
    std::size_t value = kNone;
  };
  // All entries of the longest phrase at tokens[at], and how many tokens it covers.
  std::vector<const Entry*> match(const std::vector<nlu::Token>& tokens, std::size_t at, std::size_t& length) const;

 private:
  void add(const std::vector<Phrase>& phrases, Kind kind, std::size_t index, std::size_t value = kNone);
  std::unordered_map<std::string, std::vector<Entry>> entries_;
};

struct Tagged {
  std::vector<Item> items;
  bool touched = false;                  // the model's own words, or a value of its own, are in the question
  std::vector<std::string> notes;        // how a text was understood
  std::vector<std::string> suggestions;  // stored values that an unknown text resembles
};

Tagged tag(const nlu::Analysis& analysis, const Model& model, const Vocabulary& vocabulary, nlu::Lookup& lookup,
           bool korean);

}  // namespace pgops::model
