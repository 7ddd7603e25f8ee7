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

if TYPE_CHECKING:
    from agents.ledger.queries import CheckedTask, Spend
    from agents.ledger.reconcile import Reconciliation
    from schemas.records import PredictionResponse
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
    wait: Annotated[float, typer.Option(min=0, help="Seconds to let the ledger catch up with the responses.")] = 10.0,
    ledger: LedgerOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Hold every response against its ledger entry, and the entries against their totals; exit 1 if they differ.

    Without a Kafka to read and with nothing named, it looks at what the last demo left.
    """
    from streams import settings as of

    settings = of.load()
    period = ms(since), ms(until)
    if responses is None:
        found = _of_the_topic(settings, ledger, period, wait)
    else:
        from streams.accounts import read_responses, reconciled

        found = reconciled(ledger_url(ledger), _within(read_responses(responses), period), *period)
    _show(found, form)
    if not found.agrees:
        raise typer.Exit(1)


def _of_the_topic(
    settings: Settings, ledger: str | None, period: tuple[int | None, int | None], wait_s: float
) -> Reconciliation:
    from streams.accounts import DEMO, LEDGER, RESPONSES, UP, located, read_responses, reconciled, sqlite

    until = time.monotonic() + wait_s
    left = settings.state_dir / DEMO
    try:
        url = located(settings, ledger, among=(UP,)).url
        while True:
            found = reconciled(url, _within(asyncio.run(_on_the_topic(settings)), period), *period)
            if found.agrees or time.monotonic() > until:
                return found
            time.sleep(_AGAIN_S)
    except (ServiceError, SetupError) as error:
        named = ledger is not None or settings.model_fields_set & {"kafka", "ledger_url"}
        if named or not (left / RESPONSES).exists():
            raise
        say(f"reading what the last demo left in {left}, for {error}")
    return reconciled(sqlite(left / LEDGER), _within(read_responses(left / RESPONSES), period), *period)


async def _on_the_topic(settings: Settings) -> list[PredictionResponse]:
    from schemas.records import PredictionResponse
    from streams.client import reader

    async with reader(settings, PredictionResponse, [topics.RESPONSES]) as source:
        return [received.record for received in await source.to_the_end()]


def _within(responses: list[PredictionResponse], period: tuple[int | None, int | None]) -> list[PredictionResponse]:
    """Those of the period, widened to whole hours as the ledger's queries widen it."""
    from agents.ledger.fold import HOUR_MS

    since, until = period
    low = 0 if since is None else since - since % HOUR_MS
    high = None if until is None else until + -until % HOUR_MS
    return [one for one in responses if low <= one.answered_at and (high is None or one.answered_at < high)]


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
                "entries_billed_nano_usd": found.entries_billed,
                "rollups_billed_nano_usd": found.rollups_billed,
                "unbilled_nano_usd": found.unbilled,
                "differences": differences,
            }
        )
        return
    rows = [
        {"account": "responses", "requests": f"{found.responses:,}", "billed": dollars(found.responses_billed)},
        {"account": f"+ {found.checks:,} checks of the cache", "requests": "", "billed": dollars(found.checks_billed)},
        {"account": "ledger entries", "requests": f"{found.entries:,}", "billed": dollars(found.entries_billed)},
        {"account": "roll-ups", "requests": f"{found.rollup_requests:,}", "billed": dollars(found.rollups_billed)},
    ]
    print_rows(rows, form, title="Three accounts, in US dollars", right=["requests", "billed"])
    if found.agrees:
        out().print("[green]✓[/] they agree: difference 0")
        return
    print_rows(differences[:_SHOWN], form, title="Differences, in nano-US-dollars")
    more = f" ({len(differences)} things differ)" if len(differences) > _SHOWN else ""
    err().print(Text(f"✗ they differ by {found.difference_nano_usd} nano-US-dollars{more}", style="red"))
