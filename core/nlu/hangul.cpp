// core/nlu: cutting Korean words, see hangul.hpp.
#include "core/nlu/hangul.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>

#include "core/nlu/lexicon.hpp"
#include "core/nlu/text.hpp"

namespace pgops::nlu {
namespace {

constexpr std::size_t kBytes = 3;  // of a syllable in UTF-8

// After a final consonant, after a vowel, after either.
constexpr std::string_view kAfterConsonant =
    "|은|이|을|과|으로|으로는|으로부터|으로의|이나|이랑|이고|이며|이야|이에요|이거나|이라는|이란|이던|"
    "이지|이지요|이죠|이니|이냐|이었지|이었지요|이었죠|이었어|이었어요|이었나|이었나요|이었습니까|이었는지|이었을까|이었을까요|이었던|이었던가요|이었니|";
constexpr std::string_view kAfterVowel =
    "|는|가|를|와|로|로는|로부터|로의|나|랑|야|예요|에요|거나|라는|란|"
    "지|지요|니|냐|였지|였지요|였죠|였어|였어요|였나|였나요|였습니까|였는지|였을까|였을까요|였던|였던가요|였니|";
constexpr std::string_view kAfterEither =
    "|의|에|에는|에서|에서는|에서의|에서도|에도|에게|에게서|한테|께|부터|부터의|까지|까지의|까지는|만|만의|들|별|별로|별로는|"
    "마다|보다|처럼|동안|간|간의|씩|당|중|중에|중에서|내|내에|인|인가|인가요|인지|입니까|입니다|이죠|죠|하는|한|했던|했나요|"
    "했나|했어|했어요|했습니까|했는지|했는가|하나요|합니까|하는지|하고|하며|해|해줘|해줘요|해주세요|해라|하라|해봐|하자|"
    "하여|할|할까|할까요|하지|하기|함|되는|된|된지|됐던|되었던|됐나요|되었나요|됐어|됐어요|되었어|됐습니까|되었습니까|되나요|됩니까|"
    "되는지|됐는지|되었는지|되어|되고|되며|되지|돼|될|될까|될까요|됨|라고|이라고|님|씨|";
// After a number: what it counts or measures.
constexpr std::string_view kCounters =
    "|시간|분기|분|초|일|주일|주|개월|달|년도|년|월|시|개|건|명|대|회|번|가지|곳|위|퍼센트|프로|밀리초|종류|종|원|바이트|메가바이트|"
    "기가바이트|킬로바이트|테라바이트|유로|차|";
// One syllable that is a word of its own before a suffix.
constexpr std::string_view kShort = "|팀|일|월|주|년|시|건|개|명|대|수|값|것|중|총|몇|곳|달|해|분|초|날|크|";
// Words that end like a suffix and are none.
constexpr std::string_view kWhole =
    "|확인|미확인|원인|승인|미승인|관리인|개인|법인|라인|온라인|오프라인|도메인|로그인|메인|체인|디자인|이벤트|유지보수|심각도|회의|"
    "주의|정의|평가|국가|휴가|추가|증가|저장소|경로|도로|결과|효과|경과|초과|부과|날씨|담당자|소유자|엔지니어|하드웨어|소프트웨어|"
    "시스템|데이터베이스|이메일|게이트웨이|스테이징|디스플레이|모니터|서비스|서버|역할|제한|권한|기한|최대한|무한|서울|부산|"
    "오슬로|파리|도쿄|런던|마드리드|바르샤바|취리히|특별|개별|구별|성별|차별|고별|이별|내일|매일|주말|시간대|순간|기간|구간|중간|"
    "연간|월간|주간|일간|야간|주기|정상|이상|이하|미만|최신|최근|지난|";

std::size_t syllables(std::string_view w) { return w.size() / kBytes; }

unsigned code_of(std::string_view w) {
  const std::size_t at = w.size() - kBytes;
  const auto b = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(w[at + i])); };
  return ((b(0) & 0x0FU) << 12U) | ((b(1) & 0x3FU) << 6U) | (b(2) & 0x3FU);
}

// 0: a vowel; 8: ㄹ, which 로 follows like a vowel.
unsigned final_of(std::string_view w) { return (code_of(w) - 0xAC00U) % 28U; }

