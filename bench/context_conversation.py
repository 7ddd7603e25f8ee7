"""A conversation of 40 turns through a whole river, its worker killed in the middle: what summaries save and cost.

Each turn is a request that sends all turns before it along, as chat clients do, once the one before it is answered and
has been read.
The text is made up here. One run gives both figures, for each response says what was published and what was sent.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from schemas import topics
from schemas.codec import Codec
from schemas.enums import EntryKind, Lane
from schemas.errors import ServiceError
from schemas.ledger import LedgerEntry
from schemas.records import Message, PredictionRequest, PredictionResponse, Sampling
from streams.client import Reader, publisher, reader
from streams.local import LocalRiver, local_river
from streams.settings import Settings

POLICY = Path(__file__).with_name("conversation.toml")
TURNS = 40
KILLED_AFTER = 20
"""Turns, then the worker gets a SIGKILL while the next one is on its way."""
PAUSE_S = 10.0
"""For which a person reads an answer and writes the next question. Summaries are made meanwhile, and late otherwise."""
WAIT_S = 300.0
_TOWNS = ("Lyon", "Turin", "Graz", "Brno", "Lublin", "Riga", "Turku", "Bergen", "Aarhus", "Ghent")


def turns(count: int) -> Iterator[tuple[str, str]]:
    """What the user says and what the assistant has answered, turn by turn: each with figures of its own."""
    for day in range(1, count + 1):
        town, price, kilometres = _TOWNS[day % len(_TOWNS)], 60 + 7 * day % 90, 110 + 13 * day % 240
        yield (
            f"Day {day}: we drive {kilometres} km to {town} and sleep there for {price} euros. Please note it.",
            f"Noted. On day {day} you drive {kilometres} km to {town}, and the night there costs {price} euros.",
        )


def requests(count: int) -> Iterator[PredictionRequest]:
    """One request a turn, with all turns before it."""
    messages = [Message(role="system", content="You help with the plan of a journey. Answer in one sentence.")]
    for number, (asked, answered) in enumerate(turns(count), start=1):
        messages = [*messages, Message(role="user", content=asked)]
        yield PredictionRequest(
            request_id=f"turn-{number:02d}",
            tenant="bench",
            task="talk",
            messages=messages,
            sampling=Sampling(max_tokens=8),
        )
        messages = [*messages, Message(role="assistant", content=answered)]


async def measure(count: int = TURNS, killed_after: int = KILLED_AFTER) -> dict[str, Any]:
    """Run the conversation.

    Returns:
        ``tokens_without`` and ``tokens_with`` summaries, both of all prompts together; ``turns``;
        ``summary_calls``, those that the ledger knows of; ``summary_tokens`` that they read and wrote;
        ``repeated``, those of turns that had been summarised before; ``net_saving_nano_usd`` of the history strategy.

    Raises:
        ServiceError: a service did not start, or a turn was not answered.
    """
    say = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as scratch:
        directory = Path(scratch) / "river"
        async with local_river(directory, POLICY, keep=False, usual_ports=False, say=say.print) as river:
            responses = await _talk(river, list(requests(count)), killed_after, say)
            entries = await _all(river.settings, LedgerEntry, topics.LEDGER)
    # An entry that settlement has published twice is one.
    summaries = {entry.entry_id: entry for entry in entries if entry.request_id.startswith("summary-")}.values()
    savings = [line for entry in entries for line in entry.waterfall.savings if line.strategy == "history"]
    spent_again = sum(entry.unbilled_cost for entry in summaries if entry.kind is not EntryKind.SUMMARY)
    return {
        "turns": count,
        "tokens_without": sum(response.usage.published_tokens for response in responses),
        "tokens_with": sum(response.usage.prompt_tokens for response in responses),
        "summary_calls": len(summaries),
        "summary_tokens": sum(entry.usage.prompt_tokens + entry.usage.completion_tokens for entry in summaries),
        "repeated": len(summaries) - len({entry.request_id for entry in summaries}),
        "net_saving_nano_usd": sum(line.gross - line.cost for line in savings) - spent_again,
    }


async def _talk(
    river: LocalRiver, asked: list[PredictionRequest], killed_after: int, say: Console
) -> list[PredictionResponse]:
    codec = Codec()
    found = []
    async with (
        publisher(river.settings) as into,
        reader(river.settings, PredictionResponse, [topics.RESPONSES]) as out,
    ):
        for number, request in enumerate(track(asked, "turns", console=say), start=1):
            await into.publish(Lane.REALTIME, b"talk", codec.encode(request))
            if number == killed_after + 1:
                await river.worker.kill()
                await river.worker.start()
            found.append(await _answer(out, request.request_id))
            await asyncio.sleep(PAUSE_S)
        await _settled(river)
    return found


async def _answer(out: Reader[PredictionResponse], request_id: str) -> PredictionResponse:
    async with asyncio.timeout(WAIT_S):
        async for received in out.follow():
            if received.record.request_id == request_id:
                return received.record
    raise ServiceError(f"the turn {request_id} was not answered within {WAIT_S:.0f} s")


async def _settled(river: LocalRiver) -> None:
    """Wait until a summary that was asked for by the last turns has had its time."""
    count = -1
    for _ in range(12):
        before, count = count, len(await _all(river.settings, LedgerEntry, topics.LEDGER))
        if count == before:
            return
        await asyncio.sleep(10)


async def _all(settings: Settings, kind: Any, topic: str) -> list[Any]:
    async with reader(settings, kind, [topic]) as source:
        return [received.record for received in await source.to_the_end()]
