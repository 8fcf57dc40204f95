// extension/registry: loading published tools, cached per backend. See catalog.hpp.
#include "extension/registry/catalog.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "extension/pg/memory.hpp"
#include "extension/pg/registry_events.hpp"
#include "extension/pg/spi.hpp"
#include "extension/registry/models.hpp"
#include "extension/registry/playbooks.hpp"
#include "extension/registry/tool_spec.hpp"

namespace pgops::registry {

namespace {

using ToolPtr = std::shared_ptr<const Tool>;

class LoadedSnapshot : public Snapshot {
 public:
  LoadedSnapshot(std::vector<ToolPtr> tools, std::map<std::string, Resolver, std::less<>> resolvers,
                 Playbooks playbooks)
      : tools_(std::move(tools)), resolvers_(std::move(resolvers)), playbooks_(std::move(playbooks)) {}

  const Tool* find(std::string_view name) const override {
    const auto found = std::lower_bound(tools_.begin(), tools_.end(), name,
                                        [](const ToolPtr& tool, std::string_view n) { return tool->name < n; });
    return found != tools_.end() && (*found)->name == name ? found->get() : nullptr;
  }

  const std::vector<ToolPtr>& tools() const override { return tools_; }

  const Resolver* resolver(std::string_view name) const override {
    const auto found = resolvers_.find(name);
    return found == resolvers_.end() ? nullptr : &found->second;
  }

  const playbook::Playbook* find_playbook(std::string_view name) const override {
    const auto found = playbooks_.find(name);
    return found == playbooks_.end() ? nullptr : &found->second;
  }

  std::shared_ptr<const retrieval::Index> index() const override {
    if (index_ == nullptr) {
      retrieval::RegistrySnapshot docs;
      for (const ToolPtr& tool : tools_) {
        if (tool->problem || tool->model || tool->examples.empty()) continue;
        docs.push_back(document_of(*tool));
      }
      for (const auto& [name, playbook] : playbooks_) {
        if (!playbook.examples.empty()) docs.push_back(registry::document_of(playbook));
      }
      index_ = std::make_shared<const retrieval::Index>(retrieval::Index::build(std::move(docs)));
    }
    return index_;
  }

 private:
  static retrieval::ToolDoc document_of(const Tool& tool) {
    retrieval::ToolDoc doc;
    doc.tenant = tool.tenant;
    doc.name = tool.name;
    doc.version = tool.version;
    doc.title = tool.title;
    doc.description = tool.description;
    doc.capabilities = tool.capabilities;
    doc.examples = tool.examples;
    for (const Json& word : tool.spec["vocabulary"].items()) doc.vocabulary.push_back(word.text());
    doc.input_schema = tool.spec["input_schema"];
    doc.present = tool.spec["present"];
    doc.roles = tool.roles;
    doc.read_only = tool.read_only;
    doc.deprecated = tool.deprecated;
    return doc;
  }

