// extension/pg/analysis: functions by OID, relations by protection. See judge.hpp.
//
// Order: the shape of the tree, relations, functions. A relation refused as unprotected is the message
// people can act on; what its expansion calls comes after.
#include <set>

#include "extension/pg/analysis/judge.hpp"

#include "extension/pg/analysis/allowed.hpp"
#include "extension/pg/analysis/functions.hpp"
#include "extension/pg/analysis/protection_cache.hpp"
#include "extension/pg/protection.hpp"
#include "guard/classification.hpp"

extern "C" {
#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/regproc.h"
}

namespace pgops::pg::analysis {

namespace {

using guard::Class;

class Judge {
 public:
  Judge(const Context& context, Verdict& verdict) : context_(context), verdict_(verdict) {}

  Place run(Facts& facts) {
    verdict_.allowed = true;
    for (const RelationFact& fact : facts.relations) remember(verdict_.relations, relation_name(fact.oid));
    for (const FunctionFact& fact : facts.functions) {
      if (fact.named) note_function(fact.oid);
    }
    verdict_.object.clear();
    verdict_.remedy.clear();
    if (facts.refused_rule != nullptr) {
      refuse(facts.refused_rule, facts.refused_message, {});
      place_.offset = facts.refused_location;
      return place_;
    }
    find_owners_views(facts);
    for (const RelationFact& fact : facts.relations) {
      if (!judge_relation(fact)) return place_;
    }
    for (const FunctionFact& fact : facts.functions) {
      if (!judge_function(fact)) return place_;
    }
    return place_;
  }

 private:
  bool refuse(const char* rule, std::string message, std::string hint, Code code = Code::sql_blocked) {
    verdict_.allowed = false;
    verdict_.rule = rule;
    verdict_.message = std::move(message);
    verdict_.hint = std::move(hint);
    verdict_.code = code;
    verdict_.object = object_;
    return false;
  }

  static void remember(std::vector<std::string>& list, std::string name) {
    if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(std::move(name));
  }

  void note_function(Oid function) {
    const char* schema = nullptr;
    const char* name = nullptr;
    call([&] {
      name = get_func_name(function);
      schema = name == nullptr ? nullptr : get_namespace_name(get_func_namespace(function));
    });
    if (schema != nullptr) remember(verdict_.functions, std::string(schema) + "." + name);
  }

  const FunctionInfo& info_of(Oid function) {
    auto [known, is_new] = infos_.try_emplace(function);
    if (is_new) known->second = function_info(function);
    return known->second;
  }

  static std::string relation_name(Oid relation) {
    const char* schema = nullptr;
    const char* name = nullptr;
    call([&] {
      name = get_rel_name(relation);
      schema = get_namespace_name(get_rel_namespace(relation));
    });
    return std::string(schema == nullptr ? "?" : schema) + "." + (name == nullptr ? "?" : name);
  }

  // As SQL spells it, for the statements in hints.
  static std::string quoted_relation(Oid relation) {
    return call([=] {
      return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), get_rel_name(relation));
    });
  }

  bool judge_catalog(const std::string& name) {
    const auto classified = guard::classify_relation(name);
    if (!classified) return refuse("catalog_never", "relation " + name + " is not for tools", {});
    if (classified->cls == Class::all) return true;
    const std::string message =
        "relation " + name + " is not allowed: " + std::string(guard::group_reason(classified->group));
    if (classified->cls == Class::monitor) {
      if (context_.monitor) return true;
      return refuse("catalog_monitor", message, "Only tools of tenant system that run as ops_stats may read it.");
    }
    return refuse("catalog_never", message, {});
  }

  // Views without security_invoker, if anything in the statement is read with somebody else's rights: a view
  // over functions or constants alone reads with nobody's.
  void find_owners_views(Facts& facts) {
    const bool any = std::any_of(facts.relations.begin(), facts.relations.end(), [this](const RelationFact& fact) {
      return !fact.expanded_view && OidIsValid(fact.check_as_user) && fact.check_as_user != context_.role;
    });
    if (!any) return;
    for (const RelationFact& fact : facts.relations) {
      if (!fact.expanded_view || fact.oid < guard::kFirstUserOid) continue;
      const bool invoker = call([&] {
        Relation view = relation_open(fact.oid, AccessShareLock);
        const bool set = RelationHasSecurityInvoker(view);
        relation_close(view, AccessShareLock);
        return set;
      });
      if (!invoker) reads_as_owner_.insert(fact.oid);
    }
  }

