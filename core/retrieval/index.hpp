// core/retrieval: an immutable index over the tools of one tenant.
//
// Vocabulary: a tool's *profile* is what it says about itself, read off its examples, name,
// capabilities and description; *core* parts are those nearly every example has, and a question without
// them asks for something wider than the tool answers. Only tools with at least one example can be
// retrieved. The result does not depend on the order of registration: entries are sorted first.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/json.hpp"
#include "core/nlu/slots.hpp"
#include "core/retrieval/ranker.hpp"

namespace pgops::retrieval {

struct ToolDoc {
  std::string tenant;
  std::string name;
  int version = 1;
  std::string title;
  std::string description;
  std::vector<std::string> capabilities;
  std::vector<std::string> examples;
  std::vector<std::string> vocabulary;
  Json input_schema;
  Json present;
  std::vector<std::string> roles;
  bool callable = true;  // by the identity the snapshot was made for
  bool read_only = true;
  bool deprecated = false;
};
using RegistrySnapshot = std::vector<ToolDoc>;

struct Profile {
  std::set<std::string> vocabulary;             // concepts of examples, name, capabilities, vocabulary
  std::vector<std::vector<std::string>> prose;  // concept sequences of title and description sentences
  std::vector<std::set<std::string>> example_concepts;
  std::set<std::string> core_concepts;
  std::set<std::string> aspects;
  std::set<std::string> core_aspects;
  std::set<std::string> keys;  // spans the tool has built in: "time:rolling:86400s", "neg:owner"
  std::set<std::string> core_keys;
  std::set<std::string> prose_keys;  // periods that the description names
  std::set<std::string> group_targets;
  bool open_group = false;  // an example groups without saying by what
  std::set<std::string> count_heads;
  bool counts_argument = false;  // an example counts what an argument names
  bool bare_example = false;     // an example asks with a noun alone ("events in the past 24 hours")
  bool counts_rows = false;      // its summary says row_count
};

struct Entry {
  ToolDoc doc;
  std::vector<nlu::Slot> slots;
  Profile profile;
  // idf() of each concept of each example, in the order of profile.example_concepts.
  std::vector<std::vector<double>> example_weights;
  bool hangul = false;  // in an example, its vocabulary or a synonym: it may be asked in Korean
};

struct Scored {
  std::size_t entry = 0;
  double best3 = 0;
  double centroid = 0;
  double bm25 = 0;  // relative to the best of this question, 0..1
  double cosine = 0;
  double ranker = 0;  // the trained ranker's probability; 0 without one
  double score = 0;   // what is ranked by: the cosine, with the ranker's probability where there is one
};

class Index {
 public:
  static Index build(RegistrySnapshot snapshot);

  // Learns a ranking from the examples; does nothing for registries of more than kMaxRanked tools or where it
  // would take more than `budget` steps (Ranker::cost). True when there is a ranker now.
  bool train_ranker(std::size_t budget);
  static constexpr std::size_t kMaxRanked = 1000;

  const std::vector<Entry>& entries() const noexcept { return entries_; }
  bool any_examples() const noexcept { return !example_entry_.empty(); }

  // The `limit` best by score, ties by name.
  std::vector<Scored> retrieve(const std::vector<std::string>& words, const std::set<std::string>& concepts,
                               std::size_t limit, const std::function<bool(const Entry&)>& eligible) const;

  // Rarity of a concept among the tools; unknown concepts are the rarest.
  double idf(const std::string& concept_name) const;
  bool known(const std::string& concept_name) const;
  // The words of examples, names, vocabularies and values of arguments, as spelt but for case.
  const std::set<std::string>& words() const noexcept { return words_; }
  // Markers "<enum:name>" for the values of any tool's arguments that the question contains.
  std::vector<std::string> enum_markers(const nlu::Analysis& analysis) const;

 private:
  struct Posting {
    std::uint32_t example;
    float weight;
  };
  struct Feature {
    std::uint32_t number = 0;  // in order of name
    double idf = 0;
    std::vector<Posting> postings;
  };
  struct Concept {
    double df = 0;
    double idf = 0;
    std::vector<std::pair<std::uint32_t, double>> documents;  // BM25: (entry, tf)
  };
  // A way to say a value of an argument of that name; `phrase` is never empty.
  struct EnumPhrase {
    std::vector<std::string> phrase;
    std::string marker;
  };
  void add_examples(const std::vector<std::vector<std::vector<std::string>>>& words);
  void add_documents();
  void add_enumerations();
  void add_words();
  void score_examples(const std::vector<std::string>& words, std::vector<double>& dots, SparseVector& question) const;

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> example_entry_;  // example -> entry
  std::vector<std::uint32_t> first_example_;  // entry -> its first example; one more at the end
  std::vector<double> centroid_norm_;         // per entry
  std::unordered_map<std::string, Feature> features_;
  std::shared_ptr<const Ranker> ranker_;  // of the entries with examples, in their order
  std::size_t example_count_ = 0;
  std::vector<double> document_length_;
  double mean_length_ = 1;
  std::unordered_map<std::string, Concept> concepts_;
  double unknown_idf_ = 0;
  std::set<std::string> words_;
  std::unordered_map<std::string, std::vector<EnumPhrase>> enum_phrases_;  // by the phrase's first stem
};

}  // namespace pgops::retrieval
