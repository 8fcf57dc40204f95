// core: figures as people read them, from decimal text, in English or Korean. Digits are never
// invented: only what is asked to be rounded is rounded (half away from zero), by decimal arithmetic.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pgops {

enum class Locale : std::uint8_t { en, ko };

// "ko", "ko-KR", "ko_KR.UTF-8" are Korean; everything else is English.
Locale locale_from_name(std::string_view name) noexcept;

// Rounds a JSON number to `places` (0..20) decimal places without exponent; text that is no number, or
// has more than 60 digits before the point, comes back unchanged.
std::string round_decimal(std::string_view number, unsigned places);
// 1234567.50 -> 1,234,567.50
std::string format_number(std::string_view number);
// As pg_size_pretty: 10240 bytes and more in kB, 10 MB .. ; units bytes kB MB GB TB PB.
std::string format_bytes(std::string_view bytes);
// Seconds -> "350 ms", "4.2 s", "4 min 12 s", "3 h 5 min", "2 d 4 h" ("4분 12초" in Korean).
std::string format_seconds(std::string_view seconds, Locale locale = Locale::en);
// A ratio -> "12.5 %": at most one decimal place; "12.5%" in Korean.
std::string format_percent(std::string_view ratio, Locale locale = Locale::en);

}  // namespace pgops
