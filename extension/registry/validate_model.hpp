// extension/registry: judging models and resolvers. See validate.hpp for the levels.
#pragma once

#include "extension/registry/validate.hpp"

namespace pgops::registry {

// Both read the spec, and from level draft on have an executor analyse, as the role that will run it, a statement
// that touches everything the asset could ever touch. A model's spec is completed with the types of its columns.
void judge_model(const AssetRef& asset, Level level, Report& report);
void judge_resolver(const AssetRef& asset, Level level, Report& report);

}  // namespace pgops::registry
