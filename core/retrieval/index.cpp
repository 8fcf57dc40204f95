// core/retrieval: TF-IDF cosine over examples (mean of the best three and centroid) beside BM25 over
// one document per tool with weighted fields, see index.hpp.
#include "core/retrieval/index.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "core/retrieval/features.hpp"
#include "core/retrieval/profile.hpp"

namespace pgops::retrieval {
namespace {

constexpr double kExampleField = 3;
constexpr double kNameField = 2;
constexpr double kVocabularyField = 2;
constexpr double kProseField = 1;
constexpr double kEnumField = 1;
constexpr double kBm25K1 = 1.2;
constexpr double kBm25B = 0.5;
constexpr double kCentroidShare = 0.5;
constexpr double kRankerShare = 0.4;

// The shipped lists are the Korean vocabulary of the tools that are shipped with them.
bool speaks_korean(const ToolDoc& doc, const std::vector<nlu::Slot>& slots) {
  const bool about_the_server = std::any_of(doc.capabilities.begin(), doc.capabilities.end(),
                                            [](const std::string& c) { return c.rfind("db.", 0) == 0; });
  if (doc.tenant == "system" && about_the_server) return true;
  const auto korean = [](const std::string& text) { return nlu::hangul_share(text) > 0; };
  const auto said_in_korean = [&](const nlu::EnumValue& value) {
    return std::any_of(value.phrases.begin(), value.phrases.end(),
                       [&](const auto& phrase) { return std::any_of(phrase.begin(), phrase.end(), korean); });
  };
  return std::any_of(doc.examples.begin(), doc.examples.end(), korean) ||
         std::any_of(doc.vocabulary.begin(), doc.vocabulary.end(), korean) ||
         std::any_of(slots.begin(), slots.end(), [&](const nlu::Slot& slot) {
           return std::any_of(slot.values.begin(), slot.values.end(), said_in_korean);
         });
}

}  // namespace

Index Index::build(RegistrySnapshot snapshot) {
  std::sort(snapshot.begin(), snapshot.end(), [](const ToolDoc& a, const ToolDoc& b) {
    return std::tie(a.tenant, a.name, a.version) < std::tie(b.tenant, b.name, b.version);
  });
  Index index;
  std::vector<std::vector<std::vector<std::string>>> words;
  for (ToolDoc& doc : snapshot) {
    Entry entry;
    entry.slots = nlu::slots_of(doc.input_schema);
    ProfiledTool profiled = profile_of(doc, entry.slots);
    entry.profile = std::move(profiled.profile);
    entry.hangul = speaks_korean(doc, entry.slots);
    entry.doc = std::move(doc);
    words.push_back(std::move(profiled.example_words));
    index.entries_.push_back(std::move(entry));
  }
  index.add_examples(words);
  index.add_documents();
  index.add_enumerations();
  index.add_words();
  return index;
}

void Index::add_examples(const std::vector<std::vector<std::vector<std::string>>>& words) {
  std::vector<Features> vectors;
  std::unordered_map<std::string, std::uint32_t> df;
  for (std::size_t e = 0; e < words.size(); ++e) {
    first_example_.push_back(static_cast<std::uint32_t>(vectors.size()));
    for (const auto& example : words[e]) {
      vectors.push_back(features_of(example));
      example_entry_.push_back(static_cast<std::uint32_t>(e));
      for (const auto& [feature, tf] : vectors.back()) ++df[feature];
    }
  }
  first_example_.push_back(static_cast<std::uint32_t>(vectors.size()));
  example_count_ = vectors.size();
  const double n = static_cast<double>(example_count_);
  for (auto& vector : vectors) {
    double norm = 0;
    for (auto& [feature, w] : vector) {
      w *= std::log(1.0 + n / df[feature]);
      norm += w * w;
    }
    norm = std::sqrt(norm);
    for (auto& [feature, w] : vector) w = norm > 0 ? w / norm : 0;
  }
  for (std::size_t e = 0; e + 1 < first_example_.size(); ++e) {
    std::map<std::string, double> sum;
    for (std::uint32_t i = first_example_[e]; i < first_example_[e + 1]; ++i) {
      for (const auto& [feature, w] : vectors[i]) sum[feature] += w;
    }
    double norm = 0;
    for (const auto& [feature, w] : sum) norm += w * w;
    centroid_norm_.push_back(std::sqrt(norm));
  }
  for (std::uint32_t i = 0; i < vectors.size(); ++i) {
    for (const auto& [feature, w] : vectors[i]) features_[feature].postings.push_back({i, static_cast<float>(w)});
  }
  std::vector<const std::string*> names;
  for (const auto& [name, feature] : features_) names.push_back(&name);
  std::sort(names.begin(), names.end(), [](const auto* a, const auto* b) { return *a < *b; });
  for (std::size_t i = 0; i < names.size(); ++i) features_[*names[i]].number = static_cast<std::uint32_t>(i);
  for (auto& [name, feature] : features_) {
    feature.idf = std::log(1.0 + n / static_cast<double>(feature.postings.size()));
  }
}

void Index::add_documents() {
  double total = 0;
  for (std::uint32_t e = 0; e < entries_.size(); ++e) {
    std::map<std::string, double> tf;
    const Entry& entry = entries_[e];
    for (const auto& concepts : entry.profile.example_concepts) {
      for (const std::string& c : concepts) tf[c] += kExampleField;
    }
    const auto add = [&](const std::string& name, double weight) {
      for (const std::string& c : nlu::concepts_of_name(name)) tf[c] += weight;
    };
    add(entry.doc.name, kNameField);
    for (const auto& c : entry.doc.capabilities) add(c, kNameField);
    for (const auto& v : entry.doc.vocabulary) add(v, kVocabularyField);
    for (const auto& sentence : entry.profile.prose) {
      for (const std::string& c : sentence) tf[c] += kProseField;
    }
    for (const nlu::Slot& slot : entry.slots) {
      for (const auto& value : slot.values) {
        for (const auto& phrase : value.phrases) {
          for (const std::string& s : phrase) tf[s] += kEnumField;
        }
      }
    }
    double length = 0;
    for (const auto& [c, weight] : tf) {
      Concept& known = concepts_[c];
      known.documents.emplace_back(e, weight);
      known.df += 1;
      length += weight;
    }
    document_length_.push_back(length);
    total += length;
  }
  if (!entries_.empty() && total > 0) mean_length_ = total / static_cast<double>(entries_.size());
  const auto rarity = [this](double df) {
    return std::log(1.0 + (static_cast<double>(entries_.size()) + 0.5) / (df + 0.5));
  };
  unknown_idf_ = rarity(0);
  for (auto& [name, known] : concepts_) known.idf = rarity(known.df);
  for (Entry& entry : entries_) {
    for (const auto& concepts : entry.profile.example_concepts) {
      std::vector<double>& weights = entry.example_weights.emplace_back();
      weights.reserve(concepts.size());
      for (const std::string& c : concepts) weights.push_back(idf(c));
    }
  }
}

// Equal ways to say values of arguments of one name are kept once: thousands of tools may share them.
void Index::add_enumerations() {
  std::set<std::pair<std::string, std::vector<std::string>>> seen;
  for (const Entry& entry : entries_) {
    for (const nlu::Slot& slot : entry.slots) {
      if (slot.kind != nlu::SlotKind::enumeration) continue;
      const std::string marker = "<enum:" + slot.name + ">";
      for (const nlu::EnumValue& value : slot.values) {
        for (const auto& phrase : value.phrases) {
          if (phrase.empty() || !seen.emplace(marker, phrase).second) continue;
          enum_phrases_[phrase.front()].push_back({phrase, marker});
        }
      }
    }
  }
}

void Index::add_words() {
  const auto add = [this](const std::string& text) {
    for (nlu::Token& token : nlu::tokenise(text)) {
      if (token.kind == nlu::TokenKind::word) words_.insert(std::move(token.norm));
    }
  };
  for (const Entry& entry : entries_) {
    for (const auto& example : entry.doc.examples) add(example);
    for (const auto& word : entry.doc.vocabulary) add(word);
    for (const nlu::Slot& slot : entry.slots) {
      for (const nlu::EnumValue& value : slot.values) add(value.label);
    }
    std::string name = entry.doc.name;
    std::replace(name.begin(), name.end(), '_', ' ');
    add(name);
  }
}

double Index::idf(const std::string& concept_name) const {
  const auto it = concepts_.find(concept_name);
  return it == concepts_.end() ? unknown_idf_ : it->second.idf;
}

bool Index::known(const std::string& concept_name) const { return concepts_.count(concept_name) != 0; }

std::vector<std::string> Index::enum_markers(const nlu::Analysis& analysis) const {
  std::set<std::string> out;
  for (std::size_t at = 0; at < analysis.tokens.size() && !enum_phrases_.empty(); ++at) {
    const nlu::Token& token = analysis.tokens[at];
    const auto it = enum_phrases_.find(token.parts.empty() ? token.stem : token.parts.front());
    if (it == enum_phrases_.end()) continue;
    for (const EnumPhrase& said : it->second) {
      if (out.count(said.marker) == 0 && nlu::phrase_at(analysis, at, said.phrase) > 0) out.insert(said.marker);
    }
  }
  return {out.begin(), out.end()};
}

// The cosine of the question with each example.
void Index::score_examples(const std::vector<std::string>& words, std::vector<double>& dots,
                           SparseVector& question) const {
  struct Hit {
    double weight;
    const Feature* feature;
  };
  std::vector<Hit> hits;
  double norm = 0;
  const double unseen = std::log(1.0 + static_cast<double>(example_count_));
  for (const auto& [name, tf] : features_of(words)) {
    const auto it = features_.find(name);
    const bool seen = it != features_.end();
    const double weight = tf * (seen ? it->second.idf : unseen);
    norm += weight * weight;
    if (seen) hits.push_back({weight, &it->second});
  }
  norm = std::sqrt(norm);
  for (const Hit& hit : hits) {
    const double weight = hit.weight / norm;
    for (const Posting& p : hit.feature->postings) dots[p.example] += weight * static_cast<double>(p.weight);
    if (ranker_ != nullptr) question.emplace_back(hit.feature->number, static_cast<float>(weight));
  }
}

bool Index::train_ranker(std::size_t budget) {
  if (entries_.empty() || entries_.size() > kMaxRanked) return false;
  std::vector<Labelled> examples(example_count_);
  for (std::uint32_t i = 0; i < example_count_; ++i) examples[i].tool = example_entry_[i];
  for (const auto& [name, feature] : features_) {
    for (const Posting& p : feature.postings) examples[p.example].vector.emplace_back(feature.number, p.weight);
  }
  for (Labelled& one : examples) std::sort(one.vector.begin(), one.vector.end());
  if (Ranker::cost(examples, entries_.size()) > budget) return false;
  ranker_ = std::make_shared<Ranker>(Ranker::train(examples, features_.size(), entries_.size()));
  return true;
}

std::vector<Scored> Index::retrieve(const std::vector<std::string>& words, const std::set<std::string>& concepts,
                                    std::size_t limit, const std::function<bool(const Entry&)>& eligible) const {
  std::vector<double> dots(example_count_, 0.0);
  SparseVector question;
  score_examples(words, dots, question);
  const std::vector<float> learned = ranker_ != nullptr ? ranker_->rank(question) : std::vector<float>();
  std::vector<double> bm25(entries_.size(), 0.0);
  for (const std::string& c : concepts) {
    const auto it = concepts_.find(c);
    if (it == concepts_.end()) continue;
    const double rarity = it->second.idf;
    for (const auto& [e, tf] : it->second.documents) {
      const double length = kBm25K1 * (1 - kBm25B + kBm25B * document_length_[e] / mean_length_);
      bm25[e] += rarity * tf * (kBm25K1 + 1) / (tf + length);
    }
  }
  // Who may be asked costs more than a score, so the question is put only to those that could count: in order
  // of score until there are enough.
  enum class Known : std::uint8_t { no_idea, no, yes };
  std::vector<Known> asked(entries_.size(), Known::no_idea);
  const auto counts = [&](std::size_t e) {
    if (asked[e] == Known::no_idea) asked[e] = eligible(entries_[e]) ? Known::yes : Known::no;
    return asked[e] == Known::yes;
  };
  std::vector<Scored> all;
  std::vector<std::pair<double, std::size_t>> by_bm25;
  all.reserve(entries_.size());
  for (std::size_t e = 0; e < entries_.size(); ++e) {
    const std::uint32_t first = first_example_[e];
    const std::uint32_t end = first_example_[e + 1];
    if (first == end) continue;
    double best[3] = {};
    double sum = 0;
    for (std::uint32_t i = first; i < end; ++i) {
      double d = dots[i];
      sum += d;
      for (double& place : best) {
        if (d > place) std::swap(d, place);
      }
    }
    const auto top = static_cast<double>(std::min<std::uint32_t>(3, end - first));
    Scored& s = all.emplace_back();
    s.entry = e;
    for (const double d : best) s.best3 += d / top;
    s.centroid = centroid_norm_[e] > 0 ? sum / centroid_norm_[e] : 0;
    s.bm25 = bm25[e];
    s.cosine = (1 - kCentroidShare) * s.best3 + kCentroidShare * s.centroid;
    if (!learned.empty()) s.ranker = static_cast<double>(learned[e]);
    s.score = s.cosine + kRankerShare * s.ranker;
    if (s.bm25 > 0) by_bm25.emplace_back(s.bm25, e);
  }
  double best_bm25 = 0;
  std::make_heap(by_bm25.begin(), by_bm25.end());
  for (; !by_bm25.empty() && best_bm25 == 0; by_bm25.pop_back()) {
    std::pop_heap(by_bm25.begin(), by_bm25.end());
    if (counts(by_bm25.back().second)) best_bm25 = by_bm25.back().first;
  }
  const auto worse = [](const Scored& a, const Scored& b) {
    return a.score != b.score ? a.score < b.score : a.entry > b.entry;
  };
  std::vector<Scored> out;
  std::make_heap(all.begin(), all.end(), worse);
  for (; !all.empty() && out.size() < limit; all.pop_back()) {
    std::pop_heap(all.begin(), all.end(), worse);
    Scored& s = all.back();
    if (!counts(s.entry)) continue;
    s.bm25 = best_bm25 > 0 ? s.bm25 / best_bm25 : 0;
    out.push_back(s);
  }
  return out;
}

}  // namespace pgops::retrieval
