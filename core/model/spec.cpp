// core/model: reading a spec, see spec.hpp. Strict: an unknown field is an error with the nearest name.
#include "core/model/spec.hpp"

#include <algorithm>
#include <array>

#include "core/model/frame.hpp"
#include "core/model/spec_reader.hpp"
#include "core/nlu/lexicon.hpp"
#include "core/nlu/text.hpp"

namespace pgops::model {
namespace {

constexpr std::array<std::string_view, 18> kTop = {
    "relation", "title", "description", "nouns", "plural",   "time",   "future", "shown",  "dimensions",
    "measures", "links", "terms",       "types", "examples", "policy", "roles",  "shared", "capabilities"};
constexpr std::array<std::string_view, 15> kDimension = {"column",   "link",    "words", "values", "sample",
                                                         "resolver", "aliases", "who",   "where",  "key",
                                                         "missing",  "present", "type",  "kinds",  "description"};
constexpr std::array<std::string_view, 12> kMeasure = {
    "column", "from", "to", "words", "unit", "unit_by", "aggregates", "default", "requires", "high", "low", "distinct"};
constexpr std::array<std::string_view, 3> kTerm = {"words", "filters", "description"};
constexpr std::array<std::string_view, 3> kLink = {"model", "on", "description"};
constexpr std::array<std::string_view, 4> kAggregates = {"sum", "avg", "min", "max"};

class ModelReader {
 public:
  ModelReader(const Json& spec, std::vector<Problem>& problems) : in_(spec), r_(problems) {}

  Model run(std::string_view name) {
    out_.name = std::string(name);
    if (!in_.is_object()) {
      r_.note("$", "a model is a JSON object");
      return std::move(out_);
    }
    r_.known("$", in_, kTop, "a model");
    relation();
    out_.title = r_.text("$.title", in_["title"], false);
    out_.description = r_.text("$.description", in_["description"], false);
    out_.nouns = r_.words("$.nouns", in_["nouns"], {});
    if (out_.nouns.phrases.empty()) r_.note("$.nouns", "must say what a row is called", "For example [\"event\"].");
    out_.plural_en = r_.text("$.plural", in_["plural"], false);
    if (out_.plural_en.empty()) out_.plural_en = plural_of(out_.nouns.en);
    if (out_.title.empty()) out_.title = out_.plural_en;
    out_.future = r_.flag("$.future", in_["future"]);
    out_.examples = r_.list("$.examples", in_["examples"]);
    (void)r_.list("$.roles", in_["roles"]);
    (void)r_.text("$.policy", in_["policy"], false);
    links();
    r_.each("$.dimensions", in_["dimensions"],
            [this](const auto& n, const Json& v, const auto& p) { dimension(n, v, p); });
    r_.each("$.measures", in_["measures"], [this](const auto& n, const Json& v, const auto& p) { measure(n, v, p); });
    r_.each("$.terms", in_["terms"], [this](const auto& n, const Json& v, const auto& p) { term(n, v, p); });
    types();
    references();
    return std::move(out_);
  }

 private:
  static std::string plural_of(const std::string& noun) {
    if (noun.empty()) return noun;
    const auto ends = [&](std::string_view tail) { return noun.size() > tail.size() && noun.ends_with(tail); };
    if (ends("s") || ends("x") || ends("ch") || ends("sh")) return noun + "es";
    const std::string_view vowels = "aeiou";
    if (ends("y") && vowels.find(noun[noun.size() - 2]) == std::string_view::npos)
      return noun.substr(0, noun.size() - 1) + "ies";
    return noun + "s";
  }

  void relation() {
    const std::string text = r_.text("$.relation", in_["relation"], true);
    if (!text.empty() && !parse_relation(text, out_.schema, out_.table)) {
      r_.note("$.relation", "must name a table with its schema", "For example \"shop.orders\".");
    }
  }

  void links() {
    r_.each("$.links", in_["links"], [this](const std::string& name, const Json& value, const std::string& path) {
      Link link;
      link.name = name;
      if (!value.is_object()) return r_.note(path, "must be an object with \"model\" and \"on\"");
      r_.known(path, value, kLink, "a link");
      link.model = r_.text(path + ".model", value["model"], true);
      for (const auto& [own, other] : value["on"].members()) {
        r_.column(path + ".on", own);
        link.on.emplace_back(own, r_.text(path_member(path + ".on", own), other, true));
      }
      if (link.on.empty() || link.on.size() > 4)
        r_.note(path + ".on", "must map columns of the table to columns of the other",
                "For example {\"ci_id\": \"ci_id\"}.");
      out_.links.push_back(std::move(link));
    });
    if (out_.links.size() > 4) r_.note("$.links", "has more than 4 links");
  }

