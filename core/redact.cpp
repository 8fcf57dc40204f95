// core: credential names and shapes, see redact.hpp. Shapes are RE2 patterns, so matching is linear.
#include "core/redact.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <memory>

#include "core/schema.hpp"

namespace pgops {
namespace {

constexpr std::string_view kMask = "[masked]";

struct Shape {
  std::string_view rule;
  const char* pattern;
};

// Long enough tails keep prose out: "bearer of news" has no token of 12 characters with a digit.
constexpr std::array kShapes{
    Shape{"private-key",
          R"(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?s:.*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|\z))?)"},
    Shape{"jwt", R"(\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,})"},
    Shape{"bearer", R"((?i:\b(?:bearer|token)\s+)[A-Za-z._~+/-]*[0-9][A-Za-z0-9._~+/=-]{11,})"},
    Shape{"basic", R"((?i:\bbasic\s+)(?:[A-Za-z0-9+/]{10,}={1,2}|[A-Za-z+/]{0,200}[0-9][A-Za-z0-9+/]{7,}={0,2}))"},
    Shape{"url-userinfo", R"(\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#@:"']*:[^\s/?#@"']+@)"},
    Shape{"secret-key", R"(\b(?:sk|rk|pk)[-_](?:live|test|proj|ant|or)?[-_]?[A-Za-z0-9_-]{16,})"},
    Shape{"github-token", R"(\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}))"},
    Shape{"gitlab-token", R"(\bglpat-[A-Za-z0-9_-]{16,})"},
    Shape{"aws-key", R"(\b(?:AKIA|ASIA)[A-Z0-9]{16}\b)"},
    Shape{"slack-token", R"(\bxox[abeoprs]-[A-Za-z0-9-]{10,})"},
    Shape{"google-key", R"(\bAIza[A-Za-z0-9_-]{30,})"},
};

struct CompiledShapes {
  std::vector<std::unique_ptr<RE2>> each;
  std::unique_ptr<RE2> any;

  CompiledShapes() {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_encoding(RE2::Options::EncodingLatin1);  // texts may be no UTF-8
    std::string joined;
    for (const Shape& shape : kShapes) {
      each.push_back(std::make_unique<RE2>(shape.pattern, options));
      joined += (joined.empty() ? "(?:" : "|(?:") + std::string(shape.pattern) + ")";
    }
    any = std::make_unique<RE2>(joined, options);
  }
};

// Immutable after its first use.
const CompiledShapes& shapes() {
  static const CompiledShapes kCompiled;
  return kCompiled;
}

// "X-Api-Key", "apiKey" and "api_key" become words: x api key.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words;
  bool boundary = true;
  bool last_lower = false;
  for (const char c : name.substr(0, 256)) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool lower = c >= 'a' && c <= 'z';
    if (!upper && !lower && !(c >= '0' && c <= '9')) {
      boundary = true;
      continue;
    }
    if (boundary || (upper && last_lower)) words.emplace_back();
    words.back().push_back(upper ? static_cast<char>(c - 'A' + 'a') : c);
    boundary = false;
    last_lower = lower;
  }
  return words;
}

template <std::size_t N>
bool among(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// What is left of a template string once references and scheme words are taken out: a literal when
// anything of substance remains.
bool is_literal(std::string_view text) {
  static const RE2 kReferences(R"(\{\{secret:[^{}]*\}\}|\{[A-Za-z_][A-Za-z0-9_-]*\})", RE2::Quiet);
  static const RE2 kSchemes(R"((?i)\b(?:bearer|basic|token|apikey|api-key|key|digest|bot|genie)\b)", RE2::Quiet);
  std::string rest(text);
  const bool referenced = RE2::GlobalReplace(&rest, kReferences, " ") > 0;
  if (referenced) RE2::GlobalReplace(&rest, kSchemes, " ");
  const auto substance = std::count_if(rest.begin(), rest.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           static_cast<unsigned char>(c) >= 0x80;
  });
  // Beside a reference a short marker ("session=") may stand.
  return referenced ? substance > 16 : substance > 0;
}

class Finder {
 public:
  std::vector<CredentialFinding> findings;

