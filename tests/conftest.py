"""The servers that several tests share: started when the first asks, ended with the session."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TypeVar

import httpx
import pytest

from streams.embedded.kafka import KafkaServer
from streams.embedded.model import model_dir
from streams.embedded.service import Service
from tests.services.apicurio import ApicurioServer

S = TypeVar("S", bound=Service)


def _running(server: S) -> Iterator[S]:
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaServer]:
    """A Kafka without topics. Who needs one makes it, under a name of its own."""
    yield from _running(KafkaServer())


@pytest.fixture(scope="session")
def apicurio() -> Iterator[ApicurioServer]:
    """A schema registry. Every subject's versions must be compatible both ways."""
    for server in _running(ApicurioServer()):
        httpx.put(f"{server.url}/config", json={"compatibility": "FULL"}).raise_for_status()
        yield server


@pytest.fixture(scope="session")
def smollm2() -> str:
    """The folder of the embedded model."""
    return str(model_dir())
