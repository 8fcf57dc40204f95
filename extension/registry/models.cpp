// extension/registry: models and resolvers. See models.hpp.
#include "extension/registry/models.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/model/read.hpp"
#include "core/nearest.hpp"

namespace pgops::registry {

namespace {

std::int32_t version_of(const pg::spi::Row& row) { return static_cast<std::int32_t>(std::stol(row[2].value_or("0"))); }

// Rows whose name is not yet there: a tenant's own comes first.
std::vector<const pg::spi::Row*> first_of_each(const std::vector<pg::spi::Row>& rows) {
  std::vector<const pg::spi::Row*> out;
  for (const pg::spi::Row& row : rows) {
    if (out.empty() || (*out.back())[1] != row[1]) out.push_back(&row);
  }
  return out;
}

void strings(const Json& list, std::vector<std::string>& out) {
  for (const Json& one : list.items()) out.push_back(one.text());
}

}  // namespace

Resolver read_resolver(std::string_view name, const Json& spec, std::vector<Problem>& problems) {
  constexpr std::array<std::string_view, 4> known = {"query", "description", "title", "shared"};
  Resolver out;
  out.name = std::string(name);
  if (!spec.is_object()) {
    problems.push_back({"$", "a resolver is a JSON object", {}});
    return out;
  }
  for (const auto& [field, value] : spec.members()) {
    if (std::find(known.begin(), known.end(), field) == known.end())
      problems.push_back({path_member("$", field), "is no field of a resolver", nearest_hint(field, known)});
  }
  const Json& query = spec["query"];
  if (!query.is_string() || query.text().empty()) {
    problems.push_back({"$.query", "must be a SELECT of id, label and, if there are any, aliases", {}});
  } else if (query.text().size() > kMaxResolverQuery) {
    problems.push_back({"$.query", "is longer than " + std::to_string(kMaxResolverQuery) + " bytes", {}});
  }
  out.query = query.text();
  return out;
}

std::vector<std::shared_ptr<const Tool>> make_models(const std::vector<pg::spi::Row>& rows, const FindPolicy& policy) {
  struct Read {
    const pg::spi::Row* row;
    Json spec;
    model::Model model;
    std::vector<Problem> problems;
  };
  std::vector<Read> read;
  for (const pg::spi::Row* row : first_of_each(rows)) {
    Read one{row, Json(), {}, {}};
    if (auto spec = Json::parse((*row)[4].value_or("null"))) one.spec = *std::move(spec);
    one.model = model::read_model((*row)[1].value_or(""), one.spec, one.problems);
    one.model.version = version_of(*row);
    read.push_back(std::move(one));
  }
  const std::vector<Read> others = read;
  const auto find = [&](std::string_view name) -> const model::Model* {
    const auto at = std::find_if(others.begin(), others.end(), [&](const Read& r) { return r.model.name == name; });
    return at == others.end() ? nullptr : &at->model;
  };
  std::vector<std::shared_ptr<const Tool>> out;
  for (Read& one : read) {
    model::bind(one.model, find, one.problems);
    Tool tool;
    tool.tenant = (*one.row)[0].value_or("");
    tool.name = std::string(model::kToolPrefix) + one.model.name;
    tool.version = one.model.version;
    tool.digest = (*one.row)[3].value_or("");
    tool.title = one.model.title;
    tool.description = one.model.description;
    strings(one.spec["capabilities"], tool.capabilities);
    strings(one.spec["roles"], tool.roles);
    tool.spec = one.spec;
    tool.policy = policy(std::string(one.spec["policy"].string_or("default_sql")));
    if (!one.problems.empty()) {
      tool.problem = Error{Code::asset_load_failed, "model " + one.model.name + " cannot be read",
                           to_text(one.problems), "Publish a corrected version."};
    }
    tool.model = std::make_shared<const LoadedModel>(std::move(one.model));
    out.push_back(std::make_shared<const Tool>(std::move(tool)));
  }
  return out;
}

std::map<std::string, Resolver, std::less<>> make_resolvers(const std::vector<pg::spi::Row>& rows) {
  std::map<std::string, Resolver, std::less<>> out;
  for (const pg::spi::Row* row : first_of_each(rows)) {
    const auto spec = Json::parse((*row)[4].value_or("null"));
    std::vector<Problem> problems;
    if (!spec) continue;
    Resolver one = read_resolver((*row)[1].value_or(""), *spec, problems);
    // One that cannot be read knows nothing: what needs it is refused.
    if (problems.empty()) out.emplace(one.name, std::move(one));
  }
  return out;
}

std::map<std::string, model::Model, std::less<>> published_models(const std::string& tenant) {
  const auto rows = pg::spi::query(
      "SELECT a.tenant_id, a.name, v.version, v.digest, v.spec"
      " FROM ops.asset_store a JOIN ops.asset_version_store v"
      "   ON v.tenant_id = a.tenant_id AND v.kind = a.kind AND v.name = a.name AND v.version = a.current_version"
      " WHERE a.kind = 'model' AND a.deleted_at IS NULL"
      "   AND (a.tenant_id = $1 OR (a.tenant_id = 'system' AND v.spec @> '{\"shared\": true}'))"
      " ORDER BY a.name, a.tenant_id = 'system'",
      {pg::spi::text(tenant)});
  std::map<std::string, model::Model, std::less<>> out;
  for (const pg::spi::Row* row : first_of_each(rows.rows)) {
    const auto spec = Json::parse((*row)[4].value_or("null"));
    std::vector<Problem> problems;
    if (!spec) continue;
    model::Model one = model::read_model((*row)[1].value_or(""), *spec, problems);
    if (problems.empty()) out.emplace(one.name, std::move(one));
  }
  return out;
}

}  // namespace pgops::registry
