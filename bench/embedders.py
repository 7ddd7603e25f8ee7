"""Every backend of the embedding model beside torch: texts a second and a CPU-second, and how near the vectors are.

Backends take turns, batch by batch, so that whatever else the machine does hits all of them. A rate is of the fastest
turn; CPU is the process's own, user and system. The texts are those that a backend is checked on at start, and
questions of about 17 tokens each.
"""

from __future__ import annotations

import os
import time
from typing import Annotated, Any, NamedTuple

import msgspec
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from agents.embedder_check import known, least_cosine
from agents.embedders import spare_cores
from agents.local_embedder import BATCH, Encoder
from agents.openvino_embedder import OpenVinoEncoder, export, precisions
from agents.sentence_transformers_embedder import SentenceTransformersEncoder
from streams.embedded.model import embedder_dir

BATCHES = (1, 8, BATCH)
TURN_S = 0.25

say = Console(stderr=True)


class Turn(NamedTuple):
    """One backend, for a quarter of a second."""

    texts: int
    wall_s: float
    cpu_s: float


def question(number: int) -> str:
    """Two that are not alike in their numbers are not alike in their tokens."""
    return f"What is the fee for a transfer of kind {number} to an account abroad?"


def turn(encoder: Encoder, batch: int) -> Turn:
    """Embed batches until the turn is over."""
    number, began, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - began < TURN_S:
        encoder.encode([question(number + at) for at in range(batch)])
        number += batch
    return Turn(number, time.perf_counter() - began, time.process_time() - cpu)


def compare(model: str, threads: int, rounds: int) -> dict[str, Any]:
    """All backends at all sizes of a batch."""
    torch = SentenceTransformersEncoder.load(model, threads=threads)
    reference = known(torch)
    exported = export(torch.model)
    encoders: dict[str, Encoder] = {"torch": torch}
    for precision in precisions():
        encoders[f"openvino {precision}"] = OpenVinoEncoder(exported, precision=precision, threads=threads)
    turns: dict[tuple[str, int], list[Turn]] = {(name, batch): [] for name in encoders for batch in BATCHES}
    for _ in track(range(rounds), "rounds", console=say):
        for batch in BATCHES:
            for name, encoder in encoders.items():
                turns[name, batch].append(turn(encoder, batch))
    rates = {key: max(one.texts / one.wall_s for one in measured) for key, measured in turns.items()}
    efficiency = {key: max(one.texts / one.cpu_s for one in measured) for key, measured in turns.items()}
    return {
        "backends": {
            name: {
                "least_cosine": least_cosine(encoder, reference),
                "batches": {
                    str(batch): {
                        "texts_per_s": rates[name, batch],
                        "texts_per_cpu_s": efficiency[name, batch],
                        "ratio_vs_torch": rates[name, batch] / rates["torch", batch],
                        "cpu_ratio_vs_torch": efficiency[name, batch] / efficiency["torch", batch],
                    }
                    for batch in BATCHES
                },
            }
            for name, encoder in encoders.items()
        },
        "threads": threads,
        "cores": len(os.sched_getaffinity(0)),
        "rounds": rounds,
    }


def main(
    model: Annotated[str, typer.Option(help="A sentence-transformers model; the embedded one by default.")] = "",
    threads: Annotated[int, typer.Option(help="Cores a batch may use; a worker's default if 0.")] = 0,
    rounds: Annotated[int, typer.Option(help="Turns of each backend at each size of a batch.")] = 8,
    format: Annotated[str, typer.Option(help="table or json")] = "table",  # noqa: A002
) -> None:
    """Measure the embedding backends and print the ratios."""
    found = compare(model or str(embedder_dir()), threads or spare_cores(), rounds)
    if format == "json":
        print(msgspec.json.encode(found).decode())
        return
    shown = Table("", "cosine", "batch", "texts/s", "x torch", "texts/CPU-s", "x torch")
    for name, backend in found["backends"].items():
        for batch, one in backend["batches"].items():
            shown.add_row(
                name,
                f"{backend['least_cosine']:.5f}",
                batch,
                f"{one['texts_per_s']:,.0f}",
                f"{one['ratio_vs_torch']:.2f}",
                f"{one['texts_per_cpu_s']:,.0f}",
                f"{one['cpu_ratio_vs_torch']:.2f}",
            )
    Console().print(shown)


if __name__ == "__main__":
    typer.run(main)
