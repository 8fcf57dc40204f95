// core/retrieval: training and asking the ranker, see ranker.hpp.
#include "core/retrieval/ranker.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pgops::retrieval {
namespace {

// Chosen on the validation part of CLINC150, with 10 and with 100 examples a tool.
constexpr int kRounds = 12;
constexpr float kRate = 4.0F;
constexpr float kDecay = 0.1F;
constexpr std::uint64_t kSeed = 42;

// xorshift64: small, and the same everywhere.
class Draw {
 public:
  std::size_t below(std::size_t n) {
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 7U;
    state_ ^= state_ << 17U;
    return static_cast<std::size_t>(state_ % n);
  }

 private:
  std::uint64_t state_ = kSeed;
};

void to_probabilities(std::vector<float>& z) {
  const float most = *std::max_element(z.begin(), z.end());
  float sum = 0;
  for (float& one : z) {
    one = std::exp(one - most);
    sum += one;
  }
  for (float& one : z) one /= sum;
}

}  // namespace

std::size_t Ranker::cost(const std::vector<Labelled>& examples, std::size_t tools) {
  std::size_t entries = 0;
  for (const Labelled& one : examples) entries += one.vector.size();
  return entries * tools * 2 * static_cast<std::size_t>(kRounds);
}

Ranker Ranker::train(const std::vector<Labelled>& examples, std::size_t features, std::size_t tools) {
  Ranker out;
  out.tools_ = tools;
  out.weights_.assign(features * tools, 0.0F);
  if (tools == 0) return out;
  std::vector<std::size_t> order(examples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Draw draw;
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[draw.below(i)]);
    const float rate = kRate / (1.0F + kDecay * static_cast<float>(round));
    for (const std::size_t e : order) {
      std::vector<float> p = out.rank(examples[e].vector);
      p[examples[e].tool] -= 1.0F;
      for (const auto& [feature, x] : examples[e].vector) {
        float* row = out.weights_.data() + static_cast<std::size_t>(feature) * tools;
        const float step = rate * x;
        for (std::size_t t = 0; t < tools; ++t) row[t] -= step * p[t];
      }
    }
  }
  return out;
}

std::vector<float> Ranker::rank(const SparseVector& question) const {
  std::vector<float> z(tools_, 0.0F);
  if (tools_ == 0) return z;
  for (const auto& [feature, x] : question) {
    const float* row = weights_.data() + static_cast<std::size_t>(feature) * tools_;
    for (std::size_t t = 0; t < tools_; ++t) z[t] += x * row[t];
  }
  to_probabilities(z);
  return z;
}

}  // namespace pgops::retrieval
