"""The port that every stage has: one record in, the records that follow from it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, Protocol, TypeVar

from schemas.errors import HeadraceError
from schemas.ledger import CostLine
from schemas.record import Record
from schemas.records import DeadLetter

R = TypeVar("R", bound=Record)


class Position(NamedTuple):
    """Where in the log a record stands. ``str(position)`` is ``topic/partition@offset``."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}@{self.offset}"


@dataclass(frozen=True, slots=True)
class Delivery(Generic[R]):
    """A record as it came off a topic."""

    record: R
    raw: bytes
    """The bytes it was decoded from."""
    key: bytes | None
    position: Position
    timestamp: int
    """Kafka's, in UTC epoch milliseconds."""
    headers: Mapping[str, bytes]
    spent: list[CostLine] = field(default_factory=list, compare=False)
    """What the work on it has cost so far. Whoever spends writes it here at once, so that a failure tells of it too."""


class Emit(NamedTuple):
    """A record to publish."""

    topic: str
    key: bytes | None
    record: Record
    place: bytes = b""
    """What its partition is chosen by where it has no key: the same whenever the record is emitted again."""


class Stage(Protocol[R]):
    """What to do with one record.

    Calls start in the order of receipt, and whatever a stage does before its first ``await`` happens in that order.
    They finish in any order. A record is done when all that it emitted is durable; until then it may come again.
    """

    def deadline(self, delivery: Delivery[R]) -> int:
        """The instant (UTC epoch milliseconds) at which work on the record is given up."""
        ...

    async def __call__(self, delivery: Delivery[R]) -> Sequence[Emit]:
        """Work on one record.

        Raises:
            FatalError: the worker must stop; the record is redelivered.
            HeadraceError: this record failed; ``failed`` says what becomes of it.
        """
        ...

    def failed(self, delivery: Delivery[R], error: HeadraceError) -> Sequence[Emit]:
        """What to publish of a record whose work failed or outlived its deadline. Never raises."""
        ...


def dead_letter(delivery: Delivery[R], error: HeadraceError, stage: str, topic: str) -> Emit:
    """The record's raw bytes with the reason why they could not be worked on."""
    letter = DeadLetter(
        origin=str(delivery.position),
        key=delivery.key,
        value=delivery.raw,
        code=error.code,
        reason=str(error),
        stage=stage,
        occurred_at=delivery.timestamp,
    )
    return Emit(topic, delivery.key or None, letter, place=letter.origin.encode())
