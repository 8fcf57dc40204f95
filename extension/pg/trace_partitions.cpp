// extension/pg: partitions of the trace tables. See trace_store.hpp.
//
// Made by the writer process as ops_owner, never by PARTITION OF, which would lock the parent against
// everybody: the table is created alone and attached. Each partition is a member of the extension, so
// pg_dump leaves it out; its initial rights are recorded, or pg_dump would emit GRANTs on a table that
// the restored database does not have.
// Row-level security of a partition: the writer may insert; its owner may touch rows only inside the
// writer process (session user ops_writer), which removes payloads. Readers come through the parent.
#include "extension/pg/door.hpp"
#include "extension/pg/trace_store.hpp"

#include "extension/pg/memory.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "storage/bufmgr.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace pgops::pg::trace_store {

namespace {

std::uint32_t owner_role() {
  const std::uint32_t role = role_oid("ops_owner");
  if (role == 0) raise_sqlstate("42704", "INTERNAL_ERROR: role ops_owner does not exist");
  return role;
}

void run(const std::string& statement) {
  const char* text = statement.c_str();
  call([=] {
    const int code = SPI_execute(text, false, 0);
    if (code < 0) elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(code));
  });
}

// 0: no such relation.
std::uint32_t relation_oid(const std::string& name) {
  const char* text = name.c_str();
  return call([=] {
    const Oid schema = get_namespace_oid("ops", true);
    return schema == InvalidOid ? InvalidOid : get_relname_relid(text, schema);
  });
}

std::uint32_t extension_oid() {
  const std::uint32_t extension = call([] { return get_extension_oid("pg_ops", true); });
  if (extension == 0) raise_sqlstate("42P01", "extension pg_ops is not installed in this database");
  return extension;
}

bool ensure_one(const std::string& parent, const std::string& name, const Partition& partition) {
  if (std::uint32_t existing = relation_oid(name); existing != 0) {
    const bool attached = call([=] { return get_rel_relispartition(existing); });
    if (!attached) raise_sqlstate("42P07", "relation ops." + name + " exists and is not a partition of ours");
    return false;
  }
  run("CREATE TABLE ops." + name + " (LIKE ops." + parent +
      " INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES INCLUDING STORAGE INCLUDING COMPRESSION)");
  run("ALTER TABLE ops." + name + " ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY");
  run("CREATE POLICY write ON ops." + name + " FOR INSERT TO ops_writer WITH CHECK (true)");
  run("CREATE POLICY maintain ON ops." + name + " TO ops_owner USING (SESSION_USER = 'ops_writer'::name)");
  run("GRANT INSERT ON TABLE ops." + name + " TO ops_writer");
  run("ALTER TABLE ops." + parent + " ATTACH PARTITION ops." + name + " FOR VALUES FROM ('" + partition.lower +
      "') TO ('" + partition.upper + "')");
  const std::uint32_t relation = relation_oid(name);
  const std::uint32_t extension = extension_oid();
  call([=] {
    CommandCounterIncrement();
    const ObjectAddress member = {RelationRelationId, relation, 0};
    const ObjectAddress owner = {ExtensionRelationId, extension, 0};
    recordDependencyOn(&member, &owner, DEPENDENCY_EXTENSION);
    recordExtObjInitPriv(relation, RelationRelationId);
    CommandCounterIncrement();
  });
  return true;
}

}  // namespace

bool ensure_partition(const Partition& partition) {
  (void)extension_oid();
  const RoleScope role(owner_role());
  const bool traces = ensure_one("trace_store", "trace_p" + partition.suffix, partition);
  const bool calls = ensure_one("tool_call_store", "tool_call_p" + partition.suffix, partition);
  return traces || calls;
}

std::vector<std::string> partition_names() {
  const char* statement =
      "SELECT c.relname::text FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid"
      " JOIN pg_class AS p ON p.oid = i.inhparent JOIN pg_namespace AS n ON n.oid = p.relnamespace"
      " WHERE n.nspname = 'ops' AND p.relname IN ('trace_store', 'tool_call_store') AND p.relkind = 'p'"
      " ORDER BY c.relname";
  run(statement);
  std::vector<std::string> names;
  SPITupleTable* table = SPI_tuptable;
  for (std::uint64_t i = 0; table != nullptr && i < table->numvals; i++) {
    HeapTuple tuple = table->vals[i];
    const char* name = call([=] { return static_cast<const char*>(SPI_getvalue(tuple, table->tupdesc, 1)); });
    if (name != nullptr) names.emplace_back(name);
  }
  return names;
}

void drop_partition(const std::string& name) {
  const std::uint32_t relation = relation_oid(name);
  if (relation == 0) return;
  const RoleScope role(owner_role());
  call([=] {
    // A member of an extension cannot be dropped by itself.
    deleteDependencyRecordsForClass(RelationRelationId, relation, ExtensionRelationId, DEPENDENCY_EXTENSION);
    CommandCounterIncrement();
  });
  run("DROP TABLE ops." + name);
}

void set_lock_timeout(int milliseconds) {
  const std::string text = std::to_string(milliseconds);
  const char* value = text.c_str();
  call([=] {
    (void)set_config_option("lock_timeout", value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
  });
}

bool payload_removed(const std::string& name) {
  run("SELECT 1 WHERE obj_description('ops." + name + "'::regclass, 'pg_class') = 'payload removed'");
  return SPI_processed > 0;
}

std::uint32_t blocks_of(const std::string& name) {
  const std::uint32_t relation = relation_oid(name);
  if (relation == 0) return 0;
  return call([=] {
    Relation opened = RelationIdGetRelation(relation);
    if (opened == nullptr) return BlockNumber{0};
    const BlockNumber blocks = RelationGetNumberOfBlocks(opened);
    RelationClose(opened);
    return blocks;
  });
}

void remove_payload(const std::string& name, bool tool_calls, std::uint32_t first, std::uint32_t last) {
  const RoleScope role(owner_role());
  run("UPDATE ops." + name + " AS t SET doc = ops." + (tool_calls ? "_tool_call_metadata" : "_trace_metadata") +
      "(t.doc) WHERE t.ctid >= '(" + std::to_string(first) + ",0)' AND t.ctid < '(" + std::to_string(last) +
      ",0)' AND NOT t.doc ? 'payload_removed'");
}

void mark_payload_removed(const std::string& name) {
  const RoleScope role(owner_role());
  run("COMMENT ON TABLE ops." + name + " IS 'payload removed'");
}

}  // namespace pgops::pg::trace_store
