// extension/pg/analysis: what a walk over a rewritten Query found, to be judged afterwards.
//
// The walk runs inside the exit door and is C in style: plain data in server memory, nothing with a
// destructor. It decides only about the shape of the tree (an unknown node refuses); functions,
// relations and types are collected by OID.
#pragma once

#include "extension/pg/postgres.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace pgops::pg::analysis {

enum class Origin : std::uint8_t {
  call,     // named in the statement: function, operator, aggregate, cast
  support,  // called by the server on the statement's behalf: steps of an aggregate, sampling
  opclass,  // member of an operator class or of one extension's operators, which only superusers make
  type,     // comes with a type: input, output, canonical form
};

struct FunctionFact {
  Oid oid;
  int location;  // byte of the rewritten text; -1 unknown
  Origin origin;
  bool named;                // the author wrote its name
  Oid through = InvalidOid;  // the relation of the statement's own text whose view or policy calls it
};

struct RelationFact {
  Oid oid;
  char relkind;
  Oid check_as_user;
  bool has_security_quals;
  bool expanded_view;  // the rewriter replaced it by its query
  Oid through;         // the view of the statement's own text that leads here, or InvalidOid
};

template <class T>
struct PlainList {
  T* items = nullptr;
  int count = 0;
  int capacity = 0;

  void push(const T& item) {
    if (count == capacity) {
      capacity = capacity == 0 ? 16 : capacity * 2;
      items = static_cast<T*>(items == nullptr ? palloc(sizeof(T) * static_cast<std::size_t>(capacity))
                                               : repalloc(items, sizeof(T) * static_cast<std::size_t>(capacity)));
    }
    items[count++] = item;
  }
  T* begin() { return items; }
  T* end() { return items + count; }
};

struct Facts {
  PlainList<FunctionFact> functions;
  PlainList<RelationFact> relations;
  PlainList<Query*> queries;  // walked ones, to check their grants
  PlainList<Oid> types;       // outside the built-in ones, each once; what they bring along is in `functions`
  Oid through = InvalidOid;   // state of the walk: see RelationFact
  const char* refused_rule = nullptr;
  const char* refused_message = nullptr;  // server memory or static
  int refused_location = -1;
};

// Walks the one rewritten Query, its views and policies included, and the types it touches. May ereport.
void collect(Query* query, Facts& facts);

}  // namespace pgops::pg::analysis
