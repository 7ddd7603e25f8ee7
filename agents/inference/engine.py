"""The port to whatever generates text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from schemas.enums import Lane
from schemas.ledger import Timings
from schemas.records import Message, Sampling


class Prompt(NamedTuple):
    """One prediction to make."""

    key: str
    """Names the request in an engine's own logs. Need not be unique."""
    tenant: str
    """An engine that keeps prompts to reuse their work does so for each tenant apart."""
    lane: Lane
    """Where an engine has a queue, real time goes before batch."""
    messages: Sequence[Message]
    sampling: Sampling
    cut_short: Callable[[Completion], None] = lambda _: None
    """Told what was made by then where the call is cancelled in the middle of an answer, by an engine that knows."""


class Completion(NamedTuple):
    """What an engine made of a prompt. Token counts are the engine's own."""

    text: str
    finish_reason: str
    """``stop`` or ``length``; a vendor may have further ones."""
    prompt_tokens: int
    cached_tokens: int
    """Of the prompt's tokens, those that the engine had computed before."""
    completion_tokens: int
    """With the token that ends the text, where the model gave one."""
    timings: Timings
    preemptions: int = 0
    """How often the engine put it aside for want of room, and computed it again."""
    wrong: str | None = None
    """Why it is no answer that can be given to anybody. It has to be paid for nonetheless."""


class Engine(Protocol):
    """A model that answers prompts, many at once."""

    @property
    def model(self) -> str:
        """Its name in the policy."""
        ...

    @property
    def capacity(self) -> int:
        """How many prompts it works on at once. It takes more; they wait inside it."""
        ...

    @property
    def token_capacity(self) -> int | None:
        """How many tokens of prompts and answers it can hold at once, once it was started; None where nobody knows."""
        ...

    @property
    def alive(self) -> bool:
        """Whether it was started and can still answer, as far as it knows without asking anybody."""
        ...

    async def start(self) -> None:
        """Return when it is ready to answer, and warm.

        Raises:
            SetupError: it cannot run here.
        """
        ...

    async def stop(self) -> None:
        """End it and what it started. What it is still working on is lost."""
        ...

    async def generate(self, prompt: Prompt) -> Completion:
        """Answer one prompt. Cancelling the call ends the engine's work on it.

        Raises:
            EngineRowError: it refused or failed this prompt, for instance because it fills the model's window.
            EngineDeadError: it is gone, and answers nothing any more.
        """
        ...
