"""Pairs made ready for the model: what the verifier would see of each."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from agents.cache.canonical import canonical
from agents.cache.guards import Text, compare
from agents.cache.verifier import Reading
from agents.cache.verifier.features import features
from agents.cache.verifier.reading import Compared, Floats
from agents.cache.verifier.verifier import forbidden
from agents.cache.verifier.words import Words
from agents.embedding import Embedded


class Prepared(NamedTuple):
    """Pairs as the model sees them."""

    compared: list[Compared]
    features: Floats
    vetoed: np.ndarray
    """Which pairs the verifier refuses without asking the model."""
    served: np.ndarray
    """Which pairs the cache serves without the verifier: cosine of at least 0.95, and no guard objects."""


SERVED_FROM = 0.95


def prepare(pairs: Sequence[tuple[str, str]], words: Words, states: Mapping[str, Embedded]) -> Prepared:
    """Work out what the verifier would see of each pair."""
    texts = {canonical(text) for pair in pairs for text in pair[:2]}
    read = {text: Reading.of(Text.read(text), states[text], words) for text in sorted(texts)}
    every, rows, vetoed, served = [], [], [], []
    for pair in pairs:
        one, other = canonical(pair[0]), canonical(pair[1])
        compared = Compared.of(read[one], read[other], words)
        cosine = float(states[one].vector @ states[other].vector)
        a, b = compared.one.text, compared.other.text
        objections = compare(a, b)
        every.append(compared)
        rows.append(features(compared, objections=objections, cosine=cosine, words=words))
        vetoed.append(bool(forbidden(a, b, objections)))
        served.append(cosine >= SERVED_FROM and not objections)
    return Prepared(every, np.array(rows), np.array(vetoed), np.array(served))
