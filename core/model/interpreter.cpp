// core/model: looking around among items, moods, times, leftovers; see interpreter.hpp.
#include "core/model/interpreter.hpp"

#include <algorithm>

namespace pgops::model {

std::size_t Interpreter::next(std::size_t i) const {
  for (++i; i < items_.size(); ++i) {
    if (content(i)) return i;
  }
  return kNone;
}

std::size_t Interpreter::previous(std::size_t i) const {
  while (i > 0) {
    if (content(--i)) return i;
  }
  return kNone;
}

bool Interpreter::joined(std::size_t left, std::size_t right, std::string_view list) const {
  for (std::size_t i = left + 1; i < right; ++i) {
    if (items_[i].kind != Kind::function) return false;
    if (!list.empty() && !nlu::listed(norm(i), list)) return false;
  }
  return true;
}

bool Interpreter::between_has(std::size_t left, std::size_t right, std::string_view list) const {
  for (std::size_t i = left + 1; i < right; ++i) {
    if (nlu::listed(norm(i), list)) return true;
  }
  return false;
}

std::string Interpreter::text_of(const Item& item) const {
  return a_.text.substr(a_.tokens[item.first].begin, a_.tokens[item.last - 1].end - a_.tokens[item.first].begin);
}

bool Interpreter::span_is(std::size_t i, std::string_view type) const {
  return is(i, Kind::span) && span(i).type == type;
}

// "events", "servers": more than one is meant.
bool Interpreter::plural(std::size_t i) const {
  if (i == kNone) return false;
  const std::string& word = a_.tokens[items_[i].last - 1].norm;
  return word.size() > 3 && word.back() == 's' && word[word.size() - 2] != 's' && word != "status";
}

std::size_t Interpreter::find(Kind kind) const {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].kind == kind && !items_[i].used) return i;
  }
  return kNone;
}

std::size_t Interpreter::aspect(std::string_view name) const {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].kind == Kind::aspect && items_[i].name == name && !items_[i].used) return i;
  }
  return kNone;
}

bool Interpreter::use_aspect(std::string_view name) {
  bool any = false;
  for (std::size_t i = aspect(name); i != kNone; i = aspect(name)) {
    items_[i].used = true;
    any = true;
  }
  return any;
}

void Interpreter::refuse_moods() {
  for (const nlu::Aspect& aspect : a_.aspects) {
    const bool refused = aspect.name == "why" || aspect.name == "compare" || aspect.name == "modal" ||
                         aspect.name == "universal" || aspect.name == "bounded" || aspect.name == "first_n";
    if (refused || (aspect.name == "future" && !m_.future)) conflict("asks for: " + aspect.name);
  }
  if (a_.action) conflict("asks for an action");
}

// "resolved yesterday": the word beside the phrase says which time is meant; else the model's own.
void Interpreter::times() {
  std::vector<std::size_t> spans;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (span_is(i, "time")) spans.push_back(i);
    if (span_is(i, "time_point") || span_is(i, "unknown_time")) conflict("asks for a point of time");
  }
  if (spans.empty()) return;
  if (spans.size() > 1) return conflict("has several periods");
  const std::size_t at = spans.front();
  // Words of time dimensions that are not the question's head.
  std::vector<std::size_t> words;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].used || (!is(i, Kind::present) && !is(i, Kind::missing))) continue;
    if (is(i, Kind::present) && m_.dimensions[items_[i].index].temporal()) words.push_back(i);
  }
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].used || !is(i, Kind::dimension) || !m_.dimensions[dimension_of(i)].temporal()) continue;
    if (next(i) == at || previous(i) == at) words.push_back(i);
  }
  if (words.empty()) return bind_time(at, m_.time);
  if (words.size() > 1) return conflict("names several times");
  const std::size_t word = words.front();
  bool strict = false;
  if (negation_before(word, strict) != kNone) return conflict("denies a time");
  items_[word].used = true;
  bind_time(at, is(word, Kind::dimension) ? dimension_of(word) : items_[word].index);
}

