// worker/net: see target.hpp.
#include "worker/net/target.hpp"

#include <charconv>

namespace pgops::worker {
namespace {

constexpr std::size_t kMaxUrlBytes = 16'384;

std::optional<std::string> part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK || text == nullptr) return {};
  std::string result(text);
  curl_free(text);
  return result;
}

bool name_is_plain(const std::string& host) {
  if (host.empty() || host.size() > 253) return false;
  for (const char c : host) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    if (!plain) return false;
  }
  return host.front() != '.' && host.find("..") == std::string::npos;
}

}  // namespace

std::variant<Target, TargetProblem> parse_target(const std::string& text) {
  if (text.size() > kMaxUrlBytes) return TargetProblem{"url", "the URL is longer than 16384 bytes"};
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f)
      return TargetProblem{"url", "the URL contains a space or a control character"};
  }
  Target target;
  target.url.reset(curl_url());
  if (!target.url) return TargetProblem{"url", "out of memory"};
  CURLU* url = target.url.get();
  const CURLUcode code = curl_url_set(url, CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME | CURLU_DISALLOW_USER);
  if (code == CURLUE_USER_NOT_ALLOWED) return TargetProblem{"userinfo", "the URL carries a user name or password"};
  if (code != CURLUE_OK) return TargetProblem{"url", std::string("the URL is malformed: ") + curl_url_strerror(code)};

  const std::string scheme = part(url, CURLUPART_SCHEME).value_or("");
  if (scheme != "http" && scheme != "https")
    return TargetProblem{"scheme", "only http and https are allowed, not \"" + scheme.substr(0, 40) + "\""};
  target.tls = scheme == "https";

  const std::string port = part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT).value_or("");
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), target.port);
  if (error != std::errc{} || end != port.data() + port.size() || target.port == 0)
    return TargetProblem{"port", "the port must be between 1 and 65535"};

  if (part(url, CURLUPART_ZONEID)) return TargetProblem{"host", "an address with a zone is not allowed"};
  std::string host = part(url, CURLUPART_HOST, CURLU_PUNYCODE).value_or("");
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    target.host = host.substr(1, host.size() - 2);
    target.literal = Address::parse(target.host);
    if (!target.literal) return TargetProblem{"host", "the host is not an address"};
    return target;
  }
  for (char& c : host)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  if (host.size() > 1 && host.back() == '.') host.pop_back();
  if (!name_is_plain(host)) return TargetProblem{"host", "the host is not a name or an address"};
  // Set back, so that the transfer sees the very name that is judged (and a numeric one as an address).
  if (curl_url_set(url, CURLUPART_HOST, host.c_str(), 0) != CURLUE_OK)
    return TargetProblem{"host", "the host is not a name or an address"};
  target.host = part(url, CURLUPART_HOST).value_or("");
  target.literal = Address::parse(target.host);
  // Only digits and dots, and yet no address: some resolvers would make one of it.
  if (!target.literal && target.host.find_first_not_of("0123456789.") == std::string::npos)
    return TargetProblem{"host", "the host is not a name or an address"};
  return target;
}

}  // namespace pgops::worker
