"""FOCUS rows as a file: CSV or Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any, BinaryIO, Literal

import pyarrow as pa
import pyarrow.parquet as pq

FileFormat = Literal["csv", "parquet"]

_MONEY = pa.decimal128(38, 9)
_QUANTITY = pa.decimal128(38, 1)
_TIME = pa.timestamp("us", tz="UTC")
_AT_ONCE = 10_000


def write(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], form: FileFormat, to: BinaryIO) -> None:
    """Write the rows.

    Args:
        rows: as :func:`agents.ledger.focus.rows` gives them.
        columns: of the file, in their order: a file of no rows has them too.
        form: which kind.
        to: the file, open for bytes.
    """
    if form == "csv":
        _csv(rows, columns, to)
    else:
        _parquet(rows, columns, to)


def _csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], to: BinaryIO) -> None:
    text = io.TextIOWrapper(to, encoding="utf-8", newline="", write_through=True)
    written = csv.writer(text)
    written.writerow(columns)
    written.writerows([_text(row[name]) for name in columns] for row in rows)
    text.detach()


def _text(value: object) -> object:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{value:f}" if isinstance(value, Decimal) else value


def _parquet(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], to: BinaryIO) -> None:
    schema = pa.schema([(name, _type(name)) for name in columns])
    with pq.ParquetWriter(to, schema) as writer:
        remaining = iter(rows)
        while part := list(islice(remaining, _AT_ONCE)):
            writer.write_table(pa.Table.from_pylist(part, schema))


def _type(column: str) -> pa.DataType:
    if column.endswith(("Start", "End")):
        return _TIME
    if column.endswith(("Cost", "Saving")):
        return _MONEY
    if column.endswith("Quantity"):
        return _QUANTITY
    return pa.int64() if column == "x_AvoidedTokens" else pa.string()
