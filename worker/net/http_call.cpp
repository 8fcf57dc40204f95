// worker/net: the way of a call: check, look up, judge, transfer, report. Options and libcurl's
// callbacks are in http_transfer.cpp.
#include "worker/net/http_call.hpp"

#include <boost/asio/post.hpp>

#include "worker/net/engine.hpp"
#include "worker/net/headers.hpp"
#include "worker/net/json_check.hpp"
#include "worker/net/outcome.hpp"

namespace pgops::worker {
namespace {

// Bodies above this are checked on another thread: below, handing over costs more than checking.
constexpr std::size_t kCheckInlineBytes = 256 * 1024;
constexpr std::int64_t kMaxTimeoutMs = 24LL * 3'600 * 1'000;

double since_ms(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

Error blocked(const Verdict& verdict) {
  return Error{Code::egress_blocked, "the egress guard refuses the address",
               "Rule " + verdict.rule + (verdict.address.empty() ? "." : ", address " + verdict.address + "."),
               "An address inside is reached only by an exception under [egress] allow in the worker's configuration."};
}

std::optional<Error> judge_text(std::string_view body, const std::string& content_type) {
  if (const auto charset = charset_of(content_type); charset && !charset_is_utf8(*charset))
    return Error{Code::tool_error, "upstream's charset is not UTF-8", "It says " + charset->substr(0, 40) + ".", ""};
  if (const auto problem = check_json(body))
    return Error{Code::tool_error, "upstream's body is not usable JSON: " + problem->what,
                 "At byte " + std::to_string(problem->position) + ".", ""};
  return {};
}

}  // namespace

HttpCall::HttpCall(HttpEngine& engine, HttpRequest request, Done done)
    : engine_(engine),
      request_(std::move(request)),
      done_(std::move(done)),
      guard_(engine.guard_),
      loop_(engine.loop_) {
  ++engine_.running_;
  outcome_.lease = Budget::Lease(engine_.budget_);
}

HttpCall::~HttpCall() {
  drop_transfer();
  if (!finished_) --engine_.running_;
}

void HttpCall::start() {
  if (engine_.running_ > engine_.limits_.max_calls)
    return fail({Code::overloaded, "the worker runs as many calls as it may", "",
                 "Raise limits.max_calls of the worker, or give the tools a max_concurrent."});
  if (auto error = check_request(request_)) return fail(std::move(*error));
  max_bytes_ = std::min(request_.max_bytes, engine_.limits_.max_body_bytes);
  deadline_ = started_ + std::chrono::milliseconds(std::min(request_.timeout_ms, kMaxTimeoutMs));

  auto parsed = parse_target(request_.url);
  if (const auto* problem = std::get_if<TargetProblem>(&parsed)) {
    if (problem->rule == "url") return fail({Code::tool_bad_request, problem->message, "", ""});
    return fail({Code::egress_blocked, problem->message, "Rule " + problem->rule + ".", ""});
  }
  target_ = std::get<Target>(std::move(parsed));
  look_up();
}

void HttpCall::look_up() {
  if (target_.literal) {
    Resolution itself;
    itself.addresses.push_back(*target_.literal);
    return resolved(itself);
  }
  if (const Resolution* known = engine_.resolver_.cached(target_.host)) return resolved(*known);
  ticket_ = engine_.resolver_.resolve(target_.host, [this](const Resolution& resolution) {
    const auto self = shared_from_this();  // the outcome may let go of the last owner
    ticket_.reset();
    timer_.reset();
    resolved(resolution);
  });
  timer_ = std::make_unique<boost::asio::steady_timer>(engine_.io_, deadline_);
  timer_->async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->finished_ || !self->ticket_) return;
    self->ticket_.reset();
    self->fail({Code::tool_timeout, "upstream's name was not resolved in time", "", ""});
  });
}

void HttpCall::resolved(const Resolution& resolution) {
  outcome_.timing.dns_ms = since_ms(started_);
  HostVerdict judged = guard_->judge_host(target_.host, target_.port, resolution.addresses);
  if (judged.usable.empty()) {
    outcome_.address = judged.verdict.address;
    if (judged.verdict.rule == kUnresolvable)
      return fail({Code::upstream_unavailable, "upstream's name does not resolve", resolution.error, ""});
    return fail(blocked(judged.verdict));
  }
  usable_ = std::move(judged.usable);
  transfer();
}

