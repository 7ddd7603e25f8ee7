"""The river from its banks: what a reader takes for the end of a topic."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.structs import ConsumerRecord, TopicPartition

from schemas.codec import Codec
from schemas.records import Message
from streams import client
from streams.client import BEYOND_S, Reader

PARTITION = TopicPartition("t", 0)
VALUE = Codec().encode(Message(role="user", content="a question"))


class LiveTopic:
    """A consumer of one partition with ``there`` records, to which another comes every ``pause_s``, up to ``last``.

    Its clock goes on only while it is waited for.
    """

    def __init__(self, there: int, *, reported: int, pause_s: float, last: int) -> None:
        self._there, self._reported, self._pause_s, self._last = there, reported, pause_s, last
        self._position = 0
        self._clock = 0.0

    def monotonic(self) -> float:
        return self._clock

    def assignment(self) -> set[TopicPartition]:
        return {PARTITION}

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, self._reported)

    async def position(self, partition: TopicPartition) -> int:
        return self._position

    async def getmany(self, *, timeout_ms: int) -> dict[TopicPartition, list[ConsumerRecord[Any, Any]]]:
        if self._position == self._there:
            if timeout_ms < 1000 * self._pause_s or self._there == self._last:
                self._clock += timeout_ms / 1000
                return {}
            self._clock += self._pause_s
            self._there += 1
        offset, self._position = self._position, self._position + 1
        return {PARTITION: [ConsumerRecord("t", 0, offset, 0, 0, None, VALUE, None, 0, len(VALUE), ())]}


async def to_the_end(topic: LiveTopic, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    monkeypatch.setattr(client, "time", SimpleNamespace(monotonic=topic.monotonic))
    return [received.offset for received in await Reader(topic, Codec(), Message).to_the_end()]


async def test_a_topic_to_which_records_go_on_coming_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    topic = LiveTopic(20, reported=20, pause_s=BEYOND_S / 4, last=1000)
    assert await to_the_end(topic, monkeypatch) == list(range(24))


async def test_what_lies_beyond_an_end_that_is_reported_too_low_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    topic = LiveTopic(50, reported=20, pause_s=BEYOND_S, last=50)
    assert await to_the_end(topic, monkeypatch) == list(range(50))
