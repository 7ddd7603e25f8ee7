"""Accounts in Redis: any Redis from 6 on, or Valkey, without modules; one server or a primary with its replicas.

The server's user needs ``EVAL`` and ``INFO``: by the latter a script tells that it runs in another process than the
one in which an account was installed, after a restart or a failover, which may have lost the newest writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from redis.asyncio import Redis

from agents.batcher import Batcher
from agents.budgets import redis_scripts as scripts
from agents.budgets.accounts import Account, Crossing, Hold, Line, Settlement, Shortage
from agents.circuit import Circuit

Command = tuple[str | bytes | int, ...]


class RedisAccounts:
    """The accounts that all workers share. Calls that are made at the same time share a round trip.

    Args:
        client: whoever made it closes it.
        now: the time, in UTC epoch milliseconds.
        new_token: makes a token that nobody has.
        limit_ms: how long any one call may take before Redis counts as down.
        pause_ms: for how long it is then left alone.
    """

    def __init__(
        self,
        client: Redis,
        *,
        now: Callable[[], int],
        new_token: Callable[[], str],
        limit_ms: int = 1_000,
        pause_ms: int = 500,
    ) -> None:
        self._client: Any = client  # redis-py's annotations are unions over every setting of a client
        self._new_token = new_token
        self._circuit = Circuit("Redis, where budgets are counted", now=now, limit_ms=limit_ms, pause_ms=pause_ms)
        # An account may be large, and is built in the background of what waits for it.
        self._building = Circuit("Redis, where budgets are counted", now=now, limit_ms=20 * limit_ms, pause_ms=0)
        self._step: Batcher[Command, Any] = Batcher(self._pipeline, limit=64)

    async def hold(self, reservation: str, amount: int, lines: Sequence[Line]) -> Hold:
        """Hold an amount on all accounts or on none. Raises ServiceError."""
        arguments: list[str | int] = [reservation, amount, scripts.TTL_MS]
        for line in lines:
            arguments += [line.limit, int(line.strict), line.oldest, len(line.periods), *line.periods]
        names = [line.account for line in lines]
        verdict, *rest = await self._step(_eval(scripts.HOLD, names, arguments))
        if verdict == b"unknown":
            return Hold(unknown=tuple(names[index - 1] for index in rest))
        short, *news = rest
        found = tuple(_shortage(names, one) for one in news)
        return Hold(short=_shortage(names, short) if verdict == b"short" else None, news=found)

    async def settle(self, settlements: Sequence[Settlement]) -> list[list[Crossing]]:
        """Count entries, once each, and end their reservations. Raises ServiceError."""
        if not settlements:
            return []
        replies = await self._circuit.run(partial(self._send, [_settling(one) for one in settlements]))
        return [
            [_crossing([charge.account for charge in one.charges], found) for found in reply]
            for one, reply in zip(settlements, replies, strict=True)
        ]

    async def begin(self, account: str) -> str | None:
        """Start to rebuild an account, or join who has started. Raises ServiceError."""
        token = await self._step(_eval(scripts.BEGIN, [account], [self._new_token(), scripts.TTL_MS]))
        return None if token is None else token.decode()

    async def install(self, account: str, token: str, state: Account) -> None:
        """End a rebuilding. Raises ServiceError."""
        fields = [part for field in _fields(state) for part in field]
        command = _eval(scripts.INSTALL, [account], [token, scripts.TTL_MS, *fields])
        await self._building.run(partial(self._client.execute_command, *command))

    async def forget(self, accounts: Sequence[str]) -> None:
        """Make accounts unknown. Raises ServiceError."""
        await self._step(("UNLINK", *(scripts.ACCOUNT + account for account in accounts)))

    async def _pipeline(self, commands: Sequence[Command]) -> list[Any]:
        return await self._circuit.run(partial(self._send, commands))

    async def _send(self, commands: Sequence[Command]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        replies: list[Any] = await pipeline.execute()
        return replies


def _eval(script: str, accounts: Sequence[str], arguments: Sequence[str | int]) -> Command:
    return ("EVAL", script, len(accounts), *(scripts.ACCOUNT + account for account in accounts), *arguments)


def _settling(settlement: Settlement) -> Command:
    arguments: list[str | int] = [
        settlement.reservation,
        settlement.partition,
        settlement.offset,
        settlement.effective,
    ]
    for charge in settlement.charges:
        arguments += [charge.period, len(charge.thresholds)]
        for percent, threshold in charge.thresholds.items():
            arguments += [percent, threshold]
    return _eval(scripts.SETTLE, [charge.account for charge in settlement.charges], arguments)


def _shortage(accounts: Sequence[str], reply: Sequence[Any]) -> Shortage:
    index, *sums = map(int, reply)
    return Shortage(accounts[index - 1], *sums)


def _crossing(accounts: Sequence[str], reply: Sequence[Any]) -> Crossing:
    index, *sums = map(int, reply)
    return Crossing(accounts[index - 1], *sums)


def _fields(state: Account) -> Iterator[tuple[str, str | int]]:
    held: dict[int, int] = {}
    for reservation, (amount, periods) in state.held.items():
        yield f"r/{reservation}", " ".join(map(str, [amount, *periods]))
        for period in periods:
            held[period] = held.get(period, 0) + amount
    yield from ((f"h/{period}", amount) for period, amount in held.items())
    yield from ((f"s/{period}", amount) for period, amount in state.spent.items())
    yield from ((f"v/{partition}", offset) for partition, offset in state.offsets.items())
