// core: SHA-256 (FIPS 180-4), for digests of assets and statements: the same text has the same digest in
// every process and version. Integrity and identity only; nothing secret is derived from it.
#pragma once

#include <string>
#include <string_view>

namespace pgops {

// 64 lower-case hex digits.
std::string sha256_hex(std::string_view data);

}  // namespace pgops
