// core: which known name did somebody mean? Used wherever an unknown key or option is refused.
//
// Distance is optimal string alignment (insert, delete, replace, swap of neighbours), over bytes.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace pgops {

// The closest of `known`, or empty when nothing is close enough to be a misspelling (more than a
// third of the name would have to change, or `name` is longer than any of our names can be).
std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known);

// A hint in full sentences: "Did you mean \"limit\"?" or "Known names: a, b, c."
std::string nearest_hint(std::string_view name, std::span<const std::string_view> known);

}  // namespace pgops