  void dimension(const std::string& name, const Json& value, const std::string& path) {
    Dimension d;
    d.name = name;
    r_.name(path, name);
    if (!value.is_object()) return r_.note(path, "must be an object, {} for a column of that name");
    r_.known(path, value, kDimension, "a dimension");
    d.column = r_.text(path + ".column", value["column"], false);
    if (d.column.empty()) d.column = name;
    r_.column(path + ".column", d.column);
    if (const std::string link = r_.text(path + ".link", value["link"], false); !link.empty()) {
      for (std::size_t i = 0; i < out_.links.size(); ++i) {
        if (out_.links[i].name == link) d.link = i;
      }
      if (d.link == kNone) r_.unknown(path + ".link", link, names(out_.links), "link");
    }
    d.words = r_.words(path + ".words", value["words"], name);
    // A column called "at" does not make the word one of the model's.
    const std::vector<nlu::Token> tokens = nlu::tokenise(name);
    const auto phrase = tokens.size() == 1 ? nlu::match_phrase(tokens, 0) : std::nullopt;
    if (phrase && phrase->kind == nlu::PhraseKind::function && !d.words.phrases.empty())
      d.words.phrases.erase(d.words.phrases.begin());
    d.sample = r_.flag(path + ".sample", value["sample"]);
    d.resolver = r_.text(path + ".resolver", value["resolver"], false);
    d.aliases = r_.list(path + ".aliases", value["aliases"]);
    for (const std::string& alias : d.aliases) r_.column(path + ".aliases", alias);
    d.who = r_.flag(path + ".who", value["who"]);
    d.where = r_.flag(path + ".where", value["where"]);
    d.key = r_.flag(path + ".key", value["key"]);
    d.kinds = r_.flag(path + ".kinds", value["kinds"]);
    d.missing = r_.words(path + ".missing", value["missing"], {}).phrases;
    d.present = r_.words(path + ".present", value["present"], {}).phrases;
    if (const std::string type = r_.text(path + ".type", value["type"], false); !type.empty()) {
      d.type = type_of(type);
      if (d.type == Type::unknown)
        r_.note(path + ".type", "must be text, integer, number, boolean, date or timestamptz");
    }
    values(d, value["values"], path + ".values");
    if (d.sample && !d.resolver.empty()) r_.note(path + ".sample", "does not go with a resolver");
    if (!d.resolver.empty()) {
      d.domain = d.resolver;
    } else {
      d.domain = out_.name;
      d.domain_dimension = d.name;
    }
    out_.dimensions.push_back(std::move(d));
  }

  void values(Dimension& d, const Json& list, const std::string& path) {
    if (list.is_null()) return;
    if (list.size() > 500) return r_.note(path, "has more than 500 values", "Leave them out and set \"sample\": true.");
    if (list.is_array()) {
      for (const Json& one : list.items()) {
        if (one.is_array() || one.is_object() || one.is_null()) {
          r_.note(path, "must hold values");
          return;
        }
        add_value(d, one.is_bool() ? (one.as_bool() ? "true" : "false") : one.text(), Json(), path);
      }
    } else if (list.is_object()) {
      for (const auto& [value, said] : list.members()) add_value(d, value, said, path_member(path, value));
    } else {
      r_.note(path, "must be a list of values, or an object from values to the words for them");
    }
  }

  void add_value(Dimension& d, const std::string& text, const Json& said, const std::string& path) {
    Value v;
    v.value = Json(text);
    v.words = r_.words(path, said, text);
    // "true" and "false" are no words that a question has.
    if (text == "true" || text == "false") v.words.phrases.erase(v.words.phrases.begin());
    d.values.push_back(std::move(v));
  }

