// worker/net: the certificate authorities that upstreams are verified against.
//
// Without a ca_file the system's bundle. With one, both: libcurl takes one file (and keeps it parsed),
// so the two are joined in an anonymous file of memory.
#pragma once

#include <string>
#include <utility>

#include "core/error.hpp"

namespace pgops::worker {

class CaBundle {
 public:
  // Errors: a ca_file that cannot be read or holds no certificate.
  static Result<CaBundle> make(const std::string& ca_file);
  CaBundle(CaBundle&& other) noexcept : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}
  CaBundle& operator=(CaBundle&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~CaBundle();

  const std::string& path() const noexcept { return path_; }

 private:
  CaBundle(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  std::string path_;
  int fd_ = -1;
};

}  // namespace pgops::worker
