"""``ask``, ``publish`` and ``responses``: requests in, answers out."""
# ruff: noqa: PLC0415, PLR0917 - what is slow to import waits for its command; an option is an argument

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer
from rich.progress import Progress
from rich.text import Text

from schemas import topics
from schemas.errors import ServiceError, SetupError
from schemas.money import dollars
from streams.cli.output import Format, FormatOption, err, out, print_json, print_rows, say

if TYPE_CHECKING:
    from schemas.enums import Lane
    from schemas.records import PredictionRequest, PredictionResponse
    from streams.settings import Settings

_TEXT_WIDTH = 60
_AT_ONCE = 500


def ask(
    text: Annotated[str, typer.Argument(help="The user's message.")],
    tenant: Annotated[str | None, typer.Option(help="Who asks; the policy's first tenant if not given.")] = None,
    task: Annotated[str | None, typer.Option(help="What for; that tenant's first task if not given.")] = None,
    max_tokens: Annotated[int, typer.Option(min=1, help="The longest answer.")] = 64,
    wait: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for the response.")] = 120.0,
    form: FormatOption = Format.TABLE,
) -> None:
    """Publish one request, wait for its response, and show where it came from and what it cost."""
    from schemas.codec import json_of
    from schemas.enums import Status
    from schemas.records import Message, PredictionRequest, Sampling
    from streams import settings as of

    settings = of.load()
    tenant, task = _who(settings, tenant, task)
    request = PredictionRequest(
        request_id=f"ask-{uuid4().hex[:12]}",
        tenant=tenant,
        task=task,
        messages=[Message(role="user", content=text)],
        sampling=Sampling(max_tokens=max_tokens),
    )
    response = asyncio.run(_answer(settings, request, wait))
    failed = response.status is Status.FAILED
    if form is Format.JSON:
        print_json(json_of(response))
    elif failed:
        err().print(Text(f"✗ {response.error_code}: {response.error_message}", style="red"))
    else:
        typer.echo(response.text)
        cost = response.waterfall
        err().print(
            f"{response.source} · {response.model} · {response.answered_at - response.received_at} ms · "
            f"${dollars(cost.effective_cost)} instead of ${dollars(cost.list_cost)}",
            style="dim",
        )
    if failed:
        raise typer.Exit(1)


def publish(
    file: Annotated[Path, typer.Argument(help="One PredictionRequest a line, as JSON.", exists=True, dir_okay=False)],
    batch: Annotated[bool, typer.Option("--batch", help="On the batch lane.")] = False,
) -> None:
    """Publish the requests of a file. Lines that are none are reported, and the others published."""
    from schemas.enums import Lane
    from streams import settings as of

    good: list[PredictionRequest] = []
    bad = 0
    for number, read in requests_in(file.read_bytes()):
        if isinstance(read, str):
            bad += 1
            err().print(Text(f"✗ {file}:{number}: {read}", style="red"))
        else:
            good.append(read)
    asyncio.run(_send(of.load(), good, Lane.BATCH if batch else Lane.REALTIME))
    say(f"{len(good)} requests published" + (f", {bad} lines left out" if bad else ""))
    if bad:
        raise typer.Exit(1)


