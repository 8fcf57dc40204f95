// bench: the parse guard against the bare pg_query_parse call it is built on.
//
// Rounds of both alternate in one process, so that the ratio is not a matter of the machine's mood.
// Prints median microseconds and the ratio for statements of about 40 B, 400 B and 8 kB; exit code 1
// when a ratio is above 2.5.
#include <pg_query.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "guard/parse_guard.h"

namespace {

constexpr double kLimit = 2.5;

double micros(const auto& work, int times) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < times; ++i) work();
  const std::chrono::duration<double, std::micro> elapsed = std::chrono::steady_clock::now() - start;
  return elapsed.count() / times;
}

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

std::string of_size(std::size_t bytes) {
  if (bytes < 100) return "SELECT id FROM shop.orders WHERE id = $1";
  std::string sql =
      "SELECT o.id, o.status, sum(i.price * i.quantity) AS total FROM shop.orders o JOIN shop.items i ON i.order_id = o.id WHERE o.status = 'open'";
  while (sql.size() + 60 < bytes) sql += " AND (o.created_at >= $1 OR lower(o.region) IN ('eu', 'us'))";
  return sql + " GROUP BY o.id ORDER BY total DESC LIMIT 10";
}

}  // namespace

int main() {
  bool good = true;
  std::printf("parse guard          bytes   bare us  guard us   ratio\n");
  for (const std::size_t bytes : {std::size_t{40}, std::size_t{400}, std::size_t{8000}}) {
    const std::string sql = of_size(bytes);
    opsguard_result* verdict = opsguard_check(sql.data(), sql.size(), 0);
    if (verdict == nullptr || !verdict->allowed) {
      std::printf("the statement of %zu bytes was refused: %s\n", sql.size(),
                  verdict != nullptr ? verdict->message : "memory");
      return 2;
    }
    opsguard_free(verdict);
    const int times = static_cast<int>(std::max<std::size_t>(4, 100000 / sql.size()));
    std::vector<double> bare;
    std::vector<double> guard;
    for (int round = 0; round < 41; ++round) {
      bare.push_back(micros([&] { pg_query_free_parse_result(pg_query_parse(sql.c_str())); }, times));
      guard.push_back(micros([&] { opsguard_free(opsguard_check(sql.data(), sql.size(), 0)); }, times));
    }
    const double ratio = median(guard) / median(bare);
    good = good && ratio <= kLimit;
    std::printf("%-18s %7zu %9.1f %9.1f %7.2f\n", ratio <= kLimit ? "ok" : "TOO SLOW", sql.size(), median(bare),
                median(guard), ratio);
  }
  return good ? 0 : 1;
}
