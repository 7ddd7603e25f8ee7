"""Whether all accounts of the same money agree. Pure.

The responses, the ledger's topic, the raw entries and the roll-ups; and of tokens, the entries and the engines' own
counters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from agents.ledger.fold import HOUR_MS
from agents.ledger.queries import Billed, BilledCheck, EngineTokens, Kept, Totals
from schemas.ledger import LedgerEntry
from schemas.records import PredictionResponse

HORIZON_MS = 24 * HOUR_MS
"""For how long a request id stays answered where nobody set another time."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing on which two accounts disagree. Money is in nano-USD."""

    tenant: str
    request_id: str
    """Empty where it is a sum that differs."""
    what: str
    response_cost: int | None
    """Null where there is no such response, or it is not responses that are compared."""
    entry_cost: int | None
    """Null where there is no such entry."""


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """The three accounts side by side. Money is in nano-USD."""

    responses: int
    """Different responses; a response that was delivered again counts once."""
    entries: int
    """Raw entries that bill a response."""
    rollup_requests: int
    checks: int = 0
    """Raw entries that bill a check of the cache, which belongs to no response."""
    difference_nano_usd: int
    """The sum of all differences, each taken as positive, so that two cannot cancel out."""
    responses_billed: int
    checks_billed: int = 0
    """For those checks. On a right ledger it, ``responses_billed`` and ``others_billed`` make ``entries_billed``."""
    others_billed: int = 0
    """By entries that belong to no request: idle GPUs, corrections."""
    entries_billed: int
    rollups_billed: int
    unbilled: int
    since: int | None = None
    """What came before was not compared, for its raw entries are no longer kept; null where all was."""
    responses_since: int | None = None
    """Bills from before may have no response any more, and are let be; null where all responses are there."""
    differences: list[Difference]

    @property
    def agrees(self) -> bool:
        """Whether nothing differs, neither in money nor in count."""
        return not self.differences


def reconcile(
    responses: Iterable[PredictionResponse],
    billed: Iterable[Billed],
    checks: Iterable[BilledCheck],
    entries: Totals,
    rollups: Totals,
    *,
    others_billed: int = 0,
    responses_since: int | None = None,
    horizon_ms: int = HORIZON_MS,
) -> Reconciliation:
    """Compare the responses of a period with its bills one by one, and both with the sums.

    A check has no response to be held against: its bill must be what its own waterfall comes to.

    Args:
        responses: as read from ``headrace.responses``, answered in the period; repeats of the same one are fine.
        billed: what the raw entries bill for each response.
        checks: what they bill for each check of the cache.
        entries: the sum of the raw entries.
        rollups: the sum of the roll-ups.
        others_billed: what the raw entries bill that belong to no request.
        responses_since: since when all responses are there, in UTC epoch milliseconds; None where they all are. A
            response that is there is compared, however old.
        horizon_ms: for how long a request id stays answered: after it, the same id is another request.
    """
    answered: dict[str, PredictionResponse] = {}
    differences = []
    for response in responses:
        known = answered.setdefault(response.response_id, response)
        if known is not response and known != response:
            differences.append(_differs(response, "delivered again with other content", None))
    bills = {bill.entry_id: bill for bill in billed}
    answers: dict[tuple[str, str], list[int]] = defaultdict(list)
    for response in answered.values():
        others = answers[response.tenant, response.request_id]
        if any(abs(response.answered_at - at) <= horizon_ms for at in others):
            differences.append(_differs(response, "the request has more than one response", None))
        others.append(response.answered_at)
        bill = bills.get(response.response_id)
        if bill is None:
            differences.append(_differs(response, "the response is on no ledger entry", None))
        elif bill.effective_cost != response.waterfall.effective_cost:
            differences.append(_differs(response, "the costs differ", bill.effective_cost))
    for number, bill in bills.items():
        if number not in answered and (responses_since is None or bill.occurred_at > responses_since):
            differences.append(
                Difference(
                    tenant=bill.tenant,
                    request_id=bill.request_id,
                    what="the entry bills a response that is not there",
                    response_cost=None,
                    entry_cost=bill.effective_cost,
                )
            )
    apart = sum(abs((one.response_cost or 0) - (one.entry_cost or 0)) for one in differences)
    answers_billed = sum(bill.effective_cost for bill in bills.values())
    made = list(checks)
    checks_billed = sum(check.effective_cost for check in made)
    for check in made:
        gap = _gap(check)
        if gap:
            differences.append(
                Difference(
                    tenant=check.tenant,
                    request_id=check.request_id,
                    what=f"the bill of the check and its waterfall are {gap} apart",
                    response_cost=None,
                    entry_cost=check.effective_cost,
                )
            )
            apart += gap
    for name in Totals.__struct_fields__:
        raw, rolled_up = getattr(entries, name), getattr(rollups, name)
        if raw != rolled_up:
            what = f"{name}: the entries sum up to {raw}, the roll-ups to {rolled_up}"
            differences.append(Difference(tenant="", request_id="", what=what, response_cost=None, entry_cost=None))
            apart += abs(raw - rolled_up) if name.endswith("_cost") else 0
    accounted = answers_billed + checks_billed + others_billed
    if accounted != entries.effective_cost:
        what = (
            f"entries bill {entries.effective_cost} in all, {answers_billed} of it for responses, {checks_billed} for "
            f"checks and {others_billed} for idle GPUs and corrections"
        )
        differences.append(Difference(tenant="", request_id="", what=what, response_cost=None, entry_cost=None))
        apart += abs(accounted - entries.effective_cost)
    return Reconciliation(
        responses=len(answered),
        entries=len(bills),
        rollup_requests=rollups.requests,
        checks=len(made),
        difference_nano_usd=apart,
        responses_billed=sum(response.waterfall.effective_cost for response in answered.values()),
        checks_billed=checks_billed,
        others_billed=others_billed,
        entries_billed=entries.effective_cost,
        rollups_billed=rollups.effective_cost,
        unbilled=entries.unbilled_cost,
        responses_since=responses_since,
        differences=differences,
    )


