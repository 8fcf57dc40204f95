// entry: SQL-callable functions of the registry. Thin: arguments in, a call, a result out.
#include "extension/pg/function.hpp"

#include "extension/pg/registry_events.hpp"
#include "extension/pg/spi.hpp"
#include "extension/registry/diff.hpp"
#include "extension/registry/validate.hpp"

namespace {

namespace registry = pgops::registry;

registry::Level level_of(const std::string& name) {
  if (name == "shape") return registry::Level::shape;
  if (name == "draft") return registry::Level::draft;
  if (name == "full") return registry::Level::full;
  pgops::pg::raise(pgops::Code::internal_error, "unknown level " + name);
}

pgops::Json parse_jsonb(const std::string& text) {
  auto parsed = pgops::Json::parse(text);
  if (!parsed) throw pgops::pg::Error::from(parsed.error());
  return *std::move(parsed);
}

}  // namespace

PGOPS_FUNCTION(pgops_registry_changed) {
  pgops::pg::registry_changed();
  return args.ret_void();
}

PGOPS_FUNCTION(pgops_asset_report) {
  const registry::AssetRef asset{args.required_text(0, "tenant"), args.required_text(1, "kind"),
                                 args.required_text(2, "name")};
  const std::string spec = args.required_jsonb(3, "spec");
  const registry::Level level = level_of(args.required_text(4, "level"));
  if (level == registry::Level::shape) return args.ret_jsonb(registry::judge(asset, spec, level).to_json().dump());
  const pgops::pg::spi::OwnerScope owner;
  return args.ret_jsonb(registry::judge(asset, spec, level).to_json().dump());
}

PGOPS_FUNCTION(pgops_not_enforced) {
  std::vector<pgops::Problem> problems;
  const auto policy = registry::read_policy(parse_jsonb(args.required_jsonb(0, "spec")), problems);
  std::string fields;
  for (const std::string& field : policy.not_enforced) fields += (fields.empty() ? "" : ", ") + field;
  return fields.empty() ? args.null() : args.ret_text(fields);
}

PGOPS_FUNCTION(pgops_json_diff) {
  const pgops::Json a = parse_jsonb(args.required_jsonb(0, "a"));
  const pgops::Json b = parse_jsonb(args.required_jsonb(1, "b"));
  args.begin_rows();
  for (const registry::Difference& difference : registry::diff(a, b)) {
    const auto as_text = [](const std::optional<pgops::Json>& value) {
      return value ? std::optional<std::string>(value->dump()) : std::nullopt;
    };
    const std::optional<std::string> row[] = {difference.path, as_text(difference.before), as_text(difference.after)};
    args.row(row);
  }
  return args.end_rows();
}

// In C because the result has columns named like the parameters, which plpgsql refuses.
PGOPS_FUNCTION(pgops_asset_impact) {
  const std::string kind = args.required_text(0, "kind");
  const std::string name = args.required_text(1, "name");
  args.begin_rows();
  const pgops::pg::spi::OwnerScope owner;
  const auto found =
      pgops::pg::spi::query("SELECT i.dep_kind, i.dep_name, i.depth, i.via FROM ops._asset_impact($1, $2) i",
                            {pgops::pg::spi::text(kind), pgops::pg::spi::text(name)});
  for (const auto& row : found.rows) args.row(row);
  return args.end_rows();
}
