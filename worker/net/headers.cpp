// worker/net: see headers.hpp.
#include "worker/net/headers.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace pgops::worker {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaxHeaders = 64;
constexpr std::size_t kMaxHeaderBytes = 65'536;
constexpr std::string_view kSecretMark = "{{secret:";

constexpr std::array kMethods = {"GET"sv, "HEAD"sv, "POST"sv, "PUT"sv, "PATCH"sv, "DELETE"sv, "OPTIONS"sv};

constexpr std::array kOwnHeaders = {"host"sv,
                                    "content-length"sv,
                                    "transfer-encoding"sv,
                                    "connection"sv,
                                    "keep-alive"sv,
                                    "upgrade"sv,
                                    "te"sv,
                                    "trailer"sv,
                                    "expect"sv,
                                    "accept-encoding"sv,
                                    "via"sv,
                                    "proxy-authorization"sv,
                                    "proxy-connection"sv,
                                    "http2-settings"sv};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return result;
}

bool is_token(std::string_view text) {  // RFC 9110, 5.6.2
  if (text.empty()) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           "!#$%&'*+-.^_`|~"sv.find(c) != std::string_view::npos;
  });
}

Error bad(std::string message) { return Error{Code::tool_bad_request, std::move(message), "", ""}; }

bool has_secret(std::string_view text) { return text.find(kSecretMark) != std::string_view::npos; }

}  // namespace

bool method_is_idempotent(const std::string& method) { return method != "POST" && method != "PATCH"; }

std::optional<Error> check_request(const HttpRequest& request) {
  if (std::find(kMethods.begin(), kMethods.end(), request.method) == kMethods.end())
    return bad("method \"" + request.method.substr(0, 20) + "\" is not allowed");
  if (request.method == "HEAD" && request.body) return bad("a HEAD request takes no body");
  if (request.timeout_ms <= 0 || request.connect_timeout_ms <= 0) return bad("a timeout must be positive");
  if (request.max_bytes <= 0) return bad("max_bytes must be positive");
  if (request.headers.size() > kMaxHeaders) return bad("more than 64 request headers");

  bool secret = has_secret(request.url) || (request.body && has_secret(*request.body));
  std::size_t bytes = 0;
  for (const auto& [name, value] : request.headers) {
    bytes += name.size() + value.size();
    if (!is_token(name)) return bad("a request header has a name that is not a token");
    if (std::any_of(value.begin(), value.end(),
                    [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }))
      return bad("request header " + name + " contains a control character");
    if (std::find(kOwnHeaders.begin(), kOwnHeaders.end(), lower(name)) != kOwnHeaders.end())
      return bad("request header " + name + " may not be set by a tool");
    secret = secret || has_secret(value);
  }
  if (bytes > kMaxHeaderBytes) return bad("request headers exceed 65536 bytes");
  if (secret)
    return Error{Code::auth_failed, "secret is not known", "The call names a secret and was not sent.",
                 "Store the secret, then call again."};
  return {};
}

}  // namespace pgops::worker
