"""The demo's findings, for a person and for a program."""

from __future__ import annotations

from typing import Any

from rich.bar import Bar
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agents.ledger.queries import Savings
from schemas.money import dollars
from streams.demo.findings import Findings

BAR_WIDTH = 32


def as_json(findings: Findings) -> dict[str, Any]:
    """One object of plain values; money in integer nano-USD, savings net of what they cost."""
    return {
        "published": findings.published,
        "requests": findings.requests,
        "answered": findings.answered,
        "published_twice": findings.published_twice,
        "duplicates_answered": findings.duplicates_answered,
        "refused": findings.refused,
        "malformed": len(findings.letters),
        "dead_letters": findings.dead_letters,
        "wrong_hits": len(findings.wrong_hits),
        "by_source": dict(findings.by_source),
        "list_cost_nano_usd": findings.money.list_cost,
        "effective_cost_nano_usd": findings.money.effective_cost,
        "savings_nano_usd": {line.strategy: line.net for line in findings.money.strategies},
        "savings_tokens": {line.strategy: line.tokens for line in findings.money.strategies},
        "unbilled_cost_nano_usd": findings.money.unbilled_cost,
        "latency_ms": {name: {"p50": taken.p50, "p99": taken.p99} for name, taken in findings.latency_ms.items()},
        "difference_nano_usd": findings.difference,
        "complaints": findings.complaints,
    }


def show(findings: Findings, console: Console) -> None:
    """Print the tables."""
    for table in (_sources(findings), waterfall_table(findings.money), _letters(findings)):
        console.print(table)
    console.print(_wrong_hits(findings))
    for wrong in findings.wrong_hits:
        console.print(f"  {wrong.request_id} {wrong.source}: {wrong.question!r} was answered as {wrong.answered_as!r}")


def verdict(findings: Findings, console: Console) -> None:
    """Print whether every promise was kept, and every one that was not."""
    if not findings.complaints:
        console.print(
            f"[green]✓[/] {findings.answered} of {findings.requests} requests answered, each exactly once "
            f"({findings.published_twice} were published twice); {len(findings.letters)} malformed events in the dead "
            "letters; ledger reconciled, difference 0"
        )
    for complaint in findings.complaints:
        console.print(Text(f"✗ {complaint}", style="red"))


def _sources(findings: Findings) -> Table:
    table = Table(title="Answers by source", title_justify="left")
    table.add_column("source")
    for name in ("answers", "share", "p50 ms", "p99 ms"):
        table.add_column(name, justify="right")
    for source, count in sorted(findings.by_source.items(), key=lambda pair: -pair[1]):
        taken = findings.latency_ms[source]
        table.add_row(source, str(count), f"{100 * count / findings.answered:.0f}%", f"{taken.p50:,}", f"{taken.p99:,}")
    return table


def waterfall_table(money: Savings) -> Table:
    """From list cost down to effective cost, in US dollars: a row for each strategy, its net saving and its tokens.

    A bar covers the part of the list cost that its row takes off; the last one is what is left to pay.
    """
    table = Table(title="From list cost to effective cost", title_justify="left")
    table.add_column("", no_wrap=True)
    for name in ("US dollars", "of list", "tokens"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", max_width=BAR_WIDTH)
    scale = max(money.list_cost, 1)

    def row(name: str, amount: int, covers: tuple[int, int], color: str, removed: str = "") -> None:
        bar = Bar(scale, max(0, min(covers)), max(covers), color=color)
        table.add_row(name, dollars(amount), f"{100 * abs(amount) / scale:.1f}%", removed, bar)

    row("list cost", money.list_cost, (0, money.list_cost), "blue")
    left = money.list_cost
    for line in money.strategies:
        color = "green" if line.net >= 0 else "red"
        row(f"− {line.strategy}", -line.net, (left - line.net, left), color, f"{line.tokens:,}")
        left -= line.net
    row("= effective cost", money.effective_cost, (0, money.effective_cost), "yellow")
    return table


def _letters(findings: Findings) -> Table:
    table = Table(title=f"Dead letters: {findings.dead_letters}", title_justify="left")
    for name in ("malformed event", "code", "reason"):
        table.add_column(name, overflow="fold")
    for letter in findings.letters:
        reason = letter.reason if len(letter.reason) <= 100 else f"{letter.reason[:99]}…"
        table.add_row(letter.what, letter.code or "missing", Text(reason))
    return table


def _wrong_hits(findings: Findings) -> Text:
    shared = sum(count for source, count in findings.by_source.items() if source not in {"ENGINE", "NONE"})
    text = f"Wrong hits: {len(findings.wrong_hits)} of {shared} shared answers, by the workload's own labels"
    return Text(text, style="red" if findings.wrong_hits else "")
