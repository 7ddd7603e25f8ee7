"""Apicurio Registry, a real schema registry that speaks Confluent's API, out of Maven Central."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import ClassVar

import httpx

from schemas.errors import ServiceError
from streams.embedded.cache import cache_dir, filled
from streams.embedded.service import HOST, Service

# The last release line that keeps everything in memory out of one archive.
VERSION = "2.6.13.Final"
_ARTIFACT = f"io.apicurio:apicurio-registry-app:{VERSION}:tar.gz:all"
_JAVA = ["-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]


class ApicurioServer(Service):
    """One schema registry. It holds all in memory, asks nobody who they are, and calls nobody."""

    name: ClassVar[str] = "Apicurio"
    start_seconds: ClassVar[float] = 90.0

    @property
    def url(self) -> str:
        """Where its Confluent API is."""
        return f"http://{self.address}/apis/ccompat/v7"

    def command(self) -> list[str]:
        """Run the server's jar, fetched through Maven once."""
        if shutil.which("java") is None:
            raise ServiceError("java is not on PATH: apt-get install openjdk-17-jre-headless")
        options = {
            "quarkus.http.host": HOST,
            "quarkus.http.port": self.port,
            # A pool of twenty connections to a database in its own memory costs seconds of its start.
            "quarkus.datasource.jdbc.initial-size": 1,
            "quarkus.datasource.jdbc.min-size": 1,
            "registry.auth.enabled": "false",
            "registry.enable.sentry": "false",
            "registry.events.ksink": "",
        }
        defined = [f"-D{key}={value}" for key, value in options.items()]
        jar = _installed() / f"apicurio-registry-app-{VERSION}-runner.jar"
        return ["java", *_JAVA, *defined, "-jar", str(jar)]

    async def probe(self) -> None:
        """List its subjects."""
        async with httpx.AsyncClient() as client:
            (await client.get(f"{self.url}/subjects", timeout=10)).raise_for_status()


def _installed() -> Path:
    def fetch(into: Path) -> None:
        if (maven := shutil.which("mvn")) is None:
            raise ServiceError("mvn is not on PATH to fetch Apicurio Registry: apt-get install maven")
        goal = ["dependency:copy", f"-Dartifact={_ARTIFACT}", f"-DoutputDirectory={into}"]
        ran = subprocess.run([maven, "-q", "-B", *goal], cwd=into, capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            why = [line for line in (ran.stdout + ran.stderr).splitlines() if "ERROR" in line][:3]
            raise ServiceError("Maven could not fetch Apicurio Registry; is there a network? " + " ".join(why))
        (archive,) = into.glob("*.tar.gz")
        shutil.unpack_archive(archive, into, filter="data")
        archive.unlink()

    return filled(cache_dir() / f"apicurio-registry-{VERSION}", fetch)
