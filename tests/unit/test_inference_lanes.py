"""The inference stage: real time beside batch, and batch that real time joins."""

from __future__ import annotations

import asyncio

import pytest

from agents.budgets.admission import Admission
from agents.budgets.budgets import Budgets
from agents.inference.engine import Completion, Prompt
from agents.inference.stage import InferenceStage
from schemas.enums import Lane
from schemas.records import InferenceTask
from tests.fakes.engine import FakeEngine
from tests.fakes.records import AT, lookup
from tests.unit.inference_bench import policy, run, stage, task


class Watched(FakeEngine):
    """Remembers who came, and by which lane."""

    def __init__(self) -> None:
        super().__init__("small", capacity=1, seconds_per_token=0.001)
        self.seen: list[tuple[str, Lane]] = []

    async def generate(self, prompt: Prompt) -> Completion:
        self.seen.append((prompt.key, prompt.lane))
        return await super().generate(prompt)


def backlog() -> list[InferenceTask]:
    return [task(f"r-{at}", lane=Lane.BATCH, lookup=lookup(fingerprint=f"f{at}")) for at in range(6)]


async def test_work_of_batch_that_real_time_joins_is_the_engines_as_real_time() -> None:
    engine = Watched()
    inference = stage(engine)
    working = asyncio.create_task(run(inference, *backlog()))
    while not engine.seen:
        await asyncio.sleep(0)
    await run(inference, task("r-9", lookup=lookup(fingerprint="f5")))
    await working
    assert engine.seen[1] == ("r-5", Lane.REALTIME)
    assert [lane for key, lane in engine.seen if key != "r-5"] == [Lane.BATCH] * 5


class Accounts(Budgets):
    """Answers all who asked at once, when it is told to."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()

    async def confirm(self, task: InferenceTask) -> Admission:
        await self.reached.wait()
        return Admission()


@pytest.mark.parametrize("confirms", [False, True])
async def test_work_of_batch_is_joined_in_the_instant_in_which_it_begins(confirms: bool) -> None:
    engine, budgets = Watched(), Accounts() if confirms else None
    inference = InferenceStage([engine], policy(), new_id=lambda: "a", now=lambda: AT, budgets=budgets)
    working = asyncio.create_task(run(inference, *backlog(), task("r-9", lookup=lookup(fingerprint="f5"))))
    if budgets is not None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        budgets.reached.set()
    await working
    assert engine.seen[0] == ("r-5", Lane.REALTIME)


@pytest.mark.parametrize(("share", "of_eight"), [(0.5, 4), (0.25, 2)])
async def test_batch_fills_its_models_share_while_real_time_comes(share: float, of_eight: int) -> None:
    inference = stage(FakeEngine("small", capacity=8, seconds_per_token=60), policy=policy(batch_share=share))
    lanes = [Lane.REALTIME, *[Lane.BATCH] * 12]
    tasks = [task(f"r-{at}", lane=lane, lookup=lookup(fingerprint=f"f{at}")) for at, lane in enumerate(lanes)]
    working = asyncio.create_task(run(inference, *tasks))
    await asyncio.sleep(0.01)
    level = inference.loads()["small"].level
    assert (level.inside, level.waiting) == (1 + of_eight, 12 - of_eight)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working


async def test_the_first_of_real_time_is_run_at_once_beside_a_backlog_of_batch() -> None:
    engine = FakeEngine("small", capacity=8, seconds_per_token=60)
    inference = stage(engine)
    backlog = [task(f"r-{at}", lane=Lane.BATCH, lookup=lookup(fingerprint=f"f{at}")) for at in range(12)]
    working = [asyncio.create_task(run(inference, *backlog))]
    await asyncio.sleep(0.01)
    assert engine.running == 7
    working.append(asyncio.create_task(run(inference, task("r-99", lookup=lookup(fingerprint="f99")))))
    await asyncio.sleep(0.01)
    assert engine.running == 8
    for one in working:
        one.cancel()
    await asyncio.wait(working)