  bool judge_relation(const RelationFact& fact) {
    const std::string name = relation_name(fact.oid);
    object_ = name;
    place_.relation = fact.oid;
    place_.view = fact.through;
    if (fact.oid < guard::kFirstUserOid) return judge_catalog(name);
    if (name.starts_with("ops.") || name.starts_with("pg_toast.")) {
      return refuse("relation_kind", "relation " + name + " is not for tools", {});
    }
    if (call([&] { return get_rel_persistence(fact.oid); }) == RELPERSISTENCE_TEMP) {
      return refuse("relation_kind", "relation " + name + " is temporary", {});
    }
    // Somebody else's rights are somebody else's rows.
    if (OidIsValid(fact.check_as_user) && fact.check_as_user != context_.role) {
      return refuse("view_not_invoker", "relation " + name + " is read with the rights of a view's owner",
                    "Set security_invoker on every view the statement reads.", Code::tenant_mismatch);
    }
    const std::string quoted = quoted_relation(fact.oid);
    if (fact.expanded_view) {
      if (!reads_as_owner_.contains(fact.oid)) return true;
      verdict_.remedy = "ALTER VIEW " + quoted + " SET (security_invoker = true);";
      return refuse("view_not_invoker", "view " + name + " reads its tables with its owner's rights", verdict_.remedy,
                    Code::tenant_mismatch);
    }
    const bool table = fact.relkind == RELKIND_RELATION || fact.relkind == RELKIND_PARTITIONED_TABLE;
    const bool can_be_shared = table || fact.relkind == RELKIND_MATVIEW || fact.relkind == RELKIND_FOREIGN_TABLE;
    const Protection protection = can_be_shared ? protection_of(fact.oid, context_.role) : Protection{};
    if (table && protection.by_policy) {
      if (fact.has_security_quals) return judge_children(fact.oid, name);
      return refuse("relation_unprotected", "row-level security was not applied to " + name, {}, Code::tenant_mismatch);
    }
    if (protection.shared) return true;
    const std::string share =
        "SELECT ops.share_table('" + sql_escaped(quoted) + "'); if its rows may be seen by every tenant.";
    if (table) {
      const std::string flaw = protection_flaw(fact.oid, context_.role).value_or("");
      verdict_.remedy = "SELECT ops.protect_table('" + sql_escaped(quoted) + "');";
      if (!flaw.empty()) {  // somebody changed what protect_table() made, or the role is the wrong one
        verdict_.remedy = "SELECT ops.unprotect_table('" + sql_escaped(quoted) + "'); " + verdict_.remedy;
        return refuse("relation_unprotected", "the protection of table " + name + " does not hold: " + flaw,
                      "Its owner renews it: " + verdict_.remedy, Code::tenant_mismatch);
      }
      return refuse("relation_unprotected", "table " + name + " is not protected by tenant",
                    verdict_.remedy + " or " + share, Code::tenant_mismatch);
    }
    if (can_be_shared) {
      verdict_.remedy = "SELECT ops.share_table('" + sql_escaped(quoted) + "');";
      return refuse("relation_kind",
                    name + " cannot be protected by tenant: no policy applies to materialized views and foreign tables",
                    share, Code::tenant_mismatch);
    }
    return refuse("relation_kind", name + " is nothing that tools read", {});
  }

  // A foreign server evaluates conditions of the statement in an order of its own: on rows that the policy has not
  // passed, whose values then show in errors. Nothing is read of one whose rows every tenant may see.
  bool judge_children(Oid table, const std::string& name) {
    const List* foreign = call([=] {
      List* found = NIL;
      ListCell* cell;
      foreach (cell, has_subclass(table) ? find_all_inheritors(table, NoLock, nullptr) : NIL) {
        if (get_rel_relkind(lfirst_oid(cell)) == RELKIND_FOREIGN_TABLE) found = lappend_oid(found, lfirst_oid(cell));
      }
      return static_cast<const List*>(found);
    });
    Oid child = InvalidOid;
    for (int i = 0; i < list_length(foreign); i++) {
      if (!protection_of(list_nth_oid(foreign, i), context_.role).shared) child = list_nth_oid(foreign, i);
    }
    if (!OidIsValid(child)) return true;
    return refuse("relation_unprotected",
                  "table " + name + " has a foreign partition, " + relation_name(child) +
                      ", whose server would look at rows of every tenant",
                  "Detach it and give the tool a table of its own for those rows, or: SELECT ops.share_table('" +
                      sql_escaped(quoted_relation(child)) + "'); if every tenant may see all of them.",
                  Code::tenant_mismatch);
  }

