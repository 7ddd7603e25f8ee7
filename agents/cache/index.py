"""The vectors of one scope, as a worker holds them: they nominate, and are never the last word.

They are kept as 8-bit integers, so that the cosine of a nomination is only near the true one.
"""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from agents.cache.entries import Member
from agents.embedding import Vector, unpack

# usearch's wheel carries and exports a C++ standard library of its own. Where that is loaded first, part of what
# pyarrow and torch call is taken from it, and they crash or never return (seen with 2.26): the system's comes first.
ctypes.CDLL("libstdc++.so.6", mode=ctypes.RTLD_GLOBAL)
from usearch.index import Index  # noqa: E402

COSINE_ERROR = 0.01
"""By how much the cosine of a nomination may be off, at most; a test holds it on real sentences."""


class Nominee(NamedTuple):
    """An entry whose question may be near enough."""

    fingerprint: str
    cosine: float
    """Give or take :data:`COSINE_ERROR`."""


class ScopeIndex:
    """Nearest neighbours among the last ``capacity`` vectors of one scope."""

    def __init__(self, *, dimensions: int, capacity: int) -> None:
        self._bytes = 2 * dimensions
        self._capacity = capacity
        # With its own connectivity and expansion, 0.994 of the nearest are among eight nominees of 200,000 vectors.
        # Twice the connectivity found no more; half more expansion found 0.997, at two thirds of the lookups a second.
        self._index = Index(ndim=dimensions, metric="cos", dtype="i8")
        self._next = 0
        self._members: dict[int, tuple[str, int]] = {}
        self._keys: dict[str, int] = {}
        self._order: deque[int] = deque()

    def __len__(self) -> int:
        return len(self._members)

    def add(self, members: Iterable[Member], *, now: int) -> None:
        """Take members in, in the order of their expiry; those that expired by ``now`` and the oldest make room.

        A vector of another length than the index's is left out: another model made it.
        """
        vectors = []
        keys = []
        for fingerprint, embedding, expires_at in members:
            if len(embedding) != self._bytes or expires_at <= now:
                continue
            self.remove(fingerprint)
            key, self._next = self._next, self._next + 1
            self._members[key] = fingerprint, expires_at
            self._keys[fingerprint] = key
            self._order.append(key)
            keys.append(key)
            vectors.append(_small(unpack(embedding)))
        if keys:
            self._index.add(np.array(keys, dtype=np.uint64), np.stack(vectors), threads=1)
        self._make_room(now)

    def remove(self, fingerprint: str) -> None:
        """Forget a member, if it is one."""
        key = self._keys.pop(fingerprint, None)
        if key is not None:
            del self._members[key]
            self._index.remove(key)

    def nearest(self, vector: Vector, count: int) -> list[Nominee]:
        """Up to ``count`` members, the nearest first."""
        if not self._members:
            return []
        matches = self._index.search(_small(vector), count, threads=1)
        found = zip(matches.keys.tolist(), matches.distances.tolist(), strict=True)
        return [Nominee(self._members[key][0], 1.0 - distance) for key, distance in found if key in self._members]

    def _make_room(self, now: int) -> None:
        while self._order:
            member = self._members.get(self._order[0])
            if member is not None:
                fingerprint, expires_at = member
                if expires_at > now and len(self._members) <= self._capacity:
                    break
                self.remove(fingerprint)
            self._order.popleft()


def _small(vector: Vector) -> npt.NDArray[np.int8]:
    """The vector in 8 bits, its largest component at the end of their range: cosine does not depend on length.

    usearch would scale by what a component can be at most, and leave most bits of 384 small ones unused: measured on
    MiniLM, its cosines are off by up to 0.014, these by 0.002.
    """
    largest = float(np.abs(vector).max()) or 1.0
    small: npt.NDArray[np.int8] = np.rint(vector * (127 / largest)).astype(np.int8)
    return small