def responses(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with those that come, until Ctrl-C.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many.")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show responses, oldest first; as JSON one object a line."""
    from streams import settings as of

    asyncio.run(_show(of.load(), follow=follow, limit=limit, form=form))


def requests_in(written: bytes) -> Iterator[tuple[int, PredictionRequest | str]]:
    """Each line that is not blank with its number, from 1: the request in it, or why there is none."""
    import msgspec

    from schemas.records import PredictionRequest

    # The lines of bytes, not of text, which has breaks that may stand in a JSON string, such as U+2028.
    for number, line in enumerate(written.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            fields = msgspec.json.decode(line)
            request = msgspec.convert(fields, PredictionRequest)
        except UnicodeDecodeError:
            yield number, "not UTF-8: save the file as UTF-8"
            continue
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            yield number, str(error)
            continue
        unknown = list(_unknown(fields, msgspec.to_builtins(request)))
        yield number, f"unknown field {', '.join(unknown)}" if unknown else request


def _unknown(written: Any, known: Any, path: str = "") -> Iterator[str]:
    """Fields that somebody wrote and no record has: a typing mistake must not pass for a default."""
    if isinstance(written, dict):
        for name, value in written.items():
            if name not in known:
                yield f"{path}{name}"
            else:
                yield from _unknown(value, known[name], f"{path}{name}.")
    elif isinstance(written, list):
        for number, (value, other) in enumerate(zip(written, known, strict=True)):
            yield from _unknown(value, other, f"{path}{number}.")


def _who(settings: Settings, tenant: str | None, task: str | None) -> tuple[str, str]:
    """Fill in the policy's first tenant, and its first task. Names that the policy lacks are the river's to refuse."""
    from agents import policy
    from streams.demo.workload import POLICY

    tenants = policy.load(settings.policy or POLICY).document.tenants
    tenant = tenant or next(iter(tenants), None)
    if task is None and tenant in tenants:
        task = next(iter(tenants[tenant].tasks), None)
    if tenant is None or task is None:
        raise SetupError(f"the policy has no task of tenant {tenant!r}: name --tenant and --task")
    return tenant, task


async def _answer(settings: Settings, request: PredictionRequest, wait_s: float) -> PredictionResponse:
    from schemas.enums import Lane
    from schemas.records import PredictionResponse
    from streams.client import codec_of, publisher, reader

    # First listen, then ask: else the answer may be there before its listener.
    async with (
        reader(settings, PredictionResponse, [topics.RESPONSES], from_start=False) as source,
        publisher(settings) as river,
    ):
        began = time.monotonic()
        key = request.request_id.encode()
        await river.publish(Lane.REALTIME, key, codec_of(settings).encode(request))
        while (left := began + wait_s - time.monotonic()) > 0:
            for received in await source.take(left):
                if received.record.request_id == request.request_id:
                    return received.record
    raise ServiceError(f"no response within {wait_s:g} s: does a worker run every stage? See headrace doctor")


async def _send(settings: Settings, requests: list[PredictionRequest], lane: Lane) -> None:
    from streams.client import codec_of, publisher

    encode = codec_of(settings).encode
    with Progress(console=err(), transient=True) as bars:
        bar = bars.add_task("publishing", total=len(requests))
        async with publisher(settings) as river:
            for start in range(0, len(requests), _AT_ONCE):
                part = requests[start : start + _AT_ONCE]
                await asyncio.gather(
                    *(river.publish(lane, request.request_id.encode(), encode(request)) for request in part)
                )
                bars.advance(bar, len(part))


async def _show(settings: Settings, *, follow: bool, limit: int | None, form: Format) -> None:
    from schemas.codec import json_of

    shown: list[dict[str, object]] = []
    count = 0
    async with aclosing(_responses(settings, follow=follow)) as found:
        async for response in found:
            if form is Format.JSON:
                print_json(json_of(response))
            elif follow:
                out().print(Text("  ".join(str(value) for value in _row(response).values())))
            else:
                shown.append(_row(response))
            count += 1
            if count == limit:
                break
    if form is Format.TABLE and not follow:
        print_rows(shown, form, title="Responses", right=["ms", "cost_usd"])


async def _responses(settings: Settings, *, follow: bool) -> AsyncGenerator[PredictionResponse]:
    from schemas.records import PredictionResponse
    from streams.client import reader

    async with reader(settings, PredictionResponse, [topics.RESPONSES]) as source:
        for received in sorted(await source.to_the_end(), key=lambda received: received.timestamp):
            yield received.record
        if follow:
            async for received in source.follow():
                yield received.record


def _row(response: PredictionResponse) -> dict[str, object]:
    text = response.text if response.text is not None else f"{response.error_code}: {response.error_message}"
    text = " ".join(text.split())
    return {
        "request_id": response.request_id,
        "tenant": response.tenant,
        "source": response.source,
        "ms": response.answered_at - response.received_at,
        "cost_usd": dollars(response.waterfall.effective_cost),
        "text": text if len(text) <= _TEXT_WIDTH else f"{text[: _TEXT_WIDTH - 1]}…",
    }
