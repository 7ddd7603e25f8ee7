"""What every embedded service is: one server process on 127.0.0.1 that ends with the process that started it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from schemas.errors import ServiceError
from streams.embedded import leash

HOST = "127.0.0.1"
# Below every system's range for outgoing connections. A port out of that range can be lost while its server is
# down: a client that dials it again and again may be given the very port as its own and connect to itself.
_PORTS = range(20_000, 32_000)
_LAST_LINES = 15


def free_port() -> int:
    """A TCP port of 127.0.0.1 on which nobody listens at this moment."""
    for port in random.sample(_PORTS, 200):
        with contextlib.closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((HOST, port))
                return port
    raise ServiceError(f"no free port on {HOST} between {_PORTS.start} and {_PORTS.stop}: end some servers")


class Service(ABC):
    """One server. Use it as ``async with``, or call ``start`` and ``stop``.

    The port is chosen once, so that a server started again after ``kill`` or ``stop`` is found at the same
    ``address``. Nothing of it belongs to an event loop: ``asyncio.run(service.start())`` serves a synchronous
    caller. Without a ``data_dir`` its data live in a temporary directory that ``stop`` removes; so does the
    leash when this process dies.
    """

    name: ClassVar[str]
    """What a person calls it."""
    start_seconds: ClassVar[float] = 60.0
    """The deadline for being ready."""
    stop_seconds: ClassVar[float] = 30.0
    """How long a server with data worth keeping may take to shut down before it is killed."""

    def __init__(self, data_dir: Path | None = None) -> None:
        self._kept = data_dir
        self._scratch: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def address(self) -> str:
        """``host:port``, the same over restarts."""
        return f"{HOST}:{self.port}"

    @property
    def directory(self) -> Path:
        """Where it keeps its data and its log; made when first asked for."""
        if self._kept is not None:
            self._kept.mkdir(parents=True, exist_ok=True)
            return self._kept.absolute()
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix=f"headrace-{self.name.lower()}-"))
        return self._scratch

    @property
    def log(self) -> Path:
        """What the server wrote, all its starts in one file."""
        return self.directory / f"{self.name.lower()}.log"

    @property
    def running(self) -> bool:
        """Whether the process lives. It says nothing about whether it answers."""
        return self._process is not None and self._process.poll() is None

    @abstractmethod
    def command(self) -> list[str]:
        """The command line that runs the server in the foreground. May prepare its directory first."""

    @abstractmethod
    async def probe(self) -> None:
        """Ask the server something as a client would; raise anything at all while it does not answer."""

    async def start(self) -> None:
        """Start it, again if need be, and return when it answers a client.

        Raises:
            ServiceError: it ended, or did not answer within ``start_seconds``; with the end of its log.
        """
        if self.running:
            return
        await self.kill()  # what is left of one that ended by itself
        began = time.monotonic()
        try:
            await asyncio.to_thread(self._spawn)
            await self._answering(began + self.start_seconds)
        except BaseException:
            await self.kill()
            raise

    def _spawn(self) -> None:
        command = self.command()
        scratch = str(self._scratch or "")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", leash.__file__, str(os.getpid()), scratch, *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    async def _answering(self, deadline: float) -> None:
        while self.running:
            try:
                return await asyncio.wait_for(self._asked(), timeout=max(0.1, deadline - time.monotonic()))
            except Exception as error:  # whatever a client raises while its server is not there yet
                if time.monotonic() > deadline:
                    why = f"did not answer within {self.start_seconds:.0f} s ({type(error).__name__}: {error})"
                    raise ServiceError(self._failed(why)) from error
            await asyncio.sleep(0.05)
        status = self._process.returncode if self._process else None
        raise ServiceError(self._failed(f"ended with status {status} while starting"))

    async def _asked(self) -> None:
        # Clients complain in the log about a port that nobody listens on yet; a bare connection does not.
        _, writer = await asyncio.open_connection(HOST, self.port)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        await self.probe()

    def _failed(self, why: str) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
        tail = "".join(f"\n    {line}" for line in lines) or " (empty)"
        return f"{self.name} on {self.address} {why}. The end of its log, {self.log}:{tail}"

    async def kill(self) -> None:
        """SIGKILL: no shutdown, as a power cut. The data stay; ``start`` brings it back on the same port."""
        await self._end(b"K", self.stop_seconds)

    async def stop(self) -> None:
        """End it. A server with a ``data_dir`` shuts down in order; temporary data are removed."""
        if self._kept is None:
            await self.kill()
        else:
            with contextlib.suppress(TimeoutError):
                await self._end(b"T", self.stop_seconds)
            await self.kill()
        if self._scratch is not None:
            await asyncio.to_thread(shutil.rmtree, self._scratch, ignore_errors=True)
            self._scratch = None

    async def _end(self, order: bytes, seconds: float) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        with contextlib.suppress(BrokenPipeError):  # it has ended by itself
            process.stdin.write(order)
            process.stdin.flush()
        try:
            await asyncio.to_thread(process.wait, seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self.name} did not end within {seconds:.0f} s") from None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        self._process = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
