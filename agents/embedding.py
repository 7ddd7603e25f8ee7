"""Turning texts into vectors, behind a port that several stages share."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]
"""One dimension, unit length."""
Vectors = npt.NDArray[np.float32]
"""(texts, dimensions), each of unit length."""
States = npt.NDArray[np.float16]
"""(tokens, dimensions)."""


class Embedded(NamedTuple):
    """What one pass of the model over a text yields, and what it took."""

    vector: Vector
    tokens: int
    """Of the embedding model, special ones included: what its price card counts."""
    states: States
    """The model's last hidden states, before pooling: of the text's own tokens, without special ones."""
    spans: tuple[tuple[int, int], ...]
    """Where each of those tokens lies in the text: characters, from the first to behind the last."""


class Embedder(Protocol):
    """A sentence-embedding model."""

    name: str
    """What its price card calls it."""
    dimensions: int
    window: int
    """Tokens of a text that it sees; the rest is cut off."""

    async def embed(self, text: str) -> Embedded:
        """Embed one text; concurrent calls share a batch.

        Raises:
            ServiceError: the model failed.
        """
        ...

    def count(self, text: str) -> int:
        """The model's tokens of a text of any length, special ones included; within the window, what embedding takes.

        Any thread may ask, whatever the model is doing.
        """
        ...

    async def close(self) -> None:
        """Let go of the model."""
        ...


def pack(vector: Vector) -> bytes:
    """The vector as it travels: float16, little-endian."""
    return vector.astype("<f2").tobytes()


def unpack(data: bytes) -> Vector:
    """The vector of :func:`pack`, at unit length again."""
    vector = np.frombuffer(data, dtype="<f2").astype(np.float32)
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector
