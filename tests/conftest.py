"""The servers that several tests share: started when the first asks, ended with the session."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from hypothesis import settings

from agents.ledger.store import Store
from streams.embedded.kafka import KafkaServer
from streams.embedded.model import model_dir
from streams.embedded.service import Service
from tests.fakes.ledger import Ledgers, emptied, in_memory
from tests.services.apicurio import ApicurioServer
from tests.services.postgres import PostgresServer

S = TypeVar("S", bound=Service)


def pytest_addoption(parser: pytest.Parser) -> None:
    """How much of it."""
    parser.addoption("--ledger-entries", type=int, default=4_000, help="entries in tests/faults/test_ledger.py")
    parser.addoption("--slow", action="store_true", help="also what takes minutes and guards what seldom changes")


def pytest_configure(config: pytest.Config) -> None:
    """Half of hypothesis' own number of examples, or twice as many; and no test is timed, whatever else runs."""
    settings.register_profile("headrace", max_examples=200 if config.getoption("--slow") else 50, deadline=None)
    settings.load_profile("headrace")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes minutes, unless it is asked for."""
    if not config.getoption("--slow"):
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="takes long, and guards what seldom changes: --slow"))


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
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL without databases. Who needs one asks it for a new one."""
    yield from _running(PostgresServer())


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database for a ledger: once of each kind that can hold one."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.database()


@pytest.fixture
def store(ledger_url: str) -> Iterator[Store]:
    """An empty ledger, once of each kind."""
    made = Store(ledger_url)
    yield made
    made.close()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def ledgers(request: pytest.FixtureRequest) -> Iterator[Ledgers]:
    """Opens an empty ledger as often as asked, for what hypothesis tries; once of each kind."""
    if request.param == "sqlite":
        yield in_memory
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    yield from emptied(Store(server.database()))


@pytest.fixture(scope="session")
def smollm2() -> str:
    """The folder of the embedded model."""
    return str(model_dir())