bool attaches(std::string_view rest, std::string_view suffix) {
  if (listed(suffix, kAfterEither)) return true;
  const unsigned final = final_of(rest);
  if (listed(suffix, kAfterConsonant)) return final != 0;
  if (!listed(suffix, kAfterVowel)) return false;
  return final == 0 || (final == 8 && suffix.substr(0, kBytes) == "로");
}

bool is_suffix(std::string_view w) {
  return listed(w, kAfterEither) || listed(w, kAfterConsonant) || listed(w, kAfterVowel);
}

bool known(std::string_view w) { return listed(w, kWhole) || listed(w, kShort) || is_korean_word(w); }

class Splitter {
 public:
  explicit Splitter(std::string_view run) : run_(run) {}

  std::vector<HangulPiece> run(Before before) {
    if (before == Before::number && counted()) return std::move(out_);
    if (before != Before::nothing && suffixes(0)) return std::move(out_);
    word(0, run_.size());
    return std::move(out_);
  }

 private:
  void add(std::size_t begin, std::size_t end, bool suffix) { out_.push_back({begin, end, suffix}); }

  // "시간동안", "개월간의", "건이상": a counter and what follows it.
  bool counted() {
    for (std::size_t n = std::min<std::size_t>(5, syllables(run_)); n > 0; --n) {
      const std::size_t end = n * kBytes;
      if (!listed(run_.substr(0, end), kCounters)) continue;
      add(0, end, false);
      if (end == run_.size() || suffixes(end)) return true;
      word(end, run_.size());
      return true;
    }
    return false;
  }

  // The whole rest is a chain of suffixes.
  bool suffixes(std::size_t from) {
    if (from == run_.size()) return true;
    for (std::size_t end = run_.size(); end > from; end -= kBytes) {
      if (!is_suffix(run_.substr(from, end - from))) continue;
      const std::size_t have = out_.size();
      add(from, end, true);
      if (suffixes(end)) return true;
      out_.resize(have);
    }
    return false;
  }

  void word(std::size_t from, std::size_t to) {
    const std::string_view w = run_.substr(from, to - from);
    if (known(w)) return add(from, to, false);
    if (const std::size_t at = cut(w, true); at > 0) return tail(from, from + at, to);
    if (const std::size_t at = compound(w); at > 0) {
      word(from, from + at);
      return word(from + at, to);
    }
    if (const std::size_t at = cut(w, false); at > 0) return tail(from, from + at, to);
    add(from, to, false);
  }

  void tail(std::size_t from, std::size_t at, std::size_t to) {
    word(from, at);
    // "별로" is a grouping and a particle.
    const std::string_view suffix = run_.substr(at, to - at);
    if (suffix.size() > kBytes && suffix.substr(0, kBytes) == "별") {
      add(at, at + kBytes, true);
      at += kBytes;
    }
    add(at, to, true);
  }

  // Where the longest suffix begins that leaves a known word, or at least two syllables.
  static std::size_t cut(std::string_view w, bool to_known) {
    for (std::size_t at = kBytes; at < w.size(); at += kBytes) {
      const std::string_view rest = w.substr(0, at);
      const std::string_view suffix = w.substr(at);
      if (!is_suffix(suffix) || !attaches(rest, suffix)) continue;
      if (to_known ? known(rest) : syllables(rest) >= 2) return at;
    }
    return 0;
  }

  // "이벤트건수", "유형별이벤트": two words of the lists written as one.
  static std::size_t compound(std::string_view w) {
    for (std::size_t at = w.size() - kBytes; at >= 2 * kBytes; at -= kBytes) {
      const std::string_view head = w.substr(0, at);
      const std::string_view rest = w.substr(at);
      const bool counts = rest == "수" && !listed(w.substr(at - kBytes),
                                                  "|보수|변수|점수|함수|접수|지수|필수|횟수|회수|개수|건수|복수|");
      if (counts || (known(head) && syllables(rest) >= 2 && (known(rest) || cut(rest, true) > 0))) return at;
    }
    return 0;
  }

  std::string_view run_;
  std::vector<HangulPiece> out_;
};

}  // namespace

bool is_hangul_syllable(char32_t c) noexcept { return c >= 0xAC00 && c <= 0xD7A3; }

std::vector<HangulPiece> split_hangul(std::string_view run, Before before) { return Splitter(run).run(before); }

}  // namespace pgops::nlu
