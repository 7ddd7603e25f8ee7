"""What finance asks beyond spend and savings: trends, forecasts, dear requests, unit costs, idle GPUs, anomalies."""
# ruff: noqa: PLC0415, PLR0917 - what is slow to import waits for its command; an option is an argument

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from schemas.errors import SetupError
from schemas.money import dollars, nano_usd
from streams.cli.finance import LedgerOption, SinceOption, UntilOption, ledger_url, ms, named
from streams.cli.output import Format, FormatOption, out, print_json, print_rows

if TYPE_CHECKING:
    from agents.ledger.questions import Forecast, Trend

By = Annotated[str, typer.Option(help="tenant, cost_center, task, model, lane, source, hour, day; with commas.")]
TenantOption = Annotated[list[str] | None, typer.Option("--tenant", help="Only of this tenant; may be given again.")]
CostCenterOption = Annotated[
    list[str] | None, typer.Option("--cost-center", help="Only of this cost centre; the same.")
]
TaskOption = Annotated[list[str] | None, typer.Option("--task", help="Only of this task; the same.")]


def trend(
    step: Annotated[str, typer.Option(help="hour or day.")] = "day",
    by: By = "",
    since: SinceOption = None,
    until: UntilOption = None,
    tenant: TenantOption = None,
    cost_center: CostCenterOption = None,
    task: TaskOption = None,
    ledger: LedgerOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Spend over time, and by how much it grows."""
    from streams.accounts import opened

    if step not in {"hour", "day"}:
        raise SetupError(f"a trend goes by hour or by day, not by {step!r}")
    with opened(ledger_url(ledger)) as asked:
        where = _where(tenant, cost_center, task)
        found = asked.trend("hour" if step == "hour" else "day", named(by), ms(since), ms(until), where)
    if form is Format.JSON:
        print_json(
            [
                {
                    **one.by,
                    "change_nano_usd": one.change,
                    "points": [_nano(point, "list_cost", "effective_cost", "unbilled_cost") for point in one.points],
                }
                for one in found
            ]
        )
        return
    rows = [row for one in found for row in _points(one)]
    right = ["requests", "list_cost", "effective_cost", "unbilled"]
    print_rows(rows, form, title="Spend over time, in US dollars", right=right)
    for one in found:
        whose = " ".join(str(value) for value in one.by.values()) or "all"
        out().print(f"{whose}: {'+' if one.change > 0 else ''}{dollars(one.change)} a {step}, by least squares")


def forecast(
    since: Annotated[
        datetime | None, typer.Option(help="From this day on, UTC; this month's first if not given.")
    ] = None,
    until: Annotated[datetime | None, typer.Option(help="Up to this day, UTC; the end of that month.")] = None,
    budget: Annotated[str | None, typer.Option(help="US dollars for the period, such as 1500.00.")] = None,
    at: Annotated[datetime | None, typer.Option(help="As if it were then, UTC; now if not given.")] = None,
    tenant: TenantOption = None,
    cost_center: CostCenterOption = None,
    task: TaskOption = None,
    ledger: LedgerOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """What a period will have cost at its end, and when its budget is used up."""
    from agents.ledger.questions import whole_days
    from streams.accounts import opened

    now = (at or datetime.now(UTC)).replace(tzinfo=UTC)
    first = since or datetime(now.year, now.month, 1)  # noqa: DTZ001 - as typer gives the others
    end = until or datetime(first.year + first.month // 12, first.month % 12 + 1, 1)  # noqa: DTZ001
    if end <= first:
        raise SetupError(f"the period ends on {end:%Y-%m-%d} and begins on {first:%Y-%m-%d}: name a later --until")
    amount = None if budget is None else nano_usd(budget)
    with opened(ledger_url(ledger)) as asked:
        begin, close = whole_days(ms(first) or 0, ms(end) or 0)
        found = asked.forecast(begin, close, ms(now) or 0, amount, _where(tenant, cost_center, task))
    if form is Format.JSON:
        print_json(_nano(found, "spent", "expected", "low", "high", "budget"))
        return
    _show_forecast(found)


def expensive(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 20,
    since: SinceOption = None,
    until: UntilOption = None,
    tenant: TenantOption = None,
    cost_center: CostCenterOption = None,
    task: TaskOption = None,
    ledger: LedgerOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """The requests that most was spent on, and why."""
    from streams.accounts import opened

    with opened(ledger_url(ledger)) as asked:
        found = asked.expensive(ms(since), ms(until), _where(tenant, cost_center, task), limit)
    if form is Format.JSON:
        costs = ("list_cost", "effective_cost", "unbilled_cost")
        print_json([{**_nano(one, *costs), "lines": [_nano(line, "cost") for line in one.lines]} for one in found])
        return
    rows = [
        {
            "tenant": one.tenant,
            "request": one.request_id,
            "task": one.task,
            "model": one.model,
            "cost": dollars(one.cost),
            "list_cost": dollars(one.list_cost),
            "why": "; ".join(one.why),
        }
        for one in found
    ]
    print_rows(rows, form, title="The most expensive requests, in US dollars", right=["cost", "list_cost"])


def unit_cost(
    by: By = "tenant,task,model",
    since: SinceOption = None,
    until: UntilOption = None,
    tenant: TenantOption = None,
    cost_center: CostCenterOption = None,
    task: TaskOption = None,
    ledger: LedgerOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """What 1,000 predictions cost."""
    from streams.accounts import opened

    names = named(by)
    with opened(ledger_url(ledger)) as asked:
        found = asked.unit_costs(names, ms(since), ms(until), _where(tenant, cost_center, task))
    rows: list[dict[str, Any]] = [
        {
            **one.by,
            "requests": one.requests,
            "effective_cost_nano_usd": one.effective_cost,
            "list_per_1000_nano_usd": one.list_per_1000,
            "per_1000_nano_usd": one.per_1000,
        }
        if form is Format.JSON
        else {
            **_times(one.by),
            "requests": f"{one.requests:,}",
            "list_cost_of_1000": dollars(one.list_per_1000),
            "cost_of_1000": dollars(one.per_1000),
        }
        for one in found
    ]
    right = ["requests", "list_cost_of_1000", "cost_of_1000"]
    print_rows(rows, form, title="What 1,000 predictions cost, in US dollars", right=right)


def idle(
    by: By = "model",
    since: SinceOption = None,
    until: UntilOption = None,
    ledger: LedgerOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """What GPUs cost while nobody used them."""
    from streams.accounts import opened

    with opened(ledger_url(ledger)) as asked:
        found = asked.idle(named(by), ms(since), ms(until))
    rows: list[dict[str, Any]] = [
        {**one.by, "idle_cost_nano_usd": one.idle_cost, "used_cost_nano_usd": one.used_cost, "share": one.share}
        if form is Format.JSON
        else {
            **_times(one.by),
            "idle": dollars(one.idle_cost),
            "used": dollars(one.used_cost),
            "idle_share": "" if one.share is None else f"{one.share:.1%}",
        }
        for one in found
    ]
    print_rows(rows, form, title="Idle GPUs, in US dollars", right=["idle", "used", "idle_share"])


def anomalies(
    since: Annotated[datetime | None, typer.Option(help="From this hour on, UTC; a week ago if not given.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Up to this hour, UTC; the last complete one.")] = None,
    tenant: TenantOption = None,
    ledger: LedgerOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Hours in which a tenant's spend was off its own pattern, the most money first."""
    from agents.ledger.questions import complete_hours
    from streams.accounts import opened

    begin, end = complete_hours(ms(since), ms(until), time.time_ns() // 1_000_000)
    with opened(ledger_url(ledger)) as asked:
        found = asked.anomalies(begin, end, _where(tenant, None, None))
    if form is Format.JSON:
        print_json([_nano(one, "effective_cost", "expected", "low", "high") for one in found])
        return
    rows = [
        {
            "tenant": one.tenant,
            "hour": _time(one.hour),
            "cost": dollars(one.effective_cost),
            "expected": dollars(one.expected),
            "usual": f"{dollars(one.low)} to {dollars(one.high)}",
            "score": f"{one.score:+d}",
        }
        for one in found
    ]
    print_rows(rows, form, title="Off their own pattern, in US dollars", right=["cost", "expected", "score"])


def _where(tenant: list[str] | None, cost_center: list[str] | None, task: list[str] | None) -> dict[str, list[str]]:
    given = {"tenant": tenant, "cost_center": cost_center, "task": task}
    return {name: values for name, values in given.items() if values}


def _points(one: Trend) -> list[dict[str, Any]]:
    return [
        {
            **one.by,
            "from": _time(point.at),
            "requests": f"{point.requests:,}",
            "list_cost": dollars(point.list_cost),
            "effective_cost": dollars(point.effective_cost),
            "unbilled": dollars(point.unbilled_cost),
        }
        for point in one.points
    ]


def _show_forecast(found: Forecast) -> None:
    rows = [
        {"": "spent so far", "US dollars": dollars(found.spent)},
        {"": f"expected by {_time(found.until)}", "US dollars": dollars(found.expected)},
    ]
    if found.low is not None and found.high is not None and found.method != "none":
        rows.append({"": "in 95 of 100 cases", "US dollars": f"{dollars(found.low)} to {dollars(found.high)}"})
    if found.budget is not None:
        rows.append({"": "budget", "US dollars": dollars(found.budget)})
        rows.append({"": "left of it then", "US dollars": dollars(found.budget - found.expected)})
    print_rows(rows, Format.TABLE, title=f"From {_time(found.since)}, {found.method} forecast", right=["US dollars"])
    if found.exhausted_at is not None:
        out().print(f"[red]the budget is used up on {_time(found.exhausted_at)[:10]}[/]")
    elif found.budget is not None:
        out().print("[green]✓[/] the budget is expected to last")


def _nano(value: Any, *amounts: str) -> dict[str, Any]:
    """The fields of a struct, with the unit in the name of each amount."""
    fields = msgspec.to_builtins(value)
    return {f"{name}_nano_usd" if name in amounts else name: value for name, value in fields.items()}


def _times(by: dict[str, str | int]) -> dict[str, str | int]:
    return {name: _time(int(value)) if name in {"hour", "day"} else value for name, value in by.items()}


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ")
