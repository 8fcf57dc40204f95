// core/nlu: the closed Korean grammar of time.
//
//   PERIOD  = 오늘 | 어제 | 그저께 | 내일 | N일 전 | [지난|이번 주] 요일 | 지난|이번|다음 주, 달, 분기, 해 (작년, 올해)
//           | [연도] M월 [D일] | [연도] n분기, 상반기, 하반기 | 2026년 | 2026-03-01
//           | 최근|지난|과거 N초, 분, 시간, 일, 주, 개월, 년 (하루, 일주일, 한 달) [동안|간|이내|사이] | N시간 이내
//   MOMENT  = [PERIOD(day)] [오전|오후] N시 [M분|반] | 자정 | 정오 | N시간 전
//   phrase  = PERIOD [와|과 the PERIOD that follows] | MOMENT | P부터 [P까지] | P에서 P까지 | P ~ P | P와 P 사이
//           | P까지 | P 이후 | P 이전
// 이후 includes its day, 이전 does not; 부터 and 까지 include theirs.
#include <array>

#include "core/nlu/lexicon.hpp"
#include "core/nlu/time_grammar.hpp"

namespace pgops::nlu {
namespace {

struct Relative {
  std::string_view words;
  std::string_view unit;
  int offset;
};
// 이번 달 and 이번달 both: the words are compared without the space between them.
constexpr std::array<Relative, 17> kRelative = {{
    {"|오늘|금일|", "day", 0},
    {"|어제|작일|", "day", -1},
    {"|그저께|그제|", "day", -2},
    {"|내일|명일|", "day", 1},
    {"|모레|", "day", 2},
    {"|이번주|금주|이주|", "week", 0},
    {"|지난주|저번주|", "week", -1},
    {"|지지난주|저저번주|", "week", -2},
    {"|다음주|차주|", "week", 1},
    {"|이번달|이달|금월|당월|이번월|", "month", 0},
    {"|지난달|저번달|전월|지난월|", "month", -1},
    {"|지지난달|저저번달|", "month", -2},
    {"|다음달|", "month", 1},
    {"|올해|금년|이번년도|이번해|", "year", 0},
    {"|작년|지난해|전년|전년도|", "year", -1},
    {"|재작년|", "year", -2},
    {"|내년|", "year", 1},
}};
constexpr std::array<Relative, 3> kQuarters = {
    {{"|이번분기|금분기|", "quarter", 0}, {"|지난분기|저번분기|전분기|", "quarter", -1}, {"|다음분기|", "quarter", 1}}};
struct Length {
  std::string_view words;
  std::string_view unit;
  int n;
};
constexpr std::array<Length, 14> kLengths = {{{"|하루|", "day", 1},
                                              {"|이틀|", "day", 2},
                                              {"|사흘|", "day", 3},
                                              {"|나흘|", "day", 4},
                                              {"|닷새|", "day", 5},
                                              {"|열흘|", "day", 10},
                                              {"|보름|", "day", 15},
                                              {"|일주일|일주|", "week", 1},
                                              {"|이주일|", "week", 2},
                                              {"|한달|", "month", 1},
                                              {"|두달|", "month", 2},
                                              {"|석달|세달|", "month", 3},
                                              {"|반년|", "month", 6},
                                              {"|일년|한해|", "year", 1}}};

class Korean : public TimeGrammar {
 public:
  using TimeGrammar::TimeGrammar;

