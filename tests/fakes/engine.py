"""An engine without a model: keeps the contract of the real ones, and does in microseconds what they do in seconds."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence

from agents.inference.engine import Completion, Prompt
from schemas.errors import EngineDeadError, EngineRowError
from schemas.ledger import Timings
from schemas.records import Message

BLOCK = 4
"""Tokens that its prefix cache keeps or forgets together."""


def tokens_of(messages: Sequence[Message]) -> list[str]:
    """A token for each word, and one for each turn and for the turn to come."""
    return [word for message in messages for word in (f"<{message.role}>", *message.content.split())] + ["<assistant>"]


class WordTokens:
    """Counts as the fake engine does."""

    def count(self, messages: Sequence[Message]) -> int:
        return len(tokens_of(messages))

    def length(self, text: str) -> int:
        return len(text.split())


class FakeEngine:
    """Answers each prompt with words drawn from it, one token each.

    ``vary`` is called for each execution, and what it gives is put before the text: so a second execution of the same
    prompt shows. ``seconds_per_token`` is the time for each token of the answer.
    """

    def __init__(
        self,
        model: str = "fake",
        *,
        capacity: int = 4,
        window: int = 1024,
        seconds_per_token: float = 0.0,
        vary: Callable[[], str] | None = None,
    ) -> None:
        self.model = model
        self.capacity = capacity
        self.calls = 0
        self.running = 0
        self.most_running = 0
        self._window = window
        self._seconds_per_token = seconds_per_token
        self._vary = vary
        self._places = asyncio.Semaphore(capacity)
        self._gone = asyncio.Event()
        self._kept: set[tuple[str, tuple[str, ...]]] = set()

    @property
    def token_capacity(self) -> int | None:
        return None

    @property
    def alive(self) -> bool:
        return not self._gone.is_set()

    async def start(self) -> None:
        self._gone.clear()

    async def stop(self) -> None:
        self._gone.set()

    def kill(self) -> None:
        """As if its process had been killed."""
        self._gone.set()

    async def generate(self, prompt: Prompt) -> Completion:
        self.calls += 1
        asked = tokens_of(prompt.messages)
        if len(asked) >= self._window:
            raise EngineRowError(f"{prompt.key!r} has {len(asked)} tokens: the window is {self._window}")
        loop = asyncio.get_running_loop()
        came = loop.time()
        async with self._places:
            began = loop.time()

            def made(words: list[str], finish_reason: str) -> Completion:
                return Completion(
                    text=" ".join(words),
                    finish_reason=finish_reason,
                    prompt_tokens=len(asked),
                    cached_tokens=self._cached(prompt.tenant, asked),
                    completion_tokens=len(words) + (finish_reason == "stop"),
                    timings=Timings(
                        queue=round((began - came) * 1e6), prefill=1, decode=round((loop.time() - began) * 1e6) + 1
                    ),
                )

            self.running += 1
            self.most_running = max(self.most_running, self.running)
            words, finish_reason = self._words(prompt, asked)
            try:
                await self._pass(self._seconds_per_token * len(words))
            except asyncio.CancelledError:
                if by_then := words[: int((loop.time() - began) / (self._seconds_per_token or 1))]:
                    prompt.cut_short(made(by_then, "abort"))
                raise
            finally:
                self.running -= 1
            return made(words, finish_reason)

    def _words(self, prompt: Prompt, asked: list[str]) -> tuple[list[str], str]:
        sampling = prompt.sampling
        drawn = hashlib.sha256(f"{asked} {sampling.seed}".encode()).digest()
        # A request for something long gets it, so that a test can have an answer that takes its time.
        length = 10_000 if "long" in asked else 3 + drawn[0] % 6
        words = [f"w{drawn[1 + at % 31]}" for at in range(length)]
        if self._vary is not None:
            words.insert(0, self._vary())
        limit = min(sampling.max_tokens, self._window - len(asked))
        for at, word in enumerate(words[:limit]):
            if any(stop in word for stop in sampling.stop):
                return words[:at], "stop"
        # The token that ends the text needs room as well.
        return (words, "stop") if len(words) < limit else (words[:limit], "length")

    async def _pass(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._gone.wait(), seconds)
        except TimeoutError:
            return
        raise EngineDeadError(f"the fake engine of {self.model!r} was killed")

    def _cached(self, tenant: str, asked: list[str]) -> int:
        beginnings = [tuple(asked[:size]) for size in range(BLOCK, len(asked), BLOCK)]
        known = [len(beginning) for beginning in beginnings if (tenant, beginning) in self._kept]
        self._kept.update((tenant, beginning) for beginning in beginnings)
        return max(known, default=0)
