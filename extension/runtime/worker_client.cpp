// extension/runtime: the connection to the sidecar. See worker_client.hpp.
#include "extension/runtime/worker_client.hpp"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

#include "core/version.hpp"
#include "extension/pg/guc.hpp"
#include "extension/pg/sync.hpp"
#include "extension/pg/values.hpp"

namespace pgops::runtime {

namespace {

constexpr std::size_t kReadChunk = 64 * 1024;

Error unavailable(std::string message) {
  return {Code::upstream_unavailable,
          std::move(message),
          {},
          "Start pg_ops_worker; ops.health() shows whether the server reaches it."};
}

protocol::Reply lost_reply(const std::string& id, const Error& reason) {
  protocol::CallFailure failure;
  failure.id = id;
  failure.code = Code::upstream_unavailable;
  failure.message = reason.message;
  failure.hint = reason.hint;
  return failure;
}

const std::string* id_of(const protocol::Reply& reply) {
  if (const auto* success = std::get_if<protocol::CallSuccess>(&reply)) return &success->id;
  if (const auto* failure = std::get_if<protocol::CallFailure>(&reply)) return &failure->id;
  if (const auto* pong = std::get_if<protocol::Pong>(&reply)) return &pong->id;
  if (const auto* status = std::get_if<protocol::StatusReply>(&reply)) return &status->id;
  return nullptr;
}

}  // namespace

WorkerClient::~WorkerClient() { close(); }

void WorkerClient::close() noexcept {
  if (socket_ >= 0) (void)::close(socket_);
  socket_ = -1;
  greeted_ = false;
  outgoing_.clear();
  sent_ = 0;
  reader_.reset();
}

// An idle connection whose other end has gone reads as end-of-file at once.
bool WorkerClient::alive() noexcept {
  if (socket_ < 0) return false;
  char byte = 0;
  const ssize_t got = recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got == 0) return false;
  return got > 0 || errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

Status WorkerClient::connect() {
  if (open_.empty() && socket_ >= 0 && !alive()) close();
  if (socket_ >= 0) return Unit{};
  const char* path = pg::guc::worker_socket;
  sockaddr_un address = {};
  if (path == nullptr || *path == '\0' || std::strlen(path) >= sizeof(address.sun_path)) {
    return unavailable("pg_ops.worker_socket names no usable path");
  }
  const int made = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (made < 0) return unavailable(std::string("no socket for the worker: ") + std::strerror(errno));
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, std::strlen(path) + 1);
  if (::connect(made, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    const int reason = errno;
    (void)::close(made);
    return unavailable(std::string("the worker cannot be reached: ") + std::strerror(reason));
  }
  socket_ = made;
  reader_.emplace(protocol::kMaxReplyBytes);
  protocol::Hello hello;
  hello.version = std::string(kVersion);
  hello.pid = pg::this_process().pid;
  hello.database = pg::database_name();
  return request(hello);
}

Status WorkerClient::request(const protocol::Request& message) {
  auto framed = protocol::frame(protocol::encode(message), protocol::kMaxRequestBytes);
  if (!framed) return framed.error();
  outgoing_ += *framed;
  (void)flush();
  return Unit{};
}

Status WorkerClient::send(const protocol::HttpCall& call) {
  if (Status connected = connect(); !connected) return connected;
  open_.insert(call.id);
  Status queued = request(call);
  if (!queued) open_.erase(call.id);
  return queued;
}

Status WorkerClient::ping(const std::string& id) {
  if (Status connected = connect(); !connected) return connected;
  open_.insert(id);
  return request(protocol::Ping{id});
}

void WorkerClient::cancel(const std::string& id) noexcept {
  try {
    if (open_.erase(id) > 0 && socket_ >= 0) (void)request(protocol::Cancel{id});
  } catch (...) {
    // Out of memory for a courtesy: the reply will be dropped when it comes.
  }
}

// False when the connection is broken; what could not be written stays queued.
bool WorkerClient::flush() noexcept {
  while (sent_ < outgoing_.size()) {
    const ssize_t wrote = ::send(socket_, outgoing_.data() + sent_, outgoing_.size() - sent_, MSG_NOSIGNAL);
    if (wrote > 0) {
      sent_ += static_cast<std::size_t>(wrote);
    } else if (errno == EINTR) {
      continue;
    } else {
      return errno == EAGAIN || errno == EWOULDBLOCK;
    }
  }
  outgoing_.clear();
  sent_ = 0;
  return true;
}

void WorkerClient::fail_all(const Error& reason, std::vector<Arrived>& into) {
  close();
  for (const std::string& id : open_) into.push_back({id, lost_reply(id, reason)});
  open_.clear();
}

std::vector<WorkerClient::Arrived> WorkerClient::pump() {
  std::vector<Arrived> arrived;
  if (socket_ < 0) {
    if (!open_.empty()) fail_all(unavailable("the connection to the worker is gone"), arrived);
    return arrived;
  }
  if (!flush()) {
    fail_all(unavailable("the worker closed the connection"), arrived);
    return arrived;
  }
  char chunk[kReadChunk];
  for (;;) {
    const ssize_t got = recv(socket_, chunk, sizeof(chunk), 0);
    if (got > 0) {
      reader_->feed({chunk, static_cast<std::size_t>(got)});
    } else if (got < 0 && errno == EINTR) {
      continue;
    } else if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      return arrived;
    } else {
      fail_all(unavailable("the worker closed the connection before it answered"), arrived);
      return arrived;
    }
    for (;;) {
      auto payload = reader_->next();
      if (!payload) {
        fail_all(unavailable("the worker sent a malformed frame"), arrived);
        return arrived;
      }
      if (!*payload) break;
      auto reply = protocol::decode_reply(**payload);
      if (!reply) {
        fail_all(unavailable("the worker sent a malformed message: " + reply.error().message), arrived);
        return arrived;
      }
      if (const auto* hello = std::get_if<protocol::Hello>(&*reply)) {
        if (Status same = protocol::check_version(*hello); !same) {
          fail_all(same.error(), arrived);
          return arrived;
        }
        greeted_ = true;
        worker_version_ = hello->version;
        worker_pid_ = hello->pid;
      } else if (const auto* refusal = std::get_if<protocol::ErrorReply>(&*reply)) {
        fail_all(unavailable("the worker refused the connection: " + refusal->message), arrived);
        return arrived;
      } else if (const std::string* id = id_of(*reply); id != nullptr) {
        const std::string key = *id;
        if (open_.erase(key) > 0 || std::holds_alternative<protocol::Pong>(*reply) ||
            std::holds_alternative<protocol::StatusReply>(*reply)) {
          arrived.push_back({key, std::move(*reply)});
        }
      }
    }
  }
}

WorkerClient& worker_client() {
  static auto* client = new WorkerClient();
  return *client;
}

}  // namespace pgops::runtime