  std::optional<TimePhrase> match(std::size_t at) const {
    if (at > 0 && any(at - 1, "|매|매주|매일|매월|매달|매년|")) return std::nullopt;
    const auto a = point(at);
    if (!a) return std::nullopt;
    std::size_t i = a->next;
    if (is(i, "사이") || is(i, "중")) return phrase(*a, at);
    if (any(i, "|부터|부터의|에서|~|-|–|")) {
      const bool from = any(i, "|부터|부터의|");
      if (const auto b = partner(*a, i + 1)) {
        if (any(b->next, "|까지|까지의|까지는|사이|") || any(i, "|~|-|–|")) {
          const bool closed = any(b->next, "|까지|까지의|까지는|사이|");
          TimePoint last = *b;
          if (closed) last.next = b->next + 1;
          return between(*a, last, at);
        }
      }
      if (!from) return any(i, "|에서|") ? std::nullopt : simple(*a, at);
      if (a->key == "today" || a->key == "0:00") return phrase("today", a->since, std::nullopt, i + 1 - at);
      if (a->key.rfind("rolling:", 0) == 0) return std::nullopt;
      return phrase("since:" + a->key, a->since, std::nullopt, i + 1 - at);
    }
    if (any(i, "|와|과|하고|")) {
      if (const auto b = point(i + 1)) {
        if (is(b->next, "사이")) {
          TimePoint last = *b;
          ++last.next;
          return between(*a, last, at);
        }
        if (b->since == a->until && b->until > b->since && a->until > a->since)
          return phrase("between:" + a->key + ":" + b->key, a->since, b->until, b->next - at);
      }
      return simple(*a, at);
    }
    if (any(i, "|까지|까지의|까지는|")) return phrase("until:" + a->key, std::nullopt, a->until, i + 1 - at);
    if (any(i, "|이후|이래|")) return phrase("since:" + a->key, a->since, std::nullopt, i + 1 - at);
    if (any(i, "|이전|전|") && a->key.rfind("rolling:", 0) != 0)
      return phrase("before:" + a->key, std::nullopt, a->since, i + 1 - at);
    return simple(*a, at);
  }

 private:
  using Kind = TimePoint::Kind;

  std::optional<TimePhrase> simple(const TimePoint& p, std::size_t at) const { return phrase(p, at); }

  // One token, or two written apart, in a list.
  template <class List>
  static const typename List::value_type* find(const List& list, std::string_view one) {
    for (const auto& entry : list) {
      if (listed(one, entry.words)) return &entry;
    }
    return nullptr;
  }

  std::string unit_at(std::size_t i) const {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kUnits = {{{"초", "second"},
                                                                                              {"분", "minute"},
                                                                                              {"시간", "hour"},
                                                                                              {"일", "day"},
                                                                                              {"주", "week"},
                                                                                              {"주일", "week"},
                                                                                              {"개월", "month"},
                                                                                              {"달", "month"},
                                                                                              {"년", "year"},
                                                                                              {"해", "year"},
                                                                                              {"분기", "quarter"}}};
    for (const auto& [korean, unit] : kUnits) {
      if (is(i, korean)) return std::string(unit);
    }
    return {};
  }

  struct Duration {
    std::string unit;
    std::int64_t n = 0;
    std::size_t next = 0;
  };
  std::optional<Duration> duration(std::size_t i) const {
    if (i >= t_.size()) return std::nullopt;
    if (const Length* l = find(kLengths, word(i))) return Duration{std::string(l->unit), l->n, i + 1};
    const auto n = count_at(i);
    const std::string unit = unit_at(i + 1);
    if (!n || unit.empty()) return std::nullopt;
    return Duration{unit, *n, i + 2};
  }

  std::optional<TimePoint> relative(std::size_t i) const {
    if (i >= t_.size() || t_[i].kind != TokenKind::word) return std::nullopt;
    const bool pair = i + 1 < t_.size() && any(i, "|지난|저번|이번|다음|지지난|저저번|금|전|") &&
                      any(i + 1, "|주|달|월|해|년도|분기|");
    const std::string both = pair ? std::string(word(i)) + std::string(word(i + 1)) : std::string();
    const std::string_view text = pair ? std::string_view(both) : word(i);
    const std::size_t next = pair ? i + 2 : i + 1;
    const Relative* r = find(kRelative, text);
    if (r == nullptr) r = find(kQuarters, text);
    if (r == nullptr) return std::nullopt;
    return current(std::string(r->unit), r->offset, next);
  }

  std::optional<int> weekday_at(std::size_t i) const {
    static constexpr std::array<std::string_view, 7> kDays = {"월요일", "화요일", "수요일", "목요일",
                                                              "금요일", "토요일", "일요일"};
    for (std::size_t d = 0; d < kDays.size(); ++d) {
      if (is(i, kDays[d])) return static_cast<int>(d) + 1;
    }
    return std::nullopt;
  }