void Interpreter::bind_time(std::size_t at, std::size_t temporal) {
  if (temporal == kNone) return conflict("has no time that \"" + text_of(items_[at]) + "\" could be about");
  const nlu::Span& s = span(at);
  const std::string since = s.since_us ? cal_.iso(*s.since_us) : "";
  const std::string until = s.until_us ? cal_.iso(*s.until_us) : "";
  items_[at].used = true;
  out_.time_spans.push_back(items_[at].index);
  if (temporal == m_.time) {
    out_.frame.since = since;
    out_.frame.until = until;
    return;
  }
  Filter f;
  f.dimension = temporal;
  f.op = "within";
  f.since = since;
  f.until = until;
  add_filter(std::move(f));
}

// "and" and "or" that no list took: between two conditions they narrow ("in production and owned by kim"), before a
// bare thing they add another question ("events and deployments").
void Interpreter::conjunctions() {
  for (std::size_t i = 1; i + 1 < items_.size(); ++i) {
    if (!is(i, Kind::function) || items_[i].used || !nlu::listed(norm(i), "|and|or|nor|plus|및|와|과|")) continue;
    const std::size_t before = previous(i);
    const std::size_t after = next(i);
    if (before == kNone || after == kNone) continue;
    const bool properties = is(before, Kind::dimension) && is(after, Kind::dimension);
    const bool state = is(after, Kind::present) || is(after, Kind::missing) || is(after, Kind::dimension) ||
                       is(after, Kind::term) || is(after, Kind::span);
    const bool condition = is(i + 1, Kind::function) && !nlu::listed(norm(i + 1), "|the|a|an|any|all|how|what|which|");
    if (properties || (norm(i) == "and" && (state || condition))) continue;
    conflict("joins different things");
  }
}

void Interpreter::leftovers() {
  conjunctions();
  // "on hardware items", "of items owned by kim": what the conditions over the link are about.
  for (Item& item : items_) {
    if (item.kind != Kind::link_noun || item.used) continue;
    item.used = std::any_of(out_.frame.filters.begin(), out_.frame.filters.end(), [&](const Filter& f) {
      return f.dimension != kNone && m_.dimensions[f.dimension].link == item.index;
    });
  }
  // Words that ask for rows, or for an answer, ask nothing more once something is asked.
  for (const char* harmless : {"list", "exist"}) use_aspect(harmless);
  for (Item& item : items_) {
    if (item.used) continue;
    switch (item.kind) {
      case Kind::symbol: {
        // "top -5", "1 * 2": marks that say something.
        const nlu::Token& mark = a_.tokens[item.first];
        const bool minus = mark.norm == "-" && item.last < a_.tokens.size() && a_.tokens[item.last].begin == mark.end &&
                           a_.tokens[item.last].kind == nlu::TokenKind::number;
        if (minus || nlu::listed(mark.norm, "|<|>|=|*|+|^|%|~|")) conflict("has a sign that is not understood");
        break;
      }
      case Kind::function:
      case Kind::noun: break;
      case Kind::aspect: conflict("asks for: " + item.name); break;
      default: out_.unused.push_back(text_of(item));
    }
  }
  if (!anchored()) conflict("is not about this model");
}

Understood Interpreter::run() {
  refuse_moods();
  attach();
  groups();
  head_ = find_head();
  times();
  comparisons();
  terms();
  filters();
  what();
  leftovers();
  // "servers owned by kim" does not ask for the owner: the only one it can be is in the question.
  const Frame& f = out_.frame;
  if ((f.ask == Ask::values || f.ask == Ask::distinct) &&
      std::any_of(f.filters.begin(), f.filters.end(),
                  [&](const Filter& filter) { return filter.dimension == f.of && filter.op == "="; })) {
    conflict("asks for what it says itself");
  }
  return std::move(out_);
}

}  // namespace pgops::model