  void check(const std::string& path, std::string_view name, const Json& value) {
    if (value.is_string()) {
      if (const std::string_view rule = credential_shape(value.text()); !rule.empty()) {
        findings.push_back({path, rule});
      } else if (credential_name(name) && is_literal(value.text())) {
        findings.push_back({path, "credential-name"});
      }
    } else if (value.is_number() && credential_name(name)) {
      findings.push_back({path, "credential-name"});
    }
  }

  // Every value below `root`; a list hands its own name down to its items.
  void tree(const Json& root, const std::string& path) {
    struct Task {
      const Json* node;
      std::string path;
      std::string_view name;
    };
    std::vector<Task> stack{{&root, path, {}}};
    while (!stack.empty() && findings.size() < 100) {
      const Task task = std::move(stack.back());
      stack.pop_back();
      check(task.path, task.name, *task.node);
      for (std::size_t i = 0; i < task.node->items().size(); ++i) {
        stack.push_back({&task.node->items()[i], bounded(task.path) + "[" + std::to_string(i) + "]", task.name});
      }
      for (const auto& [key, value] : task.node->members()) {
        if (key == "$arg") continue;
        if (const std::string_view rule = credential_shape(key); !rule.empty()) {
          findings.push_back({bounded(task.path), rule});
          continue;
        }
        stack.push_back({&value, path_member(bounded(task.path), key.substr(0, 256)), key});
      }
    }
  }

  void url(const std::string& text, const std::string& path) {
    const auto scheme = text.find("://");
    const std::size_t start = scheme == std::string::npos ? 0 : scheme + 3;
    const auto end = std::min(text.find_first_of("/?#", start), text.size());
    if (text.substr(start, end - start).find('@') != std::string::npos) {
      findings.push_back({path, "url-userinfo"});
    } else if (const std::string_view rule = credential_shape(text); !rule.empty()) {
      findings.push_back({path, rule});
    }
    const auto question = text.find('?');
    if (question == std::string::npos) return;
    std::size_t at = question + 1;
    while (at < text.size()) {
      const auto next = std::min(text.find_first_of("&;#", at), text.size());
      const std::string_view pair = std::string_view(text).substr(at, next - at);
      const auto equal = pair.find('=');
      if (equal != std::string_view::npos && credential_name(pair.substr(0, equal)) &&
          is_literal(pair.substr(equal + 1))) {
        findings.push_back({path, "credential-name"});
        return;
      }
      at = next + 1;
    }
  }

 private:
  // Paths of hostile depth are cut, so that they cost no quadratic space.
  static std::string bounded(const std::string& path) { return path.size() > 1000 ? path.substr(0, 1000) : path; }
};

}  // namespace

bool credential_name(std::string_view name) {
  static constexpr std::array<std::string_view, 28> kWhole{
      "authorization", "cookie",     "password",    "passwd",   "passphrase", "pwd",          "secret",
      "secrets",       "token",      "apikey",      "apitoken", "accesskey",  "secretkey",    "authkey",
      "bearer",        "credential", "credentials", "jwt",      "sig",        "signature",    "accesstoken",
      "authtoken",     "privatekey", "sessionid",   "pat",      "passcode",   "clientsecret", "refreshtoken"};
  // "key" alone is a credential in a query; joined to other words only these make it one.
  static constexpr std::array<std::string_view, 14> kBeforeKey{
      "api",    "access", "secret",  "auth",    "private",    "subscription", "app",
      "master", "shared", "license", "signing", "encryption", "account",      "x"};
  static constexpr std::array<std::string_view, 10> kCountsTokens{"max",  "min",  "num",          "count", "page",
                                                                  "next", "prev", "continuation", "total", "sync"};
  static constexpr std::array<std::string_view, 7> kHarmlessTail{"id",    "type",   "name", "count",
                                                                 "limit", "expiry", "url"};
  const auto words = words_of(name);
  if (words.empty()) return false;
  if (words.size() == 1 && words[0] == "key") return true;
  if (words.size() > 1 && among(kHarmlessTail, words.back()) && words.back() != "id") return false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool last = i + 1 == words.size();
    if (word == "key" && i > 0 && last && among(kBeforeKey, words[i - 1])) return true;
    if (word == "token" && i > 0 && among(kCountsTokens, words[i - 1])) continue;
    if (among(kWhole, word) && (last || words[i + 1] != "id")) return true;
    if (word == "session" && !last && words[i + 1] == "id") return true;
  }
  return false;
}

