// worker/net: the URL of a call, parsed by libcurl's own parser.
//
// The same parsed object is handed to the transfer, so what was judged and what is connected to cannot
// be two readings of one text. Numeric spellings of IPv4 (0x7f.1, 2130706433) arrive here as dotted
// quads; names are in ASCII form (IDNA), lower case, without a trailing dot.
#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "core/address.hpp"

namespace pgops::worker {

struct CurlUrlDelete {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};
using CurlUrl = std::unique_ptr<CURLU, CurlUrlDelete>;

struct Target {
  CurlUrl url;
  bool tls = false;
  std::string host;  // a name, or an address without brackets
  std::uint16_t port = 0;
  std::optional<Address> literal;  // the host, when it is an address
};

// Why a URL is refused before any name is looked up: "url", "scheme", "userinfo", "host", "port".
struct TargetProblem {
  std::string rule;
  std::string message;
};

std::variant<Target, TargetProblem> parse_target(const std::string& url);

}  // namespace pgops::worker
