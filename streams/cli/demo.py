"""``demo``: a bank's day in a minute."""
# ruff: noqa: PLC0415 - what is slow to import waits for its command

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.output import Format, FormatOption, err, out, print_json, say
from streams.cli.running import run

_QUERY = "SELECT tenant, source, SUM(requests), SUM(saved), SUM(effective_cost) FROM spend GROUP BY 1, 2"


def demo(
    seed: Annotated[int, typer.Option(help="Of the workload: another seed, another day.")] = 1,
    form: FormatOption = Format.TABLE,
) -> None:
    """Start everything on this machine, send 300 requests of a bank through it, and check what comes out.

    The last line of --format json is one object. Exit status 1 if any promise was not kept.
    """
    from streams import settings as of
    from streams.accounts import DEMO
    from streams.demo import run as course
    from streams.demo.report import as_json, show, verdict

    directory = of.load().state_dir / DEMO
    findings = run(course.run(directory, err(), say, seed=seed))
    console = err() if form is Format.JSON else out()
    show(findings, console)
    _leave(directory)
    verdict(findings, console)
    if form is Format.JSON:
        print_json(as_json(findings))
    if findings.complaints:
        raise typer.Exit(1)


def _leave(directory: Path) -> None:
    """Say what stays, and what can be asked of it."""
    from streams.accounts import LEDGER, RESPONSES

    ledger = shlex.quote(str(directory / LEDGER))
    say(f"The ledger stays in {ledger}, the responses beside it in {RESPONSES}. Ask it:")
    for line in (
        "headrace savings",
        "headrace spend --by tenant,task,source",
        "headrace reconcile",
        f"sqlite3 {ledger} '{_QUERY}'",
    ):
        err().print(f"    {line}", soft_wrap=True)
