// extension/audit: audit rows of acts done in C++. See acts.hpp.
#include "extension/audit/acts.hpp"

#include <string>

#include "extension/pg/identity.hpp"
#include "extension/pg/spi.hpp"

namespace pgops::audit {

void record_stop_workers(int stopped) {
  const std::string actor = pg::identity::role_name(pg::identity::outer_user());
  const pg::spi::OwnerScope owner;
  (void)pg::spi::query(
      "INSERT INTO ops.audit_store (tenant_id, actor, action, kind, name, detail)"
      " VALUES ('system', ($1)::pg_catalog.name, 'stop_workers', 'workers', pg_catalog.current_database(),"
      " pg_catalog.jsonb_build_object('stopped', ($2)::pg_catalog.int4))",
      {pg::spi::text(actor), pg::spi::int4(stopped)}, pg::spi::Access::write);
}

}  // namespace pgops::audit
