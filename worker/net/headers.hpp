// worker/net: which request headers, methods and bodies a tool may send.
//
// Refused: anything that could end a header line early (CR, LF, NUL), names that are not tokens, and
// the headers that belong to the connection or that the worker sets itself; a tool that could write
// Host or Transfer-Encoding could address another server than the one that was judged, or smuggle a
// second request.
#pragma once

#include <optional>
#include <string>

#include "worker/net/request.hpp"

namespace pgops::worker {

// TOOL_BAD_REQUEST with the reason, AUTH_FAILED for a secret that is not known; none: may be sent.
std::optional<Error> check_request(const HttpRequest& request);

// True when retrying or repeating the request cannot do more than sending it once (RFC 9110, 9.2.2).
bool method_is_idempotent(const std::string& method);

}  // namespace pgops::worker
