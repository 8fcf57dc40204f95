// worker/net: see egress.hpp.
#include "worker/net/egress.hpp"

namespace pgops::worker {
namespace {

constexpr std::string_view kExceptionRule = "exception";

}  // namespace

EgressGuard::EgressGuard(EgressExceptions exceptions, OwnAddresses own)
    : exceptions_(std::move(exceptions)), own_(std::move(own)) {}

Verdict EgressGuard::judge(const std::string& host, std::uint16_t port, const Address& address) {
  const AddressVerdict verdict = judge_address(host, address, port, exceptions_, own_.now());
  return Verdict{verdict.allowed, address.to_string(), std::string(verdict.rule)};
}

HostVerdict EgressGuard::judge_host(const std::string& host, std::uint16_t port, std::span<const Address> addresses) {
  HostVerdict result;
  if (addresses.empty()) {
    result.verdict.rule = kUnresolvable;
    return result;
  }
  std::vector<Verdict> verdicts;
  const Verdict* first_denied = nullptr;
  verdicts.reserve(addresses.size());
  for (const Address& address : addresses) verdicts.push_back(judge(host, port, address));
  for (const Verdict& verdict : verdicts)
    if (!verdict.allowed && first_denied == nullptr) first_denied = &verdict;

  const Verdict* first_usable = nullptr;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    if (!verdicts[i].allowed) continue;
    if (first_denied != nullptr && verdicts[i].rule != kExceptionRule) continue;
    if (first_usable == nullptr) first_usable = &verdicts[i];
    result.usable.push_back(addresses[i]);
  }
  result.verdict = first_usable != nullptr ? *first_usable : *first_denied;
  return result;
}

}  // namespace pgops::worker
