// core: literal credentials: found in the specs of http tools, masked in texts, blanked in payloads.
//
// Two kinds of evidence: the *name* of a header, query key or body member ("x-api-key") with a literal
// value, and the *shape* of a value wherever it stands ("ghp_..."). A value that consists of
// {{secret:name}} references and {arguments} beside short scheme words is no literal. Findings carry a
// rule and a path, never the value.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"

namespace pgops {

struct CredentialFinding {
  std::string path;       // $.http.headers.Authorization
  std::string_view rule;  // "credential-name", "url-userinfo", or the name of a shape
};

// Searches `http` (the member of a tool spec: url, query, headers, body) under the given path.
std::vector<CredentialFinding> find_credentials(const Json& http, std::string_view path = "$.http");

// The shape a text contains ("bearer", "aws-key", "private-key", ...); empty when none.
std::string_view credential_shape(std::string_view text);
// True for names of credentials (api_key, X-Auth-Token, Authorization, password), not for sort_key,
// primary_key, max_tokens or Accept.
bool credential_name(std::string_view name);

// `text` with every credential shape replaced by "[masked]"; linear in the length of the text.
std::string mask_text(std::string_view text);

// Replaces the values at the paths by "[masked]". A path is `$.a.b`, `$.a[*].b`, `$.a[0]`; a leading
// `$.` may be left out. Returns false when a path cannot be read; then the whole value is blanked.
bool blank_paths(Json& value, std::span<const std::string> paths);

}  // namespace pgops