  static std::string sql_escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
      if (c == '\'') out.push_back('\'');
      out.push_back(c);
    }
    return out;
  }

  bool judge_function(const FunctionFact& fact) {
    if (!judged_.insert({fact.oid, static_cast<int>(fact.origin)}).second) return true;
    if (fact.oid < guard::kFirstInitdbOid) {  // nearly all of them
      const auto known = guard::classify_function(fact.oid);
      if (known && known->cls == Class::all) return true;
    }
    const FunctionInfo& info = info_of(fact.oid);
    place_.offset = fact.location;
    place_.relation = fact.through;
    place_.view = InvalidOid;
    object_ = info.schema == "pg_catalog" ? info.signature() : info.qualified() + "(" + info.arguments + ")";
    if (!info.found) return refuse("function_not_allowed", "a function of the statement does not exist any more", {});
    if (fact.oid >= guard::kFirstUserOid) return judge_foreign(fact, info);
    const auto classified = classify(fact.oid, info);
    const std::string head =
        "function " + (info.schema == "pg_catalog" ? info.name : info.qualified()) + " is not allowed: ";
    if (!classified)
      return refuse("function_unclassified", head + "it is not classified",
                    "The server is newer than this version of pg_ops.");
    if (classified->cls == Class::all) return true;
    // What the server calls by itself may take internal arguments and build values of any type: the type
    // has been judged.
    if (fact.origin != Origin::call && (classified->group == "internal" || classified->group == "any_type_input"))
      return true;
    const std::string message = head + std::string(guard::group_reason(classified->group));
    if (classified->cls == Class::monitor) {
      if (context_.monitor) return true;
      return refuse("function_monitor", message, "Only tools of tenant system that run as ops_stats may call it.");
    }
    return refuse("function_never", message, {});
  }

  // Outside the server's own functions nothing is known: it may be SECURITY DEFINER, it may do anything.
  bool judge_foreign(const FunctionFact& fact, const FunctionInfo& info) {
    if (is_current_tenant(info)) return true;
    if (is_own_statistics(info)) {
      if (context_.monitor) return true;
      return refuse("function_monitor", "function " + object_ + " is not allowed: it shows statistics of all tenants",
                    "Only tools of tenant system that run as ops_stats may call it.");
    }
    // Input, output and comparison of a base type, members of an operator class: C code that a superuser
    // installed with the type.
    if ((fact.origin == Origin::type || fact.origin == Origin::opclass) && info.compiled) return true;
    if (is_range_constructor(fact.oid)) return true;
    const Oid function = fact.oid;
    const AllowState state = call([=] { return allow_state_in_server(function); });
    if (state.allowed) return true;
    verdict_.remedy = allow_statement(fact.oid);
    if (state.listed) {
      return refuse("function_not_allowed",
                    "function " + object_ + " has changed since an administrator allowed it: " +
                        (state.changed == nullptr ? "its record is damaged" : state.changed),
                    "Read it again, then: " + verdict_.remedy);
    }
    return refuse("function_not_allowed", "function " + object_ + " was not allowed by an administrator",
                  "Read its body, then: " + verdict_.remedy);
  }

  const Context& context_;
  Verdict& verdict_;
  std::string object_;  // what is being judged
  std::set<Oid> reads_as_owner_;
  Place place_;
  std::map<Oid, FunctionInfo> infos_;
  std::set<std::pair<Oid, int>> judged_;
};

}  // namespace

Place judge(Facts& facts, const Context& context, Verdict& verdict) { return Judge(context, verdict).run(facts); }

}  // namespace pgops::pg::analysis
