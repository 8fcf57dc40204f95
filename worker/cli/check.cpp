// worker/cli: `check`, for the moment before a start and for the moment when something is wrong: it reads
// what a start would read, asks a running worker for its version, and changes nothing.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <curl/curl.h>

#include <cstdio>
#include <cstring>
#include <optional>

#include "core/protocol.hpp"
#include "core/version.hpp"
#include "worker/cli/commands.hpp"
#include "worker/config/config.hpp"
#include "worker/net/ca_bundle.hpp"
#include "worker/server/socket_file.hpp"

namespace pgops::worker {
namespace {

class Report {
 public:
  void ok(const std::string& subject, const std::string& text) { line("ok", subject, text); }
  void warning(const std::string& subject, const std::string& text) { line("warning", subject, text); }
  void skipped(const std::string& subject, const std::string& text) { line("not checked", subject, text); }
  void failed(const std::string& subject, const std::string& text) {
    line("FAILED", subject, text);
    failed_ = true;
  }
  int exit_code() const { return failed_ ? 1 : 0; }

 private:
  static void line(const char* state, const std::string& subject, const std::string& text) {
    std::printf("%-12s %-14s %s\n", state, subject.c_str(), text.c_str());
  }
  bool failed_ = false;
};

bool send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// The hello of the worker that listens on `path`; nullopt when nobody does; an error when it is not well.
Result<std::optional<protocol::Hello>> ask(const std::string& path) {
  const auto failure = [](std::string what) { return Error{Code::internal_error, std::move(what), "", ""}; };
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return failure(std::strerror(errno));
  const struct Closer {
    int fd;
    ~Closer() { ::close(fd); }
  } closer{fd};
  const timeval patience{3, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return std::optional<protocol::Hello>();
    return failure(std::string("cannot connect: ") + std::strerror(errno));
  }
  protocol::Hello mine;
  mine.version = kVersion;
  mine.pid = ::getpid();
  mine.database = "check";
  const auto framed = protocol::frame(protocol::encode(protocol::Request(mine)), protocol::kMaxRequestBytes);
  if (!framed || !send_all(fd, *framed)) return failure("the worker does not take a greeting");
  protocol::FrameReader reader(protocol::kMaxReplyBytes);
  for (;;) {
    char buffer[4'096];
    const ssize_t received = ::recv(fd, buffer, sizeof buffer, 0);
    if (received <= 0) return failure("the worker does not answer");
    reader.feed(std::string_view(buffer, static_cast<std::size_t>(received)));
    auto payload = reader.next();
    if (!payload) return payload.error();
    if (!payload->has_value()) continue;
    auto reply = protocol::decode_reply(**payload);
    if (!reply) return reply.error();
    if (const auto* error = std::get_if<protocol::ErrorReply>(&*reply)) return failure(error->message);
    if (auto* hello = std::get_if<protocol::Hello>(&*reply)) return std::optional(std::move(*hello));
    return failure("the worker's greeting is not one");
  }
}

void check_key_file(const std::string& path, Report& report) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return report.failed("vault", path + ": " + std::strerror(errno));
  if ((status.st_mode & 0077) != 0)
    return report.failed("vault", path + " can be read by others; its mode must be 0600");
  report.skipped("vault", "the key itself: secrets are not supported yet");
}

}  // namespace

int check_installation(const std::string& config_path) {
  Report report;
  report.ok("versions", "worker " + std::string(kVersion) + ", protocol " + std::to_string(kProtocolVersion) + ", " +
                            curl_version_info(CURLVERSION_NOW)->version + " (libcurl)");
  auto config = load_config(config_path);
  if (!config) {
    report.failed("configuration", config.error().message);
    if (!config.error().hint.empty()) std::printf("%-12s %-14s %s\n", "", "", config.error().hint.c_str());
    return report.exit_code();
  }
  report.ok("configuration", config_path);
  if (const auto place = check_socket_place(*config); !place)
    report.failed("socket", place.error().message);
  else
    report.ok("socket", config->socket + ", open to " + std::to_string(place->size()) + " users");
  if (const auto bundle = CaBundle::make(config->egress.ca_file); !bundle)
    report.failed("egress", bundle.error().message);
  else
    report.ok("egress", std::to_string(config->egress.allow.size()) + " exceptions");

  const auto running = ask(config->socket);
  if (!running)
    report.failed("worker", running.error().message);
  else if (!running->has_value())
    report.warning("worker", "nobody listens on the socket: the worker is not running");
  else if (const auto fits = protocol::check_version(**running); !fits)
    report.failed("worker", fits.error().message);
  else if ((*running)->version != kVersion)
    report.warning("worker",
                   "version " + (*running)->version + " is running; restart it to get " + std::string(kVersion));
  else
    report.ok("worker", "version " + (*running)->version + " is running, pid " + std::to_string((*running)->pid));

  if (!config->vault_key_file.empty()) check_key_file(config->vault_key_file, report);
  if (config->database.empty())
    report.skipped("database", "none is configured; the worker does not need one yet");
  else
    report.skipped("database", "the worker does not connect to it yet");
  return report.exit_code();
}

}  // namespace pgops::worker