  void measure(const std::string& name, const Json& value, const std::string& path) {
    if (name == "count") {
      if (value.is_object() && value.size() == 0) return;
      return r_.note(path, "counts rows and takes no fields: {}");
    }
    Measure m;
    m.name = name;
    r_.name(path, name);
    if (!value.is_object()) return r_.note(path, "must be an object");
    r_.known(path, value, kMeasure, "a measure");
    if (const std::string of = r_.text(path + ".distinct", value["distinct"], false); !of.empty()) {
      // Counting different values: words for a dimension.
      const std::size_t d = out_.dimension(of);
      if (d == kNone) return r_.unknown(path + ".distinct", of, names(out_.dimensions), "dimension");
      for (Phrase& p : r_.words(path + ".words", value["words"], name).phrases)
        out_.dimensions[d].words.phrases.push_back(std::move(p));
      return;
    }
    m.column = r_.text(path + ".column", value["column"], false);
    m.from = r_.text(path + ".from", value["from"], false);
    m.to = r_.text(path + ".to", value["to"], false);
    if (m.from.empty() != m.to.empty()) r_.note(path, "needs both \"from\" and \"to\"");
    if (!m.from.empty() && !m.column.empty()) r_.note(path, "has either \"column\" or \"from\" and \"to\"");
    if (m.column.empty() && m.from.empty()) m.column = name;
    for (const std::string* c : {&m.column, &m.from, &m.to}) {
      if (!c->empty()) r_.column(path, *c);
    }
    m.words = r_.words(path + ".words", value["words"], name);
    m.unit = r_.text(path + ".unit", value["unit"], false);
    if (m.unit.empty() && !m.from.empty()) m.unit = "s";
    m.aggregates = r_.list(path + ".aggregates", value["aggregates"]);
    for (const std::string& a : m.aggregates) {
      if (std::find(kAggregates.begin(), kAggregates.end(), a) == kAggregates.end())
        r_.note(path + ".aggregates", "must hold sum, avg, min or max");
    }
    m.fallback = r_.text(path + ".default", value["default"], false);
    if (!m.fallback.empty() && !m.allows(m.fallback)) r_.note(path + ".default", "must be one of the aggregates");
    m.required = r_.text(path + ".requires", value["requires"], false);
    m.high = r_.words(path + ".high", value["high"], {}).phrases;
    m.low = r_.words(path + ".low", value["low"], {}).phrases;
    for (const auto& [of, unit] : value["unit_by"].members())
      m.unit_by.emplace_back(of, r_.text(path_member(path + ".unit_by", of), unit, true));
    out_.measures.push_back(std::move(m));
  }

  void term(const std::string& name, const Json& value, const std::string& path) {
    Term t;
    t.name = name;
    r_.name(path, name);
    if (!value.is_object()) return r_.note(path, "must be an object with words and filters");
    r_.known(path, value, kTerm, "a term");
    t.words = r_.words(path + ".words", value["words"], name);
    t.filters = value["filters"];
    if (!t.filters.is_array() || t.filters.size() == 0 || t.filters.size() > 5)
      r_.note(path + ".filters", "must be a list of filters as a frame has them");
    out_.terms.push_back(std::move(t));
  }

  // Column types as the server told them when the spec was stored.
  void types() {
    for (const auto& [name, type] : in_["types"].members()) {
      const std::size_t d = out_.dimension(name);
      if (d != kNone && out_.dimensions[d].type == Type::unknown) out_.dimensions[d].type = type_of(type.string_or(""));
    }
  }

  void references() {
    if (const std::string time = r_.text("$.time", in_["time"], false); !time.empty()) {
      out_.time = out_.dimension(time);
      if (out_.time == kNone) {
        r_.unknown("$.time", time, names(out_.dimensions), "dimension");
      } else if (out_.dimensions[out_.time].type == Type::unknown) {
        out_.dimensions[out_.time].type = Type::timestamptz;
      }
    }
    out_.shown_names = r_.list("$.shown", in_["shown"]);
  }

  template <class T>
  static std::vector<std::string_view> names(const std::vector<T>& items) {
    std::vector<std::string_view> out;
    for (const T& item : items) out.push_back(item.name);
    return out;
  }

  const Json& in_;
  SpecReader r_;
  Model out_;
};

template <class T>
std::size_t find_name(const std::vector<T>& items, std::string_view name) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].name == name) return i;
  }
  return kNone;
}

}  // namespace

bool Measure::allows(std::string_view aggregate) const {
  return aggregates.empty() || std::find(aggregates.begin(), aggregates.end(), aggregate) != aggregates.end();
}

std::size_t Model::dimension(std::string_view wanted) const { return find_name(dimensions, wanted); }
std::size_t Model::measure(std::string_view wanted) const { return find_name(measures, wanted); }

std::size_t Model::key() const {
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    if (dimensions[i].key && dimensions[i].link == kNone) return i;
  }
  return kNone;
}

Model read_model(std::string_view name, const Json& spec, std::vector<Problem>& problems) {
  return ModelReader(spec, problems).run(name);
}