  std::optional<TimePoint> on_weekday(std::size_t i) const {
    if (const auto n = weekday_at(i)) return weekday(*n, i + 1);
    if (any(i, "|지난|저번|") && weekday_at(i + 1)) {
      TimePoint p = weekday(*weekday_at(i + 1), i + 2);
      if (p.since == cal_.start_of("day", now())) p = day(p.key, cal_.next_start("day", p.since, -7), p.next);
      return p;
    }
    const auto week = relative(i);
    if (!week || week->until - week->since < std::int64_t{6} * 86400 * 1'000'000 ||
        week->until - week->since > std::int64_t{8} * 86400 * 1'000'000)
      return std::nullopt;
    const auto n = weekday_at(is(week->next, "의") ? week->next + 1 : week->next);
    if (!n) return std::nullopt;
    return day("weekday" + std::to_string(*n) + ":" + week->key, cal_.next_start("day", week->since, *n - 1),
               (is(week->next, "의") ? week->next + 1 : week->next) + 1);
  }

  // [2026년|작년|올해] [M월 [D일] | n분기 | 상반기 | 하반기]
  std::optional<TimePoint> dated(std::size_t i) const {
    if (auto p = written(i)) return p;
    std::optional<int> y;
    std::size_t at = i;
    if (year_at(i) && any(i + 1, "|년|년도|")) {
      y = year_at(i);
      at = i + 2;
    } else if (const auto r = relative(i); r && r->until - r->since > std::int64_t{360} * 86400 * 1'000'000) {
      y = cal_.year_of(r->since);
      at = r->next;
    }
    if (at > i && is(at, "의")) ++at;
    if (any(at, "|상반기|")) return months(y ? y : std::optional<int>(this_year()), 1, 6, at + 1);
    if (any(at, "|하반기|")) return months(y, 7, 6, at + 1);
    const bool over = !y && any(at, "|지난|저번|") && number(at + 1) && is(at + 2, "월");
    if (over) ++at;
    if (const auto n = number(at)) {
      if (is(at + 1, "분기") && *n <= 4 && *n >= 1) return months(y, static_cast<int>(*n - 1) * 3 + 1, 3, at + 2);
      if (is(at + 1, "월") && *n >= 1 && *n <= 12) {
        const int m = static_cast<int>(*n);
        const std::size_t d = is(at + 2, "의") ? at + 3 : at + 2;
        if (const auto dom = number(d); dom && is(d + 1, "일") && *dom <= 31)
          return date(y, m, static_cast<int>(*dom), d + 2);
        auto p = month(y, m, at + 2);
        if (p && over && p->until > now()) p = month(cal_.year_of(p->since) - 1, m, at + 2);
        return p;
      }
    }
    if (year_at(i) && any(i + 1, "|년|년도|")) return year(*y, i + 2);
    return std::nullopt;
  }

  std::optional<TimePoint> clock_at(std::size_t i, bool* marked = nullptr) const {
    if (is(i, "자정")) return clock(0, 0, i + 1);
    if (is(i, "정오")) return clock(12, 0, i + 1);
    const bool am = is(i, "오전");
    const bool pm = is(i, "오후");
    if (marked != nullptr) *marked = am || pm;
    if (am || pm) ++i;
    if (i >= t_.size()) return std::nullopt;
    std::int64_t hour = 0;
    std::int64_t minute = 0;
    std::size_t next = i + 1;
    if (t_[i].kind == TokenKind::clock) {
      const std::string_view s = t_[i].norm;
      const std::size_t colon = s.find(':');
      if (s.size() != colon + 3) return std::nullopt;
      for (const char c : s.substr(0, colon)) hour = hour * 10 + (c - '0');
      minute = (s[colon + 1] - '0') * 10 + (s[colon + 2] - '0');
    } else {
      static constexpr std::string_view kHours = "|한|두|세|네|다섯|여섯|일곱|여덟|아홉|열|열한|열두|";
      const auto n = number(i) ? number(i) : any(i, kHours) ? number_word(word(i)) : std::nullopt;
      if (!n || !is(i + 1, "시") || *n > 24) return std::nullopt;
      hour = *n;
      next = i + 2;
      if (is(next, "반")) {
        minute = 30;
        ++next;
      } else if (const auto m = number(next); m && is(next + 1, "분")) {
        minute = *m;
        next += 2;
      }
    }
    if ((am || pm) && (hour < 1 || hour > 12)) return std::nullopt;
    if (am) hour %= 12;
    if (pm) hour = hour % 12 + 12;
    return clock(static_cast<int>(hour), static_cast<int>(minute), next);
  }

