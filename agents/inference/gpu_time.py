"""A statement of an engine's GPU time, as a line of the ledger. Pure.

An entry of kind IDLE is billed to the platform, as the tenant that the policy names. Its cost lines are what the
engine's bill holds beside the predictions that ended meanwhile: ``idle``, ``lost`` and ``in_progress``. So over any
run of adjoining statements, what predictions were charged and these entries add up to the GPU bill.
"""

from __future__ import annotations

from datetime import UTC, datetime

from agents.inference.meter import Statement
from agents.stage import Emit
from schemas import topics
from schemas.enums import EntryKind, Lane, Source, Status
from schemas.ledger import CostLine, Decision, LedgerEntry, Usage, Waterfall
from schemas.money import dollars

TASK = "gpu-time"
"""The task that the platform's own entries carry."""


def stated(statement: Statement, *, model: str, worker: str, platform: str, version: str, policy_version: str) -> Emit:
    """The ledger entry of one statement: the same whenever it is published, so that it counts once.

    Args:
        statement: of the engine that serves ``model``.
        model: its name in the policy.
        worker: names this run of the engine; no other has the same.
        platform: the tenant that idle time is billed to.
        version: of the GPU-hour card that held at the end.
        policy_version: of the policy in force.
    """
    amounts = {"idle": statement.idle, "lost": statement.lost, "in_progress": statement.in_progress}
    costs = [
        CostLine(kind=kind, strategy=None, model=model, tokens=0, cost=cost, price_version=version)
        for kind, cost in amounts.items()
        if cost
    ]
    total = sum(amounts.values())
    entry_id = f"gpu-time/{model}/{worker}/{statement.since}"
    entry = LedgerEntry(
        entry_id=entry_id,
        kind=EntryKind.IDLE,
        request_id=entry_id,
        tenant=platform,
        cost_center=platform,
        task=TASK,
        model=model,
        lane=Lane.REALTIME,
        source=Source.NONE,
        status=Status.COMPLETED,
        occurred_at=statement.since // 1000,
        waterfall=Waterfall(list_cost=total, savings=[], effective_cost=total, costs=costs),
        unbilled_cost=0,
        usage=Usage(),
        policy_version=policy_version,
        decisions=[Decision(stage="inference", choice="gpu_time", why=_why(statement))],
    )
    return Emit(topics.LEDGER, platform.encode(), entry)


def _why(statement: Statement) -> list[str]:
    begin, end = (datetime.fromtimestamp(at / 1e6, UTC).isoformat() for at in (statement.since, statement.until))
    return [
        f"from {begin} to {end} the engine cost {dollars(statement.bill)}",
        f"predictions that ended meanwhile were charged {dollars(statement.charged)} of it",
    ]
