// extension/pg/analysis: the list of functions outside pg_catalog that administrators allowed, and what it is
// bound to. Includes postgres.h.
//
// An entry is found by schema, name and argument types (OIDs do not survive a dump) and holds the function as it
// was: its owner and its *traits*, one line for each thing that decides what a call does and with whose rights.
// They are spelled alike in every session, whatever search_path or quoting is set there. A difference in any of
// them, or another owner, is no match. What a function's body calls is not among them: each function that is
// called is matched by itself (gate.hpp). The code of a compiled function is its library's: only the names of
// library and symbol are compared.
#pragma once

#include "extension/pg/door.hpp"

namespace pgops::pg::analysis {

struct AllowState {
  bool listed = false;            // there is an entry of that name
  bool allowed = false;           // and it matches
  const char* changed = nullptr;  // what does not: "its body, its owner (now bob, was alice)"; server memory
};

// C in style: no destructors, may ereport. For hooks and inside the exit door. Reads the list as the server
// reads its catalogs: whoever runs, without a privilege on it.
AllowState allow_state_in_server(Oid function);

struct FunctionIdentity {
  std::string schema;
  std::string name;
  std::string arguments;  // types separated by ",", spelled as under search_path = pg_catalog
  std::string owner;
  std::string traits;
  std::string digest;  // "sha256:" and 64 hex digits, of traits
};
// nullopt when there is no such function.
std::optional<FunctionIdentity> function_identity(Oid function);

// InvalidOid when there is none of that spelling.
Oid find_function(const std::string& schema, const std::string& name, const std::string& arguments);

// The statement that allows it (again).
std::string allow_statement(Oid function);
// The statement that removes the entry of a function that is no longer there.
std::string disallow_statement(const std::string& schema, const std::string& name, const std::string& arguments);

}  // namespace pgops::pg::analysis
