"""Corrections: what a person adds to an entry that turned out wrong. Pure.

The ledger is added to, and never rewritten: neither is a price that has been charged. A correction is an entry of its
own in the period in which it is made (FOCUS: ChargeClass ``Correction``), with all that groups the entry it corrects,
so that it lands in the same rows of every report.
"""

from __future__ import annotations

import hashlib

import msgspec

from agents.ledger.recorded import Recorded
from schemas.enums import EntryKind, Status
from schemas.errors import InvalidRequestError
from schemas.ledger import CostLine, Decision, LedgerEntry, Usage, Waterfall
from schemas.money import NANO, dollars

BILLED = (EntryKind.RESPONSE, EntryKind.CHECK, EntryKind.SUMMARY, EntryKind.INGESTION, EntryKind.IDLE)
"""The kinds of entry that bill anything."""
LARGEST = 9_000_000 * NANO
"""Nano-dollars, either way. Corrections count in budgets, which hold no more; sums of them stay far from 2⁶³."""


def bills(entry: Recorded) -> bool:
    """Whether an entry bills anything: of its kind, and not a failure that was billed to nobody."""
    return entry.kind in BILLED and (entry.status is Status.COMPLETED or entry.waterfall.effective_cost != 0)


def correction(entry: Recorded, amount: int, reason: str, *, at: int) -> LedgerEntry:
    """An entry that adds ``amount`` (nano-USD, below zero to take off) to what ``entry`` billed.

    The same correction of the same entry has the same id, and counts once however often it is published.

    Raises:
        InvalidRequestError: the amount is zero or over :data:`LARGEST`, there is no reason, or the entry bills nothing
            that could be wrong.
    """
    if not amount:
        raise InvalidRequestError("the amount is zero: a correction adds something, or takes it off")
    if abs(amount) > LARGEST:
        raise InvalidRequestError(f"a correction is at most {LARGEST // NANO:,} US dollars either way: make several")
    if not reason.strip():
        raise InvalidRequestError("there is no reason: whoever reads the ledger will want one")
    if not bills(entry):
        failed = " that failed" if entry.kind in BILLED else ""
        raise InvalidRequestError(
            f"entry {entry.entry_id!r} is a {entry.kind}{failed}, which bills nothing: name one of {', '.join(BILLED)}"
        )
    named = hashlib.blake2b(msgspec.json.encode((entry.entry_id, amount, reason)), digest_size=8).hexdigest()
    versions = [line.price_version for line in entry.waterfall.costs]
    line = CostLine(
        kind="correction",
        strategy=None,
        model=entry.model,
        tokens=0,
        cost=amount,
        price_version=versions[0] if versions else "",
    )
    why = [f"{dollars(amount)} US dollars are added to entry {entry.entry_id}", reason]
    return LedgerEntry(
        entry_id=f"{entry.entry_id}-correction-{named}",
        kind=EntryKind.CORRECTION,
        request_id=entry.request_id,
        tenant=entry.tenant,
        cost_center=entry.cost_center,
        task=entry.task,
        model=entry.model,
        lane=entry.lane,
        source=entry.source,
        status=entry.status,
        occurred_at=at,
        waterfall=Waterfall(list_cost=amount, savings=[], effective_cost=amount, costs=[line]),
        unbilled_cost=0,
        usage=Usage(),
        policy_version=entry.policy_version,
        decisions=[Decision(stage="finance", choice="correction", why=why)],
        corrects=entry.entry_id,
    )
