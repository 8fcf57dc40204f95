// core: template strings: scanning and expansion of url and headers; trees are template_tree.cpp.
#include "core/template.hpp"

#include <algorithm>

#include "core/template_parts.hpp"

namespace pgops {
namespace {

using template_parts::Part;
using template_parts::problem;

void add_name(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

TemplateUse use_of(const std::vector<Part>& parts) {
  TemplateUse use;
  for (const Part& part : parts) {
    if (part.kind == Part::Kind::argument) add_name(use.arguments, part.text);
    if (part.kind == Part::Kind::secret) add_name(use.secrets, part.text);
  }
  return use;
}

bool name_char(char c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (!first && ((c >= '0' && c <= '9') || c == '-'));
}

bool valid_name(std::string_view name) {
  if (name.empty() || name.size() > 63) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!name_char(name[i], i == 0)) return false;
  }
  return true;
}

bool has_control(std::string_view text, bool tab_allowed) {
  return std::any_of(text.begin(), text.end(), [tab_allowed](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0x7F || (byte < 0x20 && !(tab_allowed && c == '\t'));
  });
}

// Length of `http://host:port` in the template; 0 when it does not begin so.
std::size_t authority_end(std::string_view text) {
  std::string_view rest;
  if (text.starts_with("https://")) {
    rest = text.substr(8);
  } else if (text.starts_with("http://")) {
    rest = text.substr(7);
  } else {
    return 0;
  }
  const auto end = rest.find_first_of("/?#\\");
  const std::size_t length = end == std::string_view::npos ? rest.size() : end;
  return length == 0 ? 0 : text.size() - rest.size() + length;
}

bool dot_segment(std::string_view path) {
  for (std::size_t at = 0; at <= path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, end - at);
    if (segment == "." || segment == "..") return true;
    at = end + 1;
  }
  return false;
}

}  // namespace

namespace template_parts {

Error problem(std::string message, std::string detail, std::string hint) {
  return Error{Code::tool_bad_request, std::move(message), std::move(detail), std::move(hint)};
}

Result<std::vector<Part>> split(std::string_view text) {
  constexpr std::string_view kSecret = "{{secret:";
  std::vector<Part> parts;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t brace = std::min(text.find_first_of("{}", at), text.size());
    if (brace > at) parts.push_back({Part::Kind::literal, std::string(text.substr(at, brace - at))});
    if (brace == text.size()) break;
    const std::string place = "At byte " + std::to_string(brace) + ".";
    if (text.substr(brace, kSecret.size()) == kSecret) {
      const auto end = text.find("}}", brace);
      const std::string name(
          text.substr(brace + kSecret.size(), end == std::string_view::npos ? 0 : end - brace - kSecret.size()));
      if (end == std::string_view::npos || !valid_name(name)) {
        return problem("malformed secret reference in a template", place, "Write {{secret:name}}.");
      }
      parts.push_back({Part::Kind::secret, name});
      at = end + 2;
      continue;
    }
    const auto end = text.find('}', brace);
    const std::string name(text.substr(brace + 1, end == std::string_view::npos ? 0 : end - brace - 1));
    if (text[brace] == '}' || end == std::string_view::npos || !valid_name(name)) {
      return problem("malformed placeholder in a template", place,
                     "Write {name} for an argument; a literal brace in a URL is %7B or %7D.");
    }
    parts.push_back({Part::Kind::argument, name});
    at = end + 1;
  }
  return parts;
}

const Json* argument(const Json& arguments, std::string_view name) {
  const Json* value = arguments.find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::optional<std::string> scalar_text(const Json& value) {
  if (value.is_string() || value.is_number()) return value.text();
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  return std::nullopt;
}

Status append_expansion(std::string& out, const Json& value, std::string_view name) {
  if (value.is_object()) {
    return problem("an object cannot be placed in a template string", "Argument \"" + std::string(name) + "\".",
                   "Use {\"$arg\":\"name\"} in the body for structured values.");
  }
  if (!value.is_array()) {
    append_percent_encoded(out, *scalar_text(value));
    return Unit{};
  }
  bool first = true;
  for (const Json& item : value.items()) {
    if (item.is_null()) continue;
    const auto text = scalar_text(item);
    if (!text)
      return problem("a nested list cannot be placed in a template string", "Argument \"" + std::string(name) + "\".",
                     "");
    if (!first) out.push_back(',');
    first = false;
    append_percent_encoded(out, *text);
  }
  return Unit{};
}

}  // namespace template_parts

