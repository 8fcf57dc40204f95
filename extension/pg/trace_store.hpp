// extension/pg: the trace writer's statements: its settings, its transactions, its inserts, and the
// partitions that it creates and drops. Free of postgres.h; only the trace writer process uses it.
//
// All functions throw pg::Error. After an error inside a transaction, roll back before anything else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgops::pg::trace_store {

// Pins every setting that ALTER DATABASE or ALTER ROLE could have changed under the writer: once, after
// connecting. synchronous_commit becomes local: `off` would make acknowledgements false, a lost
// synchronous standby would freeze every request.
void pin_settings();

// ---- transactions ------------------------------------------------------------------------------
void begin();
void begin_statements();  // for the functions on partitions below
// Returns when the commit is on disk.
void commit();
void rollback() noexcept;

// Sends table statistics (autovacuum lives on them), at most every second; outside a transaction. Returns
// after how many milliseconds to call again; 0: nothing is pending.
long flush_statistics();

// A subtransaction for one row.
void begin_row();
void end_row();
void rollback_row() noexcept;

// ---- rows --------------------------------------------------------------------------------------
struct Row {
  const char* image = nullptr;  // a row image (trace_row.hpp), aligned to 8
  std::size_t size = 0;
};
// Inserts traces and their tool calls into the partitions with this suffix, inside a transaction. All or nothing:
// after an error nothing of them may be committed.
void insert(const std::string& suffix, std::span<const Row> rows);
// Forgets what is kept of partitions; rollback() and rollback_row() do it as well.
void forget_partitions() noexcept;

// ---- partitions --------------------------------------------------------------------------------
struct Partition {
  std::string suffix;  // "20261123"
  std::string lower;   // bounds as uuid text
  std::string upper;
};
// Inside a transaction begun by begin_statements(), as all that follow: creates and attaches what is missing of the
// pair of partitions, as ops_owner, and makes them members of the extension. True when something was created.
bool ensure_partition(const Partition& partition);
// Names of the attached partitions of both tables.
std::vector<std::string> partition_names();
// Inside a transaction with a short lock_timeout: drops one partition by name.
void drop_partition(const std::string& name);
void set_lock_timeout(int milliseconds);  // until the end of the transaction

// Payload retention. A partition whose payload is gone carries a mark. Blocks are 8 kB pages.
bool payload_removed(const std::string& name);
std::uint32_t blocks_of(const std::string& name);
// Inside a transaction: removes the payload of the rows in blocks [first, last).
void remove_payload(const std::string& name, bool tool_calls, std::uint32_t first, std::uint32_t last);
void mark_payload_removed(const std::string& name);

}  // namespace pgops::pg::trace_store
