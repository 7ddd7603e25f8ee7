"""``doctor``: what is there, what is wrong, and how to mend it."""
# ruff: noqa: PLC0415 - what is slow to import waits for its command

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from streams.cli.output import Format, FormatOption, err, out, print_json, print_rows

_COLORS = {"ok": "green", "note": "yellow", "wrong": "red"}


def doctor(
    settings: Annotated[bool, typer.Option("--settings", help="Only list the settings in force.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Look at everything that Headrace needs; exit status 1 where something is wrong."""
    from streams import settings as of

    held = of.load()
    if settings:
        print_rows([row._asdict() for row in of.described(held)], form, title="Settings")
        return
    from streams.cli.checks import Level, examine

    findings = asyncio.run(examine(held))
    if form is Format.JSON:
        print_json([finding._asdict() for finding in findings])
    else:
        table = Table(box=None, show_header=False)
        for finding in findings:
            mend = f"\n→ {finding.mend}" if finding.mend else ""
            table.add_row(
                Text(finding.level, style=_COLORS[finding.level]), finding.name, Text(f"{finding.found}{mend}")
            )
        out().print(table)
    wrong = sum(finding.level is Level.WRONG for finding in findings)
    if wrong:
        err().print(f"[red]✗ {wrong} things are wrong[/]" if wrong > 1 else "[red]✗ one thing is wrong[/]")
        raise typer.Exit(1)
