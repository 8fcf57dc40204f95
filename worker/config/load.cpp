// worker: TOML to Config.
//
// One table of keys drives everything: what is known, where it goes, and which range it has. Every
// complaint names file, line and key, because a configuration is read by people at bad hours.
#include <sys/stat.h>
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <functional>
#include <sstream>

#include "core/address.hpp"
#include "core/nearest.hpp"
#include "worker/config/config.hpp"

namespace pgops::worker {
namespace {

using Complaint = std::optional<std::string>;  // what is wrong, without file, line and key
using Setter = std::function<Complaint(Config&, const toml::node&)>;

struct Key {
  std::string_view name;  // "limits.max_calls"
  Setter set;
};

template <class Field>
Setter text(Field field) {
  return [field](Config& config, const toml::node& node) -> Complaint {
    const auto value = node.value_exact<std::string>();
    if (!value) return "must be a string";
    if (value->find('\0') != std::string::npos) return "must not contain a NUL character";
    field(config) = *value;
    return {};
  };
}

template <class Field>
Setter path(Field field) {
  return [field](Config& config, const toml::node& node) -> Complaint {
    const auto value = node.value_exact<std::string>();
    if (!value) return "must be a string";
    if (value->empty() || value->front() != '/' || value->find('\0') != std::string::npos)
      return "must be an absolute path";
    field(config) = *value;
    return {};
  };
}

template <class Field>
Setter integer(Field field, std::int64_t least, std::int64_t most) {
  return [=](Config& config, const toml::node& node) -> Complaint {
    const auto value = node.value_exact<std::int64_t>();
    if (!value) return "must be an integer";
    if (*value < least || *value > most)
      return "must be between " + std::to_string(least) + " and " + std::to_string(most);
    field(config) = *value;
    return {};
  };
}

template <class Field, class Value>
Setter choice(Field field, std::vector<std::pair<std::string_view, Value>> values) {
  return [field, values = std::move(values)](Config& config, const toml::node& node) -> Complaint {
    const auto given = node.value_exact<std::string>();
    std::string known;
    for (const auto& [name, value] : values) {
      if (given && *given == name) {
        field(config) = value;
        return {};
      }
      known += known.empty() ? "" : ", ";
      known += name;
    }
    return "must be one of " + known;
  };
}

Complaint strings(const toml::node& node, std::vector<std::string>& into) {
  const toml::array* items = node.as_array();
  if (!items) return "must be an array of strings";
  into.clear();
  for (const toml::node& item : *items) {
    const auto value = item.value_exact<std::string>();
    if (!value || value->empty()) return "must be an array of strings that are not empty";
    into.push_back(*value);
  }
  return {};
}

Complaint set_socket(Config& config, const toml::node& node) {
  constexpr std::size_t kLongest = 107;  // sun_path less its terminator
  if (auto wrong = path([](Config & c) -> auto& { return c.socket; })(config, node)) return wrong;
  if (config.socket.size() > kLongest)
    return "must be at most " + std::to_string(kLongest) + " bytes, the limit of Unix sockets";
  return {};
}

Complaint set_listen(Config& config, const toml::node& node) {
  const auto value = node.value_exact<std::string>();
  if (!value) return "must be a string like \"127.0.0.1:9187\"";
  const std::size_t colon = value->rfind(':');
  if (colon == std::string::npos) return "must be ADDRESS:PORT like \"127.0.0.1:9187\"";
  std::string host = value->substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  std::uint16_t port = 0;
  const char* end = value->data() + value->size();
  const auto [at, error] = std::from_chars(value->data() + colon + 1, end, port);
  if (error != std::errc{} || at != end) return "must end in a port number";
  if (host == "localhost") host = "127.0.0.1";
  if (!host.starts_with("127.") && host != "::1")
    return "must be a loopback address: the endpoint has no authentication";
  config.http_listen = HttpListen{host, port};
  return {};
}

Complaint set_allow(Config& config, const toml::node& node) {
  if (auto wrong = strings(node, config.egress.allow)) return wrong;
  const auto parsed = EgressExceptions::parse(config.egress.allow);
  return parsed ? Complaint() : Complaint(parsed.error().message);
}

Complaint set_hosts(Config& config, const toml::node& node) {
  const toml::table* table = node.as_table();
  if (!table) return "must be a table of names and arrays of addresses";
  config.resolver.hosts.clear();
  for (const auto& [name, addresses] : *table) {
    std::vector<std::string> list;
    if (auto wrong = strings(addresses, list)) return std::string(name.str()) + ": " + *wrong;
    for (const std::string& address : list) {
      if (!Address::parse(address)) return std::string(name.str()) + ": \"" + address + "\" is not an address";
    }
    std::string lower(name.str());
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
    config.resolver.hosts[lower] = std::move(list);
  }
  return {};
}

#define FIELD(member) \
  [](Config & c) -> auto& { return c.member; }
const std::vector<Key>& keys() {
  constexpr std::int64_t kGib = std::int64_t{1} << 30;
  static const std::vector<Key> table = {
      {"socket", set_socket},
      {"socket_group", text(FIELD(socket_group))},
      {"socket_users", [](Config& c, const toml::node& n) { return strings(n, c.socket_users); }},
      {"database", text(FIELD(database))},
      {"http.listen", set_listen},
      {"egress.allow", set_allow},
      {"egress.ca_file", path(FIELD(egress.ca_file))},
      {"resolver.family",
       choice(FIELD(resolver.family),
              std::vector<std::pair<std::string_view, AddressFamily>>{
                  {"any", AddressFamily::any}, {"ipv4", AddressFamily::ipv4}, {"ipv6", AddressFamily::ipv6}})},
      {"resolver.cache_ms", integer(FIELD(resolver.cache_ms), 0, 3'600'000)},
      {"resolver.threads", integer(FIELD(resolver.threads), 1, 256)},
      {"resolver.hosts", set_hosts},
      {"limits.max_connections", integer(FIELD(limits.max_connections), 1, 100'000)},
      {"limits.max_calls", integer(FIELD(limits.max_calls), 1, 100'000)},
      {"limits.max_body_bytes", integer(FIELD(limits.max_body_bytes), 1, std::int64_t{64} << 20)},
      {"limits.max_header_bytes", integer(FIELD(limits.max_header_bytes), 1'024, 1 << 20)},
      {"limits.max_memory_bytes", integer(FIELD(limits.max_memory_bytes), 1 << 20, 64 * kGib)},
      {"limits.handshake_ms", integer(FIELD(limits.handshake_ms), 10, 600'000)},
      {"limits.write_stall_ms", integer(FIELD(limits.write_stall_ms), 100, 3'600'000)},
      {"limits.stop_grace_ms", integer(FIELD(limits.stop_grace_ms), 0, 600'000)},
      {"log.level",
       choice(FIELD(log.level), std::vector<std::pair<std::string_view, LogLevel>>{{"debug", LogLevel::debug},
                                                                                   {"info", LogLevel::info},
                                                                                   {"warning", LogLevel::warning},
                                                                                   {"error", LogLevel::error}})},
      {"log.format",
       choice(FIELD(log.format), std::vector<std::pair<std::string_view, LogFormat>>{{"json", LogFormat::json},
                                                                                     {"text", LogFormat::text}})},
      {"log.file", path(FIELD(log.file))},
      {"vault.key_file", path(FIELD(vault_key_file))},
  };
  return table;
}
#undef FIELD

// A misspelt name, or, the commonest mistake, a right name in the wrong table.
std::string hint_for(std::string_view unknown) {
  std::vector<std::string_view> names;
  for (const Key& key : keys()) names.push_back(key.name);
  if (!nearest_name(unknown, names).empty()) return nearest_hint(unknown, names);
  const auto bare = [](std::string_view name) { return name.substr(name.rfind('.') + 1); };
  std::vector<std::string_view> bare_names;
  for (const std::string_view name : names) bare_names.push_back(bare(name));
  const std::string_view close = nearest_name(bare(unknown), bare_names);
  for (const std::string_view name : names)
    if (!close.empty() && bare(name) == close) return "Did you mean \"" + std::string(name) + "\"?";
  return nearest_hint(unknown, names);
}

class Loader {
 public:
  explicit Loader(const std::string& file) : file_(file) {}

  Result<Config> load(const toml::table& root) {
    Config config;
    if (auto error = walk(config, root, "")) return *error;
    if (config.socket.empty()) return problem(1, "socket", "is missing: the path of the Unix socket");
    return config;
  }

 private:
  std::optional<Error> walk(Config& config, const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      const std::string key = prefix + std::string(name.str());
      const auto line = name.source().begin.line;
      const auto known = std::find_if(keys().begin(), keys().end(), [&](const Key& k) { return k.name == key; });
      if (known != keys().end()) {
        if (auto wrong = known->set(config, node)) return problem(line, key, *wrong);
      } else if (prefix.empty() && is_table_name(key)) {
        if (!node.is_table()) return problem(line, key, "must be a table, written [" + key + "]");
        if (auto error = walk(config, *node.as_table(), key + ".")) return error;
      } else {
        Error error = problem(line, key, "is not a known key");
        error.hint = hint_for(key);
        return error;
      }
    }
    return {};
  }

  static bool is_table_name(std::string_view name) {
    return std::any_of(keys().begin(), keys().end(), [&](const Key& key) {
      return key.name.size() > name.size() && key.name.starts_with(name) && key.name[name.size()] == '.';
    });
  }

  Error problem(toml::source_index line, const std::string& key, const std::string& what) const {
    return Error{Code::internal_error, file_ + ":" + std::to_string(line) + ": " + key + ": " + what, "", ""};
  }

  const std::string& file_;
};

}  // namespace

Result<Config> parse_config(std::string_view source, const std::string& name) {
  try {
    return Loader(name).load(toml::parse(source, name));
  } catch (const toml::parse_error& error) {
    return Error{Code::internal_error,
                 name + ":" + std::to_string(error.source().begin.line) + ": " + std::string(error.description()), "",
                 ""};
  }
}

Result<Config> load_config(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  struct stat status {};
  if (!file || ::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
    return Error{Code::internal_error, path + ": cannot be read as a configuration file", "", ""};
  std::ostringstream text;
  text << file.rdbuf();
  return parse_config(text.str(), path);
}

}  // namespace pgops::worker
