"""``headrace focus``: the ledger as the FinOps Foundation's dataset."""
# ruff: noqa: PLC0415, PLR0917 - what is slow to import waits for its command; an option is an argument

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from schemas.errors import SetupError
from streams.cli.finance import LedgerOption, SinceOption, UntilOption, ledger_url, ms
from streams.cli.output import say

app = typer.Typer(no_args_is_help=True, help="Export the ledger as FOCUS 1.2, with the columns that 1.3 adds.")


class FileFormat(StrEnum):
    """What the file is."""

    CSV = "csv"
    PARQUET = "parquet"


@app.command()
def export(
    since: SinceOption = None,
    until: UntilOption = None,
    form: Annotated[FileFormat, typer.Option("--format", help="csv or parquet.")] = FileFormat.CSV,
    out: Annotated[Path | None, typer.Option("--out", help="The file to write; standard output if not given.")] = None,
    invoiced: Annotated[
        bool | None,
        typer.Option(
            "--invoiced/--not-invoiced",
            help="Whether BilledCost is what the ledger bills, or 0, for the vendor's invoice is in the books already; "
            "HEADRACE_INVOICED if not given.",
        ),
    ] = None,
    provider: Annotated[str, typer.Option(help="Who runs the platform.")] = "Headrace",
    ledger: LedgerOption = None,
) -> None:
    """Cost and usage, one row a meter and day, savings in x_ columns."""
    from agents.ledger import focus, focus_file
    from streams import settings as of
    from streams.accounts import opened

    billed = of.load().invoiced if invoiced is None else invoiced
    with opened(ledger_url(ledger)) as asked:
        charges = focus.charges(asked.booked(ms(since), ms(until)))
    rows = focus.rows(charges, provider=provider, invoiced=billed)
    try:
        if out is None:
            focus_file.write(rows, focus.COLUMNS, form.value, sys.stdout.buffer)
        else:
            with out.open("wb") as file:
                focus_file.write(rows, focus.COLUMNS, form.value, file)
    except OSError as error:
        raise SetupError(f"{out or 'standard output'} cannot be written: {error}") from error
    say(f"{len(charges):,} rows")
