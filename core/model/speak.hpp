// core/model: a frame in words: the label of a reading, and how the answer speaks ("present" of a tool).
//
// The answer comes first: figure, unit, noun in singular or plural, then the filters in words. Every figure is a
// cell of the result; what stands around it is made from the model's words and the frame.
#pragma once

#include <string>

#include "core/model/frame.hpp"

namespace pgops::model {

// "number of events with severity critical, per location"
std::string label(const Frame& frame, const Model& model, bool korean);
// A present part for core/present, in one language.
Json present(const Frame& frame, const Model& model, bool korean);

}  // namespace pgops::model
