"""What predictions are charged for GPU time, and what is left over, adds up to the GPU bill."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.inference.engine import Completion
from agents.inference.gpu import Gpu
from agents.inference.gpu_time import stated
from agents.inference.meter import Meter, Statement
from agents.waterfall import holds
from schemas.enums import EntryKind
from schemas.errors import PolicyError
from schemas.gpu import HOUR_US, GpuBook, GpuCard
from schemas.ledger import LedgerEntry, Timings

DAY_MS = 24 * 3_600_000
STEPS = st.lists(st.tuples(st.sampled_from(["enter", "leave", "lose", "state"]), st.integers(0, 10**7)), max_size=60)


def card(rate: int, effective_from: int = 0, gpus: int = 1) -> GpuCard:
    return GpuCard(model="m", version=f"v{effective_from}", effective_from=effective_from, gpus=gpus, hourly_rate=rate)


books = st.lists(
    st.builds(card, st.integers(0, 10**11), st.integers(1, 300_000), st.integers(1, 8)),
    max_size=3,
    unique_by=lambda one: one.effective_from,
).map(lambda later: GpuBook([card(2_490_000_000), *later]))


@given(books, st.lists(st.integers(0, 10**9), min_size=2, max_size=10).map(sorted))
def test_bills_of_adjoining_stretches_add_up_to_that_of_the_whole(book: GpuBook, cuts: list[int]) -> None:
    parts = [book.bill("m", begin, end) for begin, end in itertools.pairwise(cuts)]
    assert sum(parts) == book.bill("m", cuts[0], cuts[-1])
    assert min(parts) >= 0


def test_a_new_card_changes_what_comes_after_it_only() -> None:
    old, new = card(3_600_000_000), card(7_200_000_000, effective_from=DAY_MS, gpus=2)
    day_us = 1000 * DAY_MS
    assert GpuBook([old, new]).bill("m", 0, day_us) == GpuBook([old]).bill("m", 0, day_us) == 24 * 3_600_000_000
    assert GpuBook([new, old]).bill("m", day_us - HOUR_US, day_us + HOUR_US) == 3_600_000_000 + 2 * 7_200_000_000


def test_time_before_the_first_card_has_no_price() -> None:
    with pytest.raises(PolicyError, match=r"no GPU-hour card of model 'm' is effective at 5 µs"):
        GpuBook([card(1, effective_from=1)]).bill("m", 5, 6)


@given(books, STEPS)
def test_entries_idle_and_all_other_lines_are_the_gpu_bill_of_every_interval(book: GpuBook, steps: list[Any]) -> None:
    meter = Meter(lambda since, until: book.bill("m", since, until), 0)
    at, present, costs = 0, [], []
    charged: list[int] = []
    statements: list[Statement] = []
    for what, pause in [*steps, ("state", 1)]:
        at += pause
        if what == "enter":
            present.append((meter.enter(at), at))
        elif what == "state":
            statements.append(meter.state(at))
            assert sum(charged) == statements[-1].charged
            charged = []
        elif present:
            level, came = present.pop(pause % len(present))
            if what == "leave":
                charged.append(meter.leave(level, at))
                costs.append(charged[-1])
                assert 0 <= charged[-1] <= book.bill("m", came, at)
            else:
                meter.lose(level, at)
    for one in statements:
        assert one.charged + one.lost + one.idle + one.in_progress == one.bill == book.bill("m", one.since, one.until)
        assert min(one.charged, one.lost, one.idle) >= 0
    assert sum(one.bill for one in statements) == book.bill("m", 0, at)
    if not present:
        assert sum(one.in_progress for one in statements) == 0


@given(st.integers(1, 50), st.integers(1, 10**7))
def test_predictions_that_stay_together_pay_alike(count: int, stay: int) -> None:
    meter = Meter(lambda since, until: 7 * (until - since), 0)
    levels = [meter.enter(0) for _ in range(count)]
    costs = [meter.leave(level, stay) for level in levels]
    assert sum(costs) == 7 * stay
    assert max(costs) - min(costs) < count  # what does not divide goes to the last


def test_nobody_pays_for_time_at_which_others_were_there_alone() -> None:
    meter = Meter(lambda since, until: until - since, 0)
    first = meter.enter(0)
    second = meter.enter(90)
    assert meter.leave(second, 100) == 5
    assert meter.leave(first, 110) == 90 + 5 + 10


def test_a_clock_that_goes_back_stands_still() -> None:
    meter = Meter(lambda since, until: until - since, 100)
    level = meter.enter(50)
    assert meter.leave(level, 30) == 0
    assert meter.state(90).bill == 0


def test_idle_time_is_a_line_of_the_platforms_own_ledger() -> None:
    statement = Statement(since=60_000_000, until=120_000_000, bill=100, charged=40, lost=0, idle=75, in_progress=-15)
    names = {"model": "m", "worker": "w", "platform": "us", "version": "v", "policy_version": "p"}
    emit = stated(statement, **names)
    assert emit == stated(statement, **names)
    entry = emit.record
    assert isinstance(entry, LedgerEntry)
    assert (entry.kind, entry.tenant, entry.occurred_at) == (EntryKind.IDLE, "us", 60_000)
    assert {line.kind: line.cost for line in entry.waterfall.costs} == {"idle": 75, "in_progress": -15}
    assert holds(entry.waterfall)
    assert entry.waterfall.effective_cost + statement.charged == statement.bill
    assert entry.entry_id == "gpu-time/m/w/60000000"
    assert datetime.fromtimestamp(60, UTC).isoformat() in entry.decisions[0].why[0]


async def test_a_call_that_is_cancelled_is_lost_time_and_one_that_ends_is_charged() -> None:
    now = 0
    gpu = Gpu("m", GpuBook([card(HOUR_US)]), clock=lambda: now, worker="w")
    may_end = asyncio.Event()

    async def work() -> Completion:
        await may_end.wait()
        return Completion("text", "stop", 1, 0, 1, Timings(prefill=1, decode=3))

    staying, leaving = asyncio.create_task(gpu.priced(work())), asyncio.create_task(gpu.priced(work()))
    await asyncio.sleep(0)
    now = 100
    leaving.cancel()
    await asyncio.wait([leaving])
    now = 200
    may_end.set()
    _, cost = await staying
    assert (cost.cost, cost.version, cost.prefill, cost.decode) == (50 + 100, "v0", 1, 3)
    entry = gpu.state(platform="us", policy_version="p").record
    assert isinstance(entry, LedgerEntry)
    assert {line.kind: line.cost for line in entry.waterfall.costs} == {"lost": 50}
