// core/planner: naming what is asked and what a tool is called, see decider.hpp.
#include <algorithm>

#include "core/planner/decider.hpp"

namespace pgops::planner {
namespace {

std::string first_sentence(const std::string& text) {
  const std::size_t at = text.find(". ");
  return at == std::string::npos ? text : text.substr(0, at + 1);
}

}  // namespace

std::string intent_of(const nlu::Analysis& a, const nlu::Filling* filling) {
  if (a.has("why")) return "diagnose";
  if (a.has("trend")) return "trend";
  if (a.has("compare")) return "compare";
  if (a.has("latest") || a.has("oldest")) return "latest";
  if (a.has("group") || a.has("sum") || a.has("average") || a.has("max") || a.has("min")) return "aggregate";
  if (!a.superlatives().empty()) return "top";
  if (a.has("count")) return "count";
  if (a.has("distinct")) return "distinct";
  if (a.has("list")) return "list";
  if (a.has("exist")) return "status";
  if (!a.tokens.empty()) {
    const std::string& first = a.tokens.front().norm;
    if (first == "is" || first == "are" || first == "does" || first == "do" || first == "has" || first == "how")
      return "status";
  }
  for (std::size_t i = 0; filling != nullptr && i < a.spans.size(); ++i) {
    const bool named = a.spans[i].type == "quoted" || a.spans[i].type == "identifier";
    if (named && filling->span_used[i]) return "lookup";
  }
  return "list";
}

std::string label_of(const retrieval::ToolDoc& doc) {
  if (!doc.title.empty()) return doc.title;
  if (!doc.description.empty()) return first_sentence(doc.description);
  return doc.name;
}

bool same_capability(const retrieval::ToolDoc& a, const retrieval::ToolDoc& b) {
  return std::any_of(a.capabilities.begin(), a.capabilities.end(), [&](const std::string& c) {
    return std::find(b.capabilities.begin(), b.capabilities.end(), c) != b.capabilities.end();
  });
}

}  // namespace pgops::planner
