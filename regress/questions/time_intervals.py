#!/usr/bin/python3
"""Questions: the intervals that phrases of time mean, computed with zoneinfo and nothing of the planner.

  regress/questions/time_intervals.py [--write] FILE...

Checks that `interval` and `or` of every entry of a time file are what its `how` and `or_how` say (with --write: puts them
there). `how` is a small description of the interval, a JSON list: a name below and its arguments; every interval is
half-open, from its first instant to the first one after it, null where it is open:
  ["days", a, b]         local days, counted from today, b included      ["dates", "2026-03-01", "2026-03-05"]  the second included
  ["week", n] ["month", n] ["quarter", n] ["year", n]    counted from the current one; weeks begin on Monday
  ["isoweek", year, number]
  ["ago", {"hours": 24}] exactly so long before now, until now           ["ago_months", n] ["ago_local_days", n]  by the local clock
  ["since", X]           from the beginning of X, open                   ["before", X]  everything before the beginning of X
  ["range", X, Y]        from the beginning of X to that of Y
  ["local", "2026-03-01T09:00"] ["instant", "2026-03-01T09:00:00Z"]      points: only their beginning counts
"""
import calendar
import datetime
import json
import sys
import zoneinfo

DAY = datetime.timedelta(days=1)


class Intervals:
    """The intervals of one clock (`now`, an ISO instant) in one zone."""

    def __init__(self, now, zone):
        self.zone = zoneinfo.ZoneInfo(zone)
        self.now = datetime.datetime.fromisoformat(now).astimezone(datetime.timezone.utc)
        self.today = self.now.astimezone(self.zone).date()

    def of(self, how):
        return getattr(self, "_" + how[0])(*how[1:])

    def at(self, date, time=datetime.time(0)):
        """The instant of a local time; in a gap the first one after it, of two the first."""
        return datetime.datetime.combine(date, time, self.zone).astimezone(datetime.timezone.utc)

    def span(self, first, beyond):
        return self.at(first), self.at(beyond)

    def _days(self, first, last):
        return self.span(self.today + first * DAY, self.today + (last + 1) * DAY)

    def _dates(self, first, last):
        return self.span(datetime.date.fromisoformat(first), datetime.date.fromisoformat(last) + DAY)

    def _week(self, n):
        monday = self.today - self.today.weekday() * DAY + n * 7 * DAY
        return self.span(monday, monday + 7 * DAY)

    def _isoweek(self, year, number):
        monday = datetime.date.fromisocalendar(year, number, 1)
        return self.span(monday, monday + 7 * DAY)

    def _months(self, n, length):
        """`length` months, the first of them `n` months after the block of that length that holds today."""
        number = self.today.year * 12 + self.today.month - 1
        number += n * length - number % length
        return self.span(*(datetime.date(m // 12, m % 12 + 1, 1) for m in (number, number + length)))

    def _month(self, n):
        return self._months(n, 1)

    def _quarter(self, n):
        return self._months(n, 3)

    def _year(self, n):
        return self._months(n, 12)

    def _ago(self, length):
        return self.now - datetime.timedelta(**length), self.now

    def _ago_months(self, n):
        local = self.now.astimezone(self.zone)
        number = local.year * 12 + local.month - 1 - n
        year, month = number // 12, number % 12 + 1
        day = min(local.day, calendar.monthrange(year, month)[1])
        return self.at(datetime.date(year, month, day), local.time()), self.now

    def _ago_local_days(self, n):
        local = self.now.astimezone(self.zone)
        return self.at(local.date() - n * DAY, local.time()), self.now

    def _since(self, other):
        return self.of(other)[0], None

    def _before(self, other):
        return None, self.of(other)[0]

    def _range(self, first, beyond):
        return self.of(first)[0], self.of(beyond)[0]

    def _local(self, text):
        moment = datetime.datetime.fromisoformat(text)
        return self.at(moment.date(), moment.time()), None

    def _instant(self, text):
        return datetime.datetime.fromisoformat(text), None

    def texts(self, how):
        """As the files have it: ISO texts with the zone's offset."""
        return [moment and moment.astimezone(self.zone).isoformat() for moment in self.of(how)]


def entries(document):
    """The questions of a file, each with the file's defaults."""
    for question in document["questions"]:
        yield {"timezone": "UTC", "clock": "2026-09-17T10:30:00Z", "locale": document["language"],
               **document.get("defaults", {}), **question}


def main(arguments):
    write, files, wrong = "--write" in arguments, [a for a in arguments if a != "--write"], 0
    for file in files:
        with open(file, encoding="utf-8") as f:
            document = json.load(f)
        for stored, entry in zip(document["questions"], entries(document)):
            if "how" not in entry:
                continue
            intervals = Intervals(entry["clock"], entry["timezone"])
            due = {"interval": intervals.texts(entry["how"])}
            if "or_how" in entry:
                due["or"] = [intervals.texts(how) for how in entry["or_how"]]
            for key, value in due.items():
                if stored.get(key) != value:
                    wrong += 1
                    if not write:
                        print(f"{file}: {entry['id']}: {key} is {stored.get(key)}, and {value} by zoneinfo")
            stored.update(due)
        if write:
            with open(file, "w", encoding="utf-8") as f:
                f.write(text_of(document))
    return 0 if write or not wrong else 1


def text_of(document):
    """JSON with one question a line, so that changes can be read."""
    head = {key: value for key, value in document.items() if key != "questions"}
    rows = ",\n".join("  " + json.dumps(question, ensure_ascii=False) for question in document["questions"])
    return json.dumps(head, ensure_ascii=False)[:-1] + ',\n "questions": [\n' + rows + "\n]}\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
