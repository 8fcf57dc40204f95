// core/nlu: filling arguments, see slots.hpp.
//
// Doubt leaves a span unused, which later takes the tool out of the choice: two values for one
// argument, one value that fits two arguments, a bound of the wrong direction.
#include "core/nlu/slots.hpp"

#include <algorithm>
#include <charconv>

#include "core/nlu/lexicon.hpp"

namespace pgops::nlu {
namespace {

std::vector<std::string> stems_of(std::string_view text) {
  std::vector<std::string> out;
  for (const Token& t : tokenise(text)) {
    if (t.kind == TokenKind::symbol) continue;
    if (t.parts.empty()) {
      out.push_back(t.stem);
    } else {
      out.insert(out.end(), t.parts.begin(), t.parts.end());
    }
  }
  return out;
}

bool contains_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view w) { return text.find(w) != std::string_view::npos; });
}

SlotKind kind_of(const std::string& name, const Json& property) {
  const Json& ops = property["x-ops"];
  const std::string_view slot = ops["slot"].string_or("");
  const std::string_view type = property["type"].string_or("");
  const std::string_view format = property["format"].string_or("");
  if (property.find("enum") != nullptr) return SlotKind::enumeration;
  if (!ops["entity"].is_null()) return SlotKind::entity;
  if (ops["quoted"].as_bool() && type == "string") return SlotKind::quoted;
  if (format == "date-time") {
    if (slot == "since" || (slot.empty() && name == "since")) return SlotKind::since;
    if (slot == "until" || (slot.empty() && name == "until")) return SlotKind::until;
    if (slot == "at") return SlotKind::at;
    return SlotKind::unfillable;
  }
  const bool number = type == "integer" || type == "number";
  if (number && (slot == "limit" || (slot.empty() && name == "limit"))) return SlotKind::limit;
  if (number && !ops["unit"].string_or("").empty()) return SlotKind::quantity;
  return SlotKind::unfillable;
}

void add_values(Slot& slot, const Json& property) {
  const Json& synonyms = property["x-ops"]["synonyms"];
  for (const Json& value : property["enum"].items()) {
    if (value.is_null()) continue;
    EnumValue v;
    v.value = value;
    v.label = value.is_string() || value.is_number() ? value.text() : value.dump();
    v.phrases.push_back(stems_of(v.label));
    // Both directions are natural to write: {"HW":["hardware"]} and {"hardware":"HW"}.
    for (const Json& synonym : synonyms[v.label].items()) v.phrases.push_back(stems_of(synonym.string_or("")));
    for (const auto& [word, meant] : synonyms.members()) {
      if (meant.is_string() && meant.text() == v.label) v.phrases.push_back(stems_of(word));
    }
    std::erase_if(v.phrases, [](const auto& p) { return p.empty(); });
    slot.values.push_back(std::move(v));
  }
}

// Multiplier of `unit` to its dimension's base unit.
std::optional<UnitInfo> slot_unit(std::string_view unit) { return unit_info(normalise(unit)); }

// number * (num/den) / (unit_num/unit_den) as decimal text, exact, for small numbers; nullopt when it
// does not come out in at most nine decimals.
std::optional<std::string> convert(const std::string& number, const Span& span, const UnitInfo& unit) {
  std::string digits;
  std::int64_t scale = 1;
  bool after_point = false;
  for (const char c : number) {
    if (c == '.') {
      after_point = true;
      continue;
    }
    digits.push_back(c);
    if (after_point) scale *= 10;
    if (digits.size() > 12) return std::nullopt;
  }
  std::int64_t n = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), n);
  __extension__ using Wide = __int128;
  const Wide top = static_cast<Wide>(n) * span.unit_num * unit.den;
  const Wide bottom = static_cast<Wide>(scale) * span.unit_den * unit.num;
  if (bottom == 0) return std::nullopt;
  std::string out = std::to_string(static_cast<std::int64_t>(top / bottom));
  Wide rest = top % bottom;
  if (rest == 0) return out;
  out.push_back('.');
  for (int i = 0; i < 9 && rest != 0; ++i) {
    rest *= 10;
    out.push_back(static_cast<char>('0' + static_cast<int>(rest / bottom)));
    rest %= bottom;
  }
  if (rest != 0) return std::nullopt;
  return out;
}

class Filler {
 public:
  Filler(const Analysis& a, const std::vector<Slot>& slots, const Calendar& cal) : a_(a), slots_(slots), cal_(cal) {
    out_.token_used.assign(a.tokens.size(), false);
    out_.span_used.assign(a.spans.size(), false);
  }

