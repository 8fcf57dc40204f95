// core/ground: the last check before an answer leaves: no figure without a source.
//
// Every token of a text that says something exact must lie inside a fact or inside an allowed span (the tool
// author's text, words of the question, names of the run's own tools). Exact are: numbers in any script with their
// sign, dates, words with digits, underscores or inner dots, quoted text, and numbers in words ("two", "third",
// "두 개"). Every fact is evaluated again from the referenced result, must give the same value, must format to
// exactly the text that stands there, and must touch no other digit: 1 beside 2 reads as 12.
// Blocks are held against the rows they show; texts in blocks bring facts of their own.
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
Status check(std::string_view text, const std::vector<present::Fact>& facts,
             const std::vector<present::TextSpan>& allowed, const std::vector<Referenced>& references,
             std::string_view locale);

// A block of an answer. number, table, timeseries and chart show cells of their `ref`. text and markdown carry
// `facts` as an answer does; one with "from" (question, author) allows its span. Other types are refused.
Status check_block(const Json& block, const std::vector<Referenced>& references, std::string_view locale);

// Tokens of a text that need a source.
std::vector<present::TextSpan> tokens_to_cover(std::string_view text);

}  // namespace pgops::ground
