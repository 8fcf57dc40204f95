// worker/lint: the parse guard (layer 1 of the SQL statement guard) over files of a repository.
//
// What it refuses no server will run in a tool; what it passes still goes through the server's analysis, which
// knows tables, functions and rights. The verdict is the server's own: the same rewriting of :name, the same guard.
#pragma once

#include <string>
#include <vector>

#include "worker/lint/source.hpp"

namespace pgops::worker::lint {

struct Finding {
  std::string file;
  Place begin;
  Place end;  // after the last character
  std::string rule;
  std::string message;
  std::string hint;  // may be empty
};

struct FileProblem {
  std::string file;
  std::string message;
};

struct Report {
  std::vector<Finding> findings;  // by file, then place
  bool stopped = false;           // at kMaxFindings: what comes after was not looked at
  std::size_t statements = 0;
  std::size_t files = 0;
  std::vector<FileProblem> problems;  // what could not be read: nothing is known about it
};

inline constexpr std::size_t kMaxFindings = 10'000;
inline constexpr std::size_t kMaxFileBytes = std::size_t{64} << 20;

struct Options {
  std::vector<std::string> paths;  // files, directories, patterns, "-" for standard input
  std::string stdin_name = "stdin.sql";
  bool monitor = false;  // tools of tenant system that run as ops_stats
};

// A text is JSON when its name ends with .json, or when it came from standard input and begins with { or [.
void lint_text(std::string text, const std::string& name, bool json, bool monitor, Report& report);
Report lint_files(const Options& options);

// What a rule means, for SARIF; empty for one that is not known here.
struct Rule {
  const char* id;
  const char* text;
  const char* help;
};
const std::vector<Rule>& known_rules();

// Texts in the three formats; lines end with LF.
std::string as_text(const Report& report);
std::string as_json(const Report& report);
std::string as_sarif(const Report& report);
// A path as a URI reference: relative where it is below the working directory, else file:///.
std::string uri_of(const std::string& path);

}  // namespace pgops::worker::lint
