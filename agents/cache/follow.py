"""Following the news: what a worker holds of the entries, kept up with what all workers do."""

from __future__ import annotations

import asyncio
from typing import Protocol

from agents.cache.entries import Entries, News
from schemas.errors import ServiceError

RETRY_S = 1.0
"""Between tries to hear the news again."""


class Follower(Protocol):
    """What is filled from the entries when it is first needed, and kept up by the news from then on."""

    def start_over(self, *, follows: bool) -> None:
        """Forget everything. ``follows``: all news from here on will come; else nothing held would be kept up."""
        ...

    def hear(self, news: News) -> None:
        """Take in what happened."""
        ...


async def follow(entries: Entries, *followers: Follower) -> None:
    """Hear the news for as long as the worker runs; to be run as a task, and cancelled.

    Without the news a follower would miss what others do, so it holds nothing until they are heard. Whenever they
    break off, everything is dropped and filled anew.
    """
    cursor: str | None = None
    try:
        while True:
            try:
                news = await entries.news(cursor)
            except ServiceError:
                cursor = None
                _start_over(followers, follows=False)
                await asyncio.sleep(RETRY_S)
                continue
            if cursor is None or news.gap:
                _start_over(followers, follows=True)
            cursor = news.cursor
            for follower in followers:
                follower.hear(news)
    finally:
        _start_over(followers, follows=False)


def _start_over(followers: tuple[Follower, ...], *, follows: bool) -> None:
    for follower in followers:
        follower.start_over(follows=follows)