void TemplateUse::add(const TemplateUse& other) {
  for (const auto& name : other.arguments) add_name(arguments, name);
  for (const auto& name : other.secrets) add_name(secrets, name);
}

void append_percent_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                            c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(kHex[byte >> 4U]);
      out.push_back(kHex[byte & 15U]);
    }
  }
}

bool valid_header_name(std::string_view name) noexcept {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && name.size() <= 256 && std::all_of(name.begin(), name.end(), [kMarks](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

Result<TemplateUse> scan_text(std::string_view text) {
  if (has_control(text, true))
    return problem("control character in a template", "", "Remove line breaks and other control characters.");
  auto parts = template_parts::split(text);
  if (!parts) return parts.error();
  return use_of(*parts);
}

Result<TemplateUse> scan_url(std::string_view text) {
  if (text.size() > 8192) return problem("the url is too long", "It may have 8192 bytes.", "");
  if (has_control(text, false) || text.find(' ') != std::string_view::npos) {
    return problem("space or control character in the url", "", "Write a space as %20.");
  }
  const std::size_t end = authority_end(text);
  if (end == 0) return problem("the url must begin with http:// or https:// and a host", "", "");
  const std::string_view authority = text.substr(0, end);
  if (authority.find('@') != std::string_view::npos) {
    return problem("user information in the url", "", "Send credentials in a header with {{secret:name}}.");
  }
  if (authority.find_first_of("{}") != std::string_view::npos) {
    return problem("a placeholder in the host of the url", "A question must not choose the server.",
                   "Write the host out; make one tool per host.");
  }
  if (text.find('\\') != std::string_view::npos) return problem("backslash in the url", "", "Write it as %5C.");
  auto parts = template_parts::split(text);
  if (!parts) return parts.error();
  TemplateUse use = use_of(*parts);
  if (!use.secrets.empty()) {
    return problem("a secret in the url", "", "Put it in a header or in \"query\".");
  }
  const std::string_view path = text.substr(end, std::min(text.find_first_of("?#", end), text.size()) - end);
  if (dot_segment(path)) return problem("a segment . or .. in the url", "", "Write the final path.");
  return use;
}

Result<std::string> expand_url(std::string_view text, const Json& arguments) {
  const auto use = scan_url(text);
  if (!use) return use.error();
  const auto parts = template_parts::split(text);
  if (!parts) return parts.error();
  std::string out;
  bool in_path = true;
  for (const Part& part : *parts) {
    if (part.kind == Part::Kind::literal) {
      out += part.text;
      if (part.text.find_first_of("?#") != std::string::npos) in_path = false;
      continue;
    }
    const Json* value = template_parts::argument(arguments, part.text);
    const std::size_t before = out.size();
    if (value != nullptr) {
      if (auto done = template_parts::append_expansion(out, *value, part.text); !done) return done.error();
    }
    if (in_path && out.size() == before) {
      return problem("an argument in the path of the url is missing or empty", "Argument \"" + part.text + "\".", "");
    }
  }
  const std::size_t start = authority_end(out);
  if (dot_segment(std::string_view(out).substr(start, std::min(out.find_first_of("?#", start), out.size()) - start))) {
    return problem("an argument makes a segment . or .. in the url", "", "");
  }
  return out;
}

Result<std::optional<std::string>> expand_header(std::string_view text, const Json& arguments) {
  if (has_control(text, true)) return problem("control character in a header", "", "");
  const auto parts = template_parts::split(text);
  if (!parts) return parts.error();
  std::string out;
  for (const Part& part : *parts) {
    if (part.kind == Part::Kind::literal) {
      out += part.text;
    } else if (part.kind == Part::Kind::secret) {
      out += "{{secret:" + part.text + "}}";
    } else {
      const Json* value = template_parts::argument(arguments, part.text);
      if (value == nullptr) return std::optional<std::string>();
      if (auto done = template_parts::append_expansion(out, *value, part.text); !done) return done.error();
    }
  }
  return std::optional<std::string>(std::move(out));
}

std::string join_query(std::string_view url, std::string_view query) {
  if (query.empty()) return std::string(url);
  const auto fragment = std::min(url.find('#'), url.size());
  std::string out(url.substr(0, fragment));
  if (out.find('?') == std::string::npos) {
    out.push_back('?');
  } else if (out.back() != '?' && out.back() != '&') {
    out.push_back('&');
  }
  out += query;
  out += url.substr(fragment);
  return out;
}

}  // namespace pgops
