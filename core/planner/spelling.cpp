// core/planner: nearest known words, see spelling.hpp.
#include "core/planner/spelling.hpp"

#include <algorithm>

#include "core/nlu/lexicon.hpp"
#include "core/nlu/text.hpp"

namespace pgops::planner {
namespace {

constexpr std::size_t kMinLetters = 5;
constexpr std::size_t kMinSwapped = 6;
constexpr std::size_t kMinInside = 7;

enum class Slip : std::uint8_t { none, swapped, inside, edge };

// How `typed` differs from `meant` by one slip; edge: at the first or last letter.
Slip slip(const std::string& typed, const std::string& meant) {
  const std::size_t a = typed.size();
  const std::size_t b = meant.size();
  if (a > b + 1 || b > a + 1 || typed == meant) return Slip::none;
  std::size_t front = 0;
  while (front < a && front < b && typed[front] == meant[front]) ++front;
  std::size_t back = 0;
  while (back < a - front && back < b - front && typed[a - 1 - back] == meant[b - 1 - back]) ++back;
  const std::size_t left_a = a - front - back;
  const std::size_t left_b = b - front - back;
  const bool edge = front == 0 || back == 0;
  if (left_a == 2 && left_b == 2 && typed[front] == meant[front + 1] && typed[front + 1] == meant[front])
    return front == 0 ? Slip::edge : Slip::swapped;
  if (left_a > 1 || left_b > 1) return Slip::none;
  return edge ? Slip::edge : Slip::inside;
}

bool latin(const std::string& word) {
  return std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

}  // namespace

std::optional<Correction> correct(const std::string& word, const std::set<std::string>& known,
                                  const std::vector<std::string>& more) {
  if (word.size() < kMinLetters || !latin(word)) return std::nullopt;
  std::set<std::string> stems;
  std::string found;
  Slip how = Slip::none;
  const auto look = [&](const std::string& candidate) {
    if (candidate.size() < kMinLetters || !latin(candidate)) return;
    const Slip s = slip(word, candidate);
    if (s == Slip::none) return;
    stems.insert(nlu::stem(candidate));
    // Of "event" and "events", both one slip away, the first in order.
    if (found.empty() || candidate < found) {
      found = candidate;
      how = s;
    }
  };
  for (const std::string& candidate : known) look(candidate);
  for (const std::string& candidate : more) look(candidate);
  for (const std::string& candidate : nlu::shipped_words()) look(candidate);
  if (stems.size() != 1) return std::nullopt;
  const bool sure =
      (how == Slip::swapped && word.size() >= kMinSwapped) || (how == Slip::inside && word.size() >= kMinInside);
  return Correction{found, sure};
}

}  // namespace pgops::planner
