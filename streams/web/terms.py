"""What the policy allows, and the ledger held against it: how wrong the cache may be, and how much may be spent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from agents.budgets.budget import Budget, Period, start
from agents.ledger.fold import HOUR_MS
from agents.ledger.queries import DAY_MS, CheckedTask
from agents.ledger.questions import Questions
from agents.policy import Policy

_LONGEST = {"hour": HOUR_MS, "day": DAY_MS, "month": 31 * DAY_MS}


class Terms(NamedTuple):
    """What the policy and the settings say."""

    bounds: Mapping[str, float] = {}
    """By tenant, the share of all requests that may get a wrong answer from the semantic cache."""
    budgets: Sequence[Budget] = ()
    invoiced: bool = False
    """Whether tenants are invoiced what the ledger bills: FOCUS' BilledCost is 0 where they are not."""


NO_TERMS = Terms()
"""Of a service that is given no policy."""


class CacheQuality(CheckedTask, frozen=True, kw_only=True):
    """The same, as shares of all requests, beside what the tenant allows."""

    bound: float | None
    """The tenant's, where the service knows the policy."""
    error: float | None
    """``wrong_rate × semantic_hits / requests``; null where nothing was checked."""
    error_low: float
    error_high: float
    """The bounds of the true share at 95% confidence."""


class BudgetState(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a budget is used in the period that runs. Money is in nano-USD."""

    name: str
    tenant: str | None
    """Null for every tenant's spending; likewise the next two."""
    cost_center: str | None
    task: str | None
    period: Period
    since: int
    until: int
    amount: int
    spent: int
    """Settled so far. What requests in flight hold back is not in it."""
    left: int
    """Negative where it is overspent."""
    expected: int
    """What will be spent at the period's end (see the forecast); of an hour, what is spent."""


def terms_of(policy: Policy) -> Terms:
    """What that policy allows; nothing is invoiced."""
    bounds = {name: tenant.error_bound for name, tenant in policy.document.tenants.items()}
    return Terms(bounds, policy.document.budgets)


def quality(checked: Iterable[CheckedTask], bounds: Mapping[str, float]) -> list[CacheQuality]:
    """What checks measured, held against the bounds."""
    return [
        CacheQuality(
            **msgspec.structs.asdict(one),
            bound=bounds.get(one.tenant),
            error=None if one.wrong_rate is None else one.wrong_rate * share,
            error_low=one.low * share,
            error_high=one.high * share,
        )
        for one in checked
        for share in [one.semantic_hits / one.requests if one.requests else 0.0]
    ]


def states(budgets: Iterable[Budget], questions: Questions, now: int) -> list[BudgetState]:
    """What is used of each budget now, the one with the least left first.

    Raises:
        ServiceError: the ledger cannot be read.
    """
    found = []
    for one in budgets:
        since, until = running(one.period, now)
        named = {"tenant": one.tenant, "cost_center": one.cost_center, "task": one.task}
        where = {name: [value] for name, value in named.items() if value is not None}
        spent = questions.rollup_totals(since, until, where).effective_cost
        ahead = one.period != "hour"
        found.append(
            BudgetState(
                name=one.name,
                tenant=one.tenant,
                cost_center=one.cost_center,
                task=one.task,
                period=one.period,
                since=since,
                until=until,
                amount=one.limit,
                spent=spent,
                left=one.limit - spent,
                expected=questions.forecast(since, until, now, where=where).expected if ahead else spent,
            )
        )
    return sorted(found, key=lambda one: (one.left, one.name))


def running(period: Period, now: int) -> tuple[int, int]:
    """The first millisecond of the period that ``now`` lies in, and that of the next."""
    since = start(period, now)
    return since, start(period, since + _LONGEST[period])
