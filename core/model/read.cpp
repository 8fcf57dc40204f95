// core/model: readings, see read.hpp.
#include "core/model/read.hpp"

#include <algorithm>
#include <array>

#include "core/model/interpreter.hpp"
#include "core/model/speak.hpp"

namespace pgops::model {
namespace {

constexpr std::size_t kMaxReadings = 4;  // of one model

class Reader {
 public:
  Reader(const nlu::Analysis& a, const nlu::Calendar& cal, const Model& m, bool korean)
      : a_(a), cal_(cal), m_(m), korean_(korean) {}

  void run(const Tagged& tagged, std::vector<planner::Reading>& out) {
    const std::vector<Item> items = Interpreter(a_, cal_, m_, tagged.items).narrowed();
    std::vector<std::vector<Item>> ways = {items};
    // A text that may be several stored things: each its own way.
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Item& item = items[i];
      if (item.kind != Kind::value || item.choices.size() < 2) continue;
      const bool more =
          std::any_of(item.choices.begin(), item.choices.end(), [](const Choice& c) { return c.value.is_null(); });
      if (more || ways.size() * item.choices.size() > kMaxReadings) {
        for (auto& way : ways) way[i].kind = Kind::unknown;
        for (const Choice& c : item.choices) {
          if (!c.value.is_null() && suggestions_.size() < 5) suggestions_.push_back(c.label);
        }
        continue;
      }
      std::vector<std::vector<Item>> split;
      for (const auto& way : ways) {
        for (const Choice& c : item.choices) {
          split.push_back(way);
          split.back()[i].choices = {c};
        }
      }
      ways = std::move(split);
    }
    for (const auto& way : ways) out.push_back(reading(way));
  }

 private:
  planner::Reading reading(const std::vector<Item>& items) {
    Understood u = Interpreter(a_, cal_, m_, items).run();
    planner::Reading r;
    r.tool = std::string(kToolPrefix) + m_.name;
    r.version = m_.version;
    r.args = to_json(u.frame, m_);
    r.intent = u.intent;
    r.unused = std::move(u.unused);
    r.conflicts = std::move(u.conflicts);
    r.missing = std::move(u.missing);
    r.guesses = u.guesses;
    r.time_spans = std::move(u.time_spans);
    r.examples = m_.examples;
    r.suggestions = suggestions_;
    // What the grammar makes must be what a caller may write; else it is a fault of ours, and no answer.
    if (auto again = parse_frame(r.args, m_); !again) r.conflicts.push_back(again.error().message);
    if (const auto word = now_word(); !word.empty() && !about_now(u.frame)) r.conflicts.push_back("asks for " + word);
    r.label = label(u.frame, m_, korean_);
    for (const Item& item : items) origins(item, r);
    return r;
  }

  // "now" in a question; empty: not said.
  std::string now_word() const {
    static constexpr std::array<std::string_view, 7> kNow = {"now",       "current", "currently", "presently",
                                                             "right now", "지금",    "현재"};
    for (std::size_t i = 0; i < a_.tokens.size(); ++i) {
      const std::string& word = a_.tokens[i].norm;
      const bool alone = std::find(kNow.begin(), kNow.end(), word) != kNow.end();
      const bool phrase = i > 0 && a_.tokens[i - 1].norm == "at" && word == "present";
      if ((alone || phrase) && a_.roles[i] == nlu::Role::function) return a_.tokens[i].text;
    }
    return {};
  }

  // Rows with a time are what was, all of it: "now" is answered by a period, by the latest, or by a state they are
  // in (not ended, not acknowledged), never by the whole past.
  bool about_now(const Frame& f) const {
    if (m_.time == kNone || !f.since.empty() || !f.until.empty() || (f.order_by == "time" && f.limit)) return true;
    return std::any_of(f.filters.begin(), f.filters.end(), [this](const Filter& filter) {
      if (filter.op == "missing" || filter.op == "present" || filter.op == "within") return true;
      if (filter.dimension == kNone) return false;
      const Dimension& d = m_.dimensions[filter.dimension];
      return d.temporal() || d.type == Type::boolean;
    });
  }

  void origins(const Item& item, planner::Reading& r) const {
    if (item.kind != Kind::value || item.choices.empty()) return;
    const Choice& c = item.choices.front();
    const std::size_t begin = a_.tokens[item.first].begin;
    const std::size_t end = a_.tokens[item.last - 1].end;
    r.origins.push_back({m_.dimensions[c.dimension].name, "question", begin, end});
    if (!c.looked_up || c.match == nlu::MatchKind::exact || c.match == nlu::MatchKind::alias) return;
    // Nearly said: the answer has to say how it was understood.
    ++r.guesses;
    const std::string said = a_.text.substr(begin, end - begin);
    r.notes.push_back(korean_ ? "\"" + said + "\"은(는) \"" + c.label + "\"(으)로 이해했습니다."
                              : "\"" + said + "\" is understood as \"" + c.label + "\".");
  }

  const nlu::Analysis& a_;
  const nlu::Calendar& cal_;
  const Model& m_;
  bool korean_;
  std::vector<std::string> suggestions_;
};

}  // namespace

std::vector<planner::Reading> read(const nlu::Analysis& a, const nlu::Calendar& calendar, nlu::Lookup& lookup,
                                   const std::vector<Readable>& models, std::string_view locale) {
  const bool korean = locale.substr(0, 2) == "ko";
  std::vector<planner::Reading> out;
  for (const Readable& one : models) {
    const Tagged tagged = tag(a, *one.model, *one.vocabulary, lookup, korean);
    const bool named = std::any_of(tagged.items.begin(), tagged.items.end(), [&](const Item& item) {
      return item.kind == Kind::value && item.choices.front().looked_up &&
             one.model->dimensions[item.choices.front().dimension].link == kNone;
    });
    if (!tagged.touched && !named) continue;
    Reader(a, calendar, *one.model, korean).run(tagged, out);
  }
  return out;
}

}  // namespace pgops::model
