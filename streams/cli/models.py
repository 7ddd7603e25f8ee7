"""``models``: the catalogue, and whether each of its models runs here."""
# ruff: noqa: PLC0415 - what is slow to import waits for its command

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.errors import EngineDeadError, EngineRowError, SetupError
from streams.cli.output import Format, FormatOption, Row, err, print_rows, say
from streams.cli.running import run

if TYPE_CHECKING:
    from agents.policy import Policy
    from agents.policy_document import Model
    from streams.wiring.shared import Models

app = typer.Typer(no_args_is_help=True, help="Look at the model catalogue, or try every model.")

_ANSWER_TOKENS = 8


@app.command("list")
def list_(form: FormatOption = Format.TABLE) -> None:
    """Show each model of the policy: where it runs, how much it takes, and what it costs."""
    from agents import policy
    from streams import settings as of

    held = policy.load(of.load().policy_file())
    rows = [_described(name, held) for name in sorted(held.models)]
    print_rows(rows, form, title="Models", right=("window", "at_once"))


@app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(help="Which models; all of them where none is named.")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Load each model, one after another, and ask it something; exit status 1 where one fails.

    A model behind a server is asked for one short answer, which its owner may charge for.
    """
    from agents import policy
    from streams import settings as of
    from streams.wiring.shared import real_models

    held = policy.load(of.load().policy_file())
    if unknown := set(names or ()) - held.models.keys():
        raise SetupError(f"model {min(unknown)!r} is not in the policy's [models], which has {sorted(held.models)}")
    models = real_models()
    rows = run(_check({name: held.models[name] for name in names or sorted(held.models)}, models))
    print_rows(rows, form, title="Models", right=("seconds", "holds_tokens"))
    if failed := sum(row["state"] != "ok" for row in rows):
        err().print(f"[red]✗ {failed} of {len(rows)} models do not run here[/]")
        raise typer.Exit(1)


async def _check(models: dict[str, Model], made: Models) -> list[Row]:
    rows: list[Row] = []
    for name, model in models.items():
        say(f"loading {name}")
        began = time.monotonic()
        try:
            holds, state = await _answers(name, model, made), "ok"
        except (SetupError, EngineRowError, EngineDeadError) as error:
            holds, state = None, str(error)
        seconds = round(time.monotonic() - began, 1)
        rows.append({"model": name, "engine": model.engine, "seconds": seconds, "holds_tokens": holds, "state": state})
    return rows


async def _answers(name: str, model: Model, made: Models) -> int | None:
    """Start a model and let it answer; how many tokens it holds at once, where that is known."""
    from agents.inference.engine import Prompt
    from schemas.enums import Lane
    from schemas.records import Message, Sampling

    engine = made.engine(name, model, await asyncio.to_thread(made.tokens, model))
    await engine.start()
    try:
        asked = [Message(role="user", content="Say hello.")]
        done = await engine.generate(Prompt("check", "", Lane.BATCH, asked, Sampling(max_tokens=_ANSWER_TOKENS)))
        if done.wrong is not None:
            raise EngineRowError(done.wrong)
        return engine.token_capacity
    finally:
        await engine.stop()


def _described(name: str, policy: Policy) -> Row:
    model = policy.models[name]
    return {
        "model": name,
        "engine": model.engine,
        "where": model.url or model.path,
        "window": model.window,
        "at_once": model.max_num_seqs,
        "weights": " + ".join(part for part in (model.quantization or "as they are", model.lora) if part),
        "tuned_for": ", ".join(model.tuned_for),
        "price_in_dollars": _price(name, policy, int(datetime.now(UTC).timestamp() * 1000)),
    }


def _price(model: str, policy: Policy, now: int) -> str:
    """What it costs by the GPU hour or by a million tokens, in and out, with the card's version."""
    from schemas.errors import PolicyError
    from schemas.money import dollars

    def short(rate: int) -> str:
        return dollars(rate).rstrip("0").rstrip(".")

    try:
        if model in policy.gpus:
            gpu = policy.gpus.card(model, 1000 * now)
            return f"{gpu.gpus} × {short(gpu.hourly_rate)} an hour ({gpu.version})"
        card = policy.prices.card(model, now)
    except PolicyError:
        return "none in force"
    return f"{short(card.input_rate)} / {short(card.output_rate)} a million ({card.version})"
