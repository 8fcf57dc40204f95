// bench: how long planning takes with 7, 100, 1,000 and 10,000 tools.
//
// usage: planner_sizes [folder of regress/planner]. The tools are those of the invented registries there, made
// many by a word of their own in name and examples; the questions are those registries' questions. Prints
// milliseconds for building an index and for planning one question; exit code 1 when a p95 is above its limit.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "core/planner/planner.hpp"

using pgops::Json;
namespace planner = pgops::planner;
namespace retrieval = pgops::retrieval;

namespace {

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> out;
  std::stringstream in(text);
  for (std::string part; std::getline(in, part, by);) out.push_back(part);
  return out;
}

std::vector<std::vector<std::string>> rows(const std::string& file) {
  std::ifstream in(file);
  std::vector<std::vector<std::string>> out;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line[0] != '#') out.push_back(split(line, '\t'));
  }
  return out;
}

retrieval::RegistrySnapshot tools(const std::vector<std::vector<std::string>>& invented, std::size_t count) {
  retrieval::RegistrySnapshot out;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& row = invented[i % invented.size()];
    const std::string round = std::to_string(i / invented.size());
    retrieval::ToolDoc doc;
    doc.tenant = "t";
    doc.name = row.at(0) + "_" + round;
    doc.description = row.at(1);
    doc.capabilities = {row.at(2)};
    doc.input_schema = Json::parse(row.at(3)).value();
    doc.present = Json::parse(row.at(4)).value();
    doc.examples = split(row.at(5), '|');
    for (std::string& example : doc.examples) example += i < invented.size() ? "" : " of kind" + round;
    out.push_back(std::move(doc));
  }
  return out;
}

double ms_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "regress/planner";
  std::vector<std::vector<std::string>> invented;
  std::vector<std::string> questions;
  for (const char* set : {"dev", "dev2"}) {
    for (auto& row : rows(folder + "/" + set + "_tools.tsv")) invented.push_back(std::move(row));
    for (const char* kind : {"_answer.tsv", "_reject.tsv"}) {
      for (const auto& row : rows(folder + "/" + set + kind)) questions.push_back(row.at(1));
    }
  }
  if (invented.empty() || questions.empty()) {
    std::fprintf(stderr, "no registry in %s\n", folder.c_str());
    return 2;
  }
  bool good = true;
  std::printf("  %8s %10s %10s %10s %8s\n", "tools", "index ms", "p50 ms", "p95 ms", "limit");
  const std::pair<std::size_t, double> sizes[] = {{7, 2.0}, {100, 2.0}, {1000, 5.0}, {10000, 10.0}};
  for (const auto& [count, limit] : sizes) {
    const auto begun = std::chrono::steady_clock::now();
    const retrieval::Index index = retrieval::Index::build(tools(invented, count));
    const double built = ms_since(begun);
    std::vector<double> times;
    for (const std::string& question : questions) {
      planner::PlannerInput in;
      in.question = question;
      in.now_us = std::int64_t{1'773'210'600} * 1'000'000;
      in.timezone = "Asia/Seoul";
      const auto start = std::chrono::steady_clock::now();
      const planner::Decision decision = planner::decide(in, index);
      times.push_back(ms_since(start));
      if (decision.explain.is_null()) return 2;
    }
    std::sort(times.begin(), times.end());
    const double p95 = times[times.size() * 95 / 100];
    good = good && p95 <= limit;
    std::printf("  %8zu %10.1f %10.3f %10.3f %8.0f %s\n", count, built, times[times.size() / 2], p95, limit,
                p95 <= limit ? "ok" : "MISSED");
  }
  return good ? 0 : 1;
}
