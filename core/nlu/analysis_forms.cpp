// core/nlu: other forms of an analysis: concepts of a name, what retrieval compares, what the trace shows.
#include "core/nlu/analysis.hpp"
#include "core/nlu/lexicon.hpp"

namespace pgops::nlu {

std::vector<std::string> concepts_of_name(std::string_view name) {
  std::string spaced;
  for (const char c : name) spaced.push_back(c == '_' || c == '.' || c == '-' || c == '/' ? ' ' : c);
  const std::vector<Token> tokens = tokenise(spaced);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < tokens.size();) {
    const auto phrase = tokens[i].kind == TokenKind::word ? match_phrase(tokens, i) : std::nullopt;
    if (phrase && phrase->kind == PhraseKind::concept_name) {
      out.push_back(phrase->name);
      i += phrase->tokens;
      continue;
    }
    if (tokens[i].kind != TokenKind::symbol) out.push_back(tokens[i].stem);
    ++i;
  }
  return out;
}

std::vector<std::string> delexicalised(const Analysis& a) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < a.tokens.size(); ++i) {
    if (a.roles[i] == Role::symbol) continue;
    const Span* span = nullptr;
    for (const Span& s : a.spans) {
      if (i >= s.first && i < s.last) span = &s;
    }
    if (span == nullptr || span->type == "negation") {
      // Korean: without particles; what has an English name in the lists goes by it, so that tools with
      // English examples are found.
      const bool korean = static_cast<unsigned char>(a.tokens[i].norm[0]) >= 0xEA;
      const Word* word = nullptr;
      for (const Word& w : a.words) {
        if (korean && i >= w.first && i < w.last) word = &w;
      }
      if (korean && a.tokens[i].suffix && word == nullptr) continue;
      if (word == nullptr || static_cast<unsigned char>(word->concept_name[0]) >= 0xEA) {
        out.push_back(a.tokens[i].norm);
      } else if (i == word->first) {
        for (const Token& part : tokenise(word->concept_name)) out.push_back(part.norm);
      }
      continue;
    }
    if (i != span->first) continue;
    if (span->type == "time" || span->type == "time_point") {
      out.push_back("<time>");
    } else if (span->type == "identifier") {
      for (const std::string& part : a.tokens[i].parts) out.push_back(part);
    } else if (span->type == "quoted") {
      out.push_back("<quoted>");
    } else {
      if (span->type == "limit" && span->last - span->first >= 2 && a.tokens[i].kind == TokenKind::word)
        out.push_back(a.tokens[i].norm);
      out.push_back("<n>");
    }
  }
  return out;
}

Json to_json(const Span& span) {
  Json out = Json::object({{"type", span.type}, {"text", span.text}});
  out.set("begin", static_cast<std::int64_t>(span.begin));
  out.set("end", static_cast<std::int64_t>(span.end));
  out.set("value", span.value);
  out.set("key", span.key);
  return out;
}

Json spans_json(const Analysis& a) {
  Json out = Json::array();
  for (const Span& s : a.spans) out.push_back(to_json(s));
  for (const Aspect& aspect : a.aspects) {
    Json item = Json::object({{"type", "aspect"}, {"value", aspect.name}});
    const std::size_t begin = a.tokens[aspect.first].begin;
    const std::size_t end = a.tokens[aspect.last - 1].end;
    item.set("text", a.text.substr(begin, end - begin));
    item.set("begin", static_cast<std::int64_t>(begin));
    item.set("end", static_cast<std::int64_t>(end));
    out.push_back(std::move(item));
  }
  if (a.action) out.push_back(Json::object({{"type", "action"}, {"value", *a.action}}));
  return out;
}

}  // namespace pgops::nlu
