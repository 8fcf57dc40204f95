// extension/registry: loading and judging playbooks (core/playbook.hpp).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/playbook.hpp"
#include "core/retrieval/index.hpp"
#include "extension/pg/spi.hpp"
#include "extension/registry/validate.hpp"

namespace pgops::registry {

using Playbooks = std::map<std::string, playbook::Playbook, std::less<>>;

// Columns of a row: tenant, name, version, digest, spec; a tenant's own first. One that cannot be read is left out.
Playbooks make_playbooks(const std::vector<pg::spi::Row>& rows);

// How the planner sees it.
retrieval::ToolDoc document_of(const playbook::Playbook& playbook);

// Reads the spec; from level full on every tool must be published, read only, and take the arguments it is given.
void judge_playbook(const AssetRef& asset, Level level, Report& report);

}  // namespace pgops::registry
