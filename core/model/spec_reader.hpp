// core/model: small readers for specs that note every problem with its place; shared by models and resolvers.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/spec.hpp"

namespace pgops::model {

class SpecReader {
 public:
  explicit SpecReader(std::vector<Problem>& problems) : problems_(problems) {}

  void note(std::string path, std::string message, std::string hint = {}) {
    problems_.push_back({std::move(path), std::move(message), std::move(hint)});
  }
  // "x" is not one of `known`, with the nearest of them.
  void unknown(const std::string& path, const std::string& name, const std::vector<std::string_view>& known,
               std::string_view what);
  void known(const std::string& path, const Json& object, std::span<const std::string_view> fields,
             std::string_view what);

  std::string text(const std::string& path, const Json& value, bool required);
  bool flag(const std::string& path, const Json& value);
  std::vector<std::string> list(const std::string& path, const Json& value);
  // A list of words or {"en": [..], "ko": [..]}. `own` is always one of the phrases, the first.
  Words words(const std::string& path, const Json& value, const std::string& own);
  // A name that stands in frames: as asset names are.
  void name(const std::string& path, const std::string& text);
  // Any identifier of the server.
  void column(const std::string& path, const std::string& text);

  template <class F>
  void each(const std::string& path, const Json& value, F read) {
    if (value.is_null()) return;
    if (!value.is_object() || value.size() > kMaxParts) {
      note(path, "must be an object of at most " + std::to_string(kMaxParts) + " entries by name");
      return;
    }
    for (const auto& [name, one] : value.members()) read(name, one, path_member(path, name));
  }

 private:
  static constexpr std::size_t kMaxParts = 100;
  static constexpr std::size_t kMaxWords = 100;
  static constexpr std::size_t kMaxTextBytes = 4000;
  static constexpr std::size_t kMaxPhraseBytes = 200;
  void add(const std::string& path, const Json& value, Words& out, std::string& first);
  std::vector<Problem>& problems_;
};

}  // namespace pgops::model
