// core: templates in JSON trees: the query object and the body. Recursion is bounded by kMaxDepth.
#include "core/template_parts.hpp"

namespace pgops {
namespace {

using template_parts::Part;
using template_parts::problem;

constexpr unsigned kMaxDepth = 64;
constexpr std::string_view kArg = "$arg";

Error too_deep() { return problem("the template is nested too deeply", "", ""); }

// The name in {"$arg":"name"}; nullopt for any other value; an error for a malformed one.
Result<std::optional<std::string>> typed_name(const Json& value) {
  const Json* name = value.find(kArg);
  if (name == nullptr) return std::optional<std::string>();
  if (value.size() != 1 || !name->is_string() || name->text().empty()) {
    return problem("malformed $arg in a template", "", "Write {\"$arg\":\"name\"} and nothing else in that object.");
  }
  return std::optional<std::string>(name->text());
}

// Secrets in a body string: other braces are ordinary text there.
Status scan_secrets(std::string_view text, TemplateUse& use) {
  constexpr std::string_view kSecret = "{{secret:";
  for (std::size_t at = text.find(kSecret); at != std::string_view::npos; at = text.find(kSecret, at + 1)) {
    const auto end = text.find("}}", at);
    if (end == std::string_view::npos)
      return problem("malformed secret reference in a template", "", "Write {{secret:name}}.");
    auto parts = template_parts::split(text.substr(at, end + 2 - at));
    if (!parts) return parts.error();
    for (const Part& part : *parts) use.add({{}, {part.text}});
  }
  return Unit{};
}

Status scan(const Json& tree, bool expand_strings, TemplateUse& use, unsigned depth) {
  if (depth > kMaxDepth) return too_deep();
  if (tree.is_string()) {
    if (!expand_strings) return scan_secrets(tree.text(), use);
    auto found = scan_text(tree.text());
    if (!found) return found.error();
    use.add(*found);
    return Unit{};
  }
  auto name = typed_name(tree);
  if (!name) return name.error();
  if (*name) {
    use.add({{**name}, {}});
    return Unit{};
  }
  for (const Json& item : tree.items()) {
    if (auto done = scan(item, expand_strings, use, depth + 1); !done) return done;
  }
  for (const auto& member : tree.members()) {
    if (member.first.find("{{secret:") != std::string::npos) return problem("a secret in a member name", "", "");
    if (auto done = scan(member.second, expand_strings, use, depth + 1); !done) return done;
  }
  return Unit{};
}

// Writes `tree`; `written` tells whether anything was (an absent argument writes nothing).
Status write(std::string& out, const Json& tree, const Json& arguments, unsigned depth, bool& written) {
  if (depth > kMaxDepth) return too_deep();
  written = true;
  auto name = typed_name(tree);
  if (!name) return name.error();
  if (*name) {
    const Json* value = arguments.find(**name);
    written = value != nullptr;
    if (!written) return Unit{};
    // Inside JSON text two braces in a row occur only in strings, where the escape means the same.
    const std::string text = value->dump();
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool pair =
          text[i] == '{' && ((i + 1 < text.size() && text[i + 1] == '{') || (i > 0 && text[i - 1] == '{'));
      if (pair) {
        out += "\\u007b";
      } else {
        out.push_back(text[i]);
      }
    }
    return Unit{};
  }
  if (!tree.is_array() && !tree.is_object()) {
    tree.dump_to(out);
    return Unit{};
  }
  out.push_back(tree.is_array() ? '[' : '{');
  bool first = true;
  const auto child = [&](const std::string* key, const Json& value) -> Status {
    const std::size_t mark = out.size();
    if (!first) out.push_back(',');
    if (key != nullptr) {
      append_json_string(out, *key);
      out.push_back(':');
    }
    bool some = false;
    if (auto done = write(out, value, arguments, depth + 1, some); !done) return done;
    if (some) {
      first = false;
    } else {
      out.resize(mark);
    }
    return Unit{};
  };
  for (const Json& item : tree.items()) {
    if (auto done = child(nullptr, item); !done) return done;
  }
  for (const auto& member : tree.members()) {
    if (auto done = child(&member.first, member.second); !done) return done;
  }
  out.push_back(tree.is_array() ? ']' : '}');
  return Unit{};
}

class QueryWriter {
 public:
  explicit QueryWriter(const Json& arguments) : arguments_(arguments) {}
  std::string out;

