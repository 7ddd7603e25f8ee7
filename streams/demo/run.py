"""The demo's course: publish the workload, watch what comes out, and hold it against what was known of it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from agents import policy as policies
from agents.lance_corpus import LanceCorpus
from agents.ledger.reconcile import Reconciliation
from schemas import topics
from schemas.codec import Codec
from schemas.errors import ServiceError
from schemas.records import DeadLetter, PredictionResponse
from streams import accounts
from streams.client import Publisher, Reader, publisher, reader
from streams.demo.findings import Answered, Findings, find
from streams.demo.workload import COLLECTION, HANDBOOK, OWNER, POLICY, Publish, Workload, build
from streams.ingest.changes import Collection
from streams.ingest.files import files
from streams.ingest.readers import READERS
from streams.ingest.shipping import shipping
from streams.local import LocalRiver, Say, local_river
from streams.settings import Settings

MORNING = 0.6
"""The share of the events that is published before the break. Afterwards the cache knows what the morning asked, on
a slow machine as on a fast one; what comes at the same moment is joined in flight."""
HALF_S = 10.0
"""How long each half takes to publish."""
BREAK_S = 60.0
"""The longest break; it ends as soon as nine in ten of the morning's requests have their response."""
GRACE_S = 2.0
"""How long to listen on after the last answer that was due: a second one would come then."""
STALL_S = 90.0
"""How long nothing may come before the demo gives up waiting."""
INGESTION_S = 60.0
"""How long the handbook may take to be indexed."""
LEDGER_S = 30.0
"""How long the ledger may take to catch up with the responses."""
_LOOK_S = 0.25


class Harvest:
    """What has come out of the river so far."""

    def __init__(self) -> None:
        self.answered: list[Answered] = []
        self.letters: list[DeadLetter] = []
        self.last = time.monotonic()
        """When something came last."""
        self._came = asyncio.Event()

    async def responses(self, source: Reader[PredictionResponse]) -> None:
        """Gather responses until cancelled."""
        async for received in source.follow():
            self.answered.append(Answered(received.record, received.timestamp))
            self.last = time.monotonic()
            self._came.set()

    async def dead_letters(self, source: Reader[DeadLetter]) -> None:
        """Gather dead letters until cancelled."""
        async for received in source.follow():
            self.letters.append(received.record)
            self.last = time.monotonic()

    async def answers(self, asked: set[str], share: float) -> None:
        """Wait until that share of the request ids has a response."""
        while len(self.ids & asked) < share * len(asked):
            self._came.clear()
            await self._came.wait()

    @property
    def ids(self) -> set[str]:
        """The request ids that have a response."""
        return {found.response.request_id for found in self.answered}

    @property
    def by_source(self) -> str:
        """How many answers each source gave, in one line."""
        counted = Counter(found.response.source.lower().replace("_", " ") for found in self.answered)
        return "  ".join(f"{source} {count}" for source, count in counted.most_common())


async def run(directory: Path, console: Console, say: Say, *, seed: int) -> Findings:
    """The whole demo. It leaves the ledger, the responses and the worker's log in ``directory``.

    Raises:
        ServiceError: a service or the worker did not start, or ended; with the end of its log.
    """
    workload = build(Codec().encode, seed=seed)
    async with local_river(directory, POLICY, keep=False, usual_ports=False, say=say) as river:
        say(f"ingesting the bank's handbook for tenant {OWNER}")
        await _ingest(river.settings)
        say(f"publishing {workload.events} events to {river.broker}, in two halves: a morning and an afternoon")
        harvest = await through(river, workload, console)
        found = await _reconciled(river.settings.ledger_url, harvest)
    accounts.write_responses(directory / accounts.RESPONSES, [one.response for one in harvest.answered])
    with accounts.opened(river.settings.ledger_url) as queries:
        money = queries.savings()
    return find(workload, harvest.answered, harvest.letters, money, found)


