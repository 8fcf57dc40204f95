"""Bench of answers: whether a value of an answer is the expected one, and rows of values.

Expected values come from psycopg2 (Decimal, datetime with the question's zone, date, timedelta, text, bool, None), actual
ones from JSON read with parse_float=Decimal. Pure; knows nothing of planners or tools.
"""
import datetime
import re
from decimal import Decimal, InvalidOperation

ROUNDED = Decimal("0.001")  # relative; for expected figures with decimals, as averages are shown rounded


def number(value):
    """The value as Decimal, or None where it is none. Booleans are none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, Decimal)):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", value.strip()):
        try:
            return Decimal(value.strip())
        except InvalidOperation:
            return None
    return None


def same_number(expected, actual, tolerance=None):
    if expected == actual:
        return True
    if tolerance is None:
        tolerance = ROUNDED if expected != expected.to_integral_value() else Decimal(0)
    return abs(expected - actual) <= abs(expected) * Decimal(tolerance)


def bucket_names(moment):
    """What a bucket that begins at this local time may be called: its date, month, year, ISO week, hour."""
    names = {moment.strftime("%Y-%m-%dT%H:%M:%S"), moment.strftime("%Y-%m-%d %H:%M:%S"), moment.strftime("%Y-%m-%d %H:%M")}
    if moment.minute == moment.second == moment.microsecond == 0:
        names |= {moment.strftime("%Y-%m-%dT%H"), moment.strftime("%Y-%m-%d %H")}
        if moment.hour == 0:
            year, week, day = moment.isocalendar()
            names.add(moment.strftime("%Y-%m-%d"))
            if day == 1:
                names |= {f"{year}-W{week:02d}", f"{year}-w{week:02d}"}
            if moment.day == 1:
                names.add(moment.strftime("%Y-%m"))
                if moment.month == 1:
                    names.add(moment.strftime("%Y"))
    return names


def same_moment(expected, actual):
    if not isinstance(actual, (str, int)):
        return False
    text = str(actual).strip()
    if text in bucket_names(expected):
        return True
    try:
        other = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return False
    if other.tzinfo is None:
        other = other.replace(tzinfo=expected.tzinfo)
    if other.microsecond == 0:  # shown without a fraction
        return other == expected.replace(microsecond=0)
    return other == expected


def same(expected, actual, tolerance=None):
    if expected is None or actual is None:
        return expected is None and actual is None
    if isinstance(expected, bool):
        return actual is expected or (isinstance(actual, str) and actual.lower() == str(expected).lower())
    if isinstance(expected, datetime.datetime):
        return same_moment(expected, actual)
    if isinstance(expected, datetime.date):
        return isinstance(actual, str) and re.fullmatch(re.escape(expected.isoformat()) + r"([T ]00:00.*)?", actual) is not None
    if isinstance(expected, datetime.timedelta):
        figure = number(actual)
        return figure is not None and same_number(Decimal(str(expected.total_seconds())), figure, ROUNDED)
    wanted = number(expected) if not isinstance(expected, str) else None
    if wanted is not None:
        figure = number(actual)
        return figure is not None and same_number(wanted, figure, tolerance)
    return isinstance(actual, str) and actual.strip().casefold() == str(expected).strip().casefold()


def row_holds(row, expected, tolerance=None):
    """Every expected value has a cell of its own in the row (an object)."""
    free = list(row.values())
    for value in expected:
        found = next((i for i, cell in enumerate(free) if same(value, cell, tolerance)), None)
        if found is None:
            return False
        del free[found]
    return True


def without_zeros(rows):
    """Rows with a figure that is neither 0 nor missing: a trend may leave empty periods out, or show them."""
    def empty(row):
        cells = row.values() if isinstance(row, dict) else row
        figures = [cell for cell in cells if cell is None or number(cell) is not None]
        return bool(figures) and all(cell is None or number(cell) == 0 for cell in figures)
    return [row for row in rows if not empty(row)]


def same_set(rows, expected, tolerance=None, all_used=True):
    free = list(rows)
    for wanted in expected:
        found = next((i for i, row in enumerate(free) if row_holds(row, wanted, tolerance)), None)
        if found is None:
            return False
        del free[found]
    return not (all_used and free)


def in_order(rows, expected, tolerance=None, top=None):
    """The rows are the expected ones in their order; among equals (the last column decides) the order is free. With
    `top` the expected rows include ties, of which any may be there."""
    if len(rows) not in ({len(expected)} if top is None else {len(expected), min(top, len(expected))}):
        return False
    free = list(expected)
    for place, row in enumerate(rows):
        key = expected[place][-1]
        found = next((i for i, wanted in enumerate(free) if wanted[-1] == key and row_holds(row, wanted, tolerance)), None)
        if found is None:
            return False
        del free[found]
    return True


def leading(rows, expected, tolerance=None):
    """At least one row, and as far as the rows go they are the first of the expected ones."""
    if not rows or len(rows) > len(expected):
        return False
    end = len(rows)
    while end < len(expected) and expected[end][-1] == expected[len(rows) - 1][-1]:
        end += 1
    return in_order(rows, expected[:end], tolerance, len(rows))
