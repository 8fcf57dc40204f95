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

}  // namespace pgops::worker
