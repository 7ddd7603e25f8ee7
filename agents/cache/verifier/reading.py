"""A question word by word, as the verifier compares it."""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from agents.cache.guards import Text
from agents.cache.guards.lexicon import KEYS, QUALIFIERS, STRUCTURE
from agents.cache.guards.lexicon.grammar import MODALS, NEGATORS, PERSONS, QUANTIFIERS, QUESTIONS, ROLES
from agents.cache.guards.lexicon.inflection import base
from agents.cache.verifier.words import NONE, Words

Floats = npt.NDArray[np.float32]

FLAGS = 14
RELATIONS = 8
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
_WORD = re.compile(r"[^\W_]+(?:['’.,:@-][^\W_]+)*|[^\w\s]")
_SILENT = frozenset(",'\"()–—-’‘“”?.!;:")


class Question(NamedTuple):
    """A question as the verifier needs it."""

    text: Text
    states: npt.NDArray[np.floating]
    """(tokens, dimensions): the embedder's last hidden states of the canonical text's tokens, special ones left out."""
    spans: Sequence[tuple[int, int]]
    """Where each token stands in the canonical text."""


class Reading(NamedTuple):
    """The words of a question, n of them."""

    keys: tuple[str, ...]
    content: tuple[bool, ...]
    """Which words say what the question is about, rather than that it is one."""
    flags: Floats
    """(n, FLAGS)"""
    states: Floats
    """(n, dimensions), unit length: the mean of the states of a word's tokens."""

    @classmethod
    def of(cls, question: Question, words: Words) -> "Reading":
        """Read a question's words."""
        text = question.text
        keys, spans = [], []
        for match in _WORD.finditer(text.canonical):
            if match[0] in _SILENT:
                continue
            keys.append(_key(match[0]))
            spans.append(match.span())
        flags = np.array([_flags(key, text, words) for key in keys], np.float32).reshape(-1, FLAGS)
        content = tuple(key not in STRUCTURE and key not in ASKING for key in keys)
        return cls(tuple(keys), content, flags, _pooled(question, spans))


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


def _pooled(question: Question, spans: list[tuple[int, int]]) -> Floats:
    """The mean state of each word's tokens, at unit length."""
    states = np.asarray(question.states, np.float32)
    belongs = np.zeros((len(spans), len(states)), np.float32)
    at = 0
    for token, (start, end) in enumerate(question.spans):
        while at < len(spans) and spans[at][1] <= start:
            at += 1
        if at < len(spans) and spans[at][0] < end:
            belongs[at, token] = 1
    pooled = belongs @ states
    return np.asarray(pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-6), np.float32)


def relations(one: Reading, other: Reading, words: Words) -> Floats:
    """How each word of one stands to each of the other: (n, m, RELATIONS)."""
    found = np.zeros((len(one.keys), len(other.keys), RELATIONS), np.float32)
    for i, a in enumerate(one.keys):
        for j, b in enumerate(other.keys):
            if a == b:
                found[i, j, 0] = 1
            elif a[0].isalpha() and b[0].isalpha() and not (one.flags[i, 0] and other.flags[j, 0]):
                relation = words.relation(a, b)
                if relation is not NONE:
                    found[i, j, 1:7] = relation
                if a[:4] == b[:4] and len(a) > 4 and len(b) > 4:
                    found[i, j, 7] = 1
    return found
