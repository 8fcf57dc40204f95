// core/retrieval: TF-IDF cosine over examples (mean of the best three and centroid) beside BM25 over
// one document per tool with weighted fields, see index.hpp.
#include "core/retrieval/index.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

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
    entry.doc = std::move(doc);
    words.push_back(std::move(profiled.example_words));
    index.entries_.push_back(std::move(entry));
  }
  index.add_examples(words);
  index.add_documents();
  return index;
}

void Index::add_examples(const std::vector<std::vector<std::vector<std::string>>>& words) {
  std::vector<std::map<std::string, double>> vectors;
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
    for (const auto& [feature, w] : vectors[i]) postings_[feature].push_back({i, static_cast<float>(w)});
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
      documents_[c].emplace_back(e, weight);
      concept_df_[c] += 1;
      length += weight;
    }
    document_length_.push_back(length);
    total += length;
  }
  if (!entries_.empty() && total > 0) mean_length_ = total / static_cast<double>(entries_.size());
}

double Index::idf(const std::string& concept_name) const {
  const auto it = concept_df_.find(concept_name);
  const double df = it == concept_df_.end() ? 0 : it->second;
  return std::log(1.0 + (static_cast<double>(entries_.size()) + 0.5) / (df + 0.5));
}

bool Index::known(const std::string& concept_name) const { return concept_df_.count(concept_name) != 0; }

std::vector<std::string> Index::enum_markers(const nlu::Analysis& analysis) const {
  std::set<std::string> out;
  for (const Entry& entry : entries_) {
    for (const nlu::Slot& slot : entry.slots) {
      if (slot.kind != nlu::SlotKind::enumeration) continue;
      if (!nlu::find_enum(analysis, slot).empty()) out.insert("<enum:" + slot.name + ">");
    }
  }
  return {out.begin(), out.end()};
}

std::vector<Scored> Index::retrieve(const std::vector<std::string>& words, const std::set<std::string>& concepts,
                                    std::size_t limit, const std::function<bool(const Entry&)>& eligible) const {
  std::map<std::string, double> query = features_of(words);
  double norm = 0;
  const double n = static_cast<double>(example_count_);
  for (auto& [feature, w] : query) {
    const auto it = postings_.find(feature);
    w *= std::log(1.0 + n / (it == postings_.end() ? 1.0 : static_cast<double>(it->second.size())));
    norm += w * w;
  }
  norm = std::sqrt(norm);
  std::vector<double> dots(example_count_, 0.0);
  if (norm > 0) {
    for (const auto& [feature, w] : query) {
      const auto it = postings_.find(feature);
      if (it == postings_.end()) continue;
      for (const Posting& p : it->second) dots[p.example] += w / norm * static_cast<double>(p.weight);
    }
  }
  std::vector<double> bm25(entries_.size(), 0.0);
  for (const std::string& c : concepts) {
    const auto it = documents_.find(c);
    if (it == documents_.end()) continue;
    for (const auto& [e, tf] : it->second) {
      const double length = kBm25K1 * (1 - kBm25B + kBm25B * document_length_[e] / mean_length_);
      bm25[e] += idf(c) * tf * (kBm25K1 + 1) / (tf + length);
    }
  }
  std::vector<Scored> out;
  double best_bm25 = 0;
  for (std::size_t e = 0; e < entries_.size(); ++e) {
    if (first_example_[e] == first_example_[e + 1] || !eligible(entries_[e])) continue;
    std::vector<double> own(dots.begin() + first_example_[e], dots.begin() + first_example_[e + 1]);
    double sum = 0;
    for (const double d : own) sum += d;
    std::sort(own.begin(), own.end(), std::greater<>());
    const std::size_t top = std::min<std::size_t>(3, own.size());
    Scored s;
    s.entry = e;
    for (std::size_t i = 0; i < top; ++i) s.best3 += own[i] / static_cast<double>(top);
    s.centroid = centroid_norm_[e] > 0 ? sum / centroid_norm_[e] : 0;
    s.bm25 = bm25[e];
    s.cosine = (1 - kCentroidShare) * s.best3 + kCentroidShare * s.centroid;
    best_bm25 = std::max(best_bm25, s.bm25);
    out.push_back(s);
  }
  for (Scored& s : out) s.bm25 = best_bm25 > 0 ? s.bm25 / best_bm25 : 0;
  std::sort(out.begin(), out.end(), [](const Scored& a, const Scored& b) {
    return a.cosine != b.cosine ? a.cosine > b.cosine : a.entry < b.entry;
  });
  if (out.size() > limit) out.resize(limit);
  return out;
}

}  // namespace pgops::retrieval
