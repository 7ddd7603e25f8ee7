"""One entry as SQL has it, whole: for whoever asks what became of a request, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from schemas.enums import EntryKind, Lane, Source, Status, Verdict
from schemas.ledger import Decision, Waterfall


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the ledger. Money is in nano-USD, time in UTC epoch milliseconds."""

    entry_id: str
    kind: EntryKind
    request_id: str
    tenant: str
    cost_center: str
    task: str
    model: str
    lane: Lane
    source: Source
    status: Status
    occurred_at: int
    unbilled_cost: int
    policy_version: str
    waterfall: Waterfall
    decisions: list[Decision]
    verdict: Verdict | None


def of_row(row: Mapping[str, Any]) -> Recorded:
    """The entry in a row that has a column of the name of each field."""
    fields = {name: row[name] for name in Recorded.__struct_fields__}
    unpacked = {name: msgspec.json.decode(row[name]) for name in ("waterfall", "decisions")}
    return msgspec.convert(fields | unpacked, Recorded)