  Filling run(Lookup* lookup, const std::set<std::string>* vocabulary) {
    enumerations();
    interval();
    moment();
    spans_of(SlotKind::limit);
    between();
    spans_of(SlotKind::quantity);
    if (lookup != nullptr) fill_entities(a_, slots_, *lookup, vocabulary, out_);
    quoted();
    finish();
    return std::move(out_);
  }

 private:
  void use(const Slot& slot, Json value, std::size_t first, std::size_t last) {
    out_.args.set(slot.name, std::move(value));
    out_.origins.push_back({slot.name, "question", a_.tokens[first].begin, a_.tokens[last - 1].end});
    out_.any_from_question = true;
    for (std::size_t i = first; i < last; ++i) out_.token_used[i] = true;
    for (std::size_t i = 0; i < a_.spans.size(); ++i) {
      if (a_.spans[i].first >= first && a_.spans[i].last <= last) out_.span_used[i] = true;
    }
  }

  // True when a word of the argument's name stands within two tokens of the range.
  bool named_near(const Slot& slot, std::size_t first, std::size_t last) const {
    for (const Word& w : a_.words) {
      const bool near = (w.last <= first && first - w.last <= 2) || (w.first >= last && w.first - last <= 1);
      if (near && std::find(slot.words.begin(), slot.words.end(), w.concept_name) != slot.words.end()) return true;
    }
    return false;
  }

  void enumerations() {
    struct Claim {
      std::size_t slot;
      EnumHit hit;
    };
    std::vector<Claim> claims;
    for (std::size_t s = 0; s < slots_.size(); ++s) {
      if (slots_[s].kind != SlotKind::enumeration) continue;
      for (const EnumHit& hit : find_enum(a_, slots_[s])) claims.push_back({s, hit});
    }
    // A value that fits several arguments goes to the one that is named beside it, else to nobody.
    std::vector<Claim> kept;
    for (const Claim& c : claims) {
      bool alone = true;
      bool other_named = false;
      for (const Claim& other : claims) {
        if (other.slot == c.slot || other.hit.last <= c.hit.first || other.hit.first >= c.hit.last) continue;
        if (other.hit.last - other.hit.first < c.hit.last - c.hit.first) continue;
        alone = false;
        other_named = other_named || named_near(slots_[other.slot], other.hit.first, other.hit.last);
      }
      const bool named = named_near(slots_[c.slot], c.hit.first, c.hit.last);
      if (alone || (named && !other_named)) kept.push_back(c);
    }
    for (std::size_t s = 0; s < slots_.size(); ++s) {
      const Claim* only = nullptr;
      bool several = false;
      for (const Claim& c : kept) {
        if (c.slot != s) continue;
        several = several || (only != nullptr && only->hit.value != c.hit.value);
        if (only == nullptr) only = &c;
      }
      if (only == nullptr || several) continue;
      for (const Claim& c : kept) {
        if (c.slot != s) continue;
        use(slots_[s], slots_[s].values[c.hit.value].value, c.hit.first, c.hit.last);
        out_.markers.emplace_back(c.hit.first, "<enum:" + slots_[s].name + ">");
      }
      // "status active", "of type security_alert": the last word of the argument's name is explained as
      // well; the words before it ("event" of event_type) name the thing and stay to be explained.
      for (const Word& w : a_.words) {
        const bool near = (w.last <= only->hit.first && only->hit.first - w.last <= 2) ||
                          (w.first >= only->hit.last && w.first - only->hit.last <= 1);
        if (near && !slots_[s].words.empty() && slots_[s].words.back() == w.concept_name) {
          for (std::size_t i = w.first; i < w.last; ++i) out_.token_used[i] = true;
        }
      }
    }
  }

  void interval() {
    std::size_t times = 0;
    std::size_t which = 0;
    for (std::size_t i = 0; i < a_.spans.size(); ++i) {
      if (a_.spans[i].type == "time") {
        ++times;
        which = i;
      }
    }
    if (times != 1) return;
    const Span& span = a_.spans[which];
    const Slot* since = find(SlotKind::since);
    const Slot* until = find(SlotKind::until);
    // An interval that reaches up to now needs no upper bound; any other bound needs its argument.
    const bool upper_matters = span.until_us && *span.until_us != cal_.now_us();
    if (span.since_us && since == nullptr) return;
    if (!span.since_us && until == nullptr) return;
    if (upper_matters && until == nullptr && *span.until_us < cal_.now_us()) return;
    if (since != nullptr && span.since_us) use(*since, cal_.iso(*span.since_us), span.first, span.last);
    if (until != nullptr && span.until_us) use(*until, cal_.iso(*span.until_us), span.first, span.last);
  }

