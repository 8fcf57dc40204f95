// core/model: reading a question by a model.
//
// A reading is complete when every part of the question is in the frame or repeats what is. What may mean several
// stored things gives one reading each, so that the planner can ask back. Pure: the data speak through Lookup.
#pragma once

#include <string_view>
#include <vector>

#include "core/model/items.hpp"
#include "core/model/spec.hpp"
#include "core/planner/reading.hpp"

namespace pgops::model {

struct Readable {
  const Model* model = nullptr;
  const Vocabulary* vocabulary = nullptr;
};

std::vector<planner::Reading> read(const nlu::Analysis& analysis, const nlu::Calendar& calendar, nlu::Lookup& lookup,
                                   const std::vector<Readable>& models, std::string_view locale);

inline constexpr std::string_view kToolPrefix = "model:";

}  // namespace pgops::model
