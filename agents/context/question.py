"""The question of a request, embedded when it is needed first and not again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from agents.embedding import Embedder, Vector, unpack
from schemas.errors import ServiceError
from schemas.records import Lookup, Message


class Question:
    """What to look for. The embedding that the cache stage has paid for is used again where it is of the same text.

    Args:
        messages: of the request. In a conversation the question before the last one says what the last is about.
        lookup: of the request.
        embedder: makes the vector; None where nothing should need one.
        spend: told the embedding's tokens, and the strategy that needed it first.
    """

    def __init__(
        self,
        messages: Sequence[Message],
        lookup: Lookup,
        embedder: Embedder | None,
        spend: Callable[[str, int], None],
    ) -> None:
        asked = [message.content for message in messages if message.role == "user"]
        self.text = "\n".join(asked[-2:])
        self._embedder = embedder
        self._spend = spend
        self._vector = unpack(lookup.embedding) if lookup.embedding and len(asked) == 1 else None
        self._lock = asyncio.Lock()

    async def vector(self, strategy: str) -> Vector:
        """The question's vector, for ``strategy``.

        Raises:
            ServiceError: the embedder failed, or there is none.
        """
        async with self._lock:
            if self._vector is None:
                if self._embedder is None:
                    raise ServiceError(f"{strategy} needs an embedder, and this worker has none")
                embedded = await self._embedder.embed(self.text)
                self._spend(strategy, embedded.tokens)
                self._vector = embedded.vector
        return self._vector
