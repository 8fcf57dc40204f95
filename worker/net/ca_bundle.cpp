// worker/net: see ca_bundle.hpp.
#include "worker/net/ca_bundle.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace pgops::worker {
namespace {

constexpr const char* kSystemBundle = "/etc/ssl/certs/ca-certificates.crt";
constexpr std::string_view kCertificateMark = "-----BEGIN CERTIFICATE-----";

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return file ? text.str() : std::string();
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Result<CaBundle> CaBundle::make(const std::string& ca_file) {
  if (ca_file.empty()) return CaBundle(kSystemBundle, -1);
  const std::string own = read_all(ca_file);
  if (own.find(kCertificateMark) == std::string::npos)
    return Error{Code::internal_error, "egress.ca_file: " + ca_file + " holds no readable certificate in PEM form", "",
                 ""};
  const int fd = ::memfd_create("pg_ops-authorities", MFD_CLOEXEC);
  if (fd < 0) return Error{Code::internal_error, "egress.ca_file: memfd_create failed", "", ""};
  CaBundle bundle("/proc/self/fd/" + std::to_string(fd), fd);
  if (!write_all(fd, read_all(kSystemBundle)) || !write_all(fd, "\n") || !write_all(fd, own))
    return Error{Code::internal_error, "egress.ca_file: the certificates cannot be joined", "", ""};
  return bundle;
}

CaBundle::~CaBundle() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace pgops::worker