  std::optional<TimePoint> day_at(std::size_t i) const {
    if (auto p = on_weekday(i)) return p;
    if (auto p = dated(i)) return p;
    if (auto p = relative(i)) return p;
    return std::nullopt;
  }

  std::optional<TimePoint> point(std::size_t i) const {
    if (i >= t_.size()) return std::nullopt;
    if (any(i, "|지난|최근|과거|직전|")) {
      if (auto d = duration(i + 1)) return back(*d);
    }
    if (const auto d = duration(i)) {
      if (is(d->next, "전")) {
        if (d->unit == "day") return current("day", -d->n, d->next + 1);
        return moment("ago:" + std::to_string(d->n) + ":" + d->unit, cal_.add(d->unit, now(), -d->n), d->next + 1);
      }
      // "24시간 이내": back from now; "24시간 동안" may be how long something took.
      if (any(d->next, "|이내|내|내에|")) return back(*d);
    }
    if (auto d = day_at(i)) {
      if (d->kind == Kind::day) {
        std::size_t at = d->next;
        if (any(at, "|의|에|")) ++at;
        if (const auto c = clock_at(at)) return on_day(*c, *d->day, c->next);
      }
      return d;
    }
    return clock_at(i);
  }

  TimePoint back(const Duration& d) const {
    std::size_t next = d.next;
    if (any(next, "|간|동안|사이|이내|내|내에|안|간의|")) ++next;
    return rolling(d.unit, d.n, next);
  }

  // The end of a range that begins with `a`: a point; "5일" in the month of `a`; "3시" in its half of the day.
  std::optional<TimePoint> partner(const TimePoint& a, std::size_t i) const {
    if (const auto dom = number(i); dom && is(i + 1, "일") && a.kind == Kind::day && a.key.size() == 10)
      return date(cal_.year_of(a.since), cal_.month_of(a.since), static_cast<int>(*dom), i + 2);
    if (const auto m = number(i); m && is(i + 1, "월") && !is(i + 3, "일") && *m >= 1 && *m <= 12 &&
                                  a.kind == Kind::span && a.key.rfind("month:", 0) == 0 && a.period.empty())
      return month(cal_.year_of(a.since), static_cast<int>(*m), i + 2);
    bool marked = false;
    auto c = clock_at(i, &marked);
    if (c && !marked && a.since == a.until) {
      const int first = a.kind == Kind::clock ? a.hour : -1;
      if (first >= 12 && c->hour < 12 && c->hour + 12 > first) return clock(c->hour + 12, c->minute, c->next);
      if (a.day) {
        const auto plain = on_day(*c, *a.day, c->next);
        if (plain && plain->since <= a.since && c->hour < 12) return clock(c->hour + 12, c->minute, c->next);
      }
    }
    return point(i);
  }
};

}  // namespace

std::optional<TimePhrase> match_korean_time(const Calendar& calendar, const std::vector<Token>& tokens,
                                            std::size_t at) {
  // Nothing of it begins without a Korean word at hand.
  const auto korean = [&](std::size_t i) {
    return i < tokens.size() && tokens[i].kind == TokenKind::word &&
           static_cast<unsigned char>(tokens[i].norm[0]) >= 0xEA;
  };
  if (!korean(at) && !korean(at + 1)) return std::nullopt;
  return Korean(calendar, tokens).match(at);
}

}  // namespace pgops::nlu
