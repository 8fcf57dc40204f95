// bench: ranking by examples on CLINC150 (Larson et al. 2019, CC BY 3.0; the data stay outside).
//
// usage: planner_clinc data_full.json [examples-per-intent [spread|first]]: every intent a tool with k training
// questions as examples, spread over the list or the first of it; prints, for the cosine and for the trained
// ranker, top-1 and top-3 over the test questions, the AUROC of the score against the out-of-scope ones, in-scope
// accuracy and out-of-scope recall at the threshold of best joint accuracy on val and oos_val, and the time.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <string_view>

#include "core/nlu/analysis.hpp"
#include "core/retrieval/index.hpp"

using pgops::Json;
namespace nlu = pgops::nlu;
namespace retrieval = pgops::retrieval;

namespace {

struct Ranked {
  bool first = false;
  bool third = false;  // among the first three
  double score = 0;
};

class Bench {
 public:
  Bench(const Json& data, const retrieval::Index& index) : data_(data), index_(index) {}

  void print(const char* name, std::size_t k, bool by_ranker) {
    by_ranker_ = by_ranker;
    const auto start = std::chrono::steady_clock::now();
    const auto inside = all("test");
    const double us = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
    const auto outside = all("oos_test");
    const double threshold = best_threshold(all("val"), all("oos_val"));
    double top1 = 0;
    double top3 = 0;
    double kept = 0;
    double wins = 0;
    double refused = 0;
    for (const Ranked& r : inside) {
      top1 += r.first ? 1 : 0;
      top3 += r.third ? 1 : 0;
      kept += r.first && r.score >= threshold ? 1 : 0;
      for (const Ranked& o : outside) wins += r.score > o.score ? 1 : 0;
    }
    for (const Ranked& o : outside) refused += o.score < threshold ? 1 : 0;
    const auto n = static_cast<double>(inside.size());
    const auto m = static_cast<double>(outside.size());
    std::printf(
        "%-7s examples %3zu  top-1 %.1f %%  top-3 %.1f %%  AUROC %.3f  at best joint threshold: in-scope %.1f %%, "
        "out-of-scope recall %.1f %%  %.0f us per question\n",
        name, k, 100 * top1 / n, 100 * top3 / n, wins / (n * m), 100 * kept / n, 100 * refused / m, us / n);
  }

 private:
  std::vector<Ranked> all(const char* part) {
    std::vector<Ranked> out;
    for (const Json& pair : data_[part].items()) {
      const nlu::Analysis a = nlu::analyse(pair.items().at(0).text(), calendar_);
      const auto best = index_.retrieve(nlu::delexicalised(a), {}, 3, [](const retrieval::Entry&) { return true; });
      Ranked r;
      for (std::size_t i = 0; i < best.size(); ++i) {
        const bool hit = index_.entries()[best[i].entry].doc.name == pair.items().at(1).text();
        r.first = r.first || (hit && i == 0);
        r.third = r.third || hit;
      }
      if (!best.empty()) r.score = by_ranker_ ? best.front().score : best.front().cosine;
      out.push_back(r);
    }
    return out;
  }

  // Right in-scope answers and refused out-of-scope ones, together.
  static double best_threshold(const std::vector<Ranked>& inside, const std::vector<Ranked>& outside) {
    std::vector<std::pair<double, int>> events;
    for (const Ranked& r : inside) events.emplace_back(r.score, r.first ? -1 : 0);
    for (const Ranked& r : outside) events.emplace_back(r.score, 1);
    std::sort(events.begin(), events.end());
    int gain = 0;
    int most = 0;
    double threshold = std::numeric_limits<double>::lowest();
    for (std::size_t i = 0; i < events.size(); ++i) {
      gain += events[i].second;
      if (gain <= most) continue;
      most = gain;
      threshold = i + 1 < events.size() ? (events[i].first + events[i + 1].first) / 2 : events[i].first + 1;
    }
    return threshold;
  }

  const Json& data_;
  const retrieval::Index& index_;
  const nlu::Calendar calendar_{{0, "UTC"}};
  bool by_ranker_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: planner_clinc data_full.json [examples-per-intent [spread|first]]\n");
    return 2;
  }
  std::ifstream in(argv[1]);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  const auto parsed = Json::parse(text);
  if (!parsed) {
    std::fprintf(stderr, "%s: %s\n", argv[1], parsed.error().message.c_str());
    return 1;
  }
  const std::size_t k = argc > 2 ? static_cast<std::size_t>(std::atoi(argv[2])) : 10;
  const bool spread = argc < 4 || std::string_view(argv[3]) != "first";
  std::map<std::string, std::vector<std::string>> questions;
  for (const Json& pair : (*parsed)["train"].items()) {
    questions[pair.items().at(1).text()].push_back(pair.items().at(0).text());
  }
  retrieval::RegistrySnapshot snapshot;
  for (const auto& [name, list] : questions) {
    retrieval::ToolDoc doc;
    doc.name = name;
    // Neighbours in the list are answers to the same prompt; spread, the examples show more of what is asked.
    for (std::size_t i = 0; i < k && i < list.size(); ++i)
      doc.examples.push_back(list[spread ? i * list.size() / k : i]);
    snapshot.push_back(std::move(doc));
  }
  retrieval::Index index = retrieval::Index::build(std::move(snapshot));
  Bench bench(*parsed, index);
  bench.print("cosine", k, false);
  const auto start = std::chrono::steady_clock::now();
  if (!index.train_ranker(std::numeric_limits<std::size_t>::max())) return 1;
  const double s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  bench.print("ranker", k, true);
  std::printf("trained in %.1f s\n", s);
  return 0;
}
