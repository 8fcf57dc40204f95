// core/planner: sentences, see wording.hpp.
#include "core/planner/wording.hpp"

namespace pgops::planner {
namespace {

struct Pair {
  std::string_view en;
  std::string_view ko;
};

Pair pair_of(Say what) {
  switch (what) {
    case Say::empty: return {"The question is empty.", "질문이 비어 있습니다."};
    case Say::too_long: return {"The question is longer than % characters.", "질문이 %자를 넘습니다."};
    case Say::too_short:
      return {"The question is too short to say what is asked.", "질문이 너무 짧아 무엇을 묻는지 알 수 없습니다."};
    case Say::no_tools:
      return {"No tool with example questions is published for you yet.",
              "예시 질문이 있는 도구가 아직 게시되지 않았습니다."};
    case Say::other_language:
      return {"The question is in another language than the registered example questions.",
              "등록된 예시 질문과 다른 언어의 질문입니다."};
    case Say::nothing_known:
      return {"None of the words of the question is known to any tool.", "질문의 단어를 아는 도구가 없습니다."};
    case Say::not_understood:
      return {"No tool explains % in the question.", "질문의 %을(를) 설명하는 도구가 없습니다."};
    case Say::no_agreement:
      return {"No tool answers this kind of question about it.", "이런 종류의 질문에 답하는 도구가 없습니다."};
    case Say::no_future:
      return {"The question asks what will be; no tool answers that about it.",
              "앞으로의 일을 묻는 질문이며, 이에 답하는 도구가 없습니다."};
    case Say::no_modal:
      return {"The question asks what could or should be; the tools know what is.",
              "가능성이나 필요를 묻는 질문이며, 도구는 현재 사실만 압니다."};
    case Say::too_unsure: return {"No tool is close enough to the question.", "질문에 충분히 가까운 도구가 없습니다."};
    case Say::action:
      return {"pg_ops reads and reports; it does not %.", "pg_ops는 조회만 하며 '%' 작업은 하지 않습니다."};
    case Say::zone_unknown:
      return {"The time zone % is not known, so the time in the question cannot be resolved.",
              "시간대 %을(를) 알 수 없어 질문의 시간을 해석할 수 없습니다."};
    case Say::ambiguous: return {"Which of these do you mean?", "다음 중 무엇을 뜻합니까?"};
    case Say::needs_argument: return {"The question does not say which %.", "질문에 % 값이 없습니다."};
    case Say::planned:
      return {"Every part of the question is explained by tool %.", "질문의 모든 부분을 도구 %이(가) 설명합니다."};
    case Say::planned_several: return {"The question is answered by %.", "질문은 %(으)로 답합니다."};
    case Say::planned_reading: return {"The question is read as: %.", "질문을 다음과 같이 이해했습니다: %."};
    case Say::help_head: return {"You can ask, for example:", "예를 들어 이렇게 물을 수 있습니다:"};
    case Say::help_none:
      return {"There is nothing to ask yet: no tool with example questions is published for you.",
              "아직 물을 수 있는 것이 없습니다: 예시 질문이 있는 도구가 게시되지 않았습니다."};
    case Say::see_help:
      return {"Ask 'help' to see what can be answered.", "'도움말'이라고 물으면 답할 수 있는 것을 보여 줍니다."};
    case Say::did_you_mean: return {"Did you mean %?", "%을(를) 뜻합니까?"};
    case Say::ask_one:
      return {"Not every part of the question can be answered; ask one thing at a time.",
              "질문의 모든 부분에 답할 수는 없습니다. 한 번에 하나씩 물어보십시오."};
    case Say::refers_back:
      return {"% refers to something that this question does not name; each question stands alone.",
              "%이(가) 가리키는 것이 질문에 없습니다. 질문은 하나씩 따로 이해됩니다."};
    case Say::which_name: return {"Which % do you mean?", "어느 %을(를) 뜻합니까?"};
    case Say::understood: return {"% is understood as %.", "%을(를) %(으)로 이해했습니다."};
    case Say::no_content:
      return {"The question does not name anything that a tool knows.", "질문이 도구가 아는 것을 말하지 않습니다."};
  }
  return {"", ""};
}

}  // namespace

bool is_korean(std::string_view locale) { return locale.substr(0, 2) == "ko"; }

std::string say(Say what, std::string_view locale, std::string_view arg, std::string_view second) {
  const Pair p = pair_of(what);
  std::string out(is_korean(locale) ? p.ko : p.en);
  const std::size_t at = out.find('%');
  if (at == std::string::npos) return out;
  out.replace(at, 1, arg);
  const std::size_t next = out.find('%', at + arg.size());
  if (next != std::string::npos) out.replace(next, 1, second);
  return out;
}

std::string join_quoted(const std::vector<std::string>& items, std::string_view locale) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += i + 1 < items.size() ? ", " : is_korean(locale) ? ", " : " and ";
    out += "\"" + items[i] + "\"";
  }
  return out;
}

}  // namespace pgops::planner
