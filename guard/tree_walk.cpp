// guard: see tree_walk.hpp.
//
// A frame of the stack is an object whose fields are being visited (its node type known) or an array of
// nodes. libpg_query omits fields with zero values and writes the others in a fixed order, so a field is
// looked for from where the last one was found.
#include "guard/tree_walk.hpp"

#include <algorithm>
#include <array>
#include <simdjson.h>

#include "guard/classification.hpp"
#include "guard/nodes.hpp"
#include "guard/parse_guard.h"

namespace pgops::guard {
namespace {

namespace dom = simdjson::dom;

// The parser keeps its buffers for the next statement; a giant one's are given back.
constexpr std::size_t kKeepBytes = std::size_t{256} << 10;

struct Frame {
  bool is_array = false;
  NodeType type = kNoNode;
  std::size_t next_field = 0;
  dom::object::iterator field;
  dom::object::iterator field_end;
  dom::array::iterator item;
  dom::array::iterator item_end;
};

// libpg_query omits fields that are zero.
int integer_field(dom::object node, std::string_view field) {
  std::int64_t value = 0;
  return node[field].get(value) == simdjson::SUCCESS ? static_cast<int>(value) : 0;
}

int offset_of(dom::object node) { return integer_field(node, "location"); }

std::string_view string_field(dom::object node, std::string_view field) {
  std::string_view text;
  return node[field].get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

// INSERT out of InsertStmt, CREATE TABLE AS out of CreateTableAsStmt.
std::string statement_words(std::string_view node) {
  if (node.ends_with("Stmt")) node.remove_suffix(4);
  std::string words;
  for (char c : node) {
    if (c >= 'A' && c <= 'Z' && !words.empty()) words.push_back(' ');
    words.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
  }
  return words;
}

constexpr const char* kOneSelect = "Write one SELECT, VALUES or TABLE statement; tools read, they never write.";

class Walk {
 public:
  Walk(bool allow_monitor, TreeFacts& facts) : allow_monitor_(allow_monitor), facts_(facts) {}

  Refusal run(dom::element tree) {
    dom::array statements;
    if (tree["stmts"].get(statements) != simdjson::SUCCESS || statements.size() == 0) {
      return {"empty_statement", "there is no statement", kOneSelect, 0};
    }
    auto first = statements.begin();
    if (statements.size() > 1) {
      auto second = first;
      ++second;
      int location = 0;
      dom::object raw;
      if ((*second).get(raw) == simdjson::SUCCESS) location = integer_field(raw, "stmt_location");
      return {"several_statements", "there is more than one statement", "Make a tool of each statement.", location};
    }
    dom::object raw;
    dom::object wrapper;
    if ((*first).get(raw) != simdjson::SUCCESS || raw["stmt"].get(wrapper) != simdjson::SUCCESS ||
        wrapper.size() != 1) {
      return {"node_not_allowed", "the parse tree has an unknown form", nullptr, 0};
    }
    const auto statement = wrapper.begin();
    if (statement.key() != "SelectStmt") {
      return {"statement_kind", "only SELECT is allowed, this is " + statement_words(statement.key()), kOneSelect, 0};
    }
    push_fields(raw, node_type("RawStmt"));
    while (!stack_.empty() && refusal_.rule == nullptr) step();
    if (refusal_.rule == nullptr) finish();
    return std::move(refusal_);
  }

 private:
  void push_fields(dom::object object, NodeType type) {
    Frame frame;
    frame.type = type;
    frame.field = object.begin();
    frame.field_end = object.end();
    stack_.push_back(frame);
  }

  void refuse(const char* rule, std::string message, const char* hint, int offset) {
    refusal_ = {rule, std::move(message), hint, offset < 0 ? last_offset_ : offset};
  }

  void refuse_node(std::string_view name, dom::object fields) {
    const std::string words(name);
    if (name == "InsertStmt" || name == "UpdateStmt" || name == "DeleteStmt" || name == "MergeStmt") {
      dom::object target;
      const int offset = fields["relation"].get(target) == simdjson::SUCCESS ? offset_of(target) : -1;
      refuse("modifying_cte", "WITH contains " + statement_words(name), kOneSelect, offset);
    } else if (name == "LockingClause") {
      refuse("locking_clause", "a locking clause is not allowed", "Remove FOR UPDATE, FOR SHARE and the like.", -1);
    } else {
      refuse("node_not_allowed", "this construct is not allowed in tools: " + words, nullptr, -1);
    }
  }

  // {"NodeName":{...}}, or {} where the tree has no node.
  void enter_node(dom::element element) {
    dom::object wrapper;
    if (element.get(wrapper) != simdjson::SUCCESS)
      return refuse("node_not_allowed", "the parse tree has an unknown form", nullptr, -1);
    auto it = wrapper.begin();
    if (it == wrapper.end()) return;
    const std::string_view name = it.key();
    dom::object fields;
    if (it.value().get(fields) != simdjson::SUCCESS)
      return refuse("node_not_allowed", "the parse tree has an unknown form", nullptr, -1);
    if (!(++it == wrapper.end())) return refuse("node_not_allowed", "the parse tree has an unknown form", nullptr, -1);
    const NodeType type = node_type(name);
    if (type == kNoNode) return refuse_node(name, fields);
    enter_fields(fields, type);
  }

  void enter_fields(dom::object fields, NodeType type) {
    if (stack_.size() >= OPSGUARD_MAX_DEPTH) {
      return refuse("too_complex", "the statement is nested too deeply", "Move parts of it into a view.", -1);
    }
    visit(fields, type);
    if (refusal_.rule == nullptr) push_fields(fields, type);
  }

  void step() {
    Frame& frame = stack_.back();
    if (frame.is_array) {
      if (frame.item == frame.item_end) return stack_.pop_back();
      const dom::element item = *frame.item;
      ++frame.item;
      return enter_node(item);
    }
    if (frame.field == frame.field_end) return stack_.pop_back();
    const std::string_view name = frame.field.key();
    const dom::element value = frame.field.value();
    ++frame.field;
    const auto fields = node_info(frame.type).fields;
    std::size_t index = frame.next_field;
    while (index < fields.size() && fields[index].name != name) ++index;
    if (index == fields.size()) {
      index = 0;
      while (index < frame.next_field && fields[index].name != name) ++index;
      if (index == frame.next_field) return refuse_field(frame.type, name, value);
    }
    frame.next_field = index + 1;
    enter_field(frame.type, index, value);
  }

  void enter_field(NodeType type, std::size_t index, dom::element value) {
    const Field& field = node_info(type).fields[index];
    dom::object object;
    dom::array array;
    switch (field.kind) {
      case FieldKind::scalar:
        if (!value.is_object() && !value.is_array()) return;
        break;
      case FieldKind::node: return enter_node(value);
      case FieldKind::typed:
        if (value.get(object) == simdjson::SUCCESS) return enter_fields(object, typed_field_node(type, index));
        break;
      case FieldKind::list:
        if (value.get(array) != simdjson::SUCCESS) break;
        Frame frame;
        frame.is_array = true;
        frame.item = array.begin();
        frame.item_end = array.end();
        stack_.push_back(frame);
        return;
    }
    refuse("node_not_allowed", "the parse tree has an unknown form", nullptr, -1);
  }

  void refuse_field(NodeType type, std::string_view name, dom::element value) {
    if (name == "intoClause") {
      dom::object into;
      dom::object target;
      const bool found = value.get(into) == simdjson::SUCCESS && into["rel"].get(target) == simdjson::SUCCESS;
      return refuse("select_into", "SELECT INTO is not allowed", kOneSelect, found ? offset_of(target) : -1);
    }
    if (name == "lockingClause") return refuse_node("LockingClause", {});
    refuse("node_not_allowed",
           "this construct is not allowed in tools: " + std::string(node_info(type).name) + "." + std::string(name),
           nullptr, -1);
  }

  void visit(dom::object fields, NodeType type) {
    static const NodeType kFuncCall = node_type("FuncCall");
    static const NodeType kRangeVar = node_type("RangeVar");
    static const NodeType kParamRef = node_type("ParamRef");
    static const NodeType kCte = node_type("CommonTableExpr");
    if (type == kFuncCall) return visit_call(fields);
    if (type == kRangeVar) {
      last_offset_ = offset_of(fields);
      const std::string_view schema = string_field(fields, "schemaname");
      const std::string_view name = string_field(fields, "relname");
      std::string full(schema);
      if (!schema.empty()) full.push_back('.');
      full.append(name);
      remember(facts_.relations, std::move(full));
    } else if (type == kParamRef) {
      facts_.parameters = std::max(facts_.parameters, integer_field(fields, "number"));
    } else if (type == kCte) {
      ctes_.emplace_back(string_field(fields, "ctename"));
    }
  }

  void visit_call(dom::object fields) {
    const int offset = offset_of(fields);
    last_offset_ = offset;
    dom::array names;
    if (fields["funcname"].get(names) != simdjson::SUCCESS)
      return refuse("node_not_allowed", "a call without a name", nullptr, offset);
    std::vector<std::string_view> parts;
    for (dom::element part : names) {
      std::string_view text;
      if (part["String"]["sval"].get(text) == simdjson::SUCCESS) parts.push_back(text);
    }
    if (parts.empty()) return refuse("node_not_allowed", "a call without a name", nullptr, offset);
    std::string full;
    for (std::string_view part : parts) {
      if (!full.empty()) full.push_back('.');
      full.append(part);
    }
    const bool builtin = parts.size() == 1 || parts[parts.size() - 2] == "pg_catalog";
    if (builtin) {
      const auto refused = refused_name(parts.back());
      if (refused && (refused->cls == Class::never || !allow_monitor_)) {
        const bool monitor = refused->cls == Class::monitor;
        return refuse(monitor ? "function_monitor" : "function_never",
                      "function " + full + " is not allowed: " + std::string(group_reason(refused->group)),
                      monitor ? "Only tools of tenant system that run as ops_stats may call it." : nullptr, offset);
      }
    }
    remember(facts_.functions, std::move(full));
  }

  static void remember(std::vector<std::string>& list, std::string name) {
    if (list.size() < kMaxNames && std::find(list.begin(), list.end(), name) == list.end())
      list.push_back(std::move(name));
  }

  void finish() {
    std::erase_if(facts_.relations, [this](const std::string& name) {
      return std::find(ctes_.begin(), ctes_.end(), name) != ctes_.end();
    });
  }

  // Beyond it the lists are cut: they inform, nothing is decided by them.
  static constexpr std::size_t kMaxNames = 256;

  bool allow_monitor_;
  TreeFacts& facts_;
  std::vector<Frame> stack_;
  std::vector<std::string> ctes_;
  Refusal refusal_;
  int last_offset_ = 0;  // of the last relation or call seen: where a node without a place of its own is
};

}  // namespace

Refusal walk_tree(std::string_view json, bool allow_monitor, TreeFacts& facts) {
  static thread_local dom::parser parser;
  const std::size_t wanted = std::max<std::size_t>(json.size(), 4096);
  if (parser.capacity() < wanted || parser.max_depth() != OPSGUARD_MAX_DEPTH) {
    if (parser.allocate(wanted, OPSGUARD_MAX_DEPTH) != simdjson::SUCCESS)
      return {"out_of_memory", "memory ran out", nullptr, -1};
  }
  dom::element tree;
  // The text has no padding behind it, so the parser makes its own copy.
  const auto error = parser.parse(json.data(), json.size(), true).get(tree);
  Refusal refusal;
  if (error == simdjson::DEPTH_ERROR) {
    refusal = {"too_complex", "the statement is nested too deeply", "Move parts of it into a view.", -1};
  } else if (error != simdjson::SUCCESS) {
    refusal = {"node_not_allowed", "the parse tree cannot be read", nullptr, -1};
  } else {
    refusal = Walk(allow_monitor, facts).run(tree);
  }
  if (parser.capacity() > kKeepBytes) parser = dom::parser();
  return refusal;
}

}  // namespace pgops::guard
