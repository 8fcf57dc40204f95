// extension/ask: looking texts up in the data. See lookup.hpp.
#include "extension/ask/lookup.hpp"

#include <algorithm>
#include <utility>

#include "core/model/read.hpp"
#include "core/model/sql.hpp"
#include "core/nlu/text.hpp"
#include "extension/pg/executor/statement.hpp"
#include "extension/pg/memory.hpp"
#include "extension/pg/sync.hpp"
#include "extension/registry/models.hpp"
#include "extension/runtime/executor_client.hpp"

namespace pgops::ask {

namespace {

constexpr std::int64_t kMaxMs = 3000;  // of one look-up, and never beyond the request's deadline
constexpr std::int64_t kMaxBytes = 4 << 20;
constexpr double kMaxCost = 1'000'000;

// A resolver's own statement, narrowed; the guard judges the whole.
std::string narrowed(const std::string& query, bool aliases) {
  std::string out = "SELECT r.* FROM (" + query + "\n) AS r WHERE lower(r.label::text) = ANY (:p1::text[])";
  if (aliases) out += " OR EXISTS (SELECT FROM unnest(r.aliases) AS a (name) WHERE lower(a.name) = ANY (:p1::text[]))";
  return out + " LIMIT " + std::to_string(registry::kMaxValues);
}

}  // namespace

std::optional<DataLookup::Source> DataLookup::source(const nlu::LookupDomain& domain) const {
  if (domain.kind == nlu::LookupDomain::Kind::resolver) {
    const registry::Resolver* resolver = request_.snapshot->resolver(domain.asset);
    if (resolver == nullptr) return std::nullopt;
    return Source{resolver->query, narrowed(resolver->query, resolver->query.find("aliases") != std::string::npos)};
  }
  const registry::Tool* tool = request_.snapshot->find(std::string(model::kToolPrefix) + domain.asset);
  if (tool == nullptr || tool->model == nullptr || !registry::usable(*tool, request_.identity)) return std::nullopt;
  const model::Model& m = tool->model->model;
  const std::size_t d = m.dimension(domain.dimension);
  if (d == model::kNone) return std::nullopt;
  return Source{model::values_sql(m, d, false, registry::kMaxValues + 1),
                model::values_sql(m, d, true, registry::kMaxValues)};
}

DataLookup::Known DataLookup::read(const std::string& sql, const Json& args) const {
  Known out;
  pg::executor::Request request;
  request.kind = pg::executor::TaskKind::run;
  request.sql = sql;
  request.args = args.dump();
  request.tenant = request_.identity.tenant;
  request.run_as = pg::role_oid("ops_tool");
  const std::int64_t left = (request_.deadline_us - pg::monotonic_us()) / 1000;
  request.timeout_ms = std::max<std::int64_t>(1, std::min(left, kMaxMs));
  request.max_rows = registry::kMaxValues + 1;
  request.max_bytes = kMaxBytes;
  request.max_cost = kMaxCost;
  request.timezone = request_.options.timezone;
  request.now_us = request_.options.now_us.value_or(0);
  request.label = "pg_ops look-up";
  const auto response = runtime::run_in_executor(request);
  if (!response || !response->ok) {
    out.problem =
        response ? std::string(to_string(response->error.code)) : std::string(to_string(response.error().code));
    out.complete = false;
    return out;
  }
  const auto result = Json::parse(response->result);
  if (!result) {
    out.problem = "TOOL_ERROR";
    return out;
  }
  for (const Json& row : (*result)["rows"].items()) {
    model::StoredValue v;
    v.value = row.find("value") != nullptr ? row["value"] : row["id"];
    const Json& label = row.find("label") != nullptr ? row["label"] : v.value;
    v.label = label.text();
    if (v.value.is_null() || v.label.empty()) continue;
    for (const Json& alias : row["aliases"].items()) {
      if (alias.is_string() && !alias.text().empty()) v.aliases.push_back(alias.text());
    }
    out.values.push_back(std::move(v));
  }
  out.complete = response->row_count <= registry::kMaxValues && !response->truncated;
  return out;
}

const DataLookup::Known& DataLookup::known(const nlu::LookupDomain& domain, const std::vector<std::string>& texts) {
  const auto found = known_.find(domain);
  if (found != known_.end() && found->second.complete) return found->second;
  const auto from = source(domain);
  if (!from) {
    Known none;
    none.problem = "ASSET_LOAD_FAILED";
    return known_.insert_or_assign(domain, std::move(none)).first->second;
  }
  if (found == known_.end()) {
    Known all = read(from->all, Json::object());
    if (all.complete || !all.problem.empty()) return known_.insert_or_assign(domain, std::move(all)).first->second;
    known_.insert_or_assign(domain, std::move(all));
  }
  // Too many to compare with: the server finds those that are said exactly.
  Json list = Json::array();
  for (const std::string& text : texts) list.push_back(text);
  Known some = read(from->by_text, Json::object({{"p1", std::move(list)}}));
  some.complete = false;
  return known_.insert_or_assign(domain, std::move(some)).first->second;
}

std::vector<nlu::LookupAnswer> DataLookup::answer(const std::vector<nlu::LookupQuery>& queries) {
  std::map<nlu::LookupDomain, std::vector<std::string>> texts;
  for (const nlu::LookupQuery& q : queries) texts[q.domain].push_back(q.text);
  std::map<nlu::LookupDomain, const Known*> read;
  for (const auto& [domain, list] : texts) read[domain] = &known(domain, list);
  std::vector<nlu::LookupAnswer> out;
  for (const nlu::LookupQuery& q : queries) {
    const Known& values = *read[q.domain];
    nlu::LookupAnswer answer = model::match_value(q.text, values.values);
    answer.problem = values.problem;
    if (problem_.empty()) problem_ = values.problem;
    out.push_back(std::move(answer));
  }
  return out;
}

}  // namespace pgops::ask
