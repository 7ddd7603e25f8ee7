"""Whatever bytes a header's name is, its batch is read, whole and in order."""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatch, _DefaultRecordBatchBuilderPy
from hypothesis import given
from hypothesis import strategies as st

from streams import header_names


class Raw(str):
    """A header name of any bytes."""

    raw: bytes

    def encode(self, encoding: str = "", errors: str = "strict") -> bytes:
        return self.raw


def named(raw: bytes) -> Raw:
    name = Raw()
    name.raw = raw
    return name


nullable = st.none() | st.binary(max_size=20)
records = st.tuples(nullable, nullable, st.lists(st.tuples(st.binary(max_size=8), nullable), max_size=3))
batches = st.lists(st.tuples(st.integers(0, 4), st.lists(records, min_size=1, max_size=5)), min_size=1, max_size=4)


def fetched(written: list[tuple[int, list[Any]]]) -> bytes:
    """Batches, each with its codec, as the broker answers a fetch: their offsets follow one another."""
    answer, base = b"", 0
    for codec, batch in written:
        builder = _DefaultRecordBatchBuilderPy(2, codec, 0, -1, -1, -1, 1 << 20)
        for number, (key, value, headers) in enumerate(batch):
            builder.append(number, 1000 + number, key, value, [(named(name), content) for name, content in headers])
        answer += base.to_bytes(8, "big") + bytes(builder.build()[8:])
        base += len(batch)
    return answer


@given(batches)
def test_any_header_name_is_read(written: list[tuple[int, list[Any]]]) -> None:
    tp = TopicPartition("topic", 0)
    read = list(
        fetcher.PartitionRecords(
            tp, header_names.Batches(fetched(written)), None, 0, None, None, True, fetcher.READ_COMMITTED
        )
    )
    expected = [record for _, batch in written for record in batch]
    assert [(record.key, record.value) for record in read] == [(key, value) for key, value, _ in expected]
    assert [list(record.headers) for record in read] == [
        [(name.decode(errors="backslashreplace"), content) for name, content in headers] for *_, headers in expected
    ]
    assert all(after.offset == before.offset + 1 for before, after in pairwise(read))


def test_a_batch_that_is_read_leniently_has_the_fields_of_any_other() -> None:
    good = fetched([(1, [(b"key", b"value", [(b"name", b"content")])] * 3)])
    bad = fetched([(1, [(b"key", b"value", [(b"n\xe9me", b"content")])] * 3)])
    with pytest.raises(UnicodeDecodeError):
        list(DefaultRecordBatch(bad))
    for strict, lenient in zip(DefaultRecordBatch(good), header_names.Batches(bad).next_batch(), strict=True):
        assert lenient.headers == [("n\\xe9me", b"content")]
        for field in ("offset", "timestamp", "timestamp_type", "key", "value", "checksum"):
            assert getattr(lenient, field) == getattr(strict, field)


def test_a_transaction_that_was_aborted_is_left_out_of_what_is_read() -> None:
    in_transaction, marker, producer = 0x10, 0x30, 7
    abort, header = struct.pack(">hh", 0, 0), (named(b"n\xe9me"), b"content")
    answer = b""
    for offset, (attributes, key, headers) in enumerate(
        [(in_transaction, b"aborted", [header]), (marker, abort, []), (in_transaction, b"good", [header])]
    ):
        builder = _DefaultRecordBatchBuilderPy(2, 0, 1, producer, 0, 0, 1 << 20)
        builder._get_attributes = lambda *_, attributes=attributes: attributes
        builder.append(0, 1000, key, b"value", headers)
        answer += offset.to_bytes(8, "big") + bytes(builder.build()[8:])
    read = fetcher.PartitionRecords(
        TopicPartition("topic", 0),
        header_names.Batches(answer),
        [(producer, 0)],
        0,
        None,
        None,
        True,
        fetcher.READ_COMMITTED,
    )
    assert [record.key for record in read] == [b"good"]
