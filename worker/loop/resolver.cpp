// worker/loop: see resolver.hpp.
#include "worker/loop/resolver.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "worker/loop/sockaddr.hpp"

namespace pgops::worker {
namespace {

constexpr std::size_t kMaxEntries = 4'096;
constexpr std::size_t kMaxAddresses = 16;

}  // namespace

Resolution resolve_now(const std::string& host, AddressFamily family) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  hints.ai_family = family == AddressFamily::ipv4 ? AF_INET : family == AddressFamily::ipv6 ? AF_INET6 : AF_UNSPEC;
  addrinfo* list = nullptr;
  Resolution result;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (code != 0) {
    result.error = ::gai_strerror(code);
    return result;
  }
  for (const addrinfo* item = list; item != nullptr && result.addresses.size() < kMaxAddresses; item = item->ai_next) {
    const auto address = address_from_sockaddr(item->ai_addr, item->ai_addrlen);
    if (address && std::find(result.addresses.begin(), result.addresses.end(), *address) == result.addresses.end())
      result.addresses.push_back(*address);
  }
  ::freeaddrinfo(list);
  if (result.addresses.empty()) result.error = "no address";
  return result;
}

Resolver::Resolver(boost::asio::io_context& io, const ResolverConfig& config)
    : io_(io), config_(config), threads_(static_cast<std::size_t>(config.threads)) {}

Resolver::~Resolver() {
  alive_.reset();
  threads_.stop();
  // Joining waits for a look-up under way, which may last many seconds: who cannot wait asks idle() first.
}

void Resolver::reconfigure(const ResolverConfig& config) {
  config_ = config;
  ++generation_;
  std::erase_if(entries_, [](const auto& item) { return !item.second.pending; });
  for (auto& [host, entry] : entries_) entry.expires = {};
}

const Resolution* Resolver::cached(const std::string& host) {
  const auto found = entries_.find(host);
  if (found != entries_.end() && !found->second.pending && Clock::now() < found->second.expires)
    return &found->second.resolution;
  const auto fixed = config_.hosts.find(host);
  if (fixed == config_.hosts.end()) return nullptr;
  Entry& entry = entries_[host];
  if (entry.pending) return nullptr;
  entry.resolution = {};
  for (const std::string& text : fixed->second)
    if (const auto address = Address::parse(text)) entry.resolution.addresses.push_back(*address);
  entry.expires = Clock::time_point::max();
  return &entry.resolution;
}

Resolver::Ticket Resolver::resolve(const std::string& host, Done done) {
  auto ticket = std::make_shared<Done>(std::move(done));
  if (entries_.size() >= kMaxEntries) trim();
  Entry& entry = entries_[host];
  entry.waiting.push_back(ticket);
  if (entry.pending) return ticket;
  entry.pending = true;
  ++pending_;
  boost::asio::post(threads_, [this, host, family = config_.family, generation = generation_, &io = io_,
                               alive = std::weak_ptr<int>(alive_)] {
    Resolution resolution = resolve_now(host, family);
    boost::asio::post(io, [this, host, generation, alive, resolution = std::move(resolution)]() mutable {
      if (!alive.expired()) arrived(host, generation, std::move(resolution));
    });
  });
  return ticket;
}

void Resolver::arrived(const std::string& host, std::uint64_t generation, Resolution resolution) {
  --pending_;
  const auto found = entries_.find(host);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  entry.pending = false;
  entry.resolution = std::move(resolution);
  const std::int64_t keep_ms =
      entry.resolution.addresses.empty() ? std::min<std::int64_t>(config_.cache_ms / 10, 1'000) : config_.cache_ms;
  // An answer to a question asked before a reload serves those who waited, and nobody else.
  entry.expires = generation == generation_ ? Clock::now() + std::chrono::milliseconds(keep_ms) : Clock::time_point{};
  const auto waiting = std::move(entry.waiting);
  entry.waiting.clear();
  const Resolution answer = entry.resolution;  // a listener may change the table
  for (const auto& weak : waiting)
    if (const Ticket ticket = weak.lock()) (*ticket)(answer);
}

void Resolver::trim() {
  const auto now = Clock::now();
  std::erase_if(entries_, [&](const auto& item) { return !item.second.pending && item.second.expires <= now; });
  if (entries_.size() >= kMaxEntries) std::erase_if(entries_, [](const auto& item) { return !item.second.pending; });
}

}  // namespace pgops::worker
