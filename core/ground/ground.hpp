// core/ground: the last check before an answer leaves: no figure without a source.
//
// Every number, date, quoted or identifier-like token of the summary must lie inside a fact or inside an
// allowed span (the tool author's text, words of the question, resolved arguments, names of the run's
// own tools). Every fact is evaluated again from the referenced result, must give the same value, and
// must format to exactly the text that stands in the summary.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/present/present.hpp"

namespace pgops::ground {

struct Referenced {
  const Json* result = nullptr;
  const Json* args = nullptr;
};

// `references[i]` is reference i + 1. Error: INTERNAL_ERROR naming the token or the fact.
Status check(std::string_view summary, const std::vector<present::Fact>& facts,
             const std::vector<present::TextSpan>& allowed, const std::vector<Referenced>& references,
             std::string_view locale);

// Tokens of a text that need a source.
std::vector<present::TextSpan> tokens_to_cover(std::string_view text);

}  // namespace pgops::ground
