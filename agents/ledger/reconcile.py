"""Whether three accounts of the same money agree: the responses, the raw entries, and the roll-ups. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from agents.ledger.queries import Billed, Totals
from schemas.records import PredictionResponse


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing on which two accounts disagree. Money is in nano-USD."""

    tenant: str
    request_id: str
    """Empty where it is a sum that differs."""
    what: str
    response_cost: int | None
    """Null where there is no such response."""
    entry_cost: int | None
    """Null where there is no such entry."""


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """The three accounts side by side. Money is in nano-USD."""

    responses: int
    """Different responses; a response that was delivered again counts once."""
    entries: int
    """Raw entries that bill a response."""
    rollup_requests: int
    difference_nano_usd: int
    """The sum of all differences, each taken as positive, so that two cannot cancel out."""
    responses_billed: int
    entries_billed: int
    rollups_billed: int
    unbilled: int
    differences: list[Difference]

    @property
    def agrees(self) -> bool:
        """Whether nothing differs, neither in money nor in count."""
        return not self.differences


def reconcile(
    responses: Iterable[PredictionResponse], billed: Iterable[Billed], entries: Totals, rollups: Totals
) -> Reconciliation:
    """Compare the responses of a period with its bills one by one, and both with the sums.

    Args:
        responses: as read from ``headrace.responses``, answered in the period; repeats of the same one are fine.
        billed: what the raw entries bill for each response.
        entries: the sum of the raw entries.
        rollups: the sum of the roll-ups.
    """
    answered: dict[str, PredictionResponse] = {}
    differences = []
    for response in responses:
        known = answered.setdefault(response.response_id, response)
        if known is not response and known != response:
            differences.append(_differs(response, "delivered again with other content", None))
    bills = {bill.entry_id: bill for bill in billed}
    requests: set[tuple[str, str]] = set()
    for response in answered.values():
        request = response.tenant, response.request_id
        if request in requests:
            differences.append(_differs(response, "the request has more than one response", None))
        requests.add(request)
        bill = bills.get(response.response_id)
        if bill is None:
            differences.append(_differs(response, "the response is on no ledger entry", None))
        elif bill.effective_cost != response.waterfall.effective_cost:
            differences.append(_differs(response, "the costs differ", bill.effective_cost))
    for number, bill in bills.items():
        if number not in answered:
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
    entries_billed = sum(bill.effective_cost for bill in bills.values())
    for name in Totals.__struct_fields__:
        raw, rolled_up = getattr(entries, name), getattr(rollups, name)
        if raw != rolled_up:
            what = f"{name}: the entries sum up to {raw}, the roll-ups to {rolled_up}"
            differences.append(Difference(tenant="", request_id="", what=what, response_cost=None, entry_cost=None))
            apart += abs(raw - rolled_up) if name.endswith("_cost") else 0
    if entries_billed != entries.effective_cost:
        what = f"entries bill {entries.effective_cost} in all, and {entries_billed} for responses"
        differences.append(Difference(tenant="", request_id="", what=what, response_cost=None, entry_cost=None))
        apart += abs(entries_billed - entries.effective_cost)
    return Reconciliation(
        responses=len(answered),
        entries=len(bills),
        rollup_requests=rollups.requests,
        difference_nano_usd=apart,
        responses_billed=sum(response.waterfall.effective_cost for response in answered.values()),
        entries_billed=entries.effective_cost,
        rollups_billed=rollups.effective_cost,
        unbilled=entries.unbilled_cost,
        differences=differences,
    )


def _differs(response: PredictionResponse, what: str, entry_cost: int | None) -> Difference:
    return Difference(
        tenant=response.tenant,
        request_id=response.request_id,
        what=what,
        response_cost=response.waterfall.effective_cost,
        entry_cost=entry_cost,
    )