  std::vector<ToolPtr> tools_;
  std::map<std::string, Resolver, std::less<>> resolvers_;
  Playbooks playbooks_;
  mutable std::shared_ptr<const retrieval::Index> index_;
};

struct Cache {
  std::uint64_t generation = 0;
  std::map<std::string, std::shared_ptr<const Snapshot>, std::less<>> by_tenant;
};

Cache& cache() {
  static auto* one = new Cache();
  return *one;
}

// Own assets, and those of `system` that are shared; for members of `system` in `system`: all of its.
// Columns: tenant, name, version, digest, spec.
constexpr const char* kPublished =
    "SELECT a.tenant_id, a.name, v.version, v.digest, v.spec"
    " FROM ops.asset_store a JOIN ops.asset_version_store v"
    "   ON v.tenant_id = a.tenant_id AND v.kind = a.kind AND v.name = a.name AND v.version = a.current_version"
    " WHERE a.kind = $2 AND a.deleted_at IS NULL"
    "   AND (a.tenant_id = $1 OR (a.tenant_id = 'system' AND v.spec @> '{\"shared\": true}'))"
    " ORDER BY a.name, a.tenant_id = 'system'";

std::optional<Policy> find_policy(const std::map<std::string, Json>& policies, const std::string& name) {
  const auto found = policies.find(name);
  if (found == policies.end()) return std::nullopt;
  std::vector<Problem> problems;
  Policy policy = read_policy(found->second, problems);
  if (!problems.empty()) return std::nullopt;
  policy.name = name;
  return policy;
}

std::map<std::string, Json> load_policies(const std::string& tenant) {
  // Default policies belong to `system`; a tenant's own of the same name goes before them.
  const auto rows = pg::spi::query(
      "SELECT a.name, v.spec"
      " FROM ops.asset_store a JOIN ops.asset_version_store v"
      "   ON v.tenant_id = a.tenant_id AND v.kind = a.kind AND v.name = a.name AND v.version = a.current_version"
      " WHERE a.kind = 'policy' AND a.deleted_at IS NULL"
      "   AND (a.tenant_id = $1 OR (a.tenant_id = 'system' AND v.spec @> '{\"shared\": true}'))"
      " ORDER BY a.tenant_id = $1",
      {pg::spi::text(tenant)});
  std::map<std::string, Json> policies;
  for (const auto& row : rows.rows) {
    auto spec = Json::parse(row[1].value_or("{}"));
    if (!spec) continue;
    spec->erase("shared");
    policies[row[0].value_or("")] = *std::move(spec);
  }
  return policies;
}

std::string default_policy(const Tool& tool) {
  switch (tool.type) {
    case ToolType::sql: return "default_sql";
    case ToolType::http: return "default_http";
    case ToolType::mcp: return "default_mcp";
  }
  return "default_sql";
}

ToolPtr make_tool(const pg::spi::Row& row, const std::map<std::string, Json>& policies) {
  std::vector<Problem> problems;
  auto spec = Json::parse(row[4].value_or("null"));
  Tool tool = spec ? read_tool(*spec, problems) : Tool{};
  tool.tenant = row[0].value_or("");
  tool.name = row[1].value_or("");
  tool.version = static_cast<std::int32_t>(std::stol(row[2].value_or("0")));
  tool.digest = row[3].value_or("");
  if (!spec) problems.push_back({"$", "the spec is no JSON", {}});
  if (!problems.empty()) {
    tool.problem = Error{Code::asset_load_failed, "tool " + tool.name + " cannot be read", to_text(problems),
                         "Publish a corrected version."};
  }
  tool.policy = find_policy(policies, std::string(tool.spec["policy"].string_or(default_policy(tool))));
  return std::make_shared<const Tool>(std::move(tool));
}

}  // namespace

std::shared_ptr<const Snapshot> snapshot(const tenancy::Identity& identity) {
  const std::uint64_t generation = pg::registry_generation();
  Cache& known = cache();
  if (known.generation != generation) {
    known.by_tenant.clear();
    known.generation = generation;
  }
  if (const auto found = known.by_tenant.find(identity.tenant); found != known.by_tenant.end()) return found->second;
  const tenancy::TenantScope tenant_scope(identity.tenant);
  const pg::spi::OwnerScope owner;
  const auto policies = load_policies(identity.tenant);
  const auto rows = pg::spi::query(kPublished, {pg::spi::text(identity.tenant), pg::spi::text("tool")});
  std::vector<ToolPtr> tools;
  for (const auto& row : rows.rows) {
    // Sorted so that a tenant's own tool comes before the shared one of the same name.
    if (!tools.empty() && tools.back()->name == row[1]) continue;
    tools.push_back(make_tool(row, policies));
  }
  const auto models = pg::spi::query(kPublished, {pg::spi::text(identity.tenant), pg::spi::text("model")});
  for (ToolPtr& one : make_models(models.rows, [&](const std::string& name) { return find_policy(policies, name); }))
    tools.push_back(std::move(one));
  std::sort(tools.begin(), tools.end(), [](const ToolPtr& a, const ToolPtr& b) { return a->name < b->name; });
  const auto resolvers = pg::spi::query(kPublished, {pg::spi::text(identity.tenant), pg::spi::text("resolver")});
  const auto playbooks = pg::spi::query(kPublished, {pg::spi::text(identity.tenant), pg::spi::text("playbook")});
  auto loaded = std::make_shared<const LoadedSnapshot>(std::move(tools), make_resolvers(resolvers.rows),
                                                       make_playbooks(playbooks.rows));
  constexpr std::size_t kMaxTenants = 64;
  if (known.by_tenant.size() >= kMaxTenants) known.by_tenant.clear();
  known.by_tenant.emplace(identity.tenant, loaded);
  return loaded;
}

Result<std::shared_ptr<const Tool>> load_version(const tenancy::Identity& identity, std::string_view name,
                                                 std::int32_t version) {
  const auto rows = pg::spi::query(
      "SELECT v.tenant_id, v.name, v.version, v.digest, v.spec FROM ops.asset_version_store v"
      " WHERE v.tenant_id = $1 AND v.kind = 'tool' AND v.name = $2"
      "   AND v.version = CASE WHEN $3 > 0 THEN $3 ELSE"
      "     (SELECT max(w.version) FROM ops.asset_version_store w"
      "       WHERE w.tenant_id = $1 AND w.kind = 'tool' AND w.name = $2) END",
      {pg::spi::text(identity.tenant), pg::spi::text(name), pg::spi::int4(version)});
  if (rows.empty()) {
    return Error{Code::tool_bad_request,
                 "tenant " + identity.tenant + " has no tool \"" + std::string(name.substr(0, 80)) + "\"" +
                     (version > 0 ? " with version " + std::to_string(version) : std::string()),
                 {},
                 "ops.asset_versions lists what there is."};
  }
  ToolPtr tool = make_tool(rows.rows[0], load_policies(identity.tenant));
  if (tool->problem) return *tool->problem;
  return tool;
}

Status usable(const Tool& tool, const tenancy::Identity& identity) {
  if (tool.problem) return *tool.problem;
  if (!tool.policy) {
    return Error{Code::policy_deny,
                 "tool " + tool.name + " has no policy in force",
                 {},
                 "Publish the policy \"" + std::string(tool.spec["policy"].string_or(default_policy(tool))) +
                     "\": without one a tool does not run."};
  }
  if (tool.direct && identity.access < tenancy::Access::operator_) {
    return Error{Code::permission_denied, "tool " + tool.name + " is for operators", {}, {}};
  }
  if (tool.direct && tool.deprecated) {
    return Error{Code::policy_deny,
                 "queries are switched off: the published version of " + tool.name + " is deprecated",
                 {},
                 "An administrator of tenant system may publish another version of it."};
  }
  if (tool.roles.empty() || identity.is_superuser) return Unit{};
  for (const std::string& role : tool.roles) {
    if (pg::is_member(identity.role, role)) return Unit{};
  }
  return Error{Code::permission_denied, "tool " + tool.name + " is for other roles", {}, {}};
}

Result<std::uint32_t> run_as_role(const Tool& tool) {
  const pg::RunAs role = pg::judge_run_as(tool.run_as, tool.tenant == tenancy::kSystemTenant);
  if (role.oid != 0 && role.refusal.empty()) return role.oid;
  return Error{Code::policy_deny,
               "tool " + tool.name + " cannot run as " + tool.run_as + ": " + role.refusal,
               {},
               "An admin registers the role with ops.allow_run_as()."};
}

}  // namespace pgops::registry
