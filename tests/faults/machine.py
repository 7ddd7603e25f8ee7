"""One of the machines that run a worker: it starts its worker again whenever that ends, as a supervisor would."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from streams.embedded.service import HOST, free_port
from tests.faults import witness

READY_S = 60.0
_LAST_LINES = 25


class Machine:
    """A worker process under supervision, with a disk of its own. To be made where an event loop runs.

    Args:
        name: of its files.
        directory: where its disk, its log and the witnesses are.
        environment: the worker's settings, but for its disk and its port.
    """

    def __init__(self, name: str, directory: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.disk = directory / name
        self.log = directory / f"{name}.log"
        self._witnesses = directory / "witnesses"
        self._witnesses.mkdir(exist_ok=True)
        self._port = free_port()
        self._environment = {
            **os.environ,
            **environment,
            "HEADRACE_STATE_DIR": str(self.disk),
            "HEADRACE_METRICS_PORT": str(self._port),
        }
        self._process: asyncio.subprocess.Process | None = None
        self._wanted = True
        self.exits: list[int] = []
        """How its workers ended, the first one first: 0 in order, -9 by SIGKILL."""
        self._supervision = asyncio.create_task(self._supervise())

    async def _supervise(self) -> None:
        with self.log.open("ab") as log:
            while self._wanted:
                self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "tests.faults.worker", str(self._witnesses)),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=self._environment,
                )
                self.exits.append(await self._process.wait())

    @property
    def pid(self) -> int:
        """Of the worker that runs now, or ran last."""
        return self._process.pid if self._process is not None else 0

    @property
    def in_flight(self) -> int:
        """Executions that its worker has in hand."""
        return witness.in_flight(self._witnesses, self.pid)

    async def ready(self) -> None:
        """Return when the worker that runs now works.

        Raises:
            TimeoutError: it does not within a minute; with the end of its log.
        """
        until = time.monotonic() + READY_S
        while True:
            try:
                async with httpx.AsyncClient() as client:
                    (await client.get(f"http://{HOST}:{self._port}/readyz")).raise_for_status()
            except httpx.HTTPError:
                if time.monotonic() > until:
                    raise TimeoutError(f"{self.name} does not come up\n{self.tail()}") from None
                await asyncio.sleep(0.1)
            else:
                return

    async def kill(self, *, disk_too: bool = False) -> int:
        """SIGKILL. With ``disk_too`` what takes its place begins with an empty disk.

        Returns:
            How many executions were in hand.
        """
        while True:
            pid = self.pid
            if disk_too:
                # Before the signal, so that its successor cannot have begun: what it still writes goes to files
                # without a name.
                shutil.rmtree(self.disk, ignore_errors=True)
            self._signal(signal.SIGKILL)
            while self.pid == pid:
                await asyncio.sleep(0.01)
            if self.exits[-1] == -signal.SIGKILL:  # else it ended in order in that very moment: strike the next one
                return witness.in_flight(self._witnesses, pid)

    def drain(self) -> None:
        """SIGTERM: it ends in order, and another one is started."""
        self._signal(signal.SIGTERM)

    async def stop(self, seconds: float = 60.0) -> None:
        """SIGTERM for good; SIGKILL where that takes too long."""
        self._wanted = False
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(asyncio.shield(self._supervision), seconds)
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self._supervision

    def tail(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
        return "\n".join([f"--- {self.name}, exits {self.exits}, the end of its log:", *lines])

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)
