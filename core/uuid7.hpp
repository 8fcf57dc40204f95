// core: UUID version 7 (RFC 9562): 48 bits of Unix milliseconds, then 74 random
// bits.
//
// Clock and randomness come from the caller. Within one generator every id is
// greater than the one before, also when the clock stands still or steps back;
// trace ids therefore sort by time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgops {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  std::string to_string() const;  // 36 characters, lower case
  // The 8-4-4-4-12 form only, either case.
  static std::optional<Uuid> parse(std::string_view text) noexcept;
  int version() const noexcept { return bytes[6] >> 4U; }
  // Unix milliseconds of a version 7 id; nullopt for any other.
  std::optional<std::int64_t> unix_ms() const noexcept;

  auto operator<=>(const Uuid&) const noexcept = default;
};

// `unix_ms` is clamped to 0 .. 2^48-1; 12 bits of `random_high` and 62 of
// `random_low` are used.
Uuid make_uuid7(std::int64_t unix_ms, std::uint64_t random_high, std::uint64_t random_low) noexcept;

// Smallest version 7 id of a millisecond: the lower bound of a time range over
// ids.
Uuid first_uuid7(std::int64_t unix_ms) noexcept;

class Uuid7Generator {
 public:
  Uuid next(std::int64_t unix_ms, std::uint64_t random_high, std::uint64_t random_low) noexcept;

 private:
  Uuid last_{};
};

}  // namespace pgops
