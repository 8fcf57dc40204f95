// extension/runtime: a backend's connection to the sidecar.
//
// One connection per backend, kept between requests, non-blocking: the ask loop waits for its socket
// beside the latch. A broken connection fails the calls in flight with UPSTREAM_UNAVAILABLE and is made
// again by the next call. Replies are matched by id; a cancelled id's reply is dropped here too.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/protocol.hpp"

namespace pgops::runtime {

class WorkerClient {
 public:
  WorkerClient() = default;
  ~WorkerClient();
  WorkerClient(const WorkerClient&) = delete;
  WorkerClient& operator=(const WorkerClient&) = delete;

  // Connects when needed and queues the call's frame. UPSTREAM_UNAVAILABLE when there is no sidecar.
  Status send(const protocol::HttpCall& call);
  // Answered by a Pong with the same id.
  Status ping(const std::string& id);
  void cancel(const std::string& id) noexcept;
  int socket() const noexcept { return socket_; }
  bool wants_write() const noexcept { return !outgoing_.empty(); }
  bool waiting() const noexcept { return !open_.empty(); }

  struct Arrived {
    std::string id;
    protocol::Reply reply;
  };
  // Reads and writes what the socket takes without blocking; never throws for a broken connection:
  // every open call then arrives as a CallFailure.
  std::vector<Arrived> pump();

  // What the last handshake said; empty when never connected.
  const std::string& worker_version() const noexcept { return worker_version_; }
  std::int64_t worker_pid() const noexcept { return worker_pid_; }

 private:
  Status connect();
  Status request(const protocol::Request& request);
  void fail_all(const Error& reason, std::vector<Arrived>& into);
  void close() noexcept;
  bool flush() noexcept;
  bool alive() noexcept;

  int socket_ = -1;
  bool greeted_ = false;
  std::string outgoing_;
  std::size_t sent_ = 0;
  std::optional<protocol::FrameReader> reader_;
  std::set<std::string, std::less<>> open_;
  std::string worker_version_;
  std::int64_t worker_pid_ = 0;
};

// This backend's connection.
WorkerClient& worker_client();

}  // namespace pgops::runtime
