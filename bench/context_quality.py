"""What the context stage takes out, and what of the answers is left: retrieval, compression, routing, history.

- Recall of the right context in the first five, for vectors, for words, and for both fused (``--tatqa``).
- The same questions with their context among others: the share whose answer is still in the prompt after compression.
- Routing (``--routing``): quality against the share of questions that is sent to the strong model, cross-validated.
- A conversation of 40 turns through a whole river whose worker is killed: tokens with and without summaries.

Public data of these shapes: ``tatqa_dataset_dev.json`` of the GitHub repository NExTplusplus/TAT-QA, and
``evals/gsm8k/gsm8k_responses.csv`` of lm-sys/RouteLLM. Of the former, half was looked at when retrieval's
rankings were chosen (``bench/context_recall.py``); the router is fitted on folds of the latter and measured on the
others.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from bench import context_compression, context_conversation, context_recall, context_routing
from bench.tatqa import load


async def parts(tatqa: Path, routing: Path, lingua: int, *, conversation: bool) -> AsyncIterator[dict[str, Any]]:
    """Each part as soon as it is measured: all of it takes an hour or more without a GPU."""
    yield {"recall_at_5": await context_recall.run(tatqa)}
    compression = await context_compression.measure(load(tatqa), lingua)
    apart = {name: compression.pop(name) for name in ("answers_kept", "ratio_got")}
    yield {**apart, "compression": compression}
    yield {"routing": await context_routing.measure(routing)}
    yield {"conversation": await context_conversation.measure() if conversation else None}


def show(part: dict[str, Any]) -> None:
    """Print a part's table."""
    out = Console()
    match part:
        case {"recall_at_5": recall}:
            out.print(context_recall.show(recall))
        case {"compression": compression, **apart}:
            context_compression.show({**compression, **apart})
        case {"routing": routing}:
            context_routing.show(routing)
        case {"conversation": dict(conversation)}:
            table = Table("a conversation", "")
            for name, value in conversation.items():
                table.add_row(name.replace("_", " "), f"{value:,}")
            out.print(table)


def main(
    tatqa: Annotated[Path, typer.Option(help="A file of TAT-QA: contexts with questions.", exists=True)],
    routing: Annotated[
        Path, typer.Option(help="CSV: prompt, and for each of two models whether it was right.", exists=True)
    ],
    lingua: Annotated[int, typer.Option(help="Questions that LLMLingua is given: minutes each without a GPU.")] = 10,
    conversation: Annotated[bool, typer.Option(help="Whether to run the conversation, which starts a river.")] = True,
    format: Annotated[str, typer.Option(help="table or json")] = "table",  # noqa: A002
) -> None:
    """Measure the context stage."""
    asyncio.run(report(parts(tatqa, routing, lingua, conversation=conversation), as_json=format == "json"))


async def report(measured: AsyncIterator[dict[str, Any]], *, as_json: bool) -> None:
    """Tables one after another, or one JSON object at the end."""
    found: dict[str, Any] = {}
    async for part in measured:
        found |= part
        if not as_json:
            show(part)
    if as_json:
        print(msgspec.json.encode(found).decode())


if __name__ == "__main__":
    typer.run(main)
