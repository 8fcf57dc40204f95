"""Bench of answers: the verdict on one answer envelope, from expected rows alone.

    judge(question, envelope, expected) -> Verdict(outcome, why)

outcome: right | wrong | refused | silent (one reading of several was answered; counted as wrong). expected is a list of
parts (lists of rows) for `answer`, a list of readings for `clarify`, None for `refuse` and for questions that are judged by
their tools. Rules: regress/questions/README.md. The judge looks at blocks, facts, references and codes, never at wording.
"""
import collections
import datetime
import re

import cells

Verdict = collections.namedtuple("Verdict", "outcome why")
REFUSALS = {"NO_MATCH", "AMBIGUOUS", "UNSUPPORTED_ACTION", "POLICY_DENY"}
CRASH = "CRASH"  # for an answer that took the server with it
FIGURE = re.compile(r"\d(?:[\d.,:]*\d)?")


def code_of(envelope):
    return (envelope.get("error") or {}).get("code")


def answered(envelope):
    """Whether the envelope claims something: it has references and did not fail."""
    return bool(envelope.get("answer") and envelope.get("references")) and envelope.get("status") in ("success", "degraded")


class Result:
    """One reference of an answer with the rows its blocks show."""

    def __init__(self, reference, blocks, facts):
        self.reference = reference
        self.args = reference.get("args") or {}
        self.facts = facts
        self.number = None
        self.rows = []
        for block in blocks:
            if block["type"] == "number":
                self.number = block.get("value")
                self.rows = self.rows or [{"value": block.get("value")}]
            elif isinstance(block.get("rows"), list):
                self.rows = block["rows"]
        self.row_count = reference.get("row_count")
        self.truncated = bool(reference.get("truncated")) or len(self.rows) < (self.row_count or 0)

    def says(self, value, tolerance=None):
        """The summary or a number block says the value."""
        stated = [fact.get("value") for fact in self.facts] + ([] if self.number is None else [self.number])
        return any(cells.same(value, said, tolerance) for said in stated)

    def limited(self):
        """Whether its number of rows is somebody's limit rather than a figure."""
        return self.truncated or any(name == "limit" and value == self.row_count for name, value in walk(self.args))