std::string_view credential_shape(std::string_view text) {
  const re2::StringPiece piece(text.data(), text.size());
  if (!shapes().any->ok()) return "credential";  // fail closed
  if (!RE2::PartialMatch(piece, *shapes().any)) return {};
  for (std::size_t i = 0; i < kShapes.size(); ++i) {
    if (RE2::PartialMatch(piece, *shapes().each[i])) return kShapes[i].rule;
  }
  return "credential";
}

std::string mask_text(std::string_view text) {
  if (!shapes().any->ok()) return std::string(kMask);
  std::string out(text);
  RE2::GlobalReplace(&out, *shapes().any, re2::StringPiece(kMask.data(), kMask.size()));
  return out;
}

std::vector<CredentialFinding> find_credentials(const Json& http, std::string_view path) {
  Finder finder;
  for (const auto& [key, value] : http.members()) {
    const std::string where = path_member(path, key);
    if (key == "url" && value.is_string()) {
      finder.url(value.text(), where);
    } else if (key != "method" && key != "result" && key != "ok") {
      finder.tree(value, where);
    }
  }
  return std::move(finder.findings);
}

namespace {

// Steps of a path: a member name, an index, or every item.
struct Step {
  enum class Kind : std::uint8_t { member, index, every } kind;
  std::string name;
  std::size_t index = 0;
};

bool read_path(std::string_view path, std::vector<Step>& steps) {
  if (path.starts_with("$")) path.remove_prefix(1);
  if (path.starts_with(".")) path.remove_prefix(1);
  bool first = true;
  while (!path.empty()) {
    if (path[0] == '[') {
      const auto close = path.find(']');
      if (close == std::string_view::npos || close < 2) return false;
      const std::string_view inside = path.substr(1, close - 1);
      if (inside == "*") {
        steps.push_back({Step::Kind::every, {}, 0});
      } else {
        if (inside.size() > 9 || inside.find_first_not_of("0123456789") != std::string_view::npos) return false;
        steps.push_back({Step::Kind::index, {}, static_cast<std::size_t>(std::stoul(std::string(inside)))});
      }
      path.remove_prefix(close + 1);
    } else {
      if (!first) {
        if (path[0] != '.') return false;
        path.remove_prefix(1);
      }
      if (path.starts_with('"')) {
        const auto close = path.find('"', 1);
        if (close == std::string_view::npos) return false;
        steps.push_back({Step::Kind::member, std::string(path.substr(1, close - 1)), 0});
        path.remove_prefix(close + 1);
      } else {
        const auto end = std::min(path.find_first_of(".["), path.size());
        if (end == 0) return false;
        const std::string_view name = path.substr(0, end);
        steps.push_back(name == "*" ? Step{Step::Kind::every, {}, 0} : Step{Step::Kind::member, std::string(name), 0});
        path.remove_prefix(end);
      }
    }
    first = false;
    if (steps.size() > 64) return false;
  }
  return true;
}

void blank(Json& value, std::span<const Step> steps) {
  if (steps.empty()) {
    value = Json(kMask);
    return;
  }
  const Step& step = steps.front();
  const auto rest = steps.subspan(1);
  if (step.kind == Step::Kind::member) {
    if (Json* member = value.find(step.name)) blank(*member, rest);
  } else if (step.kind == Step::Kind::index) {
    if (value.is_array() && step.index < value.size()) blank(value.items()[step.index], rest);
  } else if (value.is_array()) {
    for (Json& item : value.items()) blank(item, rest);
  } else if (value.is_object()) {
    for (auto& member : value.members()) blank(member.second, rest);
  }
}

}  // namespace

bool blank_paths(Json& value, std::span<const std::string> paths) {
  for (const std::string& path : paths) {
    std::vector<Step> steps;
    if (!read_path(path, steps)) {
      value = Json(kMask);
      return false;
    }
    blank(value, steps);
  }
  return true;
}

}  // namespace pgops
