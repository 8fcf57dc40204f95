// core/present: how a value becomes text. The same function writes a figure and checks it, so a fact
// whose format gives another text than the summary shows is caught.
#pragma once

#include <string>
#include <string_view>

#include "core/json.hpp"

namespace pgops::present {

// Formats: "" (as it is), integer, thousands (1,234), decimal, percent, duration, bytes, datetime, minute, date,
// text, short.
bool known_format(std::string_view format);

// `unit` is what the number is in: for duration us ms s min h d, for bytes B kB MB GB TB; in other
// formats it is appended. A value that the format cannot take is written as it is.
// null -> "none" / "없음".
std::string format_value(const Json& value, std::string_view unit, std::string_view format, std::string_view locale);

}  // namespace pgops::present
