// worker/cli: the program's commands, each returning an exit code: 0 done, 1 failed, 2 used wrongly.
#pragma once

#include <string>
#include <vector>

namespace pgops::worker {

// Serves until a signal ends it.
int run_worker(const std::string& config_path);

// Prints what was checked, one line each, and what was not.
int check_installation(const std::string& config_path);

// Prints one JSON line {"allowed":..,"address":..,"rule":..}. `overrides` are "host=addr,addr"; without a
// configuration there are no exceptions.
int check_egress(const std::string& url, const std::vector<std::string>& overrides, const std::string& config_path);

// Judges tool SQL in files, directories, patterns and standard input ("-") by the parse guard; prints text, json or
// sarif. 0 nothing found, 1 findings, 2 something could not be read.
int lint_command(const std::vector<std::string>& paths, const std::string& format, const std::string& stdin_name,
                 bool monitor);

}  // namespace pgops::worker
