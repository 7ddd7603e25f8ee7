"""``spend``, ``savings`` and ``reconcile``: what the ledger says, and whether it is so."""
# ruff: noqa: PLC0415, PLR0917 - what is slow to import waits for its command; an option is an argument

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.text import Text

from schemas import topics
from schemas.errors import ServiceError, SetupError
from schemas.money import dollars
from streams.cli.output import Format, FormatOption, err, out, print_json, print_rows, say
from streams.topics import HOUR_MS

if TYPE_CHECKING:
    from agents.ledger.queries import CheckedTask, EngineTokens, Spend
    from agents.ledger.reconcile import Reconciliation
    from schemas.records import PredictionResponse
    from streams.accounts import Topic
    from streams.settings import Settings

LedgerOption = Annotated[
    str | None, typer.Option("--ledger", help="A SQLite file or a database URL; HEADRACE_LEDGER_URL if not given.")
]
SinceOption = Annotated[datetime | None, typer.Option(help="From this hour on, UTC.")]
UntilOption = Annotated[datetime | None, typer.Option(help="Up to this hour, UTC.")]

_ITS_SPENDING = {"semantic_cache": ": on embeddings and on checks"}
_AGAIN_S = 1.0
_SHOWN = 20


def spend(
    by: Annotated[str, typer.Option(help="tenant, cost_center, task, model, lane, source, hour, day; with commas.")] = (
        "tenant,task"
    ),
    since: SinceOption = None,
    until: UntilOption = None,
    ledger: LedgerOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """What was spent, by anything that the ledger knows."""
    from streams.accounts import opened

    names = named(by)
    with opened(ledger_url(ledger)) as queries:
        rows = [_spend_row(row, form) for row in queries.spend(names, ms(since), ms(until))]
    right = [name for name in (rows[0] if rows else {}) if name not in names]
    print_rows(rows, form, title="Spend, in US dollars", right=right)


def savings(
    since: SinceOption = None,
    until: UntilOption = None,
    ledger: LedgerOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """The waterfall: from what it would have cost to what it did cost, by strategy."""
    from streams.accounts import opened
    from streams.demo.report import waterfall_table

    with opened(ledger_url(ledger)) as queries:
        found = queries.savings(ms(since), ms(until))
    if form is Format.JSON:
        print_json(
            {
                "list_cost_nano_usd": found.list_cost,
                "strategies": [
                    {
                        "strategy": line.strategy,
                        "tokens": line.tokens,
                        "gross_nano_usd": line.gross,
                        "cost_nano_usd": line.cost,
                        "net_nano_usd": line.net,
                    }
                    for line in found.strategies
                ],
                "effective_cost_nano_usd": found.effective_cost,
                "unbilled_cost_nano_usd": found.unbilled_cost,
                "checked": [msgspec.to_builtins(task) for task in found.checked],
            }
        )
        return
    out().print(waterfall_table(found))
    for line in found.strategies:
        if line.cost:
            out().print(f"{line.strategy} spent {dollars(line.cost)} on itself{_ITS_SPENDING.get(line.strategy, '')}")
    if found.checked:
        _show_checked(found.checked)
    if found.unbilled_cost:
        out().print(f"Spent and billed to nobody (failures, repeats): {dollars(found.unbilled_cost)}")


def reconcile(
    responses: Annotated[
        Path | None,
        typer.Option(help="A file of responses, one a line, instead of the topic.", exists=True, dir_okay=False),
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    engine: Annotated[
        list[str] | None,
        typer.Option(
            "--engine-metrics",
            help="An engine's Prometheus metrics, such as http://gpu-1:8000/metrics, to compare its token counters. "
            "They count from its start: name that by --since. May be given again.",
        ),
    ] = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to let the ledger catch up with the responses.")] = 10.0,
    ledger: LedgerOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Hold responses, the ledger's topic, its entries and their totals against each other; exit 1 if they differ.

    Without a Kafka to read and with nothing named, it looks at what the last demo left.
    """
    from streams import settings as of

    settings = of.load()
    period = ms(since), ms(until)
    engines = None if engine is None else _counted(engine)
    if responses is None:
        found = _of_the_topics(settings, ledger, period, wait, engines)
    else:
        from streams.accounts import read_responses, reconciled

        found = reconciled(
            ledger_url(ledger),
            read_responses(responses),
            *period,
            horizon_ms=settings.claim_horizon_hours * HOUR_MS,
            engines=engines,
        )
    _show(found, form)
    if not found.agrees:
        raise typer.Exit(1)


def _of_the_topics(
    settings: Settings,
    ledger: str | None,
    period: tuple[int | None, int | None],
    wait_s: float,
    engines: dict[str, EngineTokens] | None,
) -> Reconciliation:
    from streams.accounts import DEMO, LEDGER, RESPONSES, UP, located, read_responses, reconciled, sqlite

    until = time.monotonic() + wait_s
    left = settings.state_dir / DEMO
    try:
        url = located(settings, ledger, among=(UP,)).url
        while True:
            responses, responses_since, topic = asyncio.run(_on_the_topics(settings))
            found = reconciled(
                url,
                responses,
                *period,
                responses_since=responses_since,
                horizon_ms=settings.claim_horizon_hours * HOUR_MS,
                topic=topic,
                engines=engines,
            )
            if found.agrees or time.monotonic() > until:
                return found
            time.sleep(_AGAIN_S)
    except (ServiceError, SetupError) as error:
        named = ledger is not None or settings.model_fields_set & {"kafka", "ledger_url"}
        if named or not (left / RESPONSES).exists():
            raise
        say(f"reading what the last demo left in {left}, for {error}")
    return reconciled(sqlite(left / LEDGER), read_responses(left / RESPONSES), *period, engines=engines)


async def _on_the_topics(settings: Settings) -> tuple[list[PredictionResponse], int | None, Topic]:
    """The responses that are there, since when all of them are, and the ledger's topic."""
    from schemas.ledger import LedgerEntry
    from schemas.records import PredictionResponse
    from streams.accounts import Topic
    from streams.client import admin, reader

    async with reader(settings, PredictionResponse, [topics.RESPONSES]) as source:
        answered = await source.to_the_end()
        async with admin(settings) as client:
            kept_ms = await client.kept_ms(topics.RESPONSES)
        responses_since = await source.whole_since(answered, kept_ms)
    async with reader(settings, LedgerEntry, [topics.LEDGER]) as source:
        booked = await source.to_the_end()
        whole = await source.whole_since(booked) is None
    return [one.record for one in answered], responses_since, Topic([one.record for one in booked], whole)


def _counted(urls: list[str]) -> dict[str, EngineTokens]:
    from streams.engine_counters import counted

    return asyncio.run(counted(urls))


def ledger_url(given: str | None) -> str:
    """The URL of the ledger to read; says which, where nobody named one."""
    from streams import settings as of
    from streams.accounts import located

    ledger = located(of.load(), given)
    if not ledger.asked_for:
        say(f"ledger: {ledger.url}")
    return ledger.url


def named(listed: str) -> list[str]:
    """The names in a list with commas."""
    return [name.strip() for name in listed.split(",") if name.strip()]


def ms(at: datetime | None) -> int | None:
    """UTC epoch milliseconds of an option."""
    return None if at is None else int(at.replace(tzinfo=UTC).timestamp()) * 1000


def _spend_row(row: Spend, form: Format) -> dict[str, Any]:
    groups = {
        name: datetime.fromtimestamp(int(value) / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ")
        if name in {"hour", "day"}
        else value
        for name, value in row.by.items()
    }
    if form is Format.JSON:
        return {
            **groups,
            "requests": row.requests,
            "entries": row.entries,
            "list_cost_nano_usd": row.list_cost,
            "saved_nano_usd": row.saved,
            "effective_cost_nano_usd": row.effective_cost,
            "unbilled_cost_nano_usd": row.unbilled_cost,
            "published_tokens": row.published_tokens,
            "prompt_tokens": row.prompt_tokens,
            "cached_tokens": row.cached_tokens,
            "completion_tokens": row.completion_tokens,
        }
    return {
        **groups,
        "requests": f"{row.requests:,}",
        "list_cost": dollars(row.list_cost),
        "saved": dollars(row.saved),
        "effective_cost": dollars(row.effective_cost),
        "unbilled": dollars(row.unbilled_cost),
        "tokens_in": f"{row.prompt_tokens:,}",
        "tokens_out": f"{row.completion_tokens:,}",
    }


def _show_checked(tasks: list[CheckedTask]) -> None:
    rows = [
        {
            "tenant": task.tenant,
            "task": task.task,
            "requests": f"{task.requests:,}",
            "hits": f"{task.semantic_hits:,}",
            "checked": f"{task.checks / task.semantic_hits:.1%}" if task.checks and task.semantic_hits else "",
            "wrong": f"{task.wrong:,} of {task.checks:,}" if task.checks else "",
            "wrong rate": "not measured yet"
            if task.wrong_rate is None
            else f"{task.wrong_rate:.1%} ({task.low:.1%} to {task.high:.1%})",
        }
        for task in tasks
    ]
    right = ["requests", "hits", "checked", "wrong"]
    print_rows(rows, Format.TABLE, title="Semantic hits, and how many are wrong (95% interval)", right=right)


def _show(found: Reconciliation, form: Format) -> None:
    differences = [
        {
            "tenant": one.tenant,
            "request_id": one.request_id,
            "what": one.what,
            "response_nano_usd": one.response_cost,
            "entry_nano_usd": one.entry_cost,
        }
        for one in found.differences
    ]
    if form is Format.JSON:
        print_json(
            {
                "responses": found.responses,
                "entries": found.entries,
                "rollup_requests": found.rollup_requests,
                "difference_nano_usd": found.difference_nano_usd,
                "checks": found.checks,
                "responses_billed_nano_usd": found.responses_billed,
                "checks_billed_nano_usd": found.checks_billed,
                "others_billed_nano_usd": found.others_billed,
                "entries_billed_nano_usd": found.entries_billed,
                "rollups_billed_nano_usd": found.rollups_billed,
                "unbilled_nano_usd": found.unbilled,
                "since": found.since,
                "responses_since": found.responses_since,
                "differences": differences,
            }
        )
        return
    rows = [
        {"account": "responses", "requests": f"{found.responses:,}", "billed": dollars(found.responses_billed)},
        {"account": f"+ {found.checks:,} checks of the cache", "requests": "", "billed": dollars(found.checks_billed)},
        {"account": "+ idle GPUs, corrections", "requests": "", "billed": dollars(found.others_billed)},
        {"account": "ledger entries", "requests": f"{found.entries:,}", "billed": dollars(found.entries_billed)},
        {"account": "roll-ups", "requests": f"{found.rollup_requests:,}", "billed": dollars(found.rollups_billed)},
    ]
    print_rows(rows, form, title="Accounts, in US dollars", right=["requests", "billed"])
    if found.since is not None:
        kept = datetime.fromtimestamp(found.since / 1000, UTC)
        out().print(f"Raw entries are kept since {kept:%Y-%m-%dT%H:%MZ}; what is older was not compared")
    if found.responses_since is not None:
        there = datetime.fromtimestamp(found.responses_since / 1000, UTC)
        out().print(
            f"All responses are there since {there:%Y-%m-%dT%H:%MZ}; an older bill without one is no difference"
        )
    if found.agrees:
        out().print("[green]✓[/] they agree: difference 0")
        return
    print_rows(differences[:_SHOWN], form, title="Differences, in nano-US-dollars")
    more = f" ({len(differences)} things differ)" if len(differences) > _SHOWN else ""
    err().print(Text(f"✗ they differ by {found.difference_nano_usd} nano-US-dollars{more}", style="red"))
