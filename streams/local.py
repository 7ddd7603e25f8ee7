"""A whole river on this machine: a broker, a cache and one worker, each a process of its own that ends with ours."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import httpx

from agents import policy
from schemas.errors import ServiceError
from streams import settings as of
from streams import topics
from streams.client import admin
from streams.embedded.broker import broker
from streams.embedded.model import model_dir
from streams.embedded.service import HOST, Service
from streams.embedded.tansu import TansuServer
from streams.embedded.valkey import ValkeyServer
from streams.settings import Settings

Say = Callable[[str], None]

KAFKA_PORT, REDIS_PORT = 9092, 6379
"""Where clients look when nobody told them anything."""
_OURS: dict[str, Any] = {
    "kafka_security_protocol": "PLAINTEXT",
    "stages": frozenset(of.STAGES),
    "models": frozenset(),
    "app_id": "headrace",
    "replication": 1,
    "framing": "single-object",
    "schema_registry": None,
    "metrics_port": None,
}
"""What our environment says of a river elsewhere, this one must not follow."""
_TELLING = re.compile(r"\b\w*(Error|Exception): \S|\[(ERROR|CRITICAL)\]")
_FIRST, _LAST = 4, 2
"""How many telling lines of a log to show: the cause comes early, and what the worker made of it at the end."""


class WorkerProcess(Service):
    """``headrace worker`` as a process. Ready when it says so.

    Args:
        settings: what it is told.
        directory: for its log.
    """

    name: ClassVar[str] = "worker"
    start_seconds: ClassVar[float] = 240.0

    def __init__(self, settings: Settings, directory: Path) -> None:
        super().__init__(directory)
        self._settings = settings.model_copy(update={"metrics_port": self.port})

    def command(self) -> list[str]:
        """Run the command line's ``worker`` under ``env``."""
        told = [f"{name}={value}" for name, value in of.environment(self._settings).items()]
        return ["env", *told, sys.executable, "-m", "streams.cli.main", "worker"]

    async def probe(self) -> None:
        """Ask whether it is ready."""
        async with httpx.AsyncClient() as client:
            (await client.get(f"http://{HOST}:{self.port}/readyz", timeout=5)).raise_for_status()

    def check(self) -> None:
        """Look whether it lives.

        Raises:
            ServiceError: it has ended; with the end of its log.
        """
        if not self.running:
            raise ServiceError(self._failed("ended"))

    def _failed(self, why: str) -> str:
        # A worker stops its parts one by one and says so of each; what made it stop stands far above the last lines.
        lines = self.log.read_text(errors="replace").splitlines()
        telling = [line for line in lines if _TELLING.search(line)] or lines[-_FIRST:]
        shown = telling[:_FIRST] + telling[_FIRST:][-_LAST:]
        said = "".join(f"\n    {line}" for line in shown) or " (empty)"
        return f"the worker {why}. Its log, {self.log}, says:{said}"


class LocalRiver(NamedTuple):
    """What runs, and how to reach it."""

    settings: Settings
    worker: WorkerProcess
    broker: str
    """Which broker it is."""

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead another shell here."""
        names = ("kafka", "redis", "policy", "state_dir", "ledger_url", "corpus")
        return {of.variable(name): str(getattr(self.settings, name)) for name in names}


@asynccontextmanager
async def local_river(
    directory: Path, policy_file: Path, *, keep: bool, usual_ports: bool, say: Say
) -> AsyncIterator[LocalRiver]:
    """Start everything; stop it in order on the way out.

    Args:
        directory: for all that it keeps: topics, cache, claims, ledger, logs.
        policy_file: the worker's policy.
        keep: whether topics and cache go on where an earlier one left them. Otherwise the directory is emptied.
        usual_ports: whether to take the ports that clients try by default, where they are free.
        say: takes a line for each long step.

    Raises:
        PolicyError: the policy is wrong.
        ServiceError: something did not start; with the end of its log.
    """
    rules = await asyncio.to_thread(policy.load, policy_file, at=time.time_ns() // 1_000_000)
    kafka = broker(say, directory / "kafka" if keep else None)
    valkey = ValkeyServer(directory / "valkey" if keep else None)
    if usual_ports:
        for service, port in ((kafka, KAFKA_PORT), (valkey, REDIS_PORT)):
            service.port = port if _is_free(port) else service.port
    # Claims and tables belong to the topics they were read from; beside new topics they would be wrong.
    if not keep or isinstance(kafka, TansuServer):
        await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)
    if any(model.path == of.EMBEDDED for model in rules.models.values()):
        await asyncio.to_thread(model_dir, say)
    say(f"starting {valkey.name} and {kafka.name}")
    async with valkey, kafka:
        here = {
            "state_dir": directory,
            "ledger_url": f"sqlite:///{directory / 'ledger.db'}",
            "corpus": str(directory / "corpus"),
            "policy": policy_file,
        }
        idempotence = not isinstance(kafka, TansuServer)
        settings = of.load(kafka=kafka.address, kafka_idempotence=idempotence, redis=valkey.url, **here, **_OURS)
        await _create_topics(settings, sorted(rules.models))
        worker = WorkerProcess(settings, directory)
        say(f"starting the worker and its model; its log is {worker.log}")
        async with worker:
            yield LocalRiver(settings, worker, kafka.name)


async def _create_topics(settings: Settings, models: list[str]) -> None:
    table = topics.table(
        models,
        partitions=settings.partitions,
        replication=1,
        claim_horizon_ms=settings.claim_horizon_hours * topics.HOUR_MS,
    )
    async with admin(settings) as client:
        await client.create(table, replication=1)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
