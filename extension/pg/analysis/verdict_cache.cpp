// extension/pg/analysis: see verdict_cache.hpp.
#include "extension/pg/analysis/verdict_cache.hpp"

#include "extension/pg/door.hpp"

#include <unordered_map>

extern "C" {
#include "storage/sinval.h"
#include "utils/inval.h"
#include "utils/timestamp.h"
}

namespace pgops::pg::analysis {

namespace {

constexpr std::size_t kMaxVerdicts = 512;
constexpr std::size_t kMaxBytes = std::size_t{4} << 20;

struct Cache {
  CatalogMoment moment;
  std::unordered_map<std::string, std::string> verdicts;  // key -> bytes of a jsonb
  std::size_t bytes = 0;

  void drop(const CatalogMoment& now) {
    verdicts.clear();
    bytes = 0;
    moment = now;
  }
};

Cache& cache() {
  static Cache instance;
  return instance;
}

// Levels and tenants contain no NUL byte.
std::string text_of(const VerdictKey& key) {
  std::string out;
  out.reserve(key.sql.size() + key.tenant.size() + 32);
  out.append(key.level).push_back('\0');
  out.append(key.tenant).push_back('\0');
  out.append(std::to_string(key.role)).push_back(key.monitor ? 'm' : '-');
  return out.append(key.sql);
}

}  // namespace

CatalogMoment catalog_moment() {
  call([] { AcceptInvalidationMessages(); });
  return {SharedInvalidMessageCounter, PgReloadTime};
}

std::optional<std::uintptr_t> remembered_verdict(const VerdictKey& key, const CatalogMoment& now) {
  Cache& known = cache();
  if (!(known.moment == now)) {
    known.drop(now);
    return std::nullopt;
  }
  const auto found = known.verdicts.find(text_of(key));
  if (found == known.verdicts.end()) return std::nullopt;
  const std::string& bytes = found->second;
  const char* from = bytes.data();
  const std::size_t size = bytes.size();
  return call([=] {
    void* copy = palloc(size);
    memcpy(copy, from, size);
    return static_cast<std::uintptr_t>(PointerGetDatum(copy));
  });
}

void remember_verdict(const VerdictKey& key, const CatalogMoment& asked, std::uintptr_t jsonb) {
  const CatalogMoment now = catalog_moment();
  Cache& known = cache();
  if (!(known.moment == now)) known.drop(now);
  if (!(asked == now)) return;
  const auto* datum = reinterpret_cast<const char*>(jsonb);  // as made by jsonb_in: neither packed nor compressed
  std::string text = text_of(key);
  const std::size_t size = VARSIZE(datum);
  if (known.verdicts.size() >= kMaxVerdicts || known.bytes + text.size() + size > kMaxBytes) known.drop(now);
  known.bytes += text.size() + size;
  known.verdicts.insert_or_assign(std::move(text), std::string(datum, size));
}

}  // namespace pgops::pg::analysis
