"""Numbers in digits and in words, with the units they come in."""

from agents.cache.guards.lexicon import UNIT
from agents.cache.guards.lexicon.figures import MULTIPLES, NUMBERS, SCALES, SHORT_UNITS
from agents.cache.guards.tokens import NUMBER

_FIGURES = frozenset(NUMBERS) | frozenset(SCALES) | frozenset(MULTIPLES)
_TEN, _HUNDRED = 10, 100


def quantities(keys: list[str]) -> tuple[list[str], tuple[str, ...], tuple[str, ...]]:
    """Return the keys with number words read as numbers, the numbers, and the measures; both sorted.

    "twenty five dollars", "25 USD" and "$25" are all the number "#25" and the measure "#25~usd", whose unit is
    left out of the keys. A unit with no number beside it is a measure of its own, and stays.
    """
    if _FIGURES.isdisjoint(keys) and not any(key[0] in (NUMBER, UNIT) for key in keys):
        return keys, (), ()
    read: list[str] = []
    numbers: list[str] = []
    measures: list[str] = []
    sign = ""  # a unit that stands before its number, as "$" does
    at = 0
    while at < len(keys):
        key = keys[at]
        if key[0] == UNIT:
            if at + 1 < len(keys) and keys[at + 1][0] == NUMBER:
                sign = key
            else:
                measures.append(key)
                read.append(key)
            at += 1
            continue
        value, length = _number(keys, at)
        if length == 0:
            read.append(key)
            at += 1
            continue
        at += length
        after = keys[at] if at < len(keys) else ""
        unit = after if after[:1] == UNIT else UNIT + SHORT_UNITS[after] if after in SHORT_UNITS else ""
        # "5 in the box" is no length, and "10 am I" no time: only a short unit that ends its phrase is one.
        if unit and after in ("in", "a") and at + 1 < len(keys):
            unit = ""
        if unit:
            at += 1
        number = NUMBER + value
        read.append(number)
        numbers.append(number)
        if unit or sign:
            measures.append(number + (unit or sign))
        sign = ""
    return read, tuple(sorted(numbers)), tuple(sorted(measures))


def _number(keys: list[str], at: int) -> tuple[str, int]:
    """Return the number that begins at `at` and how many keys it takes (0: there is none)."""
    first = keys[at]
    if first in MULTIPLES:
        return MULTIPLES[first], 1
    if first[0] == NUMBER:
        if at + 1 < len(keys) and (scale := SCALES.get(keys[at + 1])) and first[1:].isdigit() and len(first) < _TEN:
            return str(int(first[1:]) * scale), 2
        return first[1:], 1
    if first not in NUMBERS and first not in SCALES:
        return "", 0
    total = current = 0
    end = at
    while end < len(keys):
        word = keys[end]
        if word in NUMBERS:
            value = NUMBERS[word]
            if end > at and not _continues(current, value, keys[end - 1]):
                break
            current += value
        elif word in SCALES:
            if SCALES[word] == _HUNDRED:
                current = max(current, 1) * _HUNDRED
            else:
                total, current = total + max(current, 1) * SCALES[word], 0
        elif not (word == "and" and keys[end - 1] in SCALES and end + 1 < len(keys) and keys[end + 1] in NUMBERS):
            break
        end += 1
    return str(total + current), end - at


def _continues(current: int, value: int, before: str) -> bool:
    """Say whether a number word goes on the number so far: "twenty" then "five", not "five" then "six"."""
    if before in SCALES or before == "and":
        return True
    return value < _TEN and current % _HUNDRED >= 2 * _TEN and current % _TEN == 0
