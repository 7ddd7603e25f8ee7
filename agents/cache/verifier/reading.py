"""A question word by word, as the verifier compares it."""

import math
import re
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from agents.cache.guards import Text
from agents.cache.guards.lexicon import KEYS, QUALIFIERS, STRUCTURE
from agents.cache.guards.lexicon.grammar import MODALS, NEGATORS, PERSONS, QUANTIFIERS, QUESTIONS, ROLES
from agents.cache.guards.lexicon.inflection import base
from agents.cache.verifier.words import NONE, Words
from agents.embedding import Embedded

Floats = npt.NDArray[np.float32]

FLAGS = 14
RELATIONS = 8
DIMENSIONS = 384
"""Of a token's state."""
LONGEST = 64
"""Words of a text that are compared. A longer one is not judged."""

# Words with which people ask, whatever they ask about.
ASKING = frozenset(
    """process procedure step way method instruction guide guideline tip advice help assist explain describe tell
    show know learn understand find want need wonder look possible able do thing question idea please thank hi
    hello like approach go try involve require give walk take teach outline describe clarify define mean meaning
    exactly best good easy easiest simplest right proper correct recommend someone anyone people person curious
    appreciate figure sure start begin handle deal information detail case option order wish plan purpose kind
    type specify list name recommend""".split()  # noqa: SIM905
)
_NO_FLAGS, _NO_STATES = np.zeros((0, FLAGS), np.float32), np.zeros((0, DIMENSIONS), np.float32)
_WORD = re.compile(r"[^\W_]+(?:['’.,:@-][^\W_]+)*|[^\w\s]")
_SILENT = frozenset(",'\"()–—-’‘“”?.!;:")


class Reading(NamedTuple):
    """A question as the verifier compares it: its n words."""

    text: Text
    keys: tuple[str, ...]
    content: tuple[bool, ...]
    """Which words say what the question is about, rather than that it is one."""
    structure: tuple[bool, ...]
    flags: Floats
    """(n, FLAGS)"""
    states: Floats
    """(n, dimensions), unit length: the mean of the states of a word's tokens."""
    unfit: str
    """Why it cannot be judged, and its words are left out; empty where it can."""

    @classmethod
    def of(cls, text: Text, embedded: Embedded, words: Words) -> Self:
        """Read a question's words; ``embedded`` is of its canonical text."""
        keys, spans = [], []
        for match in _WORD.finditer(text.canonical):
            if match[0] in _SILENT:
                continue
            keys.append(_key(match[0]))
            spans.append(match.span())
        if unfit := _unfit(embedded, len(keys)):
            return cls(text, (), (), (), _NO_FLAGS, _NO_STATES, unfit)
        structure = tuple(key in STRUCTURE for key in keys)
        flags = np.array([_flags(key, text, words) for key in keys], np.float32)
        content = tuple(not grammar and key not in ASKING for key, grammar in zip(keys, structure, strict=True))
        return cls(text, tuple(keys), content, structure, flags, _pooled(embedded, spans), "")


class Compared(NamedTuple):
    """Two questions side by side, of n and m words."""

    one: Reading
    other: Reading
    related: Floats
    """(n, m, RELATIONS): how each word of one stands to each of the other."""
    likeness: Floats
    """(n, m): the cosines of their states."""

    @classmethod
    def of(cls, one: Reading, other: Reading, words: Words) -> Self:
        """Compare the words of two questions."""
        return cls(one, other, _related(one, other, words), one.states @ other.states.T)


def _key(word: str) -> str:
    lower = word.lower().replace("’", "'")
    if found := KEYS.get(lower):
        return found
    if lower.endswith("'s"):
        lower = lower[:-2]
    return KEYS.get(lower) or (base(lower) if lower.isalpha() else lower)


def _flags(key: str, text: Text, words: Words) -> tuple[float, ...]:
    return (
        key in STRUCTURE,
        key in ASKING,
        any(letter.isdigit() for letter in key),
        key in NEGATORS or "n't" in key,
        key not in words,
        key in text.names,
        math.log1p(words.met(key)) / 8,
        key in QUESTIONS,
        key in MODALS,
        key in QUANTIFIERS,
        key in QUALIFIERS,
        key in ROLES,
        key in PERSONS,
        key in text.dates,
    )


def _pooled(embedded: Embedded, spans: list[tuple[int, int]]) -> Floats:
    """The mean state of each word's tokens, at unit length."""
    states = embedded.states.astype(np.float32)
    belongs = np.zeros((len(spans), len(states)), np.float32)
    at = 0
    for token, (start, end) in enumerate(embedded.spans):
        while at < len(spans) and spans[at][1] <= start:
            at += 1
        if at < len(spans) and spans[at][0] < end:
            belongs[at, token] = 1
    pooled = belongs @ states
    return np.asarray(pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-6), np.float32)


def _unfit(embedded: Embedded, count: int) -> str:
    if not count:
        return "a question without words"
    if count > LONGEST:
        return f"a question of more than {LONGEST} words"
    if embedded.states.shape != (len(embedded.spans), DIMENSIONS):
        return "token states of another embedding model"
    return ""


def _related(one: Reading, other: Reading, words: Words) -> Floats:
    found = np.zeros((len(one.keys), len(other.keys), RELATIONS), np.float32)
    theirs = list(zip(other.keys, other.structure, strict=True))
    for i, (a, a_structure) in enumerate(zip(one.keys, one.structure, strict=True)):
        for j, (b, b_structure) in enumerate(theirs):
            if a == b:
                found[i, j, 0] = 1
            elif not (a_structure and b_structure) and a[0].isalpha() and b[0].isalpha():
                relation = words.relation(a, b)
                if relation is not NONE:
                    found[i, j, 1:7] = relation
                if a[:4] == b[:4] and len(a) > 4 and len(b) > 4:
                    found[i, j, 7] = 1
    return found
