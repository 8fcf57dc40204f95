// worker/cli: lint: the parse guard over tool SQL in files. Needs neither a configuration nor a database.
#include <cstdio>

#include "worker/cli/commands.hpp"
#include "worker/lint/lint.hpp"

namespace pgops::worker {

int lint_command(const std::vector<std::string>& paths, const std::string& format, const std::string& stdin_name,
                 bool monitor) {
  lint::Options options;
  options.paths = paths;
  options.stdin_name = stdin_name;
  options.monitor = monitor;
  const lint::Report report = lint::lint_files(options);
  const std::string out = format == "json"    ? lint::as_json(report)
                          : format == "sarif" ? lint::as_sarif(report)
                                              : lint::as_text(report);
  const bool written = std::fwrite(out.data(), 1, out.size(), stdout) == out.size() && std::fflush(stdout) == 0;
  if (!written) std::fprintf(stderr, "pg_ops_worker lint: the report cannot be written\n");
  for (const lint::FileProblem& problem : report.problems) {
    std::fprintf(stderr, "pg_ops_worker lint: %s: %s\n", problem.file.c_str(), problem.message.c_str());
  }
  if (!written || !report.problems.empty()) return 2;
  return !report.findings.empty() ? 1 : 0;
}

}  // namespace pgops::worker
