// Test library of the two error doors: what its files share.
//
// The library (build/doors_probe.so) holds the product's own doors and SQL functions that drive them. It is
// no part of the product and needs nothing of it but extension/pg and core/error.
// Counted stands for anything with a destructor: `live` is 0 whenever no C++ frame of ours is active.
#pragma once

#include "extension/pg/function.hpp"

namespace doors {

struct Counted {
  static inline long live = 0;
  static inline long made = 0;
  std::string owned = std::string(100, 'x');  // on the heap: a skipped destructor is a leak as well
  Counted() {
    ++live;
    ++made;
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --live; }
};

// ereport(ERROR) with every field set, below two context callbacks. Call inside the exit door.
[[noreturn]] void report_everything();

// Puts a lambda behind some C++ frames that own objects.
template <int Frames, class F>
[[gnu::noinline]] auto deep(F&& f) -> std::invoke_result_t<F&> {
  const Counted counted;
  const std::vector<std::string> owned(3, std::string(64, 'y'));
  if constexpr (Frames > 1) {
    return deep<Frames - 1>(f);
  } else {
    return f();
  }
}

}  // namespace doors
