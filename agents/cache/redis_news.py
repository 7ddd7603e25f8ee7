"""What workers tell each other of entries and outcomes, through a stream of Redis."""

from __future__ import annotations

from typing import Any

from agents.cache.entries import Added, Dropped, Learned, News
from agents.cache.redis_form import NEWS, added_in, learned_in
from agents.circuit import Circuit

NEWS_READ = 500
"""How many announcements are read at a time."""
NEWS_WAIT_MS = 1_000

Message = tuple[bytes, dict[bytes, bytes]]


async def read_news(client: Any, circuit: Circuit, cursor: str | None) -> News:
    """News after ``cursor``; with None, only where they stand now. Raises ServiceError."""
    if cursor is None:
        last = await circuit.run(lambda: client.xrevrange(NEWS, count=1))
        return News(last[0][0].decode() if last else "0-0", (), gap=False)
    reply = await circuit.run(lambda: client.xread({NEWS: cursor}, count=NEWS_READ, block=NEWS_WAIT_MS))
    messages: list[Message] = reply[0][1] if reply else []
    if not messages:
        return News(cursor, (), gap=False)
    gap = False
    if len(messages) == NEWS_READ:  # far behind, perhaps further than the stream reaches back
        oldest = await circuit.run(lambda: client.xrange(NEWS, count=1))
        gap = not oldest or _number(oldest[0][0]) > _number(cursor.encode())
    return _told(messages, gap=gap)


def _told(messages: list[Message], *, gap: bool) -> News:
    added: dict[tuple[str, str], Added] = {}
    dropped: dict[tuple[str, str], Dropped] = {}
    learned: list[Learned] = []
    for _, fields in messages:
        if new := added_in(fields.get(b"added")):
            name = new.scope, new.member.fingerprint
            added.pop(name, None)  # a later answer goes behind those before it
            added[name] = new
            dropped.pop(name, None)
        for fingerprint in fields.get(b"dropped", b"").decode(errors="replace").split():
            name = fields.get(b"scope", b"").decode(errors="replace"), fingerprint
            added.pop(name, None)
            dropped[name] = Dropped(*name)
        if outcome := learned_in(fields.get(b"learned")):
            learned.append(outcome)
    return News(messages[-1][0].decode(), list(added.values()), gap, list(dropped.values()), learned)


def _number(message_id: bytes) -> tuple[int, int]:
    milliseconds, _, count = message_id.partition(b"-")
    return int(milliseconds), int(count)
