"""``budgets``: how much of each is spent, held and left."""
# ruff: noqa: PLC0415 - what is slow to import waits for its command

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from schemas.errors import SetupError
from schemas.money import dollars
from streams.cli.output import Format, FormatOption, print_rows

if TYPE_CHECKING:
    from agents.budgets.accounts import Account
    from agents.budgets.budget import Budget
    from agents.policy import Policy
    from streams.settings import Settings


def budgets(form: FormatOption = Format.TABLE) -> None:
    """What is spent of every budget in its present period, what requests under way hold, and what is left.

    It is read from Kafka, as workers do whose Redis has lost it.
    """
    from agents import policy as policies
    from streams import settings as of

    settings = of.load()
    policy = policies.load(settings.policy_file())
    if not policy.document.budgets:
        raise SetupError(f"{settings.policy} has no [[budgets]]")
    now = time.time_ns() // 1_000_000
    accounts = asyncio.run(_accounts(settings, policy, now))
    rows = [_row(budget, accounts[budget.account], now, form) for budget in policy.document.budgets]
    print_rows(rows, form, title="Budgets, in US dollars", right=["amount", "spent", "held", "left"])


async def _accounts(settings: Settings, policy: Policy, now: int) -> dict[str, Account]:
    from agents.budgets.budgets import counted
    from streams.budget_log import BudgetLog
    from streams.client import codec_of

    history = BudgetLog(settings.kafka_options(), codec_of(settings), policy.models)
    return await counted(history, policy, policy.document.budgets, now=now)


def _row(budget: Budget, account: Account, now: int, form: Format) -> dict[str, object]:
    from agents.budgets.budget import start

    period = start(budget.period, now)
    spent = account.spent.get(period, 0)
    held = sum(amount for amount, periods in account.held.values() if period in periods)
    sums = {"amount": budget.limit, "spent": spent, "held": held, "left": budget.limit - spent - held}
    shown = {name: dollars(sum_) for name, sum_ in sums.items()}
    return {
        "budget": budget.name,
        "covers": " ".join(name for name in (budget.tenant, budget.cost_center, budget.task) if name) or "everything",
        "period": budget.period,
        "since": datetime.fromtimestamp(period // 1000, UTC).isoformat(timespec="minutes"),
        **({f"{name}_nano_usd": sum_ for name, sum_ in sums.items()} if form is Format.JSON else shown),
        "when_short": budget.when_short,
    }
