// extension/ask: see abridge.hpp. Looks at no more of a part than its bound, and never recurses.
#include "extension/ask/abridge.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/digest.hpp"

namespace pgops::ask {

namespace {

constexpr std::size_t kFirstBytes = 2048;
constexpr std::size_t kValueOverhead = 4;  // brackets, commas, quotes: a bound need not be exact

// Whether the text of `value` is longer than about `bound` bytes.
bool larger_than(const Json& value, std::size_t bound) {
  std::vector<const Json*> open = {&value};
  std::size_t seen = 0;
  while (!open.empty()) {
    const Json& node = *open.back();
    open.pop_back();
    seen += kValueOverhead + node.text().size();
    // Each child takes at least one byte: an array of a million nulls is judged without a million steps.
    if (seen + node.size() > bound) return true;
    for (const Json& item : node.items()) open.push_back(&item);
    for (const auto& [name, member] : node.members()) {
      seen += name.size();
      open.push_back(&member);
    }
  }
  return seen > bound;
}

std::string_view head(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) bytes--;
  return text.substr(0, bytes);
}

Json omitted(const Json& value) {
  const std::string text = value.canonical();
  Json out = Json::object();
  out.set("omitted", Json(true));
  out.set("bytes", Json(static_cast<std::uint64_t>(text.size())));
  out.set("digest", Json("sha256:" + sha256_hex(text)));
  out.set("first", Json(head(text, kFirstBytes)));
  return out;
}

void bound_member(Json* holder, std::string_view name, std::size_t bound) {
  Json* value = holder == nullptr ? nullptr : holder->find(name);
  if (value != nullptr && larger_than(*value, bound)) *value = omitted(*value);
}

void bound_args_of_each(Json* list) {
  for (std::size_t i = 0; list != nullptr && list->is_array() && i < list->size(); i++) {
    bound_member(&list->items()[i], "args", kMaxRecordedArgs);
  }
}

void bound_answer(Json& document) {
  Json* answer = document.find("answer");
  if (answer == nullptr || !answer->is_object() || !larger_than(*answer, kMaxRecordedAnswer)) return;
  Json note = omitted(*answer);
  note.erase("first");
  answer->set("facts", Json::array());
  answer->set("blocks", Json::array());
  answer->set("abridged", std::move(note));
}

// Every text beyond the bound, except in results, which have a bound of their own.
void cut_texts(Json& document) {
  std::vector<Json*> open = {&document};
  while (!open.empty()) {
    Json& node = *open.back();
    open.pop_back();
    if (node.is_string() && node.text().size() > kMaxRecordedArgs) {
      node = Json(std::string(head(node.text(), kFirstBytes)) + "...");
    } else if (node.is_array()) {
      for (Json& item : node.items()) open.push_back(&item);
    } else if (node.is_object()) {
      for (auto& [name, member] : node.members()) {
        if (name != "result") open.push_back(&member);
      }
    }
  }
}

}  // namespace

void abridge(Json& document) {
  for (const char* name : {"plan", "validated_plan"}) {
    Json* plan = document.find(name);
    Json* calls = plan == nullptr ? nullptr : plan->find("calls");
    if (calls != nullptr) bound_args_of_each(calls);
    bound_member(&document, name, kMaxRecordedPart);
  }
  bound_args_of_each(document.find("references"));
  bound_args_of_each(document.find("tool_calls"));
  bound_member(document.find("options"), "params", kMaxRecordedArgs);
  bound_member(&document, "options", kMaxRecordedPart);
  bound_answer(document);
  cut_texts(document);
}

}  // namespace pgops::ask
