// extension/registry: input schemas made from placeholders, and what the columns of a statement mean for
// a tool's present part.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "core/present/present.hpp"
#include "core/schema.hpp"

namespace pgops::registry {

// From the parameters of an executor's describe task ([{"name","type"}]): all required, nothing else allowed.
Json derive_sql_schema(const Json& parameters);
// From the placeholders of an HTTP call: strings, all required; a value that only stands as {"$arg"} in
// the body keeps its own type. The templates must scan without an error.
Json derive_http_schema(const Json& http);

// Names of arguments an HTTP call uses, in order of first use; empty when a template does not scan.
std::vector<std::string> http_arguments(const Json& http);

// JSON Schema of one server type as format_type() prints it ("character varying(20)", "integer[]").
Json schema_of_type(std::string_view type);

// What a present part reads that is not among `known`: columns, or (`arguments`) arguments.
std::vector<Problem> unknown_mentions(const present::Present& present, bool arguments,
                                      const std::vector<std::string>& known);

}  // namespace pgops::registry
