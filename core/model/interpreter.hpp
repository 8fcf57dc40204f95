// core/model: from items to a frame. Internal to core/model; see read.hpp.
//
// Each pass takes the items it can explain and marks them used; what is left over at the end keeps the
// reading from being complete. No pass ever drops a part of the question: an item is used only where the frame
// says the same, or where it repeats what another item says.
#pragma once

#include <string>
#include <vector>

#include "core/model/frame.hpp"
#include "core/model/items.hpp"

namespace pgops::model {

struct Understood {
  Frame frame;
  std::vector<std::string> unused;
  std::vector<std::string> conflicts;
  std::vector<std::string> missing;
  std::vector<std::size_t> time_spans;
  std::string intent;
  int guesses = 0;
};

class Interpreter {
 public:
  Interpreter(const nlu::Analysis& analysis, const nlu::Calendar& calendar, const Model& model, std::vector<Item> items)
      : a_(analysis), cal_(calendar), m_(model), items_(std::move(items)) {}

  // Choices that a word beside them rules out are gone. Before the ways to read are told apart.
  std::vector<Item> narrowed();
  Understood run();

 private:
  // ---- looking around (interpreter.cpp) ----
  bool content(std::size_t i) const { return items_[i].kind != Kind::function && items_[i].kind != Kind::symbol; }
  // The next or previous item that is neither function word nor symbol; kNone.
  std::size_t next(std::size_t i) const;
  std::size_t previous(std::size_t i) const;
  // Whether only function words of `list` ("|a|b|"; empty: any) stand between two items.
  bool joined(std::size_t left, std::size_t right, std::string_view list) const;
  bool between_has(std::size_t left, std::size_t right, std::string_view list) const;
  bool adjacent(std::size_t left, std::size_t right) const { return right == left + 1; }
  // Korean says what is asked, and what is denied, after the word it is about.
  bool hangul(std::size_t item) const { return static_cast<unsigned char>(norm(item).front()) >= 0xEA; }
  std::string_view norm(std::size_t item) const { return a_.tokens[items_[item].first].norm; }
  std::string text_of(const Item& item) const;
  bool is(std::size_t i, Kind kind) const { return i != kNone && items_[i].kind == kind; }
  bool span_is(std::size_t i, std::string_view type) const;
  const nlu::Span& span(std::size_t i) const { return a_.spans[items_[i].index]; }
  bool plural(std::size_t i) const;
  std::size_t find(Kind kind) const;  // the first unused item of the kind
  std::size_t aspect(std::string_view name) const;
  bool has(std::string_view name) const { return aspect(name) != kNone; }
  bool use_aspect(std::string_view name);  // all of the name; true when there was one
  void conflict(const std::string& text) { out_.conflicts.push_back(text); }
  std::size_t dimension_of(std::size_t i) const { return items_[i].choices.front().dimension; }

  // ---- passes ----
  void refuse_moods();
  void narrow();       // dimension words beside values
  void attach();       // appositions
  void comparisons();  // comparison.cpp
  void groups();       // group.cpp
  void group_after(std::size_t at, bool by);
  void group_before(std::size_t at);
  bool group_item(std::size_t i);
  void times();
  void bind_time(std::size_t span_item, std::size_t temporal);
  void negations();
  void filters();
  void terms();
  void what();  // what.cpp
  void conjunctions();
  void leftovers();

  // ---- filters (filter.cpp) ----
  // What stands before the item as a negation; kNone. `strict` says the negation denies that there are any.
  std::size_t negation_before(std::size_t i, bool& strict) const;
  bool one_choice(std::size_t i);
  void value_run(std::size_t first);
  void add_filter(Filter filter);
  bool filtered(std::size_t dimension) const;
  bool key_filter() const;  // one row of the model or of a link is named

  // ---- what is asked (what.cpp, superlative.cpp) ----
  struct Head {
    Kind kind = Kind::unknown;  // noun, link_noun, dimension, measure; unknown: nothing nominal
    std::size_t item = kNone;
    std::size_t dimension = kNone;  // of a dimension; the link's key for a link noun
  };
  Head find_head();
  Head head_at(std::size_t i) const;
  std::size_t take_measure();  // the one measure in the question; kNone
  std::size_t duration_measure() const;
  bool anchored() const;
  bool share();
  bool aggregate();
  bool aggregate_of(std::size_t measure, Ask ask, bool descending, bool ranked);
  bool extreme_rows();
  bool top();
  bool latest();
  bool count();
  bool exists();
  bool trend();
  bool values();
  bool lookup();
  bool list();
  void attributes();
  void use_head();
  std::int64_t limit_or(std::size_t noun_item, std::int64_t one, std::int64_t many);
  std::size_t time_dimension();  // what latest and oldest are about
  void order_rows();

  const nlu::Analysis& a_;
  const nlu::Calendar& cal_;
  const Model& m_;
  std::vector<Item> items_;
  Understood out_;
  Head head_;
  std::size_t measure_ = kNone;
  bool open_group_ = false;       // "distribution of types": by what is said is the head
  bool ordered_by_ = false;       // "by number of events": not a grouping
  std::size_t temporal_ = kNone;  // a word such as "installed" that no time took
};

}  // namespace pgops::model
