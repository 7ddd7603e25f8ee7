"""An embedder whose model runs in this process: in one thread of its own, one batch after another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, Self

from tokenizers import Tokenizer

from agents.batcher import Batcher
from agents.embedding import Embedded
from schemas.errors import ServiceError

BATCH = 32
"""Texts that are embedded at a time; more gains nothing on a CPU."""


class Encoder(Protocol):
    """A sentence-embedding model as a plain function, used by one thread at a time."""

    dimensions: int
    window: int
    """Tokens of a text that it sees; the rest is cut off."""
    tokenizer: str
    """As the tokenizers library writes it: JSON."""

    def encode(self, texts: Sequence[str]) -> list[Embedded]:
        """Embed up to :data:`BATCH` texts at once.

        Raises:
            RuntimeError: the model failed.
        """
        ...


class LocalEmbedder:
    """Gathers concurrent calls into batches for an :class:`Encoder`. :meth:`start` makes one; :meth:`close` ends it."""

    def __init__(self, encoder: Encoder, executor: ThreadPoolExecutor, *, name: str) -> None:
        self._encoder = encoder
        self._executor = executor
        self._batch: Batcher[str, Embedded] = Batcher(self._embed, limit=BATCH)
        self.name = name
        self.dimensions = encoder.dimensions
        self.window = encoder.window
        # One of its own: the encoder's cuts texts off, and is another thread's.
        self._counter: Any = Tokenizer.from_str(encoder.tokenizer)
        self._counter.no_truncation()
        self._counter.no_padding()

    @classmethod
    async def start(cls, load: Callable[[], Encoder], *, name: str) -> Self:
        """Load a model in the thread that it will run in; takes seconds.

        Args:
            load: makes the model; what it raises goes through.
            name: what its price card calls it.
        """
        executor = ThreadPoolExecutor(1, thread_name_prefix="embedder")
        try:
            encoder = await asyncio.get_running_loop().run_in_executor(executor, load)
        except BaseException:
            executor.shutdown(wait=False)
            raise
        return cls(encoder, executor, name=name)

    async def embed(self, text: str) -> Embedded:
        """Embed one text; concurrent calls share a batch.

        Raises:
            ServiceError: the model failed, or was closed.
        """
        return await self._batch(text)

    def count(self, text: str) -> int:
        """The model's tokens of a text of any length, special ones included; any thread may ask."""
        return len(self._counter.encode(text))

    async def close(self) -> None:
        """Finish the batch at work and end the thread."""
        await asyncio.to_thread(self._executor.shutdown)

    async def _embed(self, texts: Sequence[str]) -> list[Embedded]:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, self._encoder.encode, texts)
        except RuntimeError as error:  # of the model's library, or of an executor that was shut down
            raise ServiceError(f"the embedding model {self.name} failed: {error}") from error
