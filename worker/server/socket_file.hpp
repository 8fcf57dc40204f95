// worker/server: the Unix socket as a file: who may reach it, and whose it is.
//
// Invariants: the directory cannot be written by strangers; a lock beside the socket (PATH.lock, held
// for the life of the process) makes two workers on one path impossible; only a socket nobody listens
// on is replaced; the file never exists with wider rights than it should have.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/error.hpp"
#include "worker/config/config.hpp"

namespace pgops::worker {

class SocketFile {
 public:
  // Binds and listens. Errors say what is wrong with the path, in one line.
  static Result<SocketFile> listen(const Config& config);

  SocketFile(SocketFile&& other) noexcept;
  SocketFile& operator=(SocketFile&&) = delete;
  ~SocketFile();  // removes the socket file, if it is still ours; the lock file stays

  // The listening descriptor; the caller owns it from now on.
  int take_descriptor() noexcept;
  // Removes the file now: no new connection finds it.
  void remove() noexcept;
  // User ids that may connect: root, this process's, the directory's owner, socket_users.
  const std::vector<uid_t>& users() const noexcept { return users_; }

 private:
  SocketFile() = default;
  std::string path_;
  int descriptor_ = -1;
  int lock_ = -1;
  ino_t inode_ = 0;
  dev_t device_ = 0;
  std::vector<uid_t> users_;
};

// What `listen` would refuse about the directory and the users, without touching anything.
Result<std::vector<uid_t>> check_socket_place(const Config& config);

}  // namespace pgops::worker
