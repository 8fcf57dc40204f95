// bench: ranking by examples on CLINC150 (Larson et al. 2019, CC BY 3.0; the data stay outside).
//
// usage: planner_clinc data_full.json [examples-per-intent]: every intent a tool with k training
// questions as examples; prints top-1 and top-3 of the cosine over the test questions, the
// AUROC of its score against the out-of-scope ones, and microseconds per question.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>

#include "core/nlu/analysis.hpp"
#include "core/retrieval/index.hpp"

using pgops::Json;
namespace nlu = pgops::nlu;
namespace retrieval = pgops::retrieval;

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: planner_clinc data_full.json [examples-per-intent]\n");
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
  std::map<std::string, std::vector<std::string>> questions;
  for (const Json& pair : (*parsed)["train"].items()) {
    questions[pair.items().at(1).text()].push_back(pair.items().at(0).text());
  }
  retrieval::RegistrySnapshot snapshot;
  for (const auto& [name, list] : questions) {
    retrieval::ToolDoc doc;
    doc.name = name;
    // Spread over the list: neighbours in it are answers to the same prompt.
    for (std::size_t i = 0; i < k && i < list.size(); ++i) doc.examples.push_back(list[i * list.size() / k]);
    snapshot.push_back(std::move(doc));
  }
  const retrieval::Index index = retrieval::Index::build(std::move(snapshot));
  const nlu::Calendar calendar({0, "UTC"});
  const auto rank = [&](const std::string& question) {
    const nlu::Analysis a = nlu::analyse(question, calendar);
    return index.retrieve(nlu::delexicalised(a), {}, 3, [](const retrieval::Entry&) { return true; });
  };
  std::vector<double> inside;
  std::size_t top1 = 0;
  std::size_t top3 = 0;
  const auto start = std::chrono::steady_clock::now();
  for (const Json& pair : (*parsed)["test"].items()) {
    const auto best = rank(pair.items().at(0).text());
    for (std::size_t i = 0; i < best.size(); ++i) {
      const bool hit = index.entries()[best[i].entry].doc.name == pair.items().at(1).text();
      top1 += hit && i == 0 ? 1 : 0;
      top3 += hit ? 1 : 0;
    }
    inside.push_back(best.empty() ? 0 : best.front().cosine);
  }
  const double us = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
  std::sort(inside.begin(), inside.end());
  double wins = 0;
  std::size_t outside = 0;
  for (const Json& pair : (*parsed)["oos_test"].items()) {
    const auto best = rank(pair.items().at(0).text());
    const double score = best.empty() ? 0 : best.front().cosine;
    wins += static_cast<double>(inside.end() - std::upper_bound(inside.begin(), inside.end(), score));
    ++outside;
  }
  const double n = static_cast<double>(inside.size());
  std::printf("examples %zu  top-1 %.1f %%  top-3 %.1f %%  AUROC %.3f  %.0f us per question\n", k,
              100 * static_cast<double>(top1) / n, 100 * static_cast<double>(top3) / n,
              wins / (n * static_cast<double>(outside)), us / n);
  return 0;
}
