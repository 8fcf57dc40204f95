// core/model: readers for specs, see spec_reader.hpp.
#include "core/model/spec_reader.hpp"

#include <algorithm>

#include "core/nearest.hpp"

namespace pgops::model {
namespace {

std::string shown(const std::string& text) {
  std::string out;
  append_json_string(out, text.size() <= 80 ? text : text.substr(0, 77) + "...");
  return out;
}

std::string spaced(std::string text) {
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

bool hangul(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0xEA; });
}

}  // namespace

void SpecReader::unknown(const std::string& path, const std::string& name, const std::vector<std::string_view>& known,
                         std::string_view what) {
  note(path, "there is no " + std::string(what) + " " + shown(name), known.empty() ? "" : nearest_hint(name, known));
}

void SpecReader::known(const std::string& path, const Json& object, std::span<const std::string_view> fields,
                       std::string_view what) {
  for (const auto& [name, value] : object.members()) {
    if (std::find(fields.begin(), fields.end(), name) == fields.end())
      note(path_member(path, name), "is no field of " + std::string(what), nearest_hint(name, fields));
  }
}

std::string SpecReader::text(const std::string& path, const Json& value, bool required) {
  if (value.is_null()) {
    if (required) note(path, "is missing");
    return {};
  }
  if (!value.is_string() || (required && value.text().empty())) {
    note(path, required ? "must be a string that is not empty" : "must be a string");
    return {};
  }
  if (value.text().size() > kMaxTextBytes) {
    note(path, "is longer than " + std::to_string(kMaxTextBytes) + " bytes");
    return {};
  }
  return value.text();
}

bool SpecReader::flag(const std::string& path, const Json& value) {
  if (!value.is_null() && !value.is_bool()) note(path, "must be true or false");
  return value.as_bool();
}

std::vector<std::string> SpecReader::list(const std::string& path, const Json& value) {
  std::vector<std::string> out;
  if (value.is_null()) return out;
  if (!value.is_array() || value.size() > kMaxWords) {
    note(path, "must be a list of at most " + std::to_string(kMaxWords) + " strings");
    return out;
  }
  for (const Json& item : value.items()) {
    if (!item.is_string() || item.text().empty() || item.text().size() > kMaxTextBytes) {
      note(path, "must hold strings that are not empty");
      return {};
    }
    out.push_back(item.text());
  }
  return out;
}

void SpecReader::add(const std::string& path, const Json& value, Words& out, std::string& first) {
  for (const std::string& word : list(path, value)) {
    if (word.size() > kMaxPhraseBytes) {
      note(path, "has a phrase of more than " + std::to_string(kMaxPhraseBytes) + " bytes");
      continue;
    }
    Phrase phrase = phrase_of(word);
    if (phrase.empty()) {
      note(path, "has a phrase without a word: " + shown(word));
      continue;
    }
    if (first.empty()) first = word;
    if (std::find(out.phrases.begin(), out.phrases.end(), phrase) == out.phrases.end())
      out.phrases.push_back(std::move(phrase));
  }
}

Words SpecReader::words(const std::string& path, const Json& value, const std::string& own) {
  Words out;
  if (!own.empty()) {
    out.en = spaced(own);
    if (Phrase phrase = phrase_of(out.en); !phrase.empty()) out.phrases.push_back(std::move(phrase));
  }
  if (value.is_null()) return out;
  std::string en;
  if (value.is_array()) {
    add(path, value, out, en);
    // A list may hold words of both languages.
    for (const Json& word : value.items()) {
      if (out.ko.empty() && hangul(word.text())) out.ko = word.text();
      if (hangul(en) && word.is_string() && !hangul(word.text())) en = word.text();
    }
  } else if (value.is_object()) {
    static constexpr std::string_view kLanguages[] = {"en", "ko"};
    known(path, value, kLanguages, "a list of words");
    add(path + ".en", value["en"], out, en);
    add(path + ".ko", value["ko"], out, out.ko);
  } else {
    note(path, "must be a list of words, or {\"en\": [..], \"ko\": [..]}");
  }
  if (!en.empty() && !(hangul(en) && !own.empty())) out.en = en;
  if (out.en.empty()) out.en = out.ko;
  return out;
}

void SpecReader::name(const std::string& path, const std::string& text) {
  const bool ok = !text.empty() && text.size() <= 63 && text[0] >= 'a' && text[0] <= 'z' &&
                  std::all_of(text.begin(), text.end(),
                              [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
  if (!ok)
    note(path, "is no name", "Use lower-case letters, digits and underscores; \"column\" says the column's name.");
}

void SpecReader::column(const std::string& path, const std::string& text) {
  if (text.empty() || text.size() > 63 || !valid_utf8(text)) note(path, "is no column name: " + shown(text));
}

}  // namespace pgops::model
