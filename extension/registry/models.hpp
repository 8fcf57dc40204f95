// extension/registry: published models and resolvers as the ask path sees them.
//
// A model is called like a tool, by the name "model:NAME" and with a frame as arguments, under a policy and run
// as ops_tool. A resolver is a SELECT that gives (id, label, aliases) under the tenant.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/model/items.hpp"
#include "core/model/spec.hpp"
#include "extension/pg/spi.hpp"
#include "extension/registry/catalog.hpp"

namespace pgops::registry {

struct LoadedModel {
  explicit LoadedModel(model::Model bound) : model(std::move(bound)), vocabulary(model) {}
  model::Model model;
  model::Vocabulary vocabulary;
};

struct Resolver {
  std::string name;
  std::string query;
};

inline constexpr std::size_t kMaxResolverQuery = 32 * 1024;
// Values of one resolver or dimension that are compared with a question; beyond, the server looks for texts.
inline constexpr std::int64_t kMaxValues = 2000;

Resolver read_resolver(std::string_view name, const Json& spec, std::vector<Problem>& problems);

using FindPolicy = std::function<std::optional<Policy>(const std::string& name)>;
// Rows: tenant, name, version, digest, spec; a tenant's own before a shared one of the same name. A model that
// cannot be read or bound becomes a tool with a problem.
std::vector<std::shared_ptr<const Tool>> make_models(const std::vector<pg::spi::Row>& rows, const FindPolicy& policy);
std::map<std::string, Resolver, std::less<>> make_resolvers(const std::vector<pg::spi::Row>& rows);

// Models of the tenant and the shared ones, unbound; for judging links. Inside pg::spi::OwnerScope.
std::map<std::string, model::Model, std::less<>> published_models(const std::string& tenant);

}  // namespace pgops::registry
