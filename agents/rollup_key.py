"""The key of a roll-up: what all entries that it sums have in common, and how long a name in it may be."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from schemas.ledger import LedgerEntry, RollUp

LONGEST_NAME = 512
"""Bytes of a name, as JSON. PostgreSQL's indexes refuse keys of over 2,704 bytes, and a roll-up's has four names."""
_HOUR_MS = 3_600_000
_SHOWN = 64


def fits(name: str) -> bool:
    """Whether a roll-up's key may hold the name."""
    # A letter is six bytes of JSON at most, so that nearly every name is told by its length.
    return 6 * len(name) + 2 <= LONGEST_NAME or len(msgspec.json.encode(name)) <= LONGEST_NAME


def fitting(name: str) -> str:
    """The name, where it fits; else how it begins, with a hash that tells it from others that begin so."""
    return name if fits(name) else f"{name[:_SHOWN]}… {blake2b(name.encode(), digest_size=8).hexdigest()}"


def fitted(entry: LedgerEntry) -> LedgerEntry:
    """The entry with names that fit: whoever published a request that was refused may have named anything."""
    named = {name: fitting(getattr(entry, name)) for name in ("tenant", "cost_center", "task")}
    same = all(getattr(entry, name) == short for name, short in named.items())
    return entry if same else msgspec.structs.replace(entry, **named)


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
