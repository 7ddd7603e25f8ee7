"""``route``: train a router on outcomes, and look at one."""
# ruff: noqa: PLC0415, PLR0917 - what is slow to import waits for its command; an option is an argument

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import track
from rich.text import Text

from schemas.errors import SetupError
from streams.cli.output import Format, FormatOption, err, out, print_json, print_rows, say

if TYPE_CHECKING:
    from agents.context.router_curve import Point
    from agents.embedding import Vector
    from agents.router import Measured

app = typer.Typer(
    no_args_is_help=True, help="The learned router: train one on how well models answered, and look at one."
)

_AT_ONCE = 256
_RIGHT = ("share", "bar", "quality", "by_lot", "gain", "area", "above")


@app.command()
def train(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV with a header, or .jsonl: a prompt, and a column for each model that says how good its answer "
            "was: true, false, or 0 to 1.",
            exists=True,
            dir_okay=False,
        ),
    ],
    models: Annotated[
        str,
        typer.Option(help="From the cheapest to the dearest, with commas; NAME=COLUMN where the names differ."),
    ],
    target: Annotated[Path, typer.Option("--out", help="Where to write the router.", dir_okay=False)],
    prompt_column: Annotated[str, typer.Option(help="The column of the prompt.")] = "prompt",
    seed: Annotated[int, typer.Option(help="Of the folds and the interval.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Write it even where it is no better than chance.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Train a router, and say by five-fold cross-validation how much better than chance it is.

    Where it is not, nothing is written. A task of the policy names the file and the bar in its router table.
    """
    import msgspec

    from agents.cache.canonical import canonical
    from agents.context.router_curve import curve
    from agents.context.router_training import LEAST, Outcomes
    from agents.context.router_training import train as trained_on
    from streams.cli.outcomes import read

    names = _named(models)
    asked = read(file, prompt_column, [column for _, column in names])
    if len(asked.prompts) < LEAST:
        raise SetupError(f"{file} has {len(asked.prompts)} prompts: at least {LEAST} are needed to learn anything")
    texts = [canonical(prompt) for prompt in asked.prompts]
    embedder, vectors = asyncio.run(embedded(texts))
    say(f"training on {len(texts)} outcomes of {len(names)} models")
    outcomes = Outcomes(texts, vectors, [name for name, _ in names], asked.good)
    trained = trained_on(outcomes, embedder, at=int(time.time() * 1000), seed=seed)
    found = trained.written.measured
    written = force or any(one.better for one in found)
    if written:
        _write(target, msgspec.json.encode(trained.written))
    curves = [curve(pair) for pair in trained.pairs]
    if form is Format.JSON:
        measured = [
            {**msgspec.to_builtins(one), "better": one.better, "curve": [point._asdict() for point in points]}
            for one, points in zip(found, curves, strict=True)
        ]
        print_json({"written": str(target) if written else None, "measured": measured})
    else:
        for one, points in zip(found, curves, strict=True):
            _show_curve(one, points)
    if not written:
        raise SetupError(f"{target} is not written, as the router is no better than chance; --force writes it")
    say(f"written: {target}")


@app.command()
def show(
    file: Annotated[Path, typer.Argument(help="As headrace route train wrote it.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Say what a router was trained on, and how good it was found to be."""
    import msgspec

    from agents.router import digest, load

    written = load(file).written
    models = [fitted.model for fitted in written.models]
    facts = {
        "models": models,
        "embedder": written.embedder,
        "trained_on": written.trained_on,
        "questions": written.questions,
        "digest": digest(file),
    }
    if form is Format.JSON:
        print_json({**facts, "measured": msgspec.to_builtins(written.measured)})
        return
    out().print(
        Text(
            f"{', '.join(models)}: trained on {written.questions} questions on {written.trained_on}, "
            f"for vectors of {written.embedder}"
        )
    )
    print_rows([_row(one) for one in written.measured], form, title="Found by cross-validation", right=_RIGHT)


async def embedded(texts: Sequence[str]) -> tuple[str, list[Vector]]:
    """The embedder's name, as the policy has it, and its vectors of the texts."""
    from agents import embedders, policy
    from streams import settings as of
    from streams.demo.workload import POLICY
    from streams.embedded.cache import cache_dir
    from streams.embedded.model import embedder_dir

    settings = of.load()
    name = policy.load(settings.policy or POLICY).embedder
    path = str(embedder_dir()) if settings.embedder == of.EMBEDDED else settings.embedder
    embedder = await embedders.load(path, name=name, cache=cache_dir())
    vectors: list[Vector] = []
    try:
        for start in track(range(0, len(texts), _AT_ONCE), "embedding", console=err(), transient=True):
            found = await asyncio.gather(*(embedder.embed(text) for text in texts[start : start + _AT_ONCE]))
            vectors += [one.vector for one in found]
    finally:
        await embedder.close()
    return name, vectors


def verdict(one: Measured) -> str:
    """Whether a router is better than drawing lots, in words."""
    above = one.area - one.area_random
    low, high = one.interval
    found = "better than chance" if one.better else "worse than chance" if high < 0 else "a tie with chance"
    return f"area {one.area:.4f}, by lot {one.area_random:.4f}: {above:+.4f} (95%: {low:+.4f} to {high:+.4f}), {found}"


def _named(models: str) -> list[tuple[str, str]]:
    """Each model with its column."""
    given = [part.strip() for part in models.split(",") if part.strip()]
    names = [(name.strip(), (column or name).strip()) for name, _, column in (part.partition("=") for part in given)]
    if len({name for name, _ in names}) < len(names) or len(names) < 2:
        raise SetupError(f"--models is {models!r}: name two different models at least, the cheapest first")
    return names


def _write(target: Path, content: bytes) -> None:
    try:
        target.write_bytes(content)
    except OSError as error:
        raise SetupError(f"{target} cannot be written: {error.strerror}") from error


def _show_curve(one: Measured, points: Sequence[Point]) -> None:
    rows = [
        {
            "share": f"{point.share:.0%}",
            "bar": "" if point.bar is None else f"{point.bar:.3f}",
            "quality": f"{point.quality:.2%}",
            "by_lot": f"{point.quality_random:.2%}",
            "gain": f"{point.quality - point.quality_random:+.2%}",
        }
        for point in points
    ]
    title = f"Quality by the share sent to {one.strong}, not {one.cheap}"
    print_rows(rows, Format.TABLE, title=title, right=_RIGHT)
    out().print(verdict(one))


def _row(one: Measured) -> dict[str, Any]:
    low, high = one.interval
    return {
        "cheap": f"{one.cheap} {one.quality[0]:.1%}",
        "strong": f"{one.strong} {one.quality[1]:.1%}",
        "area": f"{one.area:.4f}",
        "by_lot": f"{one.area_random:.4f}",
        "above": f"{one.area - one.area_random:+.4f}",
        "interval": f"{low:+.4f} to {high:+.4f}",
        "found": "better than chance" if one.better else "worse than chance" if high < 0 else "a tie with chance",
    }
