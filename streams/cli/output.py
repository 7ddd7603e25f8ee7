"""How commands speak: data on standard output, everything about it on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, TextIO

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

_PIPE_WIDTH = 140


class Format(StrEnum):
    """What data looks like."""

    TABLE = "table"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="A table for people, or JSON for programs.")]

Row = Mapping[str, Any]


def out() -> Console:
    """Standard output, for tables."""
    return _console(sys.stdout)


def err() -> Console:
    """Standard error, for progress, notes and complaints."""
    return _console(sys.stderr)


def say(line: str) -> None:
    """One line of progress."""
    err().print(Text(f"• {line}", style="dim"))


def print_json(value: object) -> None:
    """One JSON document, on one line."""
    written = json.dumps(value, ensure_ascii=False, default=str)
    # A file's name may hold what no terminal can write: JSON's own escape stands for it.
    typer.echo(written.encode(errors="backslashreplace").decode())


def print_rows(rows: Sequence[Row], form: Format, *, title: str, right: Sequence[str] = ()) -> None:
    """Rows that share their keys: a table with those as its columns, or a JSON array.

    Args:
        rows: what to print.
        form: as what.
        title: of the table, and what is said where there are no rows.
        right: the columns that are aligned to the right: numbers.
    """
    if form is Format.JSON:
        print_json(list(rows))
        return
    if not rows:
        out().print(f"{title}: none")
        return
    table = Table(title=title, title_justify="left")
    for name in rows[0]:
        number = name in right
        table.add_column(name.replace("_", " "), justify="right" if number else "left", no_wrap=number, overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row.values()))
    out().print(table)


def _console(file: TextIO) -> Console:
    # Without a terminal Rich assumes 80 columns, which breaks every wide table in a log.
    return Console(file=file, width=None if file.isatty() else _PIPE_WIDTH, highlight=False)