def walk(value):
    """(name, scalar) pairs anywhere in a JSON value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, (dict, list)):
                yield from walk(inner)
            else:
                yield name, inner
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)


def results_of(envelope):
    blocks, facts = collections.defaultdict(list), collections.defaultdict(list)
    for block in envelope["answer"].get("blocks") or []:
        blocks[block.get("ref")].append(block)
    for fact in envelope["answer"].get("facts") or []:
        facts[fact.get("ref")].append(fact)
    return [Result(r, blocks[r["ref"]], facts[r["ref"]]) for r in envelope["references"]]


def gives(result, expected, how, question):
    """Whether the result is the expected rows, compared as `how` says."""
    tolerance, top = question.get("tolerance"), question.get("top")
    if how == "figure":
        if len(expected) != 1 or len(expected[0]) != 1:
            raise ValueError(f"{question['id']}: a figure is one row of one column")
        value = expected[0][0]
        if len(result.rows) == 1 and cells.row_holds(result.rows[0], [value], tolerance):
            return result.says(value, tolerance)
        return (len(result.rows) != 1 and cells.number(value) == result.row_count and not result.limited()
                and any(fact.get("path") == "$.row_count" for fact in result.facts))
    if how == "trend":
        rows, wanted = cells.without_zeros(result.rows), cells.without_zeros(expected)
        return not result.truncated and cells.same_set(rows, wanted, tolerance)
    if how == "ordered":
        return cells.in_order(result.rows, expected, tolerance, top)
    if how == "first":
        return cells.same_set(result.rows[:1], expected, tolerance)
    if how == "leading":
        return cells.leading(result.rows, expected, tolerance)
    if how == "contains":
        return bool(expected) and cells.same_set(result.rows, expected, tolerance, all_used=False)
    if how == "set":
        return not result.truncated and cells.same_set(result.rows, expected, tolerance)
    raise ValueError(f"{question['id']}: rows {how!r} is not known")


def comparison(question, expected):
    """How the rows of a part are compared: as the question says, else by their shape."""
    if question.get("rows"):
        return question["rows"]
    if len(expected) == 1 and len(expected[0]) == 1:
        return "figure"
    return "ordered" if question.get("top") else "set"


def covers(results, parts, question):
    """Each part has a result, and each result serves a part. (One result may serve several: a row with both figures.)"""
    used = set()
    for expected in parts:
        serving = [i for i, result in enumerate(results) if gives(result, expected, comparison(question, expected), question)]
        if not serving:
            return False, "an expected figure or row is not in the answer"
        used.add(next((i for i in serving if i not in used), serving[0]))
    if len(used) < len(results):
        return False, "the answer has a result that was not asked for"
    return True, ""


def uncovered_figures(envelope, authored=""):
    """Figures of the summary that are no fact, and facts that are not the cell they name. What the question or an argument
    of a reference says is no claim, nor is what the tools' authors wrote: `authored`, their sentences without the placeholders
    (a threshold, say)."""
    answer = envelope["answer"]
    text, place, rest = answer["summary"].encode(), 0, b""
    for fact in sorted((f for f in answer.get("facts") or [] if "begin" in f), key=lambda f: f["begin"]):
        rest, place = rest + text[place:fact["begin"]] + b" ", max(place, fact["end"])
    rest = (rest + text[place:]).decode(errors="replace")
    for title in filter(None, (reference.get("title") for reference in envelope.get("references") or [])):
        rest = rest.replace(title, " ")
    shaped = " ".join([envelope.get("question") or "", *(str(value) for r in envelope["references"] for _, value in walk(r.get("args") or {}))])
    written = set(FIGURE.findall(authored))
    found = [figure for figure in FIGURE.findall(rest) if figure not in shaped and figure not in written]
    by_ref = {result.reference["ref"]: result for result in results_of(envelope)}
    for fact in answer.get("facts") or []:
        named = re.fullmatch(r"\$\.rows\[(\d+)\]\.(\w+)", fact.get("path") or "")
        result = by_ref.get(fact.get("ref"))
        if not named or result is None or fact.get("fn"):
            continue
        index, column = int(named.group(1)), named.group(2)
        if index < len(result.rows):
            row = result.rows[index]
            cell = row.get(column, result.number if len(row) == 1 else None)
            if cell != fact.get("value"):
                found.append(f"{fact['path']} = {fact.get('value')}")
    return found


def judge(question, envelope, expected, authored=""):
    expect = question["expect"]
    if code_of(envelope) == CRASH:
        return Verdict("wrong", "the server crashed")
    if not answered(envelope):
        code = code_of(envelope)
        if expect == "refuse":
            good = code in set(question.get("codes") or REFUSALS) or (envelope.get("route") == "direct" and code is None)
            return Verdict("right" if good else "refused", code or envelope.get("status"))
        if expect == "clarify" and code == "AMBIGUOUS" and len((envelope.get("clarification") or {}).get("options") or []) >= 2:
            return Verdict("right", code)
        return Verdict("refused", code or envelope.get("status"))
    if expect == "refuse":
        return Verdict("wrong", "answered what must be refused")
    figures = uncovered_figures(envelope, authored)
    if figures:
        return Verdict("wrong", "figures without a cell: " + ", ".join(figures[:5]))
    results = results_of(envelope)
    if expect == "clarify":
        chosen = [reading for reading in expected if any(gives(r, reading, comparison(question, reading), question) for r in results)]
        if len(chosen) == len(expected):
            return Verdict("right", "all readings side by side")
        return Verdict("silent" if chosen else "wrong", "one reading was picked" if chosen else "answered, with no reading's figures")
    tools = {reference["tool"] for reference in envelope["references"]}
    if expected is None or question.get("domain") == "health":
        if not tools & set(question.get("tools") or []):
            return Verdict("wrong", "another tool: " + ", ".join(sorted(tools)))
        if not has_args(envelope, question.get("args") or {}):
            return Verdict("wrong", "other arguments")
    if expected is None:
        return Verdict("right", "")
    good, why = covers(results, expected, question)
    return Verdict("right" if good else "wrong", why)


def has_args(envelope, wanted):
    """Some reference's arguments include these."""
    def includes(actual, part):
        if isinstance(part, dict):
            return isinstance(actual, dict) and all(name in actual and includes(actual[name], inner) for name, inner in part.items())
        return actual == part
    return any(includes(reference.get("args") or {}, wanted) for reference in envelope["references"])


def has_interval(envelope, interval, clock):
    """Some reference carries exactly these instants; an open end may also be the clock."""
    def moment(text):
        try:
            found = datetime.datetime.fromisoformat(str(text).replace("Z", "+00:00"))
        except ValueError:
            return None
        return found if found.tzinfo else found.replace(tzinfo=datetime.timezone.utc)
    for reference in envelope["references"]:
        found = {name: moment(value) for name, value in walk(reference.get("args") or {}) if name in ("since", "until") and value}
        ends = [found.get("since"), found.get("until")]
        if all(end == moment(wanted) if wanted else end in (None, moment(clock)) for end, wanted in zip(ends, interval)):
            return True
    return False
