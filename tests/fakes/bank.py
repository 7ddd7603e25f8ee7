"""Workers that spend a tenant's budget, on a Valkey that they share and a log in memory."""

from __future__ import annotations

import itertools

from redis.asyncio import Redis

from agents.budgets.budget import HOUR_MS, start
from agents.budgets.budgets import Budgets
from agents.budgets.redis_accounts import RedisAccounts
from agents.budgets.reservation import reservation_of
from agents.policy import Policy
from schemas.ledger import Alert
from schemas.records import InferenceTask, Ticket
from tests.fakes.budget_log import InMemoryBudgetLog
from tests.fakes.spending import TOKEN, asked, billed, task_of, ticket_of

NOON = 1_900_000_800_000 - 1_900_000_800_000 % HOUR_MS
WORST = 10 * TOKEN + 1
"""What a request for ten tokens may cost."""


class Bank:
    """Workers that share a Valkey and a log."""

    def __init__(self, client: Redis, rules: Policy) -> None:
        self.now = NOON
        self.log = InMemoryBudgetLog()
        self.client = client
        tokens = itertools.count()
        accounts = RedisAccounts(client, now=lambda: self.now, new_token=lambda: f"t{next(tokens)}", limit_ms=10_000)
        self.budgets = Budgets(rules, accounts, self.log, now=lambda: self.now)
        self.task = rules.document.tasks["faq"]
        self.settled = 0

    async def admit(self, number: int, tokens: int = 10) -> Ticket | None:
        """What the cache stage does."""
        request = asked(number, tokens)
        ticket = ticket_of(request, self.now, number)
        admission = await self.budgets.admit(request, self.task, ticket)
        return ticket if admission.short is None else None

    def send(self, number: int, ticket: Ticket, tokens: int = 10) -> InferenceTask:
        """What the context stage does."""
        task = task_of(asked(number, tokens), ticket)
        self.log.under_way.append(task)
        return task

    async def settle(self) -> list[Alert]:
        """What the ledger stage does with the entries that it has not settled yet."""
        while self.log.folded < len(self.log.ledger):
            self.log.fold()
        entries = [(0, offset, entry) for offset, entry in enumerate(self.log.ledger)][self.settled :]
        self.settled = len(self.log.ledger)
        found = await self.budgets.settle(entries)
        return [emit.record for emits in found for emit in emits if isinstance(emit.record, Alert)]

    def bill(self, ticket: Ticket, cost: int) -> None:
        """The first entry of a publish has its cost; those of further executions are billed to nobody."""
        name = reservation_of(ticket)
        again = sum(entry.reservation == name for entry in self.log.ledger)
        entry_id = f"e-{name}-{again}"
        self.log.ledger.append(billed(ticket, name, 0 if again else cost, self.now, entry_id=entry_id))

    async def sums(self) -> dict[str, int]:
        """Spent and held, as Valkey has them."""
        (key,) = await self.client.keys("headrace:budget:*")
        fields = await self.client.hgetall(key)
        period = start("hour", self.now)
        return {name: int(fields.get(f"{name}/{period}".encode(), 0)) for name in "sh"}
