"""Budgets: whoever may spend asks first, and the ledger says what was spent.

A request reserves its worst case at the cache stage, once nothing that is free has answered it. Right before an engine
spends, the inference stage confirms the reservation, by then with the tokens counted. Its ledger entry ends it. Each of
these steps may be repeated and changes nothing more: a reservation is named after its request's place in the log, and
an entry counts by its offset.

Why requests cannot overspend a strict budget, whatever crashes: accounts change by single steps in Redis, all of a
request's at once. What was spent is held until it is counted as spent, since one step does both. Where Redis lost an
account, or came up with an older one, nothing is granted on it until it is rebuilt from the log
(:mod:`agents.budgets.reading`); and a request whose reservation was lost with it asks again before it spends. Lost
twice, what is found in the log may come to more than was ever held at once; so a reservation is worth nothing by
itself: whoever is about to spend must still fit beside all that is held.

What no request asks for, such as the embedding of ingested documents, reserves nothing: it is counted as spent, whether
it fits or not.

An account that cannot be reached grants nothing: requests wait a while and then fail, except where budgets only alert.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import lru_cache

import msgspec

from agents.budgets import alert, worst_case
from agents.budgets.accounts import Account, Accounts, Charge, Hold, Line, Settlement, Shortage
from agents.budgets.admission import Admission
from agents.budgets.budget import Budget, start, starts
from agents.budgets.reading import GRACE_MS, Log, read
from agents.budgets.reservation import reservation_of
from agents.policy import Policy
from agents.policy_document import Task
from agents.stage import Emit
from agents.waterfall import NOTHING
from schemas.errors import BudgetExceededError, PolicyError, ServiceError
from schemas.ledger import LedgerEntry
from schemas.money import dollars
from schemas.records import InferenceTask, PredictionRequest, Ticket

log = logging.getLogger(__name__)

PATIENCE_MS = 10_000
"""How long a request waits for accounts that cannot be reached: a restart of Redis takes less."""
PAUSE_S = 0.25


class Budgets:
    """The budgets of a policy.

    Args:
        policy: whose budgets they are, and whose prices.
        accounts: where they are counted.
        history: what accounts are rebuilt from.
        now: the time, in UTC epoch milliseconds.
    """

    def __init__(self, policy: Policy, accounts: Accounts, history: Log, *, now: Callable[[], int]) -> None:
        self._policy = policy
        self._accounts = accounts
        self._history = history
        self._now = now
        self._by_account = {budget.account: budget for budget in policy.document.budgets}
        self._covering = lru_cache(maxsize=4096)(self._find)
        self._rebuilding = asyncio.Lock()
        self._torn: set[str] = set()
        """Accounts that may lack an entry, since they could not be reached when it came."""

    async def admit(self, request: PredictionRequest, task: Task, ticket: Ticket) -> Admission:
        """Reserve what a request may cost, or what it may cost at the cheaper model that a short budget names.

        Raises:
            ServiceError: the accounts cannot be reached.
            PolicyError: a model has no price at the instant the request was received.
        """
        budgets = self._covering(ticket.tenant, ticket.cost_center, ticket.task)
        if not budgets:
            return Admission()
        alerts: list[Emit] = []
        tried = [request.model]
        while True:
            model = tried[-1]
            asked = msgspec.structs.replace(request, model=model)
            amount = worst_case.of_request(self._policy, task, asked, ticket, self._now())
            hold = await self._hold(ticket, amount, budgets)
            alerts += self._alerts(hold)
            if hold.short is None:
                return Admission(amount, model if len(tried) > 1 else None, alerts=tuple(alerts))
            cheaper = self._by_account[hold.short.account].downgrade_to
            if cheaper is None or cheaper in tried:
                return Admission(short=self._refusal(hold.short, amount), alerts=tuple(alerts))
            tried.append(cheaper)

    async def confirm(self, task: InferenceTask) -> Admission:
        """Hold what the request may cost now that its tokens are counted, right before an engine takes it on.

        Raises:
            ServiceError: the accounts cannot be reached.
            PolicyError: the model has no price at the instant the request was received.
        """
        budgets = self._covering(task.ticket.tenant, task.ticket.cost_center, task.ticket.task)
        if not budgets:
            return Admission()
        amount = worst_case.of_task(self._policy, task, self._now())
        hold = await self._hold(task.ticket, amount, budgets)
        if hold.short is None:
            return Admission(amount)  # what there is to say was said at its admission
        return Admission(short=self._refusal(hold.short, amount), alerts=self._alerts(hold))

    async def spare(self, check: LedgerEntry, texts: Sequence[str], at: int) -> bool:
        """Whether a check, which is to cost what its entry says, may embed ``texts`` as well, at the price of ``at``.

        Nobody waits for a check: where accounts cannot be reached, it may not.
        """
        amount = check.waterfall.effective_cost + worst_case.of_embedding(self._policy, texts, at)
        budgets = self._covering(check.tenant, check.cost_center, check.task)
        if not budgets:
            return True
        lines = [_line(budget, self._now(), self._now()) for budget in budgets]
        try:
            hold = await self._accounts.hold(check.reservation, amount, lines)
        except ServiceError:
            return False
        return hold.short is None and not hold.unknown

    async def release(self, check: LedgerEntry) -> None:
        """Give back what a check holds, of which no entry will come. Never raises."""
        await self.settle([(0, -1, msgspec.structs.replace(check, waterfall=NOTHING))])

    async def settle(self, entries: Sequence[tuple[int, int, LedgerEntry]]) -> list[list[Emit]]:
        """Count ledger entries, each with its partition and offset, as spent: those of a partition in their order.

        Returns the alerts that follow from each. Never raises: where accounts cannot be reached, they are rebuilt
        later.
        """
        settlements = [self._settlement(*one) for one in entries]
        concerned = [index for index, settlement in enumerate(settlements) if settlement.charges]
        alerts: list[list[Emit]] = [[] for _ in entries]
        try:
            if self._torn:
                await self._accounts.forget(sorted(self._torn))
                self._torn.clear()
            found = await self._accounts.settle([settlements[index] for index in concerned])
        except ServiceError as error:
            self._torn |= {charge.account for index in concerned for charge in settlements[index].charges}
            log.warning("budgets are counted anew later: %s", error)
            return alerts
        for index, crossings in zip(concerned, found, strict=True):
            alerts[index] = [alert.crossed(self._by_account[one.account], one) for one in crossings]
        return alerts

    def _find(self, tenant: str, cost_center: str, task: str) -> tuple[Budget, ...]:
        return tuple(budget for budget in self._by_account.values() if budget.covers(tenant, cost_center, task))

    async def _hold(self, ticket: Ticket, amount: int, budgets: Sequence[Budget]) -> Hold:
        until = self._now() + PATIENCE_MS
        while True:
            now = self._now()
            lines = [_line(budget, now, ticket.deadline) for budget in budgets]
            try:
                hold = await self._accounts.hold(reservation_of(ticket), amount, lines)
                if not hold.unknown:
                    return hold
                await self._rebuild(hold.unknown)
            except ServiceError as error:
                if not any(budget.strict for budget in budgets):
                    log.warning("a request passes budgets that only alert: %s", error)
                    return Hold()
                if self._now() >= until:
                    raise
                await asyncio.sleep(PAUSE_S)

    async def _rebuild(self, accounts: Sequence[str]) -> None:
        async with self._rebuilding:  # whoever waited finds them known, most likely
            tokens = {account: token for account in accounts if (token := await self._accounts.begin(account))}
            if not tokens:
                return
            budgets = [self._by_account[account] for account in tokens]
            log.warning("counting budgets from the log: %s", ", ".join(budget.name for budget in budgets))
            states = await counted(self._history, self._policy, budgets, now=self._now())
            for account, token in tokens.items():
                await self._accounts.install(account, token, states[account])

    def _settlement(self, partition: int, offset: int, entry: LedgerEntry) -> Settlement:
        budgets = self._covering(entry.tenant, entry.cost_center, entry.task)
        charges = [
            Charge(
                budget.account,
                start(budget.period, entry.occurred_at),
                {percent: budget.threshold(percent) for percent in budget.alert_at},
            )
            for budget in budgets
        ]
        return Settlement(entry.reservation, partition, offset, entry.waterfall.effective_cost, charges)

    def _alerts(self, hold: Hold) -> tuple[Emit, ...]:
        return tuple(alert.ran_short(self._by_account[one.account], one) for one in hold.news)

    def _refusal(self, short: Shortage, amount: int) -> BudgetExceededError:
        said = alert.too_little(self._by_account[short.account], short)
        return BudgetExceededError(
            f"the request may cost {dollars(amount)}, and {said}: lower sampling.max_tokens, wait for the next period, "
            "or raise the budget in the policy"
        )


async def counted(history: Log, policy: Policy, budgets: Sequence[Budget], *, now: int) -> dict[str, Account]:
    """The accounts of some of a policy's budgets as the log has them, each in its period at ``now``.

    Raises:
        ServiceError: the log cannot be read.
    """
    longest_s = max(task.deadline_seconds for task in policy.document.tasks.values())

    def worst(task: InferenceTask) -> int:
        try:
            # As of its receipt: no later instant makes it dearer.
            return worst_case.of_task(policy, task, task.ticket.received_at)
        except PolicyError:
            return 0  # no stage can price it either, and it fails

    return await read(history, budgets, worst, now=now, under_way_ms=1000 * longest_s)


def _line(budget: Budget, now: int, deadline: int) -> Line:
    periods = starts(budget.period, now, max(now, deadline) + GRACE_MS)
    before = start(budget.period, periods[0] - 1)
    return Line(budget.account, budget.limit, budget.strict, periods, oldest=before)
