"""Long commands, and how they end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

import typer

T = TypeVar("T")

INTERRUPTED = 130
"""The exit status of a command that was told to stop."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` to its end. Ctrl-C and SIGTERM cancel it, so that it stops in order all that it started."""

    async def stoppable() -> T:
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        if task is not None:
            for signum in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(signum, task.cancel)
        return await work

    try:
        return asyncio.run(stoppable())
    except asyncio.CancelledError:
        raise typer.Exit(INTERRUPTED) from None
