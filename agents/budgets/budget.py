"""A budget: whose spending it bounds, by how much, in which period, and what happens when it is short. Pure.

What counts against a budget is what the ledger *bills* in a period: the effective cost of the entries that lie in it.
Periods are those of the calendar, in UTC; instants are UTC epoch milliseconds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Literal, Protocol

import msgspec

from schemas.errors import PolicyError
from schemas.money import NANO, NanoUSD, nano_usd

Period = Literal["hour", "day", "month"]

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
LARGEST = 9_000_000 * NANO
"""Nano-dollars in one period. Redis' Lua counts in doubles, which hold every integer up to 2⁵³ only."""


class Budget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ``[[budgets]]`` table of the policy. Where tenant, cost centre or task is left out, all of them count."""

    name: str
    amount: str
    """US dollars for each period."""
    period: Period
    tenant: str | None = None
    cost_center: str | None = None
    task: str | None = None
    when_short: Literal["reject", "downgrade", "alert"] = "reject"
    """What becomes of a request whose worst case does not fit: it fails; it goes to a cheaper model, and fails where
    not even that fits; or it passes, and the alert is all."""
    downgrade_to: str | None = None
    """The cheaper model."""
    alert_at: tuple[int, ...] = (80, 100)
    """Percent of the amount, spent, at which an alert is published."""

    @property
    def limit(self) -> NanoUSD:
        """The amount in nano-dollars."""
        return nano_usd(self.amount)

    @property
    def strict(self) -> bool:
        """Whether no request may overspend it."""
        return self.when_short != "alert"

    @property
    def account(self) -> str:
        """Names what is counted: equal for budgets that differ in nothing but their amount and its consequences."""
        counted = msgspec.json.encode((self.name, self.period, self.tenant, self.cost_center, self.task))
        return hashlib.blake2b(counted, digest_size=12).hexdigest()

    def covers(self, tenant: str, cost_center: str, task: str) -> bool:
        """Whether the spending of such a request counts."""
        return self.tenant in {None, tenant} and self.cost_center in {None, cost_center} and self.task in {None, task}

    def threshold(self, percent: int) -> int:
        """Nano-dollars: the least spending that is ``percent`` of the amount."""
        return -(-self.limit * percent // 100)


def start(period: Period, at: int) -> int:
    """The first instant of the period that ``at`` lies in."""
    if period == "hour":
        return at - at % HOUR_MS
    day = at - at % DAY_MS
    if period == "day":
        return day
    return day - (datetime.fromtimestamp(day // 1000, UTC).day - 1) * DAY_MS


def starts(period: Period, since: int, until: int) -> list[int]:
    """The starts of all periods that the time from ``since`` to ``until`` touches."""
    found = [start(period, since)]
    longest = {"hour": HOUR_MS, "day": DAY_MS, "month": 31 * DAY_MS}[period]
    while (following := start(period, found[-1] + longest)) <= until:
        found.append(following)
    return found


class _HasTasks(Protocol):
    @property
    def tasks(self) -> list[str]: ...


class _HasModels(Protocol):
    @property
    def models(self) -> list[str]: ...


def check(budgets: Collection[Budget], tenants: Mapping[str, _HasTasks], tasks: Mapping[str, _HasModels]) -> None:
    """Every budget says something that can be kept.

    Raises:
        PolicyError: one does not; the message says which and why.
    """
    names = [budget.name for budget in budgets]
    for budget in budgets:
        if problem := _problem(budget, tenants, tasks):
            raise PolicyError(f"[[budgets]] {budget.name!r}: {problem}")
        if names.count(budget.name) > 1:
            raise PolicyError(f"[[budgets]] {budget.name!r} is there more than once: give each a name of its own")


def _problem(budget: Budget, tenants: Mapping[str, _HasTasks], tasks: Mapping[str, _HasModels]) -> str | None:
    if not 0 < budget.limit <= LARGEST:
        return f"amount is {budget.amount}: it must be over 0 and at most {LARGEST // NANO:,} dollars a period"
    if budget.tenant is not None and budget.tenant not in tenants:
        return f"tenant {budget.tenant!r} is not in [tenants]"
    if budget.task is not None and budget.task not in tasks:
        return f"task {budget.task!r} is not in [tasks]"
    if any(not 1 <= percent <= 1000 for percent in budget.alert_at):
        return f"alert_at is {list(budget.alert_at)}: percents must be 1 to 1000"
    if (budget.when_short == "downgrade") != (budget.downgrade_to is not None):
        return 'downgrade_to and when_short = "downgrade" go together: give both or neither'
    if budget.downgrade_to is not None:
        open_to = tasks if budget.tenant is None else tenants[budget.tenant].tasks
        for name in [budget.task] if budget.task is not None else open_to:
            if name in tasks and budget.downgrade_to not in tasks[name].models:
                return f"downgrade_to is {budget.downgrade_to!r}, which [tasks.{name}] does not have in its models"
    return None
