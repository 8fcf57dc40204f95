// core: input schemas of tools: a documented subset of JSON Schema, compiled once, applied often.
//
// Keywords: type properties required additionalProperties(boolean) enum const minimum maximum
// exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength(code points) pattern(RE2, not
// anchored) format items minItems maxItems uniqueItems minProperties maxProperties anyOf oneOf allOf
// not title description default examples, and x-ops, which tells the planner how a question fills the
// argument. Any other keyword is an error: a rule that is silently ignored protects nobody. There is no
// $ref, so a schema is a finite tree; its size, depth and patterns are bounded (SchemaLimits).
// Numbers are compared as exact decimals.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/json.hpp"

namespace pgops {

// One thing that is wrong, at a place written like a jsonpath: $.properties.limit.type
struct Problem {
  std::string path;
  std::string message;
  std::string hint;
};

// One line a problem: `path: message (hint)`.
std::string to_text(std::span<const Problem> problems);

// `path` with one more member, quoted where it is not a plain identifier.
std::string path_member(std::string_view path, std::string_view name);

struct SchemaLimits {
  static constexpr std::size_t kDepth = 32;
  static constexpr std::size_t kNodes = 2000;
  static constexpr std::size_t kEnumValues = 2000;
  static constexpr std::size_t kPatternBytes = 1000;
  static constexpr std::size_t kPatterns = 100;
  static constexpr std::size_t kUniqueItems = 4096;
  static constexpr std::size_t kProblems = 50;  // reported of one value or schema
};

enum class JsonType : unsigned { null = 1, boolean = 2, object = 4, array = 8, number = 16, integer = 32, string = 64 };

enum class Slot : std::uint8_t { none, since, until, limit, at };

// The keyword x-ops of a property.
struct OpsHints {
  struct Synonym {
    std::string word;  // as somebody may say it
    Json value;        // the enum value meant
  };
  std::vector<Synonym> synonyms;
  Slot slot = Slot::none;
  std::string unit;
  std::string entity;
  bool quoted = false;
};

struct SchemaNode;
struct PropertyInfo;

class Schema {
 public:
  // Errors: PLAN_INVALID is not meant here; a bad schema is TOOL_BAD_REQUEST with every problem in
  // `detail`, and in `problems` when given.
  static Result<Schema> compile(const Json& definition, std::vector<Problem>* problems = nullptr);

  // Empty when the value is valid. Never throws; the work is bounded by the sizes of both.
  std::vector<Problem> validate(const Json& value) const;
  // Adds the default of every absent property, also in nested objects that are present.
  void apply_defaults(Json& value) const;

  // Properties of the outermost object, in the order written.
  std::span<const PropertyInfo> properties() const noexcept;
  const PropertyInfo* property(std::string_view name) const noexcept;
  // False only when additionalProperties is false.
  bool allows_additional() const noexcept;
  bool allows(JsonType type) const noexcept;

 private:
  explicit Schema(std::shared_ptr<const SchemaNode> root) : root_(std::move(root)) {}
  std::shared_ptr<const SchemaNode> root_;
};

// What a planner needs to know of one argument.
struct PropertyInfo {
  std::string name;
  bool required = false;
  unsigned types = 0;  // bits of JsonType; 0 = any
  std::vector<Json> enum_values;
  std::optional<Json> default_value;
  std::string format;  // "date-time", ...; empty when none
  std::string title;
  std::string description;
  OpsHints hints;
  std::shared_ptr<const SchemaNode> node;

  bool allows(JsonType type) const noexcept { return types == 0 || (types & static_cast<unsigned>(type)) != 0; }
};

}  // namespace pgops
