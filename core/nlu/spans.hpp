// core/nlu: the recognisers of spans, internal to analyse(). Each looks at tokens[at] and returns the
// span that begins there; order of precedence is the order of recognise().
#pragma once

#include <optional>
#include <vector>

#include "core/nlu/analysis.hpp"

namespace pgops::nlu {

struct Recognised {
  Span span;
  std::string aspect;  // an aspect the span implies ("last 5 deployments": latest)
};

std::optional<Recognised> recognise(const std::vector<Token>& tokens, std::size_t at, const Calendar& calendar);

}  // namespace pgops::nlu
