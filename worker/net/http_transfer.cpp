// worker/net: the part of HttpCall that faces libcurl: options, callbacks, measurements.
//
// The callbacks run inside curl_multi_socket_action on the loop's thread; they only record and refuse,
// everything else happens in transfer_done(). None of them throws.
#include <sys/socket.h>

#include <cstring>

#include "worker/loop/sockaddr.hpp"
#include "worker/net/engine.hpp"
#include "worker/net/headers.hpp"
#include "worker/net/http_call.hpp"
#include "worker/net/outcome.hpp"
#include "core/version.hpp"

namespace pgops::worker {
namespace {

constexpr std::int64_t kErrorBodyKept = 2'048;   // quoted in the error
constexpr std::int64_t kErrorBodyRead = 65'536;  // read to its end, so that the connection can be kept
constexpr long kReceiveBufferBytes = 32'768;

// Content-Length counts before decompression, and compressing what cannot be compressed adds a little.
std::int64_t announced_limit(std::int64_t max_bytes) { return max_bytes + max_bytes / 1'000 + 1'024; }

bool names_header(const HttpRequest& request, std::string_view wanted) {
  for (const auto& [name, value] : request.headers) {
    if (name.size() == wanted.size() && strncasecmp(name.data(), wanted.data(), wanted.size()) == 0) return true;
  }
  return false;
}

// When a phase ended, in milliseconds after the call began; nullopt when it was not reached.
std::optional<double> reached_ms(CURL* easy, CURLINFO phase, double transfer_began_ms) {
  curl_off_t microseconds = 0;
  curl_easy_getinfo(easy, phase, &microseconds);
  if (microseconds <= 0) return {};
  return transfer_began_ms + static_cast<double>(microseconds) / 1'000.0;
}

}  // namespace

void HttpCall::set_options() {
  const auto add = [](curl_slist*& list, const std::string& line) {
    if (curl_slist* longer = curl_slist_append(list, line.c_str())) list = longer;
  };
  CURL* easy = easy_;
  // Where to. The parsed URL, the judged addresses, and no way around them.
  curl_easy_setopt(easy, CURLOPT_CURLU, target_.url.get());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &HttpCall::on_open);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  if (!target_.literal) {
    // "+": an entry like any other of libcurl's cache. Loaded anew for every call, so that what is
    // connected to is what was judged a moment ago.
    std::string entry = "+" + target_.host + ":" + std::to_string(target_.port) + ":";
    for (std::size_t i = 0; i < usable_.size(); ++i) {
      const std::string text = usable_[i].to_string();
      if (i > 0) entry += ',';
      entry += text.find(':') == std::string::npos ? text : "[" + text + "]";
    }
    add(resolve_list_, entry);
    curl_easy_setopt(easy, CURLOPT_RESOLVE, resolve_list_);
  }

  // How. HTTP/1.1: one call per connection, so one call's trouble stays its own.
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_CAINFO, engine_.bundle_.path().c_str());
  curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);  // with a directory libcurl would parse the bundle per connection
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kReceiveBufferBytes);
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(remaining_ms()));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(std::min(request_.connect_timeout_ms, remaining_ms())));
  curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(announced_limit(max_bytes_)));
  if (!method_is_idempotent(request_.method)) curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);

  // What.
  if (request_.method == "HEAD") curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  if (request_.body || request_.method == "POST") {
    static const std::string kNothing;
    const std::string& body = request_.body ? *request_.body : kNothing;
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.c_str());
  }
  if (request_.method != "GET" || request_.body) curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  for (const auto& [name, value] : request_.headers)
    add(header_list_, value.empty() ? name + ";" : name + ": " + value);
  add(header_list_, "Expect:");
  if (!names_header(request_, "accept")) add(header_list_, "Accept: application/json");
  if (!names_header(request_, "user-agent")) add(header_list_, "User-Agent: pg_ops/" + std::string(kVersion));
  if (request_.body && !names_header(request_, "content-type")) add(header_list_, "Content-Type: application/json");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, header_list_);

  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &HttpCall::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &HttpCall::on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, message_);
}

