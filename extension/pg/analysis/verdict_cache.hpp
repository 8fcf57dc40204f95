// extension/pg/analysis: verdicts of ops.check_sql() that this backend remembers. Free of postgres.h.
//
// Why a remembered verdict cannot be stale. A verdict of level full is a function of: the text; the executing
// role and class monitor (parts of the key; the tenant too, though nothing depends on it); the settings of
// executors, which are pinned or come from the configuration files and from ALTER DATABASE / ROLE ... SET; and
// rows of system catalogs, ops.allowed_function_store and ops.shared_tables.
// - Every change of a catalog that the server caches (functions, operators, types, casts, relations, policies,
//   rules, schemas, roles, grants and so on) sends invalidation messages when it commits, and whoever changes the
//   two lists announces it in the same way (triggers that are always enabled). The server counts the messages
//   this backend has taken; the cache belongs to one value of that counter and is dropped as a whole at any other.
//   A full queue, which loses messages, counts as well. Which message it was is never asked: a needless miss
//   costs one round trip, a message misread would cost a wrong answer.
// - A lookup takes the waiting messages first, like the server at the start of a transaction. A change that has
//   committed before the lookup is thus seen; one that commits during it is not ordered with it anyway.
// - A verdict is kept under the counter read *before* the executor was asked, and only if it is the same
//   afterwards: the executor may have seen a later state, then there was a message; it cannot have seen an earlier
//   one, since it starts a transaction after the question. Uncommitted changes of the asking transaction are no
//   matter: the executor does not see them, and their messages come at its commit.
// - Configuration files read again begin a new generation too. ALTER DATABASE / ROLE ... SET reach new executors
//   only, as they reach new sessions; none of what is not pinned decides about safety.
// - Whether the caller may ask is not part of a verdict and is checked before each lookup.
// A verdict of level syntax is a function of the text alone and lives with the others.
// Nothing runs on the strength of a remembered verdict: executors judge each statement again, on the very Query they
// run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgops::pg::analysis {

struct VerdictKey {
  std::string_view sql;
  std::string_view level;
  std::string_view tenant;
  std::uint32_t role = 0;
  bool monitor = false;
};

// What the catalogs may have changed since; takes waiting messages.
struct CatalogMoment {
  std::uint64_t messages = 0;
  std::int64_t configuration = 0;
  bool operator==(const CatalogMoment&) const = default;
};
CatalogMoment catalog_moment();

// The verdict as a jsonb Datum in the current memory context; nullopt when none of this moment is known.
std::optional<std::uintptr_t> remembered_verdict(const VerdictKey& key, const CatalogMoment& now);
// Keeps a verdict that was asked for at `asked`, unless something has changed since.
void remember_verdict(const VerdictKey& key, const CatalogMoment& asked, std::uintptr_t jsonb);

}  // namespace pgops::pg::analysis