void bind(Model& model, const FindModel& find, std::vector<Problem>& problems) {
  for (std::size_t i = 0; i < model.links.size(); ++i) {
    Link& link = model.links[i];
    const Model* other = find(link.model);
    if (other == nullptr) {
      problems.push_back({"$.links." + link.name + ".model", "there is no published model \"" + link.model + "\"", {}});
      continue;
    }
    link.schema = other->schema;
    link.table = other->table;
    link.nouns = other->nouns;
    for (const Dimension& d : other->dimensions) {
      if (d.link != kNone) continue;  // one step only
      Dimension inherited = d;
      inherited.link = i;
      if (model.dimension(d.name) != kNone) inherited.name = link.name + "_" + d.name;
      if (model.dimension(inherited.name) != kNone) continue;
      if (d.key) link.key = model.dimensions.size();
      model.dimensions.push_back(std::move(inherited));
    }
  }
  // What these name may have come over a link.
  std::vector<std::string_view> known;
  for (const Dimension& d : model.dimensions) known.push_back(d.name);
  SpecReader reader(problems);
  for (const Measure& m : model.measures) {
    if (!m.required.empty() && model.dimension(m.required) == kNone)
      reader.unknown("$.measures." + m.name + ".requires", m.required, known, "dimension");
  }
  for (const Term& t : model.terms) {
    Json frame = Json::object();
    frame.set("measure", Json::object({{"name", "count"}}));
    frame.set("filters", at_moment(t.filters, "2000-01-01T00:00:00Z"));
    if (auto read = parse_frame(frame, model); !read)
      problems.push_back({"$.terms." + t.name, read.error().message, read.error().hint});
  }
  for (const std::string& name : model.shown_names) {
    const std::size_t d = model.dimension(name);
    if (d == kNone) {
      reader.unknown("$.shown", name, known, "dimension");
    } else {
      model.shown.push_back(d);
    }
  }
}

Json at_moment(const Json& filters, std::string_view now) {
  Json out = filters;
  for (Json& one : out.items()) {
    for (const char* key : {"since", "until"}) {
      if (one[key].text() == "now") one.set(key, now);
    }
  }
  return out;
}

bool parse_relation(std::string_view text, std::string& schema, std::string& table) {
  std::vector<std::string> parts;
  std::size_t i = 0;
  while (i < text.size()) {
    std::string part;
    if (text[i] == '"') {
      for (++i;; ++i) {
        if (i >= text.size()) return false;
        if (text[i] == '"') {
          if (i + 1 >= text.size() || text[i + 1] != '"') break;
          ++i;
        }
        part.push_back(text[i]);
      }
      ++i;
    } else {
      while (i < text.size() && text[i] != '.') {
        if (text[i] == '"' || text[i] == ' ') return false;
        part.push_back(text[i++]);
      }
    }
    if (part.empty() || part.size() > 63) return false;
    parts.push_back(std::move(part));
    if (i == text.size()) break;
    if (text[i] != '.' || ++i == text.size()) return false;
  }
  if (parts.size() != 2) return false;
  schema = std::move(parts[0]);
  table = std::move(parts[1]);
  return true;
}

Phrase phrase_of(std::string_view text) {
  Phrase out;
  for (const nlu::Token& t : nlu::tokenise(text)) {
    if (t.kind == nlu::TokenKind::symbol) continue;
    if (t.parts.empty()) {
      out.push_back(t.stem);
    } else {
      out.insert(out.end(), t.parts.begin(), t.parts.end());
    }
  }
  return out;
}

Type type_of(std::string_view sql) {
  const std::string_view base = sql.substr(0, sql.find('('));
  if (base == "timestamp with time zone" || base == "timestamptz") return Type::timestamptz;
  if (base == "timestamp" || base == "timestamp without time zone") {
    return sql.find("with time zone") != std::string_view::npos ? Type::timestamptz : Type::timestamp;
  }
  if (base == "date") return Type::date;
  if (base == "boolean" || base == "bool") return Type::boolean;
  for (const std::string_view t : {"smallint", "integer", "bigint", "int2", "int4", "int8"}) {
    if (base == t) return Type::integer;
  }
  for (const std::string_view t : {"numeric", "number", "real", "double precision", "float4", "float8"}) {
    if (base == t) return Type::number;
  }
  return sql.empty() ? Type::unknown : Type::text;
}

std::string_view to_string(Type type) {
  switch (type) {
    case Type::unknown: return "";
    case Type::text: return "text";
    case Type::integer: return "integer";
    case Type::number: return "number";
    case Type::boolean: return "boolean";
    case Type::date: return "date";
    case Type::timestamp: return "timestamp";
    case Type::timestamptz: return "timestamptz";
  }
  return "";
}

}  // namespace pgops::model
