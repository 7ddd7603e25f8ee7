"""Whether the queue in front of the engine costs anything: the river beside raw vLLM, and what order and sharing give.

Everything runs in one go, on one model, with one Kafka and one Valkey of its own:

1. *efficiency*: tokens/s of the whole river (Kafka, Avro, ledger) over raw ``vllm.LLM.generate`` on the same prompts,
   whose lengths are drawn from a real trace; both are loaded and warm, and take turns.
2. *prefix gain*: tokens/s with prompts of 20 prefixes let in grouped by prefix, over the order of arrival; one engine,
   whose prefix cache is too small for all of them.
3. *single flight*: requests of which three in ten repeat another that is in flight; engine calls.
4. *lanes*: p99 of real time under a batch backlog that would fill the engine, over its p99 alone; in turns.
5. *replay*: the trace's own arrivals, at the pace of which the engine can keep up, and at twice that.
6. *server*: the same prompts through vLLM's own OpenAI-compatible server; answers and bills that differ.
7. *kill*: SIGKILL of the engine's process while it works; the worker is started again; answers a request.

All on a model that ends no answer by itself: answers are as long as the trace's.

Trace: AzureLLMInferenceTrace_conv.csv of github.com/Azure/AzurePublicDataset (CC-BY-4.0), which holds arrivals and
lengths and no text; the text is made up here. Ratios are of medians, or medians of ratios where programs take turns.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from agents.chat_template import ChatTemplate
from agents.inference.vllm_engine import WITHOUT_BF16, arguments
from bench.endless_model import endless
from bench.engine_load import SLOW, Arrival, Scale, Texts, arrivals, described, drawn, served
from bench.engine_prefixes import prefix_gain
from bench.engine_river import EngineRiver, Run, Work, engine_river
from bench.raw_vllm import Generated, raw_vllm
from bench.vllm_server import VllmServer
from schemas.enums import Lane, Status
from schemas.records import Message
from streams.embedded.model import model_dir

VLLM_SPINS_S = 1.5
"""A little more than ``busy_loop_s`` of vLLM's ``SpinCondition``."""

say = Console(stderr=True)


async def efficiency(river: EngineRiver, scale: Scale, works: Callable[[int], list[Work]]) -> dict[str, Any]:
    """Line 1.

    A turn begins when the other's engine sleeps: vLLM spins for a second after its last step. The first turns are not
    counted: the broker is compiled in them.
    """
    template = ChatTemplate.load(scale.model)
    ours: list[float] = []
    theirs: list[float] = []
    async with raw_vllm(arguments(served(scale, scale.cache_bytes), cpu=_cpu())) as raw:
        for number in range(-1, scale.pairs):
            asked = works(scale.requests)
            batch = [(template.render([Message(role="user", content=one.question)]), one.answer) for one in asked]
            turns: list[tuple[list[float], Callable[[], Awaitable[Run | Generated]]]] = [
                (ours, partial(river.run, asked)),
                (theirs, partial(raw.generate, batch)),
            ]
            for speeds, turn in reversed(turns) if number % 2 else turns:
                await asyncio.sleep(VLLM_SPINS_S)
                made = await turn()
                if made.tokens != (due := sum(one.answer for one in asked)):
                    raise RuntimeError(f"{made.tokens} tokens were made of {due}: an answer failed, or ended early")
                speeds.append(made.tokens / made.seconds)
    del ours[0], theirs[0]
    ratios = [river_speed / raw_speed for river_speed, raw_speed in zip(ours, theirs, strict=True)]
    return {
        "efficiency": statistics.median(ratios),
        "efficiency_pairs": ratios,
        "river_tokens_per_s": statistics.median(ours),
        "raw_tokens_per_s": statistics.median(theirs),
    }


