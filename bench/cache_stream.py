"""A stream of questions through the cache of an intent task: how many it answers itself, and how many wrongly.

Each question comes once, in an order drawn by the seed. A miss is answered by the model, whose answer is the question's
label, and becomes an entry. A hit is wrong where the entry's label is another. The learned boundary is the real one;
nearest neighbours are exact. Of a hit that was not checked nothing is learned.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from agents.cache.boundary import FLOOR, NEIGHBOURS, Boundary, Judged, Neighbour
from agents.cache.check import drawn
from agents.cache.outcomes import Outcome

Vectors = npt.NDArray[np.float32]
Labels = Sequence[int] | Sequence[str]

_BLOCK = 256


class StreamResult(NamedTuple):
    """What came of a stream."""

    lookups: int
    hits: int
    wrong: int
    """Hits with another answer than the model's."""
    checks: int
    """Hits that the model was asked about as well."""
    found: int
    """Of the checks, those that found a wrong answer."""

    @property
    def hit_rate(self) -> float:
        """Hits among all lookups, as a fraction of 1."""
        return self.hits / self.lookups

    @property
    def wrong_rate(self) -> float:
        """Wrong hits among all lookups, as a fraction of 1."""
        return self.wrong / self.lookups


class Looked(NamedTuple):
    """What became of one lookup."""

    judged: Judged
    same: bool
    """The answer that was served, or would have been, is the model's. False where there is none."""
    checked: bool


def simulate(
    embeddings: Vectors,
    labels: Labels,
    *,
    bound: float,
    seed: int,
    share: float = 0.02,
    free_feedback: bool = True,
    delay: int = 20,
    workers: int = 1,
) -> StreamResult:
    """Send all questions through the learned boundary.

    Args:
        embeddings: (questions, dimensions), of unit length.
        labels: one a question; the answer to it.
        bound: the share of all lookups that may be answered wrongly.
        seed: of the order.
        share: of hits, to be checked.
        free_feedback: learn also from comparing, at each miss, the answer that would have been served with the one
            that the model then gave; else only from the checks.
        delay: after how many lookups an outcome becomes known.
        workers: how many share the stream, each with a boundary of its own that learns from all outcomes.
    """
    boundaries = [Boundary(bound, comparisons=free_feedback) for _ in range(workers)]
    looked = list(play(embeddings, labels, boundaries, seed=seed, share=share, delay=delay))
    hits = [one for one in looked if one.judged.serves]
    return StreamResult(
        lookups=len(looked),
        hits=len(hits),
        wrong=sum(not one.same for one in hits),
        checks=sum(one.checked for one in hits),
        found=sum(one.checked and not one.same for one in hits),
    )


def play(
    embeddings: Vectors,
    labels: Labels,
    boundaries: Sequence[Boundary],
    *,
    seed: int,
    share: float = 0.02,
    delay: int = 20,
) -> Iterator[Looked]:
    """Send all questions through boundaries in turn, which all learn what any of them finds out."""
    stream = _Stream(embeddings, labels, seed)
    stored = np.zeros(len(stream.labels), dtype=bool)
    coming: deque[tuple[int, Outcome]] = deque()
    for at, cosines in stream:
        learned = []
        while coming and coming[0][0] <= at:
            learned.append(coming.popleft()[1])
        if learned:
            for boundary in boundaries:
                boundary.learn(learned)
        places, near = _nearest(cosines, stored[:at])
        labelled = [stream.labels[place] for place in places]
        neighbours = [Neighbour(*one) for one in zip(map(str, places), near, map(str, labelled), strict=True)]
        judged = boundaries[at % len(boundaries)].judge(neighbours)
        stored[at] = not judged.serves
        same = judged.nominee is not None and labelled[judged.nominee] == stream.labels[at]
        checked = judged.serves and drawn("bench", f"{seed}/{at}", share)
        yield Looked(judged, same, checked)
        if judged.nominee is not None and (checked or not judged.serves):
            outcome = Outcome(
                request_id=str(at),
                scope="bench",
                fingerprint=neighbours[judged.nominee].fingerprint,
                tier="boundary",
                features=judged.features,
                same=same,
                served=judged.serves,
                share=share if judged.serves else 1.0,
                at=at,
            )
            coming.append((at + delay, outcome))


def static(embeddings: Vectors, labels: Labels, threshold: float, seed: int) -> StreamResult:
    """Send all questions through a cache that serves the nearest entry from a cosine of ``threshold`` on."""
    return statics(embeddings, labels, [threshold], seed)[0]


def statics(embeddings: Vectors, labels: Labels, thresholds: Sequence[float], seed: int) -> list[StreamResult]:
    """What :func:`static` finds at each of several thresholds."""
    stream = _Stream(embeddings, labels, seed)
    stored = np.zeros((len(thresholds), len(stream.labels)), dtype=bool)
    hits = [0] * len(thresholds)
    wrong = [0] * len(thresholds)
    for at, cosines in stream:
        for one, threshold in enumerate(thresholds):
            places = np.flatnonzero(stored[one, :at] & (cosines >= threshold))
            if len(places):
                nearest = places[int(np.argmax(cosines[places]))]
                hits[one] += 1
                wrong[one] += stream.labels[nearest] != stream.labels[at]
            else:
                stored[one, at] = True
    return [StreamResult(len(stream.labels), *counts, 0, 0) for counts in zip(hits, wrong, strict=True)]


class _Stream:
    """The questions in their order: the place of each, and its cosines with all those before it."""

    def __init__(self, embeddings: Vectors, labels: Labels, seed: int) -> None:
        order = np.random.default_rng(seed).permutation(len(embeddings))
        self._vectors = embeddings[order]
        self.labels = [labels[place] for place in order]

    def __iter__(self) -> Iterator[tuple[int, Vectors]]:
        for start in range(0, len(self.labels), _BLOCK):
            end = min(start + _BLOCK, len(self.labels))
            cosines = self._vectors[start:end] @ self._vectors[:end].T
            for at in range(start, end):
                yield at, cosines[at - start, :at]


def _nearest(cosines: Vectors, stored: npt.NDArray[np.bool_]) -> tuple[list[int], list[float]]:
    """The places of the nearest that are stored, and their cosines, the nearest first."""
    places = np.flatnonzero(stored & (cosines >= FLOOR))
    if len(places) > NEIGHBOURS:
        places = places[np.argpartition(-cosines[places], NEIGHBOURS - 1)[:NEIGHBOURS]]
    places = places[np.argsort(-cosines[places], kind="stable")]
    return places.tolist(), cosines[places].tolist()
