"""The port to the summaries that all workers share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from schemas.records import Summary

PATIENCE_MS = 300_000
"""How long an engine may take to come to a summary. Until then nobody asks for it again, and nobody waits for it."""


class Summaries(Protocol):
    """Summaries by the name of the turns that they stand for. Losing them costs money, no answer."""

    async def find(self, names: Sequence[str]) -> list[str | None]:
        """The text under each name: None where there is none, empty where it is being made.

        Raises:
            ServiceError: they cannot be reached.
        """
        ...

    async def begin(self, name: str) -> bool:
        """Say that a summary is being made. False where somebody has said so within ``PATIENCE_MS``, or has made it.

        Raises:
            ServiceError: they cannot be reached.
        """
        ...

    async def put(self, summary: Summary) -> None:
        """Keep a summary for as long as a conversation may go on.

        Raises:
            ServiceError: they cannot be reached.
        """
        ...
