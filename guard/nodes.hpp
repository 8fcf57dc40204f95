// guard: the allow-list of parse-tree nodes, and of every field inside them.
//
// The tree is libpg_query's JSON: a polymorphic place holds {"NodeName":{fields}}, a typed place holds
// the fields alone. What is not in this list, node or field, is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pgops::guard {

enum class FieldKind : std::uint8_t {
  scalar,  // text, number, boolean
  node,    // {"NodeName":{...}}, or {} for an absent one
  list,    // an array of those
  typed,   // the fields of node `type`
};

using NodeType = std::uint8_t;
constexpr NodeType kNoNode = 0xFF;

struct Field {
  std::string_view name;
  FieldKind kind;
  std::string_view type_name;  // of a typed field
};

struct NodeInfo {
  std::string_view name;
  std::span<const Field> fields;  // in the order in which libpg_query writes them
};

// kNoNode when the node is not allowed.
NodeType node_type(std::string_view name) noexcept;
const NodeInfo& node_info(NodeType type) noexcept;
// The node type behind a typed field.
NodeType typed_field_node(NodeType type, std::size_t field) noexcept;

}  // namespace pgops::guard
