"""An embedder without a model: texts are near when they share words."""

from __future__ import annotations

import asyncio
import hashlib
import re
from functools import cache

import numpy as np

from agents.embedding import Embedded, Vector
from schemas.errors import ServiceError


class BagOfWords:
    """Each word is a token with a fixed random direction as its state; a text is the sum of them, at unit length."""

    def __init__(self, *, name: str = "all-MiniLM-L6-v2", dimensions: int = 64, window: int = 32) -> None:
        self.name = name
        self.dimensions = dimensions
        self.window = window
        self.embedded: list[str] = []
        self.down = False

    async def embed(self, text: str) -> Embedded:
        await asyncio.sleep(0)
        if self.down:
            raise ServiceError("the bag of words is down")
        self.embedded.append(text)
        words = list(re.finditer(r"\w+", text))[: self.window - 2]
        states = [self._direction(word.group().lower()) for word in words]
        vector = np.sum(states or [self._direction("")], axis=0)
        return Embedded(
            (vector / np.linalg.norm(vector)).astype(np.float32),
            len(words) + 2,
            np.array(states, dtype=np.float16).reshape(len(words), self.dimensions),
            tuple(word.span() for word in words),
        )

    def count(self, text: str) -> int:
        return len(re.findall(r"\w+", text)) + 2

    async def close(self) -> None:
        self.down = True

    def _direction(self, word: str) -> Vector:
        return _direction(word, self.dimensions)


@cache
def _direction(word: str, dimensions: int) -> Vector:
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
    return np.random.default_rng(seed).standard_normal(dimensions).astype(np.float32)
