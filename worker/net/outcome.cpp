// worker/net: see outcome.hpp.
#include "worker/net/outcome.hpp"

#include <algorithm>

#include "core/json.hpp"
#include "core/redact.hpp"

namespace pgops::worker {
namespace {

constexpr std::size_t kMaxQuotedBytes = 200;

// What the upstream said, on one line. Masked before it is cut, or half a credential would pass.
std::string quoted(std::string_view said) {
  std::string text = mask_text(said);
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = ' ';
  if (text.size() > kMaxQuotedBytes) text.resize(kMaxQuotedBytes);
  return text;
}

}  // namespace
bool status_is_ok(int status, const std::vector<int>& ok) {
  if (ok.empty()) return status >= 200 && status < 300;
  return std::find(ok.begin(), ok.end(), status) != ok.end();
}

Error error_of_status(int status, std::string_view said) {
  Error error;
  error.message = "upstream answered " + std::to_string(status);
  if (!said.empty()) error.detail = "It said: " + quoted(said);
  if (status == 401 || status == 403) {
    error.code = Code::auth_failed;
  } else if (status == 429) {
    error.code = Code::tool_rate_limited;
  } else if (status >= 400 && status < 500) {
    error.code = Code::tool_bad_request;
  } else if (status >= 500 && status < 600) {
    error.code = Code::upstream_unavailable;
  } else if (status >= 300 && status < 400) {
    error.code = Code::tool_error;
    error.message += ", a redirect, which is not followed";
    error.hint = "Let the tool's URL be the one the redirect leads to.";
  } else {
    error.code = Code::tool_error;
    error.message += ", which the tool does not take for success";
    error.hint = "Add the status to the tool's \"ok\" list if it is one.";
  }
  return error;
}

Error error_of_transfer(CURLcode result, std::string_view detail) {
  const std::string words = mask_text(detail.empty() ? curl_easy_strerror(result) : detail);
  const auto make = [&](Code code, std::string message) { return Error{code, std::move(message), words, ""}; };
  switch (result) {
    case CURLE_OPERATION_TIMEDOUT: return make(Code::tool_timeout, "upstream did not answer in time");
    case CURLE_FILESIZE_EXCEEDED: return make(Code::result_too_large, "upstream announced a body over the byte limit");
    // libcurl's word for a header line longer than it will hold.
    case CURLE_OUT_OF_MEMORY: return make(Code::result_too_large, "upstream sent a header line over the limit");
    case CURLE_BAD_CONTENT_ENCODING: return make(Code::tool_error, "upstream's body is not in the encoding it names");
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY: return make(Code::tool_error, "upstream's answer is not HTTP");
    case CURLE_PARTIAL_FILE:
      return make(Code::upstream_unavailable, "upstream closed the connection before the end of the body");
    case CURLE_GOT_NOTHING: return make(Code::upstream_unavailable, "upstream closed the connection without an answer");
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: return make(Code::upstream_unavailable, "the connection to the upstream broke");
    case CURLE_COULDNT_CONNECT: return make(Code::upstream_unavailable, "upstream refused the connection");
    case CURLE_COULDNT_RESOLVE_HOST: return make(Code::upstream_unavailable, "upstream's name does not resolve");
    case CURLE_PEER_FAILED_VERIFICATION: {
      Error error = make(Code::upstream_unavailable, "upstream's certificate is not trusted");
      error.hint = "A private authority is made known with egress.ca_file in the worker's configuration.";
      return error;
    }
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_CERTPROBLEM: return make(Code::upstream_unavailable, "the TLS handshake with the upstream failed");
    case CURLE_SSL_CACERT_BADFILE: return make(Code::internal_error, "the certificate authorities cannot be read");
    case CURLE_URL_MALFORMAT: return make(Code::tool_bad_request, "the URL is malformed");
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return make(Code::upstream_unavailable, "upstream broke the HTTP/2 protocol");
    default: return make(Code::upstream_unavailable, "the transfer failed");
  }
}

void make_printable(std::string& text) {
  constexpr std::size_t kMaxBytes = 1'024;
  if (text.size() > kMaxBytes) text.resize(kMaxBytes);
  const bool control =
      std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (!control && valid_utf8(text)) return;
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
}

std::optional<std::string> charset_of(std::string_view content_type) {
  std::string lower(content_type);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  std::size_t at = lower.find(';');
  while (at != std::string::npos) {
    const std::size_t next = lower.find(';', at + 1);
    std::string part = lower.substr(at + 1, next == std::string::npos ? next : next - at - 1);
    std::erase_if(part, [](char c) { return c == ' ' || c == '\t' || c == '"' || c == '\''; });
    if (part.starts_with("charset=")) return part.substr(8);
    at = next;
  }
  return {};
}

bool charset_is_utf8(std::string_view charset) {
  return charset == "utf-8" || charset == "utf8" || charset == "us-ascii" || charset == "ascii";
}

}  // namespace pgops::worker
