// core/present: reading the `present` part of a tool, naming every problem at once.
#include "core/present/format.hpp"
#include "core/present/present.hpp"

namespace pgops::present {
namespace {

constexpr std::size_t kMaxEntries = 50;
constexpr std::size_t kMaxText = 4000;

bool is_one_of(std::string_view word, std::string_view list) {
  return !word.empty() && list.find("|" + std::string(word) + "|") != std::string_view::npos;
}

}  // namespace

class Compiler {
 public:
  explicit Compiler(Present& out) : out_(out) {}

  std::vector<Problem> run(const Json& spec) {
    if (spec.is_null()) return {};
    if (!spec.is_object()) {
      add("present", 0, "present must be an object");
      return std::move(problems_);
    }
    for (const auto& [key, value] : spec.members()) {
      if (key == "summary") {
        summary(value);
      } else if (key == "columns") {
        columns(value);
      } else if (key == "block") {
        out_.block_ = std::string(value.string_or(""));
        if (!is_one_of(out_.block_, "|table|number|timeseries|chart|")) {
          add("present.block", 0, "block is one of table, number, timeseries, chart");
        }
      } else if (key == "title") {
        out_.title_ = localised(value, "present.title");
      } else if (key == "nouns") {
        nouns(value);
      } else if (key == "as_of") {
        out_.as_of_ = expression(value.string_or(""), 0, "present.as_of");
        if (out_.as_of_ && !out_.as_of_->is_plain_value()) {
          add("present.as_of", 0, "as_of is a value, such as max(updated_at)");
        }
      } else if (key == "recount") {
        if (!value.is_bool()) add("present.recount", 0, "recount is true or false");
        out_.recount_ = value.as_bool();
      } else {
        add("present." + key, 0,
            "unknown field \"" + key + "\"; known are summary, columns, block, title, nouns, as_of, recount");
      }
    }
    return std::move(problems_);
  }

 private:
  void add(std::string path, std::size_t position, std::string message) {
    if (problems_.size() < 100) problems_.push_back({std::move(path), position, std::move(message)});
  }

  std::map<std::string, std::string> localised(const Json& value, const std::string& path) {
    std::map<std::string, std::string> out;
    if (value.is_string()) {
      out["en"] = value.text();
    } else if (value.is_object() && value.size() > 0) {
      for (const auto& [locale, text] : value.members()) {
        if (!is_one_of(locale, "|en|ko|")) add(path + "." + locale, 0, "a locale is en or ko");
        if (!text.is_string()) add(path + "." + locale, 0, "must be a text");
        out[locale] = text.text();
      }
    } else {
      add(path, 0, "must be a text or {\"en\": ..., \"ko\": ...}");
    }
    for (const auto& [locale, text] : out) {
      if (text.size() > kMaxText) add(path, 0, "is longer than 4000 bytes");
    }
    return out;
  }

  void summary(const Json& list) {
    if (!list.is_array() || list.size() > kMaxEntries) {
      add("present.summary", 0, "summary must be a list of at most 50 entries");
      return;
    }
    for (std::size_t i = 0; i < list.size(); ++i) entry(list.items()[i], "present.summary[" + std::to_string(i) + "]");
  }

  void entry(const Json& spec, const std::string& path) {
    if (!spec.is_object() || spec.find("text") == nullptr) {
      add(path, 0, "an entry is {\"when\": ..., \"text\": ..., \"severity\": ...} with at least a text");
      return;
    }
    Present::Entry entry;
    for (const auto& [key, value] : spec.members()) {
      if (key == "when") {
        entry.when = expression(value.string_or(""), 0, path + ".when");
      } else if (key == "text") {
        for (const auto& [locale, text] : localised(value, path + ".text")) {
          entry.text[locale] = pieces(text, path + ".text");
        }
      } else if (key == "severity") {
        entry.severity = std::string(value.string_or(""));
        if (!is_one_of(entry.severity, "|info|attention|critical|")) {
          add(path + ".severity", 0, "severity is one of info, attention, critical");
        }
      } else {
        add(path + "." + key, 0, "unknown field \"" + key + "\"; known are when, text, severity");
      }
    }
    out_.entries_.push_back(std::move(entry));
  }

  std::optional<Expression> expression(std::string_view text, std::size_t offset, const std::string& path) {
    SyntaxError error;
    auto e = Expression::parse(text, error);
    if (!e) add(path, offset + error.position, error.message);
    if (e) mention(*e, path);
    return e;
  }

  void mention(const Expression& e, const std::string& path) {
    constexpr std::string_view kArgument = "$.args.";
    constexpr std::string_view kColumn = "$.rows[";
    for (const Source& source : e.sources()) {
      for (const std::string& from : {source.path, source.of}) {
        const std::size_t dot = from.find("].");
        if (from.starts_with(kArgument)) {
          out_.mentions_.push_back({path, from.substr(kArgument.size()), true});
        } else if (from.starts_with(kColumn) && dot != std::string::npos) {
          out_.mentions_.push_back({path, from.substr(dot + 2), false});
        }
      }
    }
  }

