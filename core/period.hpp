// core: a resolved period as an answer prints it, with the moments in it, so that each of them can be
// shown to be an argument of a call.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace pgops {

struct Period {
  struct Bound {
    std::string iso;        // as an argument takes it
    std::size_t begin = 0;  // bytes of `text`
    std::size_t end = 0;
  };
  std::string text;  // "2026-11-21 00:00 to 2026-11-22 00:00 Asia/Seoul"
  std::vector<Bound> bounds;
};

}  // namespace pgops
