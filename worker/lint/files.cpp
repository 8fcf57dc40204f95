// worker/lint: which files are meant, and reading them. See lint.hpp.
//
// Directories are searched for *.sql and *.json, hidden ones and node_modules left out, links to directories not
// followed. A pattern that the shell did not expand is expanded here. Every file is read once, in order of names.
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "worker/lint/lint.hpp"

namespace pgops::worker::lint {
namespace {

namespace fs = std::filesystem;

bool ends_with_any_case(std::string_view name, std::string_view end) {
  if (name.size() < end.size()) return false;
  return std::equal(end.begin(), end.end(), name.end() - static_cast<std::ptrdiff_t>(end.size()),
                    [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + 32) : b); });
}

bool is_json(std::string_view name) { return ends_with_any_case(name, ".json"); }

class Reader {
 public:
  Reader(const Options& options, Report& report) : options_(options), report_(report) {}

  void take(const std::string& path) {
    if (report_.stopped) return;
    if (path == "-") return read(0, options_.stdin_name, true);
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
      if (errno == ENOENT && path.find_first_of("*?[") != std::string::npos) return take_pattern(path);
      return problem(path, std::strerror(errno));
    }
    if (S_ISDIR(status.st_mode)) return take_directory(path);
    read_file(path);
  }

 private:
  void problem(const std::string& path, std::string message) { report_.problems.push_back({path, std::move(message)}); }

  void take_pattern(const std::string& pattern) {
    glob_t found{};
    const int status = ::glob(pattern.c_str(), 0, nullptr, &found);
    std::vector<std::string> paths;
    for (std::size_t i = 0; status == 0 && i < found.gl_pathc; ++i) paths.emplace_back(found.gl_pathv[i]);
    ::globfree(&found);
    if (paths.empty()) return problem(pattern, "no file matches the pattern");
    for (const std::string& path : paths) take(path);
  }

  void take_directory(const std::string& path) {
    std::vector<std::string> files;
    std::error_code error;
    fs::recursive_directory_iterator entry(path, error);
    const fs::recursive_directory_iterator end;
    while (!error && entry != end) {
      const std::string name = entry->path().filename().string();
      std::error_code ignored;
      if (entry->is_directory(ignored)) {
        if (name.starts_with(".") || name == "node_modules") entry.disable_recursion_pending();
      } else if (ends_with_any_case(name, ".sql") || is_json(name)) {
        files.push_back(entry->path().lexically_normal().string());
      }
      entry.increment(error);
    }
    if (error) problem(path, "cannot be searched to its end: " + error.message());
    if (files.empty() && !error) return problem(path, "there is no .sql or .json file in it");
    std::sort(files.begin(), files.end());
    for (const std::string& file : files) read_file(file);
  }

  void read_file(const std::string& path) {
    std::error_code ignored;
    const fs::path canonical = fs::canonical(path, ignored);
    if (!ignored && !seen_.insert(canonical.string()).second) return;
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return problem(path, std::strerror(errno));
    read(fd, path, false);
    ::close(fd);
  }

  void read(int fd, const std::string& name, bool standard_input) {
    std::string text;
    char buffer[64 * 1024];
    for (;;) {
      const ssize_t got = ::read(fd, buffer, sizeof buffer);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return problem(name, std::strerror(errno));
      if (got == 0) break;
      text.append(buffer, static_cast<std::size_t>(got));
      if (text.size() > kMaxFileBytes) return problem(name, "the file is larger than 64 MB");
    }
    const std::size_t first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    const bool looks_like_json = first != std::string::npos && (text[first] == '{' || text[first] == '[');
    lint_text(std::move(text), name, is_json(name) || (standard_input && looks_like_json), options_.monitor, report_);
  }

  const Options& options_;
  Report& report_;
  std::set<std::string> seen_;
};

}  // namespace

Report lint_files(const Options& options) {
  Report report;
  Reader reader(options, report);
  for (const std::string& path : options.paths) reader.take(path);
  return report;
}

}  // namespace pgops::worker::lint
