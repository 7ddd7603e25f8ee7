"""Reading a part of a partition again: the log is the state."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord


async def replay(
    options: Mapping[str, Any], topic: str, partition: int, *, start: int | None, since: int, end: int
) -> AsyncIterator[Sequence[ConsumerRecord]]:
    """The records of ``[start, end)`` in batches; without ``start``, those before ``end`` from ``since`` on."""
    consumer = AIOKafkaConsumer(**options, group_id=None, enable_auto_commit=False)
    try:
        await consumer.start()
        tp = TopicPartition(topic, partition)
        consumer.assign([tp])
        (first,) = (await consumer.beginning_offsets([tp])).values()
        if start is None:
            found = (await consumer.offsets_for_times({tp: since}))[tp]
            start = found.offset if found is not None else end
        consumer.seek(tp, max(first, start))
        while await consumer.position(tp) < end:
            fetched = await consumer.getmany(tp, timeout_ms=1000)
            yield [record for record in fetched.get(tp, ()) if record.offset < end]
    finally:
        await consumer.stop()
