"""``up`` and ``worker``: what runs."""
# ruff: noqa: PLC0415 - what is slow to import waits for its command

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.output import err, out, say
from streams.cli.running import run

if TYPE_CHECKING:
    from streams.local import LocalRiver

_LOOK_S = 1.0


def up(
    policy: Annotated[
        Path | None, typer.Option(help="The policy file; HEADRACE_POLICY, or else the demo's bank.", dir_okay=False)
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget the topics, cache and ledger of earlier runs.")
    ] = False,
) -> None:
    """Start Kafka, Valkey and a worker on this machine, and keep them until Ctrl-C."""
    from streams import settings as of
    from streams.accounts import UP
    from streams.demo.workload import POLICY
    from streams.local import local_river

    settings = of.load()
    policy_file = policy or settings.policy or POLICY

    async def stay() -> None:
        async with local_river(
            settings.state_dir / UP, policy_file.absolute(), keep=not fresh, usual_ports=True, say=say
        ) as river:
            _introduce(river)
            while True:
                await asyncio.sleep(_LOOK_S)
                river.worker.check()

    run(stay())


def worker(
    stages: Annotated[
        str | None, typer.Option(help="cache, context, inference, settlement, ledger, knowledge; with commas.")
    ] = None,
    models: Annotated[
        str | None, typer.Option(help="The models whose tasks its inference takes; all the policy's if not given.")
    ] = None,
) -> None:
    """Run one worker with the settings of the environment, until it is told to stop."""
    from streams import app
    from streams import settings as of

    given = {name: value for name, value in (("stages", stages), ("models", models)) if value is not None}
    app.run(of.load(**given))


def _introduce(river: LocalRiver) -> None:
    console = out()
    console.print(f"[green]The river runs[/] ({river.broker}). Ctrl-C stops it. Its worker's log: {river.worker.log}")
    console.print("In another shell:\n")
    for name, value in river.environment.items():
        typer.echo(f"export {name}={shlex.quote(value)}")
    err().print('\nThen try:  headrace ask "How do I report a lost card?"   headrace savings   headrace reconcile')
