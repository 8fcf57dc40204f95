// worker/net: see engine.hpp.
#include "worker/net/engine.hpp"

namespace pgops::worker {
namespace {

constexpr std::size_t kCheckerThreads = 2;

// The entries were accepted when the configuration was read; should they not parse, none is in force.
std::shared_ptr<EgressGuard> make_guard(const Config& config) {
  auto exceptions = EgressExceptions::parse(config.egress.allow);
  return std::make_shared<EgressGuard>(exceptions ? std::move(exceptions).value() : EgressExceptions());
}

}  // namespace

Result<std::unique_ptr<HttpEngine>> HttpEngine::make(boost::asio::io_context& io, const Config& config) {
  auto bundle = CaBundle::make(config.egress.ca_file);
  if (!bundle) return bundle.error();
  return std::unique_ptr<HttpEngine>(new HttpEngine(io, config, std::move(bundle).value()));
}

HttpEngine::HttpEngine(boost::asio::io_context& io, const Config& config, CaBundle bundle)
    : io_(io),
      limits_(config.limits),
      budget_(config.limits.max_memory_bytes),
      bundle_(std::move(bundle)),
      guard_(make_guard(config)),
      loop_(std::make_shared<CurlLoop>(io)),
      resolver_(io, config.resolver),
      checkers_(kCheckerThreads) {}

HttpEngine::~HttpEngine() { checkers_.join(); }

void HttpEngine::finish_checks() {
  checkers_.join();
  io_.restart();
  io_.poll();
}

Status HttpEngine::reconfigure(const Config& config) {
  auto bundle = CaBundle::make(config.egress.ca_file);
  if (!bundle) return bundle.error();
  limits_ = config.limits;
  budget_.set_limit(config.limits.max_memory_bytes);
  guard_ = make_guard(config);
  loop_ = std::make_shared<CurlLoop>(io_);
  bundle_ = std::move(bundle).value();
  resolver_.reconfigure(config.resolver);
  return Unit{};
}

std::shared_ptr<HttpCall> HttpEngine::make_call(HttpRequest request, HttpCall::Done done) {
  return std::make_shared<HttpCall>(*this, std::move(request), std::move(done));
}

}  // namespace pgops::worker