def with_topic(
    found: Reconciliation, published: Iterable[LedgerEntry], kept: Iterable[Kept], *, whole: bool
) -> Reconciliation:
    """The same, with every entry on the ledger's topic held against the raw entry of its id.

    Args:
        found: so far.
        published: as read from ``headrace.ledger``, of the period; repeats are fine.
        kept: the raw entries of the period.
        whole: whether the topic still has all that was ever published. Otherwise an entry that is not on it is old.
    """
    rows = {row.entry_id: row for row in kept}
    differences, apart, seen = [], 0, set()
    for entry in published:
        if entry.entry_id in seen:
            continue
        seen.add(entry.entry_id)
        row, billed, spent = rows.get(entry.entry_id), entry.waterfall.effective_cost, entry.unbilled_cost
        if row is None:
            what = f"entry {entry.entry_id} is on the topic and not in the database: it bills {billed}"
            differences.append(_of_entry(entry, what, None))
            apart += abs(billed) + spent
        elif (row.effective_cost, row.unbilled_cost) != (billed, spent):
            what = f"entry {entry.entry_id} bills {billed} on the topic, and {spent} are billed to nobody"
            differences.append(_of_entry(entry, what, row.effective_cost))
            apart += abs(row.effective_cost - billed) + abs(row.unbilled_cost - spent)
    if whole:
        for number in rows.keys() - seen:
            row = rows[number]
            differences.append(_of_entry(row, f"entry {number} is not on the topic", row.effective_cost))
            apart += abs(row.effective_cost) + row.unbilled_cost
    return _with(found, differences, apart)


def with_engines(
    found: Reconciliation, counted: Mapping[str, EngineTokens], booked: Mapping[str, EngineTokens]
) -> Reconciliation:
    """The same, with what the engines counted, by the model's name, held against what the entries say of them.

    An engine counts what became of no entry, too: calls that were cancelled, and those of a worker that was killed.
    """
    differences = []
    for model in sorted(counted.keys() | booked.keys()):
        engine, ledger = (by.get(model, EngineTokens(0, 0)) for by in (counted, booked))
        if engine != ledger:
            what = (
                f"model {model}: its engines counted {engine.prompt} prompt and {engine.completion} completion tokens, "
                f"the entries {ledger.prompt} and {ledger.completion}"
            )
            differences.append(Difference(tenant="", request_id="", what=what, response_cost=None, entry_cost=None))
    return _with(found, differences, 0)


def _with(found: Reconciliation, differences: list[Difference], apart: int) -> Reconciliation:
    return msgspec.structs.replace(
        found,
        differences=[*found.differences, *differences],
        difference_nano_usd=found.difference_nano_usd + apart,
    )


def _of_entry(of: LedgerEntry | Kept, what: str, entry_cost: int | None) -> Difference:
    return Difference(tenant=of.tenant, request_id=of.request_id, what=what, response_cost=None, entry_cost=entry_cost)


def _differs(response: PredictionResponse, what: str, entry_cost: int | None) -> Difference:
    return Difference(
        tenant=response.tenant,
        request_id=response.request_id,
        what=what,
        response_cost=response.waterfall.effective_cost,
        entry_cost=entry_cost,
    )


def _gap(check: BilledCheck) -> int:
    """By how much the ways to the bill of a check are apart at most: 0 where its waterfall holds."""
    waterfall = check.waterfall
    saved = sum(line.gross - line.cost for line in waterfall.savings)
    spent = sum(line.cost for line in waterfall.costs)
    ways = check.effective_cost, waterfall.effective_cost, waterfall.list_cost - saved, spent
    return max(ways) - min(ways)