  // "5 minutes ago", "at 9:00"
  void moment() {
    const Slot* at = find(SlotKind::at);
    const Span* only = nullptr;
    for (const Span& span : a_.spans) {
      if (span.type != "time_point" && span.type != "time") continue;
      if (only != nullptr) return;
      only = &span;
    }
    if (at == nullptr || only == nullptr || only->type != "time_point" || !only->since_us) return;
    use(*at, cal_.iso(*only->since_us), only->first, only->last);
  }

  // "between 2 and 5 minutes": for a tool with one lower and one upper bound of that dimension.
  void between() {
    for (const Span& span : a_.spans) {
      if (span.type != "comparison" || span.op != "between") continue;
      const Slot* lower = nullptr;
      const Slot* upper = nullptr;
      bool doubt = false;
      for (const Slot& slot : slots_) {
        if (slot.kind != SlotKind::quantity || !quantity_text(span, slot, span.number)) continue;
        const Slot*& place = slot.upper_bound ? upper : lower;
        doubt = doubt || place != nullptr;
        place = &slot;
      }
      if (doubt || lower == nullptr || upper == nullptr) continue;
      const auto low = quantity_text(span, *lower, span.value["low"].text());
      const auto high = quantity_text(span, *upper, span.number);
      if (!low || !high) continue;
      use(*lower, Json::number(*low), span.first, span.last);
      use(*upper, Json::number(*high), span.first, span.last);
    }
  }

  const Slot* find(SlotKind kind) const {
    for (const Slot& s : slots_) {
      if (s.kind == kind) return &s;
    }
    return nullptr;
  }

  void spans_of(SlotKind kind) {
    std::vector<const Slot*> slots;
    for (const Slot& s : slots_) {
      if (s.kind == kind) slots.push_back(&s);
    }
    for (std::size_t i = 0; i < a_.spans.size(); ++i) {
      const Span& span = a_.spans[i];
      const Slot* chosen = nullptr;
      Json value;
      bool doubt = false;
      for (const Slot* slot : slots) {
        if (out_.args.find(slot->name) != nullptr) continue;
        auto v = kind == SlotKind::limit ? limit_value(span, *slot) : quantity_value(span, *slot);
        if (!v) continue;
        doubt = chosen != nullptr;
        chosen = slot;
        value = std::move(*v);
      }
      if (chosen != nullptr && !doubt) use(*chosen, std::move(value), span.first, span.last);
    }
  }

  static std::optional<Json> limit_value(const Span& span, const Slot& slot) {
    if (span.type != "limit") return std::nullopt;
    const auto n = span.value.as_int();
    if (!n || (slot.minimum && *n < *slot.minimum) || (slot.maximum && *n > *slot.maximum)) return std::nullopt;
    return span.value;
  }

  static std::optional<Json> quantity_value(const Span& span, const Slot& slot) {
    if (span.type != "quantity" && span.type != "comparison") return std::nullopt;
    if (span.op == "between" || span.dimension.empty()) return std::nullopt;
    if ((span.op == ">" || span.op == ">=") && slot.upper_bound) return std::nullopt;
    if ((span.op == "<" || span.op == "<=") && !slot.upper_bound) return std::nullopt;
    const auto text = quantity_text(span, slot, span.number);
    return text ? std::optional<Json>(Json::number(*text)) : std::nullopt;
  }

  // `number` of the span's unit in the argument's unit, as decimal text.
  static std::optional<std::string> quantity_text(const Span& span, const Slot& slot, const std::string& number) {
    const auto unit = slot_unit(slot.unit);
    if (!unit || unit->dimension != span.dimension || unit->num == 0 || span.unit_num == 0) return std::nullopt;
    auto text = convert(number, span, *unit);
    if (!text || (slot.type == "integer" && text->find('.') != std::string::npos)) return std::nullopt;
    return text;
  }

