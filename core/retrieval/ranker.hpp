// core/retrieval: a ranking of tools learned from their own example questions.
//
// Softmax regression over the features the cosine uses (words, stems, bigrams, character 3- and 4-grams, weighted by
// rarity, length 1), trained by stochastic gradient descent in an order drawn from a fixed seed: the same examples
// give the same weights. It ranks better than the cosine where tools have many examples; the cosine stays the base,
// and the fallback where a registry is too large to train.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace pgops::retrieval {

// Feature number and weight, in order of feature.
using SparseVector = std::vector<std::pair<std::uint32_t, float>>;

struct Labelled {
  SparseVector vector;
  std::uint32_t tool = 0;
};

class Ranker {
 public:
  // `examples` in a fixed order; features and tools are numbered from 0.
  static Ranker train(const std::vector<Labelled>& examples, std::size_t features, std::size_t tools);

  // What training costs, in steps of the innermost loop: about 1e9 of them a second.
  static std::size_t cost(const std::vector<Labelled>& examples, std::size_t tools);

  // The probability of each tool, given that one of them is meant.
  std::vector<float> rank(const SparseVector& question) const;

 private:
  std::size_t tools_ = 0;
  std::vector<float> weights_;  // feature by feature
};

}  // namespace pgops::retrieval