async def _ingest(settings: Settings) -> None:
    """Make the handbook ready to be retrieved from.

    Raises:
        ServiceError: it was refused, or not indexed in time.
    """
    rules = await asyncio.to_thread(policies.load, settings.policy_file())
    into = Collection(OWNER, COLLECTION, policy=rules, codec=Codec(), metadata={})
    corpus = await LanceCorpus.open(settings.corpus, model=rules.embedder)
    try:
        async with shipping(settings, into, corpus) as ship:
            await ship.ship([into.ingested(file) for file in files([HANDBOOK], READERS)])
            refused = await ship.arrived(INGESTION_S, lambda done: None)
    finally:
        await corpus.close()
    if refused:
        raise ServiceError(f"the handbook was refused: {refused}")


async def through(river: LocalRiver, workload: Workload, console: Console) -> Harvest:
    """Lead the workload through the river; return all that came out, once nothing more is due or nothing comes.

    Raises:
        ServiceError: the worker ended, or Kafka does not answer.
    """
    harvest = Harvest()
    due = workload.due
    with _progress(console) as bars:
        sent = bars.add_task("published", total=workload.events, note="")
        got = bars.add_task("answered", total=len(due), note="")
        async with _gathering(river.settings, harvest) as gathering:
            sending = asyncio.create_task(_publish(river.settings, workload, harvest, lambda: bars.advance(sent)))
            try:
                while not _over(harvest, workload, sending):
                    await asyncio.sleep(_LOOK_S)
                    river.worker.check()
                    for task in (*gathering, sending):
                        if task.done():
                            task.result()  # raises what it ended with
                    bars.update(got, completed=len(harvest.ids & due), note=harvest.by_source)
            finally:
                sending.cancel()
    return harvest


def _over(harvest: Harvest, workload: Workload, sending: asyncio.Task[None]) -> bool:
    out = harvest.ids >= workload.due and len(harvest.letters) >= len(workload.malformed)
    quiet = time.monotonic() - harvest.last
    return quiet > (GRACE_S if out and sending.done() else STALL_S)


@asynccontextmanager
async def _gathering(settings: Settings, harvest: Harvest) -> AsyncIterator[list[asyncio.Task[None]]]:
    async with (
        reader(settings, PredictionResponse, [topics.RESPONSES]) as responses,
        reader(settings, DeadLetter, [topics.DEAD_LETTERS]) as letters,
    ):
        tasks = [
            asyncio.create_task(harvest.responses(responses)),
            asyncio.create_task(harvest.dead_letters(letters)),
        ]
        try:
            yield tasks
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _publish(settings: Settings, workload: Workload, harvest: Harvest, advance: Callable[[], None]) -> None:
    noon = int(MORNING * len(workload.publishes))
    morning, afternoon = workload.publishes[:noon], workload.publishes[noon:]
    asked = {event.key.decode() for event in morning} & workload.due
    async with publisher(settings) as river, asyncio.TaskGroup() as group:
        for talk in workload.talks:
            group.create_task(_talk(river, talk, harvest, advance))
        await _paced(river, morning, advance)
        with suppress(TimeoutError):
            await asyncio.wait_for(harvest.answers(asked, 0.9), BREAK_S)
        await _paced(river, afternoon, advance)


async def _talk(river: Publisher, turns: Sequence[Publish], harvest: Harvest, advance: Callable[[], None]) -> None:
    for event in turns:
        await river.publish(event.lane, event.key, event.value)
        advance()
        await harvest.answers({event.key.decode()}, 1.0)


async def _paced(river: Publisher, events: Sequence[Publish], advance: Callable[[], None]) -> None:
    began = time.monotonic()
    for number, event in enumerate(events):
        due = began + HALF_S * number / len(events)
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        await river.publish(event.lane, event.key, event.value)
        advance()


async def _reconciled(ledger_url: str, harvest: Harvest) -> Reconciliation:
    """The three accounts, once they agree or the ledger has had its time."""
    until = time.monotonic() + LEDGER_S
    responses = [found.response for found in harvest.answered]
    while True:
        found = await asyncio.to_thread(accounts.reconciled, ledger_url, responses)
        if found.agrees or time.monotonic() > until:
            return found
        await asyncio.sleep(_LOOK_S)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:>9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
    )
