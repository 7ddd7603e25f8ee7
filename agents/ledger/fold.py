"""The fold of ledger entries into roll-ups. Pure, and idempotent by the offset that each roll-up carries.

All entries of a roll-up come from one partition of the ledger's topic, since they share a tenant and the tenant is the
key. A roll-up of version ``v`` is the sum of all its entries at offsets up to ``v``: of two, the one of the larger
version holds all that the other does. This needs the topic's partition count to stay what it was.
"""

from __future__ import annotations

from schemas.enums import EntryKind, Verdict
from schemas.ledger import LedgerEntry, RollUp, SavingTotal

HOUR_MS = 3_600_000
_NO_SAVING = SavingTotal()
COMPARED = (Verdict.SAME, Verdict.DIFFERENT)
"""The verdicts that a check can end in; UNKNOWN is none."""


def apply(rollup: RollUp | None, entry: LedgerEntry, offset: int) -> RollUp:
    """The roll-up with ``entry``, which stands at ``offset``; the same one where it holds that offset already.

    Entries of one key are to be applied in the order of their offsets.
    """
    if rollup is None:
        rollup = RollUp(
            tenant=entry.tenant,
            cost_center=entry.cost_center,
            task=entry.task,
            model=entry.model,
            lane=entry.lane,
            source=entry.source,
            hour=entry.occurred_at - entry.occurred_at % HOUR_MS,
        )
    if offset <= rollup.version:
        return rollup
    usage, waterfall, savings = entry.usage, entry.waterfall, rollup.savings
    verdict = entry.verdict if entry.kind is EntryKind.CHECK else None
    if waterfall.savings:
        savings = dict(savings)
        for line in waterfall.savings:
            total = savings.get(line.strategy, _NO_SAVING)
            savings[line.strategy] = SavingTotal(
                tokens=total.tokens + line.tokens, gross=total.gross + line.gross, cost=total.cost + line.cost
            )
    return RollUp(
        tenant=rollup.tenant,
        cost_center=rollup.cost_center,
        task=rollup.task,
        model=rollup.model,
        lane=rollup.lane,
        source=rollup.source,
        hour=rollup.hour,
        entries=rollup.entries + 1,
        requests=rollup.requests + (entry.kind is EntryKind.RESPONSE),
        checks=rollup.checks + (verdict in COMPARED),
        wrong=rollup.wrong + (verdict is Verdict.DIFFERENT),
        list_cost=rollup.list_cost + waterfall.list_cost,
        effective_cost=rollup.effective_cost + waterfall.effective_cost,
        unbilled_cost=rollup.unbilled_cost + entry.unbilled_cost,
        idle_cost=rollup.idle_cost + (entry.kind is EntryKind.IDLE and waterfall.effective_cost + entry.unbilled_cost),
        savings=savings,
        published_tokens=rollup.published_tokens + usage.published_tokens,
        prompt_tokens=rollup.prompt_tokens + usage.prompt_tokens,
        cached_tokens=rollup.cached_tokens + usage.cached_tokens,
        completion_tokens=rollup.completion_tokens + usage.completion_tokens,
        version=offset,
    )


def merge(one: RollUp | None, other: RollUp | None) -> RollUp | None:
    """Of two states of the same roll-up, the later one."""
    if one is None or (other is not None and other.version > one.version):
        return other
    return one
