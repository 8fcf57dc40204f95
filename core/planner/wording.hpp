// core/planner: the sentences of a decision, English and Korean, in one place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgops::planner {

enum class Say : std::uint8_t {
  empty,
  too_long,
  too_short,
  no_tools,
  other_language,
  nothing_known,
  not_understood,
  no_agreement,
  no_future,
  no_modal,
  too_unsure,
  action,
  zone_unknown,
  ambiguous,
  needs_argument,
  planned,
  planned_several,
  planned_reading,
  help_head,
  help_none,
  see_help,
  did_you_mean,
  no_content,
  ask_one,
  refers_back,
  which_name,
  understood,
};

bool is_korean(std::string_view locale);
// The first "%" in the sentence is replaced by `arg`, the second by `second`.
std::string say(Say what, std::string_view locale, std::string_view arg = {}, std::string_view second = {});
// "a", "b" and "c", each quoted.
std::string join_quoted(const std::vector<std::string>& items, std::string_view locale);

}  // namespace pgops::planner
