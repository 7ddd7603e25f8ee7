"""Markdown cut into units that can be found, or left out, one by one: sentences, rows of tables, items of lists. Pure.

A unit that makes no sense alone carries what gives it sense: a row the header of its table and the heading within it,
and everything the headings above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_HEADING = re.compile(r"(#{1,6})\s+\S")
_FENCE = re.compile(r"\s*(```|~~~)")
_RULE = re.compile(r"\|?(?:\s*:?-+:?\s*\|)+\s*(?::?-+:?)?")
"""The line between a table's header and its rows, without the white space around it."""
_ITEM = re.compile(r"\s*(?:[-*+•–]|\d{1,3}[.)])\s+")
_LINE = re.compile(r"[^\n]+")
_CELL = re.compile(r"(?<!\\)\|")
_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’)\]]*+(?=\s++[\"'“‘(\[]*+[^\W_a-z])|[。！？]++[」』”’）]*+")
"""The end of a sentence, as far as its own characters say so: a mark, and no small letter after it. Of a run of marks
the first alone is tried: a run of thousands is nobody's sentence, and must not be read once for each of them."""
_SHORT = re.compile(
    r"(?:\b[A-Z]|\b(?:Mr|Mrs|Ms|Dr|Prof|St|No|Nos|Inc|Ltd|Corp|Co|vs|etc|approx|Fig|Eq|Sec|Art|Vol|Jan|Feb|Mar|Apr|Jun"
    r"|Jul|Aug|Sept?|Oct|Nov|Dec)|\b[ei]\.[eg]|\bU\.S)\.$"
)
"""A full stop that belongs to an abbreviation."""
_LONGEST = len("approx.")
"""Characters of an abbreviation at most."""
_PAUSE = re.compile(r"(?:[,;:)、，；：]|\s[–—-])(?=\s)|[、，；：]|(?<=\S)(?=\n)")


class Unit(NamedTuple):
    """A part of a passage that is kept, or left out, as a whole."""

    start: int
    end: int
    """Characters of the passage, without the white space around them."""
    block: int
    """The paragraph, table or item that it is part of, from 0."""
    carries: tuple[int, ...] = ()
    """The units, by their place, without which it makes no sense. They stand before it and carry nothing further."""
    label: str = ""
    """What it is about, where that is less than all of it: the first cell of a row."""
    frame: bool = False
    """Whether it is a heading, or the header of a table: of no use for itself."""
    cuts: tuple[int, ...] = ()
    """Characters of the passage at which it can end early: after a clause, or a cell. Ascending."""


class Part(NamedTuple):
    """A unit as it is understood alone."""

    text: str
    """With what it carries before it, a line each."""
    label: str
    """See :attr:`Unit.label`."""


def parts(passage: str) -> list[Part]:
    """The units of a passage, in its order, without those that are of no use for themselves."""
    found = units(passage)
    said = [passage[unit.start : unit.end] for unit in found]
    return [
        Part("\n".join([*(said[at] for at in unit.carries), text]), unit.label)
        for unit, text in zip(found, said, strict=True)
        if not unit.frame
    ]


def units(passage: str) -> list[Unit]:
    """The units of a passage, in its order; between them is nothing but white space."""
    found: list[Unit] = []
    headings: list[tuple[int, int]] = []  # (level, unit)
    for block, (start, end) in enumerate(_blocks(passage)):
        text = passage[start:end]
        trail = tuple(unit for _, unit in headings)
        if heading := _HEADING.match(text):
            level = len(heading[1])
            headings = [above for above in headings if above[0] < level]
            found.append(Unit(start, end, block, tuple(unit for _, unit in headings), frame=True))
            headings.append((level, len(found) - 1))
        elif _FENCE.match(text):
            found.append(Unit(start, end, block, trail, cuts=tuple(_line_ends(passage, start, end))))
        elif _is_table(text):
            found += _table(passage, start, end, block=block, trail=trail, first=len(found))
        else:
            found += [
                Unit(at, to, block, trail, cuts=tuple(cut for cut in _pauses(passage, at, to) if at < cut < to))
                for at, to in sentences(passage, start, end)
            ]
    return found


def sentences(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Where the sentences of a paragraph begin and end, in characters, without the white space between them."""
    end = len(text) if end is None else end
    begin = start
    for mark in _END.finditer(text, start, end):
        last = mark.end()
        # Where every mark is an abbreviation's, a sentence is as long as the text: none of them may look at all of it.
        is_short = _SHORT.search(text, max(begin, last - _LONGEST), last)
        if not is_short and not _ITEM.fullmatch(text, begin, last + 1):
            yield begin, last
            begin = last
            while begin < end and text[begin].isspace():
                begin += 1
    if begin < end:
        yield begin, end


def _blocks(passage: str) -> Iterator[tuple[int, int]]:
    """Headings, tables, items, paragraphs, code: each as (start, end), without the white space around it."""
    begin: int | None = None
    last = 0
    fence = ""
    table = False
    for line in re.finditer(r"[^\n]*\n?", passage):
        text = line.group()
        stripped = text.strip()
        mark = _FENCE.match(text)
        if fence:
            last = line.start() + len(text.rstrip()) if stripped else last
            if mark and mark[1] == fence and begin is not None:
                yield begin, last
                begin, fence = None, ""
            continue
        is_row = stripped.startswith("|")
        breaks = not stripped or mark or _HEADING.match(stripped) or _ITEM.match(text) or is_row is not table
        if begin is not None and breaks:
            yield begin, last
            begin = None
        if not stripped:
            continue
        if begin is None:
            begin = line.start() + len(text) - len(text.lstrip())
            table = is_row
        last = line.start() + len(text.rstrip())
        fence = mark[1] if mark else ""
        if _HEADING.match(stripped):
            yield begin, last
            begin = None
    if begin is not None:
        yield begin, last


def _is_table(text: str) -> bool:
    lines = text.split("\n", 2)
    return len(lines) > 1 and text.startswith("|") and _RULE.fullmatch(lines[1].strip()) is not None


def _table(passage: str, start: int, end: int, *, block: int, trail: tuple[int, ...], first: int) -> Iterator[Unit]:
    """The header with the line under it, then the rows."""
    lines = [(line.start(), line.end()) for line in _LINE.finditer(passage, start, end)]
    yield Unit(start, lines[1][1], block, trail, frame=True)
    section: tuple[int, ...] = ()
    for place, (at, to) in enumerate(lines[2:], first + 1):
        bars = [bar.start() for bar in _CELL.finditer(passage, at, to)]
        cells = [passage[one + 1 : other].strip() for one, other in zip(bars, [*bars[1:], to], strict=True)]
        label, figures = cells[0], [cell for cell in cells[1:] if cell]
        carries = (*trail, first)
        if label and not figures:
            section = (place,)
            yield Unit(at, to, block, carries, label)
        else:
            yield Unit(at, to, block, carries + section, label, cuts=tuple(bar + 1 for bar in bars[2:] if bar + 1 < to))


def _pauses(passage: str, start: int, end: int) -> Iterable[int]:
    # A mark at the end of a line is a pause, and so is the end of the line.
    return dict.fromkeys(pause.end() for pause in _PAUSE.finditer(passage, start, end))


def _line_ends(passage: str, start: int, end: int) -> Iterator[int]:
    return (place for place in range(start + 1, end) if passage[place] == "\n")
