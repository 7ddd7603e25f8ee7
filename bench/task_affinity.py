"""How keys of tasks share out prompts among workers: how even the work is, and how much of it a prefix cache saves.

A simulation on Mooncake's trace of real prompts, of which it tells the arrival, the lengths, and the blocks of 512
tokens that they are made of (FAST25-release/traces of github.com/kvcache-ai/Mooncake, Apache-2.0). The trace does not
say which blocks are a system prompt, so it is read in four ways:

- *conversations*: no system prompt; prompts that share their first block are turns of one conversation;
- *desk*: the same, behind three system prompts of two blocks, which have 60, 30 and 10% of the conversations;
- *documents*: the first block is the system prompt, and each prompt asks something else about it;
- *examples*: one system prompt and one opening of four blocks for all.

Each worker has a prefix cache of so many blocks, the least recently used of which goes first. Its work is the prompt
tokens that it did not find there, and its answers' tokens, each of which counts as eight.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from agents.affinity import Affinity, beginnings
from bench.tasks import task
from schemas.records import InferenceTask, Message

BLOCK = 512
ANSWER_WEIGHT = 8
"""An answer's token costs an engine more than a prompt's: prompts are computed many tokens at a time."""


class Row(msgspec.Struct):
    """One line of the trace."""

    output_length: int
    hash_ids: list[int]


class Prompt(NamedTuple):
    """A prompt of the simulation."""

    task: InferenceTask
    blocks: Sequence[Hashable]
    answer: int


def prompt(row: Row, number: int, system: Sequence[Hashable], opening: Hashable, shots: Sequence[Hashable]) -> Prompt:
    """A row, read one way: with system blocks in front, an opening, and blocks of examples that all have."""
    own = [block for block in row.hash_ids if block not in system]
    roles = [("system", system)] if system else []
    messages = [Message(role=role, content=repr(said)) for role, said in roles]
    messages += [Message(role="user", content=repr(opening)), Message(role="assistant", content="")]
    messages += [Message(role="user", content=repr(number))]
    fingerprint = f"{system} {opening} {own}"
    return Prompt(task(str(number), fingerprint, messages), [*system, *shots, *own], row.output_length)


def conversations(rows: Sequence[Row]) -> Iterator[Prompt]:
    """No system prompt."""
    for number, row in enumerate(rows):
        yield prompt(row, number, (), row.hash_ids[0], ())


def desk(rows: Sequence[Row]) -> Iterator[Prompt]:
    """Three system prompts."""
    for number, row in enumerate(rows):
        drawn = zlib.crc32(str(row.hash_ids[0]).encode()) % 10
        desk = 0 if drawn < 6 else 1 if drawn < 9 else 2
        yield prompt(row, number, [f"desk {desk} 0", f"desk {desk} 1"], row.hash_ids[0], ())


def documents(rows: Sequence[Row]) -> Iterator[Prompt]:
    """The first block is the system prompt."""
    for number, row in enumerate(rows):
        yield prompt(row, number, row.hash_ids[:1], number, ())


def examples(rows: Sequence[Row]) -> Iterator[Prompt]:
    """One beginning for all."""
    for number, row in enumerate(rows):
        yield prompt(row, number, ["system"], "example", [f"example {at}" for at in range(4)])


READINGS = (conversations, desk, documents, examples)
KEYS: dict[str, Callable[[], Callable[[InferenceTask], bytes]]] = {
    "fingerprint": lambda: lambda task: task.lookup.fingerprint.encode(),
    "plain prefix": lambda: lambda task: beginnings(task)[0].encode(),
    "affinity": lambda: Affinity().key,
}


class Outcome(NamedTuple):
    """What one kind of key gave."""

    hit_share: float
    """Of the prompts' blocks, those that were found in a prefix cache."""
    balance: float
    """The busiest worker's work over the mean: 1 is even."""


def simulate(
    prompts: Sequence[Prompt], key: Callable[[InferenceTask], bytes], *, workers: int, partitions: int, blocks: int
) -> Outcome:
    """Send every prompt to the worker of its key's partition."""
    kept: list[OrderedDict[Hashable, None]] = [OrderedDict() for _ in range(workers)]
    work = [0] * workers
    found = asked = 0
    for one in prompts:
        # As the outlet partitions, and partitions are dealt out.
        worker = zlib.crc32(key(one.task)) % partitions % workers
        cache = kept[worker]
        hits = next((at for at, block in enumerate(one.blocks) if block not in cache), len(one.blocks))
        for block in one.blocks:
            cache[block] = None
            cache.move_to_end(block)
        while len(cache) > blocks:
            cache.popitem(last=False)
        found, asked = found + hits, asked + len(one.blocks)
        work[worker] += (len(one.blocks) - hits) * BLOCK + one.answer * ANSWER_WEIGHT
    return Outcome(found / asked, max(work) / (sum(work) / workers))


def compare(trace: Path, workers: Sequence[int], partitions: int, blocks: int) -> list[dict[str, Any]]:
    """Every reading, with every kind of key, on every number of workers."""
    rows = [msgspec.json.decode(line, type=Row) for line in trace.read_bytes().splitlines()]
    return [
        {"reading": reading.__name__, "key": name, "workers": count}
        | simulate(prompts, key(), workers=count, partitions=partitions, blocks=blocks)._asdict()
        for reading in READINGS
        for prompts in [list(reading(rows))]
        for name, key in KEYS.items()
        for count in workers
    ]


def main(
    trace: Annotated[Path, typer.Argument(help="mooncake's synthetic_trace.jsonl", exists=True, dir_okay=False)],
    partitions: Annotated[int, typer.Option(help="Of the tasks topic.")] = 8,
    blocks: Annotated[int, typer.Option(help="Blocks of 512 tokens that a worker's prefix cache holds.")] = 4000,
    format: Annotated[str, typer.Option(help="table or json")] = "table",  # noqa: A002
) -> None:
    """Compare keys of tasks on a trace."""
    workers = (1, 2, 4)
    found = compare(trace, workers, partitions, blocks)
    if format == "json":
        print(msgspec.json.encode(found).decode())
        return
    on = ", ".join(map(str, workers))
    table = Table("reading", "key", f"hits on {on} workers", "busiest over mean")
    for at in range(0, len(found), len(workers)):
        of = found[at : at + len(workers)]
        shares, balances = ("  ".join(f"{one[name]:.2f}" for one in of) for name in ("hit_share", "balance"))
        table.add_row(of[0]["reading"], of[0]["key"], shares, balances)
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
