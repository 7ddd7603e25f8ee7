"""Records whose header names are not UTF-8: any producer may write them, and no broker objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy


def read_any() -> None:
    """Let every aiokafka consumer of this process read any header name; what is not UTF-8 in it becomes ``\\xNN``.

    Its own reader raises UnicodeDecodeError out of the fetch, names neither partition nor offset, and has by then
    passed the good records of that fetch, which nobody gets. The next worker fails of the same record.

    Raises:
        TypeError: this release of aiokafka keeps what is needed elsewhere.
    """
    known = hasattr(fetcher, "MemoryRecords") and hasattr(_DefaultRecordBatchPy, "_maybe_uncompress")
    if not known or not hasattr(_MemoryRecordsPy(b""), "_next_slice"):
        raise TypeError("aiokafka's record batches are not as they were: adapt streams.header_names")
    fetcher.MemoryRecords = Batches


class Batches(_MemoryRecordsPy):  # type: ignore[misc]
    """The batches of one fetch from one partition, as aiokafka's fetcher iterates over them."""

    def next_batch(self) -> Any:
        """The next batch, with its bytes at hand."""
        raw = self._next_slice
        return _Batch(super().next_batch(), raw)


class _Batch:
    """A batch that aiokafka's fast reader reads, or else its slow one, which can be told to be lenient."""

    def __init__(self, batch: Any, raw: memoryview) -> None:
        self._batch = batch
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        try:
            return iter(list(self._batch))  # all or none: no record is handed out twice
        except UnicodeDecodeError:
            batch = _DefaultRecordBatchPy(self._raw)
            batch._maybe_uncompress()
            batch._buffer = _Lenient(batch._buffer)
            return iter(batch)


class _Lenient(bytearray):
    """Bytes whose parts are decoded whatever they are."""

    def __getitem__(self, index: Any) -> Any:
        part = super().__getitem__(index)
        return _Lenient(part) if isinstance(index, slice) else part

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:
        return super().decode(encoding, errors)