async def single_flight(river: EngineRiver, scale: Scale, texts: Texts, chance: random.Random) -> dict[str, Any]:
    """Line 3."""
    distinct = [Work(texts.question(20), 24) for _ in range(scale.requests * 7 // 10)]
    asked = [*distinct, *chance.choices(distinct, k=scale.requests - len(distinct))]
    chance.shuffle(asked)
    before = await _executions(river)
    run = await river.run(asked)
    sources = [one.record.source.value for one in run.responses]
    return {
        "engine_calls": int(await _executions(river) - before),
        "distinct_fingerprints": len(distinct),
        "sources": {name: sources.count(name) for name in sorted(set(sources))},
    }


async def lanes(river: EngineRiver, scale: Scale, texts: Texts, chance: random.Random) -> dict[str, Any]:
    """Line 4. Real time asks for a fifth of what the engine can do, and begins when batch has all that it may have.

    Batch's answers are of many lengths: of one length, they would all end together, again and again.
    """
    count = max(40, scale.requests)
    backlog = 2 * count + 4 * scale.at_once
    pace = count / (await river.run([Work(texts.question(20), 16) for _ in range(count)])).seconds

    def realtime() -> list[Work]:
        return [Work(texts.question(20), 16, at / (0.2 * pace)) for at in range(count)]

    alone: list[Run] = []
    crowded: list[Run] = []
    done, left = [], []
    for number in range(scale.pairs):
        if number % 2 == 0:
            alone.append(await river.run(realtime()))
        lengths = [chance.randint(8, 56) for _ in range(backlog)]
        waiting = await river.publish([Work(texts.question(40), length, lane=Lane.BATCH) for length in lengths])
        while (before := sum(name in river.received for name in waiting)) < 2 * scale.at_once:
            await river.listen()  # it is full of batch by then
        crowded.append(await river.answers(await river.publish(realtime())))
        left.append(sum(name not in river.received for name in waiting))
        done.append(backlog - before - left[-1])
        await river.answers(waiting)
        if number % 2:
            alone.append(await river.run(realtime()))
    ratios = [_p99(crowd.seconds_each) / _p99(own.seconds_each) for crowd, own in zip(crowded, alone, strict=True)]
    return {
        "realtime_p99_ratio": statistics.median(ratios),
        "realtime_p99_ratio_pairs": ratios,
        "realtime_p99_s_alone": statistics.median(_p99(run.seconds_each) for run in alone),
        "realtime_p99_s_in_a_crowd": statistics.median(_p99(run.seconds_each) for run in crowded),
        "batch_done_meanwhile": done,
        "batch_left_then": left,
    }


async def replay(river: EngineRiver, scale: Scale, trace: Sequence[Arrival], texts: Texts) -> dict[str, Any]:
    """Line 5. The trace's arrivals are stretched until it asks for what the engine can do with all of it at hand."""
    part = trace[: 3 * scale.requests]
    full = await river.run([Work(texts.question(one.prompt), one.answer) for one in part[: scale.requests]])
    wanted = sum(one.answer for one in part) * full.seconds / full.tokens
    found: dict[str, Any] = {}
    for name, load in (("replay", 0.7), ("overload", 2.0)):
        stretch = wanted / load / max(part[-1].at_s, 1e-9)
        works = [Work(texts.question(one.prompt), one.answer, one.at_s * stretch) for one in part]
        before = river.memory_bytes()
        watching = asyncio.create_task(_most(river.memory_bytes))
        run = await river.run(works)
        watching.cancel()
        most = (await asyncio.gather(watching, return_exceptions=True))[0]
        seconds = run.seconds_each
        answered = sum(one.record.status is Status.COMPLETED for one in run.responses)
        found[name] = {
            "load": load,
            "requests": len(works),
            "answered": answered,
            "goodput_tokens_per_s": run.tokens / run.seconds,
            "goodput_of_saturation": run.tokens / run.seconds / (full.tokens / full.seconds),
            "p50_s": statistics.median(seconds),
            "p99_s": _p99(seconds),
            "worker_memory_growth": (most if isinstance(most, int) else river.memory_bytes()) / before - 1,
        }
    return found


async def server(river: EngineRiver, scale: Scale, works: Callable[[int], list[Work]], scratch: Path) -> dict[str, Any]:
    """Line 6."""
    asked = works(scale.requests)
    inside = await river.run(asked)
    limits = {"window": scale.window, "max_num_seqs": scale.at_once, "cache_bytes": scale.cache_bytes}
    dtype = arguments(served(scale, scale.cache_bytes), cpu=_cpu()).get("dtype", "auto")
    async with VllmServer(scale.model, served_as="bench", dtype=dtype, **limits) as running:
        model = described(scale, engine="openai", url=running.url)
        async with engine_river(scratch / "server", model) as other:
            outside = await other.run(asked)
            theirs = other.bill([one.record.request_id for one in outside.responses])
    ours = river.bill([one.record.request_id for one in inside.responses])
    pairs = list(zip(inside.responses, outside.responses, strict=True))
    texts = [one.record.text != another.record.text for one, another in pairs]
    bills = [one != another for one, another in zip(ours, theirs, strict=True)]
    return {
        "server_compared": len(asked),
        "server_texts_differ": sum(texts),
        "server_bills_differ": sum(bills),
        # A text of other tokens may well cost as much; a bill that differs for another reason is a fault.
        "server_bills_differ_of_equal_texts": sum(bill and not text for bill, text in zip(bills, texts, strict=True)),
    }


async def kill(river: EngineRiver, scale: Scale, works: Callable[[int], list[Work]]) -> dict[str, Any]:
    """Line 7."""
    asked = works(scale.requests)
    names = await river.publish(asked)
    while sum(name in river.received for name in names) < len(names) // 4:
        await river.listen()
    river.kill_engine()
    while river.worker.running:
        await river.listen()
    done = sum(name in river.received for name in names)
    await river.worker.start()
    run = await river.answers(names)
    await river.listen(3.0)
    return {
        "kill_requests": len(names),
        "kill_answered_before": done,
        "kill_completed": sum(one.record.status is Status.COMPLETED for one in run.responses),
        "kill_answered_more_than_once": sum(len(river.received[name]) > 1 for name in names),
    }


async def measure(scale: Scale, trace: Path, lines: set[int], scratch: Path) -> dict[str, Any]:
    """The lines that are asked for."""
    chance, texts = random.Random(scale.seed), Texts(scale.seed)
    lengths = await asyncio.to_thread(arrivals, trace, scale)
    found: dict[str, Any] = {"device": _device(), "scale": scale._asdict()}

    def works(count: int) -> list[Work]:
        return drawn(lengths, count, chance, texts)

    async def line(number: int, what: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        if number in lines:
            say.print(f"line {number}")
            found.update(measured := await what())
            say.print(measured)

    await line(2, lambda: prefix_gain(scale, texts, chance))
    if lines - {2}:
        async with engine_river(scratch / "river", described(scale)) as river:
            await line(1, lambda: efficiency(river, scale, works))
            await line(3, lambda: single_flight(river, scale, texts, chance))
            await line(4, lambda: lanes(river, scale, texts, chance))
            await line(5, lambda: replay(river, scale, lengths, texts))
            await line(6, lambda: server(river, scale, works, scratch))
            await line(7, lambda: kill(river, scale, works))
    return found


async def _executions(river: EngineRiver) -> float:
    return await river.metric("headrace_engine_request_seconds_count", phase="decode")


async def _most(read: Callable[[], int]) -> int:
    most = 0
    try:
        while True:
            most = max(most, read())
            await asyncio.sleep(0.5)
    except asyncio.CancelledError:
        return most


def _p99(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[98]


def _cpu() -> str | None:
    import torch  # noqa: PLC0415

    return None if torch.cuda.is_available() else torch.backends.cpu.get_cpu_capability()


def _device() -> str:
    import torch  # noqa: PLC0415

    return f"CPU, {cpu}" if (cpu := _cpu()) else str(torch.cuda.get_device_name())


def main(
    trace: Annotated[Path, typer.Argument(help="AzureLLMInferenceTrace_conv.csv", exists=True, dir_okay=False)],
    model: Annotated[str, typer.Option(help="A model's folder, or embedded.")] = "embedded",
    window: Annotated[int | None, typer.Option(help="Tokens of a prompt with its answer.")] = None,
    at_once: Annotated[int | None, typer.Option(help="Prompts that the engine works on at once.")] = None,
    cache_mib: Annotated[int | None, typer.Option(help="MiB for keys and values, of each of two engines.")] = None,
    small_cache_mib: Annotated[int | None, typer.Option(help="The same, too small for 20 prefixes.")] = None,
    prefix_words: Annotated[int | None, typer.Option(help="Of each of these; over 128 on CPUs, a block.")] = None,
    requests: Annotated[int | None, typer.Option(help="Requests of a run.")] = None,
    pairs: Annotated[int | None, typer.Option(help="How often programs take turns.")] = None,
    shrink: Annotated[float | None, typer.Option(help="The trace's lengths are divided by this.")] = None,
    lines: Annotated[str, typer.Option(help="Which of the seven lines.")] = "1,2,3,4,5,6,7",
    seed: Annotated[int | None, typer.Option(help="Of lengths, texts and orders.")] = None,
    format: Annotated[str, typer.Option(help="table or json")] = "table",  # noqa: A002
) -> None:
    """Measure the engine behind the river. What is not given is chosen by the processor, and said in the JSON."""
    given: dict[str, Any] = {
        "window": window,
        "at_once": at_once,
        "cache_bytes": cache_mib and cache_mib << 20,
        "small_cache_bytes": small_cache_mib and small_cache_mib << 20,
        "prefix_words": prefix_words,
        "requests": requests,
        "pairs": pairs,
        "shrink": shrink,
        "seed": seed,
    }
    usual = SLOW if _cpu() == WITHOUT_BF16 else {}
    chosen = usual | {name: value for name, value in given.items() if value is not None}
    with tempfile.TemporaryDirectory() as scratch:
        folder = model_dir() if model == "embedded" else Path(model)
        scale = Scale(str(endless(folder, Path(scratch) / "model")), **chosen)
        found = asyncio.run(measure(scale, trace, {int(number) for number in lines.split(",")}, Path(scratch)))
    if format == "json":
        print(msgspec.json.encode(found).decode())
        return
    table = Table("", f"on {found['device']}")
    for name, value in found.items():
        if name not in ("device", "scale"):
            table.add_row(name.replace("_", " "), _shown(value))
    Console().print(table)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.3f}"
    if isinstance(value, list):
        return "  ".join(map(_shown, value))
    if isinstance(value, dict):
        return "\n".join(f"{name.replace('_', ' ')}: {_shown(inner)}" for name, inner in value.items())
    return str(value)


if __name__ == "__main__":
    typer.run(main)
