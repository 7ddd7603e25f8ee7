"""The circuit: one failure is waited for, the next ones are not."""

from __future__ import annotations

import asyncio
import time

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from agents.circuit import Circuit
from schemas.errors import ServiceError


class Server:
    def __init__(self) -> None:
        self.calls = 0
        self.fails: Exception | None = None
        self.hangs = False

    async def __call__(self) -> str:
        self.calls += 1
        if self.hangs:
            await asyncio.sleep(60)
        if self.fails:
            raise self.fails
        return "answer"


class Clock:
    def __init__(self) -> None:
        self.ms = 0

    def __call__(self) -> int:
        return self.ms


def circuit_of(clock: Clock) -> Circuit:
    return Circuit("Redis at here:1", now=clock, limit_ms=20, pause_ms=1_000)


async def test_calls_go_through_a_closed_circuit() -> None:
    server, circuit = Server(), circuit_of(Clock())
    assert [await circuit.run(server), await circuit.run(server)] == ["answer", "answer"]


@pytest.mark.parametrize("error", [RedisConnectionError("refused"), ConnectionResetError("reset")])
async def test_after_a_failure_nobody_calls_until_the_pause_is_over(error: Exception) -> None:
    clock, server = Clock(), Server()
    circuit = circuit_of(clock)
    server.fails = error
    for _ in range(3):
        with pytest.raises(ServiceError, match=rf"Redis at here:1: {type(error).__name__}: {error}"):
            await circuit.run(server)
    with pytest.raises(ServiceError):
        circuit.check()
    assert server.calls == 1
    clock.ms, server.fails = 1_000, None
    circuit.check()
    assert await circuit.run(server) == "answer"


async def test_a_server_that_hangs_is_waited_for_once() -> None:
    clock, server = Clock(), Server()
    circuit = circuit_of(clock)
    server.hangs = True
    with pytest.raises(ServiceError, match="no answer within 20 ms"):
        await circuit.run(server)
    began = asyncio.get_running_loop().time()
    with pytest.raises(ServiceError, match="no answer within 20 ms"):
        await circuit.run(server)
    assert asyncio.get_running_loop().time() - began < 0.01
    assert server.calls == 1


async def test_what_keeps_this_process_busy_is_not_blamed_on_the_server() -> None:
    async def answer() -> str:
        await asyncio.sleep(0.005)
        return "answer"

    async def work() -> None:
        time.sleep(0.1)

    circuit = circuit_of(Clock())
    async with asyncio.TaskGroup() as group:
        answered = group.create_task(circuit.run(answer))
        await asyncio.sleep(0)
        group.create_task(work())
    assert answered.result() == "answer"


async def test_an_error_of_our_own_is_not_the_servers() -> None:
    server, circuit = Server(), circuit_of(Clock())
    server.fails = KeyError("ours")
    with pytest.raises(KeyError):
        await circuit.run(server)
    server.fails = None
    assert await circuit.run(server) == "answer"
