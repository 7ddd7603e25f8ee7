"""The command line's front door: every command, and what becomes of an error."""

from __future__ import annotations

from typing import Any

import typer
from rich.text import Text
from typer.core import TyperGroup

from schemas.errors import HeadraceError
from streams.cli import (
    cache,
    correct,
    dead_letters,
    demo,
    doctor,
    explain,
    finance,
    finance_service,
    focus,
    questions,
    services,
    topics,
    traffic,
)
from streams.cli.output import err
from streams.cli.running import INTERRUPTED


class Guarded(TyperGroup):
    """Commands whose errors of ours end as one red line and exit status 1, without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except HeadraceError as error:
            err().print(Text(f"✗ {error}", style="red"))
            raise typer.Exit(1) from error
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    cls=Guarded,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    help="""Lead a river of prediction requests to a language model, and pay for the fewest tokens that answer it.

    Everything is told by HEADRACE_* variables: [bold]headrace doctor --settings[/bold] lists them.""",
)

app.command(rich_help_panel="Begin")(demo.demo)
app.command(rich_help_panel="Begin")(services.up)
app.command(rich_help_panel="Begin")(doctor.doctor)
app.command(rich_help_panel="Requests")(traffic.ask)
app.command(rich_help_panel="Requests")(traffic.publish)
app.command(rich_help_panel="Requests")(traffic.responses)
app.command(rich_help_panel="Requests")(explain.explain)
app.command(rich_help_panel="Money")(finance.spend)
app.command(rich_help_panel="Money")(finance.savings)
app.command(rich_help_panel="Money")(questions.trend)
app.command(rich_help_panel="Money")(questions.forecast)
app.command(rich_help_panel="Money")(questions.expensive)
app.command(rich_help_panel="Money")(questions.unit_cost)
app.command(rich_help_panel="Money")(questions.idle)
app.command(rich_help_panel="Money")(questions.anomalies)
app.command(rich_help_panel="Money")(finance.reconcile)
app.command(rich_help_panel="Money")(correct.correct)
app.add_typer(finance_service.app, name="finance", rich_help_panel="Money")
app.add_typer(focus.app, name="focus", rich_help_panel="Money")
app.command(rich_help_panel="Operate")(services.worker)
app.add_typer(topics.app, name="topics", rich_help_panel="Operate")
app.add_typer(dead_letters.app, name="dead-letters", rich_help_panel="Operate")
app.add_typer(cache.app, name="cache", rich_help_panel="Operate")

if __name__ == "__main__":
    app(prog_name="headrace")
