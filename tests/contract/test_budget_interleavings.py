"""Whatever order requests, crashes and losses come in, no strict budget is overspent."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import aclosing

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from agents.budgets.admission import Admission
from agents.budgets.budget import HOUR_MS, start
from agents.redis_client import connect
from schemas.records import InferenceTask, Ticket
from streams.embedded.valkey import ValkeyServer
from tests.fakes.bank import WORST, Bank
from tests.fakes.spending import TOKEN, asked, budget, policy, ticket_of

LIMIT = WORST + 3 * TOKEN
"""One request fills it nearly: what is overlooked is overspent."""
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["publish", *["step"] * 8, "again", "fold", "settle", "resettle", "flush", "tick"]),
        st.integers(0, 20),
    ),
    min_size=20,
    max_size=80,
)

GO = [("step", 1)] * 4
"""The second request goes all its way."""
LOST_ON_ITS_WAY = [("publish", 4), ("step", 0), ("flush", 0), ("publish", 4), *GO, *[("step", 0)] * 3]
"""Redis loses a reservation before the log has it."""
LOST_AT_THE_ENGINE = [("publish", 4), *[("step", 0)] * 3, ("flush", 0), ("publish", 4), *GO, ("step", 0)]
"""Redis loses a reservation whose request is spending."""
OVER_THE_END = [("publish", 4), *[("step", 0)] * 3, ("tick", 40), ("publish", 4), *GO, ("step", 0)]
"""An engine is at work when the period ends, and another request fills the next."""
LOST_TWICE = [("publish", 0), ("step", 0), ("flush", 0), ("publish", 2), ("step", 1), ("step", 0), ("step", 1)]
LOST_TWICE += [("flush", 0), *[("step", 0)] * 4]
"""Redis loses a reservation, grants another in its place, and loses that once both tasks are on the log."""


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(LOST_ON_ITS_WAY)
@example(LOST_AT_THE_ENGINE)
@example(OVER_THE_END)
@example(LOST_TWICE)
@given(STEPS)
def test_no_interleaving_of_requests_crashes_and_losses_overspends(
    valkey: ValkeyServer, steps: list[tuple[str, int]]
) -> None:
    asyncio.run(_interleaved(valkey.url, steps))


async def _interleaved(url: str, steps: list[tuple[str, int]]) -> None:
    async with aclosing(connect(url)) as client:
        await client.flushall()
        await _through(client, steps)


async def _through(client: Redis, steps: list[tuple[str, int]]) -> None:
    desk = Bank(client, policy(budget(LIMIT)))
    desk.now += HOUR_MS - 30_000  # the end of a period is near
    requests: list[Request] = []
    for what, choice in steps:
        if what == "publish":
            requests.append(Request(desk, len(requests), tokens=6 + choice % 5))
        elif what == "step" and (open_ := [request for request in requests if request.following != "done"]):
            await open_[choice % len(open_)].go_on()
        elif what == "again" and requests:
            requests[choice % len(requests)].following = "admit"  # its worker died: it is delivered again
        elif what == "fold" and desk.log.folded < len(desk.log.ledger):
            desk.log.fold()
        elif what == "settle":
            await desk.settle()
        elif what == "resettle":
            desk.settled = max(0, desk.settled - choice % 4)
        elif what == "flush":
            await client.flushall()
        elif what == "tick":
            desk.now += 1_000 * choice
        assert max(_spent(desk).values(), default=0) <= LIMIT
    # Whatever happened: in the end all is counted, and nothing is held any more.
    while any(request.following != "done" for request in requests):
        for request in requests:
            await request.go_on()
    await desk.settle()
    last = await desk.admit(10_000, tokens=1)
    assert await desk.sums() == {"s": _spent(desk)[start("hour", desk.now)], "h": TOKEN + 1 if last else 0}


def _spent(desk: Bank) -> dict[int, int]:
    """What is billed, by the period of the entry."""
    spent: dict[int, int] = defaultdict(int)
    for entry in desk.log.ledger:
        spent[start("hour", entry.occurred_at)] += entry.waterfall.effective_cost
    return spent


class Request:
    """A request on its way, that goes on to where its next record is durable."""

    def __init__(self, desk: Bank, number: int, tokens: int) -> None:
        self.desk = desk
        self.tokens = tokens
        self.number = number
        self.asked = asked(number, tokens)
        self.ticket: Ticket = ticket_of(self.asked, desk.now, number)
        self.task: InferenceTask
        self.following = "admit"

    async def go_on(self) -> None:
        """One step, as the stages would make it."""
        desk = self.desk
        if self.following == "send":
            self.task = desk.send(self.number, self.ticket, self.tokens)
            self.following = "confirm"
        elif self.following != "done" and desk.now >= self.ticket.deadline:
            self._answer(cost=0)
        elif self.following == "admit":
            admission = await desk.budgets.admit(self.asked, desk.task, self.ticket)
            self._go("send", unless=admission)
        elif self.following == "confirm":
            self._go("spend", unless=await desk.budgets.confirm(self.task))
        elif self.following == "spend":
            self._answer(cost=self.tokens * TOKEN)

    def _go(self, following: str, unless: Admission) -> None:
        self.following = following
        if unless.short is not None:
            self._answer(cost=0)

    def _answer(self, cost: int) -> None:
        self.desk.bill(self.ticket, cost)
        self.following = "done"
