// The worker's configuration: what is accepted, and what every refusal names.
#include <gtest/gtest.h>

#include "worker/config/config.hpp"

namespace pgops::worker {
namespace {

std::string complaint(const std::string& text) {
  const auto config = parse_config(text, "w.toml");
  return config ? "accepted" : config.error().message;
}

std::string hint(const std::string& text) {
  const auto config = parse_config(text, "w.toml");
  return config ? "accepted" : config.error().hint;
}

TEST(Config, a_full_file_is_read) {
  const auto config = parse_config(R"(
socket = "/run/pg_ops/worker.sock"
socket_group = "postgres"
socket_users = ["postgres", "26"]
database = "host=/tmp dbname=x"
[http]
listen = "127.0.0.1:9187"
[egress]
allow = ["127.0.0.1:8088", "10.1.0.0/16", "[::1]:80", "intra.example:443"]
ca_file = "/etc/pg_ops/ca.pem"
[resolver]
family = "ipv4"
cache_ms = 0
threads = 2
hosts = { "Name.Test" = ["10.0.0.1", "::1"] }
[limits]
max_connections = 5
max_calls = 6
max_body_bytes = 7
max_header_bytes = 2048
max_memory_bytes = 1048576
handshake_ms = 10
write_stall_ms = 100
stop_grace_ms = 0
[log]
level = "debug"
format = "text"
file = "/var/log/w.log"
[vault]
key_file = "/etc/pg_ops/key"
)",
                                   "w.toml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->socket, "/run/pg_ops/worker.sock");
  EXPECT_EQ(config->socket_users.size(), 2U);
  EXPECT_EQ(config->http_listen->port, 9187);
  EXPECT_EQ(config->egress.allow.size(), 4U);
  EXPECT_EQ(config->resolver.family, AddressFamily::ipv4);
  EXPECT_EQ(config->resolver.hosts.at("name.test").size(), 2U);
  EXPECT_EQ(config->limits.max_body_bytes, 7);
  EXPECT_EQ(config->limits.stop_grace_ms, 0);
  EXPECT_EQ(config->log.level, LogLevel::debug);
  EXPECT_EQ(config->vault_key_file, "/etc/pg_ops/key");
}

TEST(Config, every_complaint_names_file_line_and_key) {
  EXPECT_EQ(complaint(""), "w.toml:1: socket: is missing: the path of the Unix socket");
  EXPECT_EQ(complaint("socket = 1"), "w.toml:1: socket: must be a string");
  EXPECT_EQ(complaint("socket = \"relative\""), "w.toml:1: socket: must be an absolute path");
  EXPECT_EQ(complaint("socket = \"/s\"\n\n[limits]\nmax_calls = 0"),
            "w.toml:4: limits.max_calls: must be between 1 and 100000");
  EXPECT_EQ(complaint("socket = \"/s\"\n[limits]\nmax_calls = \"9\""),
            "w.toml:3: limits.max_calls: must be an integer");
  EXPECT_EQ(complaint("socket = \"/s\"\nlog = 3"), "w.toml:2: log: must be a table, written [log]");
  EXPECT_EQ(complaint("socket = \"/s\"\n[log]\nlevel = \"loud\""),
            "w.toml:3: log.level: must be one of debug, info, warning, error");
  EXPECT_TRUE(
      complaint("socket = \"/s\"\n[egress]\nallow = [\"127.0.0.1:99999\"]").starts_with("w.toml:3: egress.allow: "));
  EXPECT_EQ(complaint("socket = \"/s\"\n[egress]\nallow = \"127.0.0.1:80\""),
            "w.toml:3: egress.allow: must be an array of strings");
  EXPECT_EQ(complaint("socket = \"/s\"\n[http]\nlisten = \"0.0.0.0:80\""),
            "w.toml:3: http.listen: must be a loopback address: the endpoint has no authentication");
  EXPECT_EQ(complaint("socket = \"/s\"\n[http]\nlisten = \"127.0.0.1:x\""),
            "w.toml:3: http.listen: must end in a port number");
  EXPECT_EQ(complaint("socket = \"/s\"\n[resolver]\nhosts = {\"a\" = [\"nine\"]}"),
            "w.toml:3: resolver.hosts: a: \"nine\" is not an address");
  EXPECT_TRUE(complaint("socket = \"/s\"\nsocket = \"/t\"").starts_with("w.toml:2: "));
  EXPECT_TRUE(complaint("socket = \"/s").starts_with("w.toml:1: "));
  EXPECT_EQ(complaint("socket = \"/" + std::string(200, 's') + "\""),
            "w.toml:1: socket: must be at most 107 bytes, the limit of Unix sockets");
}

TEST(Config, an_unknown_key_is_refused_with_the_nearest_one) {
  EXPECT_EQ(complaint("socket = \"/s\"\n[egress]\nalow = []"), "w.toml:3: egress.alow: is not a known key");
  EXPECT_NE(hint("socket = \"/s\"\n[egress]\nalow = []").find("egress.allow"), std::string::npos);
  EXPECT_NE(hint("sokcet = \"/s\"").find("socket"), std::string::npos);
  EXPECT_NE(hint("socket = \"/s\"\nmax_calls = 3").find("limits.max_calls"), std::string::npos);
  EXPECT_NE(hint("socket = \"/s\"\n[log]\nlisten = \"127.0.0.1:1\"").find("http.listen"), std::string::npos);
}

TEST(Config, a_file_that_is_not_one_is_refused) {
  EXPECT_FALSE(load_config("/nowhere/at/all.toml"));
  EXPECT_FALSE(load_config("/dev/null"));
  EXPECT_FALSE(load_config("/tmp"));
}

}  // namespace
}  // namespace pgops::worker
