// worker: the configuration, as plain values with their defaults.
//
// Read from one TOML file; whoever needs a setting takes it from here, there are no other sources (no
// environment variables). A reload (SIGHUP) replaces egress, resolver, limits and log; the rest needs a
// restart. All sizes are bytes, all times milliseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace pgops::worker {

enum class AddressFamily : std::uint8_t { any, ipv4, ipv6 };
enum class LogFormat : std::uint8_t { json, text };
enum class LogLevel : std::uint8_t { debug, info, warning, error };

struct HttpListen {
  std::string address;  // a loopback address
  std::uint16_t port = 0;
};

struct EgressConfig {
  std::vector<std::string> allow;  // "127.0.0.1:8088", "[::1]:80", "name:port", "10.1.0.0/16"
  std::string ca_file;             // trusted besides the system's authorities
};

struct ResolverConfig {
  AddressFamily family = AddressFamily::any;
  std::int64_t cache_ms = 30'000;
  std::int64_t threads = 16;
  // Names answered from here and never looked up, like a hosts file of the worker's own.
  std::map<std::string, std::vector<std::string>, std::less<>> hosts;
};

struct LimitsConfig {
  std::int64_t max_connections = 2'000;
  std::int64_t max_calls = 1'024;
  std::int64_t max_body_bytes = std::int64_t{64} << 20;
  std::int64_t max_header_bytes = std::int64_t{64} << 10;
  std::int64_t max_memory_bytes = std::int64_t{1} << 30;  // bodies received and not yet handed over
  std::int64_t handshake_ms = 10'000;
  std::int64_t write_stall_ms = 60'000;
  std::int64_t stop_grace_ms = 10'000;
};

struct LogConfig {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::json;
  std::string file;  // empty: standard error
};

struct Config {
  std::string socket;                     // path of the Unix socket
  std::string socket_group;               // empty: mode 0600; else 0660 and this group
  std::vector<std::string> socket_users;  // besides root, the worker's user and the directory's owner
  std::string database;                   // conninfo; accepted, not used yet
  std::optional<HttpListen> http_listen;
  EgressConfig egress;
  ResolverConfig resolver;
  LimitsConfig limits;
  LogConfig log;
  std::string vault_key_file;  // accepted, not used yet
};

// Reads and checks a file. Errors: INTERNAL_ERROR whose message is "FILE:LINE: key: what is wrong";
// an unknown key names the nearest known one in the hint.
Result<Config> load_config(const std::string& path);
// The same for a text already in memory; `name` stands for the file in messages.
Result<Config> parse_config(std::string_view text, const std::string& name);

}  // namespace pgops::worker