  void quoted() {
    std::vector<std::size_t> free_spans;
    for (std::size_t i = 0; i < a_.spans.size(); ++i) {
      const bool kind = a_.spans[i].type == "quoted" || a_.spans[i].type == "identifier";
      if (kind && !out_.span_used[i]) free_spans.push_back(i);
    }
    std::vector<const Slot*> free_slots;
    for (const Slot& s : slots_) {
      if (s.kind == SlotKind::quoted) free_slots.push_back(&s);
    }
    const auto take = [&](const Slot& slot, std::size_t i) {
      use(slot, a_.spans[i].value, a_.spans[i].first, a_.spans[i].last);
      for (const Word& w : a_.words) {
        const bool near = w.last <= a_.spans[i].first && a_.spans[i].first - w.last <= 2;
        if (near && std::find(slot.words.begin(), slot.words.end(), w.concept_name) != slot.words.end()) {
          for (std::size_t k = w.first; k < w.last; ++k) out_.token_used[k] = true;
        }
      }
      std::erase(free_spans, i);
    };
    for (const Slot* slot : std::vector<const Slot*>(free_slots)) {
      for (const std::size_t i : std::vector<std::size_t>(free_spans)) {
        if (!named_near(*slot, a_.spans[i].first, a_.spans[i].last)) continue;
        take(*slot, i);
        std::erase(free_slots, slot);
        break;
      }
    }
    if (free_spans.size() == 1 && free_slots.size() == 1) take(*free_slots.front(), free_spans.front());
  }

  bool to_be_chosen(const Slot& slot) const {
    return std::any_of(out_.choices.begin(), out_.choices.end(),
                       [&](const EntityChoice& choice) { return choice.argument == slot.name; });
  }

  void finish() {
    for (const Slot& slot : slots_) {
      if (out_.args.find(slot.name) != nullptr) continue;
      if (slot.fallback) {
        out_.args.set(slot.name, *slot.fallback);
        out_.origins.push_back({slot.name, "default", 0, 0});
        ++out_.defaults;
      } else if (slot.required && !to_be_chosen(slot)) {
        out_.missing.push_back(slot.name);
      }
    }
  }

  const Analysis& a_;
  const std::vector<Slot>& slots_;
  const Calendar& cal_;
  Filling out_;
};

}  // namespace

std::vector<Slot> slots_of(const Json& schema) {
  std::vector<Slot> out;
  for (const auto& [name, property] : schema["properties"].members()) {
    Slot slot;
    slot.name = name;
    slot.type = std::string(property["type"].string_or(""));
    slot.kind = kind_of(name, property);
    for (const Json& r : schema["required"].items()) slot.required = slot.required || r.string_or("") == name;
    if (const Json* fallback = property.find("default")) slot.fallback = *fallback;
    slot.entity = std::string(property["x-ops"]["entity"].string_or(""));
    slot.unit = std::string(property["x-ops"]["unit"].string_or(""));
    slot.upper_bound = contains_any(name, {"max", "below", "under", "upper", "at_most", "shorter", "less"}) ||
                       property["x-ops"]["slot"].string_or("") == "max";
    slot.minimum = property["minimum"].as_int();
    slot.maximum = property["maximum"].as_int();
    slot.words = concepts_of_name(name);
    add_values(slot, property);
    out.push_back(std::move(slot));
  }
  return out;
}

std::size_t phrase_at(const Analysis& a, std::size_t at, const std::vector<std::string>& phrase) {
  std::size_t i = at;
  std::size_t k = 0;
  bool meaningful = false;
  while (k < phrase.size() && i < a.tokens.size()) {
    const Token& t = a.tokens[i];
    const std::string* parts = t.parts.empty() ? &t.stem : t.parts.data();
    const std::size_t count = t.parts.empty() ? 1 : t.parts.size();
    if (t.kind == TokenKind::symbol || k + count > phrase.size() ||
        !std::equal(parts, parts + count, phrase.begin() + static_cast<std::ptrdiff_t>(k))) {
      return 0;
    }
    meaningful = meaningful || (a.roles[i] != Role::function && t.kind != TokenKind::number);
    k += count;
    ++i;
  }
  return k == phrase.size() && meaningful ? i - at : 0;
}

std::vector<EnumHit> find_enum(const Analysis& a, const Slot& slot) {
  std::vector<EnumHit> hits;
  for (std::size_t at = 0; at < a.tokens.size(); ++at) {
    EnumHit best;
    for (std::size_t v = 0; v < slot.values.size(); ++v) {
      for (const auto& phrase : slot.values[v].phrases) {
        const std::size_t length = phrase_at(a, at, phrase);
        if (length > best.last - best.first) best = {at, at + length, v};
      }
    }
    if (best.last > best.first) {
      hits.push_back(best);
      at = best.last - 1;
    }
  }
  return hits;
}

std::string argument_concept(const std::string& argument) { return "<arg:" + argument + ">"; }
bool is_argument_concept(std::string_view concept_name) { return concept_name.substr(0, 5) == "<arg:"; }

Filling fill(const Analysis& analysis, const std::vector<Slot>& slots, const Calendar& calendar, Lookup* lookup,
             const std::set<std::string>* vocabulary) {
  return Filler(analysis, slots, calendar).run(lookup, vocabulary);
}

}  // namespace pgops::nlu
