// worker/cli: the egress guard's verdict on a URL, by the code that guards the calls: the same parsing
// (parse_target), the same look-up (resolve_now), the same judgement of all addresses (judge_host).
#include <cstdio>
#include <map>
#include <sstream>
#include <variant>

#include "core/json.hpp"
#include "worker/cli/commands.hpp"
#include "worker/config/config.hpp"
#include "worker/loop/resolver.hpp"
#include "worker/net/egress.hpp"
#include "worker/net/target.hpp"

namespace pgops::worker {
namespace {

void print(const Verdict& verdict) {
  const Json line = Json::object({{"allowed", Json(verdict.allowed)},
                                  {"address", verdict.address.empty() ? Json() : Json(verdict.address)},
                                  {"rule", Json(verdict.rule)}});
  std::printf("%s\n", line.dump().c_str());
}

int misused(const std::string& what) {
  std::fprintf(stderr, "pg_ops_worker check-egress: %s\n", what.c_str());
  return 2;
}

// "host=addr,addr" into the table of fixed names; false when it is not of that form.
bool add_override(const std::string& text, ResolverConfig& resolver) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) return false;
  std::string host = text.substr(0, equals);
  for (char& c : host)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  std::vector<std::string> addresses;
  std::istringstream list(text.substr(equals + 1));
  for (std::string address; std::getline(list, address, ',');) {
    if (address.size() > 2 && address.front() == '[' && address.back() == ']')
      address = address.substr(1, address.size() - 2);
    if (!Address::parse(address)) return false;
    addresses.push_back(address);
  }
  resolver.hosts[host] = std::move(addresses);
  return true;
}

std::vector<Address> addresses_of(const Target& target, const ResolverConfig& resolver) {
  if (target.literal) return {*target.literal};
  const auto fixed = resolver.hosts.find(target.host);
  if (fixed == resolver.hosts.end()) return resolve_now(target.host, resolver.family).addresses;
  std::vector<Address> result;
  for (const std::string& text : fixed->second)
    if (const auto address = Address::parse(text)) result.push_back(*address);
  return result;
}

}  // namespace

int check_egress(const std::string& url, const std::vector<std::string>& overrides, const std::string& config_path) {
  Config config;
  if (!config_path.empty()) {
    auto loaded = load_config(config_path);
    if (!loaded) return misused(loaded.error().message);
    config = std::move(loaded).value();
  }
  for (const std::string& text : overrides)
    if (!add_override(text, config.resolver))
      return misused("--resolve takes host=address,address and not \"" + text + "\"");
  auto exceptions = EgressExceptions::parse(config.egress.allow);
  if (!exceptions) return misused(exceptions.error().message);

  const auto parsed = parse_target(url);
  if (const auto* problem = std::get_if<TargetProblem>(&parsed)) {
    print(Verdict{false, "", problem->rule});
    return 0;
  }
  const auto& target = std::get<Target>(parsed);
  EgressGuard guard(std::move(exceptions).value());
  print(guard.judge_host(target.host, target.port, addresses_of(target, config.resolver)).verdict);
  return 0;
}

}  // namespace pgops::worker
