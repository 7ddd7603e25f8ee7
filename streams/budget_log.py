"""The topics that budgets are rebuilt from, read again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord

from agents.budgets.reading import Posted
from schemas import topics
from schemas.codec import Codec
from schemas.enums import Lane
from schemas.errors import ServiceError, UndecodableError
from schemas.ledger import LedgerEntry, RollUp
from schemas.record import Record
from schemas.records import InferenceTask

R = TypeVar("R", bound=Record)

Offsets = Mapping[TopicPartition, int]


class _Span(NamedTuple):
    """What of each partition to read: ``[start, end)``."""

    starts: Offsets
    ends: Offsets


class BudgetLog:
    """Reads with consumers of its own, which join no group and commit nothing.

    Args:
        options: what every aiokafka client of ours is made with.
        codec: of the records.
        models: those that have tasks.
    """

    def __init__(self, options: Mapping[str, Any], codec: Codec, models: Iterable[str]) -> None:
        self._options = options
        self._codec = codec
        self._tasks = [topics.tasks(model, lane) for model in models for lane in Lane]

    async def tasks(self, since: int) -> AsyncIterator[Sequence[InferenceTask]]:
        """Those of all models since an instant. Raises ServiceError."""
        async with self._on(*self._tasks) as consumer:
            span = _Span(await _at(consumer, since), await _ends(consumer))
            async for records in _read(consumer, span):
                yield [task for _, task in self._decoded(records, InferenceTask)]

    async def rollups(self, since: int) -> AsyncIterator[Sequence[tuple[int, RollUp]]]:
        """Roll-ups that were published since an instant, each with its partition. Raises ServiceError."""
        async with self._on(topics.FINOPS) as consumer:
            span = _Span(await _at(consumer, since), await _ends(consumer))
            async for records in _read(consumer, span):
                yield [(record.partition, rollup) for record, rollup in self._decoded(records, RollUp)]

    async def ends(self) -> Mapping[int, int]:
        """By partition of the ledger's topic, the offset that the next entry gets. Raises ServiceError."""
        async with self._on(topics.LEDGER) as consumer:
            return {tp.partition: end for tp, end in (await _ends(consumer)).items()}

    async def at(self, instant: int) -> Mapping[int, int]:
        """By partition of the ledger's topic, the first offset since an instant. Raises ServiceError."""
        async with self._on(topics.LEDGER) as consumer:
            return {tp.partition: offset for tp, offset in (await _at(consumer, instant)).items()}

    async def entries(self, starts: Mapping[int, int], ends: Mapping[int, int]) -> AsyncIterator[Sequence[Posted]]:
        """Ledger entries from an offset of each partition up to another. Raises ServiceError."""
        async with self._on(topics.LEDGER) as consumer:
            of = {tp.partition: tp for tp in consumer.assignment()}
            span = _Span({of[p]: start for p, start in starts.items()}, {of[p]: end for p, end in ends.items()})
            async for records in _read(consumer, span):
                yield [Posted(record.partition, record.offset, e) for record, e in self._decoded(records, LedgerEntry)]

    @asynccontextmanager
    async def _on(self, *names: str) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(
            *names,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=50,
            **self._options,
        )
        try:
            await consumer.start()
            yield consumer
        except KafkaError as error:
            raise ServiceError(f"budgets cannot be read from {', '.join(names)}: {error!r}") from error
        finally:
            await consumer.stop()

    def _decoded(self, records: Sequence[ConsumerRecord], kind: type[R]) -> list[tuple[ConsumerRecord, R]]:
        found, decode = [], self._codec.decoder(kind, ours=True)
        for record in records:
            try:
                found.append((record, decode(record.value or b"")))
            except UndecodableError:
                continue  # it went to the dead letters, or is the end of a key
        return found


async def _ends(consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
    ends: dict[TopicPartition, int] = await consumer.end_offsets(list(consumer.assignment()))
    return ends


async def _at(consumer: AIOKafkaConsumer, since: int) -> dict[TopicPartition, int]:
    """Of every partition, the first offset that is not older than ``since``; its end where there is none."""
    found = await consumer.offsets_for_times(dict.fromkeys(consumer.assignment(), since))
    ends = await _ends(consumer)
    return {tp: ends[tp] if place is None else place.offset for tp, place in found.items()}


async def _read(consumer: AIOKafkaConsumer, span: _Span) -> AsyncIterator[Sequence[ConsumerRecord]]:
    first = await consumer.beginning_offsets(list(span.starts))
    left = {tp for tp, end in span.ends.items() if max(first[tp], span.starts[tp]) < end}
    consumer.pause(*(tp for tp in span.ends if tp not in left))
    for tp in left:
        consumer.seek(tp, max(first[tp], span.starts[tp]))
    while left:
        fetched = await consumer.getmany(*left, timeout_ms=1000)
        for tp, records in fetched.items():
            yield [record for record in records if record.offset < span.ends[tp]]
        left = {tp for tp in left if await consumer.position(tp) < span.ends[tp]}
