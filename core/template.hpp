// core: fills the templates of an http tool with arguments.
//
// Forms: `{name}` in url, query and header strings (RFC 6570 simple expansion: everything but
// unreserved characters is percent-encoded); `{"$arg":"name"}` in query and body for typed values;
// `{{secret:name}}` in query, header and body strings, which is left for the worker to open. Invariant:
// what an argument contributes can never form a secret reference, a header line, a path segment `..`
// or another host. An argument is absent when it is missing or null.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/json.hpp"

namespace pgops {

// Names in order of first use.
struct TemplateUse {
  std::vector<std::string> arguments;
  std::vector<std::string> secrets;

  void add(const TemplateUse& other);
};

// Errors of all functions: TOOL_BAD_REQUEST; `detail` has the position, never a value.

// http or https, no user information, no control characters; placeholders only behind the host (a
// question must not choose the server), no secrets.
Result<TemplateUse> scan_url(std::string_view text);
// A query or header string.
Result<TemplateUse> scan_text(std::string_view text);
// Query or body: every {"$arg":...} and every secret in a string; with `expand_strings` (query) also
// `{name}`. Depth at most 64.
Result<TemplateUse> scan_tree(const Json& tree, bool expand_strings);

// In the path an argument must be present and not empty, and must not make a segment `.` or `..`; behind
// the `?` an absent one expands to nothing. Lists expand to comma-separated values.
Result<std::string> expand_url(std::string_view text, const Json& arguments);
// nullopt (leave the header out) when an argument is absent. CR, LF, NUL and other control characters
// in the template are refused; in arguments they come out percent-encoded.
Result<std::optional<std::string>> expand_header(std::string_view text, const Json& arguments);
// A query object as `a=1&b=x&b=y`: lists repeat the key; null and strings with an absent argument leave
// the pair out. Secrets stay readable for the worker.
Result<std::string> expand_query(const Json& query, const Json& arguments);
// The body as JSON text, {"$arg"} replaced by the typed value; a member whose argument is absent is
// dropped, as is an item of a list; an explicit null argument stays null. nullopt when nothing is left.
// `{{` from arguments is written \u007b\u007b: the same JSON, but no secret reference.
Result<std::optional<std::string>> expand_body(const Json& body, const Json& arguments);
// The same as a value, for calls without secrets.
Result<Json> substitute(const Json& tree, const Json& arguments);

// `url` with `query` appended, before any fragment.
std::string join_query(std::string_view url, std::string_view query);
// Everything but ALPHA DIGIT - . _ ~ as %XX.
void append_percent_encoded(std::string& out, std::string_view text);
// A token of RFC 9110.
bool valid_header_name(std::string_view name) noexcept;

}  // namespace pgops
