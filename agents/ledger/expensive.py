"""The most expensive requests, and why each is. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from agents.ledger.recorded import Recorded
from schemas.enums import EntryKind
from schemas.ledger import Decision
from schemas.money import dollars


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that money was spent on. Money is in nano-USD."""

    kind: str
    """Of the cost line: ``input``, ``output``, …; or the kind of entry whose cost nobody is billed for."""
    model: str
    tokens: int
    cost: int


class Expensive(msgspec.Struct, frozen=True, kw_only=True):
    """One request, with all its entries. Money is in nano-USD."""

    tenant: str
    request_id: str
    cost_center: str
    task: str
    model: str
    occurred_at: int
    """When its first entry was made, UTC epoch milliseconds."""
    list_cost: int
    effective_cost: int
    unbilled_cost: int
    lines: list[Line]
    """The dearest first. They add up to the effective cost and the unbilled."""
    why: list[str]
    """One sentence each, the weightiest first."""
    decisions: list[Decision]
    """What the stages decided for the entry that bills the response."""

    @property
    def cost(self) -> int:
        """All that was spent on it."""
        return self.effective_cost + self.unbilled_cost


def explained(recorded: Sequence[Recorded]) -> Expensive:
    """One request from all its entries, at least one; the response's first where there is one."""
    first = recorded[0]
    spent: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for entry in recorded:
        for cost in entry.waterfall.costs:
            kind = f"check: {cost.kind}" if entry.kind is EntryKind.CHECK else cost.kind
            line = spent[kind, cost.model]
            line[0] += cost.tokens
            line[1] += cost.cost
        if entry.unbilled_cost:
            spent[_unbilled(entry), entry.model][1] += entry.unbilled_cost
    lines = [Line(kind=kind, model=model, tokens=t, cost=c) for (kind, model), (t, c) in spent.items()]
    lines.sort(key=lambda line: (-line.cost, line.kind, line.model))
    found = Expensive(
        tenant=first.tenant,
        request_id=first.request_id,
        cost_center=first.cost_center,
        task=first.task,
        model=first.model,
        occurred_at=min(entry.occurred_at for entry in recorded),
        list_cost=sum(entry.waterfall.list_cost for entry in recorded),
        effective_cost=sum(entry.waterfall.effective_cost for entry in recorded),
        unbilled_cost=sum(entry.unbilled_cost for entry in recorded),
        lines=lines,
        why=[],
        decisions=first.decisions,
    )
    return msgspec.structs.replace(found, why=_why(found, recorded))


def _unbilled(entry: Recorded) -> str:
    return "failed" if entry.kind is EntryKind.RESPONSE else entry.kind.value.lower()


def _why(found: Expensive, recorded: Sequence[Recorded]) -> list[str]:
    if not found.cost:
        return ["nothing was spent on it"]
    why = []
    for line in found.lines[:2]:
        if line.cost * 10 >= found.cost:
            of_tokens = f"{line.tokens:,} tokens of " if line.tokens else "by "
            why.append(f"{_percent(line.cost, found.cost)} {line.kind}: {of_tokens}{line.model}, {dollars(line.cost)}")
    saved = found.list_cost - found.effective_cost
    if found.list_cost and saved * 20 < found.list_cost:
        why.append("no strategy took anything off it" if saved <= 0 else "less than 5% was saved")
    again = sum(entry.kind in {EntryKind.REEXECUTION, EntryKind.DUPLICATE} for entry in recorded)
    if again:
        why.append(f"{again} further {'answer' if again == 1 else 'answers'} to it, billed to nobody")
    return why


def _percent(part: int, whole: int) -> str:
    return f"{(200 * part + whole) // (2 * whole)}%"
