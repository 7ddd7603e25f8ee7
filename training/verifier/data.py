"""Pairs made ready for the model: what the verifier would see of each."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from agents.cache.canonical import canonical
from agents.cache.guards import Text, compare
from agents.cache.verifier import Question
from agents.cache.verifier.features import features
from agents.cache.verifier.reading import Floats, Reading, relations
from agents.cache.verifier.verifier import forbidden
from agents.cache.verifier.words import Words
from agents.embedding import Embedded


class Prepared(NamedTuple):
    """Pairs as the model sees them."""

    readings: list[tuple[Reading, Reading]]
    related: list[Floats]
    features: Floats
    vetoed: np.ndarray
    """Which pairs the verifier refuses without asking the model."""
    served: np.ndarray
    """Which pairs the cache serves without the verifier: cosine of at least 0.95, and no guard objects."""


SERVED_FROM = 0.95


def questions(texts: Iterable[str], states: Mapping[str, Embedded]) -> dict[str, Question]:
    """Each text as the verifier takes it."""
    plain = sorted({canonical(text) for text in texts})
    return {text: Question(Text.read(text), states[text].states, states[text].spans) for text in plain}


def prepare(pairs: Sequence[tuple[str, str]], words: Words, states: Mapping[str, Embedded]) -> Prepared:
    """Work out what the verifier would see of each pair."""
    asked = questions({text for pair in pairs for text in pair[:2]}, states)
    read = {text: Reading.of(question, words) for text, question in asked.items()}
    readings, related, rows, vetoed, served = [], [], [], [], []
    for pair in pairs:
        one, other = canonical(pair[0]), canonical(pair[1])
        table = relations(read[one], read[other], words)
        cosine = float(states[one].vector @ states[other].vector)
        a, b = asked[one].text, asked[other].text
        readings.append((read[one], read[other]))
        related.append(table)
        objections = compare(a, b)
        rows.append(features(a, b, read[one], read[other], table, objections=objections, cosine=cosine, words=words))
        vetoed.append(bool(forbidden(a, b, objections)))
        served.append(cosine >= SERVED_FROM and not objections)
    return Prepared(readings, related, np.array(rows), np.array(vetoed), np.array(served))
