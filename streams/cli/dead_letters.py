"""``dead-letters``: look at what could not be worked on, and put it back."""
# ruff: noqa: PLC0415 - what is slow to import waits for its command

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from schemas import topics
from streams.cli.output import Format, FormatOption, print_rows, say

if TYPE_CHECKING:
    from schemas.records import DeadLetter
    from streams.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Records that could not be worked on: look at them, put them back.")

CodeOption = Annotated[str | None, typer.Option(help="Only those with this code, such as UNDECODABLE.")]


@app.command("list")
def list_(code: CodeOption = None, form: FormatOption = Format.TABLE) -> None:
    """Show the dead letters; as JSON with their raw bytes in base64."""
    from streams import settings as of

    letters = asyncio.run(_letters(of.load(), code))
    rows: list[dict[str, object]] = []
    for letter in letters:
        at = datetime.fromtimestamp(letter.occurred_at / 1000, UTC).isoformat(timespec="seconds")
        row: dict[str, object] = {
            "origin": letter.origin,
            "at": at,
            "stage": letter.stage,
            "code": letter.code,
            "bytes": len(letter.value),
            "reason": letter.reason,
        }
        if form is Format.JSON:
            row["key"] = base64.b64encode(letter.key).decode() if letter.key is not None else None
            row["value"] = base64.b64encode(letter.value).decode()
        rows.append(row)
    print_rows(rows, form, title="Dead letters", right=["bytes"])


@app.command()
def replay(
    origin: Annotated[
        list[str] | None, typer.Option(help="The letter of this origin, topic/partition@offset. Repeatable.")
    ] = None,
    code: CodeOption = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """Put letters' raw bytes back onto the topics they came from, once what was wrong is mended.

    A request that has its FAILED response stays answered: publish it anew under another request id.
    """
    if not (origin or code or everything):
        raise typer.BadParameter("say which: --origin, --code or --all")
    from streams import settings as of

    settings = of.load()
    letters = [letter for letter in asyncio.run(_letters(settings, code)) if not origin or letter.origin in origin]
    asyncio.run(_put_back(settings, letters))
    say(f"{len(letters)} records are back on their topics")


async def _letters(settings: Settings, code: str | None) -> list[DeadLetter]:
    from schemas.records import DeadLetter
    from streams.client import reader

    async with reader(settings, DeadLetter, [topics.DEAD_LETTERS]) as source:
        found = [received.record for received in await source.to_the_end()]
    kept = [letter for letter in found if code is None or letter.code == code]
    return sorted(kept, key=lambda letter: letter.occurred_at)


async def _put_back(settings: Settings, letters: list[DeadLetter]) -> None:
    from streams.client import publisher

    async with publisher(settings) as river:
        for letter in letters:
            await river.put(topic_of(letter.origin), letter.key, letter.value)


def topic_of(origin: str) -> str:
    """The topic in ``topic/partition@offset``."""
    return origin.rpartition("/")[0]
