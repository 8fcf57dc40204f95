// worker/net: from libcurl's results and HTTP statuses to the closed list of codes. Pure functions.
#pragma once

#include <curl/curl.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace pgops::worker {

// Does the caller take this status for success? An empty list means any 2xx.
bool status_is_ok(int status, const std::vector<int>& ok);

// The error a final status that is not ok stands for. `said` is the beginning of the upstream's body; a
// little of it is quoted in the detail, credentials masked.
Error error_of_status(int status, std::string_view said);

// The error of a transfer that ended without a status to judge; `detail` is libcurl's own message.
Error error_of_transfer(CURLcode result, std::string_view detail);

// What came from outside may be any bytes: cuts it to a kilobyte and, unless it is UTF-8 without control
// characters, replaces what is not printable ASCII, so that frames and log lines stay whole.
void make_printable(std::string& text);

// The charset a Content-Type names, lower case; nullopt when it names none.
std::optional<std::string> charset_of(std::string_view content_type);
// True for the charsets whose bytes are UTF-8.
bool charset_is_utf8(std::string_view charset);

}  // namespace pgops::worker
