"""Who saw every execution: an engine that writes down what it begins and ends, where no SIGKILL can take it back."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple
from uuid import uuid4

import msgspec

from agents.inference.engine import Completion, Engine, Prompt
from schemas.errors import EngineRowError
from tests.faults.traffic import FICKLE, REFUSED


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a witness."""

    execution: str
    what: Literal["begun", "answered", "refused"]
    tenant: str
    question: str
    text: str | None = None


class Execution(NamedTuple):
    """What became of one call to the engine."""

    pid: int
    tenant: str
    question: str
    ended: bool
    text: str | None
    """What it answered; None where it refused, or never came so far."""


class Witnessed:
    """An engine whose every call is on a file of this process before it begins, and when it has ended.

    Args:
        engine: does the work.
        directory: for the file. What one ``write`` call hands to the system outlives the process.
    """

    def __init__(self, engine: Engine, directory: Path) -> None:
        self._engine = engine
        self.model = engine.model
        self.capacity = engine.capacity
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._file = os.open(directory / f"{os.getpid()}-{engine.model}.jsonl", flags, 0o644)

    @property
    def token_capacity(self) -> int | None:
        return self._engine.token_capacity

    @property
    def alive(self) -> bool:
        return self._engine.alive

    async def start(self) -> None:
        await self._engine.start()

    async def stop(self) -> None:
        await self._engine.stop()
        os.close(self._file)

    async def generate(self, prompt: Prompt) -> Completion:
        question = prompt.messages[-1].content
        seen = Seen(execution=uuid4().hex, what="begun", tenant=prompt.tenant, question=question)
        self._write(seen)
        done = await self._engine.generate(prompt)
        if REFUSED in question or (FICKLE in question and random.random() < 0.5):
            self._write(msgspec.structs.replace(seen, what="refused"))
            raise EngineRowError("the engine refused the prompt")
        self._write(msgspec.structs.replace(seen, what="answered", text=done.text))
        return done

    def _write(self, seen: Seen) -> None:
        os.write(self._file, msgspec.json.encode(seen) + b"\n")


def executions(directory: Path) -> list[Execution]:
    """Every execution that was begun, by any process."""
    return list(_executions(directory))


def in_flight(directory: Path, pid: int) -> int:
    """How many executions this process has begun and not ended."""
    return sum(not execution.ended for execution in _executions(directory, f"{pid}-*"))


def _executions(directory: Path, files: str = "*") -> Iterator[Execution]:
    for path in sorted(directory.glob(f"{files}.jsonl")):
        last: dict[str, Seen] = {}
        whole, _, _ = path.read_bytes().rpartition(b"\n")
        for line in whole.splitlines():
            seen = msgspec.json.decode(line, type=Seen)
            last[seen.execution] = seen
        pid = int(path.name.partition("-")[0])
        for seen in last.values():
            yield Execution(pid, seen.tenant, seen.question, seen.what != "begun", seen.text)
