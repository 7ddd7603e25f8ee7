"""``headrace cache`` on a real Valkey: what it shows, and what it makes void."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from typer.testing import CliRunner, Result

from agents.cache.entries import Entry
from agents.cache.redis_entries import RedisEntries
from agents.redis_client import connect
from streams.cli.main import app
from streams.embedded.valkey import ValkeyServer
from tests.fakes.entry import HOUR_MS, entry_of, outcome_of

T = TypeVar("T")


@pytest.fixture(scope="module")
def valkey() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


@pytest.fixture(autouse=True)
def environment(valkey: ValkeyServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("HEADRACE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HEADRACE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("HEADRACE_REDIS", valkey.url)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def cached(number: int, **changes: Any) -> Entry:
    return entry_of(now_ms, number, **{"answered_at": now_ms() - 150_000 - 1_000 * number, **changes})


def on(valkey: ValkeyServer, work: Callable[[RedisEntries], Awaitable[T]], *, fresh: bool = False) -> T:
    async def connected() -> T:
        client = connect(valkey.url)
        if fresh:
            await client.flushall()
        try:
            return await work(RedisEntries(client, now=now_ms, limit_ms=5_000))
        finally:
            await client.aclose()

    return asyncio.run(connected())


def holding(valkey: ValkeyServer, *entries: Entry) -> None:
    async def fill(store: RedisEntries) -> None:
        for entry in entries:
            await store.put(entry, ttl_ms=HOUR_MS)
            await store.remember(entry, ttl_ms=HOUR_MS)

    on(valkey, fill, fresh=True)


def left(valkey: ValkeyServer) -> set[str]:
    async def stored(store: RedisEntries) -> set[str]:
        return {one.entry.request_id async for chunk in store.stored() for one in chunk}

    return on(valkey, stored)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["cache", *arguments])


def test_inspect_shows_entries_with_what_checks_found_and_totals(valkey: ValkeyServer) -> None:
    holding(
        valkey,
        cached(1, question="What is\n an ISA?", knowledge="v7"),
        cached(2, meaning="c1u5ter" * 3, scope="abc"),
        cached(3, tenant="insurer", embedding=None),
    )

    async def check(store: RedisEntries) -> None:
        for i, same in enumerate([True, True, False]):
            await store.learn("bank", "desk", outcome_of(now_ms, 1, request_id=f"x{i}", same=same))

    on(valkey, check)
    shown = run("inspect")
    assert shown.exit_code == 0
    for words in ("an ISA?", "2 min", "57 min", "v7", "c1u5terc", "insurer", f"{3:032x}"):
        assert words in shown.stdout
    assert "there are more" not in shown.stderr
    told = json.loads(run("inspect", "--format", "json").stdout)
    assert told["cut"] is False
    assert [(one["request_id"], one["right"], one["wrong"]) for one in told["entries"]] == [
        ("r1", 2, 1),
        ("r2", 0, 0),
        ("r3", 0, 0),
    ]
    assert told["totals"] == [
        {"tenant": "bank", "task": "desk", "entries": 2, "scopes": 2, "right": 2, "wrong": 1},
        {"tenant": "insurer", "task": "desk", "entries": 1, "scopes": 1, "right": 0, "wrong": 0},
    ]
    for option in (["--tenant", "insurer"], ["--scope", "ab"], ["--task", "none"]):
        told = json.loads(run("inspect", *option, "--format", "json").stdout)
        expected = {"insurer": ["r3"], "ab": ["r2"], "none": []}[option[1]]
        assert [one["request_id"] for one in told["entries"]] == expected


def test_inspect_says_when_there_is_more_than_it_shows(valkey: ValkeyServer) -> None:
    holding(valkey, *(cached(i) for i in range(20)))
    told = run("inspect", "--limit", "7", "--format", "json")
    assert json.loads(told.stdout)["cut"] is True
    assert len(json.loads(told.stdout)["entries"]) == 7
    assert "there are more than 7" in run("inspect", "--limit", "7").stderr
    assert json.loads(run("inspect", "--limit", "20", "--format", "json").stdout)["cut"] is False


def test_an_empty_cache_is_said_to_be_empty(valkey: ValkeyServer) -> None:
    holding(valkey)
    assert "Entries: none" in run("inspect").stdout
    told = run("invalidate", "--model", "small")
    assert (told.exit_code, told.stdout) == (0, "✓ 0 entries of model small went\n")


@pytest.mark.parametrize(
    ("options", "gone"),
    [
        (["--tenant", "bank"], {"r1", "r2", "r3"}),
        (["--task", "advice"], {"r2", "r4"}),
        (["--tenant", "bank", "--task", "advice"], {"r2"}),
        (["--knowledge", "v1"], {"r3"}),
        (["--model", "large"], {"r1"}),
        (["--entry", f"{1:032x}", "--entry", f"{4:032x}", "--entry", f"{4:032x}"], {"r1", "r4"}),
        (["--request", "r2", "--tenant", "bank"], {"r2"}),
    ],
)
def test_invalidate_takes_what_was_named_and_says_how_many_went(
    valkey: ValkeyServer, options: list[str], gone: set[str]
) -> None:
    holding(
        valkey,
        cached(1, model="large"),
        cached(2, task="advice"),
        cached(3, knowledge="v1"),
        cached(4, task="advice", tenant="insurer"),
    )
    told = run("invalidate", *options, "--dry-run")
    assert told.exit_code == 0
    assert told.stdout.startswith(f"{len(gone)} entr")
    assert "would go; nothing was changed" in told.stdout
    assert left(valkey) == {"r1", "r2", "r3", "r4"}
    told = run("invalidate", *options)
    assert told.exit_code == 0
    assert told.stdout.startswith(f"✓ {len(gone)} entr")
    assert left(valkey) == {"r1", "r2", "r3", "r4"} - gone


def test_what_is_not_there_is_said_and_why(valkey: ValkeyServer) -> None:
    holding(valkey, cached(1))
    told = run("invalidate", "--entry", "f" * 32)
    assert (told.exit_code, told.stdout) == (1, "")
    assert "nothing is cached under" in told.stderr
    told = run("invalidate", "--request", "r1", "--tenant", "insurer")
    assert told.exit_code == 1
    assert "cached_from" in told.stderr
    told = run("invalidate", "--entry", "f" * 32, "--entry", f"{1:032x}")
    assert told.exit_code == 0
    assert "nothing is cached under ffff" in told.stderr


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--dry-run"],
        ["--entry", "f", "--tenant", "bank"],
        ["--entry", "f", "--request", "r1"],
        ["--request", "r1"],
        ["--request", "r1", "--tenant", "bank", "--model", "small"],
    ],
)
def test_names_that_do_not_go_together_are_wrong_usage(options: list[str]) -> None:
    assert run("invalidate", *options).exit_code == 2


def test_a_redis_that_is_away_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_REDIS", "redis://127.0.0.1:1/0")
    for command in (["inspect"], ["invalidate", "--tenant", "bank"]):
        told = run(*command)
        assert told.exit_code == 1
        assert "Redis at 127.0.0.1:1" in told.stderr
        assert "HEADRACE_REDIS says" in told.stderr
        assert "Traceback" not in told.output
