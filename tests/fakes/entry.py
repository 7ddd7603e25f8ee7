"""Entries and outcomes as tests need them, and the clock that they are made by."""

from __future__ import annotations

import numpy as np

from agents.cache.entries import Entries, Entry, Member
from agents.cache.outcomes import Outcome
from agents.embedding import pack
from schemas.ledger import Removal, Usage

HOUR_MS = 3_600_000


class Clock:
    """A wall clock that a test may set."""

    def __init__(self) -> None:
        self.ms = 1_900_000_000_000

    def __call__(self) -> int:
        return self.ms


def vector_of(seed: int) -> bytes:
    vector = np.random.default_rng(seed).standard_normal(16)
    return pack((vector / np.linalg.norm(vector)).astype(np.float32))


def entry_of(clock: Clock, number: int = 1, **changes: object) -> Entry:
    fields: dict[str, object] = {
        "fingerprint": f"{number:032x}",
        "scope": "5c09e",
        "tenant": "bank",
        "task": "desk",
        "request_id": f"r{number}",
        "model": "small",
        "text": f"Answer {number}: ünï ✓",
        "finish_reason": "stop",
        "usage": Usage(published_tokens=12, removed=[Removal(strategy="history", tokens=2)], prompt_tokens=10),
        "question": f"question {number}?",
        "embedding": vector_of(number),
        "answered_at": clock(),
    }
    return Entry(**{**fields, **changes})  # type: ignore[arg-type]


def outcome_of(clock: Clock, number: int = 1, **changes: object) -> Outcome:
    fields: dict[str, object] = {
        "request_id": f"r{number}",
        "scope": "5c09e",
        "fingerprint": f"{number:032x}",
        "tier": "boundary",
        "features": (0.9, 0.25 * number),
        "same": True,
        "served": True,
        "share": 0.02,
        "at": clock(),
    }
    return Outcome(**{**fields, **changes})  # type: ignore[arg-type]


async def members_of(entries: Entries, scope: str, limit: int = 1_000) -> list[Member]:
    return [member async for chunk in entries.members(scope, limit) for member in chunk]


async def stored_of(entries: Entries) -> set[str]:
    """The request ids whose answers are cached."""
    return {one.entry.request_id async for chunk in entries.stored() for one in chunk}