  Status pair(const std::string& key, const Json& value, bool in_list) {
    auto name = typed_name(value);
    if (!name) return name.error();
    if (*name) {
      const Json* argument = template_parts::argument(arguments_, **name);
      return argument == nullptr ? Status(Unit{}) : values(key, *argument);
    }
    if (value.is_string()) return text(key, value.text());
    if (value.is_array() && in_list) return unfit(key);
    if (value.is_array()) {
      for (const Json& item : value.items()) {
        if (auto done = pair(key, item, true); !done) return done;
      }
      return Unit{};
    }
    return values(key, value);
  }

 private:
  void begin(const std::string& key) {
    if (!out.empty()) out.push_back('&');
    append_percent_encoded(out, key);
    out.push_back('=');
  }

  // Literal values: of an argument, or of the template itself.
  Status values(const std::string& key, const Json& value) {
    if (value.is_null()) return Unit{};
    if (value.is_array()) {
      for (const Json& item : value.items()) {
        if (item.is_array()) return unfit(key);
        if (auto done = values(key, item); !done) return done;
      }
      return Unit{};
    }
    const auto text = template_parts::scalar_text(value);
    if (!text) return unfit(key);
    begin(key);
    append_percent_encoded(out, *text);
    return Unit{};
  }

  Status text(const std::string& key, const std::string& text) {
    const auto parts = template_parts::split(text);
    if (!parts) return parts.error();
    std::string value;
    for (const Part& part : *parts) {
      if (part.kind == Part::Kind::literal) {
        append_percent_encoded(value, part.text);
      } else if (part.kind == Part::Kind::secret) {
        value += "{{secret:" + part.text + "}}";
      } else {
        const Json* argument = template_parts::argument(arguments_, part.text);
        if (argument == nullptr) return Unit{};
        if (auto done = template_parts::append_expansion(value, *argument, part.text); !done) return done;
      }
    }
    begin(key);
    out += value;
    return Unit{};
  }

  static Error unfit(const std::string& key) {
    return problem("a structured value cannot be placed in the query", "Query key \"" + key + "\".",
                   "Send it in the body.");
  }

  const Json& arguments_;
};

}  // namespace

Result<TemplateUse> scan_tree(const Json& tree, bool expand_strings) {
  TemplateUse use;
  if (auto done = scan(tree, expand_strings, use, 0); !done) return done.error();
  return use;
}

Result<std::string> expand_query(const Json& query, const Json& arguments) {
  if (!query.is_object() && !query.is_null()) return problem("the query of a tool must be an object", "", "");
  QueryWriter writer(arguments);
  for (const auto& member : query.members()) {
    if (auto done = writer.pair(member.first, member.second, false); !done) return done.error();
  }
  return std::move(writer.out);
}

Result<std::optional<std::string>> expand_body(const Json& body, const Json& arguments) {
  if (body.is_null()) return std::optional<std::string>();
  std::string out;
  bool written = false;
  if (auto done = write(out, body, arguments, 0, written); !done) return done.error();
  if (!written) return std::optional<std::string>();
  return std::optional<std::string>(std::move(out));
}

Result<Json> substitute(const Json& tree, const Json& arguments) {
  auto text = expand_body(tree, arguments);
  if (!text) return text.error();
  if (!*text) return Json();
  JsonLimits limits;
  limits.max_depth = 512;
  limits.jsonb_safe = false;
  return Json::parse(**text, limits);
}

}  // namespace pgops
