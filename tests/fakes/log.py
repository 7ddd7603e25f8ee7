"""One partition of a topic, as the stages see it: a list that grows, and is read again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Generic, NamedTuple, TypeVar

from agents.claims import Claimant, History, Past
from agents.stage import Delivery, Position
from schemas.record import Record

R = TypeVar("R", bound=Record)


class Kept(NamedTuple, Generic[R]):
    """A record and Kafka's timestamp; no record where its bytes cannot be decoded."""

    record: R | None
    at: int


class Log(Generic[R]):
    """A partition's records; an offset is a place in the list."""

    def __init__(self, topic: str = "headrace.answers", partition: int = 0) -> None:
        self.topic, self.partition = topic, partition
        self.kept: list[Kept[R]] = []
        self.reads: list[tuple[int | None, int]] = []
        """What was read again: from which offset, up to which."""

    def append(self, record: R | None, at: int) -> int:
        self.kept.append(Kept(record, at))
        return len(self.kept) - 1

    def delivery(self, offset: int) -> Delivery[R]:
        record, at = self.kept[offset]
        assert record is not None
        return Delivery(record, b"raw", b"key", Position(self.topic, self.partition, offset), at, {})

    def history(self, claimant: Callable[[R], Claimant]) -> History:
        async def read(
            topic: str, partition: int, start: int | None, since: int, end: int
        ) -> AsyncIterator[list[Past]]:
            assert (topic, partition) == (self.topic, self.partition)
            self.reads.append((start, end))
            for offset in range(start or 0, end):
                record, at = self.kept[offset]
                if record is not None and (start is not None or at >= since):
                    yield [Past(offset, at, claimant(record))]

        return read
