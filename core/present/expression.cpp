// core/present: parsing expressions, see expression.hpp. Evaluation is in evaluate.cpp.
#include "core/present/expression.hpp"

#include "core/decimal.hpp"

namespace pgops::present {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 128;
}

constexpr std::string_view kFunctions = "|count|sum|max|min|avg|first|";

}  // namespace

// Recursive descent over at most kMaxLength bytes and kMaxDepth levels.
class Parser {
 public:
  Parser(std::string_view text, Expression& out, SyntaxError& error) : text_(text), out_(out), error_(error) {}

  bool run() {
    if (text_.size() > Expression::kMaxLength) return fail("expression is too long");
    const auto root = either();
    if (!root) return false;
    skip();
    if (at_ != text_.size()) return fail("unexpected text after the expression");
    out_.root_ = *root;
    return true;
  }

 private:
  using Node = Expression::Node;
  using Kind = Expression::Kind;
  using Index = std::optional<std::size_t>;

  bool fail(std::string message) {
    if (error_.message.empty()) error_ = {at_, std::move(message)};
    return false;
  }
  Index failed(std::string message) {
    fail(std::move(message));
    return std::nullopt;
  }
  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }
  bool symbol(std::string_view s) {
    skip();
    if (text_.substr(at_, s.size()) != s) return false;
    at_ += s.size();
    return true;
  }
  bool keyword(std::string_view s) {
    skip();
    const std::size_t end = at_ + s.size();
    if (text_.substr(at_, s.size()) != s) return false;
    if (end < text_.size() && (name_start(text_[end]) || digit(text_[end]))) return false;
    at_ = end;
    return true;
  }
  std::string name() {
    skip();
    const std::size_t from = at_;
    if (at_ < text_.size() && text_[at_] == '"') {  // "Column name"
      const std::size_t end = text_.find('"', at_ + 1);
      if (end == std::string_view::npos) return {};
      at_ = end + 1;
      return std::string(text_.substr(from + 1, end - from - 1));
    }
    if (at_ < text_.size() && name_start(text_[at_])) {
      while (at_ < text_.size() && (name_start(text_[at_]) || digit(text_[at_]))) ++at_;
    }
    return std::string(text_.substr(from, at_ - from));
  }
  std::size_t add(Node node) {
    out_.nodes_.push_back(std::move(node));
    return out_.nodes_.size() - 1;
  }
  std::size_t source(std::string path, std::string fn, std::string of, std::string column) {
    Node n;
    n.kind = Kind::source;
    n.source = {std::move(path), std::move(fn), std::move(of), std::move(column)};
    return add(std::move(n));
  }

  Index chain(std::string_view word, Kind kind, Index (Parser::*next)()) {
    Index left = (this->*next)();
    while (left && keyword(word)) {
      const Index right = (this->*next)();
      if (!right) return right;
      Node n;
      n.kind = kind;
      n.left = *left;
      n.right = *right;
      left = add(std::move(n));
    }
    return left;
  }
  Index either() { return chain("or", Kind::either, &Parser::both); }
  Index both() { return chain("and", Kind::both, &Parser::negated); }

  Index negated() {
    if (!keyword("not")) return comparison();
    if (++depth_ > Expression::kMaxDepth) return failed("expression is nested too deeply");
    const Index inner = negated();
    --depth_;
    if (!inner) return inner;
    Node n;
    n.kind = Kind::negate;
    n.left = *inner;
    return add(std::move(n));
  }

  Index comparison() {
    const Index left = operand();
    if (!left) return left;
    for (const char* op : {"!=", "<=", ">=", "=", "<", ">"}) {
      if (!symbol(op)) continue;
      const Index right = operand();
      if (!right) return right;
      Node n;
      n.kind = Kind::compare;
      n.op = op;
      n.left = *left;
      n.right = *right;
      return add(std::move(n));
    }
    return left;
  }

  Index literal(Json value) {
    Node n;
    n.literal = std::move(value);
    return add(std::move(n));
  }

  Index operand() {
    skip();
    if (at_ >= text_.size()) return failed("an expression is missing");
    const char c = text_[at_];
    if (symbol("(")) {
      if (++depth_ > Expression::kMaxDepth) return failed("expression is nested too deeply");
      const Index inner = either();
      --depth_;
      if (inner && !symbol(")")) return failed("missing )");
      return inner;
    }
    if (c == '\'') {
      const std::size_t end = text_.find('\'', at_ + 1);
      if (end == std::string_view::npos) return failed("unterminated text");
      const std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
      at_ = end + 1;
      return literal(inside);
    }
    if (digit(c) || c == '-') return number();
    if (keyword("true")) return literal(true);
    if (keyword("false")) return literal(false);
    if (keyword("null")) return literal(nullptr);
    return path();
  }

  Index number() {
    const std::size_t from = at_++;
    while (at_ < text_.size() && (digit(text_[at_]) || text_[at_] == '.')) ++at_;
    const std::string_view token = text_.substr(from, at_ - from);
    if (!is_number_token(token)) return failed("not a number");
    return literal(Json::number(token));
  }

  Index path() {
    const std::size_t from = at_;
    const std::string word = name();
    if (word.empty()) return failed("unexpected character");
    if (word == "row_count" || word == "truncated") return source("$." + word, "", "", "");
    if (word == "args") {
      const std::string argument = symbol(".") ? name() : std::string();
      if (argument.empty()) return failed("args needs a name: args.limit");
      return source("$.args." + argument, "", "", argument);
    }
    if (word == "rows") return cell();
    if (symbol("(")) return function(word, from);
    at_ = from;
    return failed("unknown name \"" + word + "\"; a column is read as rows[0]." + word + " or max(" + word + ")");
  }

  Index cell() {
    if (!symbol("[")) return failed("rows needs a position: rows[0]");
    const std::size_t from = at_;
    while (at_ < text_.size() && digit(text_[at_])) ++at_;
    const std::string position(text_.substr(from, at_ - from));
    if (position.empty() || position.size() > 5) return failed("rows needs a position: rows[0]");
    const std::string column = symbol("]") && symbol(".") ? name() : std::string();
    if (column.empty()) return failed("rows[0] needs a column: rows[0].name");
    return source("$.rows[" + position + "]." + column, "", "", column);
  }

  Index function(const std::string& fn, std::size_t from) {
    if (fn == "count" && symbol(")")) return source("$.row_count", "", "", "");
    if (fn != "share" && kFunctions.find("|" + fn + "|") == std::string_view::npos) {
      at_ = from;
      return failed("unknown function \"" + fn + "\"");
    }
    const std::string column = name();
    if (column.empty()) return failed(fn + " needs a column");
    std::string second;
    if (fn == "share") {
      second = symbol(",") ? name() : std::string();
      if (second.empty()) return failed("share needs two columns");
    }
    if (!symbol(")")) return failed("missing )");
    if (fn == "first") return source("$.rows[0]." + column, "", "", column);
    // Counts and shares are figures of their own: the column's unit does not apply.
    const bool own = fn == "count" || fn == "share";
    return source("$.rows[*]." + column, fn, second.empty() ? "" : "$.rows[*]." + second, own ? "" : column);
  }

  std::string_view text_;
  Expression& out_;
  SyntaxError& error_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

std::optional<Expression> Expression::parse(std::string_view text, SyntaxError& error) {
  Expression out;
  error = {};
  if (!Parser(text, out, error).run()) return std::nullopt;
  return out;
}

std::vector<Source> Expression::sources() const {
  std::vector<Source> out;
  for (const Node& node : nodes_) {
    if (node.kind == Kind::source) out.push_back(node.source);
  }
  return out;
}

bool Expression::is_plain_value() const { return nodes_[root_].kind == Kind::source; }

}  // namespace pgops::present
