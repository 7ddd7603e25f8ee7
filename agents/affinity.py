"""Which prompts begin alike, and the key under which they meet on one worker. Pure: no clock, no I/O.

An engine computes a beginning that two prompts share only once, if it gets both of them. So tasks are keyed by how they
begin: by their system prompt, or else by how their conversation was opened, or else by their fingerprint. The coarsest
of these is taken that is not *hot*, that is, under which not more than a share of a model's tasks came lately: a
beginning that everybody has is computed once on every worker, which costs next to nothing, and a partition for all of
them would leave the other workers idle. Equal work has the same beginnings, so that it meets as well.

Keying frequent items more finely than the others is from "When Two Choices Are not Enough: Balancing at Scale in
Distributed Stream Processing" (Nasir et al., ICDE 2016). ``bench/task_affinity.py`` compares it with other keys.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from schemas.records import InferenceTask, Message

WINDOW = 1024
"""Tasks of one model after which counting begins anew."""
HOT = 16
"""A beginning of more than one in so many tasks is hot. So a key carries about that share at most."""

_encode = msgspec.json.Encoder().encode


def system_prompt(messages: Sequence[Message]) -> str | None:
    """What the prompt's application says first, to everybody."""
    return messages[0].content if messages[0].role == "system" else None


def opening(task: InferenceTask) -> str:
    """The first thing that the user said. It is the same throughout a conversation, however it is spaced."""
    said = [message.content for message in task.messages if message.role == "user"]
    return loosely(said[0] if len(said) > 1 else task.lookup.question)


def loosely(text: str) -> str:
    """The text without what is but another way to type it. Equal for whatever is canonically equal."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def beginnings(task: InferenceTask) -> list[str]:
    """Names of what the task's prompt shares with others, the coarsest first; the last is its fingerprint.

    Those of two tenants differ, for their prompts are cached apart.
    """
    tenant, system = task.ticket.tenant, system_prompt(task.messages)
    named = [] if system is None else [_hash("system", tenant, system)]
    return [*named, _hash("opening", tenant, system, opening(task)), task.lookup.fingerprint]


class Affinity:
    """Chooses the keys of tasks.

    A beginning becomes hot at once, and cools down when a window has ended in which it was rare. Tasks that are equal
    can miss each other only where this happens between them.
    """

    def __init__(self, *, window: int = WINDOW, hot: int = HOT) -> None:
        """``window`` and ``hot`` as the constants of this module."""
        self._window = window
        self._hot = hot
        self._recent: dict[str, _Recent] = {}

    def key(self, task: InferenceTask) -> bytes:
        """The key of one task, which is counted by that."""
        recent = self._recent.setdefault(task.model, _Recent(self._window, self._window // self._hot))
        return recent.choose(beginnings(task)).encode()


class _Recent:
    """How often beginnings came lately."""

    def __init__(self, window: int, limit: int) -> None:
        self._window = window
        self._limit = limit
        self._counted: Counter[str] = Counter()
        self._tasks = 0
        self._hot: set[str] = set()

    def choose(self, names: Sequence[str]) -> str:
        *shared, own = names
        self._count(shared)
        return next((name for name in shared if name not in self._hot), own)

    def _count(self, shared: Iterable[str]) -> None:
        for name in shared:
            self._counted[name] += 1
            if self._counted[name] > self._limit:
                self._hot.add(name)
        self._tasks += 1
        if self._tasks == self._window:
            # Half the limit, so that what is about as frequent as it does not come and go.
            self._hot = {name for name in self._hot if self._counted[name] > self._limit // 2}
            self._counted.clear()
            self._tasks = 0


def _hash(*fields: object) -> str:
    return hashlib.blake2b(_encode(fields), digest_size=16).hexdigest()
