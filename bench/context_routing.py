"""How much the learned router gains over drawing lots, on questions that two models have answered.

Quality against the share of questions sent to the strong model, by five-fold cross-validation: each question's
expectation comes from a router that was trained on the other four fifths, penalty included. A random router's curve is
the straight line between the two models' qualities, so that its area is their mean. The interval is of the difference
of the areas, by bootstrap over the questions; where it holds zero, the result is a tie.

Public data of this shape: ``routellm/evals/gsm8k/gsm8k_responses.csv`` of the GitHub repository lm-sys/RouteLLM. What
is fixed (the penalties to choose from, the counts of the text, a linear model rather than nearest neighbours) was
chosen on that repository's MMLU outcomes.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from agents.cache.canonical import canonical
from agents.context.router_curve import curve
from agents.context.router_training import Outcomes, train
from streams.cli.outcomes import read
from streams.cli.route import embedded, verdict

CHEAP = "mistralai/Mixtral-8x7B-Instruct-v0.1"
STRONG = "gpt-4-1106-preview"
SEED = 0


async def measure(file: Path, cheap: str = CHEAP, strong: str = STRONG, seed: int = SEED) -> dict[str, Any]:
    """Areas as fractions of 1, the 95% interval of their difference, the verdict, and the curve itself."""
    asked = read(file, "prompt", [cheap, strong])
    texts = [canonical(prompt) for prompt in asked.prompts]
    embedder, vectors = await embedded(texts)
    trained = train(Outcomes(texts, vectors, [cheap, strong], asked.good), embedder, at=0, seed=seed)
    (found,) = trained.written.measured
    return {
        "area": found.area,
        "area_random": found.area_random,
        "above_random": found.area - found.area_random,
        "interval": found.interval,
        "verdict": "better" if found.better else "worse" if found.interval[1] < 0 else "tie",
        "said": verdict(found),
        "questions": len(texts),
        "quality": {cheap: found.quality[0], strong: found.quality[1]},
        "curve": [point._asdict() for point in curve(trained.pairs[0])],
    }


def show(report: dict[str, Any]) -> None:
    """One table, and the verdict."""
    table = Table("share to the strong model", "quality", "random", "gain")
    for point in report["curve"]:
        gain = point["quality"] - point["quality_random"]
        table.add_row(
            f"{point['share']:.0%}", f"{point['quality']:.1%}", f"{point['quality_random']:.1%}", f"{gain:+.2%}"
        )
    console = Console()
    console.print(table)
    console.print(f"{report['verdict']}: {report['said']}", highlight=False)


def main(
    file: Annotated[Path, typer.Argument(help="CSV: prompt, and for each model whether it was right.", exists=True)],
    cheap: Annotated[str, typer.Option(help="The cheap model's column.")] = CHEAP,
    strong: Annotated[str, typer.Option(help="The strong model's column.")] = STRONG,
    seed: Annotated[int, typer.Option(help="Of the folds and the bootstrap.")] = SEED,
    format: Annotated[str, typer.Option(help="table or json")] = "table",  # noqa: A002
) -> None:
    """Measure the router and print it beside drawing lots."""
    report = asyncio.run(measure(file, cheap, strong, seed))
    if format == "json":
        print(msgspec.json.encode(report).decode())
    else:
        show(report)


if __name__ == "__main__":
    typer.run(main)
