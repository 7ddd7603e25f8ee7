"""What benches of engines ask for: prompts whose lengths and arrivals are a real trace's, and whose text is made up."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from agents.policy_document import Model
from bench.engine_river import Work

WORDS = ("river", "bank", "water", "stone", "bridge", "mill", "wheel", "tide", "field", "rain", "snow", "lake", "boat")


class Scale(NamedTuple):
    """How large everything is; by default so that two cores with AMX need less than an hour for the embedded model."""

    model: str
    """A folder."""
    window: int = 4096
    at_once: int = 16
    """Prompts that the engine works on at once."""
    cache_bytes: int = 1 << 30
    """For keys and values."""
    small_cache_bytes: int = 160 << 20
    """Too little for 20 prefixes, and enough for the prompts that are at the engine."""
    prefix_words: int = 400
    requests: int = 50
    """Of one run."""
    pairs: int = 5
    shrink: float = 1.0
    """The trace's lengths are divided by this."""
    seed: int = 1


SLOW: dict[str, Any] = {
    "window": 1024,
    "at_once": 8,
    "cache_bytes": 512 << 20,
    "small_cache_bytes": 128 << 20,
    "prefix_words": 280,
    "shrink": 8.0,
}
"""What to do without bfloat16 instructions, a tenth as fast: two hours."""


class Arrival(NamedTuple):
    """One line of the trace, scaled down."""

    at_s: float
    prompt: int
    answer: int


def arrivals(trace: Path, scale: Scale) -> list[Arrival]:
    """The trace, with lengths that fit the model's window."""
    with trace.open() as file:
        rows = list(csv.DictReader(file))
    begun = datetime.fromisoformat(rows[0]["TIMESTAMP"][:26])

    def scaled(tokens: str, most: int) -> int:
        return max(1, min(most, round(int(tokens) / scale.shrink)))

    return [
        Arrival(
            (datetime.fromisoformat(row["TIMESTAMP"][:26]) - begun).total_seconds(),
            scaled(row["ContextTokens"], scale.window // 2),
            scaled(row["GeneratedTokens"], scale.window // 4),
        )
        for row in rows
    ]


class Texts:
    """Makes questions up, no two of them alike from the first word on."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._count = 0

    def question(self, words: int) -> str:
        """About as many tokens as words."""
        self._count += 1
        return " ".join([f"{self._count}:", *self._random.choices(WORDS, k=max(1, words - 3))])


def drawn(trace: Sequence[Arrival], count: int, chance: random.Random, texts: Texts) -> list[Work]:
    """Requests of the trace's lengths, all at once."""
    return [Work(texts.question(one.prompt), one.answer) for one in chance.choices(trace, k=count)]


def described(scale: Scale, **fields: Any) -> str:
    """The model as a policy's table."""
    given = {"engine": "vllm", "path": scale.model, "window": scale.window, "max_num_seqs": scale.at_once, **fields}
    if given["engine"] == "vllm":
        given["kv_cache_bytes"] = scale.cache_bytes
    return "\n".join(f"{name} = {msgspec.json.encode(value).decode()}" for name, value in given.items())


def served(scale: Scale, cache_bytes: int) -> Model:
    """The model as an engine takes it, with so much memory for keys and values."""
    return Model(
        engine="vllm", path=scale.model, window=scale.window, max_num_seqs=scale.at_once, kv_cache_bytes=cache_bytes
    )
