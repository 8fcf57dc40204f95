// extension/registry: published tools as the ask path sees them.
//
// A Snapshot is everything one tenant may use, read once and kept per backend until the registry or a
// policy changes (relcache invalidation of our asset tables, so also for changes made by other backends
// and by the running transaction itself). A request holds its snapshot until its end: a run keeps the
// versions it began with. Rights are not part of it: they are checked per identity when a tool is used.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/present/present.hpp"
#include "core/retrieval/index.hpp"
#include "core/schema.hpp"
#include "extension/tenancy/identity.hpp"

namespace pgops::playbook {
struct Playbook;
}

namespace pgops::registry {

struct LoadedModel;
struct Resolver;

enum class ToolType : std::uint8_t { sql, http, mcp };

// A policy's fields as enforced; nullopt = no limit. Times in milliseconds.
struct Policy {
  std::string name;
  std::int64_t timeout_ms = 30000;
  std::int64_t connect_timeout_ms = 5000;
  std::int64_t max_rows = 10000;  // never above the hard cap of 10,000
  std::int64_t max_bytes = 10485760;
  std::optional<double> max_cost;
  std::string record = "arguments";       // digest | arguments | full
  std::vector<std::string> sensitive;     // paths masked before storage
  std::vector<std::string> not_enforced;  // fields that are set but have no effect in this version
};

struct Tool {
  std::string tenant;  // whose asset it is; `system` for shared ones
  std::string name;
  std::int32_t version = 0;
  std::string digest;  // sha256:hex over the canonical spec
  ToolType type = ToolType::sql;
  std::string title;  // description's first sentence or name
  std::string description;
  std::vector<std::string> capabilities;
  std::vector<std::string> examples;
  std::vector<std::string> roles;  // empty: every role; else one of them is needed
  bool shared = false;
  bool read_only = true;
  bool idempotent = true;
  bool deprecated = false;
  bool direct = false;  // {"sql": {"direct": true}}: the statement is an argument; for operators only
  std::string run_as = "ops_tool";
  std::string fallback_tool;
  std::vector<std::string> accepts_refs;
  Json spec;                     // as published
  Json parameter_types;          // sql: what an executor is told of the arguments
  std::string statement_digest;  // sql: sha256, hex, of the statement
  std::optional<Schema> input_schema;
  std::optional<present::Present> present;
  std::optional<Policy> policy;              // absent: fail closed (POLICY_DENY)
  std::shared_ptr<const LoadedModel> model;  // a model: called as model:NAME with a frame
  std::optional<Error> problem;              // unreadable: ASSET_LOAD_FAILED when used
};

class Snapshot {
 public:
  virtual ~Snapshot() = default;
  virtual const Tool* find(std::string_view name) const = 0;
  virtual const std::vector<std::shared_ptr<const Tool>>& tools() const = 0;  // by name
  virtual const Resolver* resolver(std::string_view name) const = 0;
  virtual const playbook::Playbook* find_playbook(std::string_view name) const = 0;
  // Index for the capability planner over all of them; who may use which is asked when planning.
  virtual std::shared_ptr<const retrieval::Index> index() const = 0;
};

// Costs a lookup while nothing has changed.
std::shared_ptr<const Snapshot> snapshot(const tenancy::Identity& identity);

// One version of one tool, drafts included (test_tool, asset_overrides); version 0 = the latest draft or
// published. Call inside pg::spi::OwnerScope and tenancy::TenantScope. ASSET_LOAD_FAILED / PERMISSION_DENIED /
// TOOL_BAD_REQUEST as values.
Result<std::shared_ptr<const Tool>> load_version(const tenancy::Identity& identity, std::string_view name,
                                                 std::int32_t version);

// POLICY_DENY, PERMISSION_DENIED, ASSET_LOAD_FAILED or nothing: may this identity run this tool now?
Status usable(const Tool& tool, const tenancy::Identity& identity);
// The OID of the tool's run_as role, checked against ops.allowed_run_as now.
Result<std::uint32_t> run_as_role(const Tool& tool);

}  // namespace pgops::registry
