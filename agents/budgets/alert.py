"""Alerts: what a budget has to say, as a record. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from agents.budgets.accounts import Crossing, Shortage
from agents.budgets.budget import Budget
from agents.stage import Emit
from schemas import topics
from schemas.enums import AlertKind
from schemas.ledger import Alert
from schemas.money import dollars

_CONSEQUENCE = {
    "reject": "it is refused, as are others until there is room",
    "downgrade": "it goes to {model}, and is refused where not even that fits",
    "alert": "it passes all the same",
}


def crossed(budget: Budget, crossing: Crossing) -> Emit:
    """So many percent of a budget are spent."""
    return _alert(
        AlertKind.THRESHOLD,
        budget,
        crossing,
        crossing.percent,
        f"{crossing.percent}% of budget {budget.name!r} are spent: {dollars(crossing.spent)} of "
        f"{dollars(budget.limit)} US dollars for the {budget.period} from {_named(crossing.period)}",
    )


def ran_short(budget: Budget, shortage: Shortage) -> Emit:
    """A budget had no room for a request, for the first time in its period."""
    consequence = _CONSEQUENCE[budget.when_short].format(model=budget.downgrade_to)
    message = f"{too_little(budget, shortage)}, and a request may need more: {consequence}"
    return _alert(AlertKind.SHORT, budget, shortage, 100, message)


def too_little(budget: Budget, shortage: Shortage) -> str:
    """How little is left of a budget, for people."""
    left = budget.limit - shortage.spent - shortage.held
    return (
        f"budget {budget.name!r} has {dollars(left)} of {dollars(budget.limit)} US dollars left for the "
        f"{budget.period} from {_named(shortage.period)} ({dollars(shortage.held)} are held for requests under way)"
    )


def _alert(kind: AlertKind, budget: Budget, sums: Crossing | Shortage, percent: int, message: str) -> Emit:
    alert = Alert(
        alert_id=f"{budget.account}/{sums.period}/{kind}/{percent}",
        kind=kind,
        budget=budget.name,
        period_start=sums.period,
        percent=percent,
        amount=budget.limit,
        spent=sums.spent,
        held=sums.held,
        message=message,
    )
    return Emit(topics.ALERTS, budget.name.encode(), alert)


def _named(period: int) -> str:
    return datetime.fromtimestamp(period // 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