  // {"en": ["session", "sessions"], "ko": ["세션", "개"]}
  void nouns(const Json& spec) {
    const char* const wanted = "nouns are {\"en\": [singular, plural], \"ko\": [noun, counter]}";
    if (!spec.is_object() || spec.size() == 0) {
      add("present.nouns", 0, wanted);
      return;
    }
    for (const auto& [locale, words] : spec.members()) {
      const std::string path = "present.nouns." + locale;
      if (!is_one_of(locale, "|en|ko|")) add(path, 0, "a locale is en or ko");
      std::vector<std::string> two;
      for (const Json& word : words.items()) two.emplace_back(word.string_or(""));
      if (two.size() != 2 || two[0].empty() || two[1].empty() || two[0].size() > 100 || two[1].size() > 100) {
        add(path, 0, wanted);
        continue;
      }
      out_.nouns_[locale] = std::move(two);
    }
  }

  // Digits beside a value would make another figure of it: "1{n}", "{n}0", "-{n}", "0.{n}".
  void check_touching(const std::vector<Present::Piece>& made, const std::string& path) {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    for (std::size_t i = 0; i < made.size(); ++i) {
      if (!made[i].value) continue;
      if (i + 1 < made.size()) {
        const std::string& after = made[i + 1].literal;
        if (made[i + 1].value) add(path, 0, "two values need something between them");
        const bool joined = after.size() > 1 && (after[0] == '.' || after[0] == ',') && digit(after[1]);
        if (!after.empty() && (digit(after[0]) || joined)) add(path, 0, "digits must not touch a value");
      }
      if (i == 0 || made[i - 1].value) continue;
      const std::string& before = made[i - 1].literal;
      const char last = before.back();
      const char other = before.size() > 1 ? before[before.size() - 2] : ' ';
      const bool joined = (last == '.' || last == ',') && digit(other);
      const bool sign = last == '-' && (other == ' ' || other == '(');
      if (digit(last) || joined || sign) add(path, 0, "digits or a sign must not touch a value");
    }
  }

  std::vector<Present::Piece> pieces(const std::string& text, const std::string& path) {
    std::vector<Present::Piece> out;
    std::string literal;
    const auto flush = [&] {
      if (!literal.empty()) out.push_back({literal, std::nullopt});
      literal.clear();
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool twice = i + 1 < text.size() && text[i + 1] == text[i];
      if ((text[i] == '{' || text[i] == '}') && twice) {
        literal.push_back(text[i++]);
      } else if (text[i] == '}') {
        add(path, i, "} without {; write }} for a brace");
      } else if (text[i] == '{') {
        const std::size_t end = text.find('}', i);
        if (end == std::string::npos) {
          add(path, i, "{ without }; write {{ for a brace");
          break;
        }
        flush();
        auto value = expression(std::string_view(text).substr(i + 1, end - i - 1), i + 1, path);
        if (value && !value->is_plain_value()) add(path, i + 1, "braces show a value, such as row_count or max(wait)");
        if (value) out.push_back({{}, std::move(value)});
        i = end;
      } else {
        literal.push_back(text[i]);
      }
    }
    flush();
    check_touching(out, path);
    return out;
  }

  void columns(const Json& spec) {
    if (!spec.is_object()) {
      add("present.columns", 0, "columns must be an object of column names");
      return;
    }
    for (const auto& [name, column] : spec.members()) {
      const std::string path = "present.columns." + name;
      Present::Column c;
      if (!column.is_object()) add(path, 0, "a column is {\"unit\": ..., \"format\": ..., \"title\": ...}");
      for (const auto& [key, value] : column.members()) {
        if (key == "unit") {
          c.unit = std::string(value.string_or(""));
          if (c.unit.empty() || c.unit.size() > 20) add(path + ".unit", 0, "unit must be a short text");
        } else if (key == "format") {
          c.format = std::string(value.string_or(""));
          if (c.format.empty() || !known_format(c.format)) {
            add(path + ".format", 0,
                "format is one of integer, thousands, decimal, percent, duration, bytes, datetime, minute, date, text, short");
          }
        } else if (key == "title") {
          c.title = localised(value, path + ".title");
        } else {
          add(path + "." + key, 0, "unknown field \"" + key + "\"; known are unit, format, title");
        }
      }
      out_.columns_[name] = std::move(c);
    }
  }

  Present& out_;
  std::vector<Problem> problems_;
};

std::vector<Problem> Present::problems(const Json& spec) {
  Present scratch;
  return Compiler(scratch).run(spec);
}

Result<Present> Present::compile(const Json& spec) {
  Present out;
  const std::vector<Problem> found = Compiler(out).run(spec);
  if (found.empty()) return out;
  Error error{Code::plan_invalid, "present is not valid", "", ""};
  for (const Problem& p : found) {
    error.detail +=
        (error.detail.empty() ? "" : "\n") + p.path + ", position " + std::to_string(p.position) + ": " + p.message;
  }
  return error;
}

}  // namespace pgops::present