void HttpCall::transfer() {
  if (remaining_ms() <= 0) return fail({Code::tool_timeout, "no time was left to call the upstream", "", ""});
  easy_ = loop_->acquire();
  set_options();
  if (!loop_->start(easy_, this)) {
    loop_->release(std::exchange(easy_, nullptr));
    fail({Code::internal_error, "libcurl did not take the transfer", "", ""});
  }
}

void HttpCall::transfer_done(CURLcode result) {
  const auto self = shared_from_this();
  collect();
  loop_->detach(easy_);
  loop_->release(std::exchange(easy_, nullptr));
  drop_transfer();

  const bool answered = outcome_.status >= 200;
  if (!denied_.rule.empty() && !answered && result == CURLE_COULDNT_CONNECT) {
    outcome_.address = denied_.address;
    return fail(blocked(denied_));
  }
  if (stop_ == Stop::headers)
    return fail({Code::result_too_large, "upstream's headers exceed the byte limit", "",
                 "The limit is limits.max_header_bytes of the worker."});
  // A status that says no counts, whatever became of the rest of the answer.
  if (answered && !status_is_ok(outcome_.status, request_.ok))
    return fail(error_of_status(outcome_.status, outcome_.body));
  if (stop_ == Stop::body)
    return fail({Code::result_too_large, "upstream's body exceeds the byte limit",
                 "The limit is " + std::to_string(max_bytes_) + " bytes after decompression.", ""});
  if (stop_ == Stop::memory)
    return fail({Code::overloaded, "the worker's memory for bodies is used up", "",
                 "Raise limits.max_memory_bytes of the worker, or lower the tools' max_bytes."});
  if (result != CURLE_OK) return fail(error_of_transfer(result, message_));
  if (!answered) return fail({Code::tool_error, "upstream's answer has no final status", "", ""});
  judge_body();
}

void HttpCall::judge_body() {
  std::string& body = outcome_.body;
  outcome_.bytes = static_cast<std::int64_t>(body.size());
  if (body.starts_with("\xEF\xBB\xBF")) body.erase(0, 3);  // RFC 8259, 8.1: may be ignored
  if (body.empty()) return report();
  if (body.size() <= kCheckInlineBytes) {
    if (auto error = judge_text(body, outcome_.content_type)) return fail(std::move(*error));
    return report();
  }
  // The body is not touched here until the verdict is back; a cancelled call is held by the closure.
  boost::asio::post(engine_.checkers_, [self = shared_from_this(), &io = engine_.io_]() mutable {
    auto error = judge_text(self->outcome_.body, self->outcome_.content_type);
    boost::asio::post(io, [self = std::move(self), error = std::move(error)]() mutable {
      if (self->finished_) return;
      if (error) return self->fail(std::move(*error));
      self->report();
    });
  });
}

void HttpCall::report() {
  if (finished_) return;
  make_printable(outcome_.content_type);
  if (outcome_.error) {
    make_printable(outcome_.error->message);
    make_printable(outcome_.error->detail);
  }
  finished_ = true;
  --engine_.running_;
  outcome_.timing.total_ms = since_ms(started_);
  const Done done = std::exchange(done_, nullptr);
  if (done) done(std::move(outcome_));
}

void HttpCall::fail(Error error) {
  if (finished_) return;
  outcome_.body.clear();
  outcome_.lease = Budget::Lease();
  outcome_.error = std::move(error);
  report();
}

void HttpCall::cancel() {
  if (finished_) return;
  finished_ = true;
  --engine_.running_;
  done_ = nullptr;
  ticket_.reset();
  timer_.reset();
  drop_transfer();
}

void HttpCall::abort(Error error) {
  if (finished_) return;
  ticket_.reset();
  timer_.reset();
  if (easy_ != nullptr) collect();
  drop_transfer();
  // A body under check on another thread must stay where it is; only the report is replaced.
  Done done = std::exchange(done_, nullptr);
  finished_ = true;
  --engine_.running_;
  HttpOutcome outcome;
  outcome.error = std::move(error);
  outcome.status = outcome_.status;
  outcome.address = outcome_.address;
  outcome.timing = outcome_.timing;
  outcome.timing.total_ms = since_ms(started_);
  if (done) done(std::move(outcome));
}

void HttpCall::drop_transfer() {
  if (easy_ != nullptr) {
    loop_->abandon(easy_);
    loop_->release(std::exchange(easy_, nullptr));
  }
  curl_slist_free_all(std::exchange(header_list_, nullptr));
  curl_slist_free_all(std::exchange(resolve_list_, nullptr));
}

std::int64_t HttpCall::remaining_ms() const {
  return std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
}

}  // namespace pgops::worker
