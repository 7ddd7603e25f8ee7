"""Accounts of the same money, each summed on its own way: from entries, from rows of SQL, from roll-ups. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

import msgspec

from schemas.enums import EntryKind
from schemas.ledger import LedgerEntry, RollUp, Waterfall
from streams.client import Received


class Sums(NamedTuple):
    """What several accounts must agree on. Money is in nano-USD."""

    entries: int
    requests: int
    list_cost: int
    saved: int
    effective_cost: int
    unbilled_cost: int


class Row(NamedTuple):
    """A raw entry as SQL has it."""

    entry_id: str
    kind: str
    tenant: str
    task: str
    request_id: str
    list_cost: int
    effective_cost: int
    unbilled_cost: int
    waterfall: str
    """JSON."""
    verdict: str | None


class Stored(NamedTuple):
    """What SQL has."""

    entries: Sequence[Row]
    rollups: Sums


def sum_of(items: Iterable[tuple[EntryKind, Waterfall, int]]) -> Sums:
    """The sum of entries: of each its kind, its waterfall and its unbilled cost."""
    return _total(
        Sums(
            1,
            kind is EntryKind.RESPONSE,
            waterfall.list_cost,
            sum(line.gross - line.cost for line in waterfall.savings),
            waterfall.effective_cost,
            unbilled,
        )
        for kind, waterfall, unbilled in items
    )


def sum_of_rows(rows: Iterable[Row]) -> Sums:
    """The sum of raw entries in SQL, out of their waterfalls."""
    return sum_of((EntryKind(row.kind), waterfall_of(row), row.unbilled_cost) for row in rows)


def sum_of_rollups(received: Iterable[Received[RollUp]]) -> Sums:
    """The sum of roll-ups on their topic: of each its latest version."""
    ordered = sorted(received, key=lambda one: (one.key or b"", one.record.version))
    latest = [list(some)[-1].record for _, some in groupby(ordered, key=lambda one: one.key)]
    return _total(
        Sums(
            row.entries,
            row.requests,
            row.list_cost,
            sum(total.gross - total.cost for total in row.savings.values()),
            row.effective_cost,
            row.unbilled_cost,
        )
        for row in latest
    )


def row_of(entry: LedgerEntry) -> Row:
    """The row that SQL must have of an entry, but for how its JSON is laid out."""
    waterfall = entry.waterfall
    return Row(
        entry.entry_id,
        entry.kind.value,
        entry.tenant,
        entry.task,
        entry.request_id,
        waterfall.list_cost,
        waterfall.effective_cost,
        entry.unbilled_cost,
        msgspec.json.encode(waterfall).decode(),
        entry.verdict and entry.verdict.value,
    )


def waterfall_of(row: Row) -> Waterfall:
    """What a row's JSON says."""
    return msgspec.json.decode(row.waterfall, type=Waterfall)


def spent(waterfall: Waterfall) -> int:
    """What was spent, whether it is billed or not."""
    return sum(line.cost for line in waterfall.costs)


def _total(rows: Iterable[Sums]) -> Sums:
    return Sums._make(sum(column) for column in zip(Sums(0, 0, 0, 0, 0, 0), *rows, strict=True))
