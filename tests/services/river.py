"""What a river's tests need running: Kafka with its topics, Valkey, and the test's own file as the worker."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from streams import client
from streams import topics as tables
from streams.embedded.kafka import KafkaServer
from streams.embedded.valkey import ValkeyServer
from streams.local import WorkerProcess
from streams.settings import Settings, environment, load

PARTITIONS = 2


class Worker(WorkerProcess):
    """A module as a process, with its settings in the environment."""

    def __init__(self, settings: Settings, directory: Path, module: str) -> None:
        super().__init__(settings, directory)
        self._module = module

    def command(self) -> list[str]:
        told = [f"{name}={value}" for name, value in environment(self._settings).items()]
        return ["env", *told, sys.executable, "-m", self._module]


class Services(NamedTuple):
    """What runs, and how it is reached."""

    settings: Settings
    valkey: ValkeyServer


@asynccontextmanager
async def services(directory: Path, policy: str, **given: Any) -> AsyncIterator[Services]:
    """Kafka with the topics of the model ``small``, Valkey, a state and a ledger, and ``policy`` written to a file."""
    written = directory / "policy.toml"
    written.write_text(policy)
    async with KafkaServer() as broker, ValkeyServer() as valkey:
        settings = load(
            kafka=broker.address,
            redis=valkey.url,
            policy=written,
            state_dir=directory / "state",
            ledger_url=f"sqlite:///{directory / 'ledger.db'}",
            partitions=PARTITIONS,
            **given,
        )
        await topics(settings)
        yield Services(settings, valkey)


async def topics(settings: Settings) -> None:
    """Create the topics of a river with the model ``small``."""
    async with client.admin(settings) as admin:
        table = tables.table(["small"], partitions=PARTITIONS, replication=1, claim_horizon_ms=24 * tables.HOUR_MS)
        await admin.create(table, replication=1)


@asynccontextmanager
async def meanwhile(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """``work`` goes on beside what is done here, and ends with it."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Ended(NamedTuple):
    """A command that was run."""

    status: int
    printed: str
    complaints: str


async def headrace(settings: Settings, *arguments: str) -> Ended:
    """Run the command line."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams.cli.main", *arguments),
        env={**os.environ, **environment(settings)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, complaints = await process.communicate()
    return Ended(process.returncode or 0, printed.decode(), complaints.decode())
