"""What a question came to, as a program reads it (JSON) and as a table to take away (CSV, Parquet)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from fastapi import Response

MONEY = frozenset(
    {
        "amount",
        "budget",
        "change",
        "cost",
        "effective_cost",
        "expected",
        "gross",
        "high",
        "idle_cost",
        "left",
        "list_cost",
        "list_per_1000",
        "low",
        "net",
        "per_1000",
        "spent",
        "unbilled_cost",
        "used_cost",
    }
)
"""Integers of an answer that are nano-USD."""
TIMES = frozenset({"at", "created_at", "day", "exhausted_at", "expires_at", "hour", "occurred_at", "since", "until"})
"""Integers of an answer that are UTC epoch milliseconds."""
_DOLLARS = pa.decimal128(38, 9)
_INSTANT = pa.timestamp("ms", tz="UTC")
_PLAIN = {int: pa.int64(), float: pa.float64(), str: pa.string(), bool: pa.bool_()}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Form(StrEnum):
    """What an answer looks like."""

    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


MEDIA = {
    Form.JSON: "application/json",
    Form.CSV: "text/csv; charset=utf-8",
    Form.PARQUET: "application/vnd.apache.parquet",
}


def answered(
    form: Form, name: str, whole: Any, *, kind: type[msgspec.Struct], rows: Iterable[Any] = (), by: Sequence[str] = ()
) -> Response:
    """A response.

    Args:
        form: as what.
        name: of the file, without its ending.
        whole: the answer, as JSON has it.
        kind: what the rows of the table are.
        rows: those rows, structs or mappings.
        by: what they are grouped by.
    """
    if form is Form.JSON:
        return Response(msgspec.json.encode(whole), media_type=MEDIA[form])
    made = table(kind, rows, by)
    return file(csv_of(made) if form is Form.CSV else parquet_of(made), form, name)


def file(content: bytes, form: Form, name: str) -> Response:
    """Something to save."""
    headers = {"Content-Disposition": f'attachment; filename="headrace-{name}.{form.value}"'}
    return Response(content, media_type=MEDIA[form], headers=headers)


def table(kind: type[msgspec.Struct], rows: Iterable[Any], by: Sequence[str] = ()) -> pa.Table:
    """Structs as a table: a column for each thing that they are grouped by, and one for each field.

    Money is in dollars, as exact decimals, under the field's name and ``_usd``; times are timestamps. Sentences are
    joined by semicolons; lists of anything else are left out.
    """
    flat = [_flat(row) for row in rows]
    kinds = {name: int if name in TIMES else str for name in by}
    kinds |= {name: hint for name, hint in get_type_hints(kind).items() if name != "by"}
    columns = {}
    for name, hint in kinds.items():
        values = [row[name] for row in flat]
        inner = next(iter(one for one in (get_args(hint) or (hint,)) if one is not NoneType), hint)
        if get_origin(hint) is list:
            if inner is str:
                columns[name] = pa.array(["; ".join(value) for value in values], pa.string())
        elif inner is int and name in MONEY:
            columns[f"{name}_usd"] = pa.array([_dollars(value) for value in values], _DOLLARS)
        elif inner is int and name in TIMES:
            columns[name] = pa.array(values, _INSTANT)
        else:
            columns[name] = pa.array(values, _PLAIN.get(inner, pa.string()))
    return pa.table(columns)


def csv_of(table: pa.Table) -> bytes:
    """UTF-8 with a header line. What a spreadsheet would take for a formula has an apostrophe before it."""
    written = {}
    for column in table.schema:
        values = table[column.name].to_pylist()
        if column.type == _DOLLARS:  # Arrow would write 7E-8
            values = [None if value is None else f"{value:f}" for value in values]
        elif column.type == pa.string():
            values = [f"'{value}" if value and value.startswith(_FORMULA) else value for value in values]
        else:
            values = table[column.name]
        written[column.name] = values
    file = io.BytesIO()
    pyarrow.csv.write_csv(pa.table(written), file, pyarrow.csv.WriteOptions(quoting_style="needed"))
    return file.getvalue()


def parquet_of(table: pa.Table) -> bytes:
    """One Parquet file."""
    written = io.BytesIO()
    pyarrow.parquet.write_table(table, written)
    return written.getvalue()


def _flat(row: Any) -> Mapping[str, Any]:
    fields = row if isinstance(row, Mapping) else msgspec.structs.asdict(row)
    return {**fields.get("by", {}), **fields}


def _dollars(nano: int | None) -> Decimal | None:
    return None if nano is None else Decimal(nano).scaleb(-9)