// The last word on every connection: the address the kernel is about to be asked for.
curl_socket_t HttpCall::on_open(void* self, curlsocktype purpose, curl_sockaddr* address) noexcept {
  auto* call = static_cast<HttpCall*>(self);
  try {
    const auto parsed = address_from_sockaddr(&address->addr, address->addrlen);
    if (purpose != CURLSOCKTYPE_IPCXN || !parsed || address->socktype != SOCK_STREAM) {
      call->denied_ = Verdict{false, "", "socket"};
      return CURL_SOCKET_BAD;
    }
    Verdict verdict = call->guard_->judge(call->target_.host, call->target_.port, *parsed);
    const bool expected = std::find(call->usable_.begin(), call->usable_.end(), *parsed) != call->usable_.end();
    if (!verdict.allowed || !expected) {
      if (verdict.allowed) verdict = Verdict{false, parsed->to_string(), "unjudged"};
      call->denied_ = std::move(verdict);
      return CURL_SOCKET_BAD;
    }
  } catch (...) {
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
}

std::size_t HttpCall::on_header(char*, std::size_t size, std::size_t count, void* self) noexcept {
  auto* call = static_cast<HttpCall*>(self);
  const std::size_t bytes = size * count;
  call->header_bytes_ += static_cast<std::int64_t>(bytes);
  if (call->header_bytes_ <= call->engine_.limits_.max_header_bytes) return bytes;
  call->stop_ = Stop::headers;
  return bytes == 0 ? 1 : 0;
}

std::size_t HttpCall::on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept {
  auto* call = static_cast<HttpCall*>(self);
  const std::size_t bytes = size * count;
  if (bytes == 0) return 0;
  try {
    return call->take_body(data, bytes);
  } catch (...) {  // out of memory
    call->stop_ = Stop::memory;
    return 0;
  }
}

std::size_t HttpCall::take_body(const char* data, std::size_t bytes) {
  const auto more = static_cast<std::int64_t>(bytes);
  if (wire_bytes_ == 0) {
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    answer_is_ok_ = status_is_ok(static_cast<int>(status), request_.ok);
  }
  wire_bytes_ += more;
  if (!answer_is_ok_) {
    const std::int64_t room = kErrorBodyKept - static_cast<std::int64_t>(outcome_.body.size());
    if (room > 0) outcome_.body.append(data, static_cast<std::size_t>(std::min(room, more)));
    if (wire_bytes_ <= kErrorBodyRead) return bytes;
    stop_ = Stop::error_body;
    return 0;
  }
  if (wire_bytes_ > max_bytes_) {
    stop_ = Stop::body;
    return 0;
  }
  if (!outcome_.lease.take(more)) {
    stop_ = Stop::memory;
    return 0;
  }
  outcome_.body.append(data, bytes);
  return bytes;
}

void HttpCall::collect() {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  outcome_.status = static_cast<int>(status);
  const char* text = nullptr;
  if (curl_easy_getinfo(easy_, CURLINFO_PRIMARY_IP, &text) == CURLE_OK && text != nullptr) outcome_.address = text;
  text = nullptr;
  if (curl_easy_getinfo(easy_, CURLINFO_CONTENT_TYPE, &text) == CURLE_OK && text != nullptr)
    outcome_.content_type = text;
  if (status == 429 || status == 503) {
    curl_off_t seconds = 0;
    if (curl_easy_getinfo(easy_, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK && seconds > 0)
      outcome_.retry_after_ms = std::min<curl_off_t>(seconds, 86'400) * 1'000;
  }
  Timing& timing = outcome_.timing;
  const double began = timing.dns_ms.value_or(0);
  timing.connect_ms = reached_ms(easy_, CURLINFO_CONNECT_TIME_T, began);
  timing.tls_ms = reached_ms(easy_, CURLINFO_APPCONNECT_TIME_T, began);
  timing.first_byte_ms = reached_ms(easy_, CURLINFO_STARTTRANSFER_TIME_T, began);
}

}  // namespace pgops::worker
