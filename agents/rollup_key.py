"""The key of a roll-up: what all entries that it sums have in common."""

from __future__ import annotations

import msgspec

from schemas.ledger import LedgerEntry, RollUp

_HOUR_MS = 3_600_000


def key_of(entry: LedgerEntry | RollUp) -> bytes:
    """The key of the roll-up, or of the one that an entry belongs to: its dimensions as a JSON array.

    tenant, cost centre, task, model, lane, source, and the first millisecond of the hour (UTC).
    """
    at = entry.hour if isinstance(entry, RollUp) else entry.occurred_at
    return msgspec.json.encode(
        (
            entry.tenant,
            entry.cost_center,
            entry.task,
            entry.model,
            entry.lane,
            entry.source,
            at - at % _HOUR_MS,
        )
    )
