// core/nlu: the arguments of a tool that a question can fill, and filling them.
//
// The contract: enum -> a value or one of x-ops.synonyms; date-time with slot since|until (the names
// imply it) -> the recognised interval, half-open; slot limit (name limit) -> "top n"; number with
// x-ops.unit -> a quantity converted to it; string with x-ops.quoted -> a quoted string or identifier.
// x-ops.entity -> what its resolver finds for a name in the question. A schema default counts only when the
// question says nothing of the kind. Nothing else is ever filled.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/nlu/analysis.hpp"
#include "core/nlu/lookup.hpp"

namespace pgops::nlu {

enum class SlotKind : std::uint8_t { unfillable, enumeration, since, until, at, limit, quantity, quoted, entity };

struct EnumValue {
  Json value;
  std::string label;
  std::vector<std::vector<std::string>> phrases;  // stems of the value and of its synonyms
};

struct Slot {
  std::string name;
  SlotKind kind = SlotKind::unfillable;
  std::string type;  // JSON Schema type
  bool required = false;
  std::optional<Json> fallback;  // the schema's default
  std::vector<EnumValue> values;
  std::string entity;                   // the resolver's name
  std::string unit;                     // quantity: s ms min h d B kB MB GB %
  bool upper_bound = false;             // quantity: takes "less than", not "more than"
  std::optional<std::int64_t> minimum;  // limit: clamps are refused, not applied
  std::optional<std::int64_t> maximum;
  std::vector<std::string> words;  // concepts of the name
};

std::vector<Slot> slots_of(const Json& input_schema);

struct Origin {
  std::string argument;
  std::string from;  // question | default
  std::size_t begin = 0;
  std::size_t end = 0;
};

// A name that may be several stored things: the user has to say which.
struct EntityChoice {
  std::string argument;
  std::string text;  // as spelt
  std::vector<LookupCandidate> candidates;
};

struct Filling {
  Json args = Json::object();
  std::vector<Origin> origins;
  std::vector<bool> token_used;  // tokens an argument explains
  std::vector<bool> span_used;
  std::vector<std::string> missing;  // required arguments without a value
  std::vector<EntityChoice> choices;
  // As spelt, and the stored name that it resembles: the answer has to say so.
  std::vector<std::pair<std::string, std::string>> understood;
  int defaults = 0;
  bool any_from_question = false;
  std::vector<std::pair<std::size_t, std::string>> markers;  // token -> "<enum:name>", for retrieval
};

// The place an argument takes among the concepts of a question when nearness is judged.
std::string argument_concept(const std::string& argument);
bool is_argument_concept(std::string_view concept_name);

// Without `lookup` entities stay empty. A word of `vocabulary` names an entity only if it is exactly its name.
Filling fill(const Analysis& analysis, const std::vector<Slot>& slots, const Calendar& calendar,
             Lookup* lookup = nullptr, const std::set<std::string>* vocabulary = nullptr);

// What fill() will look up for these slots; to be prepared for many tools at once.
std::vector<LookupQuery> entity_queries(const Analysis& analysis, const std::vector<Slot>& slots);
bool takes_entities(const std::vector<Slot>& slots);

// Fills the entity slots of `filling` (entities.cpp).
void fill_entities(const Analysis& analysis, const std::vector<Slot>& slots, Lookup& lookup,
                   const std::set<std::string>* vocabulary, Filling& filling);

// Where a value of `slot` stands in the question: token range and index into slot.values.
struct EnumHit {
  std::size_t first = 0;
  std::size_t last = 0;
  std::size_t value = 0;
};
std::vector<EnumHit> find_enum(const Analysis& analysis, const Slot& slot);
// How many tokens from `at` on say the phrase (stems, not empty); 0 when they do not, or mean nothing.
std::size_t phrase_at(const Analysis& analysis, std::size_t at, const std::vector<std::string>& phrase);

}  // namespace pgops::nlu
