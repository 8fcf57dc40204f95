// worker/server: see socket_file.hpp.
#include "worker/server/socket_file.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace pgops::worker {
namespace {

constexpr int kBacklog = 4'096;

Error problem(const std::string& what, int code = 0) {
  return Error{Code::internal_error, "socket: " + what + (code == 0 ? "" : std::string(": ") + std::strerror(code)), "",
               ""};
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
  return address;
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<gid_t> group_id(const std::string& name) {
  gid_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (error == std::errc{} && end == name.data() + name.size()) return id;
  errno = 0;
  const group* entry = ::getgrnam(name.c_str());
  if (entry == nullptr) return problem("socket_group " + name + " is not a group");
  return entry->gr_gid;
}

Result<uid_t> user_id(const std::string& name) {
  uid_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (error == std::errc{} && end == name.data() + name.size()) return id;
  const passwd* entry = ::getpwnam(name.c_str());
  if (entry == nullptr) return problem("socket_users: " + name + " is not a user");
  return entry->pw_uid;
}

// Does anybody accept connections there?
bool somebody_listens(const std::string& path) {
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return true;
  const sockaddr_un address = address_of(path);
  const int result = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int code = errno;
  ::close(probe);
  return result == 0 || (code != ECONNREFUSED && code != ENOENT);
}

}  // namespace

Result<std::vector<uid_t>> check_socket_place(const Config& config) {
  const std::string directory = directory_of(config.socket);
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) return problem("directory " + directory, errno);
  if (!S_ISDIR(status.st_mode)) return problem(directory + " is not a directory");
  if ((status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0)
    return problem("directory " + directory + " can be written by everybody");
  if (!config.socket_group.empty())
    if (const auto group = group_id(config.socket_group); !group) return group.error();
  std::vector<uid_t> users = {0, ::geteuid(), status.st_uid};
  for (const std::string& name : config.socket_users) {
    const auto user = user_id(name);
    if (!user) return user.error();
    users.push_back(*user);
  }
  return users;
}

Result<SocketFile> SocketFile::listen(const Config& config) {
  auto users = check_socket_place(config);
  if (!users) return users.error();
  SocketFile file;
  file.path_ = config.socket;
  file.users_ = std::move(users).value();

  const std::string lock_path = config.socket + ".lock";
  file.lock_ = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file.lock_ < 0) return problem("lock file " + lock_path, errno);
  if (::flock(file.lock_, LOCK_EX | LOCK_NB) != 0) return problem("another worker serves " + config.socket);

  struct stat status {};
  if (::lstat(config.socket.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) return problem(config.socket + " exists and is not a socket");
    if (somebody_listens(config.socket)) return problem("somebody listens on " + config.socket);
    if (::unlink(config.socket.c_str()) != 0) return problem("stale " + config.socket, errno);
  }

  file.descriptor_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (file.descriptor_ < 0) return problem("cannot be made", errno);
  const sockaddr_un address = address_of(config.socket);
  const mode_t before = ::umask(0177);
  const int bound = ::bind(file.descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int code = errno;
  ::umask(before);
  if (bound != 0) return problem(config.socket, code);
  if (::lstat(config.socket.c_str(), &status) != 0) return problem(config.socket, errno);
  file.inode_ = status.st_ino;
  file.device_ = status.st_dev;
  if (!config.socket_group.empty()) {
    const auto group = group_id(config.socket_group);
    if (!group) return group.error();
    if (::lchown(config.socket.c_str(), static_cast<uid_t>(-1), *group) != 0 ||
        ::chmod(config.socket.c_str(), 0660) != 0)
      return problem("socket_group " + config.socket_group, errno);
  }
  if (::listen(file.descriptor_, kBacklog) != 0) return problem(config.socket, errno);
  return file;
}

SocketFile::SocketFile(SocketFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      lock_(std::exchange(other.lock_, -1)),
      inode_(std::exchange(other.inode_, 0)),
      device_(other.device_),
      users_(std::move(other.users_)) {}

SocketFile::~SocketFile() {
  remove();
  if (descriptor_ >= 0) ::close(descriptor_);
  if (lock_ >= 0) ::close(lock_);
}

int SocketFile::take_descriptor() noexcept { return std::exchange(descriptor_, -1); }

void SocketFile::remove() noexcept {
  if (inode_ == 0) return;
  struct stat status {};
  if (::lstat(path_.c_str(), &status) == 0 && status.st_ino == inode_ && status.st_dev == device_)
    ::unlink(path_.c_str());
  inode_ = 0;
}

}  // namespace pgops::worker
