// worker: entry of pg_ops_worker, the sidecar: reads the command line and calls a command.
#include <curl/curl.h>

#include <CLI/CLI.hpp>
#include <clocale>
#include <cstdio>

#include "core/version.hpp"
#include "worker/cli/commands.hpp"

namespace {

constexpr int kMisused = 2;

int not_yet(const char* command) {
  std::fprintf(stderr, "pg_ops_worker: the command %s is not in this release\n", command);
  return kMisused;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace pgops::worker;
  CLI::App app{"pg_ops_worker: calls the HTTP tools of pg_ops on behalf of PostgreSQL backends", "pg_ops_worker"};
  app.set_version_flag("--version", "pg_ops_worker " + std::string(pgops::kVersion) + " (protocol " +
                                        std::to_string(pgops::kProtocolVersion) + ")");
  std::string config;
  app.add_option("--config", config, "configuration file (TOML); without a command: serve");
  app.require_subcommand(0, 1);

  CLI::App* check = app.add_subcommand("check", "check configuration, socket, versions and a running worker");
  check->add_option("--config", config, "configuration file (TOML)");
  CLI::App* egress = app.add_subcommand("check-egress", "print the egress guard's verdict on a URL as one JSON line");
  std::string url;
  std::vector<std::string> overrides;
  egress->add_option("--config", config, "configuration file with the exceptions; without it there are none");
  egress->add_option("--resolve", overrides, "host=address,address: instead of looking the host up; repeatable")
      ->allow_extra_args(false);
  egress->add_option("url", url, "the URL, after --")->required();
  CLI::App* lint = app.add_subcommand("lint", "judge tool SQL in files by the parse guard, without a database");
  std::vector<std::string> lint_paths;
  std::string lint_format = "text";
  std::string stdin_name = "stdin.sql";
  bool lint_monitor = false;
  lint->add_option("files", lint_paths,
                   ".sql and .json files, directories with such files, patterns, or - (standard input)")
      ->required();
  lint->add_option("--format", lint_format, "text, json or sarif")
      ->check(CLI::IsMember({"text", "json", "sarif"}))
      ->allow_extra_args(false);
  lint->add_option("--stdin-name", stdin_name, "what standard input is called in the report")->allow_extra_args(false);
  lint->add_flag("--monitor", lint_monitor, "for tools of tenant system that run as ops_stats");
  const CLI::App* later[] = {app.add_subcommand("keygen", "not in this release"),
                             app.add_subcommand("secret", "not in this release")};
  for (const CLI::App* command : later) const_cast<CLI::App*>(command)->prefix_command();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kMisused;
  }
  for (const CLI::App* command : later)
    if (command->parsed()) return not_yet(command->get_name().c_str());

  if (lint->parsed()) return lint_command(lint_paths, lint_format, stdin_name, lint_monitor);

  std::setlocale(LC_CTYPE, "C.UTF-8");  // URLs are UTF-8: international names are read as such
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    std::fprintf(stderr, "pg_ops_worker: libcurl cannot be initialised\n");
    return 1;
  }
  if (egress->parsed()) return check_egress(url, overrides, config);
  if (config.empty()) {
    std::fprintf(stderr, "pg_ops_worker: --config FILE is needed; see --help\n");
    return kMisused;
  }
  return check->parsed() ? check_installation(config) : run_worker(config);
}
