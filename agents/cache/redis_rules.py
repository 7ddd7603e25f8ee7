"""The rules by which entries are void: one key of Redis, which every lookup reads along with what it looks for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from redis.exceptions import WatchError

from agents.cache.entries import Entry
from agents.cache.redis_form import VOIDED, encode, rules_decoder
from agents.cache.rules import Rule, Rules
from schemas.errors import ServiceError


class RedisRules:
    """The rules in force, as they were when Redis was last asked anything.

    Args:
        client: of redis-py; whoever made it closes it.
        now: the time, in UTC epoch milliseconds.
    """

    def __init__(self, client: Any, *, now: Callable[[], int]) -> None:
        self._client = client
        self._now = now
        self._rules = Rules()
        self._adding = asyncio.Lock()
        self.value = b""
        """As they are written; empty where there are none."""

    def heard(self, value: bytes | None) -> Rules:
        """Take in what the key holds now, and return it.

        What came with it is to be held against that: by the time it is looked at, an earlier reading on another
        connection may have been heard after this one.

        Raises:
            ServiceError: it cannot be read. Then nobody knows what is void, and nothing may be served.
        """
        value = value or b""
        if value != self.value:
            self._rules = _decoded(value)
            self.value = value
        return self._rules

    def void(self, entry: Entry) -> bool:
        """Whether any of the rules voids the entry."""
        return self._rules.void(entry)

    async def add(self, rule: Rule) -> None:
        """Put a rule in force. Of those that are added at the same time none is lost.

        Raises:
            SetupError: they are too many.
            ServiceError: the rules that are there cannot be read.
            RedisError: Redis failed.
        """
        # One at a time here, or each would make all the others of this worker try again.
        async with self._adding, self._client.pipeline(transaction=True) as pipeline:
            while True:
                await pipeline.watch(VOIDED)
                rules = _decoded(await pipeline.get(VOIDED) or b"")
                value = encode(rules.with_one_more(rule, now=self._now()))
                pipeline.multi()
                # Without an expiry, so that a Redis that evicts what has one keeps it.
                pipeline.set(VOIDED, value)
                try:
                    await pipeline.execute()
                except WatchError:
                    continue
                self.heard(value)
                return


def _decoded(value: bytes) -> Rules:
    if not value:
        return Rules()
    try:
        return Rules(rules_decoder.decode(value))
    except msgspec.MsgspecError as error:
        raise ServiceError(
            f"{VOIDED} in Redis cannot be read, so that nobody knows what is void: {error}. "
            "Delete that key, and invalidate again what was invalid"
        ) from error
