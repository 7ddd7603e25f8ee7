"""PostgreSQL: Debian's server, on a cluster that is made when it starts and removed when it stops."""

from __future__ import annotations

import os
import shutil
import subprocess
from itertools import count
from pathlib import Path
from typing import ClassVar

import psycopg
from psycopg import sql

from schemas.errors import ServiceError
from streams.embedded.service import HOST, Service

USER = "postgres"


class PostgresServer(Service):
    """One server. Who asks for a database gets an empty one."""

    name: ClassVar[str] = "PostgreSQL"
    start_seconds: ClassVar[float] = 60.0

    def __init__(self) -> None:
        super().__init__()
        self._numbers = count(1)

    def command(self) -> list[str]:
        """Run ``postgres``. It refuses to be run by root: then it runs as the user of Debian's package."""
        as_user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups"] if os.geteuid() == 0 else []
        if as_user:
            shutil.chown(self.directory, USER, USER)
        cluster, programs = self.directory / "cluster", _programs()
        if not cluster.exists():
            made = [programs / "initdb", "-D", cluster, "-U", USER, "--auth=trust", "-E", "UTF8", "--no-sync"]
            ran = subprocess.run(
                [*as_user, *map(str, made)], cwd=self.directory, capture_output=True, text=True, check=False
            )
            if ran.returncode != 0:
                raise ServiceError(f"initdb failed: {ran.stderr.strip()}")
        # It is thrown away: what a power cut would do to it does not matter.
        options = {"listen_addresses": HOST, "port": self.port, "unix_socket_directories": "", "fsync": "off"}
        told = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return [*as_user, str(programs / "postgres"), "-D", str(cluster), *told]

    async def probe(self) -> None:
        """Connect."""
        async with await psycopg.AsyncConnection.connect(self._dsn("postgres")):
            pass

    def database(self) -> str:
        """The URL of a new, empty database."""
        name = f"ledger_{next(self._numbers)}"
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return f"postgresql+psycopg://{USER}@{self.address}/{name}"

    def _dsn(self, name: str) -> str:
        return f"host={HOST} port={self.port} user={USER} dbname={name} connect_timeout=5"


def _programs() -> Path:
    """The folder of the server's programs: Debian keeps one a version, off PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    server = found[-1] if found else shutil.which("postgres")
    if server is None:
        raise ServiceError("PostgreSQL's server is not on this machine: apt-get install postgresql")
    return Path(server).resolve().parent
