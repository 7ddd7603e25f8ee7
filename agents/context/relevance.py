"""How much of what a question asks for a unit of a passage is likely to hold. Pure.

Two views that fail on different texts are added: the cosine of the embeddings, which sees through other words, and
the words that both hold, which sees names, years and labels. Every weight here was fixed on documents written for it
(``tests/texts``), on no public data.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

TEMPERATURE = 0.15
"""Of the softmax over passages: with so much more of each of three scores of 0 to 1, one is e times as likely."""
FLOOR = 0.1
"""What a unit is worth, beside a relevance of 0 to 1, only for being in the passage that answers."""
NEIGHBOUR = 0.5
"""What share of its relevance a unit lends to the one before and the one after it: an answer often stands beside the
words of its question."""
FIGURES = 0.1
"""What a figure adds where the question asks for one."""

_WORD = re.compile(r"[^\W\d_]+|\d[\d.,]*(?<=\d)")
_ASKS_FIGURE = re.compile(
    r"\b(how (many|much|long|often|old|far|large|high|big)|when|years?|dates?|percent(age)?|amounts?|numbers?|totals?"
    r"|averages?|changes?|ratios?|rates?|proportions?|differences?|increased?|decreased?|sum|costs?|prices?)\b",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")


class Fact(NamedTuple):
    """A unit as it is compared with a question."""

    passage: int
    text: str
    label: str = ""
    """What it is about, where that is less than its text."""
    context: str = ""
    """What it carries: headings, a table's header."""
    cosine: float = 0.0
    """To the question."""


def words(text: str) -> list[str]:
    """Words and figures, without case and the English plural.

    The S-stemmer of D. Harman, "How effective is suffixing?", JASIS 42 (1991).
    """
    return [_singular(word.casefold()) for word in _WORD.findall(text)]


def values(question: str, facts: Sequence[Fact]) -> list[float]:
    """What each unit is worth in a prompt: that its passage is the one that answers, times that the unit is needed.

    The first is a softmax over the passages' scores, so that a passage that is surely the one is worth more than any
    other, down to its last sentence, while of several that may be, the best parts come first.
    """
    if not facts:
        return []
    asked = _Asked(question, facts)
    figure = FIGURES if _ASKS_FIGURE.search(question) else 0.0
    relevance = np.array(
        [
            (match + max(fact.cosine, 0.0)) / 2 + (figure if _DIGIT.search(fact.text) else 0.0)
            for fact, match in zip(facts, asked.matches(), strict=True)
        ]
    )
    members = _members(facts)
    # How well a passage as a whole meets the question: its words, its nearest unit, its most relevant one.
    scores = np.array(
        [
            asked.share(set().union(*(asked.held[at] for at in mine)))
            + max(facts[at].cosine for at in mine)
            + max(relevance[mine])
            for mine in members.values()
        ]
    )
    chances = np.exp((scores - scores.max()) / (3 * TEMPERATURE))
    chances /= chances.sum()
    found = np.empty(len(facts))
    for mine, chance in zip(members.values(), chances, strict=True):
        own = relevance[mine]
        beside = np.maximum(np.append(0.0, own[:-1]), np.append(own[1:], 0.0))
        found[mine] = chance * (FLOOR + np.maximum(own, NEIGHBOUR * beside))
    return [float(value) for value in found]


def best_matches(question: str, facts: Sequence[Fact]) -> dict[int, float]:
    """How well each passage's best unit matches the words of the question, of 0 to 1; cosines have no part in it."""
    matches = _Asked(question, facts).matches()
    return {passage: max(matches[at] for at in mine) for passage, mine in _members(facts).items()}


class _Asked:
    """The words of a question against those of units: the rarer among the units, the weightier."""

    def __init__(self, question: str, facts: Sequence[Fact]) -> None:
        self._facts = facts
        self.held = [set(words(f"{fact.context} {fact.text}")) for fact in facts]
        """The words of each unit with what it carries."""
        self._weight = _weights(self.held)
        self._words = {word for word in words(question) if word in self._weight}

    def share(self, held: set[str]) -> float:
        """How much of the question is held."""
        return self._share(self._words, held)

    def matches(self) -> list[float]:
        """How well each unit matches."""
        return [self._match(fact, held) for fact, held in zip(self._facts, self.held, strict=True)]

    def _match(self, fact: Fact, held: set[str]) -> float:
        match = self.share(held)
        # How much of the label the question says: "Other" of a table is named by "the change in Other".
        return (match + self._share(set(words(fact.label)), self._words)) / 2 if fact.label else match

    def _share(self, wanted: set[str], held: set[str]) -> float:
        mass = sum(self._weight[word] for word in wanted)
        return sum(self._weight[word] for word in wanted & held) / mass if mass else 0.0


def _members(facts: Sequence[Fact]) -> dict[int, list[int]]:
    """The places of each passage's units."""
    members: dict[int, list[int]] = {}
    for at, fact in enumerate(facts):
        members.setdefault(fact.passage, []).append(at)
    return members


def _weights(held: Sequence[set[str]]) -> dict[str, float]:
    """The rarer, the weightier: the inverse document frequency of BM25, with units as documents."""
    counts = Counter(word for unit in held for word in unit)
    return {word: math.log(1 + (len(held) - count + 0.5) / (count + 0.5)) for word, count in counts.items()}


def _singular(word: str) -> str:
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    if word.endswith("es") and not word.endswith(("aes", "ees", "oes")):
        return word[:-1]
    if word.endswith("s") and not word.endswith(("us", "ss")):
        return word[:-1]
    return word
